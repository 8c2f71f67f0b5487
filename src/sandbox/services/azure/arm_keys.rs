//! Host management.azure.com, provider `Microsoft.KeyVault` (2026-02-01): keys of vaults and of
//! managed HSMs at the control plane. Imitated after the public REST reference.

use super::errors::invalid_value;
use super::fields::{Fields, Wrong};
use super::key_bundle::misnamed;
use super::key_wishes::{Names, fulfilled, made, shown, wish};
use super::key_writes::{add, name_is_taken};
use super::listing::listed;
use super::rotation_policy;
use crate::message::{Reply, Request};
use crate::tenant::keys::{uri, version, version_id};
use crate::tenant::vaults::Key;
use crate::tenant::world::World;
use serde_json::{Value, json};

/// The control plane's names of the key parameters.
const NAMES: Names = Names {
    size: "keySize",
    curve: "curveName",
    operations: "keyOps",
};
const TOP: [&str; 7] = [
    "id",
    "name",
    "type",
    "location",
    "systemData",
    "tags",
    "properties",
];
const PROPERTIES: [&str; 9] = [
    "kty",
    "keyOps",
    "keySize",
    "curveName",
    "keyUri",
    "keyUriWithVersion",
    "attributes",
    "rotationPolicy",
    "release_policy",
];

/// Lists the keys that are not deleted.
pub(super) fn list(world: &World, request: &Request, vault: &str) -> Reply {
    let keys = world
        .vaults
        .get(vault)
        .into_iter()
        .flat_map(|found| &found.keys);
    let value: Vec<Value> = keys
        .filter(|(_, key)| !key.deleted)
        .map(|(name, key)| listed_key(key_body(world, (vault, name), key, key.versions), false))
        .collect();
    listed(world, request, &[], value)
}

pub(super) fn versions(world: &World, request: &Request, vault: &str, name: &str) -> Reply {
    let Some(key) = find(world, vault, name) else {
        return no_key(name);
    };
    let shown = (1..=key.versions)
        .map(|number| listed_key(version_body(world, (vault, name), key, number), true));
    listed(world, request, &[], shown.collect())
}

fn no_key(name: &str) -> Reply {
    let text = format!("A key with name {name} was not found in this key vault.");
    Reply::error(404, "KeyNotFound", text)
}

fn find<'a>(world: &'a World, vault: &str, key: &str) -> Option<&'a Key> {
    world
        .vaults
        .get(vault)?
        .keys
        .get(key)
        .filter(|found| !found.deleted)
}

pub(super) fn latest(world: &World, vault: &str, name: &str) -> Reply {
    match find(world, vault, name) {
        Some(key) => Reply::json(200, &key_body(world, (vault, name), key, key.versions)),
        None => no_key(name),
    }
}

pub(super) fn one_version(world: &World, vault: &str, name: &str, version: &str) -> Reply {
    let key = find(world, vault, name);
    let number = key.and_then(|key| {
        (1..=key.versions).find(|number| version_id(vault, name, *number) == version)
    });
    match key.zip(number) {
        Some((key, number)) => Reply::json(200, &version_body(world, (vault, name), key, number)),
        None => {
            let text =
                format!("A version {version} of key {name} was not found in this key vault.");
            Reply::error(404, "KeyNotFound", text)
        }
    }
}

/// A version of a key as a resource.
fn version_body(world: &World, (vault, name): (&str, &str), key: &Key, number: u32) -> Value {
    let mut body = key_body(world, (vault, name), key, number);
    let version = version_id(vault, name, number);
    for (field, more) in [
        ("id", format!("/versions/{version}")),
        ("type", "/versions".to_owned()),
    ] {
        let whole = body[field].as_str().map(|base| format!("{base}{more}"));
        body[field] = json!(whole);
    }
    body["name"] = json!(version);
    body
}

/// Reduces a key or version to its list form: the address and the attributes (examples of the
/// public specification).
fn listed_key(mut body: Value, version: bool) -> Value {
    if let Some(all) = body["properties"].as_object_mut() {
        let shown = |name: &str| {
            ["attributes", "keyUri"].contains(&name) || (version && name == "keyUriWithVersion")
        };
        all.retain(|name, _| shown(name));
    }
    body
}

/// A managed HSM's key is a proxy resource and has no location.
fn key_body(world: &World, (vault_name, name): (&str, &str), key: &Key, number: u32) -> Value {
    let Some(vault) = world.vaults.get(vault_name) else {
        return Value::Null;
    };
    let key_uri = format!("{}keys/{name}", uri(vault_name, vault));
    let version = version(world, key, number);
    let mut attributes = json!({
        "enabled": key.is_enabled(number),
        "created": version.made,
        "updated": version.updated,
        "exportable": false,
        "recoveryLevel": vault.recovery_level(),
    });
    for (field, time) in [("exp", version.expires), ("nbf", version.starts)] {
        if let Some(seconds) = time {
            attributes[field] = json!(seconds);
        }
    }
    let mut properties = Value::Object(shown(&version, &NAMES));
    properties["attributes"] = attributes;
    properties["keyUri"] = json!(key_uri);
    let path = version_id(vault_name, name, number);
    properties["keyUriWithVersion"] = json!(format!("{key_uri}/{path}"));
    if key.rotation.is_some() {
        properties["rotationPolicy"] =
            rotation_policy::shown(key.rotation.as_ref(), ["rotate", "notify"]);
    }
    let mut body = json!({
        "id": format!("{}/keys/{name}", world.vault_id(vault_name)),
        "name": name,
        "type": format!("Microsoft.KeyVault/{}/keys", vault.kind()),
        "tags": version.tags,
        "properties": properties,
    });
    if !vault.hsm {
        body["location"] = json!(vault.location);
    }
    body
}

/// Creates a key. An existing key stays as it is, whatever the request says, and is the answer.
pub(super) fn put(world: &mut World, request: &Request, vault: &str, name: &str) -> Reply {
    if misnamed(name).is_some() {
        return invalid_value("name");
    }
    let Some(stored_vault) = world.vaults.get(vault) else {
        return no_key(name);
    };
    let body = request.json();
    let now = world.clock.now().as_second();
    let read = || {
        let fields = Fields::of(&body, "body", &TOP)?;
        let properties = fields.object("properties", &PROPERTIES)?;
        let properties = properties.ok_or_else(|| Wrong("properties".to_owned()))?;
        let wish = wish(fields, properties, &NAMES)?;
        let version = fulfilled(&made(properties, &NAMES, stored_vault, now)?, &wish, &NAMES)?;
        let rotation = properties.get("rotationPolicy").cloned();
        Ok((version, wish.enabled.unwrap_or(true), rotation))
    };
    let (version, enabled, rotation) = match read() {
        Ok(read) => read,
        Err(Wrong(field)) => return invalid_value(&field),
    };
    let rotation =
        match rotation.map(|wanted_rotation| rotation_policy::read(&wanted_rotation, now)) {
            Some(Err(_)) => return invalid_value("rotationPolicy"),
            Some(Ok(policy)) => Some(policy),
            None => None,
        };
    match stored_vault.keys.get(name).map(|key| key.deleted) {
        Some(true) => return name_is_taken(name),
        Some(false) => return latest(world, vault, name),
        None => add(world, (vault, name), version, enabled),
    }
    let stored_vault = world.vaults.get_mut(vault);
    if let Some(key) = stored_vault.and_then(|stored_vault| stored_vault.keys.get_mut(name)) {
        key.rotation = rotation;
    }
    latest(world, vault, name)
}
