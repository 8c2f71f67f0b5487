//! Tests `check --for` with the real binary: what may be copied, restored, reset, deleted or moved,
//! as far as keys decide.

use crate::tenants::{
    granted_policy, guarded_vault, linked_uat, policy_ready, power_platform_environment, rsa_key,
    uat_is,
};
use crate::tool::{FAST, Ran, Served, command, finish, overlaid};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const COPY: [&str; 6] = [
    "check",
    "Contoso UAT",
    "--for",
    "copy",
    "--to",
    "Contoso Team",
];
const RESTORE: [&str; 4] = ["check", "Contoso UAT", "--for", "restore"];

/// A sandbox environment `Contoso Team` beside the environment of the tenant.
fn team(environment: Value) -> Value {
    let own = power_platform_environment("Contoso Team", "Sandbox", "contoso-team");
    json!({ "environments": { "team": overlaid(own, environment) } })
}

/// Both environments are encrypted by the same policy, and `patch` over it.
fn both_keyed(patch: Value) -> Value {
    linked_uat(overlaid(team(json!({ "policy": "ep-contoso-cmk" })), patch))
}

/// `Contoso Team` is encrypted with another key.
fn other_key() -> Value {
    let policy = json!({ "vault": "kv-other", "key": "cmk-other", "location": "europe",
        "granted": true });
    linked_uat(overlaid(
        team(json!({ "policy": "ep-other" })),
        json!({
            "vaults": { "kv-other": guarded_vault(json!({ "cmk-other": rsa_key() })) },
            "policies": { "ep-other": policy },
        }),
    ))
}

fn asked(patch: &Value, arguments: &[&str]) -> Ran {
    let served = Served::patched(patch, FAST);
    asked_of(&served, "admin", arguments)
}

/// Runs the check as this user. A check never changes anything.
fn asked_of(served: &Served, user: &str, arguments: &[&str]) -> Ran {
    let ran = served.run_as(user, &[arguments, &["-o", "json"]].concat());
    let ledger = served.ledger();
    assert_eq!(
        (&ledger["writes"], &ledger["effects"]),
        (&json!(0), &json!([]))
    );
    ran
}

/// The answer, and the codes with their severities, without notes.
#[track_caller]
fn told(ran: Ran) -> (String, BTreeSet<String>) {
    let (code, stderr) = (ran.code, ran.stderr.clone());
    let document = ran.json();
    let answer = document["question"]["answer"]
        .as_str()
        .unwrap_or(&stderr)
        .to_owned();
    let expected = match answer.as_str() {
        "yes" => 0,
        "no" => 6,
        _ => 5,
    };
    assert_eq!(code, expected, "{document:#}");
    let findings = document["findings"].as_array().unwrap().iter();
    let word = |finding: &Value| {
        let text = |field: &str| finding[field].as_str().unwrap().to_owned();
        format!("{} {}", text("code"), text("severity"))
    };
    let codes = findings
        .map(word)
        .filter(|code| !code.ends_with("acknowledge"));
    (answer, codes.collect())
}

#[track_caller]
fn answers(ran: Ran, answer: &str, codes: &[&str]) {
    let (found, all) = told(ran);
    let codes: BTreeSet<String> = codes.iter().map(|code| (*code).to_owned()).collect();
    assert_eq!((found.as_str(), &all), (answer, &codes));
}

#[test]
fn a_copy_needs_the_same_key_on_both() {
    answers(asked(&both_keyed(json!({})), &COPY), "yes", &[]);
    answers(asked(&other_key(), &COPY), "no", &["CMK032 block"]);
    answers(
        asked(&linked_uat(team(json!({}))), &COPY),
        "no",
        &["CMK032 block"],
    );
    answers(asked(&policy_ready(team(json!({}))), &COPY), "yes", &[]);
    let onto_a_key = policy_ready(team(json!({ "policy": "ep-contoso-cmk" })));
    answers(asked(&onto_a_key, &COPY), "cant-tell", &["CMK053 unknown"]);
    let unmanaged = linked_uat(team(json!({ "managed": false })));
    let expected = ["CMK006 block", "CMK032 block"];
    answers(asked(&unmanaged, &COPY), "no", &expected);
    let same_key = linked_uat(overlaid(
        team(json!({ "policy": "ep-two" })),
        json!({ "policies": { "ep-two": granted_policy() } }),
    ));
    answers(asked(&same_key, &COPY), "cant-tell", &["CMK053 unknown"]);
}

#[test]
fn a_support_environment_must_get_the_key_first() {
    let ran = asked(&linked_uat(team(json!({ "sku": "Support" }))), &COPY).exits(6);
    assert!(
        ran.stdout.contains("must get the key before the copy"),
        "{}",
        ran.stdout
    );
}

#[test]
fn the_kind_of_the_environment_decides_too() {
    let tenant = policy_ready(json!({}));
    let served = Served::patched(&tenant, FAST);
    let told = |arguments: &[&str]| asked_of(&served, "admin", arguments);
    let no = ["CMK056 block"];
    let default = "Contoso (default)";
    let copy = |from: &str, to: &str| told(&["check", from, "--for", "copy", "--to", to]);
    answers(copy(default, "Contoso UAT"), "no", &no);
    answers(copy("Contoso UAT", default), "no", &no);
    answers(copy("Contoso Trial", "Contoso UAT"), "no", &no);
    answers(copy("Contoso UAT", "Contoso Production"), "no", &no);
    answers(copy("Contoso Production", "Contoso UAT"), "yes", &[]);
    // The geographies differ, and a production environment is never overwritten.
    answers(copy("Contoso UAT", "Contoso Sales"), "no", &no);
    answers(told(&["check", default, "--for", "reset"]), "no", &no);
    answers(told(&["check", default, "--for", "delete"]), "no", &no);
    answers(
        told(&["check", "Contoso Production", "--for", "restore"]),
        "no",
        &no,
    );
    answers(
        told(&["check", "Contoso Production", "--for", "reset"]),
        "no",
        &no,
    );
    answers(
        told(&["check", "Contoso Production", "--for", "delete"]),
        "yes",
        &[],
    );
}

#[test]
fn a_reset_and_a_deletion_say_what_must_stay() {
    let served = Served::patched(&linked_uat(json!({})), FAST);
    for (what, code) in [("reset", "CMK054"), ("delete", "CMK033")] {
        let ran = served
            .run(&["check", "Contoso UAT", "--for", what])
            .exits(0);
        assert!(
            ran.stdout
                .starts_with("Yes: the rules for customer-managed keys allow you to"),
            "{}",
            ran.stdout
        );
        assert!(
            ran.stdout.contains(code) && ran.stdout.contains("CMK033"),
            "{}",
            ran.stdout
        );
        assert!(ran.stdout.contains("for 30 days"), "{}", ran.stdout);
    }
    answers(
        asked_of(&served, "admin", &["check", "--for", "reset"]),
        "yes",
        &[],
    );
}

#[test]
fn what_is_not_at_rest_is_a_no_for_now() {
    let running = json!({ "history": [{ "environment": "team", "kind": "Backup", "days_ago": 0.1,
        "days_left": 1.0 }] });
    // The service takes an environment offline while an operation runs on it.
    let busy = ["CMK023 block", "CMK035 warn"];
    answers(asked(&both_keyed(running), &COPY), "no", &busy);
    let linking = json!({ "history": [{ "environment": "uat", "kind": "NewCustomerManagedKey",
        "days_ago": 0.1, "days_left": 1.0 }] });
    let (answer, codes) = told(asked(&both_keyed(linking), &COPY));
    assert!(
        answer == "no" && codes.contains("CMK023 block"),
        "{codes:?}"
    );
    let locked = uat_is(json!({ "runtime": "Disabled" }));
    answers(
        asked(&both_keyed(locked.clone()), &COPY),
        "no",
        &["CMK035 block"],
    );
    answers(
        asked(&both_keyed(locked), &RESTORE),
        "no",
        &["CMK035 block"],
    );
    let failed = uat_is(json!({ "failed": true }));
    let (answer, codes) = told(asked(&both_keyed(failed), &COPY));
    assert!(
        answer == "cant-tell" && codes.contains("CMK028 unknown"),
        "{codes:?}"
    );
}

#[test]
fn what_is_not_visible_is_never_a_yes() {
    // No role in Power Platform: neither environment is visible.
    let served = Served::patched(&both_keyed(json!({})), FAST);
    let ran = asked_of(&served, "key-vault-admin", &COPY);
    answers(ran, "cant-tell", &["CMK020 unknown"]);
    // The same policy is enough, whoever may read it.
    answers(asked_of(&served, "power-platform-admin", &COPY), "yes", &[]);
    // Backups also need the versions of the key, which only the other administrator sees.
    let ran = asked_of(&served, "power-platform-admin", &RESTORE);
    answers(ran, "cant-tell", &["CMK033 not-visible"]);
    answers(asked_of(&served, "admin", &RESTORE), "yes", &[]);
    // Two policies whose keys are hidden.
    let served = Served::patched(&other_key(), FAST);
    let ran = asked_of(&served, "power-platform-admin", &COPY);
    answers(ran, "cant-tell", &["CMK032 not-visible"]);
}

#[test]
fn a_target_that_can_not_be_read_alone_is_no_yes() {
    let served = Served::patched(&both_keyed(json!({})), FAST);
    let list = served
        .run(&["list", "environments", "-o", "json"])
        .exits(0)
        .json();
    let all = list["environments"].as_array().unwrap().iter();
    let id = all
        .filter(|one| one["name"] == "Contoso Team")
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .next()
        .unwrap();
    let path = format!("/environments/{id}");
    served.faults(&json!([{ "match": { "path": path }, "do": "403", "times": 99 }]));
    let (answer, _) = told(asked_of(&served, "admin", &COPY));
    assert_eq!(answer, "cant-tell");
}

#[test]
fn an_answer_without_the_policy_is_no_yes() {
    for (at, code) in [
        ("/properties/enterprisePolicies", "CMK041 unknown"),
        (
            "/properties/enterprisePolicies/customerManagedKeys/linkStatus",
            "CMK025 unknown",
        ),
        ("/properties/states", "CMK023 unknown"),
        ("/properties/environmentSku", "CMK056 unknown"),
    ] {
        let served = Served::patched(&both_keyed(json!({})), FAST);
        served.faults(
            &json!([{ "match": { "method": "GET", "path": "/environments/" },
            "do": "drop", "to": at, "times": 99 }]),
        );
        let (answer, codes) = told(asked_of(&served, "admin", &COPY));
        assert!(
            answer == "cant-tell" && codes.contains(code),
            "{at}: {codes:?}"
        );
    }
}

#[test]
fn a_restore_needs_the_key_of_the_backup() {
    let restore = |patch: Value, more: &[&str]| asked(&patch, &[&RESTORE[..], more].concat());
    answers(restore(linked_uat(json!({})), &[]), "yes", &[]);
    let removed = json!({ "history": [{ "environment": "uat", "kind": "RevertToMicrosoftKey",
        "days_ago": 3 }] });
    answers(
        restore(policy_ready(removed), &[]),
        "cant-tell",
        &["CMK034 unknown"],
    );
    let swapped = |days: f64| {
        overlaid(
            other_key(),
            json!({ "history": [{ "environment": "uat", "kind": "RotateCustomerManagedKey",
                "days_ago": days }] }),
        )
    };
    answers(restore(swapped(40.0), &[]), "yes", &[]);
    answers(restore(swapped(7.0), &[]), "cant-tell", &["CMK034 unknown"]);
    // The policy from before decides, if it is named.
    let served = Served::patched(&swapped(7.0), FAST);
    let old = served
        .default_of("policy")
        .replace("ep-contoso-cmk", "ep-other");
    let from = [&RESTORE[..], &["--swap-from", &old]].concat();
    answers(asked_of(&served, "admin", &from), "no", &["CMK034 block"]);
    let granted = json!({ "policies": { "ep-contoso-cmk": { "granted_at": ["kv-other"] } } });
    let served = Served::patched(&overlaid(swapped(7.0), granted), FAST);
    answers(asked_of(&served, "admin", &from), "yes", &[]);
    // Onto another environment.
    let elsewhere = ["--to", "Contoso Team"];
    answers(restore(both_keyed(json!({})), &elsewhere), "yes", &[]);
    answers(restore(other_key(), &elsewhere), "no", &["CMK032 block"]);
    // Onto itself, named once more.
    let itself = ["--to", "contoso uat"];
    answers(restore(linked_uat(json!({})), &itself), "yes", &[]);
}

#[test]
fn a_disabled_version_stands_against_a_restore() {
    let versions = json!({ "vaults": { "kv-contoso-cmk": { "keys": { "cmk-contoso": {
        "versions": 2, "made_days_ago": [300, 10] } } } } });
    let served = Served::patched(&linked_uat(versions), FAST);
    answers(asked_of(&served, "admin", &RESTORE), "yes", &[]);
    let token = served.token("admin", "https://vault.azure.net");
    let url = "https://kv-contoso-cmk.vault.azure.net/keys/cmk-contoso";
    let version = "?api-version=2025-07-01";
    let list = served
        .ask(&token, "GET", &format!("{url}/versions{version}"), "")
        .json();
    let all = list["value"].as_array().unwrap().iter();
    let made = |one: &&Value| one["attributes"]["created"].as_i64().unwrap();
    let oldest = all.min_by_key(made).unwrap()["kid"].as_str().unwrap();
    let id = oldest.rsplit('/').next().unwrap();
    let body = json!({ "attributes": { "enabled": false } }).to_string();
    served.ask(&token, "PATCH", &format!("{url}/{id}{version}"), &body);
    let ran = served.run(&RESTORE).exits(6);
    assert!(
        ran.stdout
            .contains(&format!("The key version {id} is disabled. Backups of")),
        "{}",
        ran.stdout
    );
}

#[test]
fn the_move_from_lifecycle_services_is_never_a_yes() {
    let moved = |environment: &str, patch: Value| {
        asked(&patch, &["check", environment, "--for", "move-from-lcs"])
    };
    let unknown = ["CMK053 unknown"];
    answers(
        moved("Contoso UAT", linked_uat(json!({}))),
        "cant-tell",
        &unknown,
    );
    answers(
        moved("Contoso UAT", policy_ready(json!({}))),
        "cant-tell",
        &unknown,
    );
    let no = ["CMK055 block"];
    answers(moved("Contoso Unified", policy_ready(json!({}))), "no", &no);
    answers(moved("Contoso Sales", policy_ready(json!({}))), "no", &no);
    let migrated = linked_uat(uat_is(json!({ "app_type": "Internal" })));
    let ran = moved("Contoso UAT", migrated);
    assert!(
        ran.stdout
            .contains("is already in the Power Platform admin center")
    );
    assert!(
        ran.stdout.contains("most likely moved before (inferred)"),
        "{}",
        ran.stdout
    );
    answers(ran, "no", &no);
}

#[test]
fn a_question_that_makes_no_sense_is_a_usage_error() {
    let served = Served::patched(&both_keyed(json!({})), FAST);
    let requests = served.ledger()["requests"].clone();
    for (arguments, words) in [
        (&["--for", "copy"][..], "A copy needs a target."),
        (
            &["--for", "reset", "--to", "Contoso Team"],
            "`--for reset` accepts no target environment (`--to`).",
        ),
        (&["--to", "Contoso Team"], "--for"),
        (
            &["--for", "copy", "--policy", "ep"],
            "can't be used together with",
        ),
        (&["--for", "wibble"], "`--for` can't be `wibble`."),
        (
            &["--for", "reset", "--swap-from", "ep"],
            "is not the id of a resource",
        ),
        (
            &["--swap-from", "ep"],
            "`--swap-from` requires the new policy.",
        ),
    ] {
        let ran = served
            .run(&[&["check", "Contoso UAT"], arguments].concat())
            .exits(2);
        assert!(ran.stderr.contains(words), "{arguments:?}: {}", ran.stderr);
    }
    assert_eq!(served.ledger()["requests"], requests, "nothing was read");
    let policy = served.default_of("policy");
    let from = [
        "check",
        "Contoso UAT",
        "--for",
        "reset",
        "--swap-from",
        &policy,
    ];
    let ran = served.run(&from).exits(2);
    assert!(
        ran.stderr.contains("does not apply to `--for reset`"),
        "{}",
        ran.stderr
    );
    let itself = [
        "check",
        "Contoso UAT",
        "--for",
        "copy",
        "--to",
        "Contoso UAT",
    ];
    let ran = served.run(&itself).exits(2);
    assert!(
        ran.stderr.contains("are the same environment"),
        "{}",
        ran.stderr
    );
    let unknown = [
        "check",
        "Contoso UAT",
        "--for",
        "copy",
        "--to",
        "Contoso Tame",
    ];
    let ran = served.run(&unknown).exits(2);
    assert!(
        ran.stderr
            .contains("No environment that you can see matches"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("Contoso Team"), "{}", ran.stderr);
}

#[test]
fn a_warning_fails_only_if_it_is_asked_to() {
    let tenant = both_keyed(uat_is(json!({ "runtime": "AdminMode" })));
    let served = Served::patched(&tenant, FAST);
    served.run(&COPY).exits(0);
    served
        .run(&[&COPY[..], &["--fail-on", "warn"]].concat())
        .exits(6);
}

#[test]
fn scripts_read_the_answer() {
    let served = Served::patched(&other_key(), FAST);
    let ran = asked_of(&served, "admin", &COPY).exits(6).json();
    let question = &ran["question"];
    assert_eq!(question["for"], "copy");
    assert_eq!(question["to_name"], "Contoso Team");
    assert_eq!(
        question["sentence"],
        "No: you can't copy `Contoso UAT` onto `Contoso Team`. cmkctl found 1 blocker."
    );
    assert_eq!(
        (&ran["verdict"], &ran["counts"]["block"]),
        (&json!("blocked"), &json!(1))
    );
    let lines = served
        .run(&[&COPY[..], &["-o", "jsonl"]].concat())
        .exits(6)
        .stdout;
    assert_eq!(
        lines.lines().count(),
        ran["findings"].as_array().unwrap().len()
    );
    let sarif = served
        .run(&[&COPY[..], &["-o", "sarif"]].concat())
        .exits(6)
        .json();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "CMK032");
}

#[test]
fn the_answer_of_each_kind_reads_well() {
    let mut all = String::new();
    let mut told = |patch: &Value, arguments: &[&str]| {
        let served = Served::patched(patch, FAST);
        let mut asked = served.command("admin", arguments);
        asked.env("COLUMNS", "100");
        let ran = finish(asked);
        let text = crate::tool::steady(&ran.stdout);
        all.push_str(&format!(
            "$ cmkctl {}\n{text}exit {}\n\n",
            arguments.join(" "),
            ran.code
        ));
    };
    told(&both_keyed(json!({})), &COPY);
    told(
        &policy_ready(team(json!({ "policy": "ep-contoso-cmk" }))),
        &COPY,
    );
    told(&linked_uat(team(json!({}))), &COPY);
    told(
        &linked_uat(json!({})),
        &["check", "Contoso UAT", "--for", "reset"],
    );
    told(
        &linked_uat(json!({})),
        &["check", "Contoso UAT", "--for", "delete"],
    );
    told(
        &linked_uat(json!({})),
        &["check", "Contoso UAT", "--for", "move-from-lcs"],
    );
    let swapped = json!({ "history": [{ "environment": "uat", "kind": "RotateCustomerManagedKey",
        "days_ago": 7 }] });
    told(&linked_uat(swapped), &RESTORE);
    insta::assert_snapshot!("answers", all);
}

#[test]
fn each_part_is_found_in_the_help() {
    let page = finish(command(&["help", "check"])).exits(0).stdout;
    for word in ["--for", "copy", "move-from-lcs", "--to"] {
        assert!(page.contains(word), "{word}: {page}");
    }
}
