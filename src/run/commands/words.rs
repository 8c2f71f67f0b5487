//! How a command line writes what a command is about.

use crate::model::target::Target;

/// What stands for the parts of a target: their ids, or names that mean the same.
#[derive(Debug, Clone, Default)]
pub(in crate::run) struct Words {
    /// The environment.
    pub(in crate::run) environment: Option<String>,
    /// The policy.
    pub(in crate::run) policy: Option<String>,
    /// The vault.
    pub(in crate::run) vault: Option<String>,
    /// Flags for where a new vault is that is named by its name alone.
    pub(in crate::run) place: Vec<(&'static str, String)>,
    /// Who gets Reader on the policy.
    pub(in crate::run) readers: Vec<String>,
}

impl Words {
    /// The ids.
    pub(in crate::run) fn of(target: &Target, environment: Option<&str>) -> Self {
        Self {
            environment: environment.map(str::to_owned),
            policy: target.policy.as_ref().map(ToString::to_string),
            vault: target.vault.as_ref().map(ToString::to_string),
            place: Vec::new(),
            readers: target.readers.clone(),
        }
    }
}
