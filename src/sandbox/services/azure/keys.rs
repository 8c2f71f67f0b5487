//! Hosts below vault.azure.net and managedhsm.azure.net: lists, rotates, deletes, recovers and
//! purges keys (7.x to 2025-07-01). Imitated after the public REST reference.

use super::errors::forbidden;
use super::key_bundle::{add_deletion, deleted, facts, find, kid, latest};
use super::listing::listed_keys;
use crate::message::{Reply, Request};
use crate::tenant::keys::uri;
use crate::tenant::vaults::Key;
use crate::tenant::world::World;
use serde_json::{Value, json};

/// Lists the keys, or the deleted keys, without their versions.
pub(super) fn list(world: &World, request: &Request, vault: &str, gone: bool) -> Reply {
    let Some(found) = world.vaults.get(vault) else {
        return Reply::empty(404);
    };
    let base = uri(vault, found);
    let item = |(name, key): (&String, &Key)| {
        let mut item = facts(world, vault, key, key.versions);
        item["kid"] = json!(format!("{base}keys/{name}"));
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

/// Soft delete: the name stays taken until the key is recovered or purged.
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

/// Purges a deleted key, unless the vault has purge protection.
pub(super) fn purge(world: &mut World, vault: &str, name: &str) -> Reply {
    let found = deleted(world, vault, name);
    if found.status != 200 {
        return found;
    }
    let Some(stored_vault) = world.vaults.get_mut(vault) else {
        return found;
    };
    if stored_vault.is_purge_protected() {
        let text = format!(
            "Operation \"purge\" is not allowed because purge protection is enabled for this \
            vault. Key Vault service will automatically purge it after the retention period has \
            passed.\r\nVault: {vault};location={}",
            stored_vault.location
        );
        return forbidden("ForbiddenByPolicy", &text);
    }
    stored_vault.keys.remove(name);
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
                let mut item = facts(world, vault, found, number);
                item["kid"] = json!(kid(world, vault, key, number));
                item
            };
            listed_keys(world, request, (1..=found.versions).map(item).collect())
        }
    }
}

/// Creates a new version.
pub(super) fn rotate(world: &mut World, vault: &str, key: &str) -> Reply {
    if let Err(refusal) = find(world, vault, key) {
        return refusal;
    }
    let now = world.clock.now().as_second();
    world.rotate(vault, key, now);
    latest(world, vault, key)
}
