//! The client dies at every request, before or after its effect. The same command then continues.

use crate::arena::{Arena, End, Job, job, spread};
use serde_json::json;
use std::io::Write;
use std::process::Stdio;

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
