//! A change ticket stands in everything that a run leaves behind.

use crate::hook::{Hook, Says};
use crate::tool::{ENABLE, FAST, Served, finish, run};
use serde_json::Value;

const CHANGE: [&str; 2] = ["--change", "CHG-1.2_3"];

#[test]
fn everything_that_a_run_leaves_names_its_ticket() {
    let (served, hook) = (
        Served::start("ready", FAST),
        Hook::start(&[Says::Status(200)]),
    );
    let log = served.folder().join("audit.jsonl");
    let log = log.to_str().unwrap();
    let with = |arguments: &[&str]| served.run(&[arguments, &CHANGE].concat());
    with(&["enable", "--dry-run"])
        .exits(0)
        .says(&[", change CHG-1.2_3:"]);
    // The command that comes next names it, too.
    with(&["status"]).exits(0).says(&["--change CHG-1.2_3"]);
    let more = ["-o", "json", "--audit-log", log, "--notify", &hook.url];
    let done = with(&[&ENABLE[..], &more].concat()).exits(0).json();
    assert_eq!(done["change"], "CHG-1.2_3");
    let lines = std::fs::read_to_string(log).unwrap();
    assert!(lines.lines().count() > 4);
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["change"], "CHG-1.2_3", "{line}");
    }
    let agent = format!(
        "user-agent: cmkctl/{} change/chg-1.2_3\n",
        env!("CARGO_PKG_VERSION")
    );
    assert!(
        hook.posted()[0].head.contains(&agent),
        "{}",
        hook.posted()[0].head
    );
    let report = with(&["report", "-o", "json"]).exits(0).json();
    assert_eq!(report["change"], "CHG-1.2_3");
    for (format, words) in [
        ("html", "<dt>Change</dt><dd>CHG-1.2_3</dd>"),
        ("markdown", "Change CHG-1.2_3."),
    ] {
        with(&["report", "-o", format]).exits(0).says(&[words]);
    }
    // Without one, nothing names one.
    let plain = served.run(&["report", "-o", "json"]).exits(0).json();
    assert_eq!(plain["change"], Value::Null);
}

#[test]
fn a_file_names_it_as_well() {
    let served = Served::start("ready", FAST);
    let wanted = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/wanted.toml");
    let ran = served.run(&["plan", wanted, "-o", "json", CHANGE[0], CHANGE[1]]);
    assert_eq!(ran.json()["change"], "CHG-1.2_3");
}

#[test]
fn an_id_is_plain_and_may_come_from_the_environment() {
    for wrong in ["", "a b", "a/b", &"x".repeat(65)] {
        run(&["status", "--sandbox", "--change", wrong]).exits(2);
    }
    let mut command = crate::tool::command(&["enable", "--dry-run", "--sandbox"]);
    command.env("CMKCTL_CHANGE", "CHG7");
    finish(command).exits(0).says(&[", change CHG7:"]);
}
