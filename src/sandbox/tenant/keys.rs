//! Facts of vaults and keys that more than one service tells: addresses, versions, times, access
//! policies.

use super::ids::guid;
use super::parts::{Key, Vault};
use super::world::World;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// 32 hexadecimal digits for a version.
pub(in crate::sandbox) fn version_id(vault: &str, key: &str, number: u32) -> String {
    guid(&format!("version/{vault}/{key}/{number}")).replace('-', "")
}

/// The data plane's address.
pub(in crate::sandbox) fn uri(name: &str, vault: &Vault) -> String {
    format!(
        "https://{name}.{}.azure.net/",
        if vault.hsm { "managedhsm" } else { "vault" }
    )
}

/// Times of a key in seconds since 1970.
pub(in crate::sandbox) fn unix(world: &World, days: Option<i64>) -> Option<i64> {
    days.map(|days| (world.clock.epoch + SignedDuration::from_hours(days * 24)).as_second())
}

/// When a version of a key was made, in seconds since 1970: 100 days before the sandbox began,
/// unless something else is said.
pub(in crate::sandbox) fn made(world: &World, key: &Key, number: u32) -> i64 {
    let days = key
        .made_days_ago
        .get(number.saturating_sub(1) as usize)
        .copied()
        .unwrap_or(100.0);
    let ago = jiff::SignedDuration::try_from_secs_f64(days * 86_400.0)
        .unwrap_or(jiff::SignedDuration::ZERO);
    key.made
        .get(&number)
        .copied()
        .unwrap_or(world.clock.epoch - ago)
        .as_second()
}

/// Does the vault work with Azure RBAC?
pub(in crate::sandbox) fn rbac(vault: &Vault) -> bool {
    vault.hsm || vault.properties["enableRbacAuthorization"] == true
}

/// The access policies of a vault, ids resolved.
pub(in crate::sandbox) fn access_policies(world: &World, name: &str) -> Vec<Value> {
    let properties = world
        .vaults
        .get(name)
        .map(|vault| resolve(world, &vault.properties["accessPolicies"]));
    properties
        .and_then(|list| list.as_array().cloned())
        .unwrap_or_default()
}

/// `@tenant` and `@user` in a scenario stand for ids.
pub(in crate::sandbox) fn resolve(world: &World, value: &Value) -> Value {
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
