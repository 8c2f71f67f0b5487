//! Tests `check` with the real binary: every code against the sandbox, all codes at once, and their
//! repair.

use crate::tenants::{
    closed_firewall, granted_policy, key_is, policy_is, policy_ready, rsa_key, uat_is, vault_is,
};
use crate::tool::{FAST, Ran, Served, overlaid, run};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Runs `check` on a patched tenant, as JSON.
fn checked(patch: &Value, more: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scenario.json");
    std::fs::write(&file, patch.to_string()).unwrap();
    let mut arguments = vec![
        "check",
        "--sandbox",
        "-o",
        "json",
        "--scenario",
        file.to_str().unwrap(),
    ];
    arguments.extend(more);
    run(&arguments)
}

/// The codes of a check's findings.
pub(crate) fn codes_of(document: &Value) -> BTreeSet<String> {
    let all = document["findings"].as_array().unwrap();
    all.iter()
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .collect()
}

fn vault(properties: Value) -> Value {
    policy_ready(vault_is(json!({ "properties": properties })))
}

fn key(key: Value) -> Value {
    policy_ready(key_is(key))
}

fn environment(environment: Value) -> Value {
    policy_ready(uat_is(environment))
}

fn policy(policy: Value) -> Value {
    policy_ready(policy_is(policy))
}

#[test]
fn where_all_is_well_only_the_notes_are_said() {
    let ran = checked(&policy_ready(json!({})), &[]).exits(0).json();
    let notes = [
        "CMK027", "CMK029", "CMK030", "CMK036", "CMK038", "CMK039", "CMK040",
    ];
    assert_eq!(
        codes_of(&ran),
        notes.iter().map(|code| (*code).to_owned()).collect()
    );
    assert_eq!(ran["verdict"], "clear");
    assert_eq!(ran["counts"]["acknowledge"], 7);
}

#[test]
fn every_code_is_produced_by_the_binary() {
    let old = granted_policy();
    let other_key = json!({ "vaults": { "kv-old": { "properties": { "enablePurgeProtection": true,
        "enableRbacAuthorization": true },
        "keys": { "cmk-old": rsa_key() } } },
        "policies": { "ep-old": { "vault": "kv-old", "key": "cmk-old", "location": "europe" } },
        "environments": { "uat": { "policy": "ep-old" } } });
    let absent = |patch: Value| overlaid(json!({ "summary": "No policy yet." }), patch);
    let firewall = closed_firewall();
    let table: Vec<(&str, Value, &[&str])> = vec![
        (
            "CMK001",
            environment(json!({ "dataverse_says": "not-integrated" })),
            &[],
        ),
        (
            "CMK002",
            environment(json!({ "dataverse_says": "mismatch" })),
            &[],
        ),
        ("CMK003", environment(json!({ "domain": null })), &[]),
        (
            "CMK004",
            environment(json!({ "app_host": "contoso-uat.axcloud.dynamics.com" })),
            &[],
        ),
        ("CMK005", environment(json!({ "app_host": null })), &[]),
        ("CMK006", environment(json!({ "managed": false })), &[]),
        ("CMK007", policy(json!({ "location": "unitedstates" })), &[]),
        (
            "CMK008",
            absent(json!({ "provider_locations": ["asia"] })),
            &[],
        ),
        (
            "CMK009",
            absent(json!({ "azure_policy": "Allowed locations" })),
            &[],
        ),
        (
            "CMK010",
            policy_ready(json!({ "provider": "NotRegistered" })),
            &[],
        ),
        (
            "CMK011",
            vault(json!({ "enablePurgeProtection": null })),
            &[],
        ),
        ("CMK012", policy(json!({ "granted": false })), &[]),
        (
            "CMK013",
            policy(json!({ "granted_seconds_ago": 60 })),
            &["--speed", "1"],
        ),
        ("CMK014", policy(json!({ "no_identity": true })), &[]),
        ("CMK015", key(json!({ "kty": "EC" })), &[]),
        ("CMK015", key(json!({ "bits": 4096 })), &[]),
        ("CMK016", key(json!({ "expires_in_days": -1 })), &[]),
        ("CMK016", key(json!({ "enabled": false })), &[]),
        (
            "CMK017",
            policy(json!({ "version": "0123456789abcdef0123456789abcdef" })),
            &[],
        ),
        ("CMK018", vault(firewall), &[]),
        (
            "CMK019",
            policy_ready(json!({})),
            &["--sandbox-user", "power-platform-admin"],
        ),
        (
            "CMK020",
            policy_ready(json!({})),
            &["--sandbox-user", "key-vault-admin"],
        ),
        (
            "CMK021",
            policy_ready(
                json!({ "users": { "admin": { "power_platform": "environment-admin" } } }),
            ),
            &[],
        ),
        (
            "CMK022",
            policy_ready(json!({ "users": { "admin": { "power_platform": "unregistered" } } })),
            &[],
        ),
        (
            "CMK023",
            environment(json!({ "management": "Running" })),
            &[],
        ),
        ("CMK024", policy_ready(json!({})), &["Contoso Trial"]),
        (
            "CMK024",
            environment(json!({ "disallowed": "GovernanceConfig" })),
            &[],
        ),
        (
            "CMK025",
            policy_ready(json!({ "policies": { "ep-old": old },
                    "environments": { "uat": { "policy": "ep-old" } } })),
            &[],
        ),
        ("CMK026", key(json!({})), &["--key", "another"]),
        ("CMK027", policy_ready(json!({})), &[]),
        (
            "CMK028",
            policy_ready(
                json!({ "environments": { "uat": { "policy": "ep-contoso-cmk" } },
            "history": [{ "environment": "uat", "kind": "NewCustomerManagedKey", "failed": true,
                "days_ago": 2 }] }),
            ),
            &[],
        ),
        ("CMK029", policy_ready(json!({})), &[]),
        ("CMK030", policy_ready(json!({})), &[]),
        (
            "CMK031",
            policy_ready(json!({ "crowd": { "size": 24, "policy": "ep-contoso-cmk" } })),
            &[],
        ),
        (
            "CMK032",
            policy_ready(json!({ "policies": { "ep-old": old },
                    "environments": { "production": { "policy": "ep-old" } } })),
            &[],
        ),
        (
            "CMK033",
            policy_ready(
                json!({ "history": [{ "environment": "uat", "kind": "RevertToMicrosoftKey",
                    "days_ago": 3 }] }),
            ),
            &[],
        ),
        ("CMK034", policy_ready(other_key.clone()), &["--swap"]),
        (
            "CMK035",
            environment(json!({ "runtime": "AdminMode" })),
            &[],
        ),
        ("CMK036", policy_ready(json!({})), &[]),
        (
            "CMK037",
            policy_ready(json!({})),
            &[
                "--policy",
                "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/g/providers/Microsoft.PowerPlatform/enterprisePolicies/p",
            ],
        ),
        ("CMK038", policy_ready(json!({})), &[]),
        ("CMK039", policy_ready(json!({})), &[]),
        ("CMK040", policy_ready(json!({})), &[]),
        ("CMK041", environment(json!({ "byok": true })), &[]),
        ("CMK042", policy(json!({ "kind": "NetworkInjection" })), &[]),
        (
            "CMK043",
            vault(json!({ "tenantId": "11111111-2222-4333-8444-555555555555" })),
            &[],
        ),
        (
            "CMK044",
            policy_ready(
                json!({ "locks": [{ "scope": "@group", "level": "ReadOnly", "name": "frozen" }] }),
            ),
            &[],
        ),
        (
            "CMK045",
            absent(
                json!({ "users": { "admin": { "azure": ["Reader", "Key Vault Administrator"] } } }),
            ),
            &[],
        ),
        ("CMK046", key(json!({ "deleted": true })), &[]),
        (
            "CMK046",
            policy_ready(json!({ "vaults": { "kv-contoso-cmk": { "deleted": true } } })),
            &[],
        ),
        (
            "CMK047",
            vault(json!({ "softDeleteRetentionInDays": 7 })),
            &[],
        ),
        ("CMK048", policy(json!({ "health": "Unhealthy" })), &[]),
    ];
    let mut said = BTreeSet::new();
    for (code, patch, more) in &table {
        // The tenant of this scenario has no environment to name.
        let ran = checked(patch, more);
        assert!([0, 5, 6].contains(&ran.code), "{code}: {}", ran.stderr);
        let found = codes_of(&ran.json());
        assert!(
            found.contains(*code),
            "{code} is not among {found:?}: {}",
            ran.stderr
        );
        said.insert((*code).to_owned());
    }
    let all: BTreeSet<String> = (1..=48).map(|number| format!("CMK{number:03}")).collect();
    assert_eq!(said, all);
    // With a grant at the old key, nothing blocks the swap.
    let granted = json!({ "policies": { "ep-contoso-cmk": { "granted_at": ["kv-old"] } } });
    let both = overlaid(policy_ready(other_key), granted);
    let ran = checked(&both, &["--swap"]).exits(0);
    assert!(!codes_of(&ran.json()).contains("CMK034"), "{}", ran.stdout);
}

#[test]
fn a_check_never_writes_and_costs_so_many_requests() {
    let served = Served::with("messy", FAST, &["--latency", "250ms"]);
    served.run(&["check"]).exits(6);
    let ledger = served.ledger();
    assert_eq!(ledger["writes"], 0);
    assert_eq!(ledger["effects"], json!([]));
    // Environment with its plain read, operations, six pages of environments, Dataverse. Then
    // policy, provider, vault, key with its challenge, grants and denials, rights three times, and
    // locks. And the alerts of the subscription.
    assert_eq!(ledger["requests"], 22, "{:#}", ledger["log"]);
    // The pages alone form the longest chain. On a busy machine, another request may come before
    // them.
    assert!(
        (6..=7).contains(&ledger["chain"].as_u64().unwrap()),
        "{}",
        ledger["chain"]
    );
}

#[test]
fn a_vault_without_a_visible_alert_is_a_note_and_changes_no_verdict() {
    let off = policy_ready(json!({ "alerts": { "cmk-vault-deleted": { "enabled": false } } }));
    let ran = checked(&off, &[]).exits(0).json();
    let all = ran["findings"].as_array().unwrap();
    let note = |finding: &&Value| finding["code"] == "CMK057";
    let message = all.iter().find(note).unwrap()["message"].as_str().unwrap();
    assert_eq!(
        message,
        "No activity log alert that you can see reports a deletion of the vault \
        `kv-contoso-cmk`."
    );
    assert_eq!(ran["verdict"], "clear");
    // What can't be read is not "none".
    let served = Served::patched(&policy_ready(json!({})), FAST);
    for (trouble, words) in [
        ("403", "You can't see whether an alert reports a deletion"),
        (
            "garbage",
            "cmkctl can't tell whether an alert reports a deletion",
        ),
    ] {
        served.faults(
            &json!([{ "match": { "path": "/activityLogAlerts" }, "do": trouble, "times": 99 }]),
        );
        let ran = served.run(&["check"]).exits(0);
        assert!(ran.stdout.contains(words), "{}", ran.stdout);
    }
    served.faults(&json!([]));
    let ran = served
        .run(&["check", "--policy", "ep-contoso-cmk"])
        .exits(0);
    assert!(!ran.stdout.contains("CMK057"), "{}", ran.stdout);
}

#[test]
fn the_exit_code_follows_the_wish() {
    let warn = key(json!({ "expires_in_days": 10 }));
    checked(&warn, &[]).exits(0);
    checked(&warn, &["--fail-on", "warn"]).exits(6);
    checked(&policy_ready(json!({})), &["--fail-on", "warn"]).exits(0);
}

#[test]
fn every_changing_command_shows_them_all_and_changes_nothing() {
    let served = Served::start("messy", FAST);
    let ran = served
        .run(&[
            "enable",
            "--yes",
            "--make-managed",
            "--confirm",
            "Contoso UAT",
            "-o",
            "json",
        ])
        .exits(6);
    let document = ran.json();
    assert_eq!(document["outcome"], "blocked");
    let found = document["plan"]["findings"].as_array().unwrap().len();
    assert!(found >= 20, "{found} findings");
    assert_eq!(served.ledger()["writes"], 0);
}

#[test]
fn fix_repairs_what_is_safe_and_stops_before_what_is_not() {
    let served = Served::start("messy", FAST);
    let reader = served.object_id("power-platform-admin");
    let fix = [
        "enable",
        "--fix",
        "--reader",
        &reader,
        "--confirm",
        "Contoso UAT",
    ];
    // Without `--yes`, nothing is repaired.
    served.run(&fix).exits(6);
    assert_eq!(served.ledger()["writes"], 0);
    let mut yes = fix.to_vec();
    yes.push("--yes");
    let ran = served.run(&yes).exits(6);
    assert_eq!(
        served.effects(),
        ["provider-registered", "role-assigned", "role-assigned"],
        "{}",
        ran.stderr
    );
    // A Managed Environment changes licences, and purge protection can't be undone. So each needs
    // its own flag.
    yes.extend(["--make-managed", "--protect-from-purge", "another-vault"]);
    served.run(&yes).exits(6);
    assert_eq!(served.effects()[3..], ["governance-started"]);
    yes.pop();
    yes.push("kv-contoso-cmk");
    let ran = served.run(&yes).exits(6);
    assert_eq!(served.effects()[4..], ["vault-updated"], "{}", ran.stderr);
    // The remaining findings can't be repaired by a tool. The environment was not changed.
    for code in ["CMK001", "CMK016", "CMK024"] {
        assert!(ran.stderr.contains(code), "{code}: {}", ran.stderr);
    }
    for code in ["CMK006", "CMK010"] {
        assert!(
            !ran.stderr.contains(&format!("{code} BLOCK")),
            "{code}: {}",
            ran.stderr
        );
    }
}

#[test]
fn fix_goes_on_when_nothing_is_left_in_the_way() {
    let patch = policy_ready(json!({
        "policies": { "ep-contoso-cmk": { "granted": false } },
        "environments": { "uat": { "managed": false } },
        "vaults": { "kv-contoso-cmk": { "properties": { "enablePurgeProtection": null } } },
    }));
    let served = Served::patched(&patch, FAST);
    let fix = [
        "enable",
        "--fix",
        "--yes",
        "--make-managed",
        "--protect-from-purge",
        "kv-contoso-cmk",
        "--confirm",
        "Contoso UAT",
    ];
    served.run(&fix).exits(0);
    assert_eq!(
        served.effects(),
        [
            "role-assigned",
            "governance-started",
            "vault-updated",
            "link-started"
        ]
    );
}

#[test]
fn after_a_repair_no_refusal_says_that_nothing_was_changed() {
    let patch = json!({ "policies": { "ep-contoso-cmk": { "granted": false } } });
    let served = Served::patched(&policy_ready(patch), FAST);
    let fix = ["enable", "--fix", "--yes", "--confirm", "Contoso UAT"];
    let ran = served.run(&[&fix[..], &["--confirm", "Another"]].concat());
    let ran = ran.exits(2);
    assert_eq!(served.effects(), ["role-assigned"]);
    assert!(
        ran.stderr
            .contains("No further changes were made. `--confirm` has the name"),
        "{}",
        ran.stderr
    );
    assert!(
        !ran.stderr.contains("No changes were made"),
        "{}",
        ran.stderr
    );
}

#[test]
fn code_scanning_pages_get_sarif_and_nothing_else_does() {
    let ran = run(&["check", "--sandbox", "--scenario", "messy", "-o", "sarif"]).exits(6);
    let document = ran.json();
    assert_eq!(document["version"], "2.1.0");
    assert!(document["runs"][0]["results"].as_array().unwrap().len() >= 20);
    run(&["status", "--sandbox", "-o", "sarif"]).exits(2);
}
