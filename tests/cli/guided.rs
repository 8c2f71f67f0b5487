//! `cmkctl enable` and similar commands without arguments, at a terminal. They guide the user to
//! the end without typing an id.

use crate::terminal::Typing;
use crate::tool::{FAST, Ran, Served};
use serde_json::json;
use std::process::{Command, Stdio};

pub(crate) const CONSENT: &str = "Type the name to continue (`Contoso UAT`)";

pub(crate) fn guided(served: &Served, user: &str, arguments: &[&str]) -> Typing {
    Typing::at(served.command(user, arguments))
}

/// The command line that follows these words.
#[track_caller]
pub(crate) fn after(screen: &str, words: &str) -> String {
    let (_, rest) = screen
        .split_once(words)
        .unwrap_or_else(|| panic!("{words}: {screen}"));
    let mut lines = rest.lines().skip(1);
    let line = lines
        .find(|line| line.contains("cmkctl"))
        .unwrap_or_else(|| panic!("{screen}"));
    line[line.find("cmkctl").unwrap()..].trim().to_owned()
}

/// Runs a command as it was shown.
pub(crate) fn shown(line: &str) -> Command {
    let binary = env!("CARGO_BIN_EXE_cmkctl");
    let mut shell = Command::new("/bin/sh");
    let line = line.replacen("cmkctl", &format!("'{binary}'"), 1);
    shell.args(["-c", &format!("exec {line}")]);
    shell
        .env_clear()
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null());
    shell
}

pub(crate) fn encrypted(served: &Served) {
    let ran = served
        .run(&["status", "Contoso UAT", "-o", "json"])
        .exits(0);
    assert_eq!(ran.json()["state"], "encrypted", "{}", ran.stdout);
}

/// Answers as a user who sees everything, up to the plan.
fn to_the_plan(typing: &mut Typing) {
    typing.sees("Environment: ");
    typing.sees("Contoso Unified");
    typing.presses("contoso uat");
    typing.sees("Environment: contoso uat");
    typing.presses("\r");
    typing.sees("Type `managed` to make it a Managed Environment");
    typing.types("managed");
    typing.sees("cmk-contoso in kv-contoso-cmk");
    typing.presses("cmk-contoso");
    typing.sees("Key: cmk-contoso");
    typing.presses("\r");
    typing.sees("ep-cmk-contoso (new)");
    typing.presses("\r");
    typing.sees("1 outage");
}

#[test]
fn who_sees_everything_is_led_to_the_end_and_gets_a_script() {
    let served = Served::start("fresh", FAST);
    let mut typing = guided(&served, "admin", &["enable", "--ask"]);
    to_the_plan(&mut typing);
    typing.sees(CONSENT);
    typing.types("Contoso UAT");
    let ran = typing.ends().exits(0);
    ran.says_on_stderr(&[
        "  + Create the enterprise policy `ep-cmk-contoso`",
        "  ~ Make `Contoso UAT` a Managed Environment",
        "  ! Add the environment `Contoso UAT`",
        "2 to create, 2 to change, 0 unchanged, 1 outage.",
        "Key Vault administrator: 3 steps.",
        "Power Platform Administrator: 2 steps.",
        "`Contoso UAT` is OFFLINE during this change, for up to 4 days.",
    ]);
    encrypted(&served);
    // The shown script works on another such tenant.
    let script = after(&ran.stderr, "To do the same without questions");
    for flag in [
        "--sandbox-user admin",
        "--make-managed",
        "--confirm 'Contoso UAT'",
    ] {
        assert!(script.contains(flag), "{script}");
    }
    served.begins_anew();
    let again = crate::tool::finish(shown(&script));
    again.exits(0);
    encrypted(&served);
}

#[test]
fn each_of_two_does_their_half() {
    let served = Served::start("fresh", FAST);
    // A user who sees no vault is told what the other administrator runs.
    let mut typing = guided(&served, "power-platform-admin", &["enable", "--ask"]);
    typing.sees("Contoso Unified");
    typing.presses("uat\r");
    typing.sees("Type `managed` to make it a Managed Environment");
    typing.types("managed");
    let ran = typing.ends().exits(5);
    ran.says_on_stderr(&["No changes were made. Your account sees no key vault"]);
    let first = after(&ran.stderr, "The Key Vault administrator runs:");
    assert!(
        first.contains("--sandbox-user key-vault-admin create-policy"),
        "{first}"
    );
    // The Key Vault administrator selects only the key.
    let mut typing = Typing::at(shown(&first));
    typing.sees("cmk-contoso in kv-contoso-cmk");
    typing.presses("cmk-contoso\r");
    typing.sees("ep-cmk-contoso (new)");
    typing.presses("\r");
    typing.sees("Continue with this plan?");
    typing.types("yes");
    let ran = typing.ends().exits(0);
    let next = after(&ran.stdout, "");
    let next = next.replace(
        " add-environment",
        " --sandbox-user power-platform-admin add-environment",
    );
    // A user who selected only the geography does not know the environment.
    let next = next.replace("ENVIRONMENT", &served.default_of("environment"));
    let mut typing = Typing::at(shown(&format!("{next} --make-managed")));
    typing.sees(CONSENT);
    typing.types("Contoso UAT");
    typing.ends().exits(0);
    encrypted(&served);
}

#[test]
fn who_sees_no_environment_does_the_first_part_and_hands_over() {
    let served = Served::start("fresh", FAST);
    let reader = served.object_id("power-platform-admin");
    let mut typing = guided(&served, "key-vault-admin", &["enable", "--ask"]);
    typing.sees("Your account sees no environment.");
    typing.sees("cmk-contoso in kv-contoso-cmk");
    typing.presses("cmk-contoso\r");
    typing.sees("Geography of the environment:");
    typing.presses("europe\r");
    typing.sees("ep-cmk-contoso (new)");
    typing.presses("\r");
    typing.sees("Reader of the policy");
    typing.types("somebody");
    typing.sees("No user principal name or application in this tenant matches `somebody`");
    typing.types(&reader);
    typing.sees("Continue with this plan?");
    typing.types("yes");
    let ran = typing.ends().exits(5);
    ran.says_on_stderr(&["Your part is done. The environment is not encrypted yet"]);
    let next = after(&ran.stderr, "The Power Platform administrator runs:");
    let mut typing = Typing::at(shown(&next));
    typing.sees("Contoso Unified");
    typing.presses("uat\r");
    typing.sees("Type `managed` to make it a Managed Environment");
    typing.types("managed");
    typing.sees(CONSENT);
    typing.types("Contoso UAT");
    typing.ends().exits(0);
    encrypted(&served);
}

#[test]
fn a_page_of_a_proxy_is_no_missing_environment() {
    let served = Served::start("fresh", FAST);
    served.faults(&json!([{ "match": { "host": "bap" }, "do": "html-404", "times": 1000 }]));
    let typing = guided(&served, "admin", &["enable", "--ask"]);
    let ran = typing.ends().exits(5);
    ran.says_on_stderr(&["ask the network administrator"]);
    assert!(
        !ran.stderr.contains("Your account sees no environment"),
        "{}",
        ran.stderr
    );
}

#[test]
fn it_can_be_left_anywhere_and_the_terminal_is_as_it_was() {
    let served = Served::start("fresh", FAST);
    let left = |keys: &str, code: i32| {
        let mut typing = guided(&served, "admin", &["enable", "--ask"]);
        typing.sees("Contoso Unified");
        assert!(!typing.is_as_usual());
        typing.presses(keys);
        typing.leaves_it_as_it_was();
        typing
            .ends()
            .exits(code)
            .says_on_stderr(&["No changes were made."]);
    };
    left("\u{1b}", 10);
    left("\u{4}", 10);
    left("\u{3}", 130);
    // The end of input also stops a prompt on its own line.
    let mut typing = guided(&served, "admin", &["enable", "--ask"]);
    typing.sees("Contoso Unified");
    typing.presses("uat\r");
    typing.sees("Type `managed` to make it a Managed Environment");
    typing.presses("\u{4}");
    typing
        .ends()
        .exits(10)
        .says_on_stderr(&["No changes were made."]);
    for (signal, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        let mut typing = guided(&served, "admin", &["enable", "--ask"]);
        typing.sees("Contoso Unified");
        let id = typing.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        typing.leaves_it_as_it_was();
        typing
            .ends()
            .exits(code)
            .says_on_stderr(&["No changes were made."]);
    }
    // A user who refuses at the end still gets the script.
    let mut typing = guided(&served, "admin", &["enable", "--ask"]);
    to_the_plan(&mut typing);
    typing.sees(CONSENT);
    typing.presses("\u{4}");
    let ran = typing.ends().exits(10);
    ran.says_on_stderr(&["No changes were made. The outage or change was not confirmed."]);
    assert!(
        after(&ran.stderr, "To do the same without questions").contains("--confirm 'Contoso UAT'")
    );
    assert!(served.effects().is_empty(), "{:?}", served.effects());
}

#[test]
fn the_first_page_is_there_while_others_are_read_and_typing_waits_for_none() {
    // Each page has one or two environments, and is slow.
    let served = Served::with("paged", FAST, &["--latency", "300ms"]);
    let mut typing = guided(&served, "admin", &["enable", "--ask"]);
    typing.sees(", reading more");
    typing.presses("uat");
    typing.sees("Environment: uat");
    let typed = typing.screen();
    let (_, since) = typed.split_once("Environment: uat").unwrap();
    assert!(since.contains(", reading more"), "{since}");
    typing.sees("Contoso UAT (");
    typing.presses("\r");
    typing.sees("Key:");
    typing.presses("\u{3}");
    typing.ends().exits(130);
}

#[test]
fn sixty_columns_are_enough_and_what_does_not_fit_says_why() {
    let served = Served::start("fresh", FAST);
    let mut command = served.command("admin", &["enable", "--ask"]);
    command.env("COLUMNS", "60");
    let mut typing = Typing::at(command);
    typing.sees("Contoso Unified");
    typing.presses("trial\r");
    typing.sees("You can't pick this entry.");
    let screen = typing.screen();
    let lines = screen.split(['\r', '\n', '\u{1b}']);
    for line in lines.filter(|line| !line.contains("Rehearsal in a sandbox")) {
        assert!(line.chars().count() <= 62, "{line}");
    }
    typing.presses("\u{3}");
    typing.ends().exits(130);
}

#[test]
fn numbered_lines_for_who_can_not_see_a_list_move() {
    let served = Served::start("fresh", FAST);
    for (argument, dumb) in [("--plain", false), ("--ask", true)] {
        let mut command = served.command("admin", &["enable", "--ask"]);
        if dumb {
            command.env("TERM", "dumb");
        } else {
            command.arg(argument);
        }
        let mut typing = Typing::at(command);
        // Input before the prompt is ignored.
        let asks = "Enter a number or a filter text (an empty line cancels): ";
        typing.sees("10. Contoso Trial");
        typing.sees(asks);
        typing.types("contoso uat");
        typing.sees("\n1. Contoso UAT (193e4dc2-2922-5505-aaa6-80f4c40dd75d)");
        typing.sees_at_the_end(asks);
        typing.types("1");
        typing.sees("Type `managed` to make it a Managed Environment, or anything else to stop: ");
        typing.types("managed");
        typing.sees("1. cmk-contoso in kv-contoso-cmk");
        typing.sees_at_the_end(asks);
        typing.types("1");
        typing.sees("1. ep-cmk-contoso (new)");
        typing.sees_at_the_end(asks);
        typing.types("1");
        typing.sees(CONSENT);
        let screen = typing.screen();
        assert!(!screen.contains('\u{1b}'), "{screen:?}");
        typing.types("");
        typing.ends().exits(10);
    }
    assert!(served.effects().is_empty());
}

#[test]
fn where_nobody_is_all_that_is_missing_is_named_at_once() {
    let served = Served::start("fresh", FAST);
    let ran = served.run(&["enable", "--ask"]).exits(2);
    ran.says_on_stderr(&["`--ask` works only at a terminal"]);
    let ran: Ran = crate::tool::run(&["enable"]).exits(2);
    ran.says_on_stderr(&["ENVIRONMENT", "`--policy`", "`--vault`", "`--key`"]);
    ran.says_on_stderr(&["If you have no key, `cmkctl create-key`"]);
}

#[test]
fn the_other_commands_ask_for_what_they_need() {
    let served = Served::start("ready", FAST);
    served.run(&crate::tool::ENABLE).exits(0);
    let mut typing = guided(&served, "admin", &["rotate-key", "--ask"]);
    typing.sees("cmk-contoso in kv-contoso-cmk");
    typing.presses("cmk-contoso\r");
    typing.sees("Continue with this plan?");
    typing.types("yes");
    typing.ends().exits(0);
    let mut typing = guided(&served, "admin", &["remove-environment", "--ask"]);
    typing.sees("Contoso Unified");
    typing.presses("uat\r");
    typing.sees(CONSENT);
    typing.presses("\u{4}");
    typing.ends().exits(10);
    for (command, words) in [
        ("swap-policy", "Policy:"),
        ("retire-key", "Key:"),
        ("unlock", "Env"),
    ] {
        let mut typing = guided(&served, "admin", &[command, "--ask"]);
        if command == "swap-policy" {
            typing.sees("Contoso Unified");
            typing.presses("uat\r");
        }
        typing.sees(words);
        typing.sees("Enter picks");
        typing.presses("\u{1b}");
        typing
            .ends()
            .exits(10)
            .says_on_stderr(&["No changes were made."]);
    }
}
