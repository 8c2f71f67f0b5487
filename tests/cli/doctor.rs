//! `doctor`: what is wrong, and whose turn it is.

use crate::tool::{Ran, Served, command, finish, rehearse};
use serde_json::{Value, json};

/// Verdict, fix and who of a check.
fn check(ran: &Ran, name: &str) -> (String, Value) {
    let document = ran.json();
    let found =
        document["checks"].as_array().unwrap().iter().find(|one| one["check"].as_str().unwrap().starts_with(name));
    let found = found.unwrap_or_else(|| panic!("{name}: {document:#}"));
    (found["verdict"].as_str().unwrap().to_owned(), found.clone())
}

#[test]
fn all_is_well_in_a_sandbox_at_any_speed() {
    for speed in ["1", "20000", "1000000"] {
        let ran = crate::tool::run(&["doctor", "--sandbox", "--speed", speed, "-o", "json"]).exits(0);
        assert_eq!(ran.json()["schema"], "cmkctl/doctor/v1");
        for one in ran.json()["checks"].as_array().unwrap() {
            assert_eq!(
                one["verdict"],
                if one["check"] == "role at the policy" { "warn" } else { "ok" },
                "{speed}: {one:#}"
            );
        }
    }
}

#[test]
fn a_missing_role_is_exit_5_and_says_whose_turn_it_is() {
    let ran = rehearse(&["doctor", "--sandbox-user", "unregistered", "-o", "json"]).exits(5);
    let (verdict, row) = check(&ran, "role in Power Platform");
    assert_eq!(verdict, "fail");
    assert!(row["fix"].as_str().unwrap().contains("New-PowerAppManagementApp"), "{row:#}");
    assert_eq!(row["who"], "Power Platform Administrator");
    let ran = rehearse(&["doctor", "--sandbox-user", "key-vault-admin", "-o", "json"]).exits(5);
    assert_eq!(check(&ran, "role in Power Platform").0, "fail");
    assert_eq!(check(&ran, "role at the vault").0, "ok");
    let table = rehearse(&["doctor", "--sandbox-user", "unregistered"]).exits(5);
    assert!(
        table.stdout.starts_with("VERDICT") || table.stdout.trim_start().starts_with("VERDICT"),
        "{}",
        table.stdout
    );
}

#[test]
fn a_clock_that_is_off_and_a_sign_in_that_fails_are_exit_4() {
    let served = Served::start("ready", "1");
    let mut cloud: Value = serde_json::from_str(&std::fs::read_to_string(served.file()).unwrap()).unwrap();
    // This machine believes that the sandbox began ten minutes earlier than it did.
    let started = cloud["sandbox"]["started_unix_ms"].as_i64().unwrap();
    cloud["sandbox"]["started_unix_ms"] = json!(started - 600_000);
    let skewed = served.folder().join("skewed.json");
    std::fs::write(&skewed, cloud.to_string()).unwrap();
    let mut asked = command(&["doctor", "-o", "json", "--cloud"]);
    asked.arg(&skewed);
    let ran = finish(asked).exits(4);
    let (verdict, row) = check(&ran, "clock");
    assert_eq!(verdict, "fail");
    assert!(row["what"].as_str().unwrap().contains("s off the cloud's"), "{row:#}");
    assert_eq!(row["who"], "you, who run the command");
    cloud["sandbox"]["started_unix_ms"] = json!(started);
    cloud["tenant"] = json!("99999999-9999-9999-9999-999999999999");
    std::fs::write(&skewed, cloud.to_string()).unwrap();
    let mut asked = command(&["doctor", "-o", "json", "--cloud"]);
    asked.arg(&skewed);
    let ran = finish(asked).exits(4);
    assert_eq!(check(&ran, "sign-in to").0, "fail");
}

#[test]
fn a_network_that_is_not_there_is_exit_1() {
    let served = Served::start("ready", "1");
    drop_keeping(served, |dead| {
        let mut asked = command(&["doctor", "-o", "json", "--cloud"]);
        asked.arg(dead);
        let ran = finish(asked).exits(1);
        let (verdict, row) = check(&ran, "reach sign-in");
        assert_eq!((verdict.as_str(), row["who"].as_str()), ("fail", Some("network administrator")));
    });
}

/// Stops the sandbox, and keeps a copy of its file.
fn drop_keeping(served: Served, look: impl FnOnce(&std::path::Path)) {
    let kept = tempfile::NamedTempFile::with_suffix(".json").unwrap();
    std::fs::copy(served.file(), kept.path()).unwrap();
    drop(served);
    look(kept.path());
}
