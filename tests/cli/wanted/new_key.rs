//! A file that creates its key if the key does not exist.

use super::*;
use crate::between::Rule;
use crate::tool::run;

const VAULT: &str = "kv-contoso-cmk";
const CONSENT: [&str; 5] = ["--yes", "--confirm", "Contoso UAT", "--confirm", VAULT];

/// The file: the policy, how to create its key, and the environment.
fn file(served: &Served, create_key: &str) -> String {
    let text = format!(
        "{}create-key = {create_key}\n\n[[policies.environments]]\nid = \"{}\"\nname = \"Contoso \
        UAT\"\nmake-managed = true\n",
        served.policy_block(),
        served.default_of("environment")
    );
    served.write("wanted.toml", &text)
}

fn made(served: &Served) -> Vec<usize> {
    ["group-created", "vault-created", "key-version-created"]
        .iter()
        .map(|what| served.times(what))
        .collect()
}

#[test]
fn from_an_empty_subscription_to_an_encrypted_environment_and_only_once() {
    let served = Served::start("empty", FAST);
    let file = file(
        &served,
        "{ azure-location = \"westeurope\", size = 2048, rotate-every = \"1y\", notify-before = \
        \"30d\", tags = { owner = \"security\" } }",
    );
    let plan = served.run(&["plan", &file]).exits(0);
    plan.says(&[
        "1. Create the resource group",
        "2. Create the standard vault",
    ]);
    // Purge protection can't be undone, so `--yes` alone does not confirm it.
    let without = [&["apply", &file][..], &CONSENT[..3]].concat();
    served
        .run(&without)
        .exits(10)
        .says_on_stderr(&["can never be turned off again"]);
    assert!(served.effects().is_empty());
    let apply = [&["apply", &file][..], &CONSENT].concat();
    served.run(&apply).exits(0);
    assert_eq!(made(&served), [1, 1, 1]);
    assert_eq!(served.times("link-started"), 1);
    let before = served.effects().len();
    served.run(&apply).exits(0);
    served.run(&["plan", &file, "--detailed-exitcode"]).exits(0);
    assert_eq!(served.effects().len(), before);
}

#[test]
fn a_saved_plan_makes_exactly_the_key_that_it_says() {
    let served = Served::start("empty", FAST);
    let file = file(
        &served,
        "{ azure-location = \"westeurope\", expires = \"2y\" }",
    );
    let plan = served.folder().join("plan.json");
    let plan = plan.to_str().unwrap();
    served.run(&["plan", &file, "--out", plan]).exits(0);
    served.advance(86_400.0);
    served
        .run(&[&["apply", plan][..], &CONSENT].concat())
        .exits(0);
    let saved: Value = serde_json::from_str(&std::fs::read_to_string(plan).unwrap()).unwrap();
    let says = saved["actions"].as_array().unwrap().iter();
    let mut says = says.filter_map(|one| one["expires"].as_str());
    let end: jiff::Timestamp = says.next().unwrap().parse().unwrap();
    let url = format!(
        "https://management.azure.com{}/keys/cmk-contoso?api-version=2026-02-01",
        served.default_of("vault")
    );
    let key = crate::sandbox_wire::ask_as(&served, "admin", "GET", &url, "").json();
    assert_eq!(key["properties"]["attributes"]["exp"], end.as_second());
}

#[test]
fn what_can_not_be_right_is_told_with_its_line() {
    let served = Served::start("empty", FAST);
    for (key, words) in [
        ("{ network = \"closed\" }", "unknown variant `closed`"),
        ("{ size = 4096 }", "Write 3072 or 2048."),
        ("{ expires = \"soon\" }", "Write a period like `2y`"),
        ("{ notify-before = \"30d\" }", "needs `rotate-every`"),
        ("{ region = \"westeurope\" }", "`azure-location`"),
    ] {
        let file = file(&served, key);
        let ran = served.run(&["plan", &file]).exits(2);
        ran.says_on_stderr(&["Line 6: ", words]);
    }
    let block = served.policy_block();
    let other = block.replace("ep-contoso-cmk", "ep-other");
    let text = format!("{block}create-key = {{}}\n{other}");
    let file = served.write("two.toml", &text);
    served
        .run(&["plan", &file])
        .exits(2)
        .says_on_stderr(&["policies 1 and 2", "Write the same `create-key` in both"]);
    // Two policies with the same key create it once.
    let same = "create-key = { azure-location = \"westeurope\" }\n";
    let file = served.write("two.toml", &format!("{block}{same}{other}{same}"));
    served
        .run(&["apply", &file, "--yes", "--confirm", VAULT])
        .exits(0);
    assert_eq!(made(&served), [1, 1, 1]);
    assert_eq!(served.times("policy-created"), 2);
}

#[test]
fn nothing_is_made_where_it_is_not_known_that_nothing_is_there() {
    let hidden: Rule = ("/vaults/kv-contoso-cmk?", Deed::Status(403));
    let served = Served::start("empty", FAST);
    let file = file(&served, "{ azure-location = \"westeurope\" }");
    let apply = [&["apply", &file][..], &CONSENT].concat();
    let between = Between::new(&served, vec![hidden]);
    between.run_as("admin", &apply).exits(5);
    assert!(served.effects().is_empty());
    // The same check directly before the request.
    let between = Between::new(&served, Vec::new());
    between.run_as("admin", &["plan", &file]).exits(0);
    let looks = between.times_asked("/vaults/kv-contoso-cmk?");
    let between = Between::after(&served, looks, vec![hidden]);
    let ran = between.run_as("admin", &apply).exits(5);
    ran.says_on_stderr(&["Nothing was sent"]);
    assert_eq!(made(&served), [1, 0, 0]);
}

#[test]
fn without_a_region_there_is_no_place_and_an_end_that_has_passed_is_none() {
    let served = Served::start("empty", FAST);
    let empty = file(&served, "{}");
    served
        .run(&["plan", &empty])
        .exits(6)
        .says(&["Write `azure-location` into `create-key`"]);
    let passed = "{ azure-location = \"westeurope\", expires = \"2020-01-01\" }";
    let late = file(&served, passed);
    served
        .run(&["plan", &late])
        .exits(6)
        .says(&["CMK051", "2020-01-01"]);
    // An existing key stays, whatever the file says about its creation.
    let ready = Served::start("ready", FAST);
    let late = file(&ready, passed);
    ready
        .run(&["plan", &late])
        .exits(0)
        .says(&["Add the environment `Contoso UAT`"]);
    run(&[
        "plan",
        "examples/new-key.toml",
        "--sandbox",
        "--scenario",
        "empty",
    ])
    .exits(0);
}
