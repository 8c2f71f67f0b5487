//! Names, addresses and links instead of ids.

use crate::tool::{FAST, Served, run};
use serde_json::json;

#[test]
fn vault_and_key_are_taken_as_people_have_them() {
    let served = Served::start("ready", FAST);
    let id = served.default_of("vault");
    let link = format!("https://portal.azure.com/#@contoso.example/resource{id}/overview");
    let version = "0123456789abcdef0123456789abcdef";
    let address = "https://kv-contoso-cmk.vault.azure.net";
    let identifier = format!("{address}/keys/cmk-contoso/{version}");
    for arguments in [
        vec!["--vault", "KV-contoso-cmk"],
        vec!["--vault", address],
        vec!["--vault", &link],
        vec!["--key", &identifier],
        vec!["--vault", "kv-contoso-cmk", "--key", &identifier],
    ] {
        let all = [
            &["create-policy", "--dry-run", "-o", "json"][..],
            &arguments,
        ]
        .concat();
        let ran = served.run(&all).exits(0);
        let plan = ran.json()["plan"].to_string();
        assert!(
            plan.contains(&id) && !plan.contains(version),
            "{arguments:?}: {plan}"
        );
        let pinned = ran.stderr.contains("is not pinned");
        assert_eq!(pinned, arguments.contains(&"--key"), "{}", ran.stderr);
    }
    let other = format!("https://other.vault.azure.net/keys/cmk/{version}");
    let vault = ["--vault", "kv-contoso-cmk", "--key", &other];
    let ran = served.run(&[&["create-policy", "--dry-run"][..], &vault].concat());
    let ran = ran.exits(2);
    assert!(
        ran.stderr.contains("names the vault `other`"),
        "{}",
        ran.stderr
    );
    assert_eq!(served.ledger()["writes"], 0);
}

#[test]
fn a_policy_is_looked_up_by_its_name() {
    let served = Served::start("expiring", FAST);
    let ran = served.run(&["add-environment", "--policy", "EP-contoso-cmk", "--dry-run"]);
    let ran = ran.exits(0);
    let said = format!(
        "`--policy EP-contoso-cmk` is {}",
        served.default_of("policy")
    );
    assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    let ran = served.run(&["add-environment", "--policy", "ep-contosocmk", "--dry-run"]);
    let ran = ran.exits(2);
    for words in [
        "with the name `ep-contosocmk`",
        "Did you mean `ep-contoso-cmk`?",
    ] {
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    // A new policy is in the group of its vault.
    let ran = served.run(&[
        "create-policy",
        "--policy",
        "ep-new",
        "--dry-run",
        "-o",
        "json",
    ]);
    let id = served
        .default_of("policy")
        .replace("ep-contoso-cmk", "ep-new");
    assert!(ran.exits(0).stdout.contains(&id));
}

#[test]
fn a_list_that_can_not_be_read_is_no_answer() {
    let served = Served::start("ready", FAST);
    served.faults(
        &json!([{ "match": { "path": "/providers/Microsoft.", "method": "GET" },
        "do": "403", "times": 99 }]),
    );
    for (flag, name) in [
        ("--vault", "kv-contoso-cmk"),
        ("--policy", "ep-contoso-cmk"),
    ] {
        let ran = served
            .run(&["create-policy", flag, name, "--dry-run"])
            .exits(5);
        assert!(ran.stderr.contains("cmkctl can't tell"), "{}", ran.stderr);
        assert!(ran.stderr.contains("Pass its id"), "{}", ran.stderr);
    }
}

#[test]
fn a_name_that_is_no_business_of_a_command_is_not_looked_up() {
    let served = Served::start("ready", FAST);
    let mut cloud = served.cloud();
    (cloud["defaults"]["policy"], cloud["defaults"]["vault"]) = (json!("nope"), json!("nope"));
    let file = served.write("named.json", &cloud.to_string());
    for command in ["environment-name", "check-integration"] {
        run(&[command, "Contoso UAT", "--cloud", &file]).exits(0);
    }
    let asked = served.log();
    assert!(
        asked.iter().all(|entry| entry["service"] != "arm"),
        "{asked:?}"
    );
}

#[test]
fn who_may_see_no_environment_may_pass_on_its_name() {
    let served = Served::start("fresh", FAST);
    let create = [
        "create-policy",
        "Contoso UAT",
        "--location",
        "europe",
        "--yes",
    ];
    let ran = served.run_as("key-vault-admin", &create).exits(0);
    assert!(
        ran.stdout
            .replace('"', "'")
            .contains("add-environment 'Contoso UAT' "),
        "{}",
        ran.stdout
    );
}

#[test]
fn an_environment_is_taken_from_a_link() {
    let served = Served::start("ready", FAST);
    let id = served.default_of("environment");
    let link = format!(
        "https://admin.powerplatform.microsoft.com/manage/environments/environment/{id}/hub"
    );
    let ran = served
        .run(&["environment-name", &link, "-o", "json"])
        .exits(0);
    assert_eq!(ran.json()["id"], json!(id));
}

#[test]
fn status_says_whether_the_policy_that_was_named_is_the_linked_one() {
    let served = Served::start("expiring", FAST);
    let linked = served.default_of("policy");
    let other = linked.replace("ep-contoso-cmk", "ep-other");
    for (policy, yes) in [("ep-contoso-cmk", true), (other.as_str(), false)] {
        let asked = ["status", "--policy", policy, "-o", "json"];
        let document = served.run(&asked).exits(0).json();
        assert_eq!(document["named_policy"]["linked"], json!(yes), "{policy}");
        assert_eq!(document["policy"]["id"], json!(linked), "{policy}");
    }
    let ran = served.run(&["status", "--policy", &other]).exits(0);
    ran.says(&[&format!("(NOT the policy that you named: {other})")]);
    // The caller named no policy here.
    let document = served.run(&["status", "-o", "json"]).exits(0).json();
    assert_eq!(document["named_policy"], json!(null));
    // An unreadable link is no result.
    served.faults(
        &json!([{ "match": { "path": "/scopes/admin/environments/", "method": "GET" },
        "do": "500", "times": 99 }]),
    );
    let asked = ["status", "--policy", &linked, "-o", "json"];
    let ran = served.run(&asked);
    assert_ne!(ran.code, 0, "{}", ran.stdout);
}
