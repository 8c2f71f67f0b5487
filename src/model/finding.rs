//! The finding of a check: a stable code, a severity, what was seen, the remedy and who can do it.

use crate::model::remedy::Remedy;
use serde::Serialize;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// A note without anything to do.
    Acknowledge,
    /// A fact of the other administrator's side that this caller may not read. The check neither
    /// passed nor failed.
    NotVisible,
    /// It works, but may surprise people.
    Warn,
    /// A fact that must be known before anything starts, and is not.
    Unknown,
    /// It can't work, or it does harm.
    Block,
}

impl Severity {
    /// The severity as a word, as in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Acknowledge => "acknowledge",
            Severity::NotVisible => "not-visible",
            Severity::Warn => "warn",
            Severity::Unknown => "unknown",
            Severity::Block => "block",
        }
    }
}

/// One finding of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `CMK001` …; never reused for another meaning.
    pub code: &'static str,
    /// The severity.
    pub severity: Severity,
    /// The subject: an id or a name.
    pub subject: String,
    /// One sentence that names the value seen.
    pub message: String,
    /// A command to paste, or a sentence.
    pub remedy: Remedy,
    /// The role that can apply the remedy.
    pub who: &'static str,
    /// The public source of the rule, with its date.
    pub source: &'static str,
    /// What a blocker blocks.
    #[serde(skip)]
    pub blocks: Blocks,
}

/// What a finding blocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Blocks {
    /// The whole plan, whatever it does.
    #[default]
    Everything,
    /// Only changes. The finding is about a danger to encrypted environments, or about a right that
    /// only a change requires. A plan without changes can go on.
    Changes,
}

impl Finding {
    /// The same finding, blocking only changes.
    #[must_use]
    pub fn of_changes(self) -> Self {
        Finding {
            blocks: Blocks::Changes,
            ..self
        }
    }

    /// Code and subject. Two findings with the same identity are the same finding at two times,
    /// whatever values they name.
    pub fn identity(&self) -> (&'static str, &str) {
        (self.code, &self.subject)
    }
}
