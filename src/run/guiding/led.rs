//! The result of the dialog.

use crate::model::environment::Environment;
use crate::model::target::Target;
use crate::run::commands::{Command, TargetWords};

/// The result of the dialog.
pub(in crate::run) struct Led {
    /// The command. Another one than typed if this account can do only a part.
    pub(in crate::run) command: &'static Command,
    /// The complete target.
    pub(in crate::run) target: Target,
    /// Is it only a part, and does the rest belong to the other administrator?
    pub(super) half: bool,
    /// The environment, if it is visible.
    pub(super) environment: Option<Environment>,
    /// Readers that were typed in the dialog: (object id, typed text).
    pub(super) readers: Vec<(String, String)>,
    /// The words for the target in a script.
    pub(super) names: TargetWords,
}
