//! Whatever stops the program, it ends soon, tells how to continue, and starts nothing afterwards.

use crate::children::{self, ended, piped};
use crate::hints::words as words_of;
use crate::tenants::generated;
use crate::terminal::Typing;
use crate::tool::{ENABLE, FAST, Served, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const QUESTION: &str = "Type the name to continue";

fn signal(id: u32, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(id).unwrap()).unwrap(), signal).unwrap();
}

/// Waits for the end of the process, which must come soon.
#[track_caller]
fn ended_within(child: Child, within: Duration) -> (Option<i32>, String) {
    let output = children::ended_within(within, child).unwrap_or_else(|hung| panic!("{hung:?}"));
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn until_effect(served: &Served, what: &str) {
    until(what, || served.times(what) > 0);
}

/// Waits for `more` further requests. The earlier ones have then been answered.
fn asked_after(served: &Served, more: usize) {
    let asked = || served.log().len();
    let before = asked();
    until("somebody who asks", || asked() >= before + more);
}

/// Waits until every request has been answered, and the program has had time to write.
fn until_nobody_asks(served: &Served) {
    let asked = || served.ledger()["requests"].as_u64().unwrap();
    until("a pause", || {
        let before = asked();
        std::thread::sleep(Duration::from_millis(1500));
        before > 0 && asked() == before
    });
}

#[test]
fn ctrl_c_at_a_prompt_ends_it_without_another_key() {
    let served = Served::start("ready", FAST);
    for (what, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let typing = Typing::at(served.command("admin", &["enable"]));
        typing.sees(QUESTION);
        signal(typing.id(), what);
        let ran = typing.ends().exits(code);
        assert!(
            ran.stderr
                .contains("cmkctl was interrupted before you answered"),
            "{}",
            ran.stderr
        );
        assert!(served.effects().is_empty());
    }
    // The same for the second prompt, which follows the repair.
    let fresh = Served::start("fresh", FAST);
    let mut typing = Typing::at(fresh.command("admin", &["enable", "--fix"]));
    typing.sees("skip this repair:");
    typing.types("yes");
    typing.sees("✓");
    let began = Instant::now();
    while typing.screen().matches("skip this repair:").count() < 2
        && !typing.screen().contains(QUESTION)
    {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{}",
            typing.screen()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    signal(typing.id(), Signal::INT);
    typing.ends().exits(130);
    assert!(!fresh.effects().contains(&"link-started".to_owned()));
    // An answer to the prompt starts the change.
    let mut typing = Typing::at(served.command("admin", &["enable"]));
    typing.sees(QUESTION);
    typing.types("Contoso UAT");
    typing.ends().exits(0);
    assert!(served.effects().contains(&"link-started".to_owned()));
}

#[test]
fn what_was_typed_before_the_question_is_no_consent() {
    let served = Served::with("ready", FAST, &["--latency", "300ms"]);
    for early in ["Contoso UAT", "yes\nContoso UAT\nContoso UAT"] {
        let mut typing = Typing::at(served.command("admin", &["enable"]));
        typing.sees("Rehearsal");
        typing.presses(&format!("{early}\n"));
        typing.sees(QUESTION);
        std::thread::sleep(Duration::from_millis(500));
        assert!(served.effects().is_empty(), "{}", typing.screen());
        signal(typing.id(), Signal::INT);
        typing.ends().exits(130);
    }
    let mut typing = Typing::at(served.command("admin", &["enable"]));
    typing.sees("Rehearsal");
    typing.presses("no\n");
    typing.sees(QUESTION);
    typing.types("Contoso UAT");
    typing.ends().exits(0);
    assert!(served.effects().contains(&"link-started".to_owned()));
}

#[test]
fn every_signal_says_how_to_go_on_and_that_command_does() {
    // With a slow network it stops during a request, otherwise between two requests.
    for (what, code, latency) in [
        (Signal::INT, 130, "0ms"),
        (Signal::TERM, 143, "0ms"),
        (Signal::HUP, 129, "0ms"),
        (Signal::INT, 130, "300ms"),
    ] {
        let served = Served::with("ready", "3000", &["--latency", latency]);
        let command = served.command("admin", &ENABLE);
        let child = piped(command);
        until_effect(&served, "link-started");
        asked_after(&served, 2);
        signal(child.id(), what);
        let (ended, words) = ended_within(child, Duration::from_secs(5));
        assert_eq!(ended, Some(code), "{words}");
        assert_eq!(words.matches("at the service").count(), 1, "{words}");
        let (_, resume) = words
            .split_once("anything twice:")
            .unwrap_or_else(|| panic!("{words}"));
        let resume = words_of(resume.trim_start().lines().next().unwrap());
        let resume: Vec<&str> = resume.iter().map(String::as_str).skip(1).collect();
        let (resume, cloud): (Vec<&str>, Vec<&str>) = {
            let at = resume.iter().position(|word| *word == "--cloud").unwrap();
            (
                [&resume[..at], &resume[at + 2..]].concat(),
                vec![resume[at], resume[at + 1]],
            )
        };
        assert_eq!(cloud[1], served.cloud_file().to_str().unwrap());
        served.run(&resume).exits(0);
        assert_eq!(served.times("link-started"), 1);
    }
}

#[test]
fn a_wait_of_somebody_else_is_stopped_and_gone_on_with() {
    let served = Served::start("ready", "600");
    served.run(&[&ENABLE[..], &["--no-wait"]].concat()).exits(8);
    let command = served.command("admin", &["status", "--wait"]);
    let child = piped(command);
    std::thread::sleep(Duration::from_secs(1));
    signal(child.id(), Signal::TERM);
    let (code, words) = ended_within(child, Duration::from_secs(5));
    assert_eq!(code, Some(143), "{words}");
    assert!(
        words.contains("--wait") && words.contains("at the service"),
        "{words}"
    );
    served.run(&["status", "--wait"]).exits(0);
}

#[test]
fn a_read_that_hangs_is_stopped_at_once() {
    let served = Served::start("ready", FAST);
    served.faults(
        &json!([{ "match": { "host": "bap" }, "do": "stall-before", "seconds": 60, "times": 100 }]),
    );
    for arguments in [&["status"][..], &["status", "--all", "-o", "json"], &ENABLE] {
        let command = served.command("admin", arguments);
        let child = piped(command);
        std::thread::sleep(Duration::from_millis(700));
        signal(child.id(), Signal::INT);
        let (code, words) = ended_within(child, Duration::from_secs(4));
        assert_eq!(code, Some(130), "{arguments:?}: {words}");
        assert!(
            words.contains("stopped before it ended"),
            "{arguments:?}: {words}"
        );
    }
    assert!(served.effects().is_empty());
    served.faults(&json!([]));
    served.run(&["status"]).exits(0);
}

#[test]
fn a_second_ctrl_c_ends_what_does_not_hear_the_first() {
    // The output is not read, so the program hangs while it writes.
    let served = Served::patched(&generated(3000), FAST);
    let mut command = served.command("admin", &["status", "--all", "-o", "json"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until_nobody_asks(&served);
    assert!(child.try_wait().unwrap().is_none());
    signal(child.id(), Signal::INT);
    std::thread::sleep(Duration::from_millis(500));
    assert!(
        child.try_wait().unwrap().is_none(),
        "it heard the first one: this test must be another"
    );
    signal(child.id(), Signal::INT);
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_secs(2), "it hangs");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn who_is_to_outlive_the_terminal_does() {
    let served = Served::start("ready", "600");
    let own = served.command("admin", &ENABLE);
    let mut nohup = std::process::Command::new("/usr/bin/nohup");
    nohup
        .env_clear()
        .env("HOME", "/nonexistent")
        .arg(own.get_program())
        .args(own.get_args());
    let child = nohup
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until_effect(&served, "link-started");
    signal(child.id(), Signal::HUP);
    let (code, words) = ended_within(child, Duration::from_secs(60));
    assert_eq!(code, Some(0), "{words}");
}

#[test]
fn no_core_dump_holds_a_token() {
    let served = Served::start("ready", "300");
    let enable = served.command("admin", &ENABLE);
    // A script's background process ignores SIGQUIT, and its children inherit that.
    let mut command = Command::new("/usr/bin/env");
    let child = command
        .arg("--default-signal=QUIT")
        .arg(enable.get_program())
        .args(enable.get_args())
        .env_clear()
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until_effect(&served, "link-started");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    let numbers: Vec<&str> = core.split_whitespace().skip(4).take(2).collect();
    assert_eq!(numbers, ["0", "0"], "{core}");
    signal(child.id(), Signal::QUIT);
    let status = ended(child).status;
    use std::os::unix::process::ExitStatusExt;
    assert_eq!(
        (status.signal(), status.core_dumped()),
        (Some(Signal::QUIT.as_raw()), false)
    );
}
