//! Hosts below vault.azure.net and managedhsm.azure.net: what clients do with keys (list, create,
//! update, rotate, delete, recover; 7.x to 2025-07-01). Imitated after the public REST reference.

use super::errors::forbidden;
use super::key_bundle::{add_deletion, attributes, bundle, by_version, deleted, find, kid, latest};
use super::listing::listed_keys;
use crate::sandbox::message::{Reply, Request};
use crate::sandbox::tenant::keys::{uri, version_id};
use crate::sandbox::tenant::parts::Key;
use crate::sandbox::tenant::world::World;
use serde_json::{Value, json};

/// The keys, or the deleted ones; without their versions.
pub(super) fn list(world: &World, request: &Request, vault: &str, gone: bool) -> Reply {
    let Some(found) = world.vaults.get(vault) else {
        return Reply::empty(404);
    };
    let base = uri(vault, found);
    let item = |(name, key): (&String, &Key)| {
        let mut item = json!({
            "kid": format!("{base}keys/{name}"),
            "attributes": attributes(world, vault, key, key.versions),
            "tags": {},
        });
        if gone {
            add_deletion(world, vault, (name, key), &mut item);
        }
        item
    };
    let value: Vec<Value> = found
        .keys
        .iter()
        .filter(|(_, key)| key.deleted == gone)
        .map(item)
        .collect();
    listed_keys(world, request, value)
}

/// A key that is there gets a new version.
pub(super) fn create(world: &mut World, request: &Request, vault: &str, name: &str) -> Reply {
    let wanted = request.json();
    let kty = wanted["kty"].as_str().unwrap_or_default();
    let bits = wanted["key_size"].as_u64().unwrap_or(2048);
    let rsa = kty.starts_with("RSA");
    if !["RSA", "RSA-HSM", "EC", "EC-HSM"].contains(&kty)
        || (rsa && ![2048, 3072, 4096].contains(&bits))
    {
        return Reply::error(400, "BadParameter", "Key type or key size is invalid.");
    }
    let now = world.clock.now();
    let Some(keys) = world.vaults.get_mut(vault).map(|vault| &mut vault.keys) else {
        return Reply::empty(404);
    };
    if keys.get(name).is_some_and(|key| key.deleted) {
        let text = format!(
            "Key {name} is currently in a deleted but recoverable state, and its name cannot be \
            reused; in this state, the key can only be recovered or purged."
        );
        return Reply::error(409, "Conflict", text);
    }
    let mut key = Key {
        kty: kty.to_owned(),
        bits: if rsa {
            u32::try_from(bits).unwrap_or_default()
        } else {
            0
        },
        enabled: true,
        expires_in_days: None,
        starts_in_days: None,
        deleted: false,
        versions: 0,
        made_days_ago: Vec::new(),
        disabled: std::collections::BTreeSet::new(),
        deleted_at: None,
        made: std::collections::BTreeMap::new(),
    };
    if let Some(old) = keys.get(name) {
        (key.versions, key.enabled, key.disabled) =
            (old.versions, old.enabled, old.disabled.clone());
        (key.made_days_ago, key.made) = (old.made_days_ago.clone(), old.made.clone());
    }
    key.renew(now);
    key.enabled = wanted["attributes"]["enabled"].as_bool().unwrap_or(true);
    keys.insert(name.to_owned(), key);
    world.effect("key-version-created", format!("{vault}/{name}"));
    latest(world, vault, name)
}

/// Whether a version is enabled; without a version, the latest one. Other attributes are not
/// played, and refused.
pub(super) fn update(
    world: &mut World,
    request: &Request,
    vault: &str,
    name: &str,
    version: Option<&str>,
) -> Reply {
    let number = match find(world, vault, name) {
        Err(refusal) => return refusal,
        Ok(key) => version.map_or(Some(key.versions), |version| {
            (1..=key.versions).find(|number| version_id(vault, name, *number) == version)
        }),
    };
    let Some(number) = number else {
        return by_version(world, vault, name, version.unwrap_or_default());
    };
    let attributes = request.json()["attributes"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    if attributes.keys().any(|own| own != "enabled") {
        return Reply::error(
            400,
            "BadParameter",
            "Of the attributes of a key, the sandbox plays `enabled` only.",
        );
    }
    let enabled = attributes.get("enabled").and_then(Value::as_bool);
    if let (Some(enabled), Some(key)) = (
        enabled,
        world
            .vaults
            .get_mut(vault)
            .and_then(|vault| vault.keys.get_mut(name)),
    ) {
        key.enable(number, enabled);
        world.effect("key-updated", format!("{vault}/{name}"));
    }
    match find(world, vault, name) {
        Err(refusal) => refusal,
        Ok(key) => Reply::json(200, &bundle(world, vault, name, key, number)),
    }
}

/// Soft delete: the name is held until the key is recovered or purged.
pub(super) fn delete(world: &mut World, vault: &str, name: &str) -> Reply {
    if let Err(refusal) = find(world, vault, name) {
        return refusal;
    }
    mark(world, vault, name, true, "key-deleted");
    deleted(world, vault, name)
}

pub(super) fn recover(world: &mut World, vault: &str, name: &str) -> Reply {
    let refusal = deleted(world, vault, name);
    if refusal.status != 200 {
        return refusal;
    }
    mark(world, vault, name, false, "key-recovered");
    latest(world, vault, name)
}

/// Gone for good, unless its vault is protected.
pub(super) fn purge(world: &mut World, vault: &str, name: &str) -> Reply {
    let found = deleted(world, vault, name);
    if found.status != 200 {
        return found;
    }
    let Some(own) = world.vaults.get_mut(vault) else {
        return found;
    };
    if own.is_purge_protected() {
        let text = format!(
            "Operation \"purge\" is not allowed because purge protection is enabled for this \
            vault. Key Vault service will automatically purge it after the retention period has \
            passed.\r\nVault: {vault};location={}",
            own.location
        );
        return forbidden("ForbiddenByPolicy", &text);
    }
    own.keys.remove(name);
    world.effect("key-purged", format!("{vault}/{name}"));
    Reply::empty(204)
}

fn mark(world: &mut World, vault: &str, name: &str, gone: bool, effect: &'static str) {
    let now = world.clock.now();
    if let Some(key) = world
        .vaults
        .get_mut(vault)
        .and_then(|vault| vault.keys.get_mut(name))
    {
        key.deleted = gone;
        key.deleted_at = gone.then_some(now);
        world.effect(effect, format!("{vault}/{name}"));
    }
}

pub(super) fn versions(world: &World, request: &Request, vault: &str, key: &str) -> Reply {
    match find(world, vault, key) {
        Err(refusal) => refusal,
        Ok(found) => {
            let item = |number| {
                json!({
                    "kid": kid(world, vault, key, number),
                    "attributes": attributes(world, vault, found, number),
                })
            };
            listed_keys(world, request, (1..=found.versions).map(item).collect())
        }
    }
}

pub(super) fn rotate(world: &mut World, vault: &str, key: &str) -> Reply {
    if let Err(refusal) = find(world, vault, key) {
        return refusal;
    }
    let now = world.clock.now();
    if let Some(found) = world
        .vaults
        .get_mut(vault)
        .and_then(|vault| vault.keys.get_mut(key))
    {
        found.renew(now);
    }
    world.effect("key-version-created", format!("{vault}/{key}"));
    latest(world, vault, key)
}

/// The same for every key: nothing rotates by itself.
pub(super) fn rotation_policy(world: &World, vault: &str, key: &str) -> Reply {
    if let Err(refusal) = find(world, vault, key) {
        return refusal;
    }
    let base = world
        .vaults
        .get(vault)
        .map(|own| uri(vault, own))
        .unwrap_or_default();
    Reply::json(
        200,
        &json!({
            "id": format!("{base}keys/{key}/rotationpolicy"),
            "lifetimeActions": [
                {
                    "trigger": { "timeBeforeExpiry": "P30D" },
                    "action": { "type": "Notify" },
                },
            ],
            "attributes": {},
        }),
    )
}
