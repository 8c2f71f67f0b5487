//! Hosts below vault.azure.net and managedhsm.azure.net: the JSON of a key, a version or a deleted
//! key (7.x and 2025-07-01). Imitated after the public REST reference.

use super::errors::bad_parameter;
use super::key_wishes::{Names, shown};
use crate::message::Reply;
use crate::tenant::keys::{uri, version, version_id};
use crate::tenant::vaults::{Key, Vault};
use crate::tenant::world::World;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The data plane's names of the key parameters.
pub(super) const NAMES: Names = Names {
    size: "key_size",
    curve: "crv",
    operations: "key_ops",
};

/// The refusal of an invalid key name.
pub(super) fn misnamed(key: &str) -> Option<Reply> {
    let good = |ch: char| ch.is_ascii_alphanumeric() || ch == '-';
    let whole = (1..=127).contains(&key.len()) && key.chars().all(good);
    let text = format!("The request URI contains an invalid name: {key}");
    (!whole).then(|| bad_parameter(text))
}

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

/// A deleted key that is not purged.
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

/// Adds the fields of a deleted key. A key that a scenario deletes was deleted when the sandbox
/// started.
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

/// Attributes and tags, in the form of bundles and lists.
pub(super) fn facts(world: &World, vault: &str, key: &Key, number: u32) -> Value {
    let vault = world.vaults.get(vault);
    let version = version(world, key, number);
    let mut attributes = json!({
        "enabled": key.is_enabled(number),
        "created": version.made,
        "updated": version.updated,
        "recoveryLevel": vault.map(Vault::recovery_level),
        "recoverableDays": vault.map_or(90, Vault::retention_days),
    });
    for (field, time) in [("exp", version.expires), ("nbf", version.starts)] {
        if let Some(seconds) = time {
            attributes[field] = json!(seconds);
        }
    }
    json!({ "attributes": attributes, "tags": version.tags })
}

pub(super) fn kid(world: &World, vault: &str, key: &str, number: u32) -> String {
    let base = world
        .vaults
        .get(vault)
        .map(|stored_vault| uri(vault, stored_vault))
        .unwrap_or_default();
    format!("{base}keys/{key}/{}", version_id(vault, key, number))
}

pub(super) fn bundle(world: &World, vault: &str, name: &str, key: &Key, number: u32) -> Value {
    let version = version(world, key, number);
    let mut material = shown(&version, &NAMES);
    // A bundle has no size, because it has the key material.
    material.shift_remove(NAMES.size);
    material.insert("kid".to_owned(), json!(kid(world, vault, name, number)));
    let mut material = Value::Object(material);
    if version.kty.starts_with("RSA") {
        // Bytes in the shape of a modulus. The sandbox never computes with them.
        let modulus: Vec<u8> = (0..version.bits / 8)
            .map(|index| (index % 251) as u8 | if index == 0 { 0x80 } else { 1 })
            .collect();
        material["n"] = json!(URL_SAFE_NO_PAD.encode(modulus));
        material["e"] = json!("AQAB");
    } else if let Some(curve) = version.curve.as_deref() {
        let bytes = match curve {
            "P-384" => 48,
            "P-521" => 66,
            _ => 32,
        };
        material["x"] = json!(URL_SAFE_NO_PAD.encode(vec![1_u8; bytes]));
        material["y"] = json!(URL_SAFE_NO_PAD.encode(vec![2_u8; bytes]));
    }
    let mut body = facts(world, vault, key, number);
    body["key"] = material;
    body
}
