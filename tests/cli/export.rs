//! What exists as code: Terraform that a parser of its language reads, with the ids that are there, and Bicep beside it.

use crate::tool::{FAST, Served, rehearse};
use serde_json::json;

#[test]
fn terraform_is_terraform_and_names_what_is_there() {
    let served = Served::start("expiring", FAST);
    let ran = served.run(&["export", "terraform"]).exits(0);
    let body: hcl::Body = hcl::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}\n{}", ran.stdout));
    let blocks: Vec<String> = body
        .blocks()
        .map(|block| {
            let labels: Vec<&str> = block.labels.iter().map(|label| label.as_str()).collect();
            format!("{} {}", block.identifier.as_str(), labels.join(" "))
        })
        .collect();
    let expected = [
        "terraform ",
        "import ",
        "resource azapi_resource ep_contoso_cmk",
        "import ",
        "resource azurerm_role_assignment ep_contoso_cmk",
    ];
    assert_eq!(blocks, expected);
    let policy = served.cloud()["defaults"]["policy"].as_str().unwrap().to_owned();
    assert!(ran.stdout.contains(&format!("id = \"{policy}?api-version=2020-10-30-preview\"")), "{}", ran.stdout);
    assert!(ran.stdout.contains("/roleAssignments/"), "{}", ran.stdout);
    assert!(ran.stdout.contains("# Linked: Contoso UAT (193e4dc2"), "{}", ran.stdout);
    assert_eq!(served.ledger()["writes"], 0);
}

#[test]
fn bicep_has_the_policy_its_vault_and_its_grant() {
    let ran = rehearse(&["export", "bicep", "--scenario", "expiring"]).exits(0);
    insta::assert_snapshot!("bicep", ran.stdout);
    let opened = ran.stdout.matches('{').count();
    assert_eq!(opened, ran.stdout.matches('}').count());
}

#[test]
fn what_can_not_be_seen_is_left_out_and_said_and_nothing_at_all_is_no_success() {
    let served = Served::start("expiring", FAST);
    let ran = served.run_as("power-platform-admin", &["export", "bicep"]).exits(1);
    assert!(ran.stderr.contains("Left out, because it is not visible to you"), "{}", ran.stderr);
    served.run(&["export", "bicep", "--policy", "ep-other"]).exits(1);
    served.run(&["export", "bicep", "--policy", "EP-contoso-cmk"]).exits(0);
    served.run(&["export", "pulumi"]).exits(2);
}

#[test]
fn names_can_not_leave_their_string() {
    let patch = json!({ "summary": "A name that wants out.",
        "environments": { "uat": { "policy": "ep-contoso-cmk", "name": "UAT\" }\nresource \"x\" \"y\" { ${evil}" } },
        "policies": { "ep-contoso-cmk": { "vault": "kv-contoso-cmk", "key": "cmk-contoso", "location": "europe", "granted": true } } });
    let ran = Served::patched(&patch, FAST).run(&["export", "terraform"]).exits(0);
    let body: hcl::Body = hcl::from_str(&ran.stdout).unwrap();
    assert_eq!(body.blocks().count(), 5);
}

#[test]
fn each_administrator_verifies_the_other_ones_part() {
    let messy = Served::start("messy", FAST);
    let roles = |side: &str| {
        let ran = messy.run(&["check", "--as", side, "-o", "json"]).exits(6);
        let findings = ran.json()["findings"].as_array().unwrap().clone();
        assert!(!findings.is_empty());
        findings.iter().map(|finding| finding["who"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(roles("power-platform").iter().all(|who| !who.contains("Power Platform") && !who.contains("Lifecycle")));
    assert!(roles("key-vault").iter().all(|who| who.contains("Power Platform") || who.contains("Lifecycle")));
    // The environment's own trouble is not the Key Vault administrator's.
    let patch = json!({ "summary": "Not managed.", "environments": { "uat": { "managed": false } },
        "policies": { "ep-contoso-cmk": { "vault": "kv-contoso-cmk", "key": "cmk-contoso", "location": "europe", "granted": true } } });
    let served = Served::patched(&patch, FAST);
    served.run(&["check"]).exits(6);
    served.run(&["check", "--as", "power-platform"]).exits(0);
    served.run(&["check", "--as", "key-vault"]).exits(6);
}
