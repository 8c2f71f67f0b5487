//! `cmkctl help`, and the output without arguments or with `--help`.

mod manual;
mod markdown;
mod page;
mod screen;
mod topics;

pub(super) use manual::terms;
pub(super) use page::NEW_KEY;
pub(super) use topics::manuals;

use crate::config::{self, VARIABLES};
use crate::error::{Error, Kind, Result};
use crate::report::{Out, wrap};
use clap::Command;
use clap::error::{ContextKind, ContextValue};
use std::collections::BTreeSet;

/// Explain a command or a topic
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cmkctl help enable
  cmkctl help auth status
  cmkctl help options
  cmkctl help getting-started")]
pub(super) struct Args {
    /// Command, or topic such as permissions, configuration, exit-codes
    #[arg(value_name = "COMMAND|TOPIC", id = "help_about")]
    words: Vec<String>,
}

/// The commands in groups by purpose, in the order in which users need them.
pub(super) const GROUPS: [(&str, &[&str]); 6] = [
    (
        "Enable",
        &[
            "enable",
            "check-integration",
            "environment-name",
            "create-key",
            "create-policy",
            "add-environment",
            "status",
            "check",
        ],
    ),
    (
        "Operate",
        &[
            "rotate-key",
            "rotation-policy",
            "swap-policy",
            "remove-environment",
            "unlock",
            "retire-key",
            "history",
        ],
    ),
    (
        "Many environments",
        &["list", "plan", "apply", "adopt", "watch"],
    ),
    ("Evidence", &["report", "export"]),
    (
        "Set up",
        &[
            "auth",
            "config",
            "doctor",
            "explain",
            "completions",
            "man",
            "help",
        ],
    ),
    ("Rehearse", &["sandbox"]),
];

const BEGIN: &str = "\
cmkctl encrypts Dynamics 365 finance and operations and Power Platform
environments with your own key from Azure Key Vault.

Usage: cmkctl COMMAND [OPTIONS]

Three ways to begin:
  cmkctl enable --sandbox     Rehearse on this machine: no tenant, no sign-in
  cmkctl check ENVIRONMENT    Find blockers and change nothing
  cmkctl enable               Run all four steps (cmkctl asks what it needs)
";

const END: &str = "
`cmkctl help COMMAND` explains a command, with examples.
`cmkctl help TOPIC` explains one of these topics:
";

/// The width of the overview.
const WIDTH: u16 = 76;

/// All commands in their groups, and how to begin.
pub(super) fn overview(tree: &Command) -> String {
    let mut text = BEGIN.to_owned();
    for (group, names) in GROUPS {
        text.push_str(&format!("\n{group}:\n"));
        for name in names {
            let about = tree.find_subcommand(name).and_then(Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            text.push_str(&format!("  {name:18}  {about}\n"));
        }
    }
    let topics = topics::names().collect::<Vec<_>>().join(", ");
    text.push_str(END);
    for line in wrap(&topics, Some(WIDTH)).lines() {
        text.push_str(&format!("  {line}\n"));
    }
    text
}

/// The page of the command that these words name. Options among the words are ignored.
pub(super) fn of(words: &[String], tree: &Command) -> String {
    let (command, path) = found(words, tree);
    if path == tree.get_name() {
        return overview(tree);
    }
    page::page(command, &path, width())
}

/// The width of the pages on this terminal.
fn width() -> u16 {
    config::columns().unwrap_or(page::WIDTH).min(page::WIDTH)
}

/// The command that these words name, or the nearest parent, and its full name.
pub(super) fn found<'a>(words: &[String], tree: &'a Command) -> (&'a Command, String) {
    let (mut path, mut at) = (tree.get_name().to_owned(), tree);
    let mut after_option = false;
    for word in words {
        if let Some(next) = at.find_subcommand(word) {
            path = format!("{path} {}", next.get_name());
            at = next;
        } else if !word.starts_with('-') && !after_option {
            break;
        }
        // The next word may be the option's value.
        after_option = word.starts_with('-') && !word.contains('=');
    }
    (at, path)
}

/// Every exit code with its meaning.
pub(super) fn exit_codes() -> Vec<(String, String)> {
    let done = "done, or already in the desired state".to_owned();
    let kinds = Kind::ALL.into_iter();
    let kinds = kinds.map(|kind| (kind.exit_code().to_string(), kind.meaning().to_owned()));
    [("0".to_owned(), done)].into_iter().chain(kinds).collect()
}

/// Every variable that is read, with its meaning.
pub(super) fn variables() -> Vec<(String, String)> {
    let rows = VARIABLES.iter();
    rows.map(|(name, what)| ((*name).to_owned(), (*what).to_owned()))
        .collect()
}

/// The words that can follow `cmkctl help`.
pub(super) fn subjects(tree: &Command) -> BTreeSet<String> {
    let commands = tree
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    let commands = commands.map(|command| command.get_name().to_owned());
    commands.chain(topics::names().map(str::to_owned)).collect()
}

impl Args {
    /// Prints a topic, or the page of a command.
    ///
    /// # Errors
    /// Usage: no command and no topic has this name.
    pub(super) fn run(&self, out: &mut Out, tree: &Command) -> Result<()> {
        let lower: Vec<String> = self
            .words
            .iter()
            .map(|word| word.to_ascii_lowercase())
            .collect();
        if let [name] = lower.as_slice()
            && let Some(text) = topics::text(name, tree, width())
        {
            // A command and a topic may have the same name. Print the command's page first.
            if tree.find_subcommand(name).is_some() {
                out.text(&format!("{}\n", of(&lower, tree)));
            }
            out.text(&text);
            return Ok(());
        }
        let (_, path) = found(&lower, tree);
        let named = path.split(' ').count() - 1;
        let Some(odd) = lower.get(named) else {
            out.text(&of(&lower, tree));
            return Ok(());
        };
        let what = format!("There is no command and no topic `{}`.", odd.escape_debug());
        let near = topics::names()
            .find(|topic| topic.starts_with(odd.as_str()) || odd.starts_with(topic))
            .filter(|_| odd.len() > 3)
            .map(str::to_owned)
            .or_else(|| near(odd, tree));
        let error = Error::usage(what);
        Err(match near {
            Some(near) => error.hint(format!("Did you mean `cmkctl help {near}`?")),
            None => error.hint("`cmkctl help` lists all commands and topics."),
        })
    }
}

/// The command with a similar name, as the parser suggests it.
fn near(odd: &str, tree: &Command) -> Option<String> {
    let error = tree.clone().try_get_matches_from(["cmkctl", odd]).err()?;
    match error.get(ContextKind::SuggestedSubcommand)? {
        ContextValue::String(name) => Some(name.clone()),
        ContextValue::Strings(names) => names.first().cloned(),
        _ => None,
    }
}
