//! The tenant as JSON, for new clients and for tests that compare end states.

use super::world::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl World {
    pub(crate) fn defaults(&self) -> Value {
        let environment = self.environments.get(&self.target.environment);
        json!({
            "environment": environment.map(|environment| environment.id.clone()),
            "environment_name": environment.map(|environment| environment.name.clone()),
            "policy": self.policy_id(&self.target.policy),
            "vault": self.vault_id(&self.target.vault),
            "key": self.target.key,
        })
    }

    /// The content of the tenant without times, so that tests can compare end states.
    pub(crate) fn document(&mut self) -> Value {
        self.advance();
        let mut roles: Vec<String> = self
            .roles
            .iter()
            .map(|role| format!("{} {} {}", role.role, role.principal, role.scope))
            .collect();
        roles.sort();
        json!({
            "provider": self.subscriptions.first().map(|first| &first.provider),
            "subscriptions": self.shown_subscriptions(),
            "environments": self.shown_environments(),
            "policies": self.shown_policies(),
            "roles": roles,
            "vaults": self.shown_vaults(),
        })
    }

    /// Environments by their name in the scenario.
    fn shown_environments(&self) -> Value {
        let all: BTreeMap<&String, Value> = self
            .environments
            .iter()
            .map(|(key, environment)| {
                let running = self.running(key).is_some();
                (
                    key,
                    json!({
                        "link": environment.link,
                        "managed": environment.managed,
                        "running": running,
                        "runtime": environment.runtime,
                    }),
                )
            })
            .collect();
        json!(all)
    }

    /// Policies by ARM id.
    fn shown_policies(&self) -> Value {
        let all: BTreeMap<&String, Value> = self
            .policies
            .iter()
            .map(|(id, policy)| {
                let key = (&policy.vault_id, &policy.key, &policy.version);
                (
                    id,
                    json!({
                        "location": policy.location,
                        "kind": policy.kind,
                        "key": key,
                    }),
                )
            })
            .collect();
        json!(all)
    }

    /// Vaults by name.
    fn shown_vaults(&self) -> Value {
        let all: BTreeMap<&String, Value> = self
            .vaults
            .iter()
            .map(|(name, vault)| {
                let versions: BTreeMap<&String, u32> = vault
                    .keys
                    .iter()
                    .map(|(name, key)| (name, key.versions))
                    .collect();
                (
                    name,
                    json!({
                        "id": self.vault_id(name),
                        "properties": vault.properties,
                        "versions": versions,
                    }),
                )
            })
            .collect();
        json!(all)
    }

    /// Subscriptions by id.
    fn shown_subscriptions(&self) -> Value {
        let all: BTreeMap<&String, Value> = self
            .subscriptions
            .iter()
            .map(|subscription| {
                let groups: Vec<&String> = subscription
                    .groups
                    .values()
                    .map(|group| &group.id)
                    .collect();
                (
                    &subscription.id,
                    json!({ "provider": subscription.provider, "groups": groups }),
                )
            })
            .collect();
        json!(all)
    }
}
