//! Answers that are poorer or odder than they should be: between the binary and the sandbox stands
//! somebody who changes one thing in what the service says. Nothing may be started, nothing may be
//! green; and the same command with the answers as they are does its work.

use crate::between::Deed::{self, Body, Status};
use crate::between::{Between, Rule};
use crate::tenants::{closed_firewall, policy_ready, rsa_key, vault_is};
use crate::tool::{Served, overlaid};
use serde_json::{Value, json};

/// The base tenant with a policy that is created and granted, and a key that nobody uses.
fn with_free_key(patch: Value) -> Value {
    overlaid(
        policy_ready(vault_is(json!({ "keys": { "cmk-free": rsa_key() } }))),
        patch,
    )
}

fn linked_with_free_key() -> Value {
    with_free_key(json!({ "environments": { "uat": { "policy": "ep-contoso-cmk" } } }))
}

/// Under each rule the command ends with `code` and nothing takes effect; without one it does what
/// it is for.
fn never(served: &Served, user: &str, arguments: &[&str], code: i32, rules: &[(&str, Rule)]) {
    for (what, rule) in rules {
        let ran = Between::new(served, vec![*rule]).run_as(user, arguments);
        assert_eq!(ran.code, code, "{what}\n{}\n{}", ran.stdout, ran.stderr);
        assert!(
            served.effects().is_empty(),
            "{what}: {:?}",
            served.effects()
        );
        assert!(
            !ran.stdout.contains("unchanged") && !ran.stdout.contains("Nothing to do"),
            "{what}: {}",
            ran.stdout
        );
    }
}

fn item(value: &mut Value, change: impl Fn(&mut Value)) {
    let uat = |item: &&mut Value| item["properties"]["displayName"] == "Contoso UAT";
    if let Some(item) = value["value"].as_array_mut().unwrap().iter_mut().find(uat) {
        change(item);
    }
}

const ENVIRONMENT: &str = "/scopes/admin/environments/";
const PLAIN: &str = "2016-11-01";
const LIST: &str = "/scopes/admin/environments?";
const HISTORY: &str = "/lifecycleOperations?";
const POLICY: &str = "/enterprisePolicies/ep-contoso-cmk?";
const VAULT: &str = "/vaults/kv-contoso-cmk?";
const KEY: &str = "/vaults/kv-contoso-cmk/keys/";
const ROLES: &str = "/vaults/kv-contoso-cmk/providers/Microsoft.Authorization/roleAssignments";

const ADD: [&str; 5] = [
    "add-environment",
    "--yes",
    "--confirm",
    "Contoso UAT",
    "--no-wait",
];

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
    never(&served, "admin", &ADD, 5, &rules);
    // What the other administrator hides is listed, and the link goes on.
    for part in [VAULT, KEY, ROLES] {
        let served = Served::patched(&with_free_key(json!({})), "20000");
        let ran = Between::new(&served, vec![(part, Status(403))])
            .run_as("admin", &ADD)
            .exits(8);
        assert!(ran.stderr.contains("NOT VISIBLE"), "{part}: {}", ran.stderr);
        assert_eq!(served.effects(), ["link-started"], "{part}");
    }
    served.run(&ADD).exits(8);
    assert_eq!(served.effects(), ["link-started"]);
}

#[test]
fn a_known_fact_decides_also_beside_what_is_not_known() {
    let served = Served::patched(
        &with_free_key(json!({ "environments": { "uat": { "managed": false } } })),
        "20000",
    );
    let both = vec![(HISTORY, Status(404))];
    let ran = Between::new(&served, both).run_as("admin", &ADD).exits(6);
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
    let ran = Between::new(&served, bad).run_as("admin", &ADD).exits(6);
    assert!(
        ran.stderr.contains("CMK018") && ran.stderr.contains("SecuredByPerimeter"),
        "{}",
        ran.stderr
    );
    // A sign-in that is refused is no missing role, whatever was asked.
    for part in [ENVIRONMENT, HISTORY, POLICY, VAULT, KEY, ROLES, LIST] {
        Between::new(&served, vec![(part, Status(401))])
            .run_as("admin", &ADD)
            .exits(4);
    }
    assert!(served.effects().is_empty());
}

const RETIRE: [&str; 6] = [
    "retire-key",
    "--key",
    "cmk-free",
    "--deleted-environments-checked",
    "--confirm",
    "cmk-free",
];

#[test]
fn no_key_is_disabled_that_somebody_may_need() {
    let served = Served::patched(&linked_with_free_key(), "20000");
    let rules: Vec<(&str, Rule)> = vec![
        ("no list", (LIST, Body(|v| *v = json!({})))),
        (
            "a list that is none",
            (LIST, Body(|v| v["value"] = json!({}))),
        ),
        (
            "a next page that was read",
            (
                LIST,
                Body(|v| {
                    v["nextLink"] = json!(
                        "https://api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments?api-version=2023-06-01&$expand=properties/enterprisePolicies"
                    )
                }),
            ),
        ),
        (
            "an item without a name",
            (LIST, Body(|v| item(v, |one| one["name"] = Value::Null))),
        ),
        (
            "no default environment",
            (
                LIST,
                Body(|v| {
                    v["value"]
                        .as_array_mut()
                        .unwrap()
                        .retain(|one| one["properties"]["isDefault"] != true)
                }),
            ),
        ),
        (
            "an operation that runs",
            (
                LIST,
                Body(|v| {
                    item(v, |one| {
                        one["properties"]["ongoingOperation"] = json!({"type": {"id": "Restore"}})
                    })
                }),
            ),
        ),
        (
            "no key in the policy",
            (
                POLICY,
                Body(|v| v["properties"]["encryption"] = Value::Null),
            ),
        ),
        ("the policy is hidden", (POLICY, Status(403))),
        ("the policy is gone", (POLICY, Status(404))),
        ("no history", (HISTORY, Status(404))),
        (
            "a history that is none",
            (HISTORY, Body(|v| v["value"] = json!("x"))),
        ),
        (
            "an operation without a type",
            (
                HISTORY,
                Body(|v| v["value"] = json!([{"id": "1", "state": {"id": "Succeeded"}}])),
            ),
        ),
        (
            "an operation that may run",
            (
                HISTORY,
                Body(|v| {
                    v["value"] = json!([{"id": "1", "type": {"id": "RevertToMicrosoftKey"},
                        "state": {"id": "Wibble"}}])
                }),
            ),
        ),
        (
            "a removal without a date",
            (
                HISTORY,
                Body(|v| {
                    v["value"] = json!([{"id": "1", "type": {"id": "RevertToMicrosoftKey"},
                        "state": {"id": "Completed"}, "createdDateTime": "02.03.2026"}])
                }),
            ),
        ),
        (
            "a removal that ended before there were such services",
            (
                HISTORY,
                Body(|v| v["value"] = removal("Completed", Some("0001-01-01T00:00:00Z"))),
            ),
        ),
        (
            "a removal that ended before it began",
            (
                HISTORY,
                Body(|v| v["value"] = removal("Completed", Some("2019-01-01T00:00:00Z"))),
            ),
        ),
        (
            "an add that failed, and no policy",
            (
                HISTORY,
                Body(|v| {
                    v["value"] = json!([{"id": "1", "type": {"id": "NewCustomerManagedKey"},
                        "state": {"id": "Failed"},
                        "createdDateTime": "2026-02-03T00:00:00Z",
                        "lastActionDateTime": "2026-02-03T01:00:00Z"}])
                }),
            ),
        ),
        (
            "a management state in which something goes on",
            (
                LIST,
                Body(|v| {
                    item(v, |one| {
                        one["properties"]["states"]["management"]["id"] = json!("Running")
                    })
                }),
            ),
        ),
        (
            "versions without a list",
            ("/keys/cmk-free/versions", Body(|v| *v = json!({}))),
        ),
        (
            "a version of another key",
            (
                "/keys/cmk-free/versions",
                Body(|v| {
                    let kid = v["value"][0]["kid"]
                        .as_str()
                        .unwrap()
                        .replace("cmk-free", "cmk-contoso");
                    v["value"][0]["kid"] = json!(kid);
                }),
            ),
        ),
        (
            "a version that is none",
            (
                "/keys/cmk-free/versions",
                Body(|v| v["value"][0]["kid"] = json!("https://x/keys/k/1")),
            ),
        ),
        (
            "a version that may be enabled",
            (
                "/keys/cmk-free/versions",
                Body(|v| v["value"][0]["attributes"]["enabled"] = json!("yes")),
            ),
        ),
    ];
    never(&served, "admin", &RETIRE, 5, &rules);
    // A list that hides the block is no proof: the environment is read by itself, and is linked.
    let block = (
        LIST,
        Body(|v| {
            item(v, |one| {
                one["properties"]
                    .as_object_mut()
                    .unwrap()
                    .remove("enterprisePolicies");
            })
        }) as Deed,
    );
    let used = [
        "retire-key",
        "--deleted-environments-checked",
        "--confirm",
        "cmk-contoso",
    ];
    Between::new(&served, vec![block])
        .run_as("admin", &used)
        .exits(6);
    // A removal that ended well under another word, and one that failed although the policy is
    // gone, count from their end.
    let ended: [(&str, Deed); 3] = [
        (
            "completed",
            Body(|v| v["value"] = removal("Completed", Some("2026-02-03T00:00:00Z"))),
        ),
        (
            "failed",
            Body(|v| v["value"] = removal("Failed", Some("2026-02-03T00:00:00Z"))),
        ),
        (
            "without an end",
            Body(|v| v["value"] = removal("succeeded", None)),
        ),
    ];
    for (what, left) in ended {
        let served = Served::patched(&with_free_key(json!({})), "20000");
        let ran = Between::new(&served, vec![(HISTORY, left)])
            .run_as("admin", &RETIRE)
            .exits(6);
        assert!(
            ran.stderr.contains("until 2026-03-05"),
            "{what}: {}",
            ran.stderr
        );
        assert!(served.effects().is_empty());
    }
    assert!(served.effects().is_empty());
    served.run(&RETIRE).exits(0);
    assert_eq!(served.effects(), ["key-updated"]);
}

/// A history with a removal that began four days before 2026-02-03.
fn removal(state: &str, ended: Option<&str>) -> Value {
    json!([{ "id": "1", "type": { "id": "REVERTTOMICROSOFTKEY" }, "state": { "id": state },
        "createdDateTime": "2026-01-30T00:00:00Z", "lastActionDateTime": ended }])
}

#[test]
fn whoever_can_not_list_the_whole_tenant_disables_nothing() {
    let served = Served::patched(&linked_with_free_key(), "20000");
    let ran = served.run_as("key-vault-admin", &RETIRE).exits(5);
    assert!(ran.stderr.contains("CMK020 UNKNOWN"), "{}", ran.stderr);
    // Sees environments, and administers only some of them, as far as its token tells.
    let some =
        with_free_key(json!({ "users": { "admin": { "power_platform": "environment-admin" } } }));
    let some = Served::patched(&some, "20000");
    let ran = some.run(&RETIRE).exits(5);
    assert!(
        ran.stderr
            .contains("no role that administers every environment"),
        "{}",
        ran.stderr
    );
    assert!(some.effects().is_empty());
    // What is not known can't be overridden.
    let log = served.folder().join("audit.log");
    let mut over = RETIRE.to_vec();
    over.extend(["--override-dates", "--audit-log", log.to_str().unwrap()]);
    Between::new(&served, vec![(HISTORY, Status(404))])
        .run_as("admin", &over)
        .exits(5);
    // Without a look at deleted environments nothing is disabled, whoever asks.
    let ran = served
        .run(&["retire-key", "--key", "cmk-free", "--confirm", "cmk-free"])
        .exits(5);
    assert!(
        ran.stderr.contains("--deleted-environments-checked"),
        "{}",
        ran.stderr
    );
    served
        .run(&["retire-key", "--key", "cmk-free", "--key-version", ""])
        .exits(2);
    let ran = served
        .run(&[
            "retire-key",
            "--key",
            "cmk-free",
            "--key-version",
            &"0".repeat(32),
        ])
        .exits(2);
    assert!(ran.stderr.contains("Its versions:"), "{}", ran.stderr);
    assert!(served.effects().is_empty());
}

#[test]
fn a_pinned_version_is_the_same_in_capitals_and_as_a_url() {
    let served = Served::patched(&linked_with_free_key(), "20000");
    for pin in [
        Body(|v| {
            v["properties"]["encryption"]["keyVault"]["key"]["version"] =
                json!(VERSION.to_ascii_uppercase())
        }) as Deed,
        Body(|v| {
            let url = format!("https://kv-contoso-cmk.vault.azure.net/keys/cmk-contoso/{VERSION}");
            v["properties"]["encryption"]["keyVault"]["key"]["version"] = json!(url);
        }),
        // A vault that was moved to another group is the same vault.
        Body(|v| {
            let id = v["properties"]["encryption"]["keyVault"]["id"]
                .as_str()
                .unwrap()
                .replace("rg-contoso-cmk", "rg-other");
            v["properties"]["encryption"]["keyVault"]["id"] = json!(id);
        }),
    ] {
        let rules = vec![(POLICY, pin), ("/keys/cmk-contoso/versions", Body(rename))];
        let retire = [
            "retire-key",
            "--deleted-environments-checked",
            "--confirm",
            "cmk-contoso",
        ];
        let ran = Between::new(&served, rules)
            .run_as("admin", &retire)
            .exits(6);
        assert!(
            ran.stderr.contains("would go offline at once"),
            "{}",
            ran.stderr
        );
    }
    assert!(served.effects().is_empty());
}

const VERSION: &str = "abcdefabcdefabcdefabcdefabcdefab";

fn rename(versions: &mut Value) {
    versions["value"][0]["kid"] = json!(format!(
        "https://kv-contoso-cmk.vault.azure.net/keys/cmk-contoso/{VERSION}"
    ));
}

#[test]
fn a_key_is_rotated_only_when_its_state_is_known() {
    let served = Served::patched(&linked_with_free_key(), "20000");
    let rotate = ["rotate-key", "--yes"];
    let data = "vault.azure.net GET /keys/cmk-contoso/";
    let rules: Vec<(&str, Rule)> = vec![
        (
            "not said whether it is enabled",
            (data, Body(|v| v["attributes"]["enabled"] = Value::Null)),
        ),
        (
            "no attributes",
            (data, Body(|v| v["attributes"] = Value::Null)),
        ),
        (
            "not said when it was made",
            (data, Body(|v| v["attributes"]["created"] = Value::Null)),
        ),
        (
            "made in a year to come",
            (
                data,
                Body(|v| v["attributes"]["created"] = json!(3_900_000_000_u64)),
            ),
        ),
        (
            "another key",
            (
                data,
                Body(|v| {
                    v["key"]["kid"] = json!(
                        v["key"]["kid"]
                            .as_str()
                            .unwrap()
                            .replace("cmk-contoso", "cmk-free")
                    );
                }),
            ),
        ),
        ("the vault is hidden", (VAULT, Status(403))),
        (
            "another network",
            (VAULT, Body(|v| v["properties"]["networkAcls"] = json!("x"))),
        ),
    ];
    never(&served, "admin", &rotate, 5, &rules);
    for user in ["observer", "power-platform-admin", "unregistered"] {
        served.run_as(user, &rotate).exits(5);
    }
    served.run(&rotate).exits(0);
    assert_eq!(served.effects(), ["key-version-created"]);
}

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
            "no properties",
            (
                LIST,
                Body(|v| item(v, |one| one["properties"] = Value::Null)),
            ),
        ),
        (
            "a link without an id",
            (
                LIST,
                Body(|v| {
                    item(v, |one| {
                        one["properties"]["enterprisePolicies"]["customerManagedKeys"]["id"] =
                            Value::Null
                    })
                }),
            ),
        ),
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
    // What runs on it may be what made it so: it is left alone.
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
    served.run(&unlock).exits(0);
    assert_eq!(served.effects(), ["enable-started"]);
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
        (
            "no properties",
            (
                LIST,
                Body(|v| item(v, |one| one["properties"] = Value::Null)),
            ),
        ),
    ];
    never(&served, "admin", &watch, 5, &rules);
    for (what, rule) in &rules {
        let allowed = [&watch[..], &["--allow-not-visible"]].concat();
        let ran = Between::new(&served, vec![*rule]).run_as("admin", &allowed);
        assert_eq!(ran.code, 0, "{what}: {}{}", ran.stdout, ran.stderr);
        // What is not known whether it fits a filter stays.
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
    // A known danger decides, whatever is hidden beside it.
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
    // A run that was stopped between the policy and its grant is gone on with by the same command.
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

#[test]
fn what_was_right_in_the_plan_must_still_be_right_at_the_link() {
    let served = Served::patched(&with_free_key(json!({})), "20000");
    let firm = &ADD[..4];
    // The first look is the plan's, the second one is directly before the request.
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
            "names another key than before",
        ),
    ] {
        let ran = Between::after(&served, 1, vec![rule]).run_as("admin", firm);
        assert_eq!(ran.code, code, "{what}\n{}\n{}", ran.stdout, ran.stderr);
        assert!(
            ran.stderr.contains("`Contoso UAT` is not started") && ran.stderr.contains(word),
            "{what}\n{}",
            ran.stderr
        );
        assert!(
            served.effects().is_empty(),
            "{what}: {:?}",
            served.effects()
        );
    }
    // `enable` would make the grant anew, and its outage must not wait for nothing: it was there
    // when the plan was made.
    let gone = vec![(ROLES, Body(|v| v["value"] = json!([])))];
    let enable = ["enable", "--yes", "--confirm", "Contoso UAT"];
    let ran = Between::after(&served, 1, gone).run_as("admin", &enable);
    assert!(
        ran.code == 10
            && ran
                .stderr
                .contains("the grant on the key is not there any more"),
        "{}",
        ran.stderr
    );
    assert!(served.effects().is_empty(), "{:?}", served.effects());
    // What the service refuses to this caller is the other administrator's to look at.
    let hidden = vec![
        (KEY, Status(403)),
        (VAULT, Status(403)),
        (ROLES, Status(403)),
    ];
    let ran = Between::after(&served, 1, hidden).run_as("admin", firm);
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
