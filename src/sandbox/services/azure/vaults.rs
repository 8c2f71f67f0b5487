//! Host management.azure.com, provider `Microsoft.KeyVault` (2026-02-01): vaults, managed HSMs, key
//! facts, access policies. Imitated after the public REST reference. What a vault does not set is
//! absent, as it is there.

use super::errors::refusal;
use super::shapes::{readable, vault_body};
use crate::sandbox::message::{Reply, Request};
use crate::sandbox::tenant::ids::GROUP;
use crate::sandbox::tenant::keys::{access_policies, made, unix, uri, version_id};
use crate::sandbox::tenant::parts::{Key, User, Vault};
use crate::sandbox::tenant::world::World;
use jiff::SignedDuration;
use serde_json::{Value, json};

pub(super) fn respond(world: &mut World, request: &Request, user: &User) -> Reply {
    let route = request.route();
    let segments: Vec<&str> = route.iter().map(String::as_str).collect();
    let Some((kind, rest)) = segments
        .iter()
        .position(|segment| *segment == "microsoft.keyvault")
        .and_then(|at| segments[at + 1..].split_first())
    else {
        return missing(request);
    };
    let Some((name, rest)) = rest.split_first() else {
        return list(world, request, user, kind);
    };
    let hsm = *kind == "managedhsms";
    if world
        .vaults
        .get(*name)
        .is_none_or(|vault| vault.hsm != hsm || vault.deleted)
    {
        let text = format!(
            "The Resource 'Microsoft.KeyVault/{kind}/{name}' under resource group '{GROUP}' was \
            not found."
        );
        return Reply::error(404, "ResourceNotFound", text);
    }
    let id = world.vault_id(name);
    let action = |what: &str| {
        format!(
            "Microsoft.KeyVault/{}/{what}",
            if hsm { "managedHSMs" } else { "vaults" }
        )
    };
    let refused = |world: &World, what: &str| refusal(world, user, &action(what), &id);
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            refused(world, "read").unwrap_or_else(|| Reply::json(200, &vault_body(world, name)))
        }
        ("PATCH", []) => refused(world, "write").unwrap_or_else(|| patch(world, request, name)),
        ("PUT", ["accesspolicies", "add"]) => refused(world, "accessPolicies/write")
            .unwrap_or_else(|| add_access(world, request, name)),
        ("GET", ["keys"]) => refused(world, "keys/read").unwrap_or_else(|| keys(world, name)),
        ("GET", ["keys", key]) => {
            refused(world, "keys/read").unwrap_or_else(|| latest_key(world, name, key))
        }
        ("GET", ["keys", key, "versions", version]) => refused(world, "keys/versions/read")
            .unwrap_or_else(|| key_version(world, name, key, version)),
        _ => missing(request),
    }
}

/// Of a group or the subscription: there is one group only.
fn list(world: &World, request: &Request, user: &User, kind: &str) -> Reply {
    let hsm = match kind {
        "vaults" => false,
        "managedhsms" => true,
        _ => return deleted(world, request, user, kind),
    };
    let names = world
        .vaults
        .iter()
        .filter(|(_, vault)| vault.hsm == hsm && !vault.deleted)
        .map(|(name, _)| name);
    let readable = names.filter(|name| readable(world, user, name));
    Reply::json(
        200,
        &json!({
            "value": readable.map(|name| vault_body(world, name)).collect::<Vec<Value>>(),
        }),
    )
}

/// Deleted vaults hold their names until they are purged; listed by subscription.
fn deleted(world: &World, request: &Request, user: &User, kind: &str) -> Reply {
    let hsm = match kind {
        "deletedvaults" => false,
        "deletedmanagedhsms" => true,
        _ => return missing(request),
    };
    let scope = format!("/subscriptions/{}", world.subscription);
    let action = if hsm {
        "Microsoft.KeyVault/deletedManagedHsms/read"
    } else {
        "Microsoft.KeyVault/deletedVaults/read"
    };
    if let Some(refusal) = refusal(world, user, action, &scope) {
        return refusal;
    }
    let found = world
        .vaults
        .iter()
        .filter(|(_, vault)| vault.deleted && vault.hsm == hsm);
    let item = |(name, _): (&String, &Vault)| {
        let purged = world.clock.epoch + SignedDuration::from_hours(24 * 60);
        json!({
            "id": format!(
                "{scope}/providers/Microsoft.KeyVault/locations/westeurope/{kind}/{name}"
            ),
            "name": name,
            "type": format!("Microsoft.KeyVault/{kind}"),
            "properties": {
                "vaultId": world.vault_id(name),
                "location": "westeurope",
                "deletionDate": world.clock.epoch.to_string(),
                "scheduledPurgeDate": purged.to_string(),
            },
        })
    };
    Reply::json(
        200,
        &json!({ "value": found.map(item).collect::<Vec<Value>>() }),
    )
}

fn missing(request: &Request) -> Reply {
    Reply::error(
        404,
        "InvalidResourceType",
        format!(
            "The resource type could not be found for '{}'.",
            request.raw_path
        ),
    )
}

/// The keys that are not deleted.
fn keys(world: &World, vault: &str) -> Reply {
    let keys = world
        .vaults
        .get(vault)
        .into_iter()
        .flat_map(|found| &found.keys);
    let value: Vec<Value> = keys
        .filter(|(_, key)| !key.deleted)
        .map(|(name, key)| key_body(world, vault, name, key, key.versions))
        .collect();
    Reply::json(200, &json!({ "value": value }))
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
        Some(key) => Reply::json(200, &key_body(world, vault, name, key, key.versions)),
        None => {
            let text = format!("A key with name {name} was not found in this key vault.");
            Reply::error(404, "KeyNotFound", text)
        }
    }
}

fn key_version(world: &World, vault: &str, name: &str, version: &str) -> Reply {
    let key = find(world, vault, name);
    let number = key.and_then(|key| {
        (1..=key.versions).find(|number| version_id(vault, name, *number) == version)
    });
    match key.zip(number) {
        Some((key, number)) => Reply::json(200, &key_body(world, vault, name, key, number)),
        None => {
            let text =
                format!("A version {version} of key {name} was not found in this key vault.");
            Reply::error(404, "KeyNotFound", text)
        }
    }
}

fn key_body(world: &World, vault_name: &str, name: &str, key: &Key, version: u32) -> Value {
    let Some(vault) = world.vaults.get(vault_name) else {
        return Value::Null;
    };
    let key_uri = format!("{}keys/{name}", uri(vault_name, vault));
    let mut attributes = json!({
        "enabled": key.is_enabled(version),
        "created": made(world, key, version),
        "updated": made(world, key, version),
        "exportable": false,
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
    json!({
        "id": format!("{}/keys/{name}", world.vault_id(vault_name)),
        "name": name,
        "type": "Microsoft.KeyVault/vaults/keys",
        "location": "westeurope",
        "properties": properties,
    })
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
