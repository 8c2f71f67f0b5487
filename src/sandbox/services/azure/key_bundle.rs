//! Hosts below vault.azure.net and managedhsm.azure.net: how a key, one of its versions or a
//! deleted key is shown (7.x and 2025-07-01). Imitated after the public REST reference.

use crate::sandbox::message::Reply;
use crate::sandbox::tenant::keys::{made, unix, uri, version_id};
use crate::sandbox::tenant::parts::{Key, Vault};
use crate::sandbox::tenant::world::World;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub(super) fn find<'a>(world: &'a World, vault: &str, key: &str) -> Result<&'a Key, Reply> {
    let found = world
        .vaults
        .get(vault)
        .and_then(|vault| vault.keys.get(key))
        .filter(|key| !key.deleted);
    found.ok_or_else(|| {
        Reply::error(
            404,
            "KeyNotFound",
            format!("A key with (name/id) {key} was not found in this key vault."),
        )
    })
}

/// A deleted key, until it is purged.
pub(super) fn deleted(world: &World, vault: &str, key: &str) -> Reply {
    let found = world
        .vaults
        .get(vault)
        .and_then(|vault| vault.keys.get(key))
        .filter(|key| key.deleted);
    let Some(found) = found else {
        return Reply::error(404, "KeyNotFound", format!("Deleted Key not found: {key}"));
    };
    let mut body = bundle(world, vault, key, found, found.versions);
    add_deletion(world, vault, (key, found), &mut body);
    Reply::json(200, &body)
}

/// What a deleted key has besides. It was deleted when the sandbox began, or after.
pub(super) fn add_deletion(
    world: &World,
    vault: &str,
    (name, key): (&str, &Key),
    body: &mut Value,
) {
    let Some(found) = world.vaults.get(vault) else {
        return;
    };
    let at = key.deleted_at.unwrap_or(world.clock.epoch).as_second();
    body["recoveryId"] = json!(format!("{}deletedkeys/{name}", uri(vault, found)));
    body["deletedDate"] = json!(at);
    body["scheduledPurgeDate"] = json!(at + found.retention_days() * 86_400);
}

pub(super) fn latest(world: &World, vault: &str, key: &str) -> Reply {
    find(world, vault, key).map_or_else(
        |refusal| refusal,
        |found| Reply::json(200, &bundle(world, vault, key, found, found.versions)),
    )
}

pub(super) fn by_version(world: &World, vault: &str, key: &str, version: &str) -> Reply {
    match find(world, vault, key) {
        Err(refusal) => refusal,
        Ok(found) => match (1..=found.versions)
            .find(|number| version_id(vault, key, *number) == version)
        {
            Some(number) => Reply::json(200, &bundle(world, vault, key, found, number)),
            None => Reply::error(
                404,
                "KeyNotFound",
                format!("A key with (name/id) {key}/{version} was not found in this key vault."),
            ),
        },
    }
}

pub(super) fn attributes(world: &World, vault: &str, key: &Key, number: u32) -> Value {
    let vault = world.vaults.get(vault);
    let made = made(world, key, number);
    let mut attributes = json!({
        "enabled": key.is_enabled(number),
        "created": made,
        "updated": made,
        "recoveryLevel": vault.map(Vault::recovery_level),
        "recoverableDays": vault.map_or(90, Vault::retention_days),
    });
    for (field, days) in [("exp", key.expires_in_days), ("nbf", key.starts_in_days)] {
        if let Some(seconds) = unix(world, days) {
            attributes[field] = json!(seconds);
        }
    }
    attributes
}

pub(super) fn kid(world: &World, vault: &str, key: &str, number: u32) -> String {
    let base = world
        .vaults
        .get(vault)
        .map(|own| uri(vault, own))
        .unwrap_or_default();
    format!("{base}keys/{key}/{}", version_id(vault, key, number))
}

pub(super) fn bundle(world: &World, vault: &str, name: &str, key: &Key, number: u32) -> Value {
    let mut material = json!({
        "kid": kid(world, vault, name, number),
        "kty": key.kty,
        "key_ops": ["wrapKey", "unwrapKey"],
    });
    if key.kty.starts_with("RSA") {
        // Bytes that look like a modulus: nobody computes with them.
        let modulus: Vec<u8> = (0..key.bits / 8)
            .map(|index| (index % 251) as u8 | if index == 0 { 0x80 } else { 1 })
            .collect();
        material["n"] = json!(URL_SAFE_NO_PAD.encode(modulus));
        material["e"] = json!("AQAB");
    } else {
        material["crv"] = json!("P-256");
        material["x"] = json!(URL_SAFE_NO_PAD.encode([1_u8; 32]));
        material["y"] = json!(URL_SAFE_NO_PAD.encode([2_u8; 32]));
    }
    json!({
        "key": material,
        "attributes": attributes(world, vault, key, number),
        "tags": {},
    })
}
