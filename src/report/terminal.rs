//! Stdout and stderr: which text goes where, its colour, and the form of an error.
//!
//! Names and words of services are cleaned where they are read. This file cleans all text again. So
//! no forgotten text can move the cursor, hide a word or forge a line. The only escapes that reach
//! a terminal are cmkctl's own colours.

use super::calendar;
use super::ci::{Notes, guard, guard_json};
use super::color::{colored, in_ascii};
use super::csv;
use super::failure::ErrorDocument;
use super::listener::Listener;
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
    /// Can progress move on stderr?
    pub(super) moving: bool,
    pub(super) bar: Option<ProgressBar>,
    pub(super) last_plain: Instant,
    /// Is a document already on stdout? A second one would break parsers.
    answered: bool,
    /// Facts for the CI output at the end.
    notes: Notes,
    /// The error of a query that did not fit the result. The command itself has ended by then.
    misfit: Option<Error>,
    /// The file that gets the result instead of stdout.
    file: Option<PathBuf>,
    /// The error of a result that could not be written.
    lost: Option<Error>,
    /// Was anything changed at the service?
    pub(super) did: bool,
    /// Text that `-q` left out and that a question needs.
    pub(super) unshown: Option<String>,
    /// The codes of the findings on the screen, which show their remedies.
    pub(super) findings: BTreeSet<&'static str>,
    /// Gets the news of environments.
    pub(super) listener: Option<Listener>,
}

impl Out {
    /// An output with this style.
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
            listener: None,
        }
    }

    /// Applies `query` to all later data.
    pub fn asks(&mut self, query: Option<Query>) {
        self.query = query;
    }

    /// Prints lists as numbered lines from now on, if the configuration says so.
    pub fn reads_lines(&mut self, plain: bool) {
        self.style.plain |= plain;
    }

    /// Writes the result to this file instead of stdout, completely or not at all.
    ///
    /// # Errors
    /// Usage: the format writes no result.
    pub fn goes_to(&mut self, file: Option<&Path>) -> Result<()> {
        if file.is_some() && self.style.format == Format::None {
            return Err(
                Error::usage("`-o none` writes no result, so `--out` can't write a file.")
                    .hint("Leave out `-o none` or `--out`."),
            );
        }
        self.file = file.map(Path::to_owned);
        Ok(())
    }

    /// The format of data.
    pub fn format(&self) -> Format {
        self.style.format
    }

    /// Does it print only results and errors?
    pub fn is_quiet(&self) -> bool {
        self.style.quiet
    }

    /// Is stdout for a script instead of a person?
    pub fn is_for_scripts(&self) -> bool {
        self.query.is_some() || self.style.format != Format::Table
    }

    /// Prints data to stdout: `sheet` for people, `value` for scripts. A closed pipe is fine.
    pub fn data(&mut self, value: &impl Serialize, sheet: &Sheet) {
        let width = self.columns();
        self.result(value, || sheet.text(width));
    }

    /// Prints data only for scripts, because it is already on the screen for people.
    pub fn data_for_scripts(&mut self, value: &impl Serialize) {
        self.result(value, String::new);
    }

    /// The only function that prints results to stdout.
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

    /// Prints a result in its own format to stdout.
    pub(super) fn document(&mut self, text: &str) {
        self.answered = true;
        self.text(text);
    }

    /// Prints text in its own format, to stdout or to the named file. A failed write is reported at
    /// the end.
    pub fn text(&mut self, text: &str) {
        self.stop();
        if self.style.format == Format::None {
            return;
        }
        let file = self.file.take();
        let mut text = match self.style.format {
            // Cells are already clean, so the remaining tabs separate values.
            Format::Tsv => Cow::Owned(
                text.split('\t')
                    .map(clean_lines)
                    .collect::<Vec<_>>()
                    .join("\t"),
            ),
            _ => clean_lines(text),
        };
        // A file is not a log, so nothing needs a guard.
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

    /// Reserves stdout for a script. Results are not printed from now on.
    ///
    /// # Errors
    /// Usage: the result needs stdout, too.
    pub fn only_scripts(&mut self) -> Result<()> {
        if self.query.is_some() || !matches!(self.style.format, Format::Table | Format::None) {
            let what = "`--hand-over -` and the result can't both use standard output.";
            return Err(Error::usage(what)
                .hint("Pass a file name to `--hand-over`, or leave out `-o` and `--query`."));
        }
        self.style.format = Format::None;
        Ok(())
    }

    /// Prints a script to stdout unchanged.
    pub(super) fn script(&mut self, text: &str) {
        self.stop();
        if let Err(error) = to_stdout(text.as_bytes()) {
            self.lost.get_or_insert(error);
        }
    }

    /// Was everything written so far?
    ///
    /// # Errors
    /// The first failed write; returned only once.
    pub fn written(&mut self) -> Result<()> {
        self.lost.take().map_or(Ok(()), Err)
    }

    /// Prints an error: to stderr for people, and to stdout for scripts if the format allows it and
    /// no result is there. A query does not apply to it.
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

    /// Prints the end of `command`: its error, if any, and the CI output. Returns the exit code. A
    /// lost result decides it.
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
                    None => " cmkctl made the change.",
                    Some(_) => " Changes already made remain.",
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
                    // If a runner has no such file, nothing is lost.
                    Err(why) => {
                        self.line(&format!("`{}` can't be written: {why}.", path.display()))
                    }
                }
            }
            // These are commands, so they get no guard. Each part was escaped when it was inserted.
            let text: String = leaves
                .commands
                .iter()
                .map(|command| format!("{command}\n"))
                .collect();
            unwritten.extend(to_stderr(text.as_bytes()).err());
        }
        // Later steps of a job read these files, so a failed write counts. The command's own exit
        // code has priority.
        for error in &unwritten {
            self.error_in_passing(error);
            if code == 0 {
                code = error.kind.exit_code();
            }
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

    /// Does a person read what goes to stdout, at a terminal?
    pub(super) fn shows_people(&self) -> bool {
        !self.is_for_scripts() && std::io::stdout().is_terminal()
    }

    /// Does the result go to a file?
    pub(super) const fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// How that file's name ends, in lower case.
    pub(super) fn file_ending(&self) -> Option<String> {
        let ending = self.file.as_ref()?.extension()?;
        Some(ending.to_string_lossy().to_ascii_lowercase())
    }

    /// Is there a result that could not be written?
    pub(super) const fn has_lost(&self) -> bool {
        self.lost.is_some()
    }

    /// How wide stdout is, when it is a terminal.
    pub(super) fn columns(&self) -> Option<u16> {
        self.width(self.file.is_none() && std::io::stdout().is_terminal())
    }

    pub(super) fn width(&self, terminal: bool) -> Option<u16> {
        self.style.width.filter(|_| terminal)
    }

    /// Use colour on this stream? `terminal`: whether it is a terminal.
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
