//! The help of one command on one screen: purpose, examples and its own options. The options of
//! every command have a separate page.

use super::markdown::{Block, Span};
use crate::report::hang;
use clap::builder::PossibleValue;
use clap::{Arg, Command};

/// The width of a page, unless the terminal is narrower.
pub(super) const WIDTH: u16 = 100;
/// The column in which the description of an option begins.
const COLUMN: usize = 28;
/// The heading of the options for a new key.
pub(in crate::cli) const NEW_KEY: &str = "New key and vault";
/// The last line of each page.
const END: &str = "Options of every command: `cmkctl help options`.";

/// The page of `command`. `path` is its full name, such as `cmkctl auth status`.
pub(super) fn page(command: &Command, path: &str, width: u16) -> String {
    let mut text = String::new();
    if let Some(about) = command.get_about() {
        text.push_str(&format!("{about}\n\n"));
    }
    text.push_str(&format!("Usage: {}\n", usage(command, path)));
    let (explanation, examples) = after(command);
    for paragraph in explanation
        .split("\n\n")
        .filter(|paragraph| !paragraph.is_empty())
    {
        text.push_str(&format!("\n{}\n", hang(&joined(paragraph), Some(width), 0)));
    }
    if !examples.is_empty() {
        text.push_str(&format!("\nExamples:\n{examples}\n"));
    }
    let inner: Vec<&Command> = command
        .get_subcommands()
        .filter(|subcommand| !subcommand.is_hide_set())
        .collect();
    if !inner.is_empty() {
        text.push_str("\nCommands:\n");
        for subcommand in inner {
            let about = subcommand
                .get_about()
                .map(ToString::to_string)
                .unwrap_or_default();
            text.push_str(&entry(subcommand.get_name(), &about, width));
        }
    }
    for (heading, arguments) in sections(command) {
        text.push_str(&format!("\n{heading}:\n{}", entries(&arguments, width)));
    }
    format!("{text}\n{END}\n")
}

/// The text above the options of every command.
const ALL: &str = "Options of every command. You can write them anywhere on the line.";
/// The option that the parser adds.
const HELP: (&str, &str) = ("-h, --help", "Print the help of the command");

fn global(root: &Command) -> Vec<&Arg> {
    let all = root.get_arguments();
    all.filter(|argument| argument.is_global_set()).collect()
}

/// The options that every command accepts.
pub(super) fn options(root: &Command, width: u16) -> String {
    let all = entries(&global(root), width);
    format!("{ALL}\n\n{all}{}", entry(HELP.0, HELP.1, width))
}

/// The same for a manual page.
pub(super) fn options_as_blocks(root: &Command) -> Vec<Block> {
    let plain = |text: String| {
        vec![Span {
            text,
            code: false,
            strong: false,
        }]
    };
    let row = |term: String, description: String| vec![plain(term), plain(description)];
    let mut rows = vec![row("Option".to_owned(), "Meaning".to_owned())];
    let all = global(root);
    rows.extend(
        all.iter()
            .map(|argument| row(term(argument), description(argument))),
    );
    rows.push(row(HELP.0.to_owned(), HELP.1.to_owned()));
    let title = plain("Options of every command".to_owned());
    vec![
        Block::Heading(1, title),
        Block::Paragraph(plain(ALL.to_owned())),
        Block::Table(rows),
    ]
}

fn usage(command: &Command, path: &str) -> String {
    let mut usage = path.to_owned();
    if command.has_subcommands() {
        return usage + " COMMAND";
    }
    for argument in command.get_positionals() {
        let name = value_name(argument);
        let more = if argument
            .get_num_args()
            .is_some_and(|many| many.max_values() > 1)
        {
            "..."
        } else {
            ""
        };
        usage.push_str(&if argument.is_required_set() {
            format!(" {name}{more}")
        } else {
            format!(" [{name}{more}]")
        });
    }
    usage + " [OPTIONS]"
}

/// The explanation, and the examples unchanged.
fn after(command: &Command) -> (String, String) {
    let text = command
        .get_after_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    match text.split_once("Examples:\n") {
        Some((explanation, examples)) => (
            explanation.trim().to_owned(),
            examples.trim_end().to_owned(),
        ),
        None => (text.trim().to_owned(), String::new()),
    }
}

/// A paragraph on one line. A paragraph with indented lines stays unchanged.
fn joined(paragraph: &str) -> String {
    if paragraph.lines().any(|line| line.starts_with("  ")) {
        return paragraph.to_owned();
    }
    paragraph.replace('\n', " ")
}

/// The arguments that only this command has, under their headings.
fn sections(command: &Command) -> Vec<(String, Vec<&Arg>)> {
    let mut sections: Vec<(String, Vec<&Arg>)> = Vec::new();
    let arguments = command
        .get_arguments()
        .filter(|argument| !argument.is_global_set() && !argument.is_hide_short_help_set());
    for argument in
        arguments.filter(|argument| !matches!(argument.get_id().as_str(), "help" | "version"))
    {
        // These options have a separate page.
        let elsewhere = argument.get_help_heading() == Some(NEW_KEY);
        if elsewhere && command.get_name() != "create-key" {
            continue;
        }
        let heading = argument.get_help_heading().unwrap_or("Options");
        match sections.iter_mut().find(|(name, _)| name == heading) {
            Some((_, arguments)) => arguments.push(argument),
            None => sections.push((heading.to_owned(), vec![argument])),
        }
    }
    sections
}

fn entries(arguments: &[&Arg], width: u16) -> String {
    arguments
        .iter()
        .map(|argument| entry(&term(argument), &description(argument), width))
        .collect()
}

/// One entry: the term, and its description in a column beside or below the term.
fn entry(term: &str, description: &str, width: u16) -> String {
    let description = hang(description, Some(width), COLUMN);
    if term.chars().count() + 4 > COLUMN {
        return format!("  {term}\n{:COLUMN$}{description}\n", "");
    }
    format!("  {term:room$}{description}\n", room = COLUMN - 2)
}

fn value_name(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    names.first().map_or_else(
        || argument.get_id().as_str().to_uppercase(),
        ToString::to_string,
    )
}

/// Such as `-o, --output <FORMAT>`.
fn term(argument: &Arg) -> String {
    if argument.is_positional() {
        return value_name(argument);
    }
    let long = argument
        .get_long()
        .map(|long| format!("--{long}"))
        .unwrap_or_default();
    let name = match argument.get_short() {
        Some(short) => format!("-{short}, {long}"),
        None => long,
    };
    if argument.get_action().takes_values() {
        return format!("{name} <{}>", value_name(argument));
    }
    name
}

/// The purpose of an argument, its values and its default.
fn description(argument: &Arg) -> String {
    let mut text = argument
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let values = argument.get_possible_values();
    let names: Vec<&str> = values
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(PossibleValue::get_name)
        .collect();
    if !names.is_empty() && argument.get_action().takes_values() {
        text.push_str(&format!(" [{}]", names.join(", ")));
    }
    let defaults = argument.get_default_values();
    if !argument.is_hide_default_value_set()
        && let Some(default) = defaults.first()
        && argument.get_action().takes_values()
    {
        text.push_str(&format!(" [default: {}]", default.to_string_lossy()));
    }
    text
}
