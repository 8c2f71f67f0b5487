//! Settings of the output.

use super::ci::Ci;
use super::values::Format;

/// When to use colour. Colour only repeats what a word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// Never (`NO_COLOR`, `CLICOLOR=0`, `TERM=dumb`, CI).
    Never,
    /// At a terminal.
    #[default]
    Terminal,
    /// Also without a terminal (`CLICOLOR_FORCE`).
    Always,
}

/// Settings of the output.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent setting: none of them implies or excludes another"
)]
pub struct Style {
    /// The format of data.
    pub format: Format,
    /// No narration.
    pub quiet: bool,
    /// Moving progress at a terminal (not with `TERM=dumb`, not in CI).
    pub lively: bool,
    /// When to use colour.
    pub color: Color,
    /// Only ASCII marks, because the locale is not UTF-8.
    pub ascii: bool,
    /// Numbered lines instead of a moving list, for screen readers (`--plain`, `TERM=dumb`).
    pub plain: bool,
    /// Width of the terminal in columns, if there is one.
    pub width: Option<u16>,
    /// The CI service that gets annotations, a summary and outputs.
    pub ci: Option<Ci>,
    /// Does a CI service read the log? It would run commands in it.
    pub log_is_read: bool,
}
