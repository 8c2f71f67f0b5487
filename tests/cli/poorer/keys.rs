//! No key is disabled or rotated on unknown facts.

use super::*;
use crate::tool::RETIRE_FREE;

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
    never(&served, "admin", &RETIRE_FREE, 5, &rules);
    // A list without the block proves nothing. The environment is read itself, and is linked.
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
    // Two removals count from their end: a successful one with another state name, and a failed one
    // after which the policy is gone.
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
            .run_as("admin", &RETIRE_FREE)
            .exits(6);
        assert!(
            ran.stderr.contains("until 2026-03-05"),
            "{what}: {}",
            ran.stderr
        );
        assert!(served.effects().is_empty());
    }
    assert!(served.effects().is_empty());
    served.run(&RETIRE_FREE).exits(0);
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
    let ran = served.run_as("key-vault-admin", &RETIRE_FREE).exits(5);
    assert!(ran.stderr.contains("CMK020 UNKNOWN"), "{}", ran.stderr);
    // This user sees environments, but is not registered as an application that administers all of
    // them.
    let some =
        with_free_key(json!({ "users": { "admin": { "power_platform": "environment-admin" } } }));
    let some = Served::patched(&some, "20000");
    let ran = some.run(&RETIRE_FREE).exits(5);
    assert!(ran.stderr.contains("CMK020 UNKNOWN"), "{}", ran.stderr);
    assert!(some.effects().is_empty());
    // The service answers 404 also to an account without access, so the missing default environment
    // proves that the list is not whole.
    let cut = |v: &mut Value| {
        let all = v["value"].as_array_mut().unwrap();
        all.retain(|one| one["properties"]["isDefault"] != true);
    };
    let hidden = Between::new(
        &served,
        vec![(LIST, Body(cut)), ("/environments/Default-", Status(404))],
    );
    let ran = hidden.run_as("admin", &RETIRE_FREE).exits(5);
    assert!(ran.stderr.contains("CMK020 UNKNOWN"), "{}", ran.stderr);
    assert_eq!(hidden.times_asked("/environments/Default-"), 0);
    // An unknown fact can't be overridden.
    let log = served.folder().join("audit.log");
    let mut over = RETIRE_FREE.to_vec();
    over.extend(["--override-dates", "--audit-log", log.to_str().unwrap()]);
    Between::new(&served, vec![(HISTORY, Status(404))])
        .run_as("admin", &over)
        .exits(5);
    // Nothing is disabled before an administrator has checked deleted environments.
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
        // A vault that moved to another group is the same vault.
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
            ran.stderr.contains("would go offline immediately"),
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
