//! A webhook is told how it ended, once, and nothing depends on its answer.

use crate::hook::{Hook, Says};
use crate::tenants::policy_ready;
use crate::tool::{ENABLE, FAST, START_ADD, Served, run};
use serde_json::{Value, json};

const OK: &[Says] = &[Says::Status(200)];

#[test]
fn an_enable_is_told_at_its_end() {
    let (served, hook) = (Served::start("ready", FAST), Hook::start(OK));
    let notified =
        |arguments: &[&str]| [arguments, &["--notify", &hook.url]].concat().join("\u{0}");
    let run = |arguments: &[&str]| {
        let line = notified(arguments);
        served.run(&line.split('\u{0}').collect::<Vec<_>>())
    };
    // What changes nothing, and what nobody consented to, is no news.
    run(&["enable", "--dry-run"]).exits(0);
    run(&["enable"]).exits(10);
    assert!(hook.posted().is_empty());
    run(&ENABLE).exits(0);
    let posted = hook.posted();
    let document = posted.last().unwrap().json();
    assert_eq!(document["schema"], "cmkctl/notification/v1");
    assert_eq!(
        (&document["event"], &document["exit_code"]),
        (&json!("done"), &json!(0))
    );
    assert_eq!(document["command"], "enable");
    for word in ["authorization", "bearer", "eyj"] {
        for post in &posted {
            let all = format!("{}{}", post.head, post.body.to_lowercase());
            assert!(!all.contains(word), "{word}: {all}");
        }
    }
    // The time is compressed, so a wait may miss a stage.
    let states = new_states(&hook, "Contoso UAT");
    assert!(states.len() > 1, "{states:?}");
    assert!(
        states.is_sorted_by_key(|state| place_of(state)),
        "{states:?}"
    );
    // A command that tells nobody says so.
    run(&["check"]).exits(2);
}

/// The place of a state in the course of an operation. Each state has its own.
fn place_of(state: &str) -> usize {
    let course = [
        "NotStarted",
        "stage Validate",
        "stage Prepare",
        "stage Run.",
        "stage Finalize",
    ];
    let place = course.iter().position(|part| state.contains(part));
    place.unwrap_or_else(|| panic!("{state}"))
}

/// The states that were told while a command ran. Each is told once, before the end.
fn new_states(hook: &Hook, name: &str) -> Vec<String> {
    let all = hook.documents();
    let (last, before) = all.split_last().unwrap();
    assert!(!last["exit_code"].is_null(), "{last:#}");
    let mut states = Vec::new();
    for document in before {
        assert_eq!(document["event"], "changed");
        assert_eq!(document["exit_code"], Value::Null);
        if document["environment"] == name {
            states.push(document["text"].to_string());
        }
    }
    states
}

#[test]
fn a_wait_is_told_at_its_end() {
    let served = Served::patched(&policy_ready(json!({})), "4000");
    let hook = Hook::start(OK);
    served.run(&START_ADD).exits(8);
    let wait = ["status", "--wait", "--notify", &hook.url];
    served
        .run(&[&wait[..], &["--timeout", "1m"]].concat())
        .exits(8);
    served.run(&wait).exits(0);
    let events: Vec<Value> = hook
        .documents()
        .iter()
        .map(|own| own["event"].clone())
        .collect();
    let ends: Vec<&Value> = events.iter().filter(|event| *event != "changed").collect();
    assert_eq!(ends, ["running", "done"]);
    assert!(events.len() > 2, "{events:?}");
}

#[test]
fn dangers_are_told_in_the_shape_of_the_receiver() {
    let served = Served::start("locked", FAST);
    for (format, pointer, words) in [
        ("generic", "/changes/0/state", "locked"),
        ("slack", "/text", "Contoso UAT"),
        ("teams", "/attachments/0/content/type", "AdaptiveCard"),
    ] {
        let hook = Hook::start(OK);
        let asked = [
            "status",
            "--all",
            "--notify",
            &hook.url,
            "--notify-format",
            format,
        ];
        // Without a danger to look for, and where there is none, nothing is told.
        served.run(&asked).exits(0);
        served
            .run(&[&asked[..], &["--fail-on", "expiring"]].concat())
            .exits(0);
        assert!(hook.posted().is_empty());
        served
            .run(&[&asked[..], &["--fail-on", "locked"]].concat())
            .exits(3);
        let all = hook.documents();
        assert_eq!(all.len(), 1);
        let told = all[0].pointer(pointer).unwrap().as_str().unwrap();
        assert!(told.contains(words), "{format}: {:#}", all[0]);
    }
}

#[test]
fn a_webhook_that_fails_changes_nothing_and_is_said() {
    let served = Served::start("locked", FAST);
    for (answers, tries, words) in [
        (&[Says::Status(500)][..], 3, "the host answered 500"),
        (&[Says::Status(503), Says::Status(200)], 2, ""),
        (&[Says::Status(404)], 1, "the host answered 404"),
        (&[Says::Redirect], 1, "does not follow redirects"),
        (&[Says::Nothing, Says::Status(202)], 2, ""),
    ] {
        let hook = Hook::start(answers);
        let asked = [
            "status",
            "--all",
            "--fail-on",
            "locked",
            "--notify",
            &hook.url,
        ];
        let ran = served.run(&asked).exits(3);
        assert_eq!(hook.posted().len(), tries, "{answers:?}");
        assert_eq!(ran.stderr.contains("was not delivered"), !words.is_empty());
        assert!(ran.stderr.contains(words), "{answers:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("secret-path"), "{}", ran.stderr);
    }
    // Nobody listens.
    let asked = [
        "status",
        "--all",
        "--fail-on",
        "locked",
        "--notify",
        "http://127.0.0.1:9/x",
    ];
    served.run(&asked).exits(3).says(&["was not delivered"]);
}

#[test]
fn one_reason_is_said_once_for_all_messages_of_a_wait() {
    let served = Served::start("ready", FAST);
    let hook = Hook::start(&[Says::Status(404)]);
    let asked = [
        "enable",
        "--yes",
        "--confirm",
        "Contoso UAT",
        "--notify",
        &hook.url,
    ];
    let ran = served.run(&asked).exits(0);
    ran.says_on_stderr(&[
        " notifications to `127.0.0.1",
        "were not delivered: the host answered 404",
    ]);
    // The message about the end is posted after the others.
    assert_eq!(
        ran.stderr.matches("not delivered").count(),
        2,
        "{}",
        ran.stderr
    );
}

#[test]
fn only_https_leaves_this_machine() {
    for address in [
        "http://example.com/hook",
        "http://127.0.0.1/hook",
        "https://user:password@example.com/hook",
        "example.com",
    ] {
        let ran = run(&["status", "--all", "--notify", address]).exits(2);
        assert!(!ran.stderr.contains("password@"), "{}", ran.stderr);
    }
    // A sandbox tells nobody else.
    run(&[
        "status",
        "--all",
        "--sandbox",
        "--notify",
        "https://example.com/hook",
    ])
    .exits(2);
    run(&[
        "status",
        "--all",
        "--notify",
        "https://example.com",
        "--notify-format",
        "fax",
    ])
    .exits(2);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "notify = \"https://example.com/hook/secret-path\"\n").unwrap();
    let shown = run(&["config", "show", "--config", file.to_str().unwrap()]).exits(0);
    shown.says(&["https://example.com/…"]);
    assert!(!shown.stdout.contains("secret-path"), "{}", shown.stdout);
    // What the file names is for the real tenant.
    let sandbox = ["status", "--sandbox", "--config", file.to_str().unwrap()];
    run(&sandbox).exits(0);
}
