//! How a tenant begins: a scenario's text, checked, becomes a world.

use crate::sandbox::generate::Generate;
use crate::sandbox::scenario::Scenario;
use crate::sandbox::tenant::clock::{Clock, LONG_AGO};
use crate::sandbox::tenant::events::Event;
use crate::sandbox::tenant::ids::guid;
use crate::sandbox::tenant::parts::{Environment, Lock, Policy, Role, Standing, User, Vault};
use crate::sandbox::tenant::roles::{ENCRYPTION_USER, role_id};
use crate::sandbox::tenant::settings::{Settings, Target};
use crate::sandbox::tenant::world::World;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The scenario file after merging.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Setup {
    pub(super) summary: String,
    epoch: Timestamp,
    settings: Settings,
    users: BTreeMap<String, UserSetup>,
    provider: String,
    provider_locations: Vec<String>,
    environments: BTreeMap<String, Environment>,
    vaults: BTreeMap<String, Vault>,
    #[serde(default)]
    policies: BTreeMap<String, PolicySetup>,
    #[serde(default)]
    locks: Vec<Lock>,
    /// Display name of an Azure Policy assignment that allows no location of enterprise policies.
    #[serde(default)]
    azure_policy: Option<String>,
    /// Lifecycle operations of the past.
    #[serde(default)]
    history: Vec<Past>,
    /// What happens while the sandbox runs.
    #[serde(default)]
    events: Vec<Event>,
    #[serde(default)]
    crowd: Crowd,
    #[serde(default)]
    generate: Option<Generate>,
    target: Target,
}

/// A lifecycle operation that ended before the sandbox began.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Past {
    environment: String,
    /// `NewCustomerManagedKey`, `RotateCustomerManagedKey` or `RevertToMicrosoftKey`.
    kind: String,
    #[serde(default)]
    failed: bool,
    days_ago: f64,
}

/// So many further environments without finance and operations, all linked to one policy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Crowd {
    size: u32,
    policy: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct UserSetup {
    about: String,
    #[serde(default)]
    azure: Vec<String>,
    #[serde(default)]
    power_platform: Standing,
    #[serde(default)]
    dataverse: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicySetup {
    vault: String,
    key: String,
    #[serde(default)]
    version: Option<String>,
    location: String,
    #[serde(default = "encryption")]
    kind: String,
    #[serde(default)]
    granted: bool,
    /// How long ago, where that is not long enough.
    #[serde(default)]
    granted_seconds_ago: Option<i64>,
    /// Further vaults that it was granted at, for a swap.
    #[serde(default)]
    granted_at: Vec<String>,
    /// Without an identity yet?
    #[serde(default)]
    no_identity: bool,
}

fn encryption() -> String {
    "Encryption".to_owned()
}

impl Setup {
    /// Does everything that is named exist?
    pub(super) fn check(&self) -> Result<(), String> {
        let target = &self.target;
        if !self.environments.contains_key(&target.environment) {
            return Err(format!("there is no environment `{}`", target.environment));
        }
        let vault = self.vaults.get(&target.vault).ok_or_else(|| format!("there is no vault `{}`", target.vault))?;
        if !vault.keys.contains_key(&target.key) {
            return Err(format!("there is no key `{}` in `{}`", target.key, target.vault));
        }
        for environment in self.environments.values() {
            if let Some(policy) = environment.policy.as_ref().filter(|policy| !self.policies.contains_key(*policy)) {
                return Err(format!("there is no policy `{policy}`"));
            }
        }
        self.check_times()
    }

    /// No time is so far away that the calendar ends before it.
    fn check_times(&self) -> Result<(), String> {
        let years = self.epoch.as_second() / (366 * 86_400);
        if !(0..200).contains(&years) {
            return Err(format!("the epoch {} is not of these two centuries", self.epoch));
        }
        let settings = &self.settings;
        let seconds = [
            settings.identity_seconds,
            settings.role_seconds,
            settings.provider_seconds,
            settings.governance_seconds,
            settings.link_seconds,
            settings.enable_seconds,
            settings.locks_after_seconds.unwrap_or_default(),
            settings.token_seconds.unwrap_or_default(),
        ];
        if let Some(wrong) = seconds.iter().find(|seconds| !(0.0..=CENTURY).contains(*seconds)) {
            return Err(format!("{wrong} seconds are not a time from 0 to a hundred years"));
        }
        let keys = self.vaults.values().flat_map(|vault| vault.keys.values());
        #[expect(clippy::cast_precision_loss, reason = "compared with a century, and not kept")]
        let mut away = keys
            .flat_map(|key| [key.expires_in_days, key.starts_in_days])
            .flatten()
            .map(|days| days as f64 * 86_400.0)
            .chain(self.policies.values().filter_map(|policy| policy.granted_seconds_ago).map(|seconds| seconds as f64))
            .chain(self.history.iter().map(|past| past.days_ago * 86_400.0))
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

impl World {
    pub(super) fn new(scenario: &Scenario, speed: f64) -> Self {
        let setup = scenario.setup.clone();
        let clock = Clock { epoch: setup.epoch, started: Timestamp::now(), speed };
        let subscription = guid("subscription");
        let mut world = Self {
            summary: setup.summary,
            tenant: guid("tenant"),
            subscription,
            settings: setup.settings,
            users: BTreeMap::new(),
            provider: setup.provider,
            provider_since: None,
            azure_policy: setup.azure_policy,
            planted: BTreeMap::new(),
            events: setup.events,
            unfinished: Vec::new(),
            provider_locations: setup.provider_locations,
            environments: setup.environments,
            vaults: setup.vaults,
            policies: BTreeMap::new(),
            roles: Vec::new(),
            locks: Vec::new(),
            operations: Vec::new(),
            managers: Vec::new(),
            effects: Vec::new(),
            tokens: 0,
            polls: 0,
            target: setup.target,
            clock,
        };
        world.add_users(setup.users);
        world.add_policies(setup.policies);
        if let Some(size) = &setup.generate {
            world.generate(size);
        }
        world.add_environments(&setup.crowd);
        for key in std::mem::take(&mut world.unfinished) {
            world.leave_unfinished(&key);
        }
        // A lock may be put on the vault or the policy that commands take without arguments, or on their group.
        let places = [
            ("@vault", world.vault_id(&world.target.vault)),
            ("@policy", world.policy_id(&world.target.policy)),
            ("@group", world.group_id()),
        ];
        let placed = |lock: Lock| {
            let place = places.iter().find(|(name, _)| *name == lock.scope).map(|(_, id)| id.clone());
            Lock { scope: place.unwrap_or(lock.scope), ..lock }
        };
        world.locks = setup.locks.into_iter().map(placed).collect();
        for past in &setup.history {
            world.remember(&past.environment, &past.kind, past.failed, past.days_ago);
        }
        world
    }

    fn add_users(&mut self, users: BTreeMap<String, UserSetup>) {
        let scope = format!("/subscriptions/{}", self.subscription);
        for (name, user) in users {
            let object_id = guid(&format!("user/{name}"));
            for role in &user.azure {
                let role = Role {
                    name: guid(&format!("assignment/{name}/{role}")),
                    scope: scope.clone(),
                    role: role_id(role).to_owned(),
                    principal: object_id.clone(),
                    since: LONG_AGO,
                };
                self.roles.push(role);
            }
            let client_id = guid(&format!("client/{name}"));
            if user.power_platform.sees_environments() {
                self.managers.push(client_id.clone());
            }
            let user = User {
                client_id,
                object_id,
                about: user.about,
                power_platform: user.power_platform,
                dataverse: user.dataverse,
            };
            self.users.insert(name, user);
        }
    }

    fn add_policies(&mut self, policies: BTreeMap<String, PolicySetup>) {
        for (name, setup) in policies {
            let id = self.policy_id(&name);
            let policy = Policy {
                id: id.clone(),
                name,
                location: setup.location.clone(),
                kind: setup.kind.clone(),
                vault_id: self.vault_id(&setup.vault),
                key: setup.key.clone(),
                version: setup.version.clone(),
                created: LONG_AGO,
                no_identity: setup.no_identity,
                tags: Value::Null,
            };
            let since = setup.granted_seconds_ago.map(|seconds| self.clock.epoch - SignedDuration::from_secs(seconds));
            let first = setup.granted.then(|| policy.vault_id.clone());
            let more = setup.granted_at.iter().map(|name| self.vault_id(name));
            for scope in first.into_iter().chain(more).collect::<Vec<_>>() {
                self.roles.push(Role {
                    name: guid(&format!("grant/{id}/{scope}")),
                    scope,
                    role: ENCRYPTION_USER.to_owned(),
                    principal: policy.principal(),
                    since: since.unwrap_or(LONG_AGO),
                });
            }
            self.policies.insert(id.to_ascii_lowercase(), policy);
        }
    }

    fn add_environments(&mut self, crowd: &Crowd) {
        for number in 1..=crowd.size {
            self.environments.insert(format!("crowd-{number}"), Environment::ordinary(number, &crowd.policy));
        }
        let tenant = self.tenant.clone();
        let links: BTreeMap<String, String> = self
            .environments
            .iter()
            .filter_map(|(key, environment)| Some((key.clone(), self.policy_id(environment.policy.as_ref()?))))
            .collect();
        for (key, environment) in &mut self.environments {
            if environment.id.is_empty() {
                let id = guid(&format!("environment/{key}"));
                environment.id = if environment.is_default { format!("Default-{tenant}") } else { id };
            }
            let link = links.get(key);
            let status = if environment.failed { "Failed" } else { "Linked" };
            environment.link = link.map(|id| (id.clone(), status.to_owned()));
        }
    }
}
