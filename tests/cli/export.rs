//! What exists as code: Terraform that a parser of its language reads, with the ids that are there,
//! and Bicep beside it.

use crate::tenants::{linked_uat, policy_ready, uat_is, uat_named};
use crate::tool::{FAST, Served, rehearse};
use serde_json::json;

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

#[test]
fn what_can_not_be_seen_is_left_out_and_said_and_nothing_at_all_is_no_success() {
    let served = Served::start("expiring", FAST);
    served
        .run_as("power-platform-admin", &["export", "bicep"])
        .exits(5);
    served
        .run(&["export", "bicep", "--policy", "ep-other"])
        .exits(2);
    // What is visible is written, with what is not as a comment.
    served.faults(
        &json!([{ "match": { "path": "/vaults/kv-contoso-cmk" }, "do": "403", "times": 99 }]),
    );
    for (language, mark) in [("bicep", "// "), ("terraform", "# ")] {
        let ran = served.run(&["export", language]).exits(5);
        let line = ran
            .stdout
            .lines()
            .find(|line| line.contains("is not described: Azure Resource Manager answered 403"));
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
    // The environment's own trouble is not the Key Vault administrator's.
    let patch = policy_ready(uat_is(json!({ "managed": false })));
    let served = Served::patched(&patch, FAST);
    served.run(&["check"]).exits(6);
    served.run(&["check", "--part", "key-vault"]).exits(0);
    served.run(&["check", "--part", "power-platform"]).exits(6);
}

#[test]
fn a_plan_is_split_into_what_each_administrator_runs() {
    let served = Served::start("fresh", FAST);
    let reader = served.object_id("power-platform-admin");
    let wanted = format!(
        "{}readers = [\"{reader}\"]\n\n[[policies.environments]]\nid = \"{}\"\nname = \"Contoso \
        UAT\"\nmake-managed = true\n",
        served.policy_block(),
        served.default_of("environment")
    );
    let file = served.write("wanted.toml", &wanted);
    let folder = served.folder().join("handover");
    let plan = ["plan", &file, "--split", folder.to_str().unwrap()];
    served.run(&plan).exits(0);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let policy_file = format!(
        "policy-{}.bicep",
        served.default_of("policy").rsplit('/').next().unwrap()
    );
    assert!(read(&policy_file).contains("kind: 'Encryption'"));
    // The scripts are run as they are, by whom they are for; nobody is there to be asked, so each
    // consents on the command line.
    let run = |name: &str, user: &str, consent: &str| {
        let script = read(name);
        let binary = std::path::Path::new(env!("CARGO_BIN_EXE_cmkctl"));
        let folder = binary.parent().unwrap().to_str().unwrap();
        let mut bash = std::process::Command::new("bash");
        bash.arg("-c").arg(
            script
                .replace("add-environment ", &format!("add-environment {consent} "))
                .replace("create-policy ", "create-policy --yes "),
        );
        bash.env("PATH", format!("{folder}:/usr/bin:/bin"))
            .env("CMKCTL_SANDBOX_USER", user);
        let output = bash.output().unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (code, words) = run("key-vault-administrator.sh", "key-vault-admin", "");
    assert_eq!(code, Some(0), "{words}");
    // What it says about verifying is true.
    let script = read("key-vault-administrator.sh");
    let verifies = script
        .lines()
        .find_map(|line| {
            line.strip_prefix("#   ")
                .filter(|line| line.contains(" check "))
        })
        .unwrap();
    let words: Vec<&str> = verifies
        .split(' ')
        .skip_while(|word| *word != "check")
        .collect();
    served.run_as("key-vault-admin", &words).exits(0);
    let (code, words) = run(
        "power-platform-administrator.sh",
        "power-platform-admin",
        "--yes --confirm 'Contoso UAT'",
    );
    assert_eq!(code, Some(0), "{words}");
    let again = served.run(&["plan", &file, "--detailed-exitcode"]).exits(0);
    assert!(
        served.effects().contains(&"link-started".to_owned()),
        "{}",
        again.stdout
    );
    // What is there is never overwritten.
    served.run(&plan).exits(2);
}
