//! The terminal: what is written where, in which colour, and how an error looks.
//!
//! Names and words of services were cleaned where they were read. Here everything is cleaned once
//! more, so that nothing that was forgotten there can move the cursor, hide a word or forge a line:
//! the only escapes that reach a terminal are our own colours.

use super::calendar;
use super::ci::{Notes, guard, guard_json};
use super::color::{colored, in_ascii};
use super::csv;
use super::failure::ErrorDocument;
use super::query::Query;
use super::render::render;
use super::style::{Color, Style};
use super::values::{Format, Sheet, json, value_of};
use super::written::{Existing, appended, to_stderr, to_stdout, unheard, write_file};
use crate::error::{Error, Result};
use crate::model::text::clean_lines;
use anstyle::{AnsiColor, Style as Ansi};
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Stdout and stderr of this process.
#[derive(Debug)]
pub struct Out {
    pub(super) style: Style,
    query: Option<Query>,
    /// A terminal on stderr where progress may move.
    pub(super) moving: bool,
    pub(super) bar: Option<ProgressBar>,
    pub(super) last_plain: Instant,
    /// One document is on stdout already: a second one would break whoever parses it.
    answered: bool,
    /// What a CI service gets in the end.
    notes: Notes,
    /// The query did not fit the result; the command itself has ended by then.
    misfit: Option<Error>,
    /// Where the result goes instead of stdout.
    file: Option<PathBuf>,
    /// A result that could not be written.
    lost: Option<Error>,
    /// Something was done at the service.
    pub(super) did: bool,
    /// What `-q` left out, and a question needs.
    pub(super) unshown: Option<String>,
    /// The codes of the findings that were shown, each with its remedy.
    pub(super) findings: BTreeSet<&'static str>,
}

impl Out {
    /// Writes in `style`.
    pub fn new(style: Style) -> Self {
        let moving = style.lively && std::io::stderr().is_terminal();
        Self {
            style,
            query: None,
            moving,
            bar: None,
            last_plain: Instant::now(),
            answered: false,
            notes: Notes::default(),
            misfit: None,
            file: None,
            lost: None,
            did: false,
            unshown: None,
            findings: BTreeSet::new(),
        }
    }

    /// From here on data is what `query` makes of it.
    pub fn asks(&mut self, query: Option<Query>) {
        self.query = query;
    }

    /// Lists are numbered lines from here on, where the configuration says so.
    pub fn reads_lines(&mut self, plain: bool) {
        self.style.plain |= plain;
    }

    /// The result goes to this file instead of stdout, whole or not at all.
    ///
    /// # Errors
    /// There will be no result.
    pub fn goes_to(&mut self, file: Option<&Path>) -> Result<()> {
        if file.is_some() && self.style.format == Format::None {
            return Err(
                Error::usage("`-o none` writes nothing, so `--out` gets no file.")
                    .hint("Leave out one of the two."),
            );
        }
        self.file = file.map(Path::to_owned);
        Ok(())
    }

    /// The shape of data.
    pub fn format(&self) -> Format {
        self.style.format
    }

    /// Is nothing said but results and errors?
    pub fn is_quiet(&self) -> bool {
        self.style.quiet
    }

    /// Is stdout for a script, and not for a person?
    pub fn is_for_scripts(&self) -> bool {
        self.query.is_some() || self.style.format != Format::Table
    }

    /// Data, to stdout: `sheet` for people, `value` for scripts. A closed pipe is fine.
    pub fn data(&mut self, value: &impl Serialize, sheet: &Sheet) {
        let width = self.columns();
        self.result(value, || sheet.text(width));
    }

    /// Data for scripts only: people have read it already.
    pub fn data_for_scripts(&mut self, value: &impl Serialize) {
        self.result(value, String::new);
    }

    /// The one way of a result to stdout.
    pub(super) fn result(&mut self, value: &impl Serialize, people: impl FnOnce() -> String) {
        self.answered = true;
        let plain = self.query.is_none();
        let as_it_is = plain && matches!(self.style.format, Format::Table | Format::Json);
        let document = if as_it_is && self.style.ci.is_none() {
            Value::Null
        } else {
            value_of(value)
        };
        if self.style.ci.is_some() {
            self.notes = Notes::of(&document);
        }
        let text = match (&self.query, self.style.format) {
            (None, Format::Table) => people(),
            (None, Format::Json) => json(value),
            (None, format) => render(&document, format, None),
            (Some(query), format) => match query.ask(&document) {
                Ok(answer) => render(&answer, format, self.columns()),
                Err(error) => {
                    self.misfit = Some(error);
                    return;
                }
            },
        };
        self.text(&text);
    }

    /// The result, in a shape of its own, to stdout.
    pub(super) fn document(&mut self, text: &str) {
        self.answered = true;
        self.text(text);
    }

    /// Text of its own shape, to stdout or to the file that was named. What can't be written is
    /// said at the end.
    pub fn text(&mut self, text: &str) {
        self.stop();
        if self.style.format == Format::None {
            return;
        }
        let file = self.file.take();
        let mut text = match self.style.format {
            // Only the tabs between values are left by now.
            Format::Tsv => Cow::Owned(
                text.split('\t')
                    .map(clean_lines)
                    .collect::<Vec<_>>()
                    .join("\t"),
            ),
            _ => clean_lines(text),
        };
        // A file is no log.
        if self.style.log_is_read && file.is_none() {
            text = Cow::Owned(match self.style.format {
                Format::Json | Format::Jsonl | Format::Sarif => guard_json(&text),
                _ => guard(&text),
            });
        }
        text = match self.style.format {
            Format::Csv => Cow::Owned(csv::exact(&text)),
            Format::Ics => Cow::Owned(calendar::exact(&text)),
            _ => text,
        };
        let people = self.style.format == Format::Table && file.is_none();
        if people && self.has_color(std::io::stdout().is_terminal()) {
            text = Cow::Owned(colored(&text));
        }
        if people && self.style.ascii {
            text = Cow::Owned(in_ascii(&text));
        }
        let written = match &file {
            Some(file) => write_file(file, text.as_bytes(), Existing::Replaced),
            None => to_stdout(text.as_bytes()),
        };
        match (written, file) {
            (Ok(()), Some(file)) => self.say(&format!("Written: `{}`", file.display())),
            (Ok(()), None) => {}
            (Err(error), _) => {
                self.lost.get_or_insert(error);
            }
        }
    }

    /// From here on stdout is for a script alone; results are not printed.
    ///
    /// # Errors
    /// Somebody wants the result there, too.
    pub fn only_scripts(&mut self) -> Result<()> {
        if self.query.is_some() || !matches!(self.style.format, Format::Table | Format::None) {
            let what = "`--hand-over -` prints to standard output, and so would the result.";
            return Err(Error::usage(what).hint("Name a file, or leave out `-o` and `--query`."));
        }
        self.style.format = Format::None;
        Ok(())
    }

    /// A script, to stdout as it is.
    pub(super) fn script(&mut self, text: &str) {
        self.stop();
        if let Err(error) = to_stdout(text.as_bytes()) {
            self.lost.get_or_insert(error);
        }
    }

    /// Is everything written so far?
    ///
    /// # Errors
    /// What is not, once.
    pub fn written(&mut self) -> Result<()> {
        self.lost.take().map_or(Ok(()), Err)
    }

    /// An error, to stderr for people and, where the format has room for it, to stdout for scripts,
    /// unless the result is there already. A query is not asked of it.
    pub fn error(&mut self, error: &Error) {
        self.stop();
        self.file = None;
        if !self.answered
            && matches!(
                self.style.format,
                Format::Json | Format::Jsonl | Format::Yaml
            )
        {
            let document = value_of(&ErrorDocument::from(error));
            self.document(&render(&document, self.style.format, None));
        }
        let text = self.error_text(error);
        let text = text.trim_end();
        self.line(text);
    }

    /// The end of `command`: its error, if any, and what a CI service gets. Returns the exit code.
    /// A result that is lost decides it.
    pub fn finish(&mut self, command: &str, result: Result<()>) -> u8 {
        self.stop();
        let lost = self.lost.take();
        let mut error = result.err().or_else(|| self.misfit.take());
        if let Some(error) = &error {
            self.error(error);
        }
        if let Some(mut lost) = lost {
            if self.did {
                lost.message.push_str(match error {
                    None => " The change itself is done.",
                    Some(_) => " What was done before stays.",
                });
            }
            self.error_in_passing(&lost);
            error = Some(lost);
        }
        let mut code = error.as_ref().map_or(0, |error| error.kind.exit_code());
        let mut unwritten = Vec::new();
        if let Some(ci) = &self.style.ci {
            let leaves = ci.leaves(&self.notes, command, code, error.as_ref());
            for (path, text) in &leaves.files {
                match std::fs::OpenOptions::new()
                    .append(true)
                    .create(true)
                    .open(path)
                {
                    Ok(mut file) => {
                        unwritten.extend(appended(path, file.write_all(text.as_bytes())).err())
                    }
                    // A runner that has no such file loses nothing.
                    Err(why) => {
                        self.line(&format!("`{}` can't be written: {why}.", path.display()))
                    }
                }
            }
            // These are commands, so nothing guards them; each part was guarded where it was put
            // in.
            let text: String = leaves
                .commands
                .iter()
                .map(|command| format!("{command}\n"))
                .collect();
            unwritten.extend(to_stderr(text.as_bytes()).err());
        }
        // Later steps of a job read them. What the command itself ended with says more.
        for error in &unwritten {
            self.error_in_passing(error);
            code = code.max(error.kind.exit_code());
        }
        code
    }

    pub(super) fn line(&mut self, text: &str) {
        self.stop();
        let mut text = self.guarded(text);
        if self.has_color(std::io::stderr().is_terminal()) {
            text = colored(&text);
        }
        if self.style.ascii {
            text = in_ascii(&text);
        }
        unheard(writeln!(std::io::stderr(), "{text}"));
    }

    pub(super) fn guarded(&self, text: &str) -> String {
        if self.style.log_is_read {
            guard(text)
        } else {
            text.to_owned()
        }
    }

    pub(super) fn stop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// How wide stdout is, when it is a terminal.
    pub(super) fn columns(&self) -> Option<u16> {
        self.width(self.file.is_none() && std::io::stdout().is_terminal())
    }

    pub(super) fn width(&self, terminal: bool) -> Option<u16> {
        self.style.width.filter(|_| terminal)
    }

    /// Is there colour on a stream that is, or is not, a terminal?
    fn has_color(&self, terminal: bool) -> bool {
        match self.style.color {
            Color::Never => false,
            Color::Terminal => terminal,
            Color::Always => true,
        }
    }

    pub(super) fn paint(&self, text: &str, color: AnsiColor) -> String {
        if !self.has_color(std::io::stderr().is_terminal()) {
            return text.to_owned();
        }
        let style = Ansi::new().bold().fg_color(Some(color.into()));
        format!("{style}{text}{style:#}")
    }
}
