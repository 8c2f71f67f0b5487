//! Facts about vaults and keys that several services return: addresses, versions, times, access
//! policies.

use super::ids::guid;
use super::vaults::{Key, Vault, Version, usual_operations};
use super::world::World;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

/// A version id of 32 hexadecimal digits.
pub(crate) fn version_id(vault: &str, key: &str, number: u32) -> String {
    guid(&format!("version/{vault}/{key}/{number}")).replace('-', "")
}

/// The address of the data plane.
pub(crate) fn uri(name: &str, vault: &Vault) -> String {
    format!(
        "https://{name}.{}.azure.net/",
        if vault.hsm { "managedhsm" } else { "vault" }
    )
}

/// A day offset as seconds since 1970.
fn unix(world: &World, days: Option<i64>) -> Option<i64> {
    days.map(|days| (world.clock.epoch + SignedDuration::from_hours(days * 24)).as_second())
}

/// Creation time of a version from the scenario, in seconds since 1970; by default, 100 days before
/// the start.
fn made(world: &World, key: &Key, number: u32) -> i64 {
    let days = key
        .made_days_ago
        .get(number.saturating_sub(1) as usize)
        .copied()
        .unwrap_or(100.0);
    let ago = SignedDuration::try_from_secs_f64(days * 86_400.0).unwrap_or(SignedDuration::ZERO);
    (world.clock.epoch - ago).as_second()
}

/// The properties of a key version.
pub(crate) fn version(world: &World, key: &Key, number: u32) -> Version {
    if let Some(stored) = key.written.get(&number) {
        return stored.clone();
    }
    let made = made(world, key, number);
    Version {
        kty: key.kty.clone(),
        bits: key.bits,
        curve: key.kty.starts_with("EC").then(|| "P-256".to_owned()),
        operations: usual_operations(&key.kty),
        tags: Map::new(),
        expires: unix(world, key.expires_in_days),
        starts: unix(world, key.starts_in_days),
        made,
        updated: made,
    }
}

/// Does the vault use Azure RBAC?
pub(crate) fn rbac(vault: &Vault) -> bool {
    vault.hsm || vault.properties["enableRbacAuthorization"] == true
}

/// The access policies of a vault, with resolved ids.
pub(crate) fn access_policies(world: &World, name: &str) -> Vec<Value> {
    let properties = world
        .vaults
        .get(name)
        .map(|vault| resolve(world, &vault.properties["accessPolicies"]));
    properties
        .and_then(|list| list.as_array().cloned())
        .unwrap_or_default()
}

/// Does an access policy belong to this principal? One with an `applicationId` belongs to a
/// compound identity.
pub(crate) fn is_for(entry: &Value, principal: &str) -> bool {
    let object_id = entry["objectId"].as_str();
    entry["applicationId"].is_null()
        && object_id.is_some_and(|object_id| object_id.eq_ignore_ascii_case(principal))
}

/// Replaces `@tenant` and `@user` by their ids.
pub(crate) fn resolve(world: &World, value: &Value) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('@') {
            Some("tenant") => json!(world.tenant),
            Some(user) => json!(world.users.get(user).map_or(text, |user| &user.object_id)),
            None => value.clone(),
        },
        Value::Array(list) => list.iter().map(|inner| resolve(world, inner)).collect(),
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(name, inner)| (name.clone(), resolve(world, inner)))
                .collect(),
        ),
        _ => value.clone(),
    }
}

impl World {
    /// Soft delete: the vault is deleted, and its name stays taken.
    pub(crate) fn delete_vault(&mut self, name: &str) {
        self.vault_changes(name);
        let now = self.clock.now();
        if let Some(vault) = self.vaults.get_mut(name) {
            vault.deleted = true;
            vault.deleted_at = Some(now);
            self.effect("vault-deleted", name);
        }
    }

    /// The tenant of a vault: its own if the scenario names it.
    pub(crate) fn tenant_of(&self, vault: &str) -> String {
        let vault = self.vaults.get(vault);
        let tenant = vault.map(|vault| resolve(self, &vault.properties["tenantId"]));
        let tenant = tenant.and_then(|tenant| tenant.as_str().map(str::to_owned));
        tenant.unwrap_or_else(|| self.tenant.clone())
    }
}
