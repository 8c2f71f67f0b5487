//! The help topics on a terminal and as manual pages.

use crate::documents::{Document, topics};
use crate::shell::{completed, has};
use crate::tool::{command, finish, run};
use std::process::Command;

fn shown(name: &str, columns: &str) -> String {
    let mut asks = command(&["help", name]);
    asks.env("COLUMNS", columns);
    finish(asks).exits(0).stdout
}

/// The lines of a document that are printed unchanged. A terminal gets no tabs.
fn code(document: &Document) -> Vec<String> {
    let blocks = document.text.split("\n```").skip(1).step_by(2);
    let lines = blocks.flat_map(|block| block.lines().skip(1));
    lines.map(|line| line.replace('\t', " ")).collect()
}

#[test]
fn no_line_of_prose_is_wider_than_the_terminal() {
    for (name, document) in topics() {
        let code = code(&document);
        for columns in [60, 80, 100] {
            let text = shown(&name, &columns.to_string());
            // A command's page may come before the topic. It has its own test.
            let (_, text) = text.split_once("\n====").unwrap();
            assert!(!text.contains('\u{1b}') && !text.contains("<!--"), "{name}");
            assert!(!text.contains("]("), "{name} shows a link as it is written");
            for line in text.lines() {
                let pasted = line
                    .strip_prefix("    ")
                    .is_some_and(|line| code.iter().any(|own| own == line));
                let wide = line.chars().count();
                assert!(pasted || wide <= columns, "{name}, {wide} columns: {line}");
            }
        }
    }
}

/// Code is printed exactly as in the file, because users paste or compare it.
#[test]
fn every_line_of_code_is_printed_whole() {
    for (name, document) in topics() {
        let text = shown(&name, "60");
        for line in code(&document) {
            let line = format!("    {line}");
            assert!(text.lines().any(|shown| shown == line), "{name}: {line}");
        }
    }
}

#[test]
fn every_topic_is_listed_completed_and_begins_with_its_title() {
    let overview = run(&["help"]).exits(0).stdout;
    let (_, list) = overview
        .split_once("explains one of these topics:")
        .unwrap();
    let mut listed: Vec<&str> = list.split([',', ' ', '\n']).collect();
    listed.retain(|word| !word.is_empty());
    let mut names: Vec<String> = topics().into_iter().map(|(name, _)| name).collect();
    names.push("options".to_owned());
    assert_eq!(listed.len(), names.len());
    for (name, document) in topics() {
        assert!(listed.contains(&name.as_str()), "{name}");
        let title = document.text.lines().next().unwrap();
        let title = title.strip_prefix("# ").unwrap();
        let text = shown(&name, "80");
        let begins = text.starts_with(title) || text.contains(&format!("\n\n{title}\n==="));
        assert!(begins, "{name}: {text}");
        let begun = &name[..4];
        let offered = completed("bash", &["help", begun], None);
        assert!(offered.contains(&name), "{name}: {offered:?}");
    }
    assert!(listed.contains(&"options"));
    let commands = completed("bash", &["help", "enab"], None);
    assert_eq!(commands, ["enable"]);
}

/// `sandbox` is both a command and a topic.
#[test]
fn a_command_with_a_topic_shows_both() {
    let text = run(&["help", "sandbox"]).exits(0).stdout;
    let page = run(&["sandbox", "--help"]).exits(0).stdout;
    assert!(text.starts_with(&page), "{text}");
    assert!(text.contains("\nSandbox\n=======\n"), "{text}");
}

#[test]
fn every_scenario_is_explained() {
    let sandbox = topics().into_iter().find(|(name, _)| name == "sandbox");
    let text = sandbox.unwrap().1.text;
    let scenarios = completed("bash", &["check", "--scenario", ""], None);
    assert!(scenarios.len() > 10, "{scenarios:?}");
    for name in scenarios {
        assert!(text.contains(&format!("| `{name}` |")), "{name}");
    }
}

#[test]
fn every_topic_is_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    run(&["man", folder.path().to_str().unwrap()]).exits(0);
    let mut names: Vec<String> = topics().into_iter().map(|(name, _)| name).collect();
    names.push("options".to_owned());
    for name in names {
        let file = folder.path().join(format!("cmkctl-{name}.7"));
        let page = std::fs::read_to_string(&file).unwrap();
        let head = format!(".TH CMKCTL-{} 7 ", name.to_uppercase());
        assert!(page.contains(&head), "{page}");
        assert!(page.contains("\n.SH NAME\ncmkctl\\-"), "{page}");
        let count = |request: &str| page.lines().filter(|line| *line == request).count();
        assert_eq!(count(".nf"), count(".fi"), "{name}");
        let opened = page.lines().filter(|line| line.starts_with(".RS")).count();
        assert_eq!(opened, count(".RE"), "{name}");
        if has("groff") {
            let mut groff = Command::new("groff");
            groff.args([
                "-man", "-K", "utf8", "-T", "utf8", "-w", "all", "-r", "LL=60n",
            ]);
            let set = groff.arg(&file).output().unwrap();
            let said = String::from_utf8_lossy(&set.stderr);
            // Only unbreakable text may exceed the width.
            let odd: Vec<&str> = said
                .lines()
                .filter(|line| !line.contains("can't break line") && !line.contains("cannot"))
                .collect();
            assert!(set.status.success() && odd.is_empty(), "{name}: {said}");
            let text = String::from_utf8_lossy(&set.stdout);
            assert!(text.lines().count() > 10, "{name}: {text}");
        }
    }
}
