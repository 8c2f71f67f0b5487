//! The possible ends of `apply`, and how it continues.

use super::*;
#[cfg(unix)]
use crate::children::{ended, piped};

#[test]
fn each_environment_is_told_when_it_ends_and_the_file_at_last() {
    let served = Served::patched(&teams(), FAST);
    let hook = Hook::start(&[Says::Status(200)]);
    let file = wanted_file(&served, "at-most = 2", &[("Team a", 1), ("Team b", 1)]);
    let (names, notified) = (["Team a", "Team b"], ["--notify", &hook.url]);
    let asked = [&apply(&file, &names)[..], &notified].concat();
    served.run(&asked).exits(0);
    let documents = hook.documents();
    let (last, before) = documents.split_last().unwrap();
    let ended = (&last["event"], &last["exit_code"]);
    assert_eq!(ended, (&json!("done"), &json!(0)));
    for name in names {
        let title = format!("cmkctl apply for {name}: done and verified");
        let told = before.iter().filter(|document| document["title"] == title);
        assert_eq!(told.count(), 1, "{name}: {before:#?}");
    }
}

#[test]
fn the_first_failure_starts_nothing_more() {
    let served = Served::patched(&teams(), FAST);
    let file = wanted_file(
        &served,
        "at-most = 2",
        &[("Team a", 1), ("Team b", 1), ("Team c", 1), ("Team d", 2)],
    );
    let a = served.ids_by_name()["Team a"].clone();
    served.faults(&json!([{ "match": { "method": "POST",
        "path": format!("{a}/enterprisePolicies") }, "do": "words", "to": "Nope", "times": 9 }]));
    let ran = served.run(&[&apply(&file, &ALL[..4])[..], &["-o", "json"]].concat());
    assert_eq!(ran.code, 5, "{} {}", ran.stdout, ran.stderr);
    let document = ran.json();
    let outcomes: Vec<&str> = document["environments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(
        outcomes,
        ["failed", "done", "not-started", "not-started"],
        "{document:#}"
    );
    assert_eq!(document["outcome"], "failed");
    assert_eq!(start_times(&served).len(), 1);
    // The repeated command continues, and skips environments that are done.
    served.faults(&json!([]));
    served.run(&apply(&file, &ALL[..4])).exits(0);
    let mut names: Vec<String> = start_times(&served)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    names.sort();
    assert_eq!(names, ["a", "b", "c", "d"]);
}

#[test]
fn a_key_that_goes_between_two_rings_stops_the_second_one() {
    // The event comes half an hour after the start. The first ring then runs, and the second one
    // starts an hour later.
    let event = json!({ "events": [{ "after_days": 0.03, "do": "disable-key",
        "vault": "kv-contoso-cmk", "key": "cmk-contoso" }] });
    let served = Served::patched(&overlaid(teams(), event), "1500");
    let name = wanted_file(&served, "at-most = 1", &[("Team a", 1), ("Team b", 2)]);
    let ran = served.run(&apply(&name, &["Team a", "Team b"])).exits(6);
    ran.says(&["`Team b` was not started", "CMK016", "--enabled true"]);
    assert_eq!(start_times(&served).len(), 1, "{}", ran.stderr);
}

#[test]
fn operations_that_fail_are_all_said() {
    let served = Served::patched(
        &overlaid(teams(), json!({ "settings": { "link_ends": "failed" } })),
        FAST,
    );
    let file = wanted_file(
        &served,
        "at-most = 2",
        &[("Team a", 1), ("Team b", 1), ("Team c", 1)],
    );
    let ran = served.run(&apply(&file, &ALL[..3])).exits(9);
    ran.says(&[
        "failed, and nothing more was started",
        "but `Team a` does not show",
        "but `Team b` does not show",
        "not started",
    ]);
    assert_eq!(start_times(&served).len(), 2);
}

#[test]
fn the_same_command_goes_on_after_a_kill() {
    let served = Served::patched(&teams(), "2000");
    let file = wanted_file(
        &served,
        "at-most = 2",
        &[("Team a", 1), ("Team b", 1), ("Team c", 2)],
    );
    let mut child = served
        .command("admin", &apply(&file, &ALL[..3]))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("two starts", || start_times(&served).len() == 2);
    child.kill().unwrap();
    child.wait().unwrap();
    let planned = served.run(&["plan", &file]).exits(0);
    planned.says(&[
        "Wait until `Team a` is encrypted",
        "Add the environment `Team c`",
    ]);
    // The caller gives all names again. Those of finished environments are accepted.
    served.run(&apply(&file, &ALL[..3])).exits(0);
    assert_eq!(start_times(&served).len(), 3);
}

#[cfg(unix)]
#[test]
fn interrupted_it_says_how_to_go_on() {
    let served = Served::patched(&teams(), "60");
    let file = wanted_file(&served, "at-most = 1", &[("Team a", 1), ("Team b", 1)]);
    let child = piped(served.command("admin", &apply(&file, &ALL[..2])));
    until("a start", || !start_times(&served).is_empty());
    std::thread::sleep(std::time::Duration::from_millis(200));
    crate::tool::interrupt(&child);
    let output = ended(child);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(
        text.matches("at the service").count() == 1
            && text.contains("Continue with:\n            cmkctl --cloud"),
        "{text}"
    );
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(
        shown.contains("in progress at the service") && shown.contains("not started"),
        "{shown}"
    );
}

#[test]
fn without_waiting_one_wave_is_started_at_a_time() {
    let served = Served::patched(&teams(), "600");
    let file = wanted_file(
        &served,
        "at-most = 2",
        &[("Team a", 1), ("Team b", 1), ("Team c", 1)],
    );
    let mut arguments = apply(&file, &ALL[..3]);
    arguments.push("--no-wait");
    let ran = served.run(&arguments).exits(8);
    ran.says(&[
        "in progress at the service",
        "not started",
        "Continue with:",
    ]);
    assert_eq!(start_times(&served).len(), 2);
    // A running operation counts toward `at-most`, so no other starts.
    served.run(&arguments).exits(8);
    assert_eq!(start_times(&served).len(), 2);
    // The time limit applies to the whole run.
    arguments.pop();
    arguments.extend(["--timeout", "30m"]);
    let late = served.run(&arguments).exits(8);
    late.says(&["continues at the service"]);
    assert_eq!(start_times(&served).len(), 2);
}
