//! Encryption takes up to four days: tokens expire, gateways fail, services are down for a while,
//! and another machine takes over. Sandbox time is accelerated.

use crate::sign_in::sign_ins;
use crate::tenants::policy_ready;
use crate::tool::{CONSENT, Ran, Served, command, finish, http};
use serde_json::{Value, json};

const DAY: f64 = 86_400.0;

/// The policy exists, and encryption takes four days.
fn long() -> Value {
    policy_ready(json!({ "settings": { "link_seconds": 4.0 * DAY, "token_seconds": 3600 } }))
}

fn add(served: &Served, more: &[&str]) -> Ran {
    let mut arguments = vec!["add-environment"];
    arguments.extend(CONSENT);
    arguments.extend(more);
    served.run(&arguments)
}

fn looks(served: &Served) -> usize {
    let path = |entry: &Value| {
        entry["path"]
            .as_str()
            .unwrap()
            .contains("/lifecycleOperations/")
    };
    served.log().iter().filter(|entry| path(entry)).count()
}

/// All at once: tokens of an hour, assertions of ten minutes, one failing poll in fifty, and twenty
/// minutes a day without services.
#[test]
fn a_job_outlives_four_days() {
    // Slow enough that a token of an hour, fresh from the service, is not too old on a machine
    // under load.
    let served = Served::patched(&long(), "8000");
    // A machine under load may sleep through one outage, but not through all.
    let outage = |day: f64| {
        json!({ "match": { "from": day * DAY, "until": day * DAY + 1200.0 },
        "do": "reset-before", "times": 1_000_000 })
    };
    let gateway = json!({ "match": { "path": "/lifecycleOperations/", "every": 50 },
        "do": "html-502", "times": 1_000_000 });
    served.faults(&json!([
        outage(0.5),
        outage(1.5),
        outage(2.5),
        outage(3.5),
        gateway
    ]));
    let ran = add(&served, &["--auth", "federated", "-v"]).exits(0);
    assert!(
        ran.stderr.contains("Signed in with `federated`."),
        "{}",
        ran.stderr
    );
    assert_eq!(served.times("link-started"), 1);
    // The first polls follow the service's 5 seconds. Later pauses grow to five minutes, which
    // limits the number. A busy machine polls less often, because each request takes sandbox
    // minutes.
    let looks = looks(&served);
    assert!((100..=1300).contains(&looks), "{looks} looks");
    let log = served.log();
    let count = |service: &str| {
        log.iter()
            .filter(|entry| entry["service"] == service)
            .count()
    };
    let refused = log
        .iter()
        .filter(|entry| entry["service"] == "bap" && entry["status"] == 401)
        .count();
    let (assertions, tokens) = (count("runner"), sign_ins(&served, "/token"));
    assert!(refused >= 20, "{refused} tokens had ended");
    assert!(
        assertions >= refused && tokens >= refused,
        "{assertions} assertions, {tokens} tokens, {refused} refusals"
    );
    assert!(
        log.iter().any(|entry| entry["status"] == 502)
            && log.iter().any(|entry| entry["status"] == 0)
    );
    // An outage lasts for several polls, and is reported once.
    assert!(
        ran.stderr.matches("cmkctl keeps waiting").count() <= 4,
        "{}",
        ran.stderr
    );
    // A run four days later sees the same state.
    served.faults(&json!([]));
    add(&served, &[]).exits(0);
    assert_eq!(served.times("link-started"), 1);
}

#[test]
fn an_assertion_is_good_for_ten_minutes() {
    let served = Served::start("ready", "1200");
    let runner = [
        ("x-cmkctl-host", "token.actions.githubusercontent.com"),
        ("authorization", "Bearer sandbox-job"),
    ];
    let path = "/sandbox?api-version=2.0&audience=api://AzureADTokenExchange";
    let assertion = http(&served.url, "GET", path, &runner, "").json()["value"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(http(&served.url, "GET", path, &runner[..1], "").status, 401);
    let (tenant, client) = (served.tenant_id(), served.client_id("admin"));
    let redeem = || {
        let form = format!(
            "grant_type=client_credentials&client_id={client}&client_assertion={assertion}&scope=https://management.azure.com/.default"
        );
        let host = [("x-cmkctl-host", "login.microsoftonline.com")];
        http(
            &served.url,
            "POST",
            &format!("/{tenant}/oauth2/v2.0/token"),
            &host,
            &form,
        )
        .json()
    };
    let fresh = redeem();
    std::thread::sleep(std::time::Duration::from_millis(600));
    let stale = redeem();
    assert!(
        fresh["access_token"].is_string() && stale["error_codes"][0] == 700_024,
        "{fresh} {stale}"
    );
}

/// Another machine has only the service: no file, no operation id, no policy.
#[test]
fn another_machine_waits_for_it() {
    let mut scenario = long();
    scenario["settings"]["token_seconds"] = Value::Null;
    let served = Served::patched(&scenario, "100000");
    add(&served, &["--no-wait"]).exits(8);
    let id = served.default_of("environment");
    let elsewhere = |arguments: &[&str]| {
        let file = served.folder().join("elsewhere.json");
        let mut cloud = served.cloud();
        cloud["defaults"] = json!({});
        std::fs::write(&file, cloud.to_string()).unwrap();
        let mut command = command(arguments);
        command
            .arg("--cloud")
            .arg(&file)
            .args(["--sandbox-user", "power-platform-admin"]);
        finish(command)
    };
    let early = elsewhere(&["status", &id, "--wait", "--timeout", "6h", "-o", "json"]).exits(8);
    assert_eq!(early.json()["state"], "encrypting");
    assert!(
        early.stderr.contains("at the service") && early.stderr.contains("--wait"),
        "{}",
        early.stderr
    );
    let done = elsewhere(&["status", &id, "--wait", "-o", "json"]).exits(0);
    // This account sees the environment, but neither vault nor grant.
    assert_eq!(done.json()["state"], "not-visible");
    assert_eq!(done.json()["link_status"], "Linked");
    assert_eq!(
        (
            served.times("link-started"),
            served.ledger()["writes"].as_u64().unwrap()
        ),
        (1, 1)
    );
    // No encryption runs on either environment now.
    elsewhere(&["status", &id, "--wait"]).exits(0);
    let never = elsewhere(&["status", "Contoso Sales", "--wait"]).exits(9);
    assert!(
        never
            .stderr
            .contains("No encryption runs on `Contoso Sales`"),
        "{}",
        never.stderr
    );
    let usage = elsewhere(&["status", &id, "--timeout", "1h"]).exits(2);
    assert!(usage.stderr.contains("--wait"), "{}", usage.stderr);
}
