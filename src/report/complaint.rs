//! Prints an error for people: what failed, why, the remedy, and the ids for a ticket, each once.

use super::failure::codes;
use super::hanging::{hang, told};
use super::pointer::pointer;
use super::terminal::Out;
use crate::error::Error;
use crate::model::text::clean;
use anstyle::AnsiColor;
use std::io::IsTerminal;

impl Out {
    /// Prints an error that does not end the command.
    pub fn error_in_passing(&mut self, error: &Error) {
        let text = self.error_text(error);
        self.line(text.trim_end());
    }

    pub(super) fn error_text(&self, error: &Error) -> String {
        let width = self.width(std::io::stderr().is_terminal());
        let mut text = if error.kind.was_asked_for() {
            format!("{}\n", hang(&clean(&error.message), width, 0))
        } else {
            let message = hang(&clean(&error.message), width, 7);
            format!("{}: {message}\n", self.paint("error", AnsiColor::Red))
        };
        let codes = codes(error);
        if !codes.is_empty() {
            text.push_str(&format!("  code:   {}\n", clean(&codes.join(", "))));
        }
        if let Some(detail) = &error.detail {
            text.push_str(&format!("  why:    {}\n", hang(&clean(detail), width, 10)));
        }
        // The plan already shows each remedy with its finding.
        let in_plan = |hint: &&String| {
            let code = hint.split_once(": ").map(|(code, _)| code);
            code.is_some_and(|code| self.findings.contains(code))
        };
        let hints = error.hints.iter().filter(|hint| !in_plan(hint));
        for (index, hint) in hints.enumerate() {
            let label = match index {
                0 if error.kind.was_asked_for() => "next: ",
                0 => "fix:  ",
                _ => "      ",
            };
            text.push_str(&format!("  {label}  {}\n", told(&clean(hint), width, 10)));
        }
        let ids = [
            ("correlation id", &error.correlation),
            ("client request id", &error.client_request),
        ];
        let known = |(name, id): (&str, &Option<String>)| {
            id.as_ref().map(|id| format!("{name} {}", clean(id)))
        };
        let ids: Vec<String> = ids.into_iter().filter_map(known).collect();
        if !ids.is_empty() {
            text.push_str(&format!("  ticket: {}\n", ids.join(", ")));
        }
        if let Some(command) = codes.into_iter().find_map(pointer) {
            text.push_str(&format!("  more:   {command}\n"));
        }
        text
    }
}
