//! Wrong arguments and wrong answers end with the documented exit code and message. They change
//! nothing and cause no panic.

use crate::children::{ended, piped};
use crate::tool::{FAST, Ran, Served, command, finish, rehearse, run};
use serde_json::{Value, json};
#[cfg(unix)]
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

const GUID: &str = "11111111-2222-3333-4444-555555555555";

/// Checks the exit code and the words, and that nothing panicked.
#[track_caller]
fn exits_saying(ran: Ran, code: i32, words: &[&str]) -> Ran {
    let ran = ran.exits(code);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran.says_on_stderr(words);
    ran
}

/// Checks a usage error: its words, and that nothing was sent.
#[track_caller]
fn refused_unsent(served: &Served, arguments: &[&str], words: &[&str]) {
    exits_saying(served.run(arguments), 2, words);
    assert_eq!(served.ledger()["writes"], 0, "{arguments:?}");
}

#[test]
fn ids_and_names_are_refused_before_anything_is_asked() {
    let served = Served::start("ready", FAST);
    let long = "a".repeat(128);
    let fix = ["not the name of a key", "fix:", "1 to 127 letters"];
    for key in [
        "",
        " ",
        "a/b",
        "a.b",
        "a b",
        "../secrets/foo",
        "..%2fsecrets",
        "ключ",
        "a\u{1b}[31m",
        &long,
    ] {
        for step in ["create-policy", "enable"] {
            refused_unsent(&served, &[step, "--yes", "--key", key], &fix);
        }
    }
    for version in ["", "latest", "0123", &"g".repeat(32), &"0".repeat(33)] {
        refused_unsent(
            &served,
            &["create-policy", "--yes", "--key-version", version],
            &["not a version of a key", "fix:", "32"],
        );
    }
    let id = |kind: &str, name: &str| {
        format!("/subscriptions/{GUID}/resourceGroups/rg/providers/{kind}/{name}")
    };
    let policy = id("Microsoft.PowerPlatform/enterprisePolicies", "ep");
    for (flag, text, words) in [
        ("--vault", String::new(), "not the id of a resource"),
        (
            "--vault",
            "kv contoso".to_owned(),
            "neither a name, an id nor a link",
        ),
        ("--vault", "/vaults/kv-contoso-cmk".to_owned(), "four parts"),
        (
            "--vault",
            "https://kv-contoso-cmk.vault.azure.cn/".to_owned(),
            "not the host of a vault or managed HSM in this cloud",
        ),
        (
            "--key",
            "https://kv-contoso-cmk.vault.azure.net/secrets/x".to_owned(),
            "not the identifier of a key",
        ),
        (
            "--vault",
            policy.clone(),
            "its type is `Microsoft.PowerPlatform/enterprisePolicies`",
        ),
        (
            "--vault",
            id("Microsoft.KeyVault/vaults", "a?b"),
            "`a?b` is not a valid resource name",
        ),
        (
            "--vault",
            id("Microsoft.KeyVault/vaults", ".."),
            "`..` is not a valid resource name",
        ),
        (
            "--vault",
            policy.replace(GUID, "1"),
            "`1` is not a valid subscription id",
        ),
        (
            "--policy",
            id("Microsoft.KeyVault/vaults", "kv"),
            "its type is `Microsoft.KeyVault/vaults`",
        ),
        (
            "--policy",
            policy.replace("rg", "r g"),
            "`r g` is not a valid resource group name",
        ),
        ("--policy", "../other".to_owned(), "four parts"),
        ("--policy", " ".to_owned(), "The policy is empty."),
        ("--reader", "no/body".to_owned(), "not an object id"),
        ("--reader", String::new(), "not an object id"),
        ("--reader", format!("{{{GUID}}}"), "not an object id"),
        ("--location", "eu/rope".to_owned(), "not a location"),
    ] {
        refused_unsent(
            &served,
            &["create-policy", "--yes", flag, &text],
            &[words, "fix:"],
        );
    }
    assert_eq!(served.ledger()["requests"], 0);
}

#[test]
fn an_environment_that_is_not_there_is_not_guessed() {
    let served = Served::start("ready", FAST);
    let consent = ["--yes", "--confirm", "Contoso UAT"];
    for command in [
        "status",
        "check-integration",
        "environment-name",
        "add-environment",
        "enable",
    ] {
        for (typed, words) in [
            ("", "The name or id of the environment is empty."),
            (" ", "The name or id of the environment is empty."),
            (GUID, "No environment with the id"),
            (
                "Contoso U",
                "No environment that you can see matches `Contoso U`.",
            ),
            (
                "contoso-uat.crm4.dynamics.com.example.org",
                "No environment that you can see",
            ),
            ("../../tenant", "No environment that you can see"),
        ] {
            let mut arguments = vec![command, typed];
            if ["add-environment", "enable"].contains(&command) {
                arguments.extend(consent);
            }
            refused_unsent(&served, &arguments, &[words, "fix:"]);
        }
    }
    // The service's error and its correlation id are shown.
    exits_saying(
        served.run(&["status", GUID]),
        2,
        &["EnvironmentNotFound", "ticket:", "correlation id"],
    );
    let document = served.run(&["status", GUID, "-o", "json"]).exits(2).json();
    assert_eq!(
        (&document["schema"], &document["exit_code"]),
        (&json!("cmkctl/error/v1"), &json!(2))
    );
    assert!(
        document["correlation_id"].is_string() && document["hints"][0].is_string(),
        "{document}"
    );
}

#[test]
fn flags_and_variables_that_can_not_be_right() {
    let status = |more: &[&str]| run(&[&["status", GUID], more].concat());
    for (more, words) in [
        (
            &["--cloud", "mars"][..],
            &["`mars` is not known", "public, gcc, gcc-high, dod, china"][..],
        ),
        (&["--cloud", ""], &["is not known", "fix:"]),
        (
            &["--cloud", "./none.json"],
            &["`./none.json` can't be read", "why:", "fix:"],
        ),
        (
            &["--sandbox", "--cloud", "public"],
            &["`--sandbox` and `--cloud` together", "fix:"],
        ),
        (&["--scenario", "fresh"], &["needs `--sandbox`", "fix:"]),
        (
            &["--sandbox", "--scenario", "none"],
            &["neither a built-in scenario nor a file", "managed-hsm"],
        ),
        (
            &["--sandbox", "--sandbox-user", "nobody"],
            &["no user `nobody`", "key-vault-admin"],
        ),
        (&["--endpoint", "bap"], &["has no `=`", "fix:"]),
        (
            &["--endpoint", "moon=host"],
            &["`moon` is not a setting", "vault-suffix"],
        ),
        (
            &["--endpoint", "bap=http://host"],
            &["is not a valid `bap`", "fix:"],
        ),
        (
            &["--endpoint", "bap=host/path"],
            &["is not a valid `bap`", "fix:"],
        ),
        (
            &["--endpoint", "bap=user@host"],
            &["is not a valid `bap`", "fix:"],
        ),
        (
            &["--endpoint", "bap-audience=host"],
            &["is not a valid `bap-audience`", "https"],
        ),
        (
            &["--auth", "magic"],
            &["`magic` is not a way to sign in", "device-code"],
        ),
        (
            &["--config", "/none"],
            &["`/none` can't be read", "why:", "fix:"],
        ),
        (
            &["--ca-bundle", "/none"],
            &["CA bundle `/none` can't be read", "why:", "fix:"],
        ),
        (&["--latency", "5"], &["give a unit"]),
        (&["--speed", "fast"], &["it is not a number"]),
        (&["--output", "xml"], &["xml"]),
        (&["two"], &["two"]),
    ] {
        exits_saying(status(more), 2, words);
    }
    for text in ["5", "soon", "5 weeks", "1e99d", "NaNs", ""] {
        exits_saying(
            rehearse(&["add-environment", "--timeout", text]),
            2,
            &["--timeout"],
        );
    }
    for (name, value, words) in [
        ("CMKCTL_CLOUD", "mars", "`mars` is not known"),
        ("CMKCTL_AUTH", "magic", "`magic` is not a way to sign in"),
        (
            "CMKCTL_HTTP_TIMEOUT",
            "soon",
            "`CMKCTL_HTTP_TIMEOUT` is `soon`",
        ),
        ("CMKCTL_ENDPOINT_BAP", "a b", "is not a valid `bap`"),
        ("CMKCTL_CONFIG", "/none", "`/none` can't be read"),
        ("CMKCTL_VAULT", "kv/x", "four parts"),
    ] {
        let mut command = command(&["create-policy"]);
        command.env(name, value);
        exits_saying(finish(command), 2, &[words, "fix:"]);
    }
}

#[test]
fn files_that_can_not_be_right() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let sandbox = |url: &str| {
        json!({ "base": "public", "sandbox": { "url": url, "speed": 1,
            "epoch": "2026-03-02T08:00:00Z", "started_unix_ms": 0 } })
        .to_string()
    };
    for (flag, text, words) in [
        (
            "--config",
            &b"colour = 1"[..],
            "Line 1: unknown field `colour`",
        ),
        ("--config", b"\n\nvault [", "Line 3"),
        ("--config", b"vault = 1", "Line 1"),
        (
            "--config",
            b"vault = \"Gr\xf6\xdfe\"",
            "it is not UTF-8 text",
        ),
        ("--config", b"\xff\xfev", "marked as UTF-16"),
        ("--config", b"cloud = \"mars\"", "`mars` is not known"),
        (
            "--config",
            b"[endpoints]\nmoon = \"x\"",
            "`moon` is not a setting",
        ),
        ("--cloud", b"{", "can't be understood"),
        ("--cloud", b"[]", "can't be understood"),
        ("--cloud", b"{\"base\": \"mars\"}", "`mars` is not known"),
        ("--cloud", b"{\"name\": \"x\"}", "no value for `login`"),
        (
            "--cloud",
            b"{\"base\": \"public\", \"endpoints\": {\"bap\": \"h/p\"}}",
            "is not a valid `bap`",
        ),
        // A sandbox is only accepted on this machine.
        (
            "--cloud",
            sandbox("http://sandbox.example/").as_bytes(),
            "127.0.0.1",
        ),
        (
            "--cloud",
            sandbox("https://127.0.0.1:1/").as_bytes(),
            "127.0.0.1",
        ),
        ("--ca-bundle", b"", "contains no certificate"),
        (
            "--ca-bundle",
            b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
            "contains no certificate",
        ),
    ] {
        let name = file("file.json", text);
        exits_saying(run(&["status", GUID, flag, &name]), 2, &[words, "fix:"]);
    }
    let scenario = file("scenario.json", br#"{"summary": "x.", "colour": 1}"#);
    exits_saying(
        run(&["status", "--sandbox", "--scenario", &scenario]),
        2,
        &["unknown field `colour`", "fix:"],
    );
    exits_saying(
        run(&["status", "--cloud", folder.path().to_str().unwrap()]),
        2,
        &["can't be read"],
    );
}

#[test]
fn answers_that_make_no_sense_are_told_and_nothing_follows_from_them() {
    for (trouble, code, words, ticket) in [
        ("cut", 1, &["did not answer", "a few minutes"][..], false),
        (
            "reset-before",
            1,
            &["did not answer", "a few minutes"],
            false,
        ),
        ("html-502", 1, &["answered 502", "a few minutes"], true),
        ("500", 1, &["answered 500", "a few minutes"], true),
        ("429-date", 1, &["TooManyRequests", "few minutes"], true),
        (
            "garbage",
            1,
            &["sent something that can't be understood", "a few minutes"],
            true,
        ),
        ("401", 4, &["answered 401", "cmkctl auth status"], true),
        ("403", 5, &["Power Platform Administrator"], true),
        ("409", 7, &["OperationNotStartable"], true),
    ] {
        let served = Served::start("ready", FAST);
        served.faults(&json!([{ "match": { "host": "bap" }, "do": trouble, "times": 1000 }]));
        let consent = ["--yes", "--confirm", "Contoso UAT"];
        for arguments in [
            vec!["status"],
            vec!["environment-name", "Contoso UAT"],
            [&["enable"][..], &consent].concat(),
        ] {
            let ran = exits_saying(served.run(&arguments), code, words);
            assert!(ran.stderr.contains("why:"), "{}", ran.stderr);
            assert!(
                ran.stderr.contains("fix:") || trouble == "409",
                "{trouble}: {}",
                ran.stderr
            );
            assert_eq!(
                ran.stderr.contains("ticket: correlation id "),
                ticket,
                "{trouble}: {}",
                ran.stderr
            );
            // Even without a readable answer, cmkctl shows the request id that it sent.
            assert!(
                ran.stderr.contains("client request id "),
                "{trouble}: {}",
                ran.stderr
            );
        }
        let ledger = served.ledger();
        assert_eq!(ledger["writes"], 0, "{trouble}");
        assert!(
            ledger["requests"].as_u64().unwrap() < 60,
            "{trouble}: {}",
            ledger["requests"]
        );
    }
}

#[test]
fn a_word_that_nobody_knows_is_shown_and_not_acted_on() {
    let served = Served::start("ready", FAST);
    served.faults(&json!([{ "match": { "host": "bap" }, "do": "unknown-enum", "times": 1000 }]));
    let ran = exits_saying(served.run(&["status"]), 0, &[]);
    assert!(
        ran.stdout.contains("Wibble") && !ran.stdout.contains("Managed Environment: no"),
        "{}",
        ran.stdout
    );
    let ran = served.run(&[
        "enable",
        "--make-managed",
        "--yes",
        "--confirm",
        "Contoso UAT",
    ]);
    // An unknown value makes the fact unknown.
    exits_saying(
        ran,
        5,
        &["`states.management.id` is `Wibble`, which cmkctl does not know"],
    );
    assert_eq!(served.ledger()["writes"], 0);
}

#[test]
fn no_answer_leads_to_a_host_of_somebody_else() {
    let served = Served::start("ready", FAST);
    let away =
        |path: &str| json!([{ "match": { "path": path }, "do": "foreign-link", "times": 1000 }]);
    served.faults(&away("/environments"));
    exits_saying(
        served.run(&["environment-name", "Contoso UAT"]),
        1,
        &["elsewhere.example", "does not belong to the cloud", "fix:"],
    );
    assert_eq!(served.ledger()["writes"], 0);
    // The operation's address is not trusted, so the environment's state decides.
    served.faults(&away("/Encryption/link"));
    let ran = served.run(&["enable", "--yes", "--confirm", "Contoso UAT"]);
    let ran = exits_saying(ran, 0, &["outside the cloud", "elsewhere.example"]);
    assert!(ran.stdout.contains("done and verified"), "{}", ran.stdout);
    assert_eq!(served.times("link-started"), 1);
    let hosts = served.ledger()["log"].to_string();
    assert!(!hosts.contains("elsewhere"), "{hosts}");
}

#[test]
fn a_closed_stream_is_no_failure_and_no_consent() {
    let served = Served::start("ready", FAST);
    // The reader leaves after one line, like `head -1`.
    let mut child = served
        .command("admin", &["status"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("State"), "{line}");
    let output = ended(child);
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), words.contains("panicked")),
        (Some(0), false),
        "{words}"
    );
    // The reader leaves before any output.
    for arguments in [
        &["status"][..],
        &["status", "-o", "json"],
        &["--help"],
        &["enable", "--dry-run"],
    ] {
        let command = served.command("admin", arguments);
        let mut child = piped(command);
        drop(child.stdout.take());
        let output = ended(child);
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), words.contains("panicked")),
            (Some(0), false),
            "{arguments:?}: {words}"
        );
    }
    // A confirmation through a pipe does not count.
    let mut command = served.command("admin", &["enable"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(b"yes\nContoso UAT\n");
    assert_eq!(ended(child).status.code(), Some(10));
    assert_eq!(served.ledger()["writes"], 0);
}

#[cfg(unix)]
#[test]
fn streams_that_were_never_open_and_arguments_that_are_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let closed = |how: &str| {
        let mut shell = std::process::Command::new("/bin/sh");
        let script = format!("exec \"$0\" status --sandbox --speed {FAST} {how}");
        shell
            .env_clear()
            .args(["-c", &script, env!("CARGO_BIN_EXE_cmkctl")]);
        exits_saying(finish(shell), 0, &[])
    };
    assert!(closed("<&-").stdout.contains("Contoso UAT"));
    closed(">&-");
    assert!(closed("2>&-").stdout.contains("Contoso UAT"));
    for at in [vec!["status"], vec!["status", "--cloud"], vec![]] {
        let mut command = command(&at);
        command.arg(OsStr::from_bytes(b"a\xffb"));
        exits_saying(finish(command), 2, &["error:"]);
    }
    // A variable that is not text is refused or ignored. It never causes a panic.
    for name in ["CMKCTL_CLOUD", "PATH", "HOME", "COLUMNS", "NO_COLOR"] {
        let mut command = command(&["status", "--sandbox", "--speed", FAST]);
        command.env(name, OsStr::from_bytes(b"\xff"));
        let ran = finish(command);
        assert!(
            [0, 2].contains(&ran.code) && !ran.stderr.contains("panicked"),
            "{name}: {}",
            ran.stderr
        );
    }
}

#[test]
fn a_narrow_terminal_cuts_no_id() {
    let whole = rehearse(&["status", "-o", "json"]).exits(0).json();
    let id = whole["environment"]["id"].as_str().map(str::to_owned);
    for columns in ["40", "1", "0", "-1", "99999999", "wide"] {
        let mut command = command(&["status", "--sandbox", "--speed", FAST]);
        command.env("COLUMNS", columns);
        let ran = exits_saying(finish(command), 0, &[]);
        assert!(
            id.as_deref().is_none_or(|id| ran.stdout.contains(id)),
            "{columns}: {}",
            ran.stdout
        );
    }
    assert!(
        id.is_some_and(|id| id.len() == 36),
        "{}",
        Value::to_string(&whole)
    );
}
