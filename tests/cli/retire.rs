//! A key or a version is disabled only when it is no longer needed. Covers who needs it and until
//! when, the refusals before that, and the audited override.

use crate::tenants::{linked_uat, rsa_key};
use crate::tool::{FAST, RETIRE_FREE, Served, overlaid};
use serde_json::{Value, json};

/// Deleted environments are in no list, so an administrator must have checked them.
const CHECKED: &str = "--deleted-environments-checked";

/// A key with three versions that an environment uses, an unused key, and an environment that left
/// a key some days ago.
pub(crate) fn old_keys(left_days_ago: f64) -> Value {
    linked_uat(json!({
        "vaults": { "kv-contoso-cmk": { "keys": {
            "cmk-contoso": { "versions": 3, "made_days_ago": [300, 40, 10] },
            "cmk-free": overlaid(rsa_key(), json!({ "versions": 2 })) } } },
        "history": [{ "environment": "production", "kind": "RevertToMicrosoftKey",
            "days_ago": left_days_ago }],
    }))
}

fn version_ids(served: &Served, key: &str) -> Vec<String> {
    let token = served.token("admin", "https://vault.azure.net");
    let url = format!(
        "https://kv-contoso-cmk.vault.azure.net/keys/{key}/versions?api-version=2025-07-01"
    );
    let list = served.ask(&token, "GET", &url, "").json();
    let id = |one: &Value| {
        one["kid"]
            .as_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned()
    };
    list["value"].as_array().unwrap().iter().map(id).collect()
}

fn enabled(served: &Served, key: &str) -> usize {
    let token = served.token("admin", "https://vault.azure.net");
    let url = format!(
        "https://kv-contoso-cmk.vault.azure.net/keys/{key}/versions?api-version=2025-07-01"
    );
    let list = served.ask(&token, "GET", &url, "").json();
    list["value"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["attributes"]["enabled"] == true)
        .count()
}

#[test]
fn a_version_must_stay_for_four_weeks_after_the_next_one() {
    let served = Served::patched(&old_keys(90.0), FAST);
    let all = version_ids(&served, "cmk-contoso");
    let retire = |version: &str| {
        served.run(&[
            "retire-key",
            CHECKED,
            "--key-version",
            version,
            "--confirm",
            "cmk-contoso",
        ])
    };
    // The second version was created 40 days ago, the third 10 days ago.
    let ran = retire(&all[1]).exits(6);
    assert!(
        ran.stderr.contains("CMK033") && ran.stderr.contains("`Contoso UAT`"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("Keep the version until 2026-03-20"),
        "{}",
        ran.stderr
    );
    let ran = retire(&all[2]).exits(6);
    assert!(
        ran.stderr.contains("would go offline immediately"),
        "{}",
        ran.stderr
    );
    assert!(served.effects().is_empty());
    retire(&all[0]).exits(0);
    assert_eq!(enabled(&served, "cmk-contoso"), 2);
    let again = served
        .run(&["retire-key", "--key-version", &all[0], "-o", "json"])
        .exits(0)
        .json();
    assert_eq!(again["outcome"], "unchanged");
    assert_eq!(served.effects(), ["key-updated"]);
}

#[test]
fn who_left_a_key_needs_it_for_thirty_days_and_no_history_says_which() {
    let served = Served::patched(&old_keys(12.0), FAST);
    served.run(&RETIRE_FREE).exits(6);
    let served = Served::patched(&old_keys(31.0), FAST);
    served
        .run(&["retire-key", CHECKED, "--key", "cmk-free", "--yes"])
        .exits(10);
    served
        .run(&[
            "retire-key",
            CHECKED,
            "--key",
            "cmk-free",
            "--yes",
            "--confirm",
            "cmk",
        ])
        .exits(2);
    served.run(&RETIRE_FREE).exits(0);
    assert_eq!(enabled(&served, "cmk-free"), 0);
}

#[test]
fn an_override_is_typed_and_written_down_and_never_passes_what_is_linked() {
    let served = Served::patched(&old_keys(12.0), FAST);
    let log = served.folder().join("audit.log");
    let log = log.to_str().unwrap();
    let free = [
        "retire-key",
        CHECKED,
        "--key",
        "cmk-free",
        "--override-dates",
        "--confirm",
        "cmk-free",
    ];
    served.run(&free).exits(2);
    let linked = [
        "retire-key",
        CHECKED,
        "--override-dates",
        "--confirm",
        "cmk-contoso",
        "--audit-log",
        log,
    ];
    served.run(&linked).exits(6);
    served
        .run(&[
            "retire-key",
            CHECKED,
            "--key",
            "cmk-free",
            "--override-dates",
            "--audit-log",
            log,
        ])
        .exits(10);
    assert!(served.effects().is_empty());
    served
        .run(&[&free[..], &["--audit-log", log]].concat())
        .exits(0);
    let text = std::fs::read_to_string(log).unwrap();
    let intent: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert!(
        intent["overridden"][0]
            .as_str()
            .unwrap()
            .contains("`Contoso Production` stopped using a key"),
        "{intent:#}"
    );
    assert_eq!(intent["event"], "intent");
}

#[test]
fn who_can_not_see_the_environments_can_not_tell() {
    let served = Served::patched(&old_keys(90.0), FAST);
    let retire = [
        "retire-key",
        CHECKED,
        "--key",
        "cmk-free",
        "--confirm",
        "cmk-free",
    ];
    served.run_as("key-vault-admin", &retire).exits(5);
    assert!(served.effects().is_empty());
    let served = Served::patched(&old_keys(90.0), FAST);
    served.faults(
        &json!([{ "match": { "path": "/lifecycleOperations" }, "do": "403", "times": 99 }]),
    );
    let ran = served.run(&RETIRE_FREE).exits(5);
    assert!(ran.stderr.contains("CMK033 UNKNOWN"), "{}", ran.stderr);
    assert!(served.effects().is_empty());
}
