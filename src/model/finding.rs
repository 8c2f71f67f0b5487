//! What a check found: a stable code, how bad it is, what was seen, what helps and who can do it.

use crate::model::remedy::Remedy;
use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nothing to do; said once so that it is known.
    Acknowledge,
    /// A fact of the other administrator's side that this caller may not read: neither passed nor
    /// failed.
    NotVisible,
    /// Works, but somebody will be surprised.
    Warn,
    /// It must be known before anything is started, and it is not.
    Unknown,
    /// It can't work, or it would do harm.
    Block,
}

impl Severity {
    /// The word for it, as in JSON.
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
    /// How bad.
    pub severity: Severity,
    /// What it is about: an id or a name.
    pub subject: String,
    /// One sentence with the value that was seen.
    pub message: String,
    /// What helps: a command to paste, or a sentence.
    pub remedy: Remedy,
    /// The role that can do it.
    pub who: &'static str,
    /// The public source of the rule, with its date.
    pub source: &'static str,
    /// What it stands in the way of, if it is in the way.
    #[serde(skip)]
    pub blocks: Blocks,
}

/// What a finding stands in the way of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Blocks {
    /// Of the whole plan, whatever it does.
    #[default]
    Everything,
    /// Of changes alone. It tells of danger to what is encrypted already, or of a right that only
    /// a change takes: a plan that changes nothing is not worse for it.
    Changes,
}

impl Finding {
    /// The same, in the way of changes alone.
    #[must_use]
    pub fn of_changes(self) -> Self {
        Finding {
            blocks: Blocks::Changes,
            ..self
        }
    }

    /// What it says about what: two findings with the same identity are the same one at two times,
    /// whatever the values that were seen.
    pub fn identity(&self) -> (&'static str, &str) {
        (self.code, &self.subject)
    }
}
