//! The rotation policy of a key: what is there is read, what was named is set, and it is said what
//! would end.

use crate::tool::{FAST, Served, run};
use serde_json::{Value, json};

const SET: [&str; 5] = ["rotation-policy", "set", "--yes", "--rotate-every", "1y"];

fn shown(served: &Served, user: &str, code: i32) -> Value {
    let ran = served.run_as(user, &["rotation-policy", "show", "-o", "json"]);
    ran.exits(code).json()
}

fn set(served: &Served) -> usize {
    served.times("rotation-policy-set")
}

#[test]
fn what_is_set_is_shown_and_set_once() {
    let served = Served::start("expiring", "1");
    let before = shown(&served, "admin", 0);
    assert_eq!(before["rotation"], json!({ "notifies": "P30D" }));
    assert_eq!(before["next_rotation"], Value::Null);
    assert_eq!(before["findings"][0]["severity"], "warn", "{before:#}");
    let plan = served.run(&[
        "rotation-policy",
        "set",
        "--rotate-every",
        "1y",
        "--dry-run",
    ]);
    plan.exits(0)
        .says(&["Set the rotation policy of", "a new version 1 year after"]);
    served
        .run(&["rotation-policy", "set", "--rotate-every", "1y"])
        .exits(10);
    assert_eq!(set(&served), 0);
    let expires = ["--expires-after", "2y"];
    served
        .run(&[&SET[..], &expires].concat())
        .exits(0)
        .says(&["verified"]);
    served
        .run(&SET)
        .exits(0)
        .says(&["already in the desired state"]);
    assert_eq!(set(&served), 1);
    let after = shown(&served, "admin", 0);
    let rotation = json!({ "rotates": { "after-creation": "P1Y" }, "lasts": "P2Y",
        "notifies": "P30D" });
    assert_eq!(after["rotation"], rotation);
    assert!(after["next_rotation"].is_string(), "{after:#}");
    // The key still ends before the next version comes.
    let said = after["findings"][0]["message"].as_str().unwrap();
    assert!(
        said.contains("before Key Vault makes the next version"),
        "{after:#}"
    );
    // What was not named stays.
    served
        .run(&["rotation-policy", "set", "--yes", "--notify-before", "60d"])
        .exits(0);
    let notified = shown(&served, "admin", 0);
    assert_eq!(notified["rotation"]["notifies"], "P60D");
    assert_eq!(notified["rotation"]["lasts"], "P2Y");
}

#[test]
fn a_policy_that_can_not_be_read_may_pin_a_version() {
    let served = Served::start("expiring", "1");
    served.faults(
        &json!([{ "match": { "path": "/enterprisePolicies/" }, "do": "403",
        "times": 1000 }]),
    );
    let named = [
        "rotation-policy",
        "show",
        "--policy",
        "ep-contoso-cmk",
        "-o",
        "json",
    ];
    let shown = served.run(&named).exits(0).json();
    let findings = shown["findings"].as_array().unwrap();
    let hidden = findings.iter().find(|found| found["code"] == "CMK017");
    let said = hidden.unwrap()["message"].as_str().unwrap();
    assert!(said.contains("pinned to a version"), "{shown:#}");
}

#[test]
fn status_calendar_and_metrics_tell_the_next_version() {
    let served = Served::start("expiring", "1");
    let next = |served: &Served| {
        let status = served.run(&["status", "-o", "json"]).exits(0).json();
        status["key"]["next_rotation"].clone()
    };
    let all = |format: &str| {
        let asked = ["status", "--all", "-q", "-o", format];
        served.run(&asked).exits(0).stdout
    };
    assert_eq!(next(&served), Value::Null);
    assert!(!all("ics").contains("Key Vault rotates"));
    served.run(&SET).exits(0);
    assert!(next(&served).is_string());
    assert_eq!(all("ics").matches("SUMMARY:Key Vault rotates").count(), 1);
    let metric = "\ncmkctl_key_rotation_timestamp_seconds{";
    assert_eq!(all("prometheus").matches(metric).count(), 1);
    served.run(&["status"]).exits(0).says(&["next version "]);
}

#[test]
fn what_would_end_is_refused() {
    let served = Served::start("ready", "1");
    for (flags, words) in [
        (
            &["--expires-after", "1y"][..],
            "Key Vault would not create a new version",
        ),
        (&["--rotate-every", "6d"], "7 days"),
        (
            &["--rotate-every", "1y", "--expires-after", "1y"],
            "7 days before",
        ),
    ] {
        let line = [&["rotation-policy", "set", "--yes"][..], flags].concat();
        served.run(&line).exits(6).says(&["CMK052", words]);
    }
    assert_eq!(set(&served), 0);
    for flags in [
        &[][..],
        &["--rotate-every", "soon"],
        &["--rotate-every", "1h"],
    ] {
        let line = [&["rotation-policy", "set", "--sandbox"][..], flags].concat();
        run(&line).exits(2);
    }
}

#[test]
fn who_may_not_see_it_sets_nothing() {
    let served = Served::start("ready", FAST);
    for trouble in ["403", "garbage"] {
        let rule = json!([{ "match": { "method": "GET", "path": "/rotationpolicy" },
            "do": trouble, "times": 99 }]);
        served.faults(&rule);
        let ran = served.run(&SET);
        assert!([1, 5].contains(&ran.code), "{trouble}: {}", ran.stderr);
        assert_eq!(set(&served), 0, "{trouble}");
    }
    served.faults(&json!([]));
    // The Power Platform administrator sees no vault.
    served.run_as("power-platform-admin", &SET).exits(5);
    let show = ["rotation-policy", "show"];
    served.run_as("power-platform-admin", &show).exits(5);
    assert_eq!(set(&served), 0);
    run(&[
        "rotation-policy",
        "show",
        "--sandbox",
        "--key",
        "no-such-key",
    ])
    .exits(6);
    // A refusal says which right is missing.
    let refused = json!([{ "match": { "method": "PUT", "path": "/rotationpolicy" }, "do": "403",
        "times": 99 }]);
    served.faults(&refused);
    served.run(&SET).exits(5).says(&["setrotationpolicy"]);
}
