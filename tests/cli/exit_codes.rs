//! Every exit code can occur.

#[cfg(unix)]
use crate::children::{ended, piped};
use crate::tenants::{link_ends, linked_uat};
use crate::tool::{ENABLE, FAST, Served, command, finish, rehearse, run};
use serde_json::json;

#[test]
fn code_0_done_and_already_so() {
    let served = Served::start("ready", FAST);
    served.run(&ENABLE).exits(0);
    served.run(&ENABLE).exits(0);
}

#[test]
fn code_1_unexpected() {
    let served = Served::start("ready", FAST);
    served.faults(&json!([{ "match": { "host": "bap" }, "do": "garbage", "times": 1000 }]));
    let ran = served.run(&["status"]).exits(1);
    assert!(ran.stderr.contains("can't be understood"), "{}", ran.stderr);
}

#[test]
fn code_2_usage() {
    run(&["enable", "--colour"]).exits(2);
    run(&["status", "--cloud", "mars"]).exits(2);
    rehearse(&["environment-name", "Contoso Dev"]).exits(2);
}

#[test]
fn code_3_changes_pending() {
    let served = Served::start("ready", FAST);
    served.run(&["enable", "--dry-run"]).exits(0);
    served
        .run(&["enable", "--dry-run", "--detailed-exitcode"])
        .exits(3);
    served.run(&ENABLE).exits(0);
    served
        .run(&["enable", "--dry-run", "--detailed-exitcode"])
        .exits(0);
}

#[test]
fn code_4_sign_in() {
    // A machine in Azure has a managed identity. Here its endpoint does not answer.
    let mut nowhere = command(&["status", "00000000-0000-0000-0000-000000000001"]);
    nowhere
        .env("IDENTITY_ENDPOINT", "http://127.0.0.1:9/token")
        .env("IDENTITY_HEADER", "x");
    let ran = finish(nowhere).exits(4);
    assert!(ran.stderr.contains("az login"), "{}", ran.stderr);
    let ran = run(&[
        "status",
        "00000000-0000-0000-0000-000000000001",
        "--auth",
        "environment",
        "-o",
        "json",
    ])
    .exits(4);
    assert_eq!(ran.json()["exit_code"], 4);
}

#[test]
fn code_5_forbidden() {
    let served = Served::start("ready", FAST);
    served
        .run_as("observer", &["status", "Contoso UAT"])
        .exits(5);
    served.run_as("unregistered", &["add-environment"]).exits(5);
}

#[test]
fn code_6_blocked() {
    rehearse(&[
        "enable",
        "--scenario",
        "not-integrated",
        "--yes",
        "--confirm",
        "Contoso UAT",
    ])
    .exits(6);
    rehearse(&["check-integration", "--scenario", "not-integrated"]).exits(6);
}

#[test]
fn code_7_another_operation_runs() {
    // At real speed, no operation ends by itself.
    let served = Served::patched(&linked_uat(json!({})), "1");
    let id = served.default_of("environment");
    let base = "https://api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform";
    let policy = served.default_of("policy");
    let arm = served.token("admin", "https://management.azure.com");
    let read = format!("https://management.azure.com{policy}?api-version=2020-10-30");
    let system = served.ask(&arm, "GET", &read, "").json()["properties"]["systemId"].clone();
    let token = served.token("admin", "https://service.powerapps.com/");
    let url = format!(
        "{base}/environments/{id}/enterprisePolicies/Encryption/unlink?api-version=2019-10-01"
    );
    assert_eq!(
        served
            .ask(
                &token,
                "POST",
                &url,
                &json!({ "SystemId": system }).to_string()
            )
            .status,
        202
    );
    served
        .run(&["add-environment", "--yes", "--confirm", "Contoso UAT"])
        .exits(7);
}

#[test]
fn code_8_still_running() {
    let served = Served::start("ready", "1000");
    served.run(&["create-policy", "--yes"]).exits(0);
    served
        .run(&[
            "add-environment",
            "--confirm",
            "Contoso UAT",
            "--timeout",
            "10m",
        ])
        .exits(8);
    served.run(&["add-environment", "--no-wait"]).exits(8);
    assert_eq!(served.times("link-started"), 1);
}

#[test]
fn code_9_verification_failed() {
    for ends in ["failed", "failed-silently", "succeeded-without-link"] {
        Served::patched(&link_ends(ends), FAST)
            .run(&ENABLE)
            .exits(9);
    }
    // The service no longer knows the operation, so the environment's state decides.
    let served = Served::patched(&link_ends("vanished"), FAST);
    served.run(&ENABLE).exits(0);
}

#[test]
fn code_10_consent_missing() {
    // A name that the plan does not ask for is a usage error.
    for (arguments, code) in [
        (&["enable"][..], 10),
        (&["enable", "--yes"], 10),
        (&["enable", "--yes", "--confirm", "Contoso Uat"], 2),
    ] {
        let served = Served::start("ready", FAST);
        served.run(arguments).exits(code);
        assert_eq!(served.ledger()["writes"], 0);
    }
}

#[cfg(unix)]
#[test]
fn code_130_interrupted() {
    let served = Served::start("ready", "100");
    served.run(&["create-policy", "--yes"]).exits(0);
    let command = served.command("admin", &["add-environment", "--confirm", "Contoso UAT"]);
    let child = piped(command);
    crate::tool::until("a start", || served.times("link-started") > 0);
    std::thread::sleep(std::time::Duration::from_millis(200));
    crate::tool::interrupt(&child);
    let output = ended(child);
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{words}");
    assert!(
        words.contains("add-environment") && words.contains("at the service"),
        "{words}"
    );
}
