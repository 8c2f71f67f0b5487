//! What happens to a tenant while nobody looks: a key disappears, a grant, a firewall's bypass; and what follows from it. That an environment is
//! locked when its key can't be reached, and deleted after 7 or 30 days, is documented; how soon it is locked is the scenario's to say.

use super::authorization::ENCRYPTION_USER;
use super::lifecycle::Kind;
use super::tenant::Role;
use super::world::{World, guid};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

/// Something that happens.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Event {
    /// So many days after the sandbox began.
    pub(super) after_days: f64,
    #[serde(flatten)]
    what: What,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
enum What {
    /// Disable the latest version of a key.
    DisableKey {
        vault: String,
        key: String,
    },
    EnableKey {
        vault: String,
        key: String,
    },
    DeleteKey {
        vault: String,
        key: String,
    },
    /// Take the policy's identity off its vault.
    RevokeGrant {
        policy: String,
    },
    Grant {
        policy: String,
    },
    /// Deny by default, and let no trusted service pass.
    CloseFirewall {
        vault: String,
    },
    OpenFirewall {
        vault: String,
    },
    /// Somebody takes an environment off its policy.
    Unlink {
        environment: String,
    },
    /// A service falls back to the Microsoft key.
    Fail {
        environment: String,
    },
}

/// A locked sandbox is deleted after so many days, production after so many.
const DELETED_AFTER: [(&str, i64); 2] = [("Sandbox", 7), ("Production", 30)];

impl World {
    pub(super) fn advance_events(&mut self) {
        let passed = self.clock.since(self.clock.epoch) / 86_400.0;
        let (due, later): (Vec<Event>, Vec<Event>) =
            std::mem::take(&mut self.events).into_iter().partition(|event| event.after_days <= passed);
        self.events = later;
        for event in due {
            self.happen(&event.what);
        }
    }

    fn happen(&mut self, what: &What) {
        let enable = |world: &mut Self, vault: &str, key: &str, enabled: bool| {
            if let Some(key) = world.vaults.get_mut(vault).and_then(|vault| vault.keys.get_mut(key)) {
                key.enabled = enabled;
            }
        };
        match what {
            What::DisableKey { vault, key } => enable(self, vault, key, false),
            What::EnableKey { vault, key } => enable(self, vault, key, true),
            What::DeleteKey { vault, key } => {
                if let Some(key) = self.vaults.get_mut(vault).and_then(|vault| vault.keys.get_mut(key)) {
                    key.deleted = true;
                }
            }
            What::RevokeGrant { policy } => {
                let principal =
                    self.policies.get(&self.policy_id(policy).to_ascii_lowercase()).map(|own| own.principal());
                self.roles.retain(|role| Some(&role.principal) != principal.as_ref());
            }
            What::Grant { policy } => {
                let Some(own) = self.policies.get(&self.policy_id(policy).to_ascii_lowercase()) else { return };
                let role = Role {
                    name: guid(&format!("grant again/{policy}")),
                    scope: own.vault_id.clone(),
                    role: ENCRYPTION_USER.to_owned(),
                    principal: own.principal(),
                    since: self.clock.now(),
                };
                self.roles.push(role);
            }
            What::CloseFirewall { vault } | What::OpenFirewall { vault } => {
                let closed = matches!(what, What::CloseFirewall { .. });
                if let Some(vault) = self.vaults.get_mut(vault) {
                    let (action, bypass) = if closed { ("Deny", "None") } else { ("Allow", "AzureServices") };
                    vault.properties["networkAcls"] = json!({ "defaultAction": action, "bypass": bypass });
                }
            }
            What::Unlink { environment } => {
                self.start(environment, Kind::Unlink, &guid("user/admin"));
            }
            What::Fail { environment } => {
                if let Some((_, status)) = self.environments.get_mut(environment).and_then(|found| found.link.as_mut())
                {
                    "Failed".clone_into(status);
                }
            }
        }
    }

    pub(super) fn advance_locks(&mut self) {
        let Some(patience) = self.settings.locks_after_seconds else { return };
        let now = self.clock.now();
        let keys: Vec<String> = self.environments.keys().cloned().collect();
        for key in keys {
            let (reached, running) = (self.reaches(&key), self.running(&key).is_some());
            let Some(environment) = self.environments.get_mut(&key) else { continue };
            if reached {
                environment.unreached = None;
            }
            // An operation has the environment offline anyway, and what was locked before stays so.
            if reached || running {
                continue;
            }
            let since = *environment.unreached.get_or_insert(now);
            let locked = since + SignedDuration::try_from_secs_f64(patience).unwrap_or(SignedDuration::ZERO);
            if now < locked {
                continue;
            }
            "Disabled".clone_into(&mut environment.runtime);
            let days = DELETED_AFTER.iter().find(|(sku, _)| *sku == environment.sku).map_or(30, |(_, days)| *days);
            if now.duration_since(locked) >= SignedDuration::from_hours(days * 24) {
                self.environments.remove(&key);
                self.effect("environment-deleted", key);
            }
        }
    }

    /// Since when an environment is locked, as far as its last modification tells.
    pub(super) fn locked_since(&self, key: &str) -> Option<Timestamp> {
        let patience = SignedDuration::try_from_secs_f64(self.settings.locks_after_seconds?).ok()?;
        Some(self.environments.get(key)?.unreached? + patience).filter(|since| *since <= self.clock.now())
    }
}
