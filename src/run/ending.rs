//! What is said when a changing command is stopped on the way.

use crate::apply::going_on;
use crate::error::Error;

/// An interruption with the command that goes on, unless it is said already.
pub(super) fn resumed(error: Error, started: bool, resume: &str, again: &str) -> Error {
    if !error.kind.is_interruption() || error.hints.iter().any(|hint| hint.contains(resume)) {
        return error;
    }
    let mut error = Error {
        hints: Vec::new(),
        ..error
    };
    if started {
        error
            .message
            .push_str(" What was started goes on at the service.");
        error = error.hint(going_on(resume));
    }
    error.hint(format!(
        "Go on from there: `{again}` (nothing is done a second time)."
    ))
}
