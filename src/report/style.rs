//! How things are written.

use super::ci::Ci;
use super::values::Format;

/// When there is colour. It only repeats what a word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// Never (`NO_COLOR`, `CLICOLOR=0`, `TERM=dumb`, CI).
    Never,
    /// At a terminal.
    #[default]
    Terminal,
    /// Also where there is no terminal (`CLICOLOR_FORCE`).
    Always,
}

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
    /// Moving progress where there is a terminal (not `TERM=dumb`, not in CI).
    pub lively: bool,
    /// When there is colour.
    pub color: Color,
    /// Marks of ASCII alone: the locale says that the terminal shows nothing else.
    pub ascii: bool,
    /// Numbered lines instead of a list that moves, for screen readers (`--plain`, `TERM=dumb`).
    pub plain: bool,
    /// Width of the terminal.
    pub width: Option<u16>,
    /// The CI service that gets annotations, a summary and outputs.
    pub ci: Option<Ci>,
    /// A CI service reads the log and would obey commands in it.
    pub log_is_read: bool,
}
