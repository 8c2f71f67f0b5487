//! The whole tenant, with its parts by id.

use super::alerts::Alert;
use super::azure_operations::AzureOperation;
use super::clock::Clock;
use super::deployments::Deployment;
use super::earlier::Earlier;
use super::events::Event;
use super::governance::Governance;
use super::operations::Operations;
use super::parts::{Environment, Lock, Policy, Role, User};
use super::rights::Rights;
use super::settings::{Settings, Target};
use super::sign_ins::SignIns;
use super::subscriptions::{Place, Subscription};
use super::vaults::Vault;
use super::workspaces::Workspace;
use std::collections::BTreeMap;

/// The content of the tenant.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) summary: String,
    pub(crate) tenant: String,
    /// Object id of the user who created every environment.
    pub(crate) creator: String,
    /// Never empty: a scenario without a subscription gets one.
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) governance: Governance,
    /// Expected states of a generated tenant: environment ids by state.
    pub(crate) planted: BTreeMap<&'static str, Vec<String>>,
    /// Events that have not happened yet.
    pub(crate) events: Vec<Event>,
    /// Environments of a generated tenant with a running operation.
    pub(crate) unfinished: Vec<String>,
    pub(crate) provider_locations: Vec<String>,
    pub(crate) environments: BTreeMap<String, Environment>,
    /// Vaults and managed HSMs by name. The name is the first label of their host, so it is unique
    /// in the whole cloud.
    pub(crate) vaults: BTreeMap<String, Vault>,
    /// Activity log alerts by name.
    pub(crate) alerts: BTreeMap<String, Alert>,
    /// Log Analytics workspaces by name.
    pub(crate) workspaces: BTreeMap<String, Workspace>,
    /// Enterprise policies by ARM id in lower case.
    pub(crate) policies: BTreeMap<String, Policy>,
    /// ARM ids of the scenario's policies, by their names in the scenario.
    pub(crate) named_policies: BTreeMap<String, String>,
    pub(crate) roles: Vec<Role>,
    pub(crate) rights: Rights,
    pub(crate) locks: Vec<Lock>,
    pub(crate) operations: Operations,
    pub(crate) azure_operations: Vec<AzureOperation>,
    /// Deployments by ARM id in lower case.
    pub(crate) deployments: BTreeMap<String, Deployment>,
    /// Earlier states that Resource Graph still shows.
    pub(crate) earlier: Vec<Earlier>,
    pub(crate) managers: Vec<String>,
    pub(crate) effects: Vec<(&'static str, String)>,
    pub(crate) tokens: u64,
    pub(crate) polls: u64,
    pub(crate) sign_ins: SignIns,
    pub(crate) target: Target,
}

impl World {
    /// The subscription with this id.
    pub(crate) fn subscription(&self, id: &str) -> Option<&Subscription> {
        self.subscriptions
            .iter()
            .find(|subscription| subscription.id.eq_ignore_ascii_case(id))
    }

    pub(crate) fn subscription_mut(&mut self, id: &str) -> Option<&mut Subscription> {
        self.subscriptions
            .iter_mut()
            .find(|subscription| subscription.id.eq_ignore_ascii_case(id))
    }

    /// The ARM id of the named group, or of the first group by default. An unknown group was
    /// refused with the scenario.
    pub(crate) fn group_id(&self, place: &Place) -> String {
        let named = place.subscription.as_ref();
        let subscription = self
            .subscriptions
            .iter()
            .find(|subscription| named.is_none_or(|name| subscription.name == *name));
        let Some(subscription) = subscription else {
            return String::new();
        };
        let group = subscription.group_once(place.group.as_deref());
        group.map(|group| group.id.clone()).unwrap_or_default()
    }

    /// ARM id of the scenario's policy with this name, or of a policy with this name in the first
    /// group.
    pub(crate) fn policy_id(&self, name: &str) -> String {
        let named = self.named_policies.get(name).cloned();
        named.unwrap_or_else(|| self.policy_id_in(&Place::default(), name))
    }

    /// ARM id of a policy with this name at a place.
    pub(crate) fn policy_id_in(&self, place: &Place, name: &str) -> String {
        format!(
            "{}/providers/Microsoft.PowerPlatform/enterprisePolicies/{name}",
            self.group_id(place)
        )
    }

    /// ARM id of the vault with this name; a place in the first group if it does not exist.
    pub(crate) fn vault_id(&self, name: &str) -> String {
        let (place, kind) = match self.vaults.get(name) {
            Some(vault) => (vault.place.clone(), vault.kind()),
            None => (Place::default(), "vaults"),
        };
        format!(
            "{}/providers/Microsoft.KeyVault/{kind}/{name}",
            self.group_id(&place)
        )
    }

    pub(crate) fn effect(&mut self, what: &'static str, subject: impl Into<String>) {
        self.effects.push((what, subject.into()));
    }

    /// The environment with this id.
    pub(crate) fn environment_key(&self, id: &str) -> Option<String> {
        self.environments
            .iter()
            .find(|(_, environment)| environment.id.eq_ignore_ascii_case(id))
            .map(|(key, _)| key.clone())
    }
}
