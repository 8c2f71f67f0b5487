//! Host management.azure.com, provider `Microsoft.KeyVault` (2026-02-01): vaults, managed HSMs, key
//! facts, access policies. Imitated after the public REST reference. What a vault does not set is
//! absent, as it is there.

use super::deleted_vaults;
use super::errors::refusal;
use super::inventory::nothing;
use super::listing::listed;
use super::scope::Scope;
use super::shapes::{readable, vault_body};
use crate::sandbox::message::{Reply, Request};
use crate::sandbox::tenant::keys::{access_policies, made, unix, uri, version_id};
use crate::sandbox::tenant::parts::{Key, User};
use crate::sandbox::tenant::world::World;
use serde_json::{Value, json};

/// What stands in the path behind the provider's name.
pub(super) fn respond(
    world: &mut World,
    (request, user): (&Request, &User),
    scope: &Scope,
    rest: &[&str],
) -> Reply {
    match (scope.group.is_some(), rest) {
        (_, ["vaults"]) => list(world, request, user, (scope, false)),
        (_, ["managedhsms"]) => list(world, request, user, (scope, true)),
        (true, ["vaults", name, rest @ ..]) => {
            vault(world, (request, user), (scope, name, false), rest)
        }
        (true, ["managedhsms", name, rest @ ..]) => {
            vault(world, (request, user), (scope, name, true), rest)
        }
        (false, _) => deleted_vaults::respond(world, (request, user), scope, rest),
        _ => nothing(request),
    }
}

/// One vault or managed HSM, and what is below it.
fn vault(
    world: &mut World,
    (request, user): (&Request, &User),
    (scope, name, hsm): (&Scope, &str, bool),
    rest: &[&str],
) -> Reply {
    let kind = if hsm { "managedHSMs" } else { "vaults" };
    let id = format!("{}/providers/Microsoft.KeyVault/{kind}/{name}", scope.id);
    let refused = |world: &World, what: &str| {
        refusal(
            world,
            user,
            &format!("Microsoft.KeyVault/{kind}/{what}"),
            &id,
        )
    };
    let found = world
        .vaults
        .get(name)
        .filter(|vault| vault.hsm == hsm && !vault.deleted)
        .filter(|_| world.vault_id(name).eq_ignore_ascii_case(&id));
    if found.is_none() {
        return refused(world, "read")
            .unwrap_or_else(|| scope.missing(&format!("Microsoft.KeyVault/{kind}"), name));
    }
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            refused(world, "read").unwrap_or_else(|| Reply::json(200, &vault_body(world, name)))
        }
        ("PATCH", []) => refused(world, "write").unwrap_or_else(|| patch(world, request, name)),
        ("PUT", ["accesspolicies", "add"]) if !hsm => refused(world, "accessPolicies/write")
            .unwrap_or_else(|| add_access(world, request, name)),
        ("GET", ["keys"]) => {
            refused(world, "keys/read").unwrap_or_else(|| keys(world, request, name))
        }
        ("GET", ["keys", key]) => {
            refused(world, "keys/read").unwrap_or_else(|| latest_key(world, name, key))
        }
        ("GET", ["keys", key, "versions"]) => refused(world, "keys/versions/read")
            .unwrap_or_else(|| key_versions(world, request, name, key)),
        ("GET", ["keys", key, "versions", version]) => refused(world, "keys/versions/read")
            .unwrap_or_else(|| key_version(world, name, key, version)),
        _ => nothing(request),
    }
}

/// Those of the group or of the subscription that the caller may read.
fn list(world: &World, request: &Request, user: &User, (scope, hsm): (&Scope, bool)) -> Reply {
    let names = world
        .vaults
        .iter()
        .filter(|(name, vault)| {
            vault.hsm == hsm && !vault.deleted && scope.holds(&world.vault_id(name))
        })
        .map(|(name, _)| name);
    let readable = names.filter(|name| readable(world, user, name));
    let shown = readable.map(|name| vault_body(world, name));
    listed(world, request, &["$top"], shown.collect())
}

/// The keys that are not deleted.
fn keys(world: &World, request: &Request, vault: &str) -> Reply {
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

fn key_versions(world: &World, request: &Request, vault: &str, name: &str) -> Reply {
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

fn latest_key(world: &World, vault: &str, name: &str) -> Reply {
    match find(world, vault, name) {
        Some(key) => Reply::json(200, &key_body(world, (vault, name), key, key.versions)),
        None => no_key(name),
    }
}

fn key_version(world: &World, vault: &str, name: &str, version: &str) -> Reply {
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

/// A version of a key, which is a resource of its own.
fn version_body(world: &World, (vault, name): (&str, &str), key: &Key, number: u32) -> Value {
    let mut body = key_body(world, (vault, name), key, number);
    let version = version_id(vault, name, number);
    for (field, more) in [
        ("id", format!("/versions/{version}")),
        ("type", "/versions".to_owned()),
    ] {
        let whole = body[field].as_str().map(|own| format!("{own}{more}"));
        body[field] = json!(whole);
    }
    body["name"] = json!(version);
    body
}

/// What lists show of a key or of a version: where it is, and its attributes (examples of the
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

/// A managed HSM's key is a proxy resource: it has no place of its own.
fn key_body(world: &World, (vault_name, name): (&str, &str), key: &Key, version: u32) -> Value {
    let Some(vault) = world.vaults.get(vault_name) else {
        return Value::Null;
    };
    let key_uri = format!("{}keys/{name}", uri(vault_name, vault));
    let mut attributes = json!({
        "enabled": key.is_enabled(version),
        "created": made(world, key, version),
        "updated": made(world, key, version),
        "exportable": false,
        "recoveryLevel": vault.recovery_level(),
    });
    for (field, days) in [("exp", key.expires_in_days), ("nbf", key.starts_in_days)] {
        if let Some(seconds) = unix(world, days) {
            attributes[field] = json!(seconds);
        }
    }
    let mut properties = json!({
        "attributes": attributes,
        "kty": key.kty,
        "keyOps": ["wrapKey", "unwrapKey"],
        "keyUri": key_uri,
        "keyUriWithVersion": format!("{key_uri}/{}", version_id(vault_name, name, version)),
    });
    if key.kty.starts_with("RSA") {
        properties["keySize"] = json!(key.bits);
    } else {
        properties["curveName"] = json!("P-256");
    }
    let mut body = json!({
        "id": format!("{}/keys/{name}", world.vault_id(vault_name)),
        "name": name,
        "type": format!("Microsoft.KeyVault/{}/keys", vault.kind()),
        "properties": properties,
    });
    if !vault.hsm {
        body["location"] = json!(vault.location);
    }
    body
}

/// Only what can go up goes up: protection that is on stays on.
fn patch(world: &mut World, request: &Request, name: &str) -> Reply {
    let wanted = request.json();
    for field in ["enablePurgeProtection", "enableSoftDelete"] {
        match wanted["properties"][field].as_bool() {
            Some(false) => {
                return Reply::error(
                    400,
                    "BadRequest",
                    format!("The property \"{field}\" cannot be set to false."),
                );
            }
            Some(true) => {
                if let Some(vault) = world.vaults.get_mut(name) {
                    vault.properties[field] = json!(true);
                }
                world.effect("vault-updated", format!("{name} {field}"));
            }
            None => {}
        }
    }
    Reply::json(200, &vault_body(world, name))
}

fn add_access(world: &mut World, request: &Request, name: &str) -> Reply {
    let wanted = request.json();
    let added = wanted["properties"]["accessPolicies"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    if added.is_empty()
        || added
            .iter()
            .any(|entry| entry["tenantId"] != json!(world.tenant) || !entry["objectId"].is_string())
    {
        return Reply::error(
            400,
            "BadRequest",
            "An access policy needs the vault's tenant and an object id.",
        );
    }
    let mut all = access_policies(world, name);
    for entry in &added {
        match all
            .iter_mut()
            .find(|own| own["objectId"] == entry["objectId"])
        {
            Some(own) => join(&mut own["permissions"], &entry["permissions"]),
            None => all.push(entry.clone()),
        }
        world.effect(
            "access-policy-added",
            entry["objectId"].as_str().unwrap_or_default(),
        );
    }
    if let Some(vault) = world.vaults.get_mut(name) {
        vault.properties["accessPolicies"] = Value::Array(all.clone());
    }
    let body = json!({
        "id": format!("{}/accessPolicies/", world.vault_id(name)),
        "type": "Microsoft.KeyVault/vaults/accessPolicies",
        "properties": { "accessPolicies": all },
    });
    Reply::json(200, &body)
}

/// Adding merges permissions.
fn join(own: &mut Value, added: &Value) {
    let Some(added) = added.as_object() else {
        return;
    };
    for (kind, list) in added {
        let mut all = own[kind].as_array().cloned().unwrap_or_default();
        all.extend(
            list.as_array()
                .into_iter()
                .flatten()
                .filter(|permission| {
                    !own[kind]
                        .as_array()
                        .is_some_and(|own| own.contains(permission))
                })
                .cloned(),
        );
        own[kind] = Value::Array(all);
    }
}
