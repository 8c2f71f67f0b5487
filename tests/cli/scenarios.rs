//! The main commands on realistic tenants: several subscriptions, inherited grants, and paged
//! lists.

use crate::tenants::plain;
use crate::tool::{FAST, Ran, Served, overlaid};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ENABLE: [&str; 4] = ["enable", "--yes", "--confirm", "Contoso UAT"];
const ENCRYPTION_USER: &str = "e147488a-f6f5-4113-8e2d-b22465e65bf6";

/// The state of each environment in `status --all`, by name.
fn states(served: &Served) -> BTreeMap<String, String> {
    let document = served.run(&["status", "--all", "-o", "json"]).json();
    let environments = document["environments"].as_array().unwrap().iter();
    environments
        .map(|own| {
            let text = |name: &str| own[name].as_str().unwrap().to_owned();
            (text("name"), text("state"))
        })
        .collect()
}

fn adopted(served: &Served) -> Ran {
    served.run(&["adopt"])
}

/// The policy is created in the first subscription, and the grant in the vault's. The policy with
/// the same name in a third one stays.
#[test]
fn the_policy_and_its_key_may_be_in_two_subscriptions() {
    let served = Served::start("many-subscriptions", FAST);
    let before = served.world();
    served.run(&["check"]).exits(0);
    served.run(&ENABLE).exits(0);
    let (policy, vault) = (served.default_of("policy"), served.default_of("vault"));
    assert_ne!(policy.split('/').nth(2), vault.split('/').nth(2));
    let after = served.world();
    let own = &after["policies"][policy.to_ascii_lowercase()];
    assert_eq!(own["key"][0], vault);
    let roles = |world: &Value| world["roles"].as_array().unwrap().clone();
    let new: Vec<Value> = roles(&after)
        .into_iter()
        .filter(|role| !roles(&before).contains(role))
        .collect();
    assert_eq!(new.len(), 1, "{new:?}");
    let new = new[0].as_str().unwrap();
    assert!(
        new.starts_with(ENCRYPTION_USER) && new.ends_with(&vault),
        "{new}"
    );
    for (id, old) in before["policies"].as_object().unwrap() {
        assert_eq!(&after["policies"][id], old, "{id}");
    }
    assert_eq!(after["subscriptions"], before["subscriptions"]);
    // The second run changes nothing.
    served.run(&ENABLE).exits(0);
    assert_eq!(served.world(), after);
}

/// Resources in an unseen subscription are not visible. They are neither absent nor fine.
#[test]
fn what_lies_in_an_unseen_subscription_is_not_visible() {
    let served = Served::start("many-subscriptions", FAST);
    let states = states(&served);
    assert_eq!(states["Contoso Production"], "not-visible");
    assert_eq!(states["Contoso Sales"], "encrypted");
    let ran = served
        .run(&["status", "--all", "--fail-on", "drift"])
        .exits(5);
    ran.says(&["not-visible", "ep-contoso-legal"]);
    let ran = adopted(&served).exits(5);
    ran.says(&[
        "resourceGroups/rg-contoso-sales/providers",
        "ep-contoso-legal and its 1 environment",
    ]);
}

#[test]
fn rights_from_above_and_through_groups_count() {
    let served = Served::start("inherited-grants", FAST);
    let states = states(&served);
    for (name, state) in [
        ("Contoso UAT", "encrypted"),
        ("Contoso Production", "encrypted"),
        ("Contoso Unified", "encrypted"),
        ("Contoso Sales", "not-visible"),
    ] {
        assert_eq!(states[name], state, "{name}");
    }
    served.run(&["check"]).exits(0);
    let ran = served.run(&["create-policy", "--location", "europe", "--yes"]);
    ran.exits(0).says(&["management group `mg-contoso`"]);
    assert!(served.effects().is_empty(), "{:?}", served.effects());
    adopted(&served).exits(5).says(&["has a condition"]);
}

#[test]
fn the_last_page_counts_as_the_first() {
    let served = Served::start("paged", FAST);
    let states = states(&served);
    assert_eq!(
        states
            .values()
            .filter(|state| *state == "encrypted")
            .count(),
        3
    );
    served
        .run(&["check"])
        .exits(0)
        .says(&["keep-the-vault", "keep-the-policy"]);
    served
        .run(&["create-policy", "--location", "europe", "--yes"])
        .exits(0);
    assert!(served.effects().is_empty(), "{:?}", served.effects());
    adopted(&served)
        .exits(0)
        .says(&["Contoso Unified", "ep-contoso-next"]);
    served.run(&ENABLE).exits(0);
    assert_eq!(served.effects(), ["link-started"]);
}

/// The scenario `paged`, with trouble on the pages of lists whose path contains `path`.
fn broken(path: &str, trouble: &Value) -> Served {
    let text = std::fs::read_to_string("src/sandbox/scenarios/paged.json").unwrap();
    let troubles = overlaid(json!({ "path": path }), trouble.clone());
    let settings = json!({ "settings": { "page_troubles": troubles } });
    let scenario = overlaid(serde_json::from_str(&text).unwrap(), settings);
    Served::patched(&plain(scenario), FAST)
}

/// A list is unknown if its second page fails, its link repeats, or its items lack their id. A step
/// that needs it does not run.
#[test]
fn a_list_that_is_not_whole_is_not_known() {
    let breaks = json!({ "breaks_after": 1 });
    let repeats = json!({ "repeats_link": true });
    let nameless = json!({ "items_without_id": true });
    for (path, troubles, enable, retire) in [
        ("roleAssignments", vec![&breaks, &repeats], 5, 5),
        ("/environments", vec![&breaks, &repeats, &nameless], 5, 5),
        ("/versions", vec![&breaks, &repeats, &nameless], 0, 5),
        ("lifecycleOperations", vec![&repeats], 5, 5),
    ] {
        for trouble in troubles {
            let served = broken(path, trouble);
            let retire_key = ["retire-key", "--yes", "--deleted-environments-checked"];
            let ran = served.run(&retire_key);
            // A known blocker may be reported first.
            assert!(
                [retire, 6].contains(&ran.code),
                "{path} {trouble}: {}\n{}",
                ran.code,
                ran.stderr
            );
            assert!(served.effects().is_empty(), "{path} {trouble}");
            let ran = served.run(&ENABLE);
            assert_eq!(ran.code, enable, "{path} {trouble}: {}", ran.stderr);
            let began = served.effects();
            assert_eq!(began.is_empty(), enable != 0, "{path} {trouble}: {began:?}");
        }
    }
}
