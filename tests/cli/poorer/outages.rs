//! No environment is taken offline on unknown facts.

use super::*;

#[test]
fn no_environment_is_taken_offline_on_facts_that_are_not_known() {
    let served = Served::patched(&with_free_key(json!({})), "20000");
    let rules: Vec<(&str, Rule)> = vec![
        (
            "no properties",
            (ENVIRONMENT, Body(|v| v["properties"] = Value::Null)),
        ),
        (
            "properties without a name",
            (ENVIRONMENT, Body(|v| v["properties"] = json!({}))),
        ),
        (
            "a block that is a text",
            (
                ENVIRONMENT,
                Body(|v| v["properties"]["enterprisePolicies"] = json!("none")),
            ),
        ),
        (
            "a block that is a list",
            (
                ENVIRONMENT,
                Body(|v| v["properties"]["enterprisePolicies"] = json!([])),
            ),
        ),
        (
            "an empty block",
            (
                ENVIRONMENT,
                Body(|v| v["properties"]["enterprisePolicies"] = json!({})),
            ),
        ),
        (
            "a block of another name",
            (
                ENVIRONMENT,
                Body(|v| v["properties"]["enterprisePolicies"] = json!({"keys": {}})),
            ),
        ),
        (
            "a link without an id",
            (
                ENVIRONMENT,
                Body(|v| {
                    v["properties"]["enterprisePolicies"] =
                        json!({"customerManagedKeys": {"linkStatus": "Linked"}})
                }),
            ),
        ),
        (
            "a customer's key",
            (
                ENVIRONMENT,
                Body(|v| v["properties"]["protectionStatus"]["keyManagedBy"] = json!("Customer")),
            ),
        ),
        ("the plain read is refused", (PLAIN, Status(403))),
        (
            "another witness that nobody understands",
            (
                ENVIRONMENT,
                Body(|v| v["properties"]["protectionStatus"] = json!({"keyManagedBy": 5})),
            ),
        ),
        (
            "one name in two spellings",
            (
                ENVIRONMENT,
                Body(|v| {
                    v["properties"]["enterprisePolicies"] = Value::Null;
                    v["properties"]["EnterprisePolicies"] =
                        json!({"customerManagedKeys": {"id": "x"}});
                }),
            ),
        ),
        (
            "a management state that is a text",
            (
                ENVIRONMENT,
                Body(|v| v["properties"]["states"]["management"] = json!("Deleting")),
            ),
        ),
        (
            "a word for a management state",
            (
                ENVIRONMENT,
                Body(|v| v["properties"]["states"]["management"]["id"] = json!("Wibble")),
            ),
        ),
        (
            "facts of another key",
            (KEY, Body(|v| v["name"] = json!("cmk-free"))),
        ),
        (
            "the plain read has no properties",
            (PLAIN, Body(|v| v["properties"] = Value::Null)),
        ),
        (
            "no management state",
            (
                ENVIRONMENT,
                Body(|v| {
                    v["properties"]["states"]["management"] = Value::Null;
                    v["properties"]["linkedEnvironmentMetadata"]["instanceState"] = Value::Null;
                }),
            ),
        ),
        (
            "no runtime state",
            (
                ENVIRONMENT,
                Body(|v| v["properties"]["states"]["runtime"] = Value::Null),
            ),
        ),
        (
            "another runtime state",
            (
                ENVIRONMENT,
                Body(|v| v["properties"]["states"]["runtime"]["id"] = json!("Wibble")),
            ),
        ),
        (
            "no protection level",
            (
                ENVIRONMENT,
                Body(|v| v["properties"]["governanceConfiguration"] = Value::Null),
            ),
        ),
        (
            "another protection level",
            (
                ENVIRONMENT,
                Body(|v| {
                    v["properties"]["governanceConfiguration"]["protectionLevel"] = json!("Gold")
                }),
            ),
        ),
        (
            "rules of another shape",
            (
                ENVIRONMENT,
                Body(|v| {
                    v["properties"]["lifecycleOperationsEnforcement"] =
                        json!({"disallowedOperations": "all"})
                }),
            ),
        ),
        ("no list of operations", (HISTORY, Body(|v| *v = json!({})))),
        (
            "operations that are null",
            (HISTORY, Body(|v| v["value"] = Value::Null)),
        ),
        ("no operations at all", (HISTORY, Status(404))),
        ("operations refused", (HISTORY, Status(403))),
        (
            "an operation without an id",
            (
                HISTORY,
                Body(|v| v["value"] = json!([{"state": {"id": "Succeeded"}}])),
            ),
        ),
        ("the policy is hidden", (POLICY, Status(403))),
        (
            "no key in the policy",
            (
                POLICY,
                Body(|v| v["properties"]["encryption"]["keyVault"] = Value::Null),
            ),
        ),
        (
            "a vault that is none",
            (
                POLICY,
                Body(|v| v["properties"]["encryption"]["keyVault"]["id"] = json!("kv")),
            ),
        ),
        (
            "another state of encryption",
            (
                POLICY,
                Body(|v| v["properties"]["encryption"]["state"] = json!("Wibble")),
            ),
        ),
        (
            "another policy",
            (
                POLICY,
                Body(|v| {
                    v["id"] = json!(v["id"].as_str().unwrap().replace("ep-contoso-cmk", "ep-x"))
                }),
            ),
        ),
        (
            "another network",
            (
                VAULT,
                Body(|v| v["properties"]["publicNetworkAccess"] = json!("Wibble")),
            ),
        ),
        (
            "another address",
            (
                VAULT,
                Body(|v| v["properties"]["vaultUri"] = json!("https://kv-other.vault.azure.net/")),
            ),
        ),
        (
            "a path behind the address",
            (
                VAULT,
                Body(|v| {
                    v["properties"]["vaultUri"] = json!("https://kv-contoso-cmk.vault.azure.net/x/")
                }),
            ),
        ),
        (
            "no attributes of the key",
            (KEY, Body(|v| v["properties"]["attributes"] = Value::Null)),
        ),
        (
            "an end that is a text",
            (
                KEY,
                Body(|v| v["properties"]["attributes"]["exp"] = json!("1900000000")),
            ),
        ),
        (
            "no type of the key",
            (KEY, Body(|v| v["properties"]["kty"] = Value::Null)),
        ),
        (
            "a role without an owner",
            (
                ROLES,
                Body(|v| v["value"][0]["properties"]["principalId"] = Value::Null),
            ),
        ),
        ("no roles at all", (ROLES, Status(404))),
        (
            "no list of environments",
            (LIST, Body(|v| *v = json!({"environments": []}))),
        ),
        (
            "an environment without a name",
            (LIST, Body(|v| v["value"][0]["name"] = Value::Null)),
        ),
        (
            "a next page that is a number",
            (LIST, Body(|v| v["nextLink"] = json!(2))),
        ),
    ];
    never(&served, "admin", &START_ADD, 5, &rules);
    // A fact that the service refuses to this caller is listed, and the link continues.
    for part in [VAULT, KEY, ROLES] {
        let served = Served::patched(&with_free_key(json!({})), "20000");
        let ran = Between::new(&served, vec![(part, Status(403))])
            .run_as("admin", &START_ADD)
            .exits(8);
        assert!(ran.stderr.contains("NOT VISIBLE"), "{part}: {}", ran.stderr);
        assert_eq!(served.effects(), ["link-started"], "{part}");
    }
    served.run(&START_ADD).exits(8);
    assert_eq!(served.effects(), ["link-started"]);
}

#[test]
fn a_known_fact_decides_also_beside_what_is_not_known() {
    let served = Served::patched(
        &with_free_key(json!({ "environments": { "uat": { "managed": false } } })),
        "20000",
    );
    let both = vec![(HISTORY, Status(404))];
    let ran = Between::new(&served, both)
        .run_as("admin", &START_ADD)
        .exits(6);
    assert!(
        ran.stderr.contains("CMK006 BLOCK") && ran.stderr.contains("CMK023 UNKNOWN"),
        "{}",
        ran.stderr
    );
    let bad = vec![(
        VAULT,
        Body(|v| v["properties"]["publicNetworkAccess"] = json!("SecuredByPerimeter")) as Deed,
    )];
    let served = Served::patched(&with_free_key(json!({})), "20000");
    let ran = Between::new(&served, bad)
        .run_as("admin", &START_ADD)
        .exits(6);
    assert!(
        ran.stderr.contains("CMK018") && ran.stderr.contains("SecuredByPerimeter"),
        "{}",
        ran.stderr
    );
    // A refused sign-in never counts as a missing role.
    for part in [ENVIRONMENT, HISTORY, POLICY, VAULT, KEY, ROLES, LIST] {
        Between::new(&served, vec![(part, Status(401))])
            .run_as("admin", &START_ADD)
            .exits(4);
    }
    assert!(served.effects().is_empty());
}

#[test]
fn what_was_right_in_the_plan_must_still_be_right_at_the_link() {
    let served = Served::patched(&with_free_key(json!({})), "20000");
    let firm = &START_ADD[..4];
    // The first read is for the plan, the second one is directly before the request.
    for (what, code, rule, word) in [
        (
            "the key is disabled",
            6,
            (
                KEY,
                Body(|v| v["properties"]["attributes"]["enabled"] = json!(false)),
            ),
            "CMK016",
        ),
        (
            "the key can't be understood",
            5,
            (KEY, Body(|v| v["properties"]["attributes"] = json!("gone"))),
            "CMK",
        ),
        ("the firewall is closed", 6, (VAULT, Body(closed)), "CMK018"),
        ("the vault can't be read", 5, (VAULT, Status(502)), "CMK"),
        (
            "the grant is gone",
            6,
            (ROLES, Body(|v| v["value"] = json!([]))),
            "CMK012",
        ),
        (
            "the environment is deleted",
            7,
            (
                ENVIRONMENT,
                Body(|v| v["properties"]["states"]["management"]["id"] = json!("Deleting")),
            ),
            "CMK",
        ),
        (
            "another key",
            10,
            (
                POLICY,
                Body(|v| {
                    let text = v.to_string().replace("/keys/cmk-contoso", "/keys/cmk-free");
                    let text = text.replace(r#""name":"cmk-contoso""#, r#""name":"cmk-free""#);
                    *v = serde_json::from_str(&text).unwrap();
                }),
            ),
            "the policy's key, was: ",
        ),
    ] {
        let ran = Between::after(&served, 1, vec![rule]).run_as("admin", firm);
        assert_eq!(ran.code, code, "{what}\n{}\n{}", ran.stdout, ran.stderr);
        assert!(
            ran.stderr.contains("`Contoso UAT` was not started") && ran.stderr.contains(word),
            "{what}\n{}",
            ran.stderr
        );
        assert!(
            served.effects().is_empty(),
            "{what}: {:?}",
            served.effects()
        );
    }
    // `enable` would create the grant again. It must not start an outage, because the grant existed
    // in the plan.
    let gone = vec![(ROLES, Body(|v| v["value"] = json!([])))];
    let enable = ["enable", "--yes", "--confirm", "Contoso UAT"];
    let ran = Between::after(&served, 1, gone).run_as("admin", &enable);
    assert!(
        ran.code == 10 && ran.stderr.contains("the grant on the key no longer exists"),
        "{}",
        ran.stderr
    );
    assert!(served.effects().is_empty(), "{:?}", served.effects());
    // A fact that is refused to this caller must be checked by the other administrator. The plan
    // did not say so, so the consent does not cover it.
    let hidden = vec![
        (KEY, Status(403)),
        (VAULT, Status(403)),
        (ROLES, Status(403)),
    ];
    let ran = Between::after(&served, 1, hidden.clone()).run_as("admin", firm);
    assert!(
        ran.code == 5
            && ran
                .stderr
                .contains("the state of the vault, was: yes / is: hidden"),
        "{}",
        ran.stderr
    );
    assert!(served.effects().is_empty(), "{:?}", served.effects());
    let ran = Between::new(&served, hidden).run_as("admin", firm);
    assert_eq!(
        (ran.code, served.effects()),
        (0, vec!["link-started".to_owned()]),
        "{}",
        ran.stderr
    );
    let served = Served::patched(&with_free_key(json!({})), "20000");
    served.run(firm).exits(0);
    assert_eq!(served.effects(), ["link-started"]);
}

fn closed(vault: &mut Value) {
    vault["properties"]["networkAcls"] = closed_firewall()["networkAcls"].clone();
}

#[test]
fn a_removal_needs_its_policy_and_no_removal_a_history() {
    let remove = [
        "remove-environment",
        "--yes",
        "--confirm",
        "Contoso UAT",
        "--no-wait",
    ];
    let served = Served::patched(&linked_with_free_key(), "20000");
    let rules: Vec<(&str, Rule)> = vec![
        ("the policy is gone", (POLICY, Status(404))),
        ("the policy can't be read", (POLICY, Status(418))),
        (
            "the policy is something else",
            (POLICY, Body(|v| *v = json!({}))),
        ),
        (
            "another status of the link",
            (
                ENVIRONMENT,
                Body(|v| {
                    v["properties"]["enterprisePolicies"]["customerManagedKeys"]["linkStatus"] =
                        json!("Wibble")
                }),
            ),
        ),
    ];
    never(&served, "admin", &remove, 5, &rules);
    served.run(&remove).exits(8);
    assert_eq!(served.effects(), ["unlink-started"]);
    let served = Served::patched(&with_free_key(json!({})), "20000");
    let rules: Vec<(&str, Rule)> = vec![
        ("its history is refused", (HISTORY, Status(403))),
        (
            "an add runs",
            (
                HISTORY,
                Body(|v| {
                    v["value"] = json!([{"id": "1", "type": {"id": "NewCustomerManagedKey"},
                        "state": {"id": "Running"},
                        "createdDateTime": "2026-03-01T00:00:00Z"}])
                }),
            ),
        ),
    ];
    never(&served, "admin", &remove, 5, &rules);
    served.run(&remove).exits(0);
}

#[test]
fn a_policy_that_is_not_there_is_said_once() {
    let served = Served::start("ready", "20000");
    let ran = served
        .run(&["add-environment", "--dry-run", "-o", "json"])
        .exits(6)
        .json();
    let about = |finding: &&Value| finding["code"] == "CMK019";
    assert_eq!(
        ran["plan"]["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(about)
            .count(),
        1,
        "{ran:#}"
    );
}

#[test]
fn a_grant_that_a_file_plans_is_no_blocker_of_its_environments() {
    // A run was stopped between the policy and its grant. The same command continues it.
    let served = Served::patched(
        &with_free_key(json!({ "policies": { "ep-contoso-cmk": { "granted": false } } })),
        "20000",
    );
    let wanted = format!(
        "{}\n[[policies.environments]]\nid = \"{}\"\nname = \"Contoso UAT\"\n",
        served.policy_block(),
        served.default_of("environment")
    );
    let file = served.write("wanted.toml", &wanted);
    served
        .run(&["apply", &file, "--yes", "--confirm", "Contoso UAT"])
        .exits(0);
    assert_eq!(served.times("link-started"), 1);
}
