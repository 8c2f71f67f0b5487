//! Text for other programs: a shell's script, a manual page.

use super::written::to_stdout;
use crate::error::Result;

/// To stdout, byte by byte. Nothing of a service may be in it that was not cleaned; a closed pipe
/// is fine.
///
/// # Errors
/// It can't be written.
pub fn verbatim(bytes: &[u8]) -> Result<()> {
    to_stdout(bytes)
}
