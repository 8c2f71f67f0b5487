//! The proof of "done": the plan of a fresh snapshot is empty.

use crate::error::{Error, Kind, Result};
use crate::model::plan::Plan;
use crate::model::proof::Proof;

/// Proves that nothing is left to do and nothing blocks.
///
/// # Errors
/// `Kind::Unverified`, with everything that is left.
pub(super) fn proven(rest: &Plan) -> Result<Proof> {
    Proof::of(rest).map_err(|problems| {
        let what = "All requests succeeded, but the current state is not the desired state.";
        let error = problems
            .into_iter()
            .fold(Error::new(Kind::Unverified, what), Error::hint);
        error.hint(
            "The service may show changes late. Run the same command again. It sends only what is \
            missing.",
        )
    })
}
