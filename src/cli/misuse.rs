//! Turns a parser's error into an error of cmkctl: what is wrong with the command line, and how to
//! correct it.

use super::help::found;
use crate::error::Error;
use crate::report::Format;
use clap::ValueEnum;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error as _;

/// The parser's error about these words, in the words of cmkctl. `words` does not contain the
/// program's name. A person and, with `-o json`, a script get the same error.
pub(super) fn told(error: &clap::Error, words: &[String], tree: &clap::Command) -> Error {
    let (_, command) = found(words, tree);
    let misuse = Misuse { error, command };
    let mut told = Error::usage(misuse.message());
    for hint in misuse.hints() {
        told = told.hint(hint);
    }
    told.hint(format!(
        "`{} --help` shows its arguments and options.",
        misuse.command
    ))
}

/// The output format that a command line with mistakes asks for. A script that asks for JSON gets
/// the error in JSON, too.
pub(super) fn format(words: &[String]) -> Option<Format> {
    let mut words = words.iter().map(String::as_str);
    let mut asked = None;
    while let Some(word) = words.next() {
        let value = match word {
            "-o" | "--output" => words.next(),
            _ => word
                .strip_prefix("--output=")
                .or_else(|| word.strip_prefix("-o"))
                .map(|value| value.trim_start_matches('=')),
        };
        asked = value
            .and_then(|value| Format::from_str(value, true).ok())
            .or(asked);
    }
    asked
}

struct Misuse<'a> {
    error: &'a clap::Error,
    command: String,
}

impl Misuse<'_> {
    fn text(&self, kind: ContextKind) -> Option<&str> {
        match self.error.get(kind)? {
            ContextValue::String(text) => Some(text),
            ContextValue::Strings(texts) => texts.first().map(String::as_str),
            _ => None,
        }
    }

    fn texts(&self, kind: ContextKind) -> Vec<String> {
        match self.error.get(kind) {
            Some(ContextValue::Strings(texts)) => texts.clone(),
            Some(ContextValue::String(text)) => vec![text.clone()],
            _ => Vec::new(),
        }
    }

    /// The option without its value, such as `--vault` of `--vault <NAME|ID|URL>`.
    fn option(&self) -> String {
        let text = self.text(ContextKind::InvalidArg).unwrap_or_default();
        without_value(text)
    }

    fn message(&self) -> String {
        let (command, option) = (&self.command, self.option());
        let value = self.text(ContextKind::InvalidValue).unwrap_or_default();
        let value = value.escape_debug();
        match self.error.kind() {
            ErrorKind::UnknownArgument if option.starts_with('-') => {
                format!("`{command}` has no option `{}`.", option.escape_debug())
            }
            ErrorKind::UnknownArgument => {
                let more = option.escape_debug();
                format!("`{command}` does not accept the extra word `{more}`.")
            }
            ErrorKind::InvalidSubcommand => {
                let name = self.text(ContextKind::InvalidSubcommand);
                let name = name.unwrap_or_default().escape_debug();
                format!("`{command}` has no command `{name}`.")
            }
            ErrorKind::InvalidValue if value.clone().next().is_none() => {
                format!("`{option}` needs a value.")
            }
            ErrorKind::InvalidValue => format!("`{option}` can't be `{value}`."),
            ErrorKind::ValueValidation => match self.error.source() {
                Some(why) => format!("`{option}` can't be `{value}`: {why}."),
                None => format!("`{option}` can't be `{value}`."),
            },
            ErrorKind::MissingRequiredArgument => {
                let missing = self.missing();
                // An option may be required only by another option.
                if missing.starts_with("`<") {
                    format!("`{command}` requires {missing}.")
                } else {
                    format!("This use of `{command}` requires {missing}.")
                }
            }
            ErrorKind::ArgumentConflict => self.conflict(&option),
            ErrorKind::InvalidUtf8 => "The command line is not valid UTF-8.".to_owned(),
            _ => self.in_its_words(),
        }
    }

    fn missing(&self) -> String {
        let all = self.texts(ContextKind::InvalidArg);
        let all: Vec<String> = all.iter().map(|name| format!("`{name}`")).collect();
        all.join(", ")
    }

    fn conflict(&self, option: &str) -> String {
        let others = self.texts(ContextKind::PriorArg);
        let others: Vec<String> = others.iter().map(|other| without_value(other)).collect();
        if others.iter().all(|other| other == option) {
            return format!("`{option}` was given twice. Use it only once.");
        }
        let others: Vec<String> = others.iter().map(|other| format!("`{other}`")).collect();
        format!(
            "`{option}` can't be used together with {}.",
            others.join(", ")
        )
    }

    /// The parser's own message, for errors without a message here.
    fn in_its_words(&self) -> String {
        let text = self.error.to_string();
        let line = text.lines().next().unwrap_or_default();
        let line = line.trim_start_matches("error: ");
        let mut sentence = line.to_owned();
        if let Some(first) = sentence.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        format!("{}.", sentence.trim_end_matches('.'))
    }

    fn hints(&self) -> Vec<String> {
        let mut hints = Vec::new();
        let near = [
            ContextKind::SuggestedArg,
            ContextKind::SuggestedSubcommand,
            ContextKind::SuggestedValue,
        ];
        let typed = self.text(ContextKind::InvalidSubcommand);
        if let Some(list) = typed.and_then(listed) {
            hints.push(format!("Did you mean `cmkctl list {list}`?"));
        // clap puts the most similar name last.
        } else if let Some(near) = near.iter().find_map(|kind| self.texts(*kind).pop()) {
            // A different first letter means a different word, not a typing error.
            if typed.is_none_or(|typed| typed.get(..1) == near.get(..1)) {
                hints.push(format!("Did you mean `{}`?", without_value(&near)));
            }
        }
        let blank = self.error.kind() == ErrorKind::UnknownArgument;
        if blank && !self.option().starts_with('-') {
            hints.push("Put a name with spaces in quotes, such as \"Contoso UAT\".".to_owned());
        }
        let values = self.texts(ContextKind::ValidValue);
        if !values.is_empty() {
            hints.push(format!("Allowed values: {}.", values.join(", ")));
        }
        let commands = self.texts(ContextKind::ValidSubcommand);
        if !commands.is_empty() {
            hints.push(format!("Commands: {}.", commands.join(", ")));
        }
        hints
    }
}

/// The list that a command line with a noun means, such as `cmkctl environment list`.
fn listed(noun: &str) -> Option<&'static str> {
    let nouns = [
        ("environment", "environments"),
        ("policy", "policies"),
        ("policies", "policies"),
        ("vault", "vaults"),
        ("key", "keys"),
        ("subscription", "subscriptions"),
    ];
    let noun = noun.to_ascii_lowercase();
    let is = |(singular, many): &(&str, &str)| noun == *singular || noun == *many;
    nouns.into_iter().find(is).map(|(_, many)| many)
}

fn without_value(option: &str) -> String {
    let end = option.find([' ', '=']).filter(|_| option.starts_with('-'));
    end.map_or(option, |end| &option[..end]).to_owned()
}

#[cfg(test)]
mod tests {
    use super::{format, told};
    use crate::cli::{command, parse};
    use crate::report::Format;

    /// What is typed, what is wrong with it, and what would help.
    type Line = (&'static [&'static str], &'static str, &'static str);

    const LINES: [Line; 17] = [
        (
            &["status", "--colour"],
            "`cmkctl status` has no option `--colour`.",
            "Did you mean `--cloud`?",
        ),
        (
            &["status", "-5"],
            "`cmkctl status` has no option `-5`.",
            "`cmkctl status --help` shows its arguments and options.",
        ),
        (
            &["status", "Contoso", "UAT"],
            "`cmkctl status` does not accept the extra word `UAT`.",
            "Put a name with spaces in quotes, such as \"Contoso UAT\".",
        ),
        (
            &["list", "bogus"],
            "`cmkctl list` has no command `bogus`.",
            "`cmkctl list --help` shows its arguments and options.",
        ),
        (
            &["enabel"],
            "`cmkctl` has no command `enabel`.",
            "Did you mean `enable`?",
        ),
        (
            &["chek"],
            "`cmkctl` has no command `chek`.",
            "Did you mean `check`?",
        ),
        (
            &["status", "-o", "markdwn"],
            "`--output` can't be `markdwn`.",
            "Did you mean `markdown`?",
        ),
        (
            &["environment", "list"],
            "`cmkctl` has no command `environment`.",
            "Did you mean `cmkctl list environments`?",
        ),
        (
            &["plan", "x.toml", "--out"],
            "`--out` needs a value.",
            "`cmkctl plan --help` shows its arguments and options.",
        ),
        (
            &["plan"],
            "`cmkctl plan` requires `<FILE>`.",
            "`cmkctl plan --help` shows its arguments and options.",
        ),
        (
            &["status", "-o", "xml"],
            "`--output` can't be `xml`.",
            "Allowed values: table, wide, json, jsonl, tsv, yaml, none, sarif, html, \
                markdown, csv, ics, prometheus.",
        ),
        (
            &["enable", "--timeout", "-5"],
            "`--timeout` can't be `-5`: it must not be negative.",
            "`cmkctl enable --help` shows its arguments and options.",
        ),
        (
            &["sandbox", "--port", "99999"],
            "`--port` can't be `99999`: it must be a number from 0 to 65535.",
            "`cmkctl sandbox --help` shows its arguments and options.",
        ),
        (
            &["enable", "--ask", "--yes"],
            "`--ask` can't be used together with `--yes`.",
            "`cmkctl enable --help` shows its arguments and options.",
        ),
        (
            &["status", "--cloud", "a", "--cloud", "b"],
            "`--cloud` was given twice. Use it only once.",
            "`cmkctl status --help` shows its arguments and options.",
        ),
        (
            &["enable", "--detailed-exitcode"],
            "This use of `cmkctl enable` requires `--dry-run`.",
            "`cmkctl enable --help` shows its arguments and options.",
        ),
        (
            &["status", "--sandbox=fresh"],
            "Unexpected value 'fresh' for '--sandbox' found; no more were expected.",
            "`cmkctl status --help` shows its arguments and options.",
        ),
    ];

    #[test]
    fn the_format_is_heard_wherever_it_stands() {
        let cases = [
            ("status --bogus -o json", Some(Format::Json)),
            ("-ojson bogus", Some(Format::Json)),
            ("bogus --output=YAML", Some(Format::Yaml)),
            ("bogus --output jsonl -o", Some(Format::Jsonl)),
            ("bogus -o xml", None),
            ("bogus", None),
        ];
        for (line, expected) in cases {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(format(&words), expected, "{line}");
        }
    }

    #[test]
    fn a_wrong_line_is_told_in_a_sentence_with_a_remedy() {
        for (words, message, hint) in LINES {
            let line = [&["cmkctl"], words].concat();
            let typed: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            let error = told(&parse(&line).unwrap_err(), &typed, &command());
            assert_eq!(error.message, message, "{words:?}");
            assert!(
                error.hints.iter().any(|told| told == hint),
                "{words:?}: {:?}",
                error.hints
            );
        }
    }
}
