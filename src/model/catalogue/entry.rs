//! One entry of the catalogue.

use crate::model::finding::Severity;
use serde::Serialize;

/// One entry: a finding code and its explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// `CMK001` …
    pub code: &'static str,
    /// The usual severity; a check that sees less may use a lower one.
    pub severity: Severity,
    /// A short noun phrase.
    pub title: &'static str,
    /// What happens and why.
    pub cause: &'static str,
    /// The remedy, as a command if there is one.
    pub fix: &'static str,
    /// The role that can apply it.
    pub who: &'static str,
    /// The public source, with its date.
    pub source: &'static str,
}
