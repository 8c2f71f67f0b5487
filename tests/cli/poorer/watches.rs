//! A watch that can't see a fact does not pass.

use super::*;

#[test]
fn nobody_is_told_that_nothing_is_locked_who_can_not_see_it() {
    let locked = with_free_key(
        json!({ "environments": { "uat": { "policy": "ep-contoso-cmk", "runtime": "Disabled" } } }),
    );
    let served = Served::patched(&locked, "20000");
    for user in ["observer", "unregistered"] {
        served.run_as(user, &["unlock", "--yes"]).exits(5);
        served
            .run_as(user, &["unlock", "--policy", "ep-contoso-cmk", "--yes"])
            .exits(5);
    }
    let unlock = ["unlock", "--policy", "ep-contoso-cmk", "--yes"];
    let rules: Vec<(&str, Rule)> = vec![
        ("an empty list", (LIST, Body(|v| *v = json!({"value": []})))),
        ("no list", (LIST, Body(|v| *v = json!({})))),
        (
            "no runtime state",
            (
                LIST,
                Body(|v| {
                    item(v, |one| {
                        one["properties"]["states"]["runtime"] = Value::Null
                    })
                }),
            ),
        ),
        ("the list is hidden", (LIST, Status(403))),
    ];
    never(&served, "admin", &unlock, 5, &rules);
    let nameless: Deed = Body(|v| item(v, |one| one["properties"] = Value::Null));
    let alone: Deed = Body(|v| v["properties"] = Value::Null);
    Between::new(&served, vec![(LIST, nameless), (ENVIRONMENT, alone)])
        .run_as("admin", &unlock)
        .exits(5);
    assert!(served.effects().is_empty());
    // A running operation may be the cause, so the environment is not changed.
    let runs = (
        LIST,
        Body(|v| {
            item(v, |one| {
                one["properties"]["ongoingOperation"] = json!({"type": {"id": "Restore"}})
            })
        }) as Deed,
    );
    Between::new(&served, vec![runs]).run_as("admin", &unlock);
    assert!(served.effects().is_empty());
    // The environment itself answers what the list leaves open.
    Between::new(&served, vec![(LIST, nameless)])
        .run_as("admin", &unlock)
        .exits(0);
    assert_eq!(served.effects(), ["enable-started"]);
}

/// The list shows neither the policy nor the key's owner, so the environment itself is read.
fn bare(value: &mut Value) {
    item(value, |one| {
        let properties = one["properties"].as_object_mut().unwrap();
        properties.remove("enterprisePolicies");
        properties.remove("protectionStatus");
    });
}

#[test]
fn a_list_that_tells_nothing_of_a_key_is_not_believed() {
    let locked = with_free_key(
        json!({ "environments": { "uat": { "policy": "ep-contoso-cmk", "runtime": "Disabled" } } }),
    );
    let served = Served::patched(&locked, "20000");
    let watch = ["status", "--all", "--fail-on", "locked"];
    Between::new(&served, vec![(LIST, Body(bare))])
        .run_as("admin", &watch)
        .exits(3);
    let retire = [
        "retire-key",
        "--deleted-environments-checked",
        "--confirm",
        "cmk-contoso",
    ];
    let silent = Body(|v| v["value"] = json!([]));
    Between::new(&served, vec![(LIST, Body(bare)), (HISTORY, silent)])
        .run_as("admin", &retire)
        .exits(6);
    assert!(served.effects().is_empty());
    Between::new(&served, vec![(LIST, Body(bare))])
        .run_as("admin", &["unlock", "--policy", "ep-contoso-cmk", "--yes"])
        .exits(0);
    assert_eq!(served.effects(), ["enable-started"]);
}

#[test]
fn who_administers_a_part_of_the_tenant_is_not_told_that_all_is_well() {
    let some = json!({ "users": { "admin": { "power_platform": "environment-admin" } },
        "environments": { "uat": { "policy": "ep-contoso-cmk" } } });
    let served = Served::patched(&with_free_key(some), "20000");
    let ran = served
        .run(&["unlock", "--policy", "ep-contoso-cmk", "--yes"])
        .exits(5);
    assert!(
        ran.stderr
            .contains("which other environments of the policy `ep-contoso-cmk` are locked"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_runs_and_what_protects_must_be_seen_before_all_is_clear() {
    let served = Served::patched(&linked_with_free_key(), "20000");
    for (what, rule, code) in [
        ("the policy", (POLICY, Status(503)), "CMK019"),
        ("the history", (HISTORY, Status(503)), "CMK023"),
    ] {
        let ran = Between::new(&served, vec![rule]).run_as("admin", &["check"]);
        assert_eq!(ran.code, 5, "{what}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains(code), "{what}: {}", ran.stdout);
    }
    let ran = Between::new(&served, vec![(HISTORY, Status(503))])
        .run_as("admin", &["status"])
        .exits(0);
    assert!(ran.stdout.contains("not-visible"), "{}", ran.stdout);
}

#[test]
fn a_watch_that_can_not_see_fails() {
    let served = Served::patched(&linked_with_free_key(), "20000");
    let watch = ["status", "--all", "--fail-on", "locked,drift,expiring"];
    let rules: Vec<(&str, Rule)> = vec![
        ("the policy is hidden", (POLICY, Status(403))),
        (
            "no key in the policy",
            (
                POLICY,
                Body(|v| v["properties"]["encryption"] = Value::Null),
            ),
        ),
        ("the vault is hidden", (VAULT, Status(403))),
        (
            "another network",
            (
                VAULT,
                Body(|v| v["properties"]["publicNetworkAccess"] = json!("Wibble")),
            ),
        ),
        ("no roles", (ROLES, Status(404))),
        ("nothing of the key", (KEY, Body(|v| *v = json!({})))),
        (
            "an end that is a text",
            (
                KEY,
                Body(|v| v["properties"]["attributes"]["exp"] = json!("1772500000")),
            ),
        ),
        (
            "an end that is a fraction",
            (
                KEY,
                Body(|v| v["properties"]["attributes"]["exp"] = json!(1_772_500_000.5)),
            ),
        ),
        (
            "another status of the link",
            (
                LIST,
                Body(|v| {
                    item(v, |one| {
                        one["properties"]["enterprisePolicies"]["customerManagedKeys"]["linkStatus"] =
                            json!("Wibble")
                    })
                }),
            ),
        ),
    ];
    never(&served, "admin", &watch, 5, &rules);
    for (what, rule) in &rules {
        let allowed = [&watch[..], &["--allow-not-visible"]].concat();
        let ran = Between::new(&served, vec![*rule]).run_as("admin", &allowed);
        assert_eq!(ran.code, 0, "{what}: {}{}", ran.stdout, ran.stderr);
        // An environment that may match a filter stays in the result.
        let filtered = [&watch[..], &["--vault", "kv-contoso-cmk"]].concat();
        Between::new(&served, vec![*rule])
            .run_as("admin", &filtered)
            .exits(5);
        let report = Between::new(&served, vec![*rule])
            .run_as("admin", &["report", "-o", "json"])
            .exits(5)
            .json();
        assert_eq!(
            report["data"]["environments"][0]["state"], "not-visible",
            "{what}"
        );
    }
    for part in [POLICY, VAULT, ROLES, KEY] {
        Between::new(&served, vec![(part, Status(401))])
            .run_as("admin", &watch)
            .exits(4);
    }
    // A known danger decides, even if other facts are hidden.
    let both = vec![
        (ROLES, Status(403)),
        (
            KEY,
            Body(|v| v["properties"]["attributes"]["enabled"] = json!(false)) as Deed,
        ),
    ];
    Between::new(&served, both).run_as("admin", &watch).exits(3);
    served.run(&watch).exits(0);
}

#[test]
fn one_state_does_not_hide_another_and_both_commands_say_the_same() {
    let expiring = with_free_key(
        json!({ "environments": { "uat": { "policy": "ep-contoso-cmk" } },
        "vaults": { "kv-contoso-cmk": { "properties": { "enablePurgeProtection": null },
            "keys": { "cmk-contoso": { "expires_in_days": 5 } } } } }),
    );
    let served = Served::patched(&expiring, "20000");
    for fail_on in ["drift", "expiring"] {
        served
            .run(&["status", "--all", "--fail-on", fail_on])
            .exits(3);
    }
    let admin_mode = with_free_key(
        json!({ "environments": { "uat": { "policy": "ep-contoso-cmk",
            "runtime": "AdminMode" } } }),
    );
    let locked = with_free_key(
        json!({ "environments": { "uat": { "policy": "ep-contoso-cmk", "runtime": "Disabled" } } }),
    );
    for (scenario, state) in [
        (&expiring, "endangered"),
        (&admin_mode, "encrypted"),
        (&locked, "locked"),
        (&linked_with_free_key(), "encrypted"),
    ] {
        let served = Served::patched(scenario, "20000");
        let alone = served.run(&["status", "-o", "json"]).exits(0).json();
        let all = served
            .run(&["status", "--all", "-o", "json"])
            .exits(0)
            .json();
        let environments = all["environments"].as_array().unwrap();
        let uat = environments
            .iter()
            .find(|one| one["name"] == "Contoso UAT")
            .unwrap();
        assert_eq!(
            (&alone["state"], &uat["state"]),
            (&json!(state), &json!(state))
        );
    }
}
