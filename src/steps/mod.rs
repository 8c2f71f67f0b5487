//! The steps of the procedure, pure: a snapshot and what was asked for in, findings and actions out. No reads, no clock, no words to the terminal.
//!
//! The codes of findings are the numbers of the preflight catalogue, and are never reused for another meaning.

mod acknowledge;
pub mod add;
pub mod adopt;
mod around;
pub mod check;
pub mod danger;
pub mod environment;
mod estate;
pub mod goal;
pub mod grant;
pub mod integration;
pub mod key;
pub mod policy;
mod ready;
pub mod remove;
pub mod retire;
pub mod rotate;
pub mod swap;
pub mod unlock;
pub mod wanted;
pub mod windows;

use crate::model::catalogue;
use crate::model::finding::{Finding, Severity};
pub use crate::model::text::quoted;
pub use crate::model::who;

/// A finding, with `subject`, the sentence, the remedy and who can do it.
fn finding(
    code: &'static str,
    severity: Severity,
    subject: impl Into<String>,
    message: impl Into<String>,
    remedy: impl Into<String>,
    who: &'static str,
) -> Finding {
    let source = catalogue::entry(code).map_or("", |entry| entry.source);
    Finding { code, severity, subject: subject.into(), message: message.into(), remedy: remedy.into(), who, source }
}

/// "Not visible to you": neither passed nor failed.
fn not_visible(code: &'static str, subject: impl Into<String>, what: &str, why: &str, who: &'static str) -> Finding {
    finding(
        code,
        Severity::NotVisible,
        subject,
        format!("{what} is not visible to you: {why}."),
        format!("Ask the {who} to check it, or to give you read access."),
        who,
    )
}
