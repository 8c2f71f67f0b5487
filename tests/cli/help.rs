//! Every command has help with examples that can be typed.

use crate::tool::{finish, run};
use clap::Command;
use clap::error::ErrorKind;

pub(crate) fn each(command: &Command, path: &str, visit: &mut impl FnMut(&Command, &str)) {
    visit(command, path);
    for inner in command.get_subcommands() {
        each(inner, &format!("{path} {}", inner.get_name()), visit);
    }
}

/// The commands in a text. Lines that end with a backslash are joined.
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

/// The examples in a command's help.
pub(crate) fn examples(command: &Command) -> Vec<String> {
    let after = command.get_after_help().map(ToString::to_string);
    let after = after.unwrap_or_default();
    let examples = after.split_once("Examples:\n");
    examples.map_or_else(Vec::new, |(_, examples)| commands(examples))
}

/// Splits a line like a shell, with double quotes.
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
        let examples = examples(command);
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
fn every_page_is_one_screen_with_its_examples_first() {
    let mut pages = String::new();
    each(&cmkctl::cli::command(), "cmkctl", &mut |command, path| {
        let words: Vec<&str> = path.split(' ').skip(1).chain(["--help"]).collect();
        let mut asks = crate::tool::command(&words);
        asks.env("COLUMNS", "80");
        let page = finish(asks).exits(0).stdout;
        let lines = page.lines().count();
        let limit = if path == "cmkctl" { 60 } else { 45 };
        assert!(lines < limit, "{path}: {lines} lines");
        let options = page.find("\nOptions:").unwrap_or(page.len());
        assert!(
            command.has_subcommands() || page.find("\nExamples:").unwrap() < options,
            "{page}"
        );
        // Only lines to be pasted may be wider.
        let mut pasted = false;
        for line in page.lines() {
            pasted = !line.is_empty() && (pasted || line == "Examples:");
            assert!(
                pasted || line.chars().count() <= 80 || line.starts_with("  PowerShell"),
                "{path}: {line}"
            );
        }
        pages.push_str(&format!("$ {path} --help\n{page}\n"));
    });
    insta::assert_snapshot!("pages", pages);
}

#[test]
fn every_command_is_in_one_group() {
    let overview = run(&[]).exits(0).stdout;
    for asks in [&["--help"][..], &["-h"], &["help"]] {
        assert_eq!(run(asks).exits(0).stdout, overview, "{asks:?}");
    }
    for command in cmkctl::cli::command().get_subcommands() {
        let line = format!("\n  {:18}  ", command.get_name());
        assert_eq!(overview.matches(&line).count(), 1, "{line}");
        let about = command.get_about().unwrap().to_string();
        assert!(about.chars().count() < 60, "{about}");
    }
}

/// Every `cmkctl` command between backticks in prose and tables.
pub(crate) fn named(text: &str) -> Vec<String> {
    let prose = text.split("```").step_by(2);
    let words = prose.flat_map(|prose| prose.split('`').skip(1).step_by(2));
    words
        .filter(|word| word.starts_with("cmkctl "))
        .map(|word| word.replace('\n', " "))
        .collect()
}

#[test]
fn every_scenario_and_every_user_is_named() {
    let tree = cmkctl::cli::command();
    let help = |name: &str| {
        let own = tree.get_arguments().find(|own| own.get_id() == name);
        own.unwrap().get_help().unwrap().to_string()
    };
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sandbox/scenarios");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert_eq!(help("scenario").contains(&name), name != "base", "{name}");
    }
    for user in cmkctl::run::SANDBOX_USERS {
        assert!(help("sandbox_user").contains(user), "{user}");
    }
}

/// The commands of `sh` blocks, and those in sentences and tables.
#[test]
fn every_command_in_the_documents_parses() {
    let mut tried = 0;
    for document in crate::documents::documents() {
        let mut all = named(&document.text);
        for block in document.blocks("sh") {
            all.extend(commands(block));
        }
        for line in all {
            let words = words(&line);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let odd = cmkctl::cli::parse(&words).err().map(|error| error.kind());
            // A sentence may name a command without its arguments.
            let bare = odd == Some(ErrorKind::MissingRequiredArgument) && words.len() == 2;
            let version = odd == Some(ErrorKind::DisplayVersion);
            assert!(
                odd.is_none() || bare || version,
                "{}: {line}",
                document.name
            );
            tried += 1;
        }
    }
    assert!(tried > 80, "{tried}");
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
    assert!(run(&["stauts"]).exits(2).stderr.contains("`status`"));
    for odd in [&["help", "bogus"][..], &["help", "list", "bogus"]] {
        run(odd)
            .exits(2)
            .says_on_stderr(&["There is no command and no topic `bogus`."]);
    }
    // The fast path for `--version` prints the same as clap.
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
