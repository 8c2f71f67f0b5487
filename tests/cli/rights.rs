//! Who may use a key, tested by whole runs. The grant is at another scope, comes by another role or
//! a group, has a condition, is denied, or can't be read. A proxy before the sandbox changes the
//! answers accordingly.

use crate::between::Deed::{Body, Says, Status};
use crate::between::{Between, Rule};
use crate::check::codes_of;
use crate::tenants::{linked_uat, policy_ready, ungranted_policy};
use crate::tool::{CONSENT, FAST, Ran, START_ADD, Served, overlaid};
use cmkctl::model::rights::{Operation, matches};
use cmkctl::model::roles::{of_azure, of_hsm};
use jiff::Timestamp;
use serde_json::{Value, json};

const ROLES: &str = "/vaults/kv-contoso-cmk/providers/Microsoft.Authorization/roleAssignments";
const DENIALS: &str = "/vaults/kv-contoso-cmk/providers/Microsoft.Authorization/denyAssignments";
const DEFINITIONS: &str = "/Microsoft.Authorization/roleDefinitions/";
const ENCRYPTION_USER: &str = "e147488a-f6f5-4113-8e2d-b22465e65bf6";
const CUSTOM: &str = "11111111-0000-4000-8000-00000000000c";
const CREATE: [&str; 2] = ["create-policy", "--yes"];

/// Changes the grant of the policy's identity in a list of assignments.
fn grant(value: &mut Value, change: impl Fn(&mut Value)) {
    let ours = |one: &&mut Value| {
        let role = one["properties"]["roleDefinitionId"].as_str().unwrap();
        role.ends_with(ENCRYPTION_USER)
    };
    if let Some(one) = value["value"].as_array_mut().unwrap().iter_mut().find(ours) {
        change(&mut one["properties"]);
    }
}

/// Moves the grant of the policy's identity to a management group.
fn granted_above() -> Rule {
    let above = |v: &mut Value| {
        grant(v, |one| {
            one["scope"] = json!("/providers/Microsoft.Management/managementGroups/contoso");
        });
    };
    (ROLES, Body(above))
}

fn role_is(properties: &mut Value, role: &str) {
    let id = format!("/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/{role}");
    properties["roleDefinitionId"] = json!(id);
}

fn below(properties: &Value, path: &str) -> Value {
    json!(format!("{}{path}", properties["scope"].as_str().unwrap()))
}

fn definition(data: &[&str], not: &[&str]) -> Value {
    json!({
        "name": CUSTOM,
        "properties": {
            "roleName": "Contoso Wrapper",
            "permissions": [{
                "actions": [], "notActions": [], "dataActions": data, "notDataActions": not,
            }],
        },
    })
}

fn own_role() -> Rule {
    (ROLES, Body(|v| grant(v, |one| role_is(one, CUSTOM))))
}

fn denial(data: &str, who: Value) -> Value {
    json!({ "value": [{
        "name": "d",
        "properties": {
            "denyAssignmentName": "stack-lock",
            "scope": "/subscriptions/f12af0aa-edba-5769-a6c9-3997acdbd110",
            "doNotApplyToChildScopes": false,
            "permissions": [{ "actions": [], "dataActions": [data] }],
            "principals": [who],
            "excludePrincipals": [],
        },
    }] })
}

/// The environment's grant in `status --all`.
fn granted(ran: &Ran) -> Value {
    let all = ran.json();
    let environments = all["environments"].as_array().unwrap();
    let uat = environments.iter().find(|one| one["name"] == "Contoso UAT");
    uat.unwrap()["granted"].clone()
}

/// Ways in which the identity has the right.
fn given() -> Vec<(&'static str, &'static str, Vec<Rule>)> {
    let at = |change: fn(&mut Value)| vec![(ROLES, Body(change))];
    vec![
        (
            "at a management group",
            "at the management group `contoso`",
            at(|v| {
                grant(v, |one| {
                    one["scope"] = json!("/providers/Microsoft.Management/managementGroups/contoso")
                })
            }),
        ),
        (
            "on the resource group of the vault",
            "on the resource group `rg-contoso-cmk`",
            at(|v| {
                grant(v, |one| {
                    let scope = one["scope"].as_str().unwrap().to_uppercase();
                    let (group, _) = scope.split_once("/PROVIDERS/").unwrap();
                    one["scope"] = json!(
                        group
                            .replace("RG-CONTOSO", "rg-contoso")
                            .replace("-CMK", "-cmk")
                    );
                })
            }),
        ),
        (
            "on the key",
            "on the key `CMK-contoso`",
            at(|v| grant(v, |one| one["scope"] = below(one, "/keys/CMK-contoso"))),
        ),
        (
            "by Crypto User",
            "`Key Vault Crypto User`",
            at(|v| {
                grant(v, |one| {
                    role_is(one, "12338af0-0e69-4776-bea7-57ae8d297424")
                })
            }),
        ),
        (
            "by Crypto Officer with an empty condition",
            "`Key Vault Crypto Officer`",
            at(|v| {
                grant(v, |one| {
                    role_is(one, "14B46E9E-C2B7-41B4-B07B-48A6EBF60603");
                    one["condition"] = json!("");
                })
            }),
        ),
        (
            "by Administrator through a group",
            "`Key Vault Administrator` on the vault `kv-contoso-cmk` through the group",
            at(|v| {
                grant(v, |one| {
                    role_is(one, "00482a5a-887f-4fb3-b363-3b7fe8e74483");
                    one["principalId"] = json!("22222222-0000-4000-8000-000000000001");
                    one["principalType"] = json!("Group");
                })
            }),
        ),
        (
            "by a role of their own",
            "`Contoso Wrapper`",
            vec![
                own_role(),
                (
                    DEFINITIONS,
                    Says(|| {
                        definition(
                            &["microsoft.keyvault/vaults/KEYS/*"],
                            &["Microsoft.KeyVault/vaults/keys/sign/action"],
                        )
                    }),
                ),
            ],
        ),
        (
            "beside a denial of something else",
            "Encryption User",
            vec![(
                DENIALS,
                Says(|| {
                    denial(
                        "*/delete",
                        json!({"id": "00000000-0000-0000-0000-000000000000"}),
                    )
                }),
            )],
        ),
    ]
}

#[test]
fn whatever_gives_the_right_counts_and_no_second_grant_is_planned() {
    let served = Served::patched(&linked_uat(json!({})), FAST);
    for (what, source, rules) in given() {
        let between = Between::new(&served, rules);
        let ran = between.run_as("admin", &["status", "-o", "json"]);
        let access = ran.exits(0).json()["key_access"].clone();
        assert_eq!(
            access, "yes, the policy's identity may use the key",
            "{what}"
        );
        let ran = between.run_as("admin", &["check", "-o", "json"]).exits(0);
        assert!(
            !codes_of(&ran.json()).contains("CMK012"),
            "{what}: {}",
            ran.stdout
        );
        let watch = ["status", "--all", "--fail-on", "drift", "-o", "json"];
        assert_eq!(
            granted(&between.run_as("admin", &watch).exits(0)),
            json!(true),
            "{what}"
        );
        let ran = between.run_as("admin", &CREATE).exits(0);
        assert!(ran.stdout.contains(source), "{what}: {}", ran.stdout);
        assert!(
            served.effects().is_empty(),
            "{what}: {:?}",
            served.effects()
        );
    }
}

/// Checks how the watch, the check and the add end with these answers.
fn ends(what: &str, rules: &[Rule], granted_is: Value, codes: [i32; 3], said: &[&str]) {
    let linked = Served::patched(&linked_uat(json!({})), FAST);
    let between = Between::new(&linked, rules.to_vec());
    let [watch, check, add] = codes;
    let ran = between.run_as(
        "admin",
        &["status", "--all", "--fail-on", "drift", "-o", "json"],
    );
    assert_eq!(ran.code, watch, "{what}: {}{}", ran.stdout, ran.stderr);
    assert_eq!(granted(&ran), granted_is, "{what}: {}", ran.stdout);
    let ran = between.run_as("admin", &["check"]);
    assert_eq!(ran.code, check, "{what}: {}{}", ran.stdout, ran.stderr);
    for words in said {
        assert!(
            ran.stdout.contains(words),
            "{what}: `{words}`: {}",
            ran.stdout
        );
    }
    let ready = Served::patched(&policy_ready(json!({})), FAST);
    let ran = Between::new(&ready, rules.to_vec()).run_as("admin", &START_ADD);
    assert_eq!(ran.code, add, "{what}: {}{}", ran.stdout, ran.stderr);
    let linked = ready.effects().iter().any(|effect| effect.contains("link"));
    assert_eq!(linked, add == 8, "{what}: {:?}", ready.effects());
}

#[test]
fn what_gives_nothing_is_a_known_no() {
    let no = [3, 6, 6];
    for (what, rules) in [
        (
            "another key",
            vec![(
                ROLES,
                Body(|v| grant(v, |one| one["scope"] = below(one, "/keys/cmk-other"))),
            )],
        ),
        (
            "a key with a longer name",
            vec![(
                ROLES,
                Body(|v| grant(v, |one| one["scope"] = below(one, "/keys/cmk-contoso2"))),
            )],
        ),
        (
            "Key Vault Reader",
            vec![(
                ROLES,
                Body(|v| {
                    grant(v, |one| {
                        role_is(one, "21090545-7ca7-4776-b22c-e363652d74d2")
                    })
                }),
            )],
        ),
        (
            "wrap is taken out",
            vec![
                own_role(),
                (
                    DEFINITIONS,
                    Says(|| definition(&["*"], &["Microsoft.KeyVault/*/wrap/action"])),
                ),
            ],
        ),
    ] {
        let rules: Vec<Rule> = rules;
        ends(what, &rules, json!(false), no, &["CMK012 BLOCK"]);
    }
}

#[test]
fn what_is_not_known_is_neither_yes_nor_no() {
    let open = [5, 5, 5];
    let conditional: Rule = (
        ROLES,
        Body(|v| {
            grant(v, |one| {
                one["condition"] = json!("(@Resource[x] StringEquals 'y')")
            })
        }),
    );
    ends(
        "a condition",
        &[conditional],
        Value::Null,
        open,
        &[
            "has a condition",
            "Assign the role without a condition",
            // A second assignment at the vault would be the same one, and refused.
            "/vaults/kv-contoso-cmk/keys/cmk-contoso",
        ],
    );
    for (what, deed) in [
        ("a definition that breaks", Status(500)),
        ("a definition that is not there", Status(404)),
        (
            "one of another role",
            Says(|| json!({ "name": "x", "properties": {} })),
        ),
        (
            "one without permissions",
            Says(|| json!({ "name": CUSTOM, "properties": { "permissions": [{}] } })),
        ),
    ] {
        let rules = [own_role(), (DEFINITIONS, deed)];
        ends(what, &rules, Value::Null, open, &[CUSTOM, "can't tell"]);
    }
    // The fact is hidden from this caller, and the Key Vault administrator sees it. So the add
    // continues.
    let hidden = [own_role(), (DEFINITIONS, Status(403))];
    ends(
        "a definition that is hidden",
        &hidden,
        Value::Null,
        [5, 5, 8],
        &[CUSTOM, "403"],
    );
    let served = Served::patched(&policy_ready(json!({})), FAST);
    let ran = Between::new(&served, hidden.to_vec())
        .run_as("admin", &CREATE)
        .exits(5);
    ran.says(&[CUSTOM, "403"]);
    assert!(served.effects().is_empty());
}

/// The scopes at which the identity already has the role with a condition, and the remedy.
#[test]
fn the_remedy_of_a_condition_is_a_role_assignment_that_can_be_made() {
    for (scopes, words) in [
        (&["@vault"][..], "--scope VAULT/keys/cmk-contoso"),
        (&["@group"], "--scope VAULT/keys/cmk-contoso"),
        (&["@key"], "--scope VAULT\n"),
        (
            &["@vault", "@key"],
            "Remove the condition from this role assignment: VAULT/keys/cmk-contoso/providers/",
        ),
    ] {
        let one = |scope: &&str| {
            json!({
                "who": "policy:ep-contoso-cmk", "role": "Key Vault Crypto Service Encryption User",
                "scope": scope, "condition": "x", "days_ago": 30,
            })
        };
        let assignments: Vec<Value> = scopes.iter().map(one).collect();
        let tenant = json!({
            "policies": { "ep-contoso-cmk": { "granted": false } }, "assignments": assignments,
        });
        let served = Served::patched(&linked_uat(tenant), FAST);
        let ran = served.run(&["check"]).exits(5);
        let vault = "/subscriptions/f12af0aa-edba-5769-a6c9-3997acdbd110/resourceGroups/\
            rg-contoso-cmk/providers/Microsoft.KeyVault/vaults/kv-contoso-cmk";
        ran.says(&[words.replace("VAULT", vault).as_str()]);
    }
}

/// A list with assignments of another principal, which were not requested.
#[test]
fn a_list_of_others_gives_nothing_and_takes_nothing() {
    let other: Rule = (
        ROLES,
        Body(|v| {
            grant(v, |one| {
                one["principalId"] = json!("cccccccc-0000-4000-8000-000000000003")
            })
        }),
    );
    let served = Served::patched(&linked_uat(json!({})), FAST);
    let between = Between::new(&served, vec![other]);
    let ran = between.run_as("admin", &["check"]).exits(5);
    ran.says(&["CMK012 UNKNOWN", "role assignments of other principals"]);
    between.run_as("admin", &CREATE).exits(5);
    assert!(served.effects().is_empty());
}

#[test]
fn a_denial_of_the_key_alone_counts() {
    let denial = |scope: &str| {
        json!({ "denials": [{
            "name": "stack-lock", "who": ["everyone"], "scope": scope, "data_actions": ["*"],
        }] })
    };
    let served = Served::patched(&linked_uat(denial("@key")), FAST);
    let ran = served.run(&["check"]).exits(6);
    ran.says(&["CMK012 BLOCK", "stack-lock"]);
    served.run(&CREATE).exits(6);
    let all = served.run(&["status", "--all", "--fail-on", "drift", "-o", "json"]);
    let all = all.exits(3);
    assert_eq!(granted(&all), json!(false));
    let why = "the deny assignment `stack-lock` prevents the policy's identity from using the key";
    all.says(&[why]);
    let file = served.run(&["adopt"]).exits(0);
    file.says(&[
        "`stack-lock` prevents the policy's identity from using the key",
        "A grant does not help",
    ]);
    assert!(
        !file.stdout.contains("To let cmkctl grant access"),
        "{}",
        file.stdout
    );
    assert!(served.effects().is_empty());
    // A denial of another key in the vault has no effect.
    let other = "/subscriptions/f12af0aa-edba-5769-a6c9-3997acdbd110/resourceGroups/\
        rg-contoso-cmk/providers/Microsoft.KeyVault/vaults/kv-contoso-cmk/keys/other";
    let served = Served::patched(&linked_uat(denial(other)), FAST);
    served.run(&["check"]).exits(0);
}

#[test]
fn a_denial_decides_and_one_that_is_hidden_is_said() {
    const WRAP: &str = "Microsoft.KeyVault/vaults/keys/wrap/action";
    let everyone: Rule = (
        DENIALS,
        Says(|| {
            let all = json!({
                "id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined",
            });
            denial(WRAP, all)
        }),
    );
    ends(
        "everyone",
        &[everyone],
        json!(false),
        [3, 6, 6],
        &["`stack-lock`", "A role assignment does not help"],
    );
    let group: Rule = (
        DENIALS,
        Says(|| {
            denial(
                WRAP,
                json!({ "id": "33333333-0000-4000-8000-000000000001", "type": "Group" }),
            )
        }),
    );
    ends(
        "a group",
        &[group],
        Value::Null,
        [5, 5, 5],
        &["names groups"],
    );
    ends(
        "trouble",
        &[(DENIALS, Status(500))],
        Value::Null,
        [5, 5, 5],
        &["deny assignments", "500"],
    );
    let broken: Rule = (DENIALS, Says(|| json!({})));
    ends(
        "no list",
        &[broken],
        Value::Null,
        [5, 5, 5],
        &["deny assignments"],
    );
    for status in [403, 404, 405] {
        let hidden = [(DENIALS, Status(status))];
        let said = ["You can't see the deny assignments at `kv-contoso-cmk`"];
        ends("hidden", &hidden, json!(true), [0, 0, 8], &said);
    }
    let served = Served::patched(&linked_uat(json!({})), FAST);
    let hidden = Between::new(&served, vec![(DENIALS, Status(403))]);
    let ran = hidden.run_as("admin", &["status", "--all"]).exits(0);
    assert_eq!(
        ran.stderr.matches("deny assignments at 1 vault").count(),
        1,
        "{}",
        ran.stderr
    );
    let ran = hidden.run_as("admin", &["status", "-o", "json"]).exits(0);
    assert!(
        ran.json()["not_visible"]
            .to_string()
            .contains("deny assignments"),
        "{}",
        ran.stdout
    );
    // If a denial is unclear, another grant may not help, so none is made.
    let patch = json!({ "policies": { "ep-contoso-cmk": ungranted_policy() } });
    let served = Served::patched(&overlaid(json!({ "summary": "x." }), patch), FAST);
    let ran = Between::new(&served, vec![group])
        .run_as("admin", &CREATE)
        .exits(5);
    ran.says(&["names groups"]);
    assert!(served.effects().is_empty());
    Between::new(&served, Vec::new())
        .run_as("admin", &CREATE)
        .exits(0);
}

#[test]
fn roles_and_denials_say_nothing_of_a_vault_with_access_policies() {
    let served = Served::start("access-policy-vault", FAST);
    served.run(&CREATE).exits(0);
    let rules = vec![(DENIALS, Status(403)), (ROLES, Status(403))];
    let between = Between::new(&served, rules);
    let ran = between.run_as("admin", &["check"]);
    assert!(!ran.stdout.contains("deny assignments"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("CMK012"), "{}", ran.stdout);
    let ran = between.run_as("admin", &CREATE).exits(0);
    assert!(ran.stdout.contains("can use the key of"), "{}", ran.stdout);
}

#[test]
fn a_young_grant_of_a_management_group_is_not_taken_for_effective() {
    let served = Served::start("ready", FAST);
    served.run(&CREATE).exits(0);
    let between = Between::new(&served, vec![granted_above()]);
    let ran = between.run_as("admin", &["check"]);
    for words in [
        "CMK013",
        "management group `contoso`",
        "may need until 20",
        "UTC",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    // The add waits for this time, and then succeeds.
    let ran = between.run_as(
        "admin",
        &["add-environment", CONSENT[0], CONSENT[1], CONSENT[2]],
    );
    let ran = ran.exits(0);
    ran.says(&["to take effect (up to 8 hours)"]);
    let at = |what: &str| {
        let ledger = served.ledger();
        let effects = ledger["effects"].as_array().unwrap().clone();
        let one = effects.iter().find(|effect| effect["what"] == what);
        let at: Timestamp = one.unwrap()["at"].as_str().unwrap().parse().unwrap();
        at
    };
    let waited = at("link-started").duration_since(at("role-assigned"));
    assert!(waited.as_hours() >= 8, "{waited:?}");
}

#[test]
fn a_definition_is_one_round_trip_more_and_is_read_once() {
    let served = Served::patched_with(&linked_uat(json!({})), FAST, &["--latency", "250ms"]);
    let rules = vec![own_role(), (DEFINITIONS, Says(|| definition(&["*"], &[])))];
    let between = Between::new(&served, rules);
    let id = served.default_of("environment");
    between.run_as("admin", &["status", &id]).exits(0);
    let ledger = served.ledger();
    assert!(ledger["chain"].as_u64().unwrap() <= 4, "{ledger:#}");
    assert_eq!(between.times_asked(DEFINITIONS), 1);
    between.run_as("admin", &["status", "--all"]).exits(0);
    assert_eq!(between.times_asked(DEFINITIONS), 2);
    // The tenant's file needs its key and its policy, and each definition is read once.
    let name = served.folder().join("w.toml").to_str().unwrap().to_owned();
    between.run_as("admin", &["adopt", "--out", &name]).exits(0);
    let before = between.times_asked(DEFINITIONS);
    between.run_as("admin", &["plan", &name]).exits(0);
    assert_eq!(between.times_asked(DEFINITIONS), before + 1);
    // Groups are not requested if no group could give the role.
    assert_eq!(between.times_asked("assignedTo"), 2, "status, and plan");
}

#[test]
fn local_roles_of_a_managed_hsm_count_from_the_key_up() {
    const LOCAL: &str = "/keys/cmk-contoso/providers/Microsoft.Authorization/roleAssignments";
    let patch = json!({
        "summary": "x.",
        "vaults": { "hsm-contoso-cmk": {
            "hsm": true,
            "properties": { "enableSoftDelete": true, "softDeleteRetentionInDays": 90,
                "enablePurgeProtection": true },
            "keys": { "cmk-contoso": { "kty": "RSA-HSM", "bits": 3072 } },
        } },
        "target": { "vault": "hsm-contoso-cmk" },
    });
    let served = Served::patched(&patch, FAST);
    served.run(&CREATE).exits(0);
    let change = |served: &Served, change: fn(&mut Value), code: i32, words: &str| {
        let before = served.effects().len();
        let between = Between::new(served, vec![(LOCAL, Body(change))]);
        let ran = between
            .run_as("admin", &["create-policy", "--dry-run"])
            .exits(code);
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
        assert_eq!(served.effects().len(), before);
    };
    change(
        &served,
        |v| {
            role_is(
                &mut v["value"][0]["properties"],
                "21dbd100-6940-42c2-9190-5d6cb909625b",
            );
            v["value"][0]["properties"]["scope"] = json!("/keys");
        },
        0,
        "by the role `Managed HSM Crypto User` on all keys",
    );
    change(
        &served,
        |v| v["value"][0]["properties"]["scope"] = json!("/"),
        0,
        "at the root scope `/`",
    );
    change(
        &served,
        |v| v["value"][0]["properties"]["scope"] = json!("/keys/another"),
        0,
        "1. Give the identity of `ep-contoso-cmk` the role",
    );
    change(
        &served,
        |v| role_is(&mut v["value"][0]["properties"], CUSTOM),
        5,
        CUSTOM,
    );
}

#[test]
fn who_may_read_the_policy_already_gets_no_second_role() {
    const AT_POLICY: &str = "/ep-contoso-cmk/providers/Microsoft.Authorization/roleAssignments";
    const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
    fn given_by(role: &str, scope: &str, condition: Value) -> Value {
        json!({ "value": [{ "properties": {
            "roleDefinitionId": format!("/providers/x/roleDefinitions/{role}"),
            "principalId": "22222222-0000-4000-8000-000000000001", "principalType": "Group",
            "scope": scope, "condition": condition, "createdOn": "2025-01-01T00:00:00Z",
        } }] })
    }
    let served = Served::patched(&policy_ready(json!({})), FAST);
    let reader = served.object_id("power-platform-admin");
    let arguments = ["create-policy", "--yes", "--reader", &reader];
    let by_group: Rule = (
        AT_POLICY,
        Says(|| {
            let above = "/providers/Microsoft.Management/managementGroups/m";
            given_by("b24988ac-6180-42a0-ab88-20f7382dd24c", above, Value::Null)
        }),
    );
    let between = Between::new(&served, vec![by_group]);
    let ran = between.run_as("admin", &arguments).exits(0);
    ran.says(&[
        "can read the policy",
        "`Contributor` at the management group `m` through the group",
    ]);
    assert!(
        between.times_asked(&reader) > 0,
        "the service is asked for this reader"
    );
    let bound: Rule = (AT_POLICY, Says(|| given_by(READER, "/", json!("x"))));
    let ran = Between::new(&served, vec![bound])
        .run_as("admin", &arguments)
        .exits(5);
    ran.says(&["CMK019", "has a condition"]);
    let custom: Rule = (AT_POLICY, Says(|| given_by(CUSTOM, "/", Value::Null)));
    let reads: Rule = (
        DEFINITIONS,
        Says(|| {
            json!({ "name": CUSTOM, "properties": { "permissions": [
                { "actions": ["Microsoft.PowerPlatform/*/read"], "notActions": [] },
            ] } })
        }),
    );
    Between::new(&served, vec![custom, reads])
        .run_as("admin", &arguments)
        .exits(0);
    assert!(served.effects().is_empty(), "{:?}", served.effects());
    served.run(&arguments).exits(0);
    assert_eq!(served.effects().len(), 1, "{:?}", served.effects());
}

#[test]
fn an_export_takes_no_grant_under_its_care_that_is_not_its_own() {
    let served = Served::patched(&linked_uat(json!({})), FAST);
    let plain = served.run(&["export", "terraform"]).exits(0);
    assert!(
        plain.stdout.contains("to = azurerm_role_assignment"),
        "{}",
        plain.stdout
    );
    let between = Between::new(&served, vec![granted_above()]);
    for format in ["terraform", "bicep"] {
        let ran = between.run_as("admin", &["export", format]).exits(0);
        assert!(!ran.stdout.contains("oleAssignments@"), "{}", ran.stdout);
        assert!(
            !ran.stdout.contains("azurerm_role_assignment"),
            "{}",
            ran.stdout
        );
        assert!(
            ran.stdout.contains("at the management group `contoso`"),
            "{}",
            ran.stdout
        );
    }
}

#[test]
fn the_roles_that_are_judged_unasked_are_those_of_the_service() {
    let text = include_str!("../../src/sandbox/tenant/role_definitions.json");
    let all: Value = serde_json::from_str(text).unwrap();
    let fits = |list: &Value, name: &str| {
        let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter()
            .any(|pattern| matches(pattern.as_str().unwrap(), name))
    };
    let data = ["read", "wrap/action", "unwrap/action", "sign/action"];
    let in_vault = data.map(|name| format!("Microsoft.KeyVault/vaults/keys/{name}"));
    let in_hsm = ["read/action", "wrap/action", "unwrap/action"];
    let in_hsm = in_hsm.map(|name| format!("Microsoft.KeyVault/managedHsm/keys/{name}"));
    for one in all["azure"].as_array().unwrap() {
        let role = of_azure(one["id"].as_str().unwrap()).unwrap_or_else(|| panic!("{one}"));
        assert_eq!(one["name"], role.name);
        for name in &in_vault {
            let real = fits(&one["dataActions"], name) && !fits(&one["notDataActions"], name);
            assert_eq!(
                role.allows(Operation::Data(name)),
                real,
                "{}: {name}",
                role.name
            );
        }
        let reads = "Microsoft.PowerPlatform/enterprisePolicies/read";
        let real = fits(&one["actions"], reads) && !fits(&one["notActions"], reads);
        assert_eq!(
            role.allows(Operation::Control(reads)),
            real,
            "{}",
            role.name
        );
    }
    for one in all["managed_hsm"].as_array().unwrap() {
        let role = of_hsm(one["id"].as_str().unwrap()).unwrap_or_else(|| panic!("{one}"));
        assert_eq!(one["name"], role.name);
        for name in &in_hsm {
            let real = fits(&one["dataActions"], name);
            assert_eq!(
                role.allows(Operation::Data(name)),
                real,
                "{}: {name}",
                role.name
            );
        }
    }
}

#[test]
fn a_tenant_with_inherited_grants_is_seen_as_it_is() {
    let served = Served::start("inherited-grants", FAST);
    let all = served
        .run(&["status", "--all", "-o", "json"])
        .exits(0)
        .json();
    let of = |name: &str| {
        let environments = all["environments"].as_array().unwrap();
        let one = environments.iter().find(|one| one["name"] == name).unwrap();
        (
            one["state"].as_str().unwrap().to_owned(),
            one["granted"].as_bool(),
        )
    };
    for name in ["Contoso UAT", "Contoso Production", "Contoso Unified"] {
        assert_eq!(of(name), ("encrypted".to_owned(), Some(true)), "{name}");
    }
    assert_eq!(of("Contoso Sales"), ("not-visible".to_owned(), None));
    let asked = |words: &str| {
        let log = served.log();
        let paths = log
            .iter()
            .filter(|one| one["path"].as_str().unwrap().contains(words));
        paths.count()
    };
    // One list of all assignments, one list with groups for each identity that it does not settle,
    // and each custom role once.
    assert_eq!(asked("/roleDefinitions/"), 1);
    assert_eq!(asked("/denyAssignments"), 1);
    assert!(
        asked("/roleAssignments") <= 4,
        "{}",
        asked("/roleAssignments")
    );
    let ran = served.run(&CREATE).exits(0);
    ran.says(&["`Key Vault Crypto User` at the management group `mg-contoso` through the group"]);
    served.run(&["check"]).exits(0);
    served.run(&["adopt"]).exits(5).says(&["has a condition"]);
    assert!(served.effects().is_empty(), "{:?}", served.effects());
}
