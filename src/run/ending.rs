//! The error and the hints for a changing command that was stopped.

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
        "cmkctl does not repeat steps that are done. Continue with: `{repeat_command}`."
    ))
}
