//! Guides the user to the end even without a vault and a key, and prints a script with every name.

use crate::guided::{CONSENT, after, encrypted, guided, shown};
use crate::terminal::Typing;
use crate::tool::{FAST, Served, finish};
use serde_json::json;

const VAULT: &str = "Type the name to continue (`kv-contoso-uat`)";

/// The prompts for a new vault, each with the input that accepts the default.
const NEW: [(&str, &str); 5] = [
    ("Name of the new resource group (Enter: `rg-", "\n"),
    ("westeurope  West Europe. Near to `europe`.", "\r"),
    ("Name of the new key vault (Enter: `kv-", "\n"),
    ("public  Every network", "\r"),
    ("Name of the new key (Enter: `cmk", "\n"),
];

fn answers(typing: &mut Typing, all: &[(&str, &str)]) {
    for (words, keys) in all {
        typing.sees(words);
        typing.presses(keys);
    }
}

/// Selects the environment, up to the first prompt about a key.
fn environment(typing: &mut Typing) {
    typing.sees("Contoso Unified");
    typing.presses("contoso uat\r");
    typing.sees("Environment: Contoso UAT");
}

fn made(served: &Served) -> [usize; 4] {
    [
        "group-created",
        "vault-created",
        "key-version-created",
        "link-started",
    ]
    .map(|what| served.times(what))
}

#[test]
fn from_an_empty_subscription_to_the_end_and_again_by_the_script() {
    let served = Served::start("empty", FAST);
    let mut typing = guided(&served, "admin", &["enable", "--ask"]);
    environment(&mut typing);
    typing.sees("Your account sees no key vault. cmkctl can create one");
    answers(&mut typing, &NEW);
    typing.sees("ep-cmk-contoso-uat (new)");
    typing.presses("\r");
    typing.sees("1 outage");
    // Each irreversible change has its own prompt.
    typing.sees(VAULT);
    typing.types("kv-contoso-uat");
    typing.sees(CONSENT);
    typing.types("Contoso UAT");
    let ran = typing.ends().exits(0);
    encrypted(&served);
    assert_eq!(made(&served), [1, 1, 1, 1]);
    let script = after(&ran.stderr, "To do the same without questions");
    for words in [
        "enable 'Contoso UAT' --policy ep-cmk-contoso-uat --vault kv-contoso-uat",
        " --key cmk-contoso-uat",
        " --create-key --resource-group rg-contoso-uat --azure-location westeurope",
        " --confirm kv-contoso-uat",
    ] {
        assert!(script.contains(words), "{words}: {script}");
    }
    assert!(!script.contains("/subscriptions/"), "{script}");
    served.begins_anew();
    finish(shown(&script)).exits(0);
    encrypted(&served);
    assert_eq!(made(&served), [1, 1, 1, 1]);
}

#[test]
fn a_new_key_is_offered_beside_those_that_are_there() {
    let served = Served::start("fresh", FAST);
    let mut typing = guided(&served, "admin", &["enable", "--ask"]);
    environment(&mut typing);
    typing.sees("Type `managed` to make it a Managed Environment");
    typing.types("managed");
    typing.sees("A new key…");
    typing.presses("a new key\r");
    typing.sees("A new vault…");
    typing.presses("kv-contoso-cmk\r");
    typing.sees("Name of the new key (Enter: `cmk-contoso-uat`)");
    // An existing key is refused as a new one.
    typing.types("cmk-contoso");
    typing.sees("already has a key `cmk-contoso`");
    typing.types("cmk-new");
    typing.sees("ep-cmk-new (new)");
    typing.presses("\r");
    typing.sees(CONSENT);
    typing.types("Contoso UAT");
    let ran = typing.ends().exits(0);
    assert_eq!(made(&served), [0, 0, 1, 1]);
    let script = after(&ran.stderr, "To do the same without questions");
    served.begins_anew();
    finish(shown(&script)).exits(0);
    assert_eq!(made(&served), [0, 0, 1, 1]);
    // A command that needs an existing key offers no new one.
    let mut typing = guided(&served, "admin", &["rotate-key", "--ask"]);
    typing.sees("cmk-new in kv-contoso-cmk");
    typing.sees("(type to filter, arrows move, Enter");
    assert!(!typing.screen().contains("A new key"));
    typing.presses("\u{1b}");
    typing.ends().exits(10);
}

#[test]
fn create_key_leads_to_its_end_too() {
    let served = Served::start("many-subscriptions", FAST);
    let mut typing = guided(&served, "admin", &["create-key", "--ask"]);
    typing.sees("A new vault…");
    typing.presses("a new vault\r");
    typing.sees("Subscription of the new vault:");
    typing.presses("sales\r");
    typing.sees("A new resource group…");
    typing.presses("rg-contoso-sales-keys\r");
    typing.sees("The region of the resource group.");
    typing.presses("\r");
    typing.sees("Name of the new key vault (Enter: `kv-cmk`)");
    typing.types("kv-contoso-cmk");
    typing.sees("The vault name `kv-contoso-cmk` is not available");
    let question = "Name of the new key vault (Enter: `kv-cmk`): ";
    typing.sees_at_the_end(question);
    typing.types("k");
    typing.sees("`k` is not a valid vault name.");
    typing.sees_at_the_end(question);
    typing.types("");
    typing.sees("public  Every network");
    typing.presses("trusted\r");
    typing.sees("Name of the new key (Enter: `cmk`)");
    typing.types("");
    typing.sees("Type the name to continue (`kv-cmk`)");
    typing.types("kv-cmk");
    let ran = typing.ends().exits(0);
    let script = after(&ran.stderr, "To do the same without questions");
    for words in [
        " create-key --vault kv-cmk --key cmk --resource-group rg-contoso-sales-keys",
        " --subscription 'Contoso Sales'",
        " --network trusted-services",
    ] {
        assert!(script.contains(words), "{words}: {script}");
    }
    served.begins_anew();
    finish(shown(&script)).exits(0);
    assert_eq!(made(&served), [0, 1, 1, 0]);
}

#[test]
fn a_name_that_two_policies_have_stays_an_id() {
    let served = Served::start("many-subscriptions", FAST);
    let mut typing = guided(&served, "admin", &["enable", "--ask", "--dry-run"]);
    environment(&mut typing);
    typing.sees("cmk-contoso in kv-contoso-cmk");
    typing.sees("A new key…");
    typing.presses("cmk-contoso in kv-contoso-cmk\r");
    typing.sees("ep-cmk-contoso (new)");
    typing.presses("ep-cmk-contoso\r");
    let ran = typing.ends().exits(0);
    let script = after(&ran.stderr, "To do the same without questions");
    let words = "enable 'Contoso UAT' --policy ep-cmk-contoso --vault kv-contoso-cmk";
    assert!(script.contains(words), "{script}");
    // Another policy with this name is visible, but the named policy is used.
    let policy = served.default_of("policy");
    let arguments = ["enable", "--ask", "--dry-run", "--policy", &policy];
    let mut typing = guided(&served, "admin", &arguments);
    environment(&mut typing);
    typing.sees("A new key…");
    typing.presses("cmk-contoso in kv-contoso-cmk\r");
    let ran = typing.ends().exits(0);
    let script = after(&ran.stderr, "To do the same without questions");
    assert!(script.contains(&format!(" --policy {policy} ")), "{script}");
}

#[test]
fn who_leaves_where_no_key_fits_learns_how_one_is_made() {
    let odd = json!({ "vaults": { "kv-contoso-cmk": { "keys": { "cmk-contoso": {
        "kty": "EC" } } } } });
    let served = Served::patched(&odd, FAST);
    let mut typing = guided(&served, "admin", &["enable", "--ask"]);
    environment(&mut typing);
    typing.sees("A new key…");
    typing.presses("\u{1b}");
    let ran = typing.ends().exits(6);
    ran.says_on_stderr(&[
        "None of the keys that you see is suitable.",
        "cmk-contoso in kv-",
    ]);
    let next = after(&ran.stderr, "To create a new key, and also a vault");
    let mut typing = Typing::at(shown(&next));
    typing.sees("Vault of the new key:");
    typing.sees("A new vault…");
    typing.presses("\u{1b}");
    typing.ends().exits(10);
    assert!(served.effects().is_empty());
}

#[test]
fn the_two_of_them_begin_with_nothing() {
    let served = Served::start("empty", FAST);
    let mut typing = guided(&served, "power-platform-admin", &["enable", "--ask"]);
    environment(&mut typing);
    let ran = typing.ends().exits(5);
    ran.says_on_stderr(&[
        "No changes were made. Your account sees no key vault",
        "--hand-over FILE",
    ]);
    let first = after(&ran.stderr, "The Key Vault administrator runs:");
    assert!(first.contains(" create-policy 'Contoso UAT' "), "{first}");
    let mut typing = Typing::at(shown(&first));
    answers(&mut typing, &NEW);
    typing.sees("ep-cmk (new)");
    typing.presses("\r");
    typing.sees("Type the name to continue (`kv-cmk`)");
    typing.types("kv-cmk");
    let ran = typing.ends().exits(0);
    let script = after(&ran.stderr, "To do the same without questions");
    assert!(
        script.contains("create-policy 'Contoso UAT' --policy ep-cmk "),
        "{script}"
    );
    let next = after(&ran.stdout, "");
    let next = next.replace(
        " add-environment",
        " --sandbox-user power-platform-admin add-environment",
    );
    let mut typing = Typing::at(shown(&next));
    typing.sees(CONSENT);
    typing.types("Contoso UAT");
    typing.ends().exits(0);
    encrypted(&served);
    // The other administrator's part is a script too.
    served.begins_anew();
    finish(shown(&script)).exits(0);
    assert_eq!(made(&served), [1, 1, 1, 0]);
}

#[test]
fn who_may_make_nothing_is_told_who_may() {
    let users = json!({ "power-platform-admin": { "about": "reads, and administers environments",
        "azure": ["Reader"], "power_platform": "admin" } });
    let mut scenario: serde_json::Value =
        serde_json::from_str(include_str!("../../src/sandbox/scenarios/empty.json")).unwrap();
    scenario["users"] = users;
    let served = Served::patched(&scenario, FAST);
    let mut typing = guided(&served, "power-platform-admin", &["enable", "--ask"]);
    environment(&mut typing);
    let ran = typing.ends().exits(5);
    ran.says_on_stderr(&["The Key Vault administrator runs:"]);
    let typing = guided(&served, "power-platform-admin", &["create-key", "--ask"]);
    typing.sees("You don't have permission to create a key vault");
    typing.ends().exits(5);
    assert!(served.effects().is_empty());
}

#[test]
fn the_first_half_is_handed_over_as_a_script() {
    let served = Served::start("fresh", FAST);
    let path = served.folder().join("half");
    let to = path.to_str().unwrap();
    let arguments = ["enable", "--ask", "--hand-over", to];
    let mut typing = guided(&served, "power-platform-admin", &arguments);
    environment(&mut typing);
    typing.sees("Type `managed` to make it a Managed Environment");
    typing.types("managed");
    let ran = typing.ends().exits(5);
    ran.says_on_stderr(&["Written for the Key Vault administrator: `", "half.sh`"]);
    assert!(!ran.stderr.contains("--hand-over FILE"), "{}", ran.stderr);
    let script = std::fs::read_to_string(format!("{to}.sh")).unwrap();
    let reader = served.object_id("power-platform-admin");
    for words in [
        "create-policy --policy \"$policy\" --vault \"$vault\" --key \"$key\" --location europe",
        &format!(" --reader {reader} "),
    ] {
        assert!(script.contains(words), "{words}: {script}");
    }
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_cmkctl"));
    let mut command = std::process::Command::new(format!("{to}.sh"));
    let folder = binary.parent().unwrap().display();
    command
        .args(["ep-contoso-cmk", "kv-contoso-cmk", "cmk-contoso", "--yes"])
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("PATH", format!("{folder}:/usr/bin:/bin"))
        .env("CMKCTL_SANDBOX_USER", "key-vault-admin")
        .stdin(std::process::Stdio::null());
    finish(command).exits(0);
    // The other part, written by a user who sees no environment.
    let arguments = ["enable", "--ask", "--hand-over", "-"];
    let mut typing = guided(&served, "key-vault-admin", &arguments);
    typing.sees("cmk-contoso in kv-contoso-cmk");
    typing.presses("cmk-contoso in\r");
    typing.sees("Geography of the environment:");
    typing.presses("europe\r");
    typing.sees("ep-contoso-cmk");
    typing.presses("ep-contoso-cmk\r");
    typing.sees("Reader of the policy");
    typing.types("");
    let ran = typing.ends().exits(5);
    assert!(
        ran.stdout.starts_with("#!/usr/bin/env bash\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains(" add-environment "), "{}", ran.stdout);
}

#[test]
fn readers_are_named_as_people_know_them() {
    let served = Served::start("fresh", FAST);
    served.faults(&json!([{ "match": { "host": "graph" }, "do": "403", "times": 1 }]));
    let mut typing = guided(&served, "key-vault-admin", &["enable", "--ask"]);
    typing.sees("cmk-contoso in kv-contoso-cmk");
    typing.presses("cmk-contoso\r");
    typing.sees("Geography of the environment:");
    typing.presses("europe\r");
    typing.sees("ep-cmk-contoso (new)");
    typing.presses("\r");
    let question = "Reader of the policy (press Enter if no grant is needed): ";
    for (typed, told) in [
        ("nobody", "can't look up"),
        ("{nobody}", "is not an object id or a name"),
        (
            "nobody@contoso.onmicrosoft.com",
            "No user principal name or application",
        ),
    ] {
        typing.sees_at_the_end(question);
        typing.types(typed);
        typing.sees(told);
    }
    typing.sees_at_the_end(question);
    let upn = "power-platform-admin@contoso.onmicrosoft.com";
    typing.types(upn);
    let id = served.object_id("power-platform-admin");
    typing.sees(&format!("`--reader {upn}` is {id}"));
    typing.sees("Continue with this plan?");
    typing.types("yes");
    let ran = typing.ends().exits(5);
    let script = after(&ran.stderr, "To do the same without questions");
    assert!(script.contains(&format!(" --reader {upn} ")), "{script}");
    served.begins_anew();
    let again = finish(shown(&script)).exits(0);
    again.says_on_stderr(&[&format!("`--reader {upn}` is {id}")]);
}

#[test]
fn a_rehearsal_inside_the_process_names_no_file_that_is_gone() {
    let arguments = ["create-key", "--sandbox", "--scenario", "empty", "--ask"];
    let mut typing = Typing::at(crate::tool::command(&arguments));
    let mut asked = NEW;
    asked[1] = ("Azure region of the new vault:", "westeurope\r");
    answers(&mut typing, &asked);
    typing.sees("Type the name to continue (`kv-cmk`)");
    typing.types("kv-cmk");
    let ran = typing.ends().exits(0);
    ran.says_on_stderr(&[
        "This rehearsal has ended",
        "cmkctl sandbox --scenario empty",
    ]);
    let script = after(&ran.stderr, "To do the same without questions");
    let begins = "cmkctl --sandbox --scenario empty create-key --vault kv-cmk --key cmk";
    assert!(script.starts_with(begins), "{script}");
    finish(shown(&script)).exits(0);
}

#[test]
fn every_new_question_can_be_left() {
    let served = Served::start("empty", FAST);
    for (count, last) in [
        (0, "\u{3}"),
        (0, "\u{4}"),
        (1, "\u{3}"),
        (2, "\u{4}"),
        (3, "\u{4}"),
    ] {
        let mut typing = guided(&served, "admin", &["enable", "--ask"]);
        environment(&mut typing);
        answers(&mut typing, &NEW[..count]);
        typing.sees(NEW[count].0);
        if last == "\u{3}" && count % 2 == 0 {
            // At a line prompt, the terminal itself sends Ctrl-C.
            let id = typing.id().to_string();
            let mut kill = std::process::Command::new("kill");
            assert!(kill.args(["-INT", &id]).status().unwrap().success());
        } else {
            typing.presses(last);
        }
        typing.leaves_it_as_it_was();
        let code = if last == "\u{3}" { 130 } else { 10 };
        let ran = typing.ends().exits(code);
        ran.says_on_stderr(&["No changes were made."]);
    }
    assert!(served.effects().is_empty());
}

#[test]
fn sixty_columns_and_numbered_lines_lead_to_the_end_as_well() {
    let served = Served::start("empty", FAST);
    let mut command = served.command("admin", &["enable", "--ask", "--plain"]);
    command.env("COLUMNS", "60");
    let mut typing = Typing::at(command);
    let asks = "Enter a number or a filter text (an empty line cancels): ";
    typing.sees_at_the_end(asks);
    typing.types("contoso uat");
    typing.sees("1. Contoso UAT");
    typing.sees_at_the_end(asks);
    typing.types("1");
    for (words, answer) in [
        ("Name of the new resource group", ""),
        ("1. westeurope", "1"),
        ("Name of the new key vault", ""),
        ("1. public", "1"),
        ("Name of the new key (", ""),
        ("1. ep-cmk-contoso-uat (new)", "1"),
    ] {
        typing.sees(words);
        typing.sees_at_the_end(": ");
        typing.types(answer);
    }
    typing.sees(VAULT);
    let screen = typing.screen();
    assert!(!screen.contains('\u{1b}'), "{screen:?}");
    let asked = screen
        .split_once("Your account sees no key vault")
        .unwrap()
        .1;
    // The line that asks for a word is the terminal's to break.
    let asked = asked.split_once("Purge protection of").unwrap().0;
    assert!(asked.contains("Plan of enable"), "{asked}");
    for line in asked.split(['\r', '\n']) {
        assert!(line.chars().count() <= 62, "{line}");
    }
    typing.types("");
    typing.ends().exits(10);
    assert!(served.effects().is_empty());
}
