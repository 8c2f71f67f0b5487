//! Exports existing resources: Terraform that a parser of the language accepts, with existing ids,
//! and Bicep.

use crate::tenants::{linked_uat, policy_ready, uat_is, uat_named};
use crate::tool::{FAST, Served, rehearse};
use serde_json::{Value, json};

#[test]
fn terraform_is_terraform_and_names_what_is_there() {
    let served = Served::start("expiring", FAST);
    let ran = served.run(&["export", "terraform"]).exits(0);
    let body: hcl::Body =
        hcl::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}\n{}", ran.stdout));
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
    assert_eq!(served.ledger()["writes"], 0);
}

#[test]
fn bicep_has_the_policy_its_vault_and_its_grant() {
    let ran = rehearse(&["export", "bicep", "--scenario", "expiring"]).exits(0);
    let opened = ran.stdout.matches('{').count();
    assert_eq!(opened, ran.stdout.matches('}').count());
}

/// The field names of a Bicep object type, each with its type.
fn names(types: &Value, at: &str) -> Value {
    let number: usize = at.trim_start_matches("#/").parse().unwrap();
    let found = &types[number];
    // The body of a resource, or the type itself.
    found["body"]["$ref"]
        .as_str()
        .map_or_else(|| found["properties"].clone(), |body| names(types, body))
}

/// Finds fields of the first resource in a Bicep file that are not in Microsoft's types.
fn unknown_names(bicep: &str, types: &Value) -> Vec<String> {
    let resource = types
        .as_array()
        .unwrap()
        .iter()
        .position(|own| {
            own["name"] == "Microsoft.PowerPlatform/enterprisePolicies@2020-10-30-preview"
        })
        .unwrap();
    let (mut open, mut unknown) = (Vec::new(), Vec::new());
    for line in bicep
        .lines()
        .skip_while(|line| !line.starts_with("resource "))
    {
        let line = line.trim();
        if line.starts_with("resource ") {
            open.push(names(types, &format!("#/{resource}")));
        } else if line == "}" {
            open.pop();
        } else if let Some((name, value)) = line.split_once(": ") {
            let kind = open.last().unwrap()[name]["type"]["$ref"].clone();
            match kind.as_str() {
                None => unknown.push(name.to_owned()),
                Some(kind) if value == "{" => open.push(names(types, kind)),
                Some(_) => {}
            }
        }
        if open.is_empty() {
            break;
        }
    }
    unknown
}

/// Checks the names in Bicep against Microsoft's types, if the specifications are available.
#[test]
fn the_names_in_bicep_are_those_of_its_types() {
    let Some(folder) = std::env::var_os("CMKCTL_SPECS") else {
        return;
    };
    let file = "bicep-types/microsoft.powerplatform@2020-10-30-preview.types.json";
    let text = std::fs::read_to_string(std::path::Path::new(&folder).join(file)).unwrap();
    let types: Value = serde_json::from_str(&text).unwrap();
    let ran = rehearse(&["export", "bicep", "--scenario", "expiring"]).exits(0);
    assert_eq!(unknown_names(&ran.stdout, &types), Vec::<String>::new());
    let wrong = ran
        .stdout
        .replace("keyVault: {", "vault: 'x'\n      keyVault: {");
    assert_eq!(unknown_names(&wrong, &types), ["vault"]);
}

#[test]
fn a_policy_without_environments_is_exported_and_adopted() {
    let served = Served::start("ready", FAST);
    served.run(&["export", "bicep"]).exits(2);
    served.run(&["create-policy", "--yes"]).exits(0);
    for language in ["terraform", "bicep"] {
        let ran = served.run(&["export", language]).exits(0);
        assert!(ran.stdout.contains("ep-contoso-cmk"), "{}", ran.stdout);
    }
    let ran = served
        .run(&["export", "bicep", "--policy", "nope"])
        .exits(2);
    assert!(
        ran.stderr.contains("Visible to you: ep-contoso-cmk."),
        "{}",
        ran.stderr
    );
    let file = served.folder().join("adopted.toml");
    let file = file.to_str().unwrap();
    served.run(&["adopt", "--out", file]).exits(0);
    let ran = served.run(&["plan", file, "--detailed-exitcode"]).exits(0);
    assert!(ran.stdout.contains("ep-contoso-cmk"), "{}", ran.stdout);
    // Subscriptions that can't be listed are reported.
    served.faults(
        &json!([{ "match": { "path": "/subscriptions/", "method": "GET" },
        "do": "403", "times": 99 }]),
    );
    let ran = served.run(&["export", "bicep"]).exits(5);
    assert!(ran.stderr.contains("can't be listed"), "{}", ran.stderr);
    served
        .run_as("power-platform-admin", &["export", "bicep"])
        .exits(5);
}

#[test]
fn what_can_not_be_seen_is_left_out_and_said_and_nothing_at_all_is_no_success() {
    let served = Served::start("expiring", FAST);
    served
        .run_as("power-platform-admin", &["export", "bicep"])
        .exits(5);
    served
        .run(&["export", "bicep", "--policy", "ep-other"])
        .exits(2);
    // Visible resources are written. Unknown facts become comments.
    served.faults(
        &json!([{ "match": { "path": "/vaults/kv-contoso-cmk" }, "do": "403", "times": 99 }]),
    );
    for (language, mark) in [("bicep", "// "), ("terraform", "# ")] {
        let ran = served.run(&["export", language]).exits(5);
        let line = ran.stdout.lines().find(|line| {
            line.contains("does not describe the vault") && line.contains(" answered 403")
        });
        assert!(
            line.is_some_and(|line| line.starts_with(mark)),
            "{}",
            ran.stdout
        );
        assert!(
            !ran.stdout.contains("set-policy") && ran.stderr.contains("not visible in full"),
            "{}",
            ran.stderr
        );
    }
    served.faults(&json!([]));
    served
        .run(&["export", "bicep", "--policy", "EP-contoso-cmk"])
        .exits(0);
    served.run(&["export", "pulumi"]).exits(2);
}

#[test]
fn names_can_not_leave_their_string() {
    let patch = linked_uat(uat_named("UAT\" }\nresource \"x\" \"y\" { ${evil}"));
    let ran = Served::patched(&patch, FAST)
        .run(&["export", "terraform"])
        .exits(0);
    let body: hcl::Body = hcl::from_str(&ran.stdout).unwrap();
    assert_eq!(body.blocks().count(), 5);
}

#[test]
fn each_administrator_verifies_the_other_ones_part() {
    let messy = Served::start("messy", FAST);
    let roles = |side: &str| {
        let ran = messy.run(&["check", "--part", side, "-o", "json"]).exits(6);
        let findings = ran.json()["findings"].as_array().unwrap().clone();
        assert!(!findings.is_empty());
        findings
            .iter()
            .map(|finding| finding["who"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(
        roles("key-vault")
            .iter()
            .all(|who| !who.contains("Power Platform") && !who.contains("Lifecycle"))
    );
    assert!(
        roles("power-platform")
            .iter()
            .all(|who| who.contains("Power Platform") || who.contains("Lifecycle"))
    );
    // The environment's findings do not concern the Key Vault administrator.
    let patch = policy_ready(uat_is(json!({ "managed": false })));
    let served = Served::patched(&patch, FAST);
    served.run(&["check"]).exits(6);
    served.run(&["check", "--part", "key-vault"]).exits(0);
    served.run(&["check", "--part", "power-platform"]).exits(6);
}
