//! The words for a changing command that was stopped.

use crate::apply::{continues, going_on};
use crate::error::Error;

/// Adds the command that continues to an interruption, unless a hint contains it.
pub(super) fn resumed(error: Error, started: bool, resume: &str, repeat_command: &str) -> Error {
    if !error.kind.is_interruption() || error.hints.iter().any(|hint| hint.contains(resume)) {
        return error;
    }
    let mut error = Error {
        hints: Vec::new(),
        ..error
    };
    if started {
        continues(&mut error);
        error = error.hint(going_on(resume));
    }
    error.hint(format!(
        "It does nothing a second time. Continue with: `{repeat_command}`."
    ))
}
