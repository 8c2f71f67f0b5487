//! Every command explains itself, with examples that can be typed.

use crate::tool::run;
use clap::Command;

pub(crate) fn each(command: &Command, path: &str, visit: &mut impl FnMut(&Command, &str)) {
    visit(command, path);
    for inner in command.get_subcommands() {
        each(inner, &format!("{path} {}", inner.get_name()), visit);
    }
}

/// The commands in a text, lines that a backslash joins as one.
pub(crate) fn commands(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    let lines = joined
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("cmkctl "));
    lines
        .map(|line| {
            line.split(" > ")
                .next()
                .unwrap_or(line)
                .trim_end_matches(" &")
                .to_owned()
        })
        .collect()
}

/// As a shell splits it, with double quotes.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut quoted = false;
    let parts = line.split(|ch: char| {
        quoted ^= ch == '"';
        ch == ' ' && !quoted
    });
    parts
        .filter(|word| !word.is_empty())
        .map(|word| word.replace('"', ""))
        .collect()
}

#[test]
fn every_command_has_a_line_and_examples_that_parse() {
    let mut tried = 0;
    each(&cmkctl::cli::command(), "cmkctl", &mut |command, path| {
        let about = command
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        assert!(
            !about.is_empty() && !about.ends_with('.'),
            "{path}: `{about}`"
        );
        let after = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let examples = commands(&after);
        assert!(
            !examples.is_empty() || command.has_subcommands(),
            "{path} has no example"
        );
        for example in examples {
            let words = words(&example);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let parsed = cmkctl::cli::parse(&words);
            assert!(
                parsed.is_ok(),
                "{path}: `{example}`: {}",
                parsed
                    .err()
                    .map(|error| error.to_string())
                    .unwrap_or_default()
            );
            tried += 1;
        }
    });
    assert!(tried > 15, "{tried}");
}

#[test]
fn every_command_in_the_readme_parses() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let mut shell = String::new();
    for block in text.split("```sh\n").skip(1) {
        shell.push_str(block.split("```").next().unwrap());
    }
    let all = commands(&shell);
    assert!(all.len() >= 3, "{all:?}");
    for line in all {
        let words = words(&line);
        assert!(
            cmkctl::cli::parse(&words.iter().map(String::as_str).collect::<Vec<_>>()).is_ok(),
            "{line}"
        );
    }
}

#[test]
fn help_is_asked_for_in_every_way() {
    for arguments in [
        &["help"][..],
        &["--help"],
        &["-h"],
        &["help", "enable"],
        &["enable", "--help"],
    ] {
        let ran = run(arguments).exits(0);
        assert!(ran.stdout.contains("Usage: cmkctl"), "{arguments:?}");
    }
    // Nothing typed is a usage error that helps.
    assert!(run(&[]).exits(2).stderr.contains("Usage: cmkctl"));
    assert!(run(&["stauts"]).exits(2).stderr.contains("'status'"));
    // The short way to the version says what clap says.
    for asks in ["--version", "-V"] {
        assert_eq!(
            run(&[asks]).exits(0).stdout,
            cmkctl::cli::command().render_version()
        );
    }
    assert!(
        run(&["--version", "--quiet"])
            .exits(0)
            .stdout
            .starts_with("cmkctl ")
    );
}

#[test]
fn the_whole_tree_stays_as_it_is() {
    let mut tree = String::new();
    each(&cmkctl::cli::command(), "cmkctl", &mut |command, path| {
        tree.push_str(&format!(
            "{path}: {}\n",
            command
                .get_about()
                .map(ToString::to_string)
                .unwrap_or_default()
        ));
        for argument in command
            .get_arguments()
            .filter(|argument| !argument.is_global_set() || path == "cmkctl")
        {
            let help = argument
                .get_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            let name = argument
                .get_long()
                .map_or_else(|| argument.get_id().to_string(), |long| format!("--{long}"));
            tree.push_str(&format!("    {name}: {help}\n"));
        }
    });
    insta::assert_snapshot!("command_tree", tree);
}
