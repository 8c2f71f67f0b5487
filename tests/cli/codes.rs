//! Every code in the source has an explanation, without a network.

use crate::house::{Source, sources};
use crate::tool::{Served, command, finish, run};
use cmkctl::error::Kind;
use cmkctl::model::catalogue::{self, CATALOGUE};
use cmkctl::model::service_codes;

/// Is the text a sentence, or a command to paste?
fn is_whole(text: &str) -> bool {
    text.ends_with('.')
        || ["az ", "cmkctl ", "New-PowerApp"]
            .iter()
            .any(|program| text.starts_with(program))
}

#[test]
fn every_entry_is_complete() {
    for entry in &CATALOGUE {
        for field in [entry.title, entry.cause, entry.fix, entry.who, entry.source] {
            assert!(
                !field.is_empty() && field.trim() == field && !field.contains('\n'),
                "{}: {field:?}",
                entry.code
            );
        }
        assert!(
            !entry.title.ends_with('.') && entry.title.len() < 50,
            "{}: {}",
            entry.code,
            entry.title
        );
        assert!(
            entry.cause.ends_with('.'),
            "{}: {}",
            entry.code,
            entry.cause
        );
        assert!(is_whole(entry.fix), "{}: {}", entry.code, entry.fix);
        assert!(is_dated(entry.source), "{}: {}", entry.code, entry.source);
    }
    for known in service_codes::all() {
        for field in [
            known.service,
            known.cause,
            known.fix,
            known.who,
            known.source,
        ] {
            assert!(
                !field.is_empty() && field.trim() == field && !field.contains('\n'),
                "{}: {field:?}",
                known.code
            );
        }
        assert!(
            known.cause.ends_with('.') && is_whole(known.fix),
            "{}",
            known.code
        );
        assert!(is_dated(known.source), "{}: {}", known.code, known.source);
    }
}

/// Does the text hold a year and a month, such as `2026-05`?
fn is_dated(source: &str) -> bool {
    source.match_indices("-").any(|(at, _)| {
        let digits = |from: usize, to: usize| {
            source
                .get(from..to)
                .is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
        };
        at >= 4 && digits(at - 4, at) && digits(at + 1, at + 3)
    })
}

#[test]
fn every_command_of_ours_that_helps_can_be_typed() {
    let fixes = CATALOGUE.iter().map(|entry| (entry.code, entry.fix));
    let mut commands = 0;
    for (code, fix) in fixes.chain(service_codes::all().map(|known| (known.code, known.fix))) {
        for typed in fix.split('`').filter(|part| part.starts_with("cmkctl ")) {
            commands += 1;
            // A command without its arguments prints help and is accepted here. An unknown command
            // is not.
            let words: Vec<&str> = typed.split(' ').collect();
            assert!(cmkctl::cli::parse(&words).is_ok(), "{code}: {typed}");
        }
    }
    assert!(commands > 20, "{commands}");
}

/// Every `CMK` with three digits in a text.
fn codes_in(text: &str) -> Vec<&str> {
    let codes = text
        .match_indices("CMK")
        .filter_map(|(at, _)| text.get(at..at + 6));
    codes
        .filter(|code| code[3..].bytes().all(|byte| byte.is_ascii_digit()))
        .collect()
}

#[test]
fn every_code_of_ours_that_is_used_is_in_the_catalogue() {
    let mut used = 0;
    for Source {
        room, name, text, ..
    } in sources()
    {
        if room == "model" {
            continue;
        }
        // Tests may use codes that do not exist.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for code in codes_in(code) {
            used += 1;
            assert!(catalogue::entry(code).is_some(), "{name} uses {code}");
        }
    }
    assert!(used > 50, "the scan found {used} codes");
    assert_eq!(codes_in("(CMK022). CMK1 CMK99x CMK"), ["CMK022"]);
}

/// The codes that a text compares or sets: `.is("…")`, `.code("…")`, and the arms of a `match` on a
/// code.
fn decided(text: &str) -> Vec<String> {
    let mut codes = Vec::new();
    let mut arms: Option<usize> = None;
    for line in text.lines() {
        for marker in [".is(\"", ".code(\""] {
            for (at, _) in line.match_indices(marker) {
                codes.extend(
                    line[at + marker.len()..]
                        .split('"')
                        .next()
                        .map(str::to_owned),
                );
            }
        }
        let indent = line.len() - line.trim_start().len();
        match arms {
            Some(outer) if indent <= outer && line.trim_start().starts_with('}') => arms = None,
            Some(_) => {
                let pattern = line.split_once("=>").map_or("", |(pattern, _)| pattern);
                // A guard is not a code.
                let pattern = pattern.split(" if ").next().unwrap_or_default();
                codes.extend(pattern.split('"').skip(1).step_by(2).map(str::to_owned));
            }
            None if line.contains("match ") && line.contains("code") && line.ends_with('{') => {
                arms = Some(indent)
            }
            None => {}
        }
    }
    codes
}

#[test]
fn every_code_of_a_service_that_is_decided_on_is_explained() {
    let mut found = 0;
    for Source {
        room, name, text, ..
    } in sources()
    {
        // The sandbox plays the services, so their codes are not cmkctl's.
        if room == "sandbox" {
            continue;
        }
        for code in decided(text.split("#[cfg(test)]").next().unwrap_or_default()) {
            found += 1;
            let known = service_codes::find(&code).is_some() || catalogue::entry(&code).is_some();
            assert!(known, "{name} decides on {code}");
        }
    }
    assert!(found > 5, "the scan found {found} codes");
    let text = "    let hint = match code.as_deref() {\n        Some(\"A\" | \"B\") => \
        \"x\",\n    };\n    fault.is(\"C\")";
    assert_eq!(decided(text), ["A", "B", "C"]);
}

#[test]
fn every_code_is_explained_without_a_cloud() {
    // Every command that opens a cloud fails with this file.
    let explain = |arguments: &[&str]| {
        let mut all = vec!["explain", "--cloud", "/nonexistent/cloud.json"];
        all.extend(arguments);
        finish(command(&all)).exits(0)
    };
    let listed = explain(&[]).stdout;
    let document = explain(&["-o", "json"]).json();
    assert_eq!(document["schema"], "cmkctl/explain/v1");
    assert_eq!(document["codes"].as_array().unwrap().len(), CATALOGUE.len());
    assert_eq!(
        document["service_codes"].as_array().unwrap().len(),
        service_codes::all().count()
    );
    for entry in &CATALOGUE {
        assert!(
            listed.contains(entry.code) && listed.contains(entry.title),
            "{}",
            entry.code
        );
        let shown = explain(&[&entry.code.to_lowercase()]).stdout;
        for field in [
            entry.code,
            entry.title,
            entry.cause,
            entry.fix,
            entry.who,
            entry.source,
        ] {
            assert!(shown.contains(field), "{}: {shown}", entry.code);
        }
        let short = entry.code.trim_start_matches(['C', 'M', 'K', '0']);
        let document = explain(&[short, "-o", "json"]).json();
        assert_eq!(document["codes"][0]["cause"], entry.cause);
        assert_eq!(document["codes"][0]["severity"], entry.severity.word());
        assert_eq!(document["service_codes"].as_array().unwrap().len(), 0);
    }
    for known in service_codes::all() {
        assert!(listed.contains(known.code), "{}", known.code);
        let shown = explain(&[&known.code.to_uppercase()]).stdout;
        for field in [known.code, known.cause, known.fix, known.who, known.source] {
            assert!(shown.contains(field), "{}: {shown}", known.code);
        }
        let document = explain(&[known.code, "-o", "json"]).json();
        assert_eq!(document["service_codes"][0]["code"], known.code);
    }
}

#[test]
fn an_unknown_code_is_a_usage_error_with_a_suggestion() {
    // The snapshots check the output.
    run(&["explain", "OperationNotStartabel"]).exits(2);
    let ran = run(&["explain", "99", "-o", "json"]).exits(2);
    assert_eq!(ran.json()["kind"], "usage");
    assert!(ran.json()["explain"].is_null());
}

#[test]
fn an_error_points_to_its_explanation() {
    let served = Served::start("ready", "1");
    let nobody = "00000000-0000-0000-0000-000000000001";
    let ran = served.run(&["status", nobody]);
    assert!(
        ran.stderr
            .ends_with("  more:   cmkctl explain EnvironmentNotFound\n"),
        "{}",
        ran.stderr
    );
    let ran = served.run(&["status", nobody, "-o", "json"]);
    assert_eq!(ran.json()["explain"], "cmkctl explain EnvironmentNotFound");
}

#[test]
fn a_finding_names_its_source() {
    let served = Served::start("not-integrated", "1");
    let document = served
        .run(&["check-integration", "-o", "json"])
        .exits(6)
        .json();
    let finding = &document["findings"][0];
    let entry = catalogue::entry(finding["code"].as_str().unwrap()).unwrap();
    assert_eq!(finding["source"], entry.source);
}

/// Code, cause, exit code and remedy of every service code. Errors, findings and `explain` use the
/// same table.
#[test]
fn every_code_leads_to_a_cause_an_exit_code_and_a_remedy() {
    let lines = service_codes::all().map(|known| {
        let (cause, exit) = match known.means {
            Some(cause) => (cause.label(), Kind::of(cause).exit_code().to_string()),
            None => ("as the HTTP status says", "-".to_owned()),
        };
        format!(
            "{} | {cause} | {exit} | {} ({})",
            known.code, known.fix, known.who
        )
    });
    let lines: Vec<String> = lines.collect();
    assert!(lines.len() > 90, "{}", lines.len());
    insta::assert_snapshot!("codes_causes_and_remedies", lines.join("\n"));
}

#[test]
fn a_pasted_text_is_explained() {
    let text = "ERROR: (Forbidden) Client address is not authorized. Inner error: { \"code\": \
        \"ForbiddenByFirewall\" }";
    let shown = run(&["explain", text]).exits(0);
    shown.says(&[
        "ForbiddenByFirewall",
        "network, exit code 5",
        "Also named",
        "Forbidden",
    ]);
    let document = run(&["explain", text, "-o", "json"]).exits(0).json();
    assert_eq!(document["service_codes"][0]["means"], "network");
    assert_eq!(document["service_codes"].as_array().unwrap().len(), 2);
    // Without quotes, the shell splits the message into words.
    run(&[
        "explain",
        "AADSTS53003:",
        "Access",
        "has",
        "been",
        "blocked",
    ])
    .exits(0)
    .says(&["Conditional Access administrator"]);
    run(&["explain", "error: One blocker (CMK046)."])
        .exits(0)
        .says(&["CMK046"]);
    run(&["explain", "nothing", "of", "the", "kind"]).exits(2);
}
