//! After a lock: first the original key, then the environments, the next to be deleted first. Each
//! administrator does their own part.

use crate::tenants::{closed_firewall, locked};
use crate::tool::{FAST, Served};
use serde_json::json;

/// The sandbox's policy.
const POLICY: &str = "ep-contoso-cmk";

fn runtimes(served: &Served) -> Vec<String> {
    let world = served.world();
    let state = |name: &str| {
        world["environments"][name]["runtime"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    vec![state("uat"), state("production")]
}

#[test]
fn whatever_took_the_key_away_is_undone_in_order() {
    let table = [
        (json!({ "enabled": false }), true, vec!["key-updated"]),
        (json!({ "deleted": true }), true, vec!["key-recovered"]),
        (json!({}), false, vec!["role-assigned"]),
        (
            json!({ "deleted": true }),
            false,
            vec!["key-recovered", "role-assigned"],
        ),
        (json!({}), true, vec![]),
    ];
    for (key, granted, restored) in table {
        let served = Served::patched(&locked(&key, granted), FAST);
        served.run(&["unlock", "--policy", POLICY]).exits(10);
        let plan = served
            .run(&["unlock", "--policy", POLICY, "--dry-run"])
            .exits(0)
            .stdout;
        let places = [
            "`Contoso UAT` again (the service may delete it from 2026-03-07 on)",
            "`Contoso Production` again (the service may delete it from 2026-03-30 on)",
        ];
        let at: Vec<usize> = places
            .iter()
            .map(|place| {
                plan.find(place)
                    .unwrap_or_else(|| panic!("{place}\n{plan}"))
            })
            .collect();
        assert!(at[0] < at[1], "deleted soonest first: {plan}");
        assert!(served.effects().is_empty());
        served
            .run(&["unlock", "--policy", POLICY, "--yes"])
            .exits(0);
        assert_eq!(runtimes(&served), ["Enabled", "Enabled"]);
        let mut expected = restored;
        expected.extend(["enable-started", "enable-started"]);
        assert_eq!(served.effects(), expected, "{key}");
        let again = served
            .run(&["unlock", "--policy", POLICY, "--yes", "-o", "json"])
            .exits(0)
            .json();
        assert_eq!(again["outcome"], "unchanged", "{again:#}");
        assert_eq!(served.effects().len(), expected.len());
    }
}

#[test]
fn what_no_command_can_undo_is_in_the_way_of_nothing_that_would_fail() {
    let expired = json!({ "expires_in_days": -3 });
    let served = Served::patched(&locked(&expired, true), FAST);
    served
        .run(&["unlock", "--policy", POLICY, "--yes"])
        .exits(6);
    assert!(served.effects().is_empty());
    let mut closed = locked(&json!({}), true);
    closed["vaults"]["kv-contoso-cmk"]["properties"] = closed_firewall();
    let served = Served::patched(&closed, FAST);
    served
        .run(&["unlock", "--policy", POLICY, "--yes"])
        .exits(6);
    assert!(served.effects().is_empty());
}

#[test]
fn each_administrator_does_the_half_that_is_theirs() {
    let served = Served::patched(&locked(&json!({ "deleted": true }), true), FAST);
    let policy = served.default_of("policy");
    // Without its key, an enabled environment stays locked, so the run does not succeed.
    served
        .run_as("power-platform-admin", &["unlock", "Contoso UAT", "--yes"])
        .exits(9);
    let key = served
        .run_as("key-vault-admin", &["unlock", "--policy", &policy, "--yes"])
        .exits(0);
    assert!(
        key.stderr.contains("recovered") && key.stderr.contains("NOT VISIBLE")
            || key.stdout.contains("NOT VISIBLE"),
        "{}{}",
        key.stdout,
        key.stderr
    );
    // A named environment is enabled alone. A policy means all of its environments.
    served
        .run_as("power-platform-admin", &["unlock", "Contoso UAT", "--yes"])
        .exits(0);
    assert_eq!(runtimes(&served), ["Enabled", "Disabled"]);
    served
        .run_as(
            "power-platform-admin",
            &["unlock", "--policy", &policy, "--yes"],
        )
        .exits(0);
    assert_eq!(runtimes(&served), ["Enabled", "Enabled"]);
}

#[test]
fn trouble_on_the_way_enables_nothing_twice_that_matters() {
    for trouble in [
        "reset-after",
        "reset-before",
        "503-seconds",
        "cut",
        "html-502",
    ] {
        for path in ["/recover", "/enable"] {
            let served = Served::patched(&locked(&json!({ "deleted": true }), true), FAST);
            served.faults(
                &json!([{ "match": { "method": "POST", "path": path }, "do": trouble,
                    "seconds": 1, "times": 1 }]),
            );
            let ran = served.run(&["unlock", "--policy", POLICY, "--yes"]);
            if ran.code != 0 {
                served
                    .run(&["unlock", "--policy", POLICY, "--yes"])
                    .exits(0);
            }
            assert_eq!(
                runtimes(&served),
                ["Enabled", "Enabled"],
                "{trouble} {path}: {}",
                ran.stderr
            );
        }
    }
}
