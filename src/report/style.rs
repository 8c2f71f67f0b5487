//! How things are written.

use super::ci::Ci;
use super::values::Format;

/// How things are written.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own: none of them follows from another, or forbids it"
)]
pub struct Style {
    /// The shape of data.
    pub format: Format,
    /// Narration off.
    pub quiet: bool,
    /// Colour and moving progress where there is a terminal (no `NO_COLOR`, no `CLICOLOR=0`, not
    /// `TERM=dumb`, not in CI).
    pub lively: bool,
    /// Colour even where there is no terminal (`CLICOLOR_FORCE`).
    pub colored: bool,
    /// Width of the terminal.
    pub width: Option<u16>,
    /// The CI service that gets annotations, a summary and outputs.
    pub ci: Option<Ci>,
    /// A CI service reads the log and would obey commands in it.
    pub log_is_read: bool,
}
