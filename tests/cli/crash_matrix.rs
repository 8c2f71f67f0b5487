//! The client dies at every request, before it took effect and after, and the same command again goes on; and Ctrl-C while it waits.

use crate::arena::{Arena, jobs};
use crate::tenants::plain;
use crate::tool::{FAST, Served, interrupt};
use serde_json::{Value, json};
use std::io::Write;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const SPEED: f64 = 20_000.0;

/// Kills the client while its request hangs; `false` when no request came to hang.
fn killed(arena: &Arena, arguments: &[&str]) -> bool {
    let mut command = arena.command(arguments);
    // The client must not lose its patience first.
    let mut child =
        command.env("CMKCTL_HTTP_TIMEOUT", "60").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let stalled = arena.stalled(&mut child);
    let _ = child.kill();
    child.wait().unwrap();
    stalled
}

#[test]
fn a_run_that_dies_anywhere_is_finished_by_the_same_command() {
    let arenas: Vec<Arena> = (0..4).map(|_| Arena::open()).collect();
    let failures = Mutex::new(Vec::new());
    let mut total = 0;
    for job in jobs() {
        let arena = &arenas[0];
        arena.begin(&job.scenario, &json!([]), SPEED);
        arena.run(job.arguments).exits(0);
        let (clean, last) = (arena.end(), arena.ledger()["last"].as_u64().unwrap());
        let points: Vec<(u64, &str)> =
            (1..=last).flat_map(|number| [(number, "stall-before"), (number, "stall-after")]).collect();
        let (next, early) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for arena in &arenas {
                scope.spawn(|| {
                    while let Some((number, kind)) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let rule = json!([{ "match": { "request": number }, "do": kind, "seconds": 60 }]);
                        arena.begin(&job.scenario, &rule, SPEED);
                        if !killed(arena, job.arguments) {
                            // Fewer looks than in the first run: it was over before.
                            early.fetch_add(1, Ordering::Relaxed);
                        }
                        arena.faults(&json!([]));
                        let again = arena.run(job.arguments);
                        let end = arena.end();
                        if again.code != 0 || end != clean {
                            let what = format!("{} {kind} {number}: exit {}", job.name, again.code);
                            failures.lock().unwrap().push(format!("{what}\n{}\n{end:#?}", again.stderr));
                        }
                    }
                });
            }
        });
        let failed = failures.lock().unwrap().len();
        let _ = writeln!(
            std::io::stdout(),
            "{}: killed before and after each of {last} requests ({} deaths came after the end), {failed} failed",
            job.name,
            early.into_inner()
        );
        total += points.len();
    }
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {total}:\n{}", failures.len(), failures.join("\n\n"));
}

/// Interrupts a command as soon as `reached` says so, and returns its exit code and words.
fn run_interrupted(served: &Served, arguments: &[&str], reached: impl Fn(&Served) -> bool) -> (Option<i32>, String) {
    let mut command = served.command("admin", arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !reached(served) {
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(150));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn ctrl_c_is_heard_wherever_it_waits() {
    let did = |what: &'static str| move |served: &Served| served.effects().iter().any(|effect| effect == what);
    // At a speed at which each wait takes longer than the test.
    for (scenario, reached, resume) in [
        (plain(json!({ "provider": "NotRegistered" })), "provider-registered", "enable"),
        // The identity is known at once, and the grant is waited for.
        (plain(json!({ "settings": { "identity_seconds": 0 } })), "role-assigned", "enable"),
    ] {
        let served = Served::patched(&scenario, "10");
        let arguments = ["enable", "--yes", "--confirm", "Contoso UAT"];
        let (code, words) = run_interrupted(&served, &arguments, did(reached));
        assert_eq!(code, Some(130), "{reached}: {words}");
        assert!(words.contains("what was done so far stays"), "{reached}: {words}");
        let (_, command) = words.split_once("Go on from there: `").unwrap();
        let command = command.split('`').next().unwrap();
        assert!(command.starts_with("cmkctl --cloud") && command.contains(resume), "{reached}: {command}");
        assert!(!served.effects().contains(&"link-started".to_owned()), "{reached}");
    }
}

#[test]
fn ctrl_c_is_heard_in_the_middle_of_a_request() {
    let arena = Arena::open();
    let job = &jobs()[0];
    let stalls = |path: &str| json!([{ "match": { "path": path }, "do": "stall-after", "seconds": 60 }]);
    arena.begin(&job.scenario, &stalls("/Encryption/link"), FAST.parse().unwrap());
    let mut command = arena.command(job.arguments);
    let mut child =
        command.env("CMKCTL_HTTP_TIMEOUT", "60").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    assert!(arena.stalled(&mut child));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{words}");
    assert!(words.contains("Go on from there: `cmkctl"), "{words}");
    arena.faults(&Value::Array(Vec::new()));
    arena.run(job.arguments).exits(0);
    assert_eq!(arena.end().effects.iter().filter(|effect| effect.starts_with("link-started")).count(), 1);
}
