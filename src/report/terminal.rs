//! The terminal: what is written where, in which colour, and how an error looks.
//!
//! Names and words of services were cleaned where they were read. Here everything is cleaned once more, so that nothing that was forgotten there
//! can move the cursor, hide a word or forge a line: the only escapes that reach a terminal are our own colours.

use super::explain::pointer;
use super::values::{Format, Sheet, grid, json, wrap};
use crate::error::Error;
use crate::model::finding::{Finding, Severity};
use crate::model::plan::Plan;
use crate::model::receipt::{Event, Tick};
use crate::model::text::{clean, clean_lines};
use anstyle::{AnsiColor, Style as Ansi};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Without a terminal, waiting says so this often (real time).
const PLAIN_EVERY: Duration = Duration::from_secs(60);

/// How things are written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    /// Table or JSON.
    pub format: Format,
    /// Narration off.
    pub quiet: bool,
    /// Colour and moving progress wanted (no `NO_COLOR`, not `TERM=dumb`, not in CI).
    pub lively: bool,
    /// Width of the terminal.
    pub width: Option<u16>,
}

/// Stdout and stderr of this process.
#[derive(Debug)]
pub struct Out {
    style: Style,
    color: bool,
    bar: Option<ProgressBar>,
    last_plain: Instant,
    /// One document is on stdout already: a second one would break whoever parses it.
    answered: bool,
}

impl Out {
    /// Writes in `style`.
    pub fn new(style: Style) -> Self {
        let color = style.lively && std::io::stderr().is_terminal();
        Self { style, color, bar: None, last_plain: Instant::now(), answered: false }
    }

    /// Table or JSON.
    pub fn format(&self) -> Format {
        self.style.format
    }

    /// Data, to stdout: `sheet` for people, `value` for scripts. A closed pipe is fine.
    pub fn data(&mut self, value: &impl Serialize, sheet: &Sheet) {
        self.stop();
        self.answered = true;
        let text = match self.style.format {
            Format::Table => sheet.text(self.stdout_width()),
            _ => json(value),
        };
        let _ = std::io::stdout().write_all(clean_lines(&text).as_bytes());
    }

    /// The width of a terminal on stdout.
    pub(super) fn stdout_width(&self) -> Option<u16> {
        self.width(std::io::stdout().is_terminal())
    }

    /// The result, in a shape of its own, to stdout.
    pub(super) fn document(&mut self, text: &str) {
        self.answered = true;
        self.text(text);
    }

    /// Text of its own shape, to stdout.
    pub fn text(&mut self, text: &str) {
        self.stop();
        let _ = std::io::stdout().write_all(clean_lines(text).as_bytes());
    }

    /// One line to stderr, unless quiet.
    pub fn say(&mut self, text: &str) {
        if !self.style.quiet {
            self.line(&clean_lines(text));
        }
    }

    /// What is going on.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Doing(what) => self.mark("…", AnsiColor::Cyan, what),
            Event::Done(what) => self.mark("✓", AnsiColor::Green, what),
            Event::Note(what) => self.mark("!", AnsiColor::Yellow, what),
            Event::Waiting(tick) => self.tick(tick),
        }
    }

    fn mark(&mut self, mark: &str, color: AnsiColor, what: &str) {
        if !self.style.quiet {
            self.line(&format!("{} {}", self.paint(mark, color), clean(what)));
        }
    }

    fn tick(&mut self, tick: &Tick) {
        if self.style.quiet {
            return;
        }
        let words = clean(&tick.words);
        let text = format!("{} since the start, {words}; next look in {}", span(tick.elapsed), span(tick.next));
        if self.color {
            let bar = self.bar.get_or_insert_with(spinner);
            bar.set_message(format!("{text} (Ctrl-C leaves it running)"));
            bar.tick();
        } else if self.last_plain.elapsed() >= PLAIN_EVERY {
            self.last_plain = Instant::now();
            self.line(&format!("  {text}"));
        }
    }

    /// The plan, before consent: to stderr, or to stdout when it is the result itself.
    pub fn plan(&mut self, plan: &Plan, title: &str, to_stdout: bool) {
        let width = self.passage_width(to_stdout);
        self.passage(&plan_text(plan, title, width), to_stdout);
    }

    /// Many lines, before consent: to stderr, or to stdout when they are the result itself.
    pub(super) fn passage(&mut self, text: &str, to_stdout: bool) {
        if to_stdout {
            self.text(text);
        } else if !self.style.quiet {
            self.line(clean_lines(text).trim_end());
        }
    }

    /// How wide a passage may be.
    pub(super) fn passage_width(&self, to_stdout: bool) -> Option<u16> {
        if to_stdout { self.columns() } else { self.width(self.color) }
    }

    /// An error, to stderr for people and, in JSON, to stdout for scripts, unless the result is there already.
    pub fn error(&mut self, error: &Error) {
        self.stop();
        if self.style.format == Format::Json && !self.answered {
            let _ = std::io::stdout().write_all(json(&ErrorDocument::from(error)).as_bytes());
        }
        let text = self.error_text(error);
        let _ = std::io::stderr().write_all(text.as_bytes());
    }

    /// An error that does not end the command.
    pub fn error_in_passing(&mut self, error: &Error) {
        let text = self.error_text(error);
        self.line(text.trim_end());
    }

    fn error_text(&self, error: &Error) -> String {
        let mut text = format!("{}: {}\n", self.paint("error", AnsiColor::Red), clean(&error.message));
        let codes: Vec<&str> = [error.code.as_deref(), error.finding].into_iter().flatten().collect();
        if !codes.is_empty() {
            text.push_str(&format!("  code:   {}\n", clean(&codes.join(", "))));
        }
        if let Some(detail) = &error.detail {
            text.push_str(&format!("  why:    {}\n", clean(detail)));
        }
        for (index, hint) in error.hints.iter().enumerate() {
            text.push_str(&format!("  {}  {}\n", if index == 0 { "fix:  " } else { "      " }, clean(hint)));
        }
        if let Some(id) = &error.correlation {
            text.push_str(&format!("  ticket: correlation id {}\n", clean(id)));
        }
        if let Some(command) = codes.into_iter().find_map(pointer) {
            text.push_str(&format!("  more:   {command}\n"));
        }
        text
    }

    /// Asks a question on stderr and reads one line; `None` when nobody can answer.
    pub fn ask(&mut self, question: &str) -> Option<String> {
        self.stop();
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return None;
        }
        let _ = write!(std::io::stderr(), "{} ", clean(question));
        let mut line = String::new();
        match std::io::stdin().read_line(&mut line) {
            Ok(read) if read > 0 => Some(line.trim().to_owned()),
            _ => None,
        }
    }

    fn line(&mut self, text: &str) {
        self.stop();
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    fn stop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// How wide stdout is, when it is a terminal.
    pub(super) fn columns(&self) -> Option<u16> {
        self.width(std::io::stdout().is_terminal())
    }

    fn width(&self, terminal: bool) -> Option<u16> {
        self.style.width.filter(|_| terminal)
    }

    fn paint(&self, text: &str, color: AnsiColor) -> String {
        if !self.color {
            return text.to_owned();
        }
        let style = Ansi::new().bold().fg_color(Some(color.into()));
        format!("{style}{text}{style:#}")
    }
}

fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        bar.set_style(style);
    }
    bar
}

fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 86_400, seconds % 86_400 / 3600, seconds % 3600 / 60, seconds % 60) {
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, hours, _, _) => format!("{days} d {hours} h"),
    }
}

fn plan_text(plan: &Plan, title: &str, width: Option<u16>) -> String {
    let mut text = format!("{title}\n");
    for sentence in &plan.already {
        text.push_str(&format!("  = {sentence}\n"));
    }
    for (number, action) in plan.actions.iter().enumerate() {
        text.push_str(&format!("  {}. {action}\n     {}\n", number + 1, action.why()));
    }
    if plan.actions.is_empty() && plan.blockers().next().is_none() {
        text.push_str("  Nothing to do: it is in the wanted state.\n");
    }
    text + &around_text(plan, width)
}

/// What is found and what is to be known, under the steps of a plan.
pub(super) fn around_text(plan: &Plan, width: Option<u16>) -> String {
    let mut text = String::new();
    let (notes, findings): (Vec<&Finding>, Vec<&Finding>) =
        plan.findings.iter().partition(|finding| finding.severity == Severity::Acknowledge);
    if !findings.is_empty() {
        text.push_str(&format!("\n{}", findings_text(findings, width)));
    }
    if !notes.is_empty() {
        text.push_str("\nTo know before, because no API tells it:\n");
        for note in notes {
            text.push_str(&format!("  {} {}\n", note.code, note.message));
        }
    }
    text
}

/// Findings for people, each with what helps.
pub(super) fn findings_text<'a>(findings: impl IntoIterator<Item = &'a Finding>, width: Option<u16>) -> String {
    let mut text = String::new();
    for finding in findings {
        let word = match finding.severity {
            Severity::Block => "BLOCK",
            Severity::Warn => "WARN",
            Severity::NotVisible => "NOT VISIBLE",
            Severity::Acknowledge => "NOTE",
        };
        let head = wrap(&format!("{} {word}: {}", finding.code, finding.message), width);
        let fix =
            wrap(&format!("fix: {} ({})", finding.remedy, finding.who), width.map(|width| width.saturating_sub(7)));
        text.push_str(&format!("{head}\n       {}\n", fix.replace('\n', "\n       ")));
    }
    text
}

/// A table of environments or the like, for stdout.
impl Out {
    /// Rows under a header for people, `value` for scripts.
    pub fn table(&mut self, value: &impl Serialize, header: &[&str], rows: Vec<Vec<String>>) {
        let text = match self.style.format {
            Format::Table => grid(header, rows, self.width(std::io::stdout().is_terminal())),
            _ => json(value),
        };
        self.document(&text);
    }

    /// Several tables with an empty line between them for people, `value` for scripts.
    pub(super) fn tables<const N: usize>(&mut self, value: &impl Serialize, tables: [(&[&str], Vec<Vec<String>>); N]) {
        self.answered = true;
        let width = self.columns();
        let text = match self.style.format {
            Format::Table => tables.map(|(header, rows)| grid(header, rows, width)).join("\n"),
            _ => json(value),
        };
        self.text(&text);
    }
}

/// Version 1 of an error as JSON.
#[derive(Serialize)]
struct ErrorDocument<'a> {
    schema: &'static str,
    kind: &'static str,
    exit_code: u8,
    message: &'a str,
    code: Option<&'a str>,
    finding: Option<&'static str>,
    detail: Option<&'a str>,
    hints: &'a [String],
    correlation_id: Option<&'a str>,
    explain: Option<String>,
}

impl<'a> From<&'a Error> for ErrorDocument<'a> {
    fn from(error: &'a Error) -> Self {
        Self {
            schema: "cmkctl/error/v1",
            kind: error.kind.word(),
            exit_code: error.kind.exit_code(),
            message: &error.message,
            code: error.code.as_deref(),
            finding: error.finding,
            detail: error.detail.as_deref(),
            hints: &error.hints,
            correlation_id: error.correlation.as_deref(),
            explain: [error.code.as_deref(), error.finding].into_iter().flatten().find_map(pointer),
        }
    }
}
