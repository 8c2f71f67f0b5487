//! One code of the catalogue.

use crate::model::finding::Severity;
use serde::Serialize;

/// One code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// `CMK001` …
    pub code: &'static str,
    /// How bad it usually is; a check that sees less may say less.
    pub severity: Severity,
    /// A short noun phrase.
    pub title: &'static str,
    /// What happens and why.
    pub cause: &'static str,
    /// What helps: a command to paste where there is one.
    pub fix: &'static str,
    /// The role that can do it.
    pub who: &'static str,
    /// The public source with its date.
    pub source: &'static str,
}
