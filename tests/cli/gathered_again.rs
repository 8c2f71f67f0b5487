//! A fact changes between the plan and the request. The evidence is gathered again directly before
//! the request. The change is named, and nothing is sent.

use crate::between::{Between, Deed, Rule};
use crate::retire::old_keys;
use crate::tenants::{linked_uat, locked, policy_ready, rsa_key, two_keys, vault_is};
use crate::tool::{FAST, Served, overlaid};
use serde_json::{Value, json};

const POLICY: &str = "/enterprisePolicies/ep-contoso-cmk";
const VAULT: &str = "/vaults/kv-contoso-cmk?";
const CONSENT: [&str; 3] = ["--yes", "--confirm", "Contoso UAT"];

/// The vault has a second key that is equally usable.
fn second_key() -> Value {
    json!({ "vaults": { "kv-contoso-cmk": { "keys": { "cmk-second": rsa_key() } } } })
}

/// The policy names the other key, as if an administrator had changed it.
fn names_another_key(value: &mut Value) {
    if let Some(key) = value.pointer_mut("/properties/encryption/keyVault/key/name") {
        *key = json!("cmk-second");
    }
}

#[track_caller]
fn is_refused(
    between: &Between,
    served: &Served,
    arguments: &[&str],
    (code, words): (i32, &[&str]),
) {
    let ran = between.run_as("admin", arguments).exits(code);
    for words in words {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    assert!(
        served.effects().is_empty(),
        "{:?}: {}",
        served.effects(),
        ran.stderr
    );
}

#[test]
fn a_link_and_a_removal_on_other_facts_are_not_sent() {
    let other: Rule = (POLICY, Deed::Body(names_another_key));
    let ready = policy_ready(second_key());
    let linked = linked_uat(second_key());
    for (tenant, command) in [(ready, "add-environment"), (linked, "remove-environment")] {
        let served = Served::patched(&tenant, FAST);
        let between = Between::after(&served, 1, vec![other]);
        let arguments = [&[command][..], &CONSENT].concat();
        is_refused(
            &between,
            &served,
            &arguments,
            (
                10,
                &[
                    "`Contoso UAT` was not started",
                    "the policy's key, was: ",
                    "/keys/cmk-contoso / is: ",
                    "/keys/cmk-second",
                ],
            ),
        );
    }
}

#[test]
fn a_move_on_other_facts_is_not_sent() {
    let served = Served::patched(&overlaid(two_keys(), second_key()), FAST);
    let other: Rule = (POLICY, Deed::Body(names_another_key));
    let between = Between::after(&served, 1, vec![other]);
    let arguments = [&["swap-policy", "--in-place"][..], &CONSENT].concat();
    // The access of the new identity to the old key is checked again too.
    let words = &["`Contoso UAT` was not started", "the policy's key, was: "];
    is_refused(&between, &served, &arguments, (10, words));
}

#[test]
fn a_version_that_somebody_uses_by_now_is_not_disabled() {
    let names_it: Rule = (
        POLICY,
        Deed::Body(|value| {
            if let Some(key) = value.pointer_mut("/properties/encryption/keyVault/key/name") {
                *key = json!("cmk-free");
            }
        }),
    );
    let retire = [
        "retire-key",
        "--deleted-environments-checked",
        "--key",
        "cmk-free",
        "--confirm",
        "cmk-free",
    ];
    let served = Served::patched(&old_keys(90.0), FAST);
    let between = Between::new(&served, Vec::new());
    between
        .run_as("admin", &[&retire[..4], &["--dry-run"]].concat())
        .exits(0);
    let looks = between.times_asked(&format!("GET {}", served.default_of("policy")));
    let between = Between::after(&served, looks, vec![names_it]);
    let words = &[
        "This step was not started (Disable the version ",
        "a new check before this step found a problem",
        "`Contoso UAT` uses the key through the policy",
    ];
    is_refused(&between, &served, &retire, (6, words));
}

#[test]
fn a_key_that_is_disabled_by_now_is_not_rotated() {
    let disabled: Rule = (
        "vault.azure.net GET /keys/cmk-contoso",
        Deed::Body(|value| {
            if let Some(enabled) = value.pointer_mut("/attributes/enabled") {
                *enabled = json!(false);
            }
        }),
    );
    let served = Served::start("ready", FAST);
    // The first answer is a challenge.
    let between = Between::after(&served, 2, vec![disabled]);
    let words = &[
        "This step was not started (Make a new version of the key",
        "CMK016",
    ];
    is_refused(&between, &served, &["rotate-key", "--yes"], (6, words));
}

#[test]
fn a_key_that_is_another_by_now_is_not_brought_back() {
    for (key, step) in [
        (json!({ "deleted": true }), "Recover the deleted key"),
        (json!({ "enabled": false }), "Enable the version"),
    ] {
        let other: Rule = (POLICY, Deed::Body(names_another_key));
        let served = Served::patched(&overlaid(locked(&key, true), second_key()), FAST);
        let between = Between::after(&served, 1, vec![other]);
        let words = &[
            &format!("This step was not started ({step}")[..],
            "has changed since",
        ];
        let unlock = ["unlock", "--policy", "ep-contoso-cmk", "--yes"];
        is_refused(&between, &served, &unlock, (10, words));
    }
}

#[test]
fn an_environment_that_is_not_visible_by_now_is_not_enabled() {
    let hidden: Rule = ("/scopes/admin/environments/", Deed::Status(403));
    let served = Served::patched(&locked(&json!({}), true), FAST);
    let unlock = ["unlock", "--policy", "ep-contoso-cmk", "--yes"];
    // The first single read of the key is for the step, the second one for its evidence.
    for (looks, words) in [
        (
            0,
            [
                "Nothing was sent",
                "can't check whether this change is needed",
            ],
        ),
        (1, ["was not started", "You can't see"]),
    ] {
        let between = Between::after(&served, looks, vec![hidden]);
        is_refused(&between, &served, &unlock, (5, &words));
    }
}

#[test]
fn a_vault_that_is_protected_by_now_is_not_written() {
    let protected: Rule = (
        "GET /subscriptions",
        Deed::Body(|value| {
            if let Some(own) = value.pointer_mut("/properties/enablePurgeProtection") {
                *own = json!(true);
            }
        }),
    );
    let open = vault_is(json!({ "properties": { "enablePurgeProtection": false } }));
    let served = Served::patched(&policy_ready(open), FAST);
    let fix = [
        "create-policy",
        "--fix",
        "--protect-from-purge",
        "kv-contoso-cmk",
    ];
    let between = Between::new(&served, Vec::new());
    between
        .run_as("admin", &[&fix[..], &["--dry-run"]].concat())
        .exits(6);
    let looks = between.times_asked("GET /subscriptions");
    let between = Between::after(&served, looks, vec![protected]);
    let words = &[
        "This step was not started (Turn on purge protection",
        "CMK011",
    ];
    is_refused(&between, &served, &fix, (6, words));
}

#[test]
fn a_vault_that_can_not_be_seen_by_now_is_not_made() {
    let served = Served::start("empty", FAST);
    let create = [
        "create-key",
        "--azure-location",
        "westeurope",
        "--yes",
        "--confirm",
        "kv-contoso-cmk",
    ];
    let looks = {
        let between = Between::new(&served, Vec::new());
        between
            .run_as("admin", &[&create[..3], &["--dry-run"]].concat())
            .exits(0);
        between.times_asked(VAULT)
    };
    // Another caller has created the vault meanwhile and does not show it. Its first single read is
    // for the step, the second one for its evidence.
    for (more, words) in [
        (0, "Nothing was sent"),
        (1, "This step was not started (Create the standard vault"),
    ] {
        let hidden: Rule = (VAULT, Deed::Status(403));
        let between = Between::after(&served, looks + more, vec![hidden]);
        let ran = between.run_as("admin", &create).exits(5);
        ran.says_on_stderr(&[words]);
        assert_eq!(served.times("vault-created"), 0);
        assert_eq!(served.times("key-version-created"), 0);
    }
    served.run(&create).exits(0);
    assert_eq!(served.times("vault-created"), 1);
}

#[test]
fn a_saved_plan_carries_its_evidence_and_is_refused_on_another_one() {
    let served = Served::patched(&policy_ready(json!({})), FAST);
    let id = served.ids_by_name()["Contoso UAT"].clone();
    let (policy, vault) = (served.default_of("policy"), served.default_of("vault"));
    let file = served.write(
        "wanted.toml",
        &format!(
            "[[policies]]\nid = \"{policy}\"\nlocation = \"europe\"\nvault = \"{vault}\"\n\
            key = \"cmk-contoso\"\n[[policies.environments]]\nid = \"{id}\"\n"
        ),
    );
    let plan = served.folder().join("plan.json");
    let plan = plan.to_str().unwrap();
    served.run(&["plan", &file, "--out", plan]).exits(0);
    let text = std::fs::read_to_string(plan).unwrap();
    let saved: Value = serde_json::from_str(&text).unwrap();
    let evidence = saved["actions"][0]["evidence"].as_str().unwrap();
    assert_eq!(evidence.len(), 36, "{saved:#}");
    // A fact that is no longer visible to this caller counts as changed.
    served.faults(
        &json!([{ "match": { "host": "management", "path": "/vaults/kv-contoso-cmk" },
        "do": "403", "times": 1000 }]),
    );
    let apply = ["apply", plan, "--yes", "--confirm", "Contoso UAT"];
    let ran = served.run(&apply).exits(10);
    assert!(
        ran.stderr.contains("step 1, the evidence, was: "),
        "{}",
        ran.stderr
    );
    assert!(served.effects().is_empty());
    served.faults(&json!([]));
    served.run(&apply).exits(0);
}
