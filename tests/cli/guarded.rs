//! A service, a network or a name can't learn a token, redirect requests, fill the memory, or
//! control the terminal.

use crate::sign_in::keeps_secrets;
use crate::tool::{CONSENT, FAST, Ran, Served, command, finish};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Every command that connects to a cloud.
fn every_command() -> Vec<Vec<&'static str>> {
    let consent = |command: &'static str| [&[command][..], &CONSENT].concat();
    vec![
        vec!["auth", "status"],
        vec!["check-integration"],
        vec!["environment-name", "Contoso UAT"],
        vec!["check"],
        vec!["status"],
        vec!["list", "environments"],
        vec!["list", "keys"],
        vec!["create-policy", "--yes"],
        consent("add-environment"),
        consent("enable"),
    ]
}

/// A listener that counts connections.
struct Trap {
    url: String,
    came: Arc<AtomicUsize>,
}

impl Trap {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/trap", listener.local_addr().unwrap());
        let came = Arc::new(AtomicUsize::new(0));
        let count = came.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 1024]);
                let _ = stream.write_all(
                    b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}",
                );
            }
        });
        Self { url, came }
    }

    #[track_caller]
    fn is_empty(&self) {
        assert_eq!(self.came.load(Ordering::SeqCst), 0, "somebody came");
    }
}

#[track_caller]
fn asks_nobody_else(served: &Served) {
    let ledger = served.ledger();
    assert_eq!(ledger["foreign"], json!([]), "{ledger:#}");
    assert!(!ledger["log"].to_string().contains("/trap"), "{ledger:#}");
    assert!(!served.effects().contains(&"foreign-token".to_owned()));
}

#[test]
fn no_command_prints_a_secret_at_any_verbosity() {
    for format in ["table", "json"] {
        let served = Served::start("ready", FAST);
        for arguments in every_command() {
            for verbosity in ["-q", "-v", "-vv", "-vvvv"] {
                keeps_secrets(served.run(&[&arguments[..], &[verbosity, "-o", format]].concat()));
            }
        }
        let log = served.ledger()["log"].to_string();
        assert!(log.contains("/Encryption/link"), "nothing was done: {log}");
    }
    // A service that quotes the refused token.
    let served = Served::start("ready", FAST);
    for part in [
        json!({ "host": "bap" }),
        json!({ "method": "PUT" }),
        json!({ "host": "management" }),
        json!({ "host": "vault.azure.net" }),
        json!({ "host": "dynamics.com" }),
    ] {
        served.faults(&json!([{ "match": part, "do": "echo", "times": 1000 }]));
        let mut quoted = 0;
        for arguments in every_command() {
            for format in ["table", "json"] {
                let ran = served.run(&[&arguments[..], &["-vv", "-o", format]].concat());
                for printed in [&ran.stdout, &ran.stderr] {
                    assert!(!printed.contains("eyJ"), "{part} {arguments:?}: {printed}");
                    quoted += printed
                        .matches("The token `[token]` (Bearer [token])")
                        .count();
                }
            }
        }
        // A finding shows a refused read as a clause. A refused change is shown in full.
        assert!(
            quoted > 0 || !(part["host"] == "bap" || part["method"] == "PUT"),
            "{part}: nothing was quoted"
        );
    }
}

/// Runs in its own process, started by the test below.
#[test]
fn a_panic_with_a_secret_in_it() {
    let Ok(secret) = std::env::var("CMKCTL_TEST_PANIC") else {
        return;
    };
    cmkctl::report::guard_panics();
    // The text of a failed `unwrap`.
    panic!("called `Result::unwrap()` on an `Err` value: Bearer {secret}");
}

#[test]
fn a_panic_tells_its_place_and_nothing_that_was_made_at_run_time() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "--exact",
        "guarded::a_panic_with_a_secret_in_it",
        "--nocapture",
    ]);
    command
        .env("CMKCTL_TEST_PANIC", "hunter2")
        .env("RUST_BACKTRACE", "full");
    let ran = finish(command).exits(1);
    assert!(
        !ran.stderr.contains("hunter2") && !ran.stdout.contains("hunter2"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    assert!(!ran.stderr.contains("stack backtrace"), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("stopped because of a bug at tests/cli/guarded.rs:"),
        "{}",
        ran.stderr
    );
    // The binary installs this hook first.
    let source = include_str!("../../src/cli/mod.rs");
    let main = source.split("pub async fn main() -> u8 {").nth(1).unwrap();
    assert!(main.trim_start().starts_with("report::guard_panics();"));
}

/// Hosts that resemble those of the cloud, and hosts of the cloud in URLs that are not allowed.
const LOOK_ALIKES: [&str; 10] = [
    "https://api.bap.microsoft.com.evil.example/trap",
    "https://evil-vault.azure.net/trap",
    "https://notapi.bap.microsoft.com/trap",
    "https://api.bap.microsoft.com:8443/trap",
    "https://user:word@api.bap.microsoft.com/trap",
    "https://evil.example/trap?host=api.bap.microsoft.com",
    "https://evil.example/trap#.api.bap.microsoft.com",
    "http://api.bap.microsoft.com/trap",
    "https://127.0.0.1/trap",
    "//evil.example/trap",
];

#[test]
fn no_answer_leads_a_token_to_a_look_alike() {
    for to in LOOK_ALIKES {
        let served = Served::start("ready", FAST);
        let away = |path: &str| {
            json!([{ "match": { "path": path }, "do": "foreign-link",
            "to": to, "times": 1000 }])
        };
        served.faults(&away("/scopes/admin/environments"));
        // The next page of a list, and the address of an organization.
        keeps_secrets(served.run(&["environment-name", "Contoso UAT"]).exits(1));
        let ran = keeps_secrets(served.run(&["check-integration"]));
        assert!([1, 5, 6].contains(&ran.code), "{to}: {ran:?}");
        // The address of a vault, and the next page of role assignments.
        served.faults(&away("/vaults/"));
        keeps_secrets(served.run(&["create-policy", "--dry-run"]));
        // The address of an operation.
        served.faults(&away("/Encryption/link"));
        let ran = keeps_secrets(served.run(&[&["enable"][..], &CONSENT].concat()).exits(0));
        assert!(
            ran.stderr.contains("outside the cloud"),
            "{to}: {}",
            ran.stderr
        );
        assert_eq!(served.times("link-started"), 1, "{to}");
        asks_nobody_else(&served);
    }
}

#[test]
fn no_challenge_of_a_vault_asks_for_more_than_a_token_for_keys() {
    for to in [
        "https://management.azure.com",
        "https://evil-vault.azure.net",
        "https://azure.net",
        "https://net",
        "https://vault.azure.net.evil.example",
        "https://user@vault.azure.net",
        "https://kv-contoso-cmk.vault.azure.net",
        "nonsense",
    ] {
        let served = Served::start("ready", FAST);
        served.faults(
            &json!([{ "match": { "host": "vault.azure.net" }, "do": "challenge",
            "to": to, "times": 1000 }]),
        );
        let ran = keeps_secrets(served.run(&["create-policy", "--dry-run", "-vv"]));
        assert!([0, 5].contains(&ran.code), "{to}: {}", ran.stderr);
        let ledger = served.ledger();
        // The vault received only requests without a token, because it answered only with the
        // challenge.
        let asked: Vec<_> = ledger["log"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["service"] == "keyvault")
            .collect();
        assert!(
            !asked.is_empty() && asked.iter().all(|entry| entry["user"] == ""),
            "{to}: {asked:?}"
        );
        // Two services, so two tokens at most.
        assert_eq!(
            ledger["sign_ins"].as_u64().unwrap(),
            crate::sign_in::sign_ins(&served, "/token") as u64
        );
        assert!(
            crate::sign_in::sign_ins(&served, "/token") <= 2,
            "{to}: {ledger:#}"
        );
        asks_nobody_else(&served);
    }
}

#[test]
fn redirects_are_not_followed() {
    for status in ["redirect-302", "redirect-307", "redirect-308"] {
        let (served, trap) = (Served::start("ready", FAST), Trap::new());
        let away = |part: &str| {
            json!([{ "match": { "path": part }, "do": status, "to": trap.url,
            "times": 1000 }])
        };
        let enable = [&["enable", "-vv"][..], &CONSENT].concat();
        // A read.
        served.faults(&away("/scopes/admin/environments"));
        let ran = keeps_secrets(served.run(&["status"]).exits(1));
        assert!(
            ran.stderr.contains("does not follow redirects") && ran.stderr.contains(&trap.url),
            "{}",
            ran.stderr
        );
        keeps_secrets(served.run(&enable).exits(1));
        assert!(served.effects().is_empty());
        // The key, which the official client reads.
        served.faults(
            &json!([{ "match": { "host": "vault.azure.net" }, "do": status,
                "to": trap.url, "times": 1000 }]),
        );
        keeps_secrets(served.run(&["create-policy", "--dry-run"]));
        // A change.
        served.faults(&away("/Encryption/link"));
        let ran = keeps_secrets(served.run(&enable).exits(1));
        assert!(
            ran.stderr.contains("does not follow redirects"),
            "{}",
            ran.stderr
        );
        assert!(!served.effects().contains(&"link-started".to_owned()));
        // Sign-in by secret and by device code.
        served.faults(&away("/oauth2/"));
        keeps_secrets(served.run(&["status"]).exits(4));
        keeps_secrets(served.run(&["status", "--auth", "device-code"]).exits(4));
        trap.is_empty();
        asks_nobody_else(&served);
    }
}

/// Runs with a limit of 400 MiB of memory.
#[cfg(target_os = "linux")]
fn bounded(served: &Served, arguments: &[&str]) -> Ran {
    let whole = served.command("admin", arguments);
    finish(crate::tool::limited("-v 409600", &whole))
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_without_end_ends_in_words_and_not_in_memory() {
    let served = Served::start("ready", FAST);
    for (kind, words) in [
        ("huge", "the answer is larger than 64 MiB"),
        ("huge-gzip", "the answer is larger than 64 MiB"),
        ("deep", "recursion limit exceeded"),
    ] {
        let hit = |part: &serde_json::Value| {
            served.faults(&json!([{ "match": part, "do": kind, "times": 1000 }]))
        };
        hit(&json!({ "host": "bap" }));
        let ran = bounded(&served, &["status"]).exits(1);
        assert!(ran.stderr.contains(words), "{kind}: {}", ran.stderr);
        assert!(ran.stderr.len() < 4000, "{kind}: {}", ran.stderr);
        hit(&json!({ "host": "vault.azure.net" }));
        let ran = bounded(&served, &["create-policy", "--dry-run"]);
        assert!([0, 5, 6].contains(&ran.code), "{kind}: {}", ran.stderr);
        hit(&json!({ "path": "/oauth2/" }));
        for more in [&["status"][..], &["status", "--auth", "device-code"]] {
            let ran = bounded(&served, more).exits(4);
            assert!(ran.stderr.contains("why:"), "{kind}: {}", ran.stderr);
        }
    }
    // Every page of the list has another next link.
    served.faults(&json!([{ "match": { "host": "bap" }, "do": "endless", "times": 100_000 }]));
    let ran = bounded(&served, &["environment-name", "Contoso UAT"]).exits(1);
    assert!(
        ran.stderr.contains("the list does not end"),
        "{}",
        ran.stderr
    );
    assert_eq!(served.ledger()["writes"], 0);
}

#[test]
fn an_answer_compressed_in_two_members_is_read_whole() {
    let served = Served::start("ready", FAST);
    served.faults(&json!([{ "match": {}, "do": "gzip-parts", "times": 100_000 }]));
    served.run(&[&["enable"][..], &CONSENT].concat()).exits(0);
    assert_eq!(served.times("link-started"), 1);
}

#[test]
fn a_change_whose_answer_is_too_large_is_looked_up_and_not_repeated() {
    let served = Served::start("ready", FAST);
    // The change took effect, but its answer is unreadable. The environment shows that the service
    // did it.
    served.faults(&json!([{ "match": { "path": "/Encryption/link" }, "do": "huge" }]));
    served.run(&[&["enable"][..], &CONSENT].concat()).exits(0);
    assert_eq!(served.times("link-started"), 1);
}

/// Control characters, invisible characters, and a line that cmkctl did not write.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]8;;http://evil\u{7}x\u{9b}31m\u{202e}evil\u{2066}\u{200f}\u{2028}a\u{85}b\r\nerror: forged\u{8}\u{e0041}";

#[track_caller]
fn harmless(ran: &Ran) {
    for printed in [&ran.stdout, &ran.stderr] {
        let bad = printed.chars().find(|ch| {
            (ch.is_control() && *ch != '\n')
                || matches!(*ch, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
                || matches!(*ch, '\u{2066}'..='\u{2069}' | '\u{e0041}')
        });
        assert_eq!(bad, None, "{printed:?}");
        assert!(
            !printed
                .lines()
                .any(|line| line.starts_with("error: forged")),
            "{printed}"
        );
    }
}

#[test]
fn names_and_words_of_services_can_not_write_to_the_terminal() {
    let name = format!("Contoso {HOSTILE}UAT");
    let patch = json!({
        "summary": "x.",
        "environments": { "uat": { "name": name }, "production": { "name": name,
            "policy": "ep-contoso-old" } },
        "policies": { "ep-contoso-old": { "vault": "kv-contoso-cmk", "key": "cmk-contoso",
            "location": HOSTILE, "kind": HOSTILE } },
        "locks": [{ "scope": "@vault", "level": HOSTILE, "name": HOSTILE }],
        "azure_policy": HOSTILE,
        "provider_locations": [HOSTILE, "europe"],
    });
    let served = Served::patched(&patch, FAST);
    let mut told = 0;
    let mut all = |served: &Served| {
        for mut arguments in every_command() {
            arguments.retain(|word| !["Contoso UAT", "--confirm"].contains(word));
            for format in ["table", "json"] {
                let ran = served.run(&[&arguments[..], &["-vv", "-o", format]].concat());
                harmless(&ran);
                assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
                told += ran.stdout.matches("evil").count() + ran.stderr.matches("evil").count();
                if format == "json" {
                    ran.json();
                }
            }
        }
    };
    all(&served);
    for (kind, part) in [
        ("words", "bap"),
        ("words", "management"),
        ("words", "vault"),
        ("words", "dynamics"),
        ("unknown-enum", ""),
    ] {
        served.faults(
            &json!([{ "match": { "host": part }, "do": kind, "to": HOSTILE, "times": 10_000 }]),
        );
        all(&served);
    }
    served.faults(
        &json!([{ "match": { "path": "/oauth2/" }, "do": "words", "to": HOSTILE,
        "times": 10_000 }]),
    );
    all(&served);
    assert!(told > 100, "nothing hostile was even told: {told}");
    // Unknown states of a running operation.
    let served = Served::start("ready", "2000");
    served.faults(
        &json!([{ "match": { "path": "/lifecycleOperations/" }, "do": "unknown-enum",
            "to": HOSTILE, "times": 3 }]),
    );
    let ran = served
        .run(&[&["enable", "-vv"][..], &CONSENT].concat())
        .exits(0);
    harmless(&ran);
    assert!(
        ran.stderr
            .contains("unknown state `[2J]8;;http://evilx31mevil a b  error: forged`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_sandbox_is_on_this_machine_whatever_its_file_says() {
    let served = Served::start("ready", FAST);
    for url in [
        "http://192.0.2.1:1",
        "http://localhost.evil.example:1",
        "http://127.0.0.1@evil.example",
        "https://127.0.0.1:1",
        "ftp://127.0.0.1",
    ] {
        let mut cloud = served.cloud();
        cloud["sandbox"]["url"] = json!(url);
        let file = served.folder().join("other.json");
        std::fs::write(&file, cloud.to_string()).unwrap();
        let mut command = command(&["status", "--cloud"]);
        command.arg(&file);
        let ran = finish(command).exits(2);
        assert!(ran.stderr.contains("127.0.0.1"), "{url}: {}", ran.stderr);
    }
}
