//! Where a person was led.

use crate::model::environment::Environment;
use crate::model::target::Target;
use crate::run::commands::{Command, Words};

/// Where a person was led.
pub(in crate::run) struct Led {
    /// The command: another one than was typed, where this account can do only a part.
    pub(in crate::run) command: &'static Command,
    /// All that it needs.
    pub(in crate::run) target: Target,
    /// Is it a part of what was asked for, and is the rest somebody else's?
    pub(super) half: bool,
    /// The environment, where it is seen.
    pub(super) environment: Option<Environment>,
    /// Who gets Reader by what was typed here: the object id, and what was typed.
    pub(super) readers: Vec<(String, String)>,
    /// What a script says for all of it.
    pub(super) words: Words,
}
