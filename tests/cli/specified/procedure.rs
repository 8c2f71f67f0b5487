//! Checks the whole procedure against the specifications.

use super::{figures, specs_or_said};
use crate::tenants::{locked, plain, rsa_key, two_keys, vault_is};
use crate::tool::{CONSENT, FAST, RETIRE_FREE, Served};
use serde_json::{Value, json};
use std::io::Write;

/// Commands that change nothing and send many requests.
const LOOKS: [&[&str]; 3] = [&["check"], &["report"], &["status", "--all"]];

/// The other commands that change nothing.
const MORE_LOOKS: [&[&str]; 5] = [
    &["check-integration"],
    &["doctor"],
    &["environment-name"],
    &["export", "terraform"],
    &["status"],
];

fn consented<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &CONSENT[..]].concat()
}

/// Enables in one run, then removes again.
fn at_once(scenario: &str) -> Served {
    let served = Served::start(scenario, FAST);
    let enable = consented(&["enable", "--make-managed", "--fix"]);
    served.run(&enable).exits(0);
    served.run(&consented(&["remove-environment"])).exits(0);
    served
}

fn step_by_step() -> Served {
    let served = Served::start("fresh", FAST);
    served.run(&["create-policy", "--yes"]).exits(0);
    served
        .run(&consented(&["add-environment", "--make-managed"]))
        .exits(0);
    for look in MORE_LOOKS {
        served.run(look).exits(0);
    }
    let adopted = served.run(&["adopt"]).exits(0).stdout;
    let file = served.write("wanted.toml", &adopted);
    served.run(&["plan", &file]).exits(0);
    served.run(&["rotate-key", "--yes"]).exits(0);
    served.run(&consented(&["remove-environment"])).exits(0);
    served
}

fn retire() -> Served {
    let free = vault_is(json!({ "keys": { "cmk-free": rsa_key() } }));
    let served = Served::patched(&plain(free), FAST);
    served.run(&RETIRE_FREE).exits(0);
    served
}

fn swap() -> Served {
    let served = Served::patched(&two_keys(), FAST);
    served.run(&consented(&["swap-policy"])).exits(0);
    served
}

fn unlock() -> Served {
    let served = Served::patched(&locked(&json!({ "deleted": true }), false), FAST);
    let unlock = ["unlock", "--policy", "ep-contoso-cmk", "--yes"];
    served.run(&unlock).exits(0);
    served
}

/// The exchanges of every part, with reads at its end. Each part mostly waits, so they run
/// together.
fn procedure() -> Vec<Value> {
    let parts: [fn() -> Served; 7] = [
        || at_once("fresh"),
        || at_once("access-policy-vault"),
        || at_once("managed-hsm"),
        step_by_step,
        swap,
        unlock,
        retire,
    ];
    let exchanges = |part: fn() -> Served| {
        let served = part();
        for look in LOOKS {
            served.run(look);
        }
        served.exchanges().as_array().unwrap().clone()
    };
    std::thread::scope(|scope| {
        let all = parts.map(|part| scope.spawn(move || exchanges(part)));
        all.into_iter()
            .flat_map(|part| part.join().unwrap())
            .collect()
    })
}

#[test]
fn the_whole_procedure_is_as_specified() {
    let Some(specs) = specs_or_said() else { return };
    let figures = figures(specs, &Value::Array(procedure()));
    let _ = writeln!(
        std::io::stdout(),
        "{} judged, {} without a description, {} deviations, {} notes",
        figures.judged,
        figures.undescribed,
        figures.deviations.len(),
        figures.notes.len(),
    );
    assert!(figures.deviations.is_empty(), "{:#?}", figures.deviations);
    assert!(figures.judged > 300, "{figures:?}");
}
