//! Text for other programs, such as a completion script or a manual page.

use super::written::to_stdout;
use crate::error::Result;

/// Prints bytes to stdout unchanged. They must not contain uncleaned text of a service. A closed
/// pipe is fine.
///
/// # Errors
/// The write failed.
pub fn verbatim(bytes: &[u8]) -> Result<()> {
    to_stdout(bytes)
}
