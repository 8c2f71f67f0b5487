//! Sign-in: the ways and their order, one token for each scope, new assertions, and secrets that
//! stay secret.

use crate::tenants::plain;
use crate::tool::{FAST, Ran, Served, command, finish, rehearse, run};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpListener;

const WAYS: [&str; 9] = [
    "environment",
    "federated",
    "managed-identity",
    "login",
    "azure-cli",
    "azd",
    "azure-powershell",
    "browser",
    "device-code",
];

/// Checks that the output holds no secret.
#[track_caller]
pub(crate) fn keeps_secrets(ran: Ran) -> Ran {
    for secret in [
        "eyJ",
        "hunter2",
        "Bearer ",
        "sandbox-refresh",
        "sandbox-device",
        "client_secret=",
        "assertion-",
    ] {
        assert!(!ran.stdout.contains(secret), "{secret}: {}", ran.stdout);
        assert!(!ran.stderr.contains(secret), "{secret}: {}", ran.stderr);
    }
    ran
}

/// The number of requests to the sandbox's sign-in.
pub(crate) fn sign_ins(served: &Served, path: &str) -> usize {
    let ledger = served.ledger();
    let log = ledger["log"].as_array().unwrap();
    log.iter()
        .filter(|entry| {
            entry["service"] == "entra" && entry["path"].as_str().unwrap().ends_with(path)
        })
        .count()
}

/// The address of a server that refuses every request.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/token", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(
                b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}",
            );
        }
    });
    address
}

#[test]
fn the_ways_are_listed_in_their_order_with_what_each_lacks() {
    let mut all = command(&["auth", "status"]);
    // Some machines have a managed identity, which must not affect this test.
    all.env("IDENTITY_ENDPOINT", nobody())
        .env("IDENTITY_HEADER", "hunter2");
    let ran = keeps_secrets(finish(all).exits(4));
    let places = WAYS.map(|way| {
        ran.stdout
            .find(&format!("  {way} "))
            .or(ran.stdout.find(&format!("* {way} ")))
            .unwrap()
    });
    assert!(places.is_sorted(), "{}", ran.stdout);
    for words in [
        "AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_CERTIFICATE_PATH (or \
        AZURE_CLIENT_SECRET) not set",
        "AZURE_FEDERATED_TOKEN_FILE (or the token endpoint of GitHub Actions or Azure Pipelines) \
        not set",
        "`az` is not installed",
        "`azd` is not installed",
        "`pwsh` is not installed",
        "no one is signed in: `cmkctl auth login`",
        "only with `--auth browser`",
        "only with `--auth device-code`",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    assert!(
        ran.stderr.contains("az login") && !ran.stderr.contains("managed-identity"),
        "{}",
        ran.stderr
    );
    // With `--auth`, the other ways are left out.
    let one = run(&["auth", "status", "--auth", "environment"]).exits(4);
    assert_eq!(
        one.stdout
            .matches("skipped: the chosen method is `environment`")
            .count(),
        8,
        "{}",
        one.stdout
    );
    assert!(
        one.stderr.contains("AZURE_CLIENT_SECRET) not set"),
        "{}",
        one.stderr
    );
    let mut half = command(&["auth", "status", "--auth", "environment"]);
    half.env("AZURE_CLIENT_ID", "c")
        .env("AZURE_CLIENT_SECRET", "hunter2");
    let half = keeps_secrets(finish(half).exits(4));
    assert!(
        half.stderr.contains("not set up: AZURE_TENANT_ID not set"),
        "{}",
        half.stderr
    );
}

#[test]
fn a_sandbox_never_uses_real_credentials() {
    for way in WAYS
        .iter()
        .filter(|way| !["device-code", "federated"].contains(*way))
    {
        let ran = rehearse(&["status", "--auth", way]).exits(2);
        assert!(
            ran.stderr
                .contains("A sandbox never uses real credentials."),
            "{}",
            ran.stderr
        );
    }
    let served = Served::start("ready", FAST);
    let mut command = served.command(
        "admin",
        &["enable", "--yes", "--confirm", "Contoso UAT", "-vv"],
    );
    for (name, value) in [
        ("AZURE_TENANT_ID", "11111111-2222-3333-4444-555555555555"),
        ("AZURE_CLIENT_ID", "11111111-2222-3333-4444-555555555555"),
        ("AZURE_CLIENT_SECRET", "hunter2"),
        ("AZURE_FEDERATED_TOKEN_FILE", "/hunter2"),
        (
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "http://127.0.0.1:1/hunter2?x",
        ),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "hunter2"),
        ("HTTP_PROXY", "http://hunter2@127.0.0.1:1"),
        ("HTTPS_PROXY", "http://hunter2@127.0.0.1:1"),
    ] {
        command.env(name, value);
    }
    let ran = keeps_secrets(finish(command).exits(0));
    assert!(
        ran.stderr.contains("POST https://api.bap.microsoft.com"),
        "{}",
        ran.stderr
    );
    let ledger = served.ledger();
    let users = ledger["effects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|effect| effect["user"].as_str().unwrap());
    assert!(users.eq(["admin"; 3]), "{ledger:#}");
    assert!(!served.effects().contains(&"foreign-token".to_owned()));
}

#[test]
fn a_device_code_is_typed_once_for_all_services() {
    let served = Served::start("ready", FAST);
    // No user is named: the user at the browser decides.
    let ran = served.run_as(
        "observer",
        &[
            "enable",
            "--auth",
            "device-code",
            "--yes",
            "--confirm",
            "Contoso UAT",
            "-vv",
        ],
    );
    let ran = keeps_secrets(ran.exits(0));
    assert_eq!(ran.stderr.matches("SANDBOX42").count(), 1, "{}", ran.stderr);
    assert!(!ran.stdout.contains("SANDBOX42"));
    assert_eq!(sign_ins(&served, "/devicecode"), 1);
    // Two polls before the user was done, the token, and one more for each of the other services.
    assert!(
        (5..=7).contains(&sign_ins(&served, "/token")),
        "{}",
        sign_ins(&served, "/token")
    );
    let ledger = served.ledger();
    assert!(
        ledger["effects"]
            .as_array()
            .unwrap()
            .iter()
            .all(|effect| effect["user"] == "admin"),
        "{ledger:#}"
    );
    // stdout stays pure data although the user must act.
    let ran = served
        .run(&["auth", "status", "--auth", "device-code", "-o", "json"])
        .exits(0);
    assert_eq!(ran.json()["identity"]["method"], "device-code");
}

#[test]
fn a_person_who_says_no_is_not_asked_again() {
    let served = Served::start("ready", FAST);
    served.faults(
        &json!([{ "match": { "path": "/oauth2/v2.0/token" }, "do": "403", "times": 1000 }]),
    );
    let ran = served
        .run(&["enable", "--auth", "device-code", "--dry-run"])
        .exits(4);
    assert!(
        ran.stderr.contains("Sign-in with `device-code` failed."),
        "{}",
        ran.stderr
    );
    assert_eq!(
        (
            ran.stderr.matches("SANDBOX42").count(),
            sign_ins(&served, "/token")
        ),
        (1, 1),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_refused_token_is_renewed_once() {
    let served = Served::start("ready", FAST);
    let id = served.default_of("environment");
    served.run(&["environment-name", &id]).exits(0);
    let before = sign_ins(&served, "/token");
    served.reset();
    served.faults(&json!([{ "match": { "host": "bap" }, "do": "401" }]));
    served.run(&["environment-name", &id]).exits(0);
    assert_eq!(sign_ins(&served, "/token"), before + 1);
    // With permanent 401s, every call is repeated once with a new token, and then fails.
    served.reset();
    served.faults(&json!([{ "match": { "host": "bap" }, "do": "401", "times": 1000 }]));
    let ran = served.run(&["environment-name", &id]).exits(4);
    assert!(ran.stderr.contains("answered 401"), "{}", ran.stderr);
    let ledger = served.ledger();
    assert!(ledger["requests"].as_u64().unwrap() <= 8, "{ledger:#}");
    // A refused change had no effect, so it is sent again, but only once.
    served.faults(&json!([{ "match": { "path": "/Encryption/link" }, "do": "401" }]));
    served
        .run(&["enable", "--yes", "--confirm", "Contoso UAT"])
        .exits(0);
    assert_eq!(served.times("link-started"), 1);
}

#[test]
fn a_wait_outlives_its_token() {
    let patch = plain(json!({ "settings": { "token_seconds": 400, "link_seconds": 1200 } }));
    let served = Served::patched(&patch, "500");
    served
        .run(&["enable", "--yes", "--confirm", "Contoso UAT"])
        .exits(0);
    let refused = served
        .log()
        .iter()
        .filter(|entry| entry["status"] == 401)
        .count();
    assert!(refused > 0, "no token grew old");
    assert_eq!(served.times("link-started"), 1);
}

#[test]
fn a_page_in_the_place_of_the_sign_in_service_is_the_network() {
    let served = Served::start("ready", FAST);
    served.faults(&json!([{ "match": { "path": "/oauth2/" }, "do": "html-404", "times": 1000 }]));
    for arguments in [&["status"][..], &["status", "--auth", "device-code"]] {
        let ran = served.run(arguments).exits(4);
        assert!(
            ran.stderr.contains("answered 404 with a web page"),
            "{}",
            ran.stderr
        );
        assert!(
            ran.stderr.contains("ask the network administrator"),
            "{}",
            ran.stderr
        );
    }
    let ran = served.run(&["doctor"]).exits(5);
    assert!(
        ran.stdout.contains("Who: network administrator"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_sign_in_that_the_service_refuses_is_told_by_its_code() {
    let served = Served::start("ready", FAST);
    let mut cloud = served.cloud();
    cloud["users"][0]["client_id"] = json!("11111111-2222-3333-4444-555555555555");
    let file = served.folder().join("other.json");
    std::fs::write(&file, cloud.to_string()).unwrap();
    let ran = run(&["status", "--cloud", file.to_str().unwrap(), "-o", "json"]).exits(4);
    assert_eq!(
        (ran.json()["code"].clone(), ran.json()["kind"].clone()),
        (json!("AADSTS700016"), json!("sign-in"))
    );
    assert!(ran.stderr.contains("AZURE_CLIENT_ID"), "{}", ran.stderr);
    cloud["tenant"] = json!("22222222-2222-3333-4444-555555555555");
    std::fs::write(&file, cloud.to_string()).unwrap();
    let ran = run(&["status", "--cloud", file.to_str().unwrap()]).exits(4);
    assert!(
        ran.stderr.contains("AADSTS90002") && ran.stderr.contains("AZURE_TENANT_ID"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        served
            .log()
            .iter()
            .filter(|entry| entry["service"] != "entra")
            .count(),
        0
    );
}
