//! The output in every format, with queries, and the terminal display.

use crate::children::{ended, piped};
use crate::tool::{FAST, Ran, Served, command, finish, rehearse, run};
use serde_json::{Value, json};

const FORMATS: [&str; 6] = ["table", "json", "jsonl", "tsv", "yaml", "none"];

/// Every command with JSON output, on a shared sandbox.
fn command_lines() -> Vec<Vec<&'static str>> {
    vec![
        vec!["environment-name", "Contoso UAT"],
        vec!["check-integration", "Contoso UAT"],
        vec!["status", "Contoso UAT"],
        vec!["status", "--all"],
        vec!["check", "Contoso UAT"],
        vec!["report"],
        vec!["list", "environments"],
        vec!["list", "vaults"],
        vec!["list", "keys"],
        vec!["list", "subscriptions"],
        vec!["auth", "status"],
        vec!["explain", "CMK006"],
        vec!["create-policy", "--location", "europe", "--dry-run"],
        vec!["add-environment", "Contoso UAT", "--dry-run"],
        vec!["enable", "Contoso UAT", "--dry-run"],
        vec!["enable", "Contoso UAT"],
        vec!["remove-environment", "Contoso UAT", "--dry-run"],
        vec!["rotate-key", "--dry-run"],
    ]
}

fn run_with(served: &Served, arguments: &[&str], more: &[&str]) -> Ran {
    served.run(&[arguments, more].concat())
}

#[test]
fn every_command_has_every_format_and_a_query() {
    let served = Served::start("ready", FAST);
    for arguments in command_lines() {
        let plain = run_with(&served, &arguments, &[]);
        let json = run_with(&served, &arguments, &["-o", "json"]);
        let schema = json.json()["schema"].as_str().unwrap().to_owned();
        assert_eq!(json.code, plain.code, "{arguments:?}");
        let yaml = run_with(&served, &arguments, &["-o", "yaml"]).exits(plain.code);
        let yaml: Value = serde_norway::from_str(&yaml.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", yaml.stdout));
        assert_eq!(yaml["schema"], *schema, "{arguments:?}");
        let keys = |value: &Value| {
            value
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(&yaml), keys(&json.json()), "{arguments:?}");
        let lines = run_with(&served, &arguments, &["-o", "jsonl"]).exits(plain.code);
        assert!(!lines.stdout.is_empty(), "{arguments:?}");
        for line in lines.stdout.lines() {
            assert!(
                serde_json::from_str::<Value>(line).unwrap().is_object(),
                "{line}"
            );
        }
        assert_eq!(
            run_with(&served, &arguments, &["-o", "none"])
                .exits(plain.code)
                .stdout,
            "",
            "{arguments:?}"
        );
        assert!(
            run_with(&served, &arguments, &["-o", "tsv"])
                .exits(plain.code)
                .stdout
                .contains('\t'),
            "{arguments:?}"
        );
        for format in FORMATS {
            let ran = run_with(&served, &arguments, &["-o", format, "--query", "schema"])
                .exits(plain.code);
            let expected = match format {
                "json" | "jsonl" => format!("\"{schema}\"\n"),
                "none" => String::new(),
                _ => format!("{schema}\n"),
            };
            assert_eq!(ran.stdout, expected, "{arguments:?} {format}");
        }
    }
    assert_eq!(served.ledger()["writes"], 0);
}

#[test]
fn a_query_answers_as_az_does() {
    let ask = |query: &str, format: &str| {
        rehearse(&[
            "status",
            "--all",
            "--scenario",
            "locked",
            "-o",
            format,
            "--query",
            query,
        ])
        .exits(0)
        .stdout
    };
    let locked = "environments[?state=='locked'].{name: name, id: id}";
    let uat = "193e4dc2-2922-5505-aaa6-80f4c40dd75d";
    let tsv = ask(locked, "tsv");
    assert_eq!(
        tsv.lines().next(),
        Some(format!("Contoso UAT\t{uat}").as_str())
    );
    assert_eq!(tsv.lines().count(), 2);
    // Every format keeps the order of the query's keys.
    let json: Value = serde_json::from_str(&ask(locked, "json")).unwrap();
    assert_eq!(
        json[0].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["name", "id"]
    );
    assert_eq!(
        ask(locked, "jsonl").lines().next(),
        Some(format!("{{\"name\":\"Contoso UAT\",\"id\":\"{uat}\"}}").as_str())
    );
    assert!(
        ask(locked, "yaml").starts_with("- name: Contoso UAT\n  id: "),
        "{}",
        ask(locked, "yaml")
    );
    let table = ask(locked, "table");
    assert!(table.starts_with("name "), "{table}");
    assert!(table.contains(uat), "{table}");
    assert_eq!(ask("length(environments)", "table"), "10\n");
    assert_eq!(ask("environments[].nothing", "tsv"), "");
    assert_eq!(ask("nothing", "json"), "null\n");
    assert_eq!(ask("nothing", "tsv"), "");
    assert_eq!(
        ask("counts", "table"),
        "locked         2\nnot-encrypted  8\n"
    );
    // JSON that mainly holds a list becomes a row for each item.
    assert_eq!(
        rehearse(&["status", "--all", "-o", "tsv"])
            .exits(0)
            .stdout
            .lines()
            .count(),
        10
    );
}

#[test]
fn a_query_that_is_wrong_is_told_before_anything_is_sent() {
    let served = Served::start("ready", FAST);
    for query in [
        "",
        "a b",
        "environments[",
        "nothing(@)",
        "length(a, b)",
        "'x",
        "a.[",
        &"(".repeat(500),
    ] {
        for format in ["table", "json"] {
            let ran = served
                .run(&[
                    "enable",
                    "--yes",
                    "--confirm",
                    "Contoso UAT",
                    "--query",
                    query,
                    "-o",
                    format,
                ])
                .exits(2);
            assert!(
                ran.stderr.contains("query") && ran.stderr.contains("fix:"),
                "{query}: {}",
                ran.stderr
            );
            assert_eq!(
                ran.stdout.contains("cmkctl/error/v1"),
                format == "json",
                "{}",
                ran.stdout
            );
        }
    }
    for format in ["sarif", "html", "markdown"] {
        served
            .run(&["check", "-o", format, "--query", "schema"])
            .exits(2);
    }
    served
        .run(&["export", "bicep", "--query", "schema"])
        .exits(2);
    assert_eq!(served.ledger()["requests"], 0);
    // A wrong type shows only with the result: the command is done, but its query fails.
    let consent = ["enable", "--yes", "--confirm", "Contoso UAT"];
    let ran = served
        .run(&[&consent[..], &["--query", "length(schema, schema)"]].concat())
        .exits(2);
    assert!(ran.stderr.contains("requires 1 argument"), "{}", ran.stderr);
    let ran = served
        .run(&[&consent[..], &["--query", "abs(schema)"]].concat())
        .exits(2);
    assert!(
        ran.stdout.is_empty() && ran.stderr.contains("The query does not fit the result"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        served
            .run(&["status", "--query", "state", "-o", "tsv"])
            .exits(0)
            .stdout,
        "encrypted\n"
    );
    // A query does not change an error.
    let ran = served
        .run(&["status", "nowhere", "--query", "state", "-o", "json"])
        .exits(2);
    assert_eq!(ran.json()["schema"], "cmkctl/error/v1");
}

#[test]
fn an_error_has_the_shape_of_its_format() {
    let served = Served::start("ready", FAST);
    for format in FORMATS {
        let ran = served.run(&["status", "nowhere", "-o", format]).exits(2);
        assert!(
            ran.stderr.starts_with("Rehearsal") && ran.stderr.contains("error: "),
            "{}",
            ran.stderr
        );
        match format {
            "json" => assert!(
                ran.stdout.lines().count() > 5 && ran.json()["exit_code"] == 2,
                "{}",
                ran.stdout
            ),
            "jsonl" => assert!(
                ran.stdout.lines().count() == 1 && ran.json()["exit_code"] == 2,
                "{}",
                ran.stdout
            ),
            "yaml" => {
                let document: Value = serde_norway::from_str(&ran.stdout).unwrap();
                assert_eq!(document["schema"], "cmkctl/error/v1");
            }
            _ => assert_eq!(ran.stdout, ""),
        }
        // Only one document: if there already is a result, no error follows.
        let ran = served.run(&["enable", "-o", format]).exits(10);
        match format {
            "json" => assert_eq!(ran.json()["outcome"], "refused"),
            "jsonl" => assert_eq!(ran.stdout.lines().count(), 1),
            _ => assert!(!ran.stdout.contains("cmkctl/error/v1"), "{}", ran.stdout),
        }
    }
}

#[test]
fn a_line_that_is_not_understood_has_the_shape_of_its_format_too() {
    let ran = run(&["status", "--bogus", "-o", "json"]).exits(2);
    let error = ran.json();
    assert_eq!(error["schema"], "cmkctl/error/v1");
    assert_eq!(error["kind"], "usage");
    assert_eq!(error["message"], "`cmkctl status` has no option `--bogus`.");
    let ran = run(&["list", "bogus"]).exits(2);
    assert_eq!(ran.stdout, "");
    ran.says_on_stderr(&["`cmkctl list` has no command `bogus`."]);
}

#[test]
fn a_reader_that_leaves_is_success_in_every_format() {
    let served = Served::start("ready", FAST);
    for format in FORMATS {
        for query in [&[][..], &["--query", "environments[].id"]] {
            let command = served.command(
                "admin",
                &[&["status", "--all", "-o", format][..], query].concat(),
            );
            let mut child = piped(command);
            drop(child.stdout.take());
            let output = ended(child);
            let words = String::from_utf8(output.stderr).unwrap();
            assert_eq!(
                (output.status.code(), words.contains("panicked")),
                (Some(0), false),
                "{format}: {words}"
            );
        }
    }
}

#[test]
fn colour_is_forced_and_forbidden() {
    let colored = |variables: &[(&str, &str)]| {
        let mut command = command(&["explain", "nothing"]);
        command.envs(variables.iter().copied());
        let ran = finish(command).exits(2);
        assert!(!ran.stdout.contains('\u{1b}'));
        ran.stderr.contains('\u{1b}')
    };
    assert!(!colored(&[]));
    assert!(colored(&[("CLICOLOR_FORCE", "1")]));
    assert!(colored(&[
        ("CLICOLOR_FORCE", "1"),
        ("CI", "true"),
        ("TERM", "dumb")
    ]));
    assert!(!colored(&[("CLICOLOR_FORCE", "0")]));
    assert!(!colored(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

#[cfg(target_os = "linux")]
mod at_a_terminal {
    use super::*;
    use crate::terminal::Typing;

    /// An encryption of four days, slow enough to observe.
    fn waiting(variables: &[(&str, &str)]) -> (Served, Typing) {
        let served = Served::start("ready", "3000");
        served
            .run(&["create-policy", "--location", "europe", "--yes"])
            .exits(0);
        let mut command = served.command(
            "admin",
            &[
                "enable",
                "--yes",
                "--confirm",
                "Contoso UAT",
                "--timeout",
                "2h",
            ],
        );
        command.envs(variables.iter().copied());
        (served, Typing::lively(command))
    }

    #[test]
    fn progress_says_how_long_where_when_next_and_how_to_leave() {
        for columns in ["200", "60"] {
            let (_served, typing) = waiting(&[("TERM", "xterm"), ("COLUMNS", columns)]);
            typing.sees("next check");
            typing.sees("of 4 days");
            if columns == "200" {
                typing.sees("Ctrl-C stops only the wait");
            }
            // It moves.
            typing.sees("\u{1b}[2K");
            typing.ends();
        }
    }

    #[test]
    fn no_color_takes_colour_only() {
        let (_served, typing) = waiting(&[("TERM", "xterm"), ("NO_COLOR", "1")]);
        typing.sees("next check");
        // The progress line is cleared and written again, without colour.
        typing.sees("\u{1b}[2K");
        assert!(
            !typing.screen().contains("\u{1b}[1m"),
            "{}",
            typing.screen()
        );
        typing.ends();
    }

    #[test]
    fn a_locale_without_utf_8_gets_ascii() {
        let served = Served::start("ready", FAST);
        for (locale, ascii) in [("C", true), ("de_DE.ISO-8859-1", true), ("C.UTF-8", false)] {
            let mut command = served.command("admin", &["create-policy", "--yes"]);
            command.env("LC_ALL", locale);
            let ran = finish(command).exits(0);
            assert_eq!(ran.stderr.is_ascii(), ascii, "{locale}: {}", ran.stderr);
            served.begins_anew();
        }
    }

    #[test]
    fn where_nothing_may_move_nothing_does() {
        for variables in [
            &[("TERM", "dumb")][..],
            &[("CI", "true")],
            &[("GITHUB_ACTIONS", "true"), ("CI", "true")],
        ] {
            let (_served, typing) = waiting(variables);
            typing.sees("Add the environment");
            let ran = typing.ends();
            assert!(
                !ran.stderr.contains('\u{1b}'),
                "{variables:?}: {}",
                ran.stderr
            );
        }
    }
}

#[test]
fn explain_lists_its_codes_line_by_line() {
    let lines = run(&["explain", "-o", "jsonl"]).exits(0).stdout;
    let codes: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["code"].clone())
        .collect();
    assert!(
        codes.contains(&json!("CMK001")) && codes.contains(&json!("OperationNotStartable")),
        "{codes:?}"
    );
}
