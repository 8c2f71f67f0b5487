//! An environment leaves its policy, back to the Microsoft-managed key or to another key. Each
//! start is sent once, in spite of failures.

use crate::tenants::{policy_ready, two_keys, uat_is};
use crate::tool::{FAST, START_ADD, Served, actions, overlaid};
use serde_json::{Value, json};

const REMOVE: [&str; 4] = ["remove-environment", "--yes", "--confirm", "Contoso UAT"];
const SWAP: [&str; 4] = ["swap-policy", "--yes", "--confirm", "Contoso UAT"];

fn link_shown(served: &Served) -> Value {
    served.world()["environments"]["uat"]["link"].clone()
}

#[test]
fn a_removal_is_shown_by_a_re_read_and_twice_is_once() {
    let served = Served::patched(&two_keys(), FAST);
    served
        .run(&["remove-environment", "--dry-run", "--detailed-exitcode"])
        .exits(3);
    served.run(&["remove-environment", "--yes"]).exits(10);
    served
        .run(&["remove-environment", "--yes", "--confirm", "Contoso"])
        .exits(2);
    served
        .run(&[
            "remove-environment",
            "--policy",
            "ep-contoso-cmk",
            "--dry-run",
        ])
        .exits(6);
    assert!(served.effects().is_empty());
    served.run(&REMOVE).exits(0);
    assert!(link_shown(&served).is_null());
    let again = served.run(&["remove-environment", "-o", "json"]).exits(0);
    assert_eq!(again.json()["outcome"], "unchanged");
    assert_eq!(served.effects(), ["unlink-started"]);
}

#[test]
fn a_removal_that_runs_is_waited_for_from_anywhere() {
    let served = Served::patched(&two_keys(), "60");
    let mut started = REMOVE.to_vec();
    started.push("--no-wait");
    served.run(&started).exits(8);
    let status = served.run(&["status", "-o", "json"]).exits(0).json();
    assert_eq!(status["state"], "removing", "{status:#}");
    let planned = served
        .run(&["remove-environment", "--dry-run", "-o", "json"])
        .exits(0)
        .json();
    assert_eq!(planned["plan"]["actions"][0]["action"], "await-removal");
    let waited = served.run(&["status", "--wait"]).exits(0);
    waited.says(&["not-encrypted"]);
    served.run(&REMOVE).exits(0);
    assert_eq!(served.effects(), ["unlink-started"]);
}

#[test]
fn a_failed_add_a_locked_environment_and_another_operation_are_not_left() {
    for (environment, code) in [
        (json!({ "failed": true }), 6),
        (json!({ "runtime": "Disabled" }), 6),
        (json!({ "management": "Copying" }), 7),
    ] {
        let served = Served::patched(&overlaid(two_keys(), uat_is(environment.clone())), FAST);
        served.run(&REMOVE).exits(code);
        assert!(served.effects().is_empty(), "{environment}");
    }
}

#[test]
fn a_new_key_that_goes_between_the_two_outages_of_a_swap_stops_the_second_one() {
    // The event comes after three quarters of an hour. The removal, which takes an hour, is then
    // running.
    let event = json!({ "settings": { "link_seconds": 3600 }, "events": [{ "after_days": 0.03,
        "do": "disable-key", "vault": "kv-contoso-cmk", "key": "cmk-contoso" }] });
    let served = Served::patched(&overlaid(two_keys(), event), "1500");
    let ran = served.run(&SWAP).exits(6);
    ran.says(&["`Contoso UAT` was not started", "CMK016", "--enabled true"]);
    assert_eq!(served.effects(), ["unlink-started"]);
    assert!(link_shown(&served).is_null());
    let served = Served::patched(&two_keys(), "1500");
    served.run(&SWAP).exits(0);
    assert_eq!(served.effects(), ["unlink-started", "link-started"]);
}

#[test]
fn a_swap_asks_for_the_grant_on_the_old_key_first() {
    let ungranted = overlaid(
        two_keys(),
        json!({ "policies": { "ep-contoso-cmk": { "granted_at": [] } } }),
    );
    for more in [&["--in-place"][..], &[]] {
        let served = Served::patched(&ungranted, FAST);
        served.run(&[&SWAP[..], more].concat()).exits(6);
        assert!(served.effects().is_empty());
    }
    // A caller who can't see the vault can't check it. Another administrator must confirm it.
    let served = Served::patched(&two_keys(), FAST);
    let reader = served.object_id("power-platform-admin");
    let old = served
        .default_of("vault")
        .replace("kv-contoso-cmk", "kv-old");
    served
        .run(&["create-policy", "--reader", &reader, "--yes"])
        .exits(0);
    let policy = [
        "create-policy",
        "--policy",
        "ep-old",
        "--vault",
        &old,
        "--key",
        "cmk-old",
        "--reader",
        &reader,
        "--yes",
    ];
    served.run(&policy).exits(0);
    served.reset();
    let blind = served.run_as("power-platform-admin", &SWAP).exits(5);
    blind.says(&["CMK034", "You can't see", "--old-key-granted"]);
    assert!(served.effects().is_empty());
    served
        .run_as(
            "power-platform-admin",
            &[&SWAP[..], &["--old-key-granted"]].concat(),
        )
        .exits(0);
    assert_eq!(served.effects(), ["unlink-started", "link-started"]);
}

#[test]
fn a_swap_is_two_outages_or_one_link_that_nobody_has_proven() {
    let served = Served::patched(&two_keys(), FAST);
    served.run(&["swap-policy", "--yes"]).exits(10);
    served.run(&SWAP).exits(0);
    assert_eq!(
        served.run(&["swap-policy", "-o", "json"]).exits(0).json()["outcome"],
        "unchanged"
    );
    assert_eq!(served.effects(), ["unlink-started", "link-started"]);

    let served = Served::patched(&two_keys(), FAST);
    served.run(&[&SWAP[..], &["--in-place"]].concat()).exits(0);
    assert_eq!(served.effects(), ["swap-started"]);
    served.run(&[&SWAP[..], &["--in-place"]].concat()).exits(0);
    assert_eq!(served.effects(), ["swap-started"]);
}

#[test]
fn a_swap_goes_on_from_where_it_stands_and_is_no_add() {
    let served = Served::patched(&two_keys(), "60");
    let mut later = SWAP.to_vec();
    later.push("--no-wait");
    served.run(&later).exits(8);
    let planned = served
        .run(&["swap-policy", "--dry-run", "-o", "json"])
        .exits(0)
        .json();
    assert_eq!(actions(&planned), ["await-removal", "add-environment"]);
    served.run(&["status", "--wait"]).exits(0);
    let planned = served
        .run(&["swap-policy", "--dry-run", "-o", "json"])
        .exits(0)
        .json();
    assert_eq!(actions(&planned).len(), 1, "{planned:#}");
    served.run(&SWAP).exits(0);
    assert_eq!(served.effects(), ["unlink-started", "link-started"]);

    let never = Served::patched(
        &overlaid(
            two_keys(),
            json!({ "environments": { "uat": { "policy": null } } }),
        ),
        FAST,
    );
    never.run(&SWAP).exits(6);
}

#[test]
fn a_lost_answer_starts_no_second_removal() {
    for trouble in [
        "reset-after",
        "reset-before",
        "cut",
        "html-502",
        "409-empty",
        "silence-after",
        "foreign-link",
    ] {
        let served = Served::patched(&two_keys(), FAST);
        served.faults(
            &json!([{ "match": { "method": "POST", "path": "/unlink" }, "do": trouble,
                "seconds": 1, "times": 1 }]),
        );
        let ran = served.run(&REMOVE);
        if ran.code != 0 {
            served.run(&REMOVE).exits(0);
        }
        assert_eq!(
            served.effects(),
            ["unlink-started"],
            "{trouble}: {}",
            ran.stderr
        );
    }
}

/// Earlier operations with their age in days, and the results of `remove-environment`, `status` and
/// `add-environment` for an environment without a visible policy.
#[test]
fn a_policy_that_is_not_shown_is_not_gone_where_the_history_ends_with_a_key() {
    let past =
        |kind: &str, days: f64| json!({ "environment": "uat", "kind": kind, "days_ago": days });
    let add = || past("NewCustomerManagedKey", 300.0);
    let failed = overlaid(add(), json!({ "failed": true }));
    for (history, ends, state) in [
        (vec![add()], [5, 5], "not-visible"),
        (
            vec![add(), past("EnableGovernanceConfiguration", 200.0)],
            [5, 5],
            "not-visible",
        ),
        (
            vec![past("RevertToMicrosoftKey", 400.0), add()],
            [5, 5],
            "not-visible",
        ),
        (
            vec![add(), past("RevertToMicrosoftKey", 200.0)],
            [0, 8],
            "not-encrypted",
        ),
        (vec![failed], [0, 8], "not-encrypted"),
        (vec![], [0, 8], "not-encrypted"),
    ] {
        let served = Served::patched(&policy_ready(json!({ "history": history })), FAST);
        let all = served.run(&["status", "-o", "json"]).exits(0).json();
        assert_eq!(all["state"], state, "{history:?}");
        let ran = served.run(&REMOVE).exits(ends[0]);
        let open = ran.stderr.contains("cmkctl can't tell");
        assert_eq!(open, ends[0] == 5, "{}", ran.stderr);
        assert!(served.effects().is_empty());
        served.run(&START_ADD).exits(ends[1]);
        assert_eq!(served.effects().is_empty(), ends[1] == 5, "{history:?}");
    }
}
