//! Compares the audit trail with the effects in the sandbox.

use crate::arena::jobs;
use crate::children::ended;
use crate::sign_in::keeps_secrets;
use crate::tool::{ENABLE, FAST, Served, rehearse};
use serde_json::{Value, json};
use std::path::Path;

fn lines_of(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'), "{text}");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn time_of(value: &Value) -> jiff::Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

/// Method and path of a request, from an audit line or a ledger entry.
fn what_of(value: &Value) -> (String, String) {
    let text = |name: &str| value[name].as_str().unwrap().to_owned();
    let path = match value.get("url") {
        Some(_) => url::Url::parse(&text("url")).unwrap().path().to_owned(),
        None => text("path"),
    };
    (text("method"), path)
}

#[test]
fn every_effect_has_its_line_before_it() {
    for (scenario, user) in [
        ("fresh", "admin"),
        ("access-policy-vault", "admin"),
        ("managed-hsm", "admin"),
    ] {
        let served = Served::start(scenario, FAST);
        let path = served.folder().join("audit.jsonl");
        let file = path.to_str().unwrap();
        let ran = served.run_as(
            user,
            &[&ENABLE[..], &["--make-managed", "--audit-log", file]].concat(),
        );
        keeps_secrets(ran.exits(0));
        let (lines, ledger) = (lines_of(&path), served.ledger());
        let of = |event: &str| {
            lines
                .iter()
                .filter(|line| line["event"] == event)
                .collect::<Vec<_>>()
        };
        let (intents, outcomes) = (of("intent"), of("outcome"));
        assert_eq!(intents.len(), outcomes.len());
        assert_eq!(
            ledger["writes"].as_u64().unwrap(),
            intents.len() as u64,
            "{ledger:#}"
        );
        let log = ledger["log"].as_array().unwrap();
        let effects = ledger["effects"].as_array().unwrap();
        assert!(effects.len() >= 3, "{ledger:#}");
        for effect in effects {
            let request = log.iter().find(|entry| entry["n"] == effect["n"]).unwrap();
            let mut before = intents.iter().filter(|line| {
                what_of(line) == what_of(request) && time_of(&line["at"]) <= time_of(&effect["at"])
            });
            let intent = before
                .next_back()
                .unwrap_or_else(|| panic!("{effect} was not announced: {lines:#?}"));
            let outcome = outcomes
                .iter()
                .find(|line| line["id"] == intent["id"])
                .unwrap();
            assert_eq!(outcome["status"], request["status"]);
            for line in [intent, *outcome] {
                assert_eq!(line["client_request_id"], request["client_request_id"]);
            }
            assert!(
                outcome["correlation"]
                    .as_array()
                    .is_some_and(|ids| ids.len() >= 2),
                "{outcome}"
            );
        }
        // Each intent is followed directly by its outcome.
        for pair in lines.chunks(2) {
            assert_eq!(
                (&pair[0]["event"], &pair[1]["event"]),
                (&json!("intent"), &json!("outcome"))
            );
            assert_eq!(
                (&pair[0]["id"], what_of(&pair[0])),
                (&pair[1]["id"], what_of(&pair[1]))
            );
        }
        for line in &lines {
            assert_eq!(line["schema"], "cmkctl/audit/v1");
            assert_eq!(line["who"]["object_id"], served.object_id(user));
            assert_eq!(
                (&line["command"], &line["cloud"]),
                (&json!("enable"), &json!("sandbox"))
            );
            assert_eq!(
                (&line["version"], &line["plan"]),
                (&json!(env!("CARGO_PKG_VERSION")), &lines[0]["plan"])
            );
            assert!(
                !line.to_string().contains("eyJ") && !line.to_string().contains("Bearer"),
                "{line}"
            );
        }
        let link = intents
            .iter()
            .find(|line| line["url"].as_str().unwrap().contains("/Encryption/link"))
            .unwrap();
        assert!(link["body"]["SystemId"].is_string(), "{link}");
    }
}

#[test]
fn each_attempt_has_its_own_line() {
    let served = Served::start("ready", FAST);
    let path = served.folder().join("audit.jsonl");
    // The request is refused with 429, then with 401, and sent again with a new token after a read.
    // The next one is cut off after its effect.
    served.faults(&json!([
        { "match": { "method": "PUT", "path": "/enterprisePolicies/", "nth": 1 },
            "do": "429-seconds", "seconds": 1 },
        { "match": { "method": "PUT", "path": "/enterprisePolicies/", "nth": 1 }, "do": "401" },
        { "match": { "path": "/Encryption/link" }, "do": "reset-after" },
    ]));
    served
        .run(&[&ENABLE[..], &["--audit-log", path.to_str().unwrap()]].concat())
        .exits(0);
    let lines = lines_of(&path);
    let came = |part: &str| -> Vec<Value> {
        let of = lines.iter().filter(|line| {
            line["event"] == "outcome" && line["url"].as_str().unwrap().contains(part)
        });
        of.map(|line| line.get("status").or(line.get("unknown")).unwrap().clone())
            .collect()
    };
    assert_eq!(came("/enterprisePolicies/ep-contoso-cmk?"), [429, 401, 201]);
    let of = |event: &str| lines.iter().filter(|line| line["event"] == event).count();
    let writes = served.ledger()["writes"].as_u64().unwrap();
    assert_eq!(
        (of("intent") as u64, of("outcome") as u64),
        (writes, writes)
    );
    let link = came("/Encryption/link");
    assert!(link.len() == 1 && link[0].is_string(), "{link:?}");
}

#[test]
fn a_file_that_can_not_be_written_stops_before_the_first_change() {
    let served = Served::start("ready", FAST);
    let folder = served.folder().to_str().unwrap().to_owned();
    let pipe = served.folder().join("pipe").to_str().unwrap().to_owned();
    let mut files = vec![(folder, 2), ("/none/audit".to_owned(), 1)];
    if cfg!(unix) {
        // Opening a pipe without a reader would block forever.
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        files.extend([(pipe, 2), ("/dev/null".to_owned(), 2)]);
    }
    for (file, code) in files {
        let ran = served
            .run(&[&ENABLE[..], &["--audit-log", &file]].concat())
            .exits(code);
        let words = format!("The audit log `{file}` can't be written, so nothing is sent.");
        assert!(
            ran.stderr.contains(&words) && ran.stderr.contains("fix:"),
            "{}",
            ran.stderr
        );
        assert_eq!(
            (served.effects().len(), served.ledger()["writes"].as_u64()),
            (0, Some(0)),
            "{file}"
        );
        // A command that changes nothing needs no file.
        served.run(&["status", "--audit-log", &file]).exits(0);
        served
            .run(&["enable", "--dry-run", "--audit-log", &file])
            .exits(0);
    }
    // `--fix` makes changes too.
    let served = Served::start("fresh", FAST);
    served
        .run(&[
            "enable",
            "--fix",
            "--yes",
            "--make-managed",
            "--audit-log",
            "/none/audit",
        ])
        .exits(1);
    assert!(served.effects().is_empty());
}

#[test]
fn two_runs_append_and_many_do_not_mix() {
    let served = Served::start("ready", FAST);
    let path = served.folder().join("audit.jsonl");
    std::fs::write(&path, "{\"mine\":1}\n").unwrap();
    let run = |more: &[&str]| {
        let mut command = served.command("admin", &[&ENABLE[..], more].concat());
        // The log is named by the variable here.
        command.env("CMKCTL_AUDIT_LOG", &path);
        command
    };
    let first = run(&[]).output().unwrap();
    assert_eq!(
        first.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&first.stderr)
    );
    let once = lines_of(&path);
    assert!(once.len() > 4 && once[0]["mine"] == 1);
    // Nothing is left to do, so nothing is sent or written.
    assert!(run(&[]).output().unwrap().status.success());
    assert_eq!(lines_of(&path).len(), once.len());
    // Several runs at the same time, each with its own tenant.
    let many: Vec<_> = (0..6)
        .map(|_| {
            let mut command = crate::tool::command(&ENABLE);
            command
                .args(["--sandbox", "--speed", FAST])
                .env("CMKCTL_AUDIT_LOG", &path);
            command
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in many {
        assert!(ended(child).status.success());
    }
    let all = lines_of(&path);
    assert_eq!(all.len(), once.len() + 6 * (once.len() - 1));
    let ids: std::collections::HashSet<String> =
        all[1..].iter().map(|line| line["id"].to_string()).collect();
    assert_eq!(ids.len() * 2, all.len() - 1);
}

#[test]
fn the_same_plan_has_the_same_fingerprint_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let plan = |name: &str, more: &[&str]| {
        let path = folder.path().join(name);
        rehearse(
            &[
                &[
                    "create-policy",
                    "--yes",
                    "--audit-log",
                    path.to_str().unwrap(),
                ][..],
                more,
            ]
            .concat(),
        )
        .exits(0);
        lines_of(&path)[0]["plan"].clone()
    };
    assert_eq!(plan("a", &[]), plan("b", &[]));
    assert_ne!(plan("a", &[]), plan("c", &["--policy", "ep-other"]));
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_alone_and_one_that_is_not_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit");
    let create = [
        "create-policy",
        "--yes",
        "--audit-log",
        path.to_str().unwrap(),
    ];
    let own = rehearse(&create).exits(0);
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(!own.stderr.contains("other users can"), "{}", own.stderr);
    let before = lines_of(&path).len();
    for (mode, words) in [
        (0o640, "other users can read it"),
        (0o604, "mode 604"),
        (0o620, "other users can change"),
    ] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let ran = rehearse(&create).exits(0);
        assert!(ran.stderr.contains(words), "{mode:o}: {}", ran.stderr);
    }
    // The file is used anyway, and its mode stays.
    assert_eq!(lines_of(&path).len(), 4 * before);
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o620
    );
}

#[test]
fn a_line_that_a_crash_has_torn_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit");
    let create = [
        "create-policy",
        "--yes",
        "--audit-log",
        path.to_str().unwrap(),
    ];
    rehearse(&create).exits(0);
    let whole = std::fs::read_to_string(&path).unwrap();
    let torn = &whole[..whole.len() - 40];
    std::fs::write(&path, torn).unwrap();
    rehearse(&create).exits(0);
    let text = std::fs::read_to_string(&path).unwrap();
    let rest = text.strip_prefix(torn).unwrap().strip_prefix('\n').unwrap();
    assert_eq!(rest.lines().count(), whole.lines().count());
    assert!(
        rest.lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok()),
        "{rest}"
    );
}

#[test]
fn what_was_not_sent_and_sent_again_has_a_line_for_each() {
    // The sandbox accepts no connection for a moment before it creates the policy.
    let job = jobs()
        .into_iter()
        .find(|job| job.name == "create-policy")
        .unwrap();
    let clean = Served::patched(&job.scenario, FAST);
    clean.run(job.arguments).exits(0);
    let log = clean.ledger()["log"].clone();
    let put = log
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["method"] == "PUT")
        .unwrap()["n"]
        .clone();
    // Slow enough that six attempts, whose pauses are in sandbox time, outlast the closed door on a
    // busy machine.
    let served = Served::patched(&job.scenario, "20");
    served.faults(&json!([{ "match": { "request": put }, "do": "closed", "seconds": 1 }]));
    let path = served.folder().join("audit");
    served
        .run(&[job.arguments, &["--audit-log", path.to_str().unwrap()]].concat())
        .exits(0);
    let lines = lines_of(&path);
    let intents = lines
        .iter()
        .filter(|line| line["event"] == "intent")
        .count();
    let came: Vec<&Value> = lines
        .iter()
        .filter(|line| line["event"] == "outcome")
        .collect();
    let answered = came.iter().filter(|line| line["status"].is_u64()).count() as u64;
    assert_eq!(
        (intents, answered),
        (came.len(), served.ledger()["writes"].as_u64().unwrap())
    );
    assert!(
        came[0]["not_sent"].is_string() && came.iter().any(|line| line["status"] == 201),
        "{came:#?}"
    );
}

#[cfg(target_os = "linux")]
mod a_full_disk {
    use super::*;
    use crate::tool::{Ran, finish, limited};

    /// File size limit: 64 blocks of 512 bytes.
    const LIMIT: usize = 32_768;

    /// Runs with a log that has room for the first intent and half of its outcome.
    fn without_room(served: &Served, arguments: &[&str], clean: &str) -> (Ran, String) {
        let path = served.folder().join("short.jsonl");
        let first: Vec<usize> = clean.split_inclusive('\n').map(str::len).take(2).collect();
        let room = first[0] + first[1] / 2;
        std::fs::write(&path, format!("{}\n", "x".repeat(LIMIT - room - 1))).unwrap();
        let command = served.command(
            "admin",
            &[arguments, &["--audit-log", path.to_str().unwrap()]].concat(),
        );
        let ran = finish(limited("-f 64", &command));
        let text = std::fs::read_to_string(&path).unwrap();
        (ran, text[LIMIT - room..].to_owned())
    }

    fn clean(start: impl Fn() -> Served, arguments: &[&str]) -> String {
        let served = start();
        let path = served.folder().join("clean.jsonl");
        served
            .run(&[arguments, &["--audit-log", path.to_str().unwrap()]].concat())
            .exits(0);
        std::fs::read_to_string(&path).unwrap()
    }

    #[test]
    fn after_the_last_change_is_no_success_and_does_not_hide_that_it_was_sent() {
        let job = jobs()
            .into_iter()
            .find(|job| job.name == "add-environment")
            .unwrap();
        let start = || Served::patched(&job.scenario, FAST);
        let clean = clean(start, job.arguments);
        assert_eq!(clean.lines().count(), 2, "{clean}");
        for (more, words) in [
            (&[][..], ""),
            (&["--no-wait"], "The operation is still running"),
        ] {
            let served = start();
            let (ran, text) = without_room(&served, &[job.arguments, more].concat(), &clean);
            let ran = ran.exits(1);
            assert!(
                ran.stderr
                    .contains("error: The change was sent, and the service answered 2"),
                "{}",
                ran.stderr
            );
            assert!(
                ran.stderr.contains("can't write this to the audit log")
                    && ran.stderr.contains(words),
                "{}",
                ran.stderr
            );
            assert!(!ran.stderr.contains("nothing is sent"), "{}", ran.stderr);
            assert!(served.effects().iter().any(|what| what == "link-started"));
            // The intent is complete, and the message names it.
            let intent: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
            assert_eq!(intent["event"], "intent");
            assert!(
                ran.stderr.contains(intent["id"].as_str().unwrap()),
                "{}",
                ran.stderr
            );
            // The change is done: the repeated command sends nothing.
            served.run(job.arguments).exits(0);
            assert_eq!(served.ledger()["writes"], 1);
        }
    }

    #[test]
    fn before_another_change_stops_the_run_and_no_role_helps() {
        let start = || Served::start("ready", FAST);
        let clean = clean(start, &ENABLE);
        assert!(clean.lines().count() > 2, "{clean}");
        let served = start();
        let (ran, _) = without_room(&served, &ENABLE, &clean);
        let ran = ran.exits(1);
        assert_eq!(served.ledger()["writes"], 1);
        let both = [
            "error: The change was sent, and the service answered 2",
            "so nothing is sent",
            "could not write an earlier line",
        ];
        for words in both {
            assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
        }
        assert!(
            !ran.stderr.contains("Assigning roles takes"),
            "{}",
            ran.stderr
        );
    }
}
