//! Hosts below vault.azure.net and managedhsm.azure.net: creates keys, and updates the settings of
//! versions (7.x to 2025-07-01). Imitated after the public REST reference.

use super::errors::{bad_parameter, invalid_parameter};
use super::fields::{Fields, Wrong};
use super::key_bundle::{NAMES, bundle, by_version, find, latest, misnamed};
use super::key_wishes::{Wish, fulfilled, made, wish};
use crate::message::{Reply, Request};
use crate::tenant::keys::{version, version_id};
use crate::tenant::vaults::{Key, Version};
use crate::tenant::world::World;

const CREATE: [&str; 8] = [
    "kty",
    "key_size",
    "public_exponent",
    "crv",
    "key_ops",
    "attributes",
    "tags",
    "release_policy",
];
const UPDATE: [&str; 4] = ["key_ops", "attributes", "tags", "release_policy"];

/// Creates a key. An existing key gets a new version.
pub(super) fn create(world: &mut World, request: &Request, vault: &str, name: &str) -> Reply {
    if let Some(refusal) = misnamed(name) {
        return refusal;
    }
    let Some(stored_vault) = world.vaults.get(vault) else {
        return Reply::empty(404);
    };
    if stored_vault.keys.get(name).is_some_and(|key| key.deleted) {
        return name_is_taken(name);
    }
    let body = request.json();
    let now = world.clock.now().as_second();
    let read = || {
        let fields = Fields::of(&body, "body", &CREATE)?;
        if fields.get("public_exponent").is_some() {
            return Err(Wrong("public_exponent".to_owned()));
        }
        let wish = wish(fields, fields, &NAMES)?;
        let version = fulfilled(&made(fields, &NAMES, stored_vault, now)?, &wish, &NAMES)?;
        Ok((version, wish.enabled.unwrap_or(true)))
    };
    match read() {
        Err(Wrong(field)) => invalid_parameter(&field),
        Ok((version, enabled)) => {
            add(world, (vault, name), version, enabled);
            latest(world, vault, name)
        }
    }
}

/// The refusal because a deleted key has this name.
pub(super) fn name_is_taken(name: &str) -> Reply {
    let text = format!(
        "Key {name} is currently in a deleted but recoverable state, and its name cannot be \
        reused; in this state, the key can only be recovered or purged."
    );
    Reply::error(409, "Conflict", text)
}

/// Adds a version, and creates the key if it does not exist.
pub(super) fn add(world: &mut World, (vault, name): (&str, &str), version: Version, enabled: bool) {
    let Some(stored_vault) = world.vaults.get_mut(vault) else {
        return;
    };
    let key = stored_vault
        .keys
        .entry(name.to_owned())
        .or_insert_with(|| Key::new(&version.kty, version.bits));
    key.add(version, enabled);
    world.effect("key-version-created", format!("{vault}/{name}"));
}

/// Updates the settings of a version; the latest by default. A missing setting stays.
pub(super) fn update(
    world: &mut World,
    request: &Request,
    vault: &str,
    name: &str,
    asked: Option<&str>,
) -> Reply {
    let key = match find(world, vault, name) {
        Err(refusal) => return refusal,
        Ok(key) => key,
    };
    let number = asked.map_or(Some(key.versions), |version| {
        (1..=key.versions).find(|number| version_id(vault, name, *number) == version)
    });
    let Some(number) = number else {
        return by_version(world, vault, name, asked.unwrap_or_default());
    };
    let body = request.json();
    let before = version(world, key, number);
    let read = || {
        let fields = Fields::of(&body, "body", &UPDATE)?;
        let wish = wish(fields, fields, &NAMES)?;
        Ok((fulfilled(&before, &wish, &NAMES)?, wish))
    };
    let (after, wish) = match read() {
        Ok(read) => read,
        Err(Wrong(field)) => return invalid_parameter(&field),
    };
    if wish != Wish::default() {
        let after = Version {
            updated: world.clock.now().as_second(),
            ..after
        };
        write(world, (vault, name, number), after, wish.enabled);
    }
    match find(world, vault, name) {
        Err(refusal) => refusal,
        Ok(key) => Reply::json(200, &bundle(world, vault, name, key, number)),
    }
}

fn write(
    world: &mut World,
    (vault, name, number): (&str, &str, u32),
    version: Version,
    enabled: Option<bool>,
) {
    let stored_vault = world.vaults.get_mut(vault);
    let Some(key) = stored_vault.and_then(|stored_vault| stored_vault.keys.get_mut(name)) else {
        return;
    };
    key.written.insert(number, version);
    if let Some(enabled) = enabled {
        key.enable(number, enabled);
    }
    world.effect("key-updated", format!("{vault}/{name}"));
}

/// The refusal of an operation that the sandbox does not support.
pub(super) fn not_played(what: &str) -> Reply {
    bad_parameter(format!(
        "The sandbox does not {what} keys, because it has no real key material."
    ))
}
