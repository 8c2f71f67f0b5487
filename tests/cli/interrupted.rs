//! Ctrl-C, wherever a command waits.

use crate::arena::{Arena, job};
use crate::children::{ended, piped};
use crate::hook::{Hook, Says};
use crate::tenants::plain;
use crate::tool::{FAST, Served, interrupt, until};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;

/// Interrupts a command as soon as `reached` is true. Returns its exit code and output.
fn run_interrupted(
    served: &Served,
    arguments: &[&str],
    reached: impl Fn(&Served) -> bool,
) -> (Option<i32>, String) {
    let command = served.command("admin", arguments);
    let child = piped(command);
    until("where it is to be stopped", || reached(served));
    std::thread::sleep(Duration::from_millis(150));
    interrupt(&child);
    let output = ended(child);
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
    let output = ended(child);
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

#[test]
fn what_a_webhook_did_not_take_is_said_after_ctrl_c() {
    let served = Served::patched(
        &plain(json!({ "settings": { "link_seconds": 1e6 } })),
        "3000",
    );
    let hook = Hook::start(&[Says::Status(404)]);
    let asked = [
        "enable",
        "--make-managed",
        "--yes",
        "--confirm",
        "Contoso UAT",
        "--notify",
        &hook.url,
    ];
    let (code, words) = run_interrupted(&served, &asked, |_| !hook.posted().is_empty());
    assert_eq!(code, Some(130), "{words}");
    assert_eq!(
        words
            .matches("not delivered: the host answered 404")
            .count(),
        1,
        "{words}"
    );
}
