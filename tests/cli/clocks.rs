//! Time: limits of answers and waits, and the clock that decides about them.

use crate::between::{Between, Deed, Deeds};
use crate::children::{ended, piped};
use crate::tenants::{link_ends, policy_ready};
use crate::tool::{FAST, Ran, Served, finish, until};
use jiff::Timestamp;
use serde_json::json;
use std::process::Stdio;
use std::time::{Duration, Instant};

const ADD: [&str; 4] = ["add-environment", "--yes", "--confirm", "Contoso UAT"];
const OPERATION: &str = "/lifecycleOperations/";
const ENVIRONMENT: &str = "/scopes/admin/environments/";
const APART: &str = " apart. A change window";

/// The policy exists, and encryption takes an hour and a half.
fn ready_at(speed: &str) -> Served {
    Served::patched(&policy_ready(json!({})), speed)
}

fn run_between(between: &Between, arguments: &[&str]) -> Ran {
    finish(between.command(arguments))
}

#[test]
fn an_answer_that_drips_is_lost_after_its_time() {
    let status = |deeds: Deeds| {
        let served = ready_at(FAST);
        let between = Between::new(&served, deeds);
        let mut command = between.command(&["status", "-v"]);
        command.env("CMKCTL_HTTP_TIMEOUT", "1");
        let began = Instant::now();
        (finish(command), began.elapsed())
    };
    // Both runs make six attempts, at the same time.
    let (signed_in, looked) = std::thread::scope(|scope| {
        let looked = scope.spawn(|| status(vec![(ENVIRONMENT, Deed::Drip)]));
        (
            status(vec![("/oauth2/", Deed::Drip)]),
            looked.join().unwrap(),
        )
    });
    let (ran, took) = looked;
    let ran = ran.exits(1);
    assert!(
        ran.stderr
            .contains("the answer was not complete within 1 s"),
        "{}",
        ran.stderr
    );
    // Six attempts of a second each.
    assert!(took < Duration::from_secs(30), "{took:?}");
    let (ran, took) = signed_in;
    ran.exits(4);
    assert!(took < Duration::from_secs(30), "{took:?}");
    status(Deeds::new()).0.exits(0);
}

#[test]
fn a_look_that_hangs_does_not_outlast_the_deadline() {
    // Both runs wait for their deadline at the same time.
    std::thread::scope(|scope| {
        for hangs in [OPERATION, ENVIRONMENT] {
            scope.spawn(move || ends_at_its_deadline(hangs));
        }
    });
    // The same command with enough time and healthy services.
    let served = ready_at(FAST);
    let between = Between::new(&served, Deeds::new());
    run_between(&between, &[&ADD[..], &["--timeout", "2d"]].concat()).exits(0);
}

/// These reads hang, and the wait still ends at its deadline.
fn ends_at_its_deadline(hangs: &'static str) {
    // At this speed, an hour and a half takes a minute and a half, and five minutes take five
    // seconds.
    let served = ready_at("60");
    let between = Between::new(&served, Deeds::new());
    let command = between.command(&[&ADD[..], &["--timeout", "5m"]].concat());
    let child = piped(command);
    until("a start", || served.times("link-started") > 0);
    between.does(vec![(hangs, Deed::Hang)]);
    let began = Instant::now();
    let output = ended(child);
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(8), "{hangs}: {words}");
    assert!(
        words.contains("at the service") && words.contains("To keep waiting"),
        "{hangs}: {words}"
    );
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{hangs}: {:?}",
        began.elapsed()
    );
}

#[test]
fn the_environment_ends_a_wait_whose_operation_can_not_be_read() {
    for trouble in ["html-502", "reset-before", "403"] {
        let served = ready_at(FAST);
        served.faults(
            &json!([{ "match": { "path": OPERATION }, "do": trouble, "times": 1_000_000 }]),
        );
        let ran = served.run(&ADD);
        // A permanent refusal ends the wait, unless the environment is ready before.
        if trouble == "403" {
            assert!([0, 5].contains(&ran.code), "{trouble}: {}", ran.stderr);
        } else {
            let ran = ran.exits(0);
            assert!(
                ran.stderr.contains("The environment is online again"),
                "{trouble}: {}",
                ran.stderr
            );
        }
        assert_eq!(served.times("link-started"), 1);
    }
    // The operation failed, and only the environment shows it.
    let served = Served::patched(&link_ends("failed"), FAST);
    served.run(&["create-policy", "--yes"]).exits(0);
    served.faults(
        &json!([{ "match": { "path": OPERATION }, "do": "reset-before", "times": 1_000_000 }]),
    );
    let ran = served.run(&ADD).exits(9);
    assert!(
        ran.stderr
            .contains("does not show that the policy is applied"),
        "{}",
        ran.stderr
    );
}

#[test]
fn clocks_that_are_apart_are_said_once() {
    let served = ready_at("1");
    let between = Between::new(&served, Deeds::new());
    for (deeds, words) in [
        (Deeds::new(), ""),
        (vec![("", Deed::Off(-200))], ""),
        (vec![("", Deed::Off(630))], "10 min"),
        (vec![("", Deed::Off(-630))], "10 min"),
        (
            vec![("api.bap.microsoft.com", Deed::Off(-300_000))],
            "3 d 11 h",
        ),
    ] {
        let said = usize::from(!words.is_empty());
        between.does(deeds.clone());
        let ran = run_between(&between, &["status"]).exits(0);
        assert_eq!(
            ran.stderr.matches(APART).count(),
            said,
            "{deeds:?}: {}",
            ran.stderr
        );
        assert!(ran.stderr.contains(words), "{deeds:?}: {}", ran.stderr);
        assert_eq!(
            ran.stderr.contains("Set this machine's clock"),
            said == 1,
            "{deeds:?}: {}",
            ran.stderr
        );
    }
    // Sandbox time is accelerated, so a short answer takes half an hour of it.
    let served = ready_at(FAST);
    let between = Between::new(&served, Deeds::new());
    let ran = run_between(&between, &["status"]).exits(0);
    assert!(!ran.stderr.contains(APART), "{}", ran.stderr);
}

#[test]
fn a_window_is_open_when_it_is_by_every_clock() {
    // The sandbox's time is Monday, eight o'clock.
    for (window, deeds, starts_now) in [
        ("mon 07:30-mon 12:00", Deeds::new(), true),
        ("mon 07:30-mon 12:00", vec![("", Deed::Off(600))], true),
        (
            "mon 07:30-mon 12:00",
            vec![("api.bap.microsoft.com", Deed::Off(-2400))],
            false,
        ),
        ("mon 04:00-mon 08:30", Deeds::new(), true),
        (
            "mon 04:00-mon 08:30",
            vec![("management.azure.com", Deed::Off(2400))],
            false,
        ),
        // The window is open by the services' clocks, but not by this machine's.
        ("mon 08:30-mon 12:00", vec![("", Deed::Off(2400))], false),
    ] {
        let served = ready_at("1");
        let between = Between::new(&served, deeds.clone());
        let wanted = format!(
            "[waves]\nat-most = 1\nwindows = [\"{window}\"]\n\n{}\n[[policies.environments]]\nid \
            = \"{}\"\nname = \"Contoso UAT\"\n",
            served.policy_block(),
            served.default_of("environment")
        );
        let file = served.write("wanted.toml", &wanted);
        let apply = [
            "apply",
            &file,
            "--yes",
            "--confirm",
            "Contoso UAT",
            "--no-wait",
        ];
        let ran = run_between(&between, &apply).exits(8);
        assert_eq!(
            served.times("link-started"),
            usize::from(starts_now),
            "{window} {deeds:?}: {}",
            ran.stderr
        );
        assert_eq!(
            ran.stderr.contains("The next change window opens"),
            !starts_now,
            "{window}: {}",
            ran.stderr
        );
    }
}

#[test]
fn a_timeout_is_over_when_it_is_by_every_clock() {
    // At this speed, two minutes take two seconds.
    let served = ready_at("60");
    let between = Between::new(&served, Deeds::new());
    run_between(&between, &[&ADD[..], &["--no-wait"]].concat()).exits(8);
    let wait = ["status", "--wait", "--timeout", "2m"];
    let began = Instant::now();
    run_between(&between, &wait).exits(8);
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    // The service's clock stands still, as if this machine's clock had jumped ahead.
    let passed = Timestamp::now().as_millisecond()
        - served.cloud()["sandbox"]["started_unix_ms"]
            .as_i64()
            .unwrap();
    let epoch: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
    between.does(vec![(
        "",
        Deed::Still(epoch + jiff::SignedDuration::from_millis(passed * 60)),
    )]);
    let before = between.times_asked(OPERATION);
    let mut child = between
        .command(&wait)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(4));
    assert!(
        child.try_wait().unwrap().is_none(),
        "it gave up by this machine's clock alone"
    );
    assert!(between.times_asked(OPERATION) > before);
    between.does(Deeds::new());
    let began = Instant::now();
    assert_eq!(ended(child).status.code(), Some(8));
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "{:?}",
        began.elapsed()
    );
}
