//! Applies an event to the tenant.

use super::events::{Change, What};
use super::ids::guid;
use super::keys::{is_for, rbac};
use super::local_roles::local_scope;
use super::operations::Kind;
use super::parts::{Role, RoleDetails};
use super::rights::{ENCRYPTION_USER, HSM_ENCRYPTION_USER};
use super::vaults::Vault;
use super::world::World;
use serde_json::{Value, json};

impl World {
    pub(crate) fn happen(&mut self, what: &What) {
        let enable = |world: &mut Self, vault: &str, key: &str, enabled: bool| {
            if let Some(key) = world
                .vaults
                .get_mut(vault)
                .and_then(|vault| vault.keys.get_mut(key))
            {
                key.enabled = enabled;
            }
        };
        let now = self.clock.now();
        match what {
            What::DisableKey { vault, key } => enable(self, vault, key, false),
            What::EnableKey { vault, key } => enable(self, vault, key, true),
            What::DeleteKey { vault, key } => {
                if let Some(key) = self
                    .vaults
                    .get_mut(vault)
                    .and_then(|vault| vault.keys.get_mut(key))
                {
                    key.deleted = true;
                    key.deleted_at = Some(now);
                }
            }
            What::RevokeGrant { policy } => self.revoke(policy),
            What::Grant { policy } => self.grant_again(policy),
            What::CloseFirewall { vault } => self.set_firewall(vault, "Deny", "None"),
            What::OpenFirewall { vault } => self.set_firewall(vault, "Allow", "AzureServices"),
            What::Unlink { environment } => {
                self.start(environment, Kind::Unlink, &guid("user/admin"));
            }
            What::Fail { environment } => {
                if let Some((_, status)) = self
                    .environments
                    .get_mut(environment)
                    .and_then(|found| found.link.as_mut())
                {
                    "Failed".clone_into(status);
                }
            }
        }
    }

    /// The identity loses its own roles, its group memberships and its access policies.
    fn revoke(&mut self, policy: &str) {
        let id = self.policy_id(policy).to_ascii_lowercase();
        let Some(principal) = self.policies.get(&id).map(|found| found.principal()) else {
            return;
        };
        self.roles.retain(|role| role.principal != principal);
        for group in &mut self.rights.groups {
            group.members.remove(&principal);
        }
        for vault in self.vaults.values_mut() {
            if let Some(all) = access_policies_mut(vault) {
                all.retain(|entry| !is_for(entry, &principal));
            }
        }
    }

    fn grant_again(&mut self, policy: &str) {
        let id = self.policy_id(policy).to_ascii_lowercase();
        let Some(found) = self.policies.get(&id) else {
            return;
        };
        let principal = found.principal();
        let name = found.vault_id.rsplit('/').next().unwrap_or_default();
        let name = name.to_ascii_lowercase();
        let (mut scope, mut role) = (found.vault_id.clone(), ENCRYPTION_USER);
        if let Some(vault) = self.vaults.get_mut(&name) {
            if vault.hsm {
                scope = local_scope(&name, &format!("/keys/{}", found.key));
                role = HSM_ENCRYPTION_USER;
            } else if !rbac(vault) {
                let entry = json!({
                    "tenantId": self.tenant,
                    "objectId": principal,
                    "permissions": { "keys": ["get", "wrapKey", "unwrapKey"] },
                });
                match access_policies_mut(vault) {
                    Some(all) => all.push(entry),
                    None => vault.properties["accessPolicies"] = json!([entry]),
                }
                return;
            }
        }
        let role = Role {
            name: guid(&format!("grant again/{policy}")),
            scope,
            role: role.to_owned(),
            principal,
            since: self.clock.now(),
            more: RoleDetails::default(),
        };
        self.roles.push(role);
    }

    fn set_firewall(&mut self, vault: &str, action: &str, bypass: &str) {
        if let Some(vault) = self.vaults.get_mut(vault) {
            vault.properties["networkAcls"] = json!({
                "defaultAction": action,
                "bypass": bypass,
            });
        }
    }

    pub(crate) fn meanwhile(&mut self, change: &Change) {
        let target = self.target.clone();
        if let Some(environment) = self.environments.get_mut(&target.environment) {
            environment.managed = change.managed.unwrap_or(environment.managed);
            environment.name = change
                .name
                .clone()
                .unwrap_or_else(|| environment.name.clone());
        }
        let Some(vault) = self.vaults.get_mut(&target.vault) else {
            return;
        };
        if let Some(days) = change.retention_days {
            vault.properties["softDeleteRetentionInDays"] = json!(days);
        }
        if let (Some(key), Some(enabled)) = (vault.keys.get_mut(&target.key), change.key_enabled) {
            key.enabled = enabled;
        }
    }
}

/// The stored access policies of a vault, if it has a list.
fn access_policies_mut(vault: &mut Vault) -> Option<&mut Vec<Value>> {
    vault.properties.get_mut("accessPolicies")?.as_array_mut()
}
