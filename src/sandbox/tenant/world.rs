//! The tenant as a whole: everything that is there, found by id.

use super::azure_operations::AzureOperation;
use super::clock::Clock;
use super::events::Event;
use super::ids::GROUP;
use super::operations::Operation;
use super::parts::{Environment, Lock, Policy, Role, User, Vault};
use super::settings::{Settings, Target};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Everything that is there.
#[derive(Debug)]
pub(in crate::sandbox) struct World {
    pub(in crate::sandbox) summary: String,
    pub(in crate::sandbox) tenant: String,
    pub(in crate::sandbox) subscription: String,
    pub(in crate::sandbox) clock: Clock,
    pub(in crate::sandbox) settings: Settings,
    pub(in crate::sandbox) users: BTreeMap<String, User>,
    pub(in crate::sandbox) provider: String,
    pub(in crate::sandbox) provider_since: Option<Timestamp>,
    pub(in crate::sandbox) azure_policy: Option<String>,
    /// What whoever looks at a generated tenant should find: environment ids by state.
    pub(in crate::sandbox) planted: BTreeMap<&'static str, Vec<String>>,
    /// What happens while the sandbox runs, and has not happened yet.
    pub(in crate::sandbox) events: Vec<Event>,
    /// Environments that a generated tenant has in the middle of an operation.
    pub(in crate::sandbox) unfinished: Vec<String>,
    pub(in crate::sandbox) provider_locations: Vec<String>,
    pub(in crate::sandbox) environments: BTreeMap<String, Environment>,
    pub(in crate::sandbox) vaults: BTreeMap<String, Vault>,
    pub(in crate::sandbox) policies: BTreeMap<String, Policy>,
    pub(in crate::sandbox) roles: Vec<Role>,
    pub(in crate::sandbox) locks: Vec<Lock>,
    pub(in crate::sandbox) operations: Vec<Operation>,
    pub(in crate::sandbox) azure_operations: Vec<AzureOperation>,
    pub(in crate::sandbox) managers: Vec<String>,
    pub(in crate::sandbox) effects: Vec<(&'static str, String)>,
    pub(in crate::sandbox) tokens: u64,
    pub(in crate::sandbox) polls: u64,
    pub(in crate::sandbox) target: Target,
}

impl World {
    /// ARM id of a policy of this name.
    pub(in crate::sandbox) fn policy_id(&self, name: &str) -> String {
        format!(
            "{}/providers/Microsoft.PowerPlatform/enterprisePolicies/{name}",
            self.group_id()
        )
    }

    pub(in crate::sandbox) fn group_id(&self) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/{GROUP}",
            self.subscription
        )
    }

    /// ARM id of the vault of this name.
    pub(in crate::sandbox) fn vault_id(&self, name: &str) -> String {
        let kind = if self.vaults.get(name).is_some_and(|vault| vault.hsm) {
            "managedHSMs"
        } else {
            "vaults"
        };
        format!(
            "{}/providers/Microsoft.KeyVault/{kind}/{name}",
            self.group_id()
        )
    }

    pub(in crate::sandbox) fn effect(&mut self, what: &'static str, subject: impl Into<String>) {
        self.effects.push((what, subject.into()));
    }

    /// The environment with this id.
    pub(in crate::sandbox) fn environment_key(&self, id: &str) -> Option<String> {
        self.environments
            .iter()
            .find(|(_, environment)| environment.id.eq_ignore_ascii_case(id))
            .map(|(key, _)| key.clone())
    }
}
