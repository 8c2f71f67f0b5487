//! The remedy follows from the cause of a refusal, not from the step that sent the request.

use crate::between::Between;
use crate::between::Deed::{self, Body};
use crate::doctor::drop_keeping;
use crate::tenants::{linked_uat, policy_ready, short_waits};
use crate::tool::{FAST, Ran, Served, command, finish};
use serde_json::{Value, json};

const ADD: &[&str] = &["add-environment", "--yes", "--confirm", "Contoso UAT"];

fn refused(scenario: &Value, rule: Value, arguments: &[&str]) -> Ran {
    let served = Served::patched(scenario, FAST);
    served.faults(&rule);
    let ran = served.run(arguments);
    assert!(served.effects().is_empty(), "{:?}", served.effects());
    ran
}

/// A 403 with this code, for every request whose path contains `path`.
fn with_code(method: &str, path: &str, code: &str) -> Value {
    json!([{ "match": { "method": method, "path": path }, "do": "words", "to": code, "times": 99 }])
}

#[test]
fn a_vault_behind_a_firewall_is_no_missing_role() {
    for code in ["ForbiddenByFirewall", "ForbiddenByConnection"] {
        for path in ["/keys/cmk-contoso/versions", "/keys/cmk-contoso/rotate"] {
            let method = if path.ends_with("rotate") {
                "POST"
            } else {
                "GET"
            };
            let rule = with_code(method, path, code);
            let ran = refused(&linked_uat(json!({})), rule, &["rotate-key", "--yes"]).exits(5);
            assert!(ran.stderr.contains("network"), "{code}: {}", ran.stderr);
            assert!(
                !ran.stderr.contains("Crypto Officer"),
                "{code}: {}",
                ran.stderr
            );
        }
    }
}

#[test]
fn a_role_is_named_where_the_code_says_no_more() {
    let rule = with_code("POST", "/keys/cmk-contoso/rotate", "ForbiddenByRbac");
    let ran = refused(&linked_uat(json!({})), rule, &["rotate-key", "--yes"]).exits(5);
    assert!(
        ran.stderr.contains("Key Vault Crypto Officer"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_link_that_is_hidden_says_what_hides_it() {
    let rule = json!([{ "match": { "method": "POST", "path": "/link" }, "do": "404", "times": 9 }]);
    let ready = policy_ready(json!({ "settings": short_waits() }));
    let ran = refused(&ready, rule, ADD).exits(5);
    for part in ["self-elevate", "Reader on the policy", "geography"] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
}

#[test]
fn a_state_that_forbids_it_is_exit_6_and_a_policy_of_azure_is_exit_5() {
    for (code, exit, part) in [
        ("InvalidResourceLocation", 6, "another name for the policy"),
        ("ReadOnlyDisabledSubscription", 6, "reactivate"),
        ("RequestDisallowedByPolicy", 5, "exemption"),
        (
            "RoleAssignmentLimitExceeded",
            6,
            "Delete unused role assignments",
        ),
        ("InvalidApiVersionParameter", 1, "Update cmkctl"),
    ] {
        let served = Served::start("ready", FAST);
        served.faults(&with_code("PUT", "/enterprisePolicies/", code));
        let ran = served.run(&["create-policy", "--yes"]).exits(exit);
        assert!(ran.stderr.contains(part), "{code}: {}", ran.stderr);
        let explain = format!("cmkctl explain {code}");
        assert!(ran.stderr.contains(&explain), "{}", ran.stderr);
        assert!(served.effects().is_empty());
    }
}

#[test]
fn dataverse_without_an_answer_is_unknown_and_no_mismatch() {
    let served = Served::start("ready", FAST);
    let rule = (
        "RetrieveFinanceAndOperations",
        Body(|v| *v = json!({})) as Deed,
    );
    let ran = Between::new(&served, vec![rule]).run_as("admin", &["check-integration"]);
    assert_eq!(ran.code, 5, "{}", ran.stdout);
    assert!(!ran.stdout.contains("mismatch"), "{}", ran.stdout);
}

#[test]
fn who_is_eligible_for_a_role_is_told_how_to_activate_it() {
    let scenario = json!({
        "summary": "Somebody may become Owner.",
        "users": { "key-vault-admin": { "about": "may activate Owner", "azure": ["Reader"] } },
        "eligibilities": [
            { "who": "key-vault-admin", "role": "Reader", "scope": "@subscription" },
            { "who": "key-vault-admin", "role": "Owner", "scope": "@subscription" },
        ],
    });
    let served = Served::patched(&scenario, FAST);
    let create = &["create-policy", "--location", "europe", "--yes"];
    let ran = served.run_as("key-vault-admin", create).exits(6);
    for part in [
        "You are eligible for the role `Owner`",
        "az rest --method put --url",
        "https://management.azure.com/subscriptions/",
        "SelfActivate",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    // No eligible role is read here, and a tenant without this feature loses nothing.
    served.reset();
    served.faults(&json!([
        { "match": { "path": "roleEligibilityScheduleInstances" }, "do": "403", "times": 9 },
    ]));
    let ran = served.run_as("key-vault-admin", create).exits(6);
    assert!(ran.stderr.contains("CMK045") && !ran.stderr.contains("eligible for the role"));
    served.reset();
    served.run(&["create-policy", "--location", "europe", "--dry-run"]);
    let asked = |one: &Value| one["path"].as_str().unwrap().contains("roleEligibility");
    assert!(!served.log().iter().any(asked));
}

#[test]
fn a_sandbox_that_has_stopped_reads_as_such() {
    let served = Served::start("ready", FAST);
    drop_keeping(served, |file| {
        let mut command = command(&["status", "--cloud"]);
        command.arg(file);
        let ran = finish(command);
        assert!(
            ran.stderr.contains("has stopped") && ran.stderr.contains("cmkctl sandbox"),
            "{}",
            ran.stderr
        );
    });
}

/// A proxy's page is no answer of the service. It proves neither absence nor a missing role.
#[test]
fn a_page_that_says_404_is_no_absence() {
    let granted = policy_ready(json!({ "settings": short_waits() }));
    for (path, arguments) in [
        (
            "/enterprisePolicies/ep-contoso-cmk",
            &["create-policy", "--yes"][..],
        ),
        ("/vaults/kv-contoso-cmk", &["create-policy", "--yes"]),
        ("/keys/cmk-contoso", ADD),
        ("/scopes/admin/environments", ADD),
        (
            "/vaults/kv-contoso-cmk",
            &["status", "--all", "--fail-on", "drift"],
        ),
    ] {
        let scenario = if arguments[0] == "status" {
            linked_uat(json!({}))
        } else {
            granted.clone()
        };
        let rule = json!([{ "match": { "method": "GET", "path": path }, "do": "html-404",
            "times": 1000 }]);
        let ran = refused(&scenario, rule, arguments);
        assert!(
            ![0, 3].contains(&ran.code),
            "{path}: {}{}",
            ran.stdout,
            ran.stderr
        );
        for word in ["CMK046", "CMK021", "is gone"] {
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(!said.contains(word), "{path}: {word}: {said}");
        }
    }
}
