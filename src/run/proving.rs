//! What "done" means: a plan of a fresh look that has nothing left to do.

use crate::error::{Error, Kind, Result};
use crate::model::plan::Plan;

/// Is nothing left to do, and nothing in the way?
///
/// # Errors
/// `Kind::Unverified`, with everything that is left.
pub(super) fn proven(rest: &Plan) -> Result<()> {
    let problems: Vec<String> = rest
        .actions
        .iter()
        .map(|action| format!("still to do: {action}"))
        .chain(
            rest.blockers()
                .chain(rest.gaps())
                .map(|finding| format!("{}: {}", finding.code, finding.message)),
        )
        .collect();
    if problems.is_empty() {
        return Ok(());
    }
    let mut error = Error::new(
        Kind::Unverified,
        "Everything was sent, but a re-read does not show the wanted state.",
    );
    for problem in problems {
        error = error.hint(problem);
    }
    Err(error.hint("Reads can lag: run the same command again; it sends only what is missing."))
}
