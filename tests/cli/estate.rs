//! The whole tenant: every planted state is found, and no other. Ten times the environments cost
//! only ten times the pages.

use crate::tenants::generated;
use crate::tool::{FAST, Served, run};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Environment ids by state.
fn found(document: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut by_state: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for one in document["environments"].as_array().unwrap() {
        let text = |name: &str| one[name].as_str().unwrap().to_owned();
        // The default environments are not generated.
        if text("name").starts_with("Estate") {
            by_state
                .entry(text("state"))
                .or_default()
                .insert(text("id"));
        }
    }
    by_state
}

#[test]
fn what_is_planted_is_found_and_nothing_else() {
    // At real speed, so that no unfinished operation ends during the reads.
    let served = Served::patched(&generated(1000), "1");
    let planted: BTreeMap<String, BTreeSet<String>> =
        serde_json::from_value(served.planted()).unwrap();
    assert!(planted.len() >= 7, "{:?}", planted.keys());
    let ran = served.run(&["status", "--all", "-o", "json"]).exits(0);
    let found = found(&ran.json());
    for (state, ids) in &planted {
        let seen = found.get(state).cloned().unwrap_or_default();
        let (missed, wrong) = (ids.difference(&seen).count(), seen.difference(ids).count());
        assert_eq!(
            (missed, wrong),
            (0, 0),
            "{state}: missed {:?}, wrong {:?}",
            ids.difference(&seen).next(),
            seen.difference(ids).next()
        );
    }
    assert_eq!(found.len(), planted.len());
    assert_eq!(served.ledger()["writes"], 0);
}

#[test]
fn requests_grow_with_pages_and_not_with_environments() {
    let count = |environments: u32| {
        let served = Served::patched(&generated(environments), FAST);
        served.run(&["status", "--all"]).exits(0);
        let ledger = served.ledger();
        let log = ledger["log"].as_array().unwrap();
        let pages = log
            .iter()
            .filter(|one| {
                one["path"]
                    .as_str()
                    .unwrap()
                    .ends_with("/scopes/admin/environments")
            })
            .count();
        (pages, ledger["requests"].as_u64().unwrap() as usize - pages)
    };
    let ((few, rest), (many, other)) = (count(1000), count(10_000));
    assert_eq!((few, many), (5, 41));
    assert_eq!(rest, other);
    // Policies, keys, vaults with their grants and denials, and the local roles of managed HSMs.
    assert!(rest < 40 + 40 + 36 + 20, "{rest}");
}

#[test]
fn it_fails_for_what_it_was_told_to() {
    let all = |scenario: &str, more: &[&str]| {
        let mut arguments = vec!["status", "--all", "--sandbox", "--scenario", scenario];
        arguments.extend(more);
        run(&arguments)
    };
    all("expiring", &[]).exits(0);
    all("expiring", &["--fail-on", "locked,drift,expiring"]).exits(3);
    all(
        "expiring",
        &["--fail-on", "expiring", "--expiring-within", "7d"],
    )
    .exits(0);
    all("locked", &["--fail-on", "locked"]).exits(3);
    all(
        "locked",
        &[
            "--fail-on",
            "unencrypted",
            "--sku",
            "Production",
            "--policy",
            "ep-contoso-cmk",
        ],
    )
    .exits(0);
    // Neither of these can have a customer-managed key.
    for kind in ["Default", "Trial"] {
        let ran = all("locked", &["--fail-on", "unencrypted", "--sku", kind]).exits(0);
        assert!(
            ran.stdout.contains("environment can't have"),
            "{}",
            ran.stdout
        );
        let document = all("locked", &["--sku", kind, "-o", "json"])
            .exits(0)
            .json();
        assert_eq!(document["environments"][0]["dangers"], json!([]));
    }
    all("locked", &["--fail-on", "unencrypted", "--sku", "Sandbox"]).exits(3);
    let one = run(&["status", "--sandbox", "Contoso (default)"]).exits(0);
    assert!(
        one.stdout
            .contains("Choose another environment: a Default environment can't have"),
        "{}",
        one.stdout
    );
    let only = all(
        "locked",
        &["--not-encrypted", "--sku", "Trial", "-o", "json"],
    )
    .exits(0)
    .json();
    assert_eq!(only["environments"].as_array().unwrap().len(), 1);
    let none = all("ready", &["--sandbox-user", "observer"]);
    assert_eq!(none.code, 5, "{}", none.stderr);
}

#[test]
fn who_sees_no_vault_is_told_so_and_not_that_all_is_well() {
    let ran = run(&[
        "status",
        "--all",
        "--sandbox",
        "--scenario",
        "expiring",
        "--sandbox-user",
        "power-platform-admin",
        "-o",
        "json",
    ]);
    let document = ran.exits(0).json();
    let first = &document["environments"][0];
    assert_eq!(first["state"], "not-visible");
    assert!(
        first["dangers"][0]
            .as_str()
            .unwrap()
            .contains("you can't see")
    );
}
