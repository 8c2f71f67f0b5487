//! Hints are commands that can be pasted, with flags that the command has.

use crate::tool::{FAST, Served, finish, rehearse};
use clap::error::ErrorKind;
use std::collections::BTreeSet;
use std::path::Path;

/// The words of a command as a shell splits them, with both kinds of quotation marks.
pub(crate) fn words(line: &str) -> Vec<String> {
    let (mut all, mut word, mut quote) = (Vec::new(), String::new(), None);
    for ch in line.chars() {
        match (quote, ch) {
            (None, '\'' | '"') => quote = Some(ch),
            (Some(open), ch) if ch == open => quote = None,
            (None, ' ') => all.push(std::mem::take(&mut word)),
            (_, ch) => word.push(ch),
        }
    }
    all.push(word);
    all
}

/// The texts between backticks.
fn spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The flags of a subcommand and of those below it, with those that every command has.
fn flags(name: &str) -> BTreeSet<String> {
    let mut tree = cmkctl::cli::command();
    tree.build();
    let own = tree.find_subcommand(name);
    let long = |argument: &clap::Arg| argument.get_long().map(|long| format!("--{long}"));
    let own = own.unwrap_or(&tree);
    let below = own.get_subcommands().filter(|_| own.get_name() == name);
    own.get_arguments()
        .chain(below.flat_map(clap::Command::get_arguments))
        .filter_map(long)
        .collect()
}

/// The subcommand of a command line.
fn subcommand(words: &[String]) -> Option<String> {
    let names: Vec<String> = cmkctl::cli::command()
        .get_subcommands()
        .map(|own| own.get_name().to_owned())
        .collect();
    words.iter().find(|word| names.contains(word)).cloned()
}

/// The wrong commands and flags in a line of this command's output.
fn wrong(typed: &str, line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut named: Vec<String> = subcommand(&words(typed)).into_iter().collect();
    for span in spans(line).filter(|span| span.starts_with("cmkctl ")) {
        // A fragment such as `cmkctl create-policy` stands for the command. Arguments may be
        // missing, but every flag must exist.
        let parts = words(span);
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        if let Err(error) = cmkctl::cli::parse(&parts)
            && !matches!(
                error.kind(),
                ErrorKind::MissingRequiredArgument | ErrorKind::DisplayHelp
            )
        {
            found.push(format!("`{span}`: {:?}", error.kind()));
        }
        named.extend(subcommand(&words(span)));
    }
    for span in spans(line).filter(|span| span.starts_with("--")) {
        let flag = span.split([' ', '=']).next().unwrap();
        // The message itself says that the option does not exist.
        if line.contains("has no option") {
            continue;
        }
        // The flag belongs to another program in the same sentence.
        let foreign = line.contains("`az ") || line.contains("`azd ");
        if !foreign && !named.iter().any(|name| flags(name).contains(flag)) {
            found.push(format!("`{flag}` is no flag of {named:?}"));
        }
    }
    found
}

/// Checks every snapshot of output, each with its command.
#[test]
fn no_hint_names_a_command_or_a_flag_that_is_not_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/snapshots");
    let (mut tried, mut found) = (0, Vec::new());
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.contains("__seen__") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let mut typed = text
            .lines()
            .filter_map(|line| line.strip_prefix("expression: "));
        let typed = typed
            .next()
            .unwrap_or_default()
            .trim_matches('"')
            .to_owned();
        let last = typed.rsplit("&&").next().unwrap().trim().to_owned();
        if last.starts_with("help") || last.starts_with("explain") {
            continue;
        }
        for line in text.lines().skip(4) {
            tried += spans(line)
                .filter(|span| span.starts_with("cmkctl "))
                .count();
            let wrong = wrong(&last, line);
            found.extend(
                wrong
                    .iter()
                    .map(|wrong| format!("{name}: {wrong}\n  {line}")),
            );
        }
    }
    assert!(tried > 30, "{tried}");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The lines of a run that show a command for waiting.
fn waits(text: &str) -> usize {
    let lines = text.lines();
    lines
        .filter(|line| line.contains("ait") && (line.contains("`cmkctl ") || line.ends_with(':')))
        .count()
}

#[test]
fn one_wait_has_one_hint() {
    let served = Served::start("ready", "60");
    served.run(&["create-policy", "--yes"]).exits(0);
    for more in [["--no-wait", "--no-wait"], ["--timeout", "1s"]] {
        let mut add = crate::tool::START_ADD[..4].to_vec();
        add.extend(more.iter().take(if more[0] == more[1] { 1 } else { 2 }));
        let ran = served.run(&add).exits(8);
        assert_eq!(
            waits(&(ran.stdout.clone() + &ran.stderr)),
            1,
            "{}{}",
            ran.stdout,
            ran.stderr
        );
    }
    let file = served.write(
        "wanted.toml",
        &format!(
            "{}\n[[policies.environments]]\nid = \"{}\"\n",
            served.policy_block(),
            served.default_of("environment")
        ),
    );
    let ran = served.run(&["apply", &file, "--no-wait"]).exits(8);
    let all = ran.stdout.clone() + &ran.stderr;
    assert_eq!(all.matches("Continue with:").count(), 1, "{all}");
}

#[test]
fn a_rehearsal_says_that_it_has_ended_and_a_served_one_goes_on() {
    const ENDED: &str = "This rehearsal has ended";
    for ran in [
        rehearse(&["status"]).exits(0),
        rehearse(&["create-policy"]).exits(10),
    ] {
        assert_eq!(ran.stderr.matches(ENDED).count(), 1, "{}", ran.stderr);
        ran.says_on_stderr(&["cmkctl sandbox --cloud-file sandbox.json"]);
    }
    let ran = rehearse(&["status", "--scenario", "fresh"]).exits(0);
    ran.says_on_stderr(&["cmkctl sandbox --scenario fresh --cloud-file sandbox.json"]);
    // A command with `--config` and `--profile` is suggested with both again.
    let served = Served::start("ready", FAST);
    let config = served.write("my config.toml", "[profile.mine]\n");
    let mut command = served.command("admin", &["status", "--config", &config]);
    command.args(["--profile", "mine"]);
    let ran = finish(command).exits(0);
    assert!(!ran.stderr.contains(ENDED), "{}", ran.stderr);
    let again = spans(&ran.stdout)
        .find(|span| span.starts_with("cmkctl "))
        .unwrap();
    let words = words(again);
    let at = |flag: &str| {
        words
            .iter()
            .position(|word| word == flag)
            .map(|at| &words[at + 1])
    };
    assert_eq!(at("--config"), Some(&config));
    assert_eq!(at("--profile").map(String::as_str), Some("mine"));
    assert_eq!(at("--sandbox-user").map(String::as_str), Some("admin"));
    assert_eq!(
        at("--cloud").map(String::as_str),
        served.cloud_file().to_str()
    );
}
