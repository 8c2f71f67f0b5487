//! The words for a target on a command line.

use crate::model::target::Target;

/// The words for the parts of a target: ids, or names that mean the same.
#[derive(Debug, Clone, Default)]
pub(in crate::run) struct TargetWords {
    /// The environment's id or name.
    pub(in crate::run) environment: Option<String>,
    /// The policy's id or name.
    pub(in crate::run) policy: Option<String>,
    /// The vault's id or name.
    pub(in crate::run) vault: Option<String>,
    /// Flags for the place of a new vault that is given by name only.
    pub(in crate::run) place: Vec<(&'static str, String)>,
    /// Principals that get Reader on the policy.
    pub(in crate::run) readers: Vec<String>,
}

impl TargetWords {
    /// The ids of the target.
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
