//! The scenario file after merging, and its checks.

use super::generate::Generate;
use crate::tenant::alerts::Alert;
use crate::tenant::events::Event;
use crate::tenant::parts::{Environment, Lock, Standing};
use crate::tenant::settings::{Settings, Target};
use crate::tenant::subscriptions::{FIRST_GROUP, Place, Subscription};
use crate::tenant::vaults::Vault;
use crate::tenant::workspaces::Workspace;
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The scenario file after merging.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Setup {
    pub(super) summary: String,
    pub(super) epoch: Timestamp,
    pub(super) settings: Settings,
    pub(super) users: BTreeMap<String, UserSetup>,
    /// Empty means one subscription with one group.
    #[serde(default)]
    pub(super) subscriptions: Vec<SubscriptionSetup>,
    /// Registration state of Microsoft.PowerPlatform, unless a subscription has its own.
    pub(super) provider: String,
    pub(super) provider_locations: Vec<String>,
    pub(super) environments: BTreeMap<String, Environment>,
    pub(super) vaults: BTreeMap<String, Vault>,
    /// Activity log alerts by name.
    #[serde(default)]
    pub(super) alerts: BTreeMap<String, Alert>,
    /// Log Analytics workspaces by name.
    #[serde(default)]
    pub(super) workspaces: BTreeMap<String, Workspace>,
    #[serde(default)]
    pub(super) policies: BTreeMap<String, PolicySetup>,
    #[serde(default)]
    pub(super) locks: Vec<Lock>,
    /// Display name of an Azure Policy assignment that allows no location of enterprise policies.
    #[serde(default)]
    pub(super) azure_policy: Option<String>,
    /// Earlier lifecycle operations.
    #[serde(default)]
    pub(super) history: Vec<Past>,
    /// Events during the run of the sandbox.
    #[serde(default)]
    pub(super) events: Vec<Event>,
    #[serde(default)]
    pub(super) crowd: Crowd,
    #[serde(default)]
    pub(super) generate: Option<Generate>,
    pub(super) target: Target,
}

/// A subscription and its resource groups.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubscriptionSetup {
    pub(super) name: String,
    /// A GUID. By default, it is a fixed one for the first subscription, and derived from the name
    /// for others.
    #[serde(default)]
    pub(super) id: Option<Uuid>,
    #[serde(default = "first_group")]
    pub(super) groups: Vec<String>,
    #[serde(default)]
    pub(super) provider: Option<String>,
}

fn first_group() -> Vec<String> {
    vec![FIRST_GROUP.to_owned()]
}

/// A lifecycle operation that began before the sandbox. It has ended by default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Past {
    pub(super) environment: String,
    /// `NewCustomerManagedKey`, `RotateCustomerManagedKey`, `RevertToMicrosoftKey`,
    /// `EnableGovernanceConfiguration`, `Backup`, `Copy` or `Restore`.
    pub(super) kind: String,
    #[serde(default)]
    pub(super) failed: bool,
    pub(super) days_ago: f64,
    /// The operation still runs, for this many days.
    #[serde(default)]
    pub(super) days_left: Option<f64>,
}

/// Further environments without finance and operations, all linked to one policy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Crowd {
    pub(super) size: u32,
    pub(super) policy: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserSetup {
    pub(super) about: String,
    #[serde(default)]
    pub(super) azure: Vec<String>,
    #[serde(default)]
    pub(super) power_platform: Standing,
    #[serde(default)]
    pub(super) dataverse: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicySetup {
    /// Its resource name; its name in the scenario by default.
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) place: Place,
    pub(super) vault: String,
    pub(super) key: String,
    #[serde(default)]
    pub(super) version: Option<String>,
    pub(super) location: String,
    #[serde(default = "encryption")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) granted: bool,
    /// Age of the grant, if the default is too old.
    #[serde(default)]
    pub(super) granted_seconds_ago: Option<i64>,
    /// Further vaults with a grant, for a swap.
    #[serde(default)]
    pub(super) granted_at: Vec<String>,
    /// Has the policy no identity yet?
    #[serde(default)]
    pub(super) no_identity: bool,
    /// The policy's `healthStatus`.
    #[serde(default = "undetermined")]
    pub(super) health: String,
}

fn undetermined() -> String {
    "Undetermined".to_owned()
}

fn encryption() -> String {
    "Encryption".to_owned()
}

impl Setup {
    /// The subscriptions of the tenant; one by default.
    pub(super) fn subscriptions(&self) -> Vec<Subscription> {
        let made = self
            .subscriptions
            .iter()
            .enumerate()
            .map(|(place, subscription)| {
                let id = subscription.id.map_or_else(
                    || Subscription::id_of(&subscription.name, place == 0),
                    |id| id.hyphenated().to_string(),
                );
                let provider = subscription.provider.as_ref().unwrap_or(&self.provider);
                Subscription::new(&id, &subscription.name, provider, &subscription.groups)
            });
        let mut made: Vec<Subscription> = made.collect();
        if made.is_empty() {
            let (name, id) = ("Contoso", Subscription::id_of("Contoso", true));
            made.push(Subscription::new(&id, name, &self.provider, &first_group()));
        }
        made
    }

    /// Checks that every named thing exists.
    pub(super) fn check(&self) -> Result<(), String> {
        let target = &self.target;
        if !self.environments.contains_key(&target.environment) {
            return Err(format!("there is no environment `{}`", target.environment));
        }
        match self.vaults.get(&target.vault) {
            Some(vault) if !vault.keys.contains_key(&target.key) => {
                return Err(format!(
                    "there is no key `{}` in `{}`",
                    target.key, target.vault
                ));
            }
            // Without any vault, the target vault is created later.
            None if !self.vaults.is_empty() => {
                return Err(format!("there is no vault `{}`", target.vault));
            }
            Some(_) | None => {}
        }
        for environment in self.environments.values() {
            if let Some(policy) = environment
                .policy
                .as_ref()
                .filter(|policy| !self.policies.contains_key(*policy))
            {
                return Err(format!("there is no policy `{policy}`"));
            }
        }
        self.check_places()?;
        self.check_times()
    }

    /// Checks that every place exists in the tenant.
    fn check_places(&self) -> Result<(), String> {
        // A vault or policy needs a group to be in.
        let holds = !self.vaults.is_empty() || !self.policies.is_empty();
        let empty = self
            .subscriptions
            .iter()
            .find(|subscription| subscription.groups.is_empty());
        if let Some(empty) = empty.filter(|_| holds) {
            return Err(format!(
                "the subscription `{}` has no resource group",
                empty.name
            ));
        }
        let vaults = self.vaults.values().map(|vault| &vault.place);
        let policies = self.policies.values().map(|policy| &policy.place);
        vaults
            .chain(policies)
            .try_for_each(|place| self.check_place(place))
    }

    fn check_place(&self, place: &Place) -> Result<(), String> {
        let groups = match &place.subscription {
            Some(name) => {
                let named = self
                    .subscriptions
                    .iter()
                    .find(|subscription| subscription.name == *name);
                let found = named.ok_or_else(|| format!("there is no subscription `{name}`"))?;
                found.groups.clone()
            }
            None => self
                .subscriptions
                .first()
                .map_or_else(first_group, |first| first.groups.clone()),
        };
        match &place.group {
            Some(group)
                if !groups
                    .iter()
                    .any(|listed| listed.eq_ignore_ascii_case(group)) =>
            {
                Err(format!("there is no resource group `{group}`"))
            }
            _ => Ok(()),
        }
    }

    /// Checks that the services' durations are not negative.
    fn check_seconds(&self) -> Result<(), String> {
        let settings = &self.settings;
        let all = [
            ("identity_seconds", Some(settings.identity_seconds)),
            ("role_seconds", Some(settings.role_seconds)),
            ("inherited_role_seconds", settings.inherited_role_seconds),
            ("provider_seconds", Some(settings.provider_seconds)),
            ("governance_seconds", Some(settings.governance_seconds)),
            ("link_seconds", Some(settings.link_seconds)),
            ("enable_seconds", Some(settings.enable_seconds)),
            ("policy_seconds", Some(settings.policy_seconds)),
            ("locks_after_seconds", settings.locks_after_seconds),
            ("token_seconds", settings.token_seconds),
        ];
        for (name, seconds) in all {
            if let Some(wrong) = seconds.filter(|seconds| !(0.0..=CENTURY).contains(seconds)) {
                return Err(format!(
                    "`settings.{name}`: {wrong:?} seconds are not within the range from 0 to a \
                    hundred years"
                ));
            }
        }
        Ok(())
    }

    /// Checks that no time lies beyond the calendar's range.
    fn check_times(&self) -> Result<(), String> {
        let years = self.epoch.as_second() / (366 * 86_400);
        if !(0..200).contains(&years) {
            return Err(format!(
                "the epoch {} is not within the two centuries after 1970",
                self.epoch
            ));
        }
        self.check_seconds()?;
        let keys = self.vaults.values().flat_map(|vault| vault.keys.values());
        #[expect(
            clippy::cast_precision_loss,
            reason = "compared with a century, and not kept"
        )]
        let mut away = keys
            .flat_map(|key| [key.expires_in_days, key.starts_in_days])
            .flatten()
            .map(|days| days as f64 * 86_400.0)
            .chain(
                self.policies
                    .values()
                    .filter_map(|policy| policy.granted_seconds_ago)
                    .map(|seconds| seconds as f64),
            )
            .chain(self.history.iter().map(|past| past.days_ago * 86_400.0))
            .chain(
                self.history
                    .iter()
                    .filter_map(|past| past.days_left)
                    .map(|days| days * 86_400.0),
            )
            .chain(self.events.iter().map(|event| event.after_days * 86_400.0))
            .chain(
                self.vaults
                    .values()
                    .flat_map(|vault| vault.keys.values())
                    .flat_map(|key| &key.made_days_ago)
                    .map(|days| days * 86_400.0),
            );
        match away.find(|seconds| !(-CENTURY..=CENTURY).contains(seconds)) {
            Some(wrong) => Err(format!("{wrong} seconds are more than a hundred years")),
            None => Ok(()),
        }
    }
}

/// In seconds.
const CENTURY: f64 = 100.0 * 366.0 * 86_400.0;
