//! The client dies at every request, before or after its effect. The same command then continues.
//! Also Ctrl-C during a wait.

use crate::arena::{Arena, End, Job, job, spread};
use crate::tenants::plain;
use crate::tool::{FAST, Served, interrupt};
use serde_json::{Value, json};
use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

const SPEED: f64 = 20_000.0;
/// Exit code if another operation runs.
const BUSY: i32 = 7;

/// Kills the client while its request hangs. Returns `false` if no request hung.
fn killed(arena: &Arena, arguments: &[&str]) -> bool {
    let mut command = arena.command("admin", arguments);
    // The client must not time out first.
    let mut child = command
        .env("CMKCTL_HTTP_TIMEOUT", "60")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let stalled = arena.stalled(&mut child);
    let _ = child.kill();
    child.wait().unwrap();
    stalled
}

/// The client dies before and after each request of this job, and the same command finishes the
/// job.
#[track_caller]
fn dies_anywhere(name: &str) {
    let job = job(name);
    let arena = Arena::open();
    arena.begin(&job.scenario, &json!([]), SPEED);
    arena.run(job.arguments).exits(0);
    let (clean, last) = (arena.end(), arena.ledger()["last"].as_u64().unwrap());
    let points: Vec<(u64, &str)> = (1..=last)
        .flat_map(|number| [(number, "stall-before"), (number, "stall-after")])
        .collect();
    let outcomes = spread(&points, |arena, (number, kind)| {
        finished(arena, &job, &clean, *number, kind)
    });
    // The run ended before this request, because it needed fewer polls than the first one.
    let early = outcomes.iter().filter(|(stalled, _)| !stalled).count();
    let failures: Vec<String> = outcomes
        .into_iter()
        .filter_map(|(_, failure)| failure)
        .collect();
    let _ = writeln!(
        std::io::stdout(),
        "{name}: killed before and after each of {last} requests ({early} deaths came after the \
         end), {} failed",
        failures.len()
    );
    assert!(
        failures.is_empty(),
        "{} of {}:\n{}",
        failures.len(),
        points.len(),
        failures.join("\n\n")
    );
}

/// Kills the client at this request and runs the same command. Returns whether a request hung, and
/// the failure if any.
fn finished(
    arena: &Arena,
    job: &Job,
    clean: &End,
    number: u64,
    kind: &str,
) -> (bool, Option<String>) {
    let rule = json!([{ "match": { "request": number }, "do": kind, "seconds": 60 }]);
    arena.begin(&job.scenario, &rule, SPEED);
    let stalled = killed(arena, job.arguments);
    arena.faults(&json!([]));
    let mut again = arena.run(job.arguments);
    if again.code == BUSY {
        // The operation of the dead client may end between two reads of one snapshot. The
        // environment is then still `Running`, but no operation runs. The client reports busy and
        // sends nothing.
        again = arena.run(job.arguments);
    }
    let end = arena.end();
    let what = || {
        format!(
            "{} {kind} {number}: exit {}\n{}\n{end:#?}",
            job.name, again.code, again.stderr
        )
    };
    (stalled, (again.code != 0 || end != *clean).then(what))
}

#[test]
fn add_environment_dies_anywhere_and_is_finished_by_the_same_command() {
    dies_anywhere("add-environment");
}

#[test]
fn create_policy_dies_anywhere_and_is_finished_by_the_same_command() {
    dies_anywhere("create-policy");
}

#[test]
fn create_key_dies_anywhere_and_is_finished_by_the_same_command() {
    dies_anywhere("create-key");
}

#[test]
fn enable_dies_anywhere_and_is_finished_by_the_same_command() {
    dies_anywhere("enable");
}

#[test]
fn swap_policy_dies_anywhere_and_is_finished_by_the_same_command() {
    dies_anywhere("swap-policy");
}

/// Interrupts a command as soon as `reached` is true. Returns its exit code and output.
fn run_interrupted(
    served: &Served,
    arguments: &[&str],
    reached: impl Fn(&Served) -> bool,
) -> (Option<i32>, String) {
    let mut command = served.command("admin", arguments);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !reached(served) {
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(150));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn ctrl_c_is_heard_wherever_it_waits() {
    let did = |what: &'static str| {
        move |served: &Served| served.effects().iter().any(|effect| effect == what)
    };
    // At this speed, each wait takes longer than the test.
    for (scenario, reached, resume) in [
        (
            plain(json!({ "provider": "NotRegistered" })),
            "provider-registered",
            "enable",
        ),
        // The identity is known immediately, so the run waits for the grant.
        (
            plain(json!({ "settings": { "identity_seconds": 0 } })),
            "role-assigned",
            "enable",
        ),
    ] {
        let served = Served::patched(&scenario, "10");
        let arguments = ["enable", "--yes", "--confirm", "Contoso UAT"];
        let (code, words) = run_interrupted(&served, &arguments, did(reached));
        assert_eq!(code, Some(130), "{reached}: {words}");
        assert!(
            words.contains("Changes already made stay"),
            "{reached}: {words}"
        );
        let (_, command) = words.split_once("Continue with:").unwrap();
        let command = command.trim_start().lines().next().unwrap();
        assert!(
            command.starts_with("cmkctl --cloud") && command.contains(resume),
            "{reached}: {command}"
        );
        assert!(
            !served.effects().contains(&"link-started".to_owned()),
            "{reached}"
        );
    }
}

#[test]
fn ctrl_c_is_heard_in_the_middle_of_a_request() {
    let arena = Arena::open();
    let job = &job("add-environment");
    let stalls =
        |path: &str| json!([{ "match": { "path": path }, "do": "stall-after", "seconds": 60 }]);
    arena.begin(
        &job.scenario,
        &stalls("/Encryption/link"),
        FAST.parse().unwrap(),
    );
    let mut command = arena.command("admin", job.arguments);
    let mut child = command
        .env("CMKCTL_HTTP_TIMEOUT", "60")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    assert!(arena.stalled(&mut child));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{words}");
    assert!(
        words.contains("Continue with:\n            cmkctl"),
        "{words}"
    );
    arena.faults(&Value::Array(Vec::new()));
    arena.run(job.arguments).exits(0);
    assert_eq!(
        arena
            .end()
            .effects
            .iter()
            .filter(|effect| effect.starts_with("link-started"))
            .count(),
        1
    );
}
