//! The data plane of Key Vault and Managed HSM (7.x and 2025-07-01): challenge, keys, versions, rotation, local roles; imitated after the
//! public REST reference.

use crate::sandbox::keys;
use crate::sandbox::message::{Reply, Request};
use crate::sandbox::tenant::keys::{access_policies, made, rbac, unix, uri, version_id};
use crate::sandbox::tenant::parts::{Key, Role, User};
use crate::sandbox::tenant::roles::{HSM_ROLES, allowed, known_principal};
use crate::sandbox::tenant::world::World;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub(super) fn handle(world: &mut World, request: &Request) -> Reply {
    let (name, suffix) = request.host.split_once('.').unwrap_or_default();
    let resource = format!("https://{suffix}");
    let hsm = suffix.starts_with("managedhsm");
    if world.vaults.get(name).is_none_or(|vault| vault.hsm != hsm || vault.deleted) {
        // A host name that nobody has would not even resolve.
        return Reply::html(502, "The sandbox has no vault of this name");
    }
    let Some(user) = world.caller(request, &[&resource]) else {
        let challenge = format!(
            "Bearer authorization=\"https://login.microsoftonline.com/{}\", resource=\"{resource}\"",
            world.tenant
        );
        let text = if request.bearer.is_some() {
            "AKV10022: Invalid audience or token."
        } else {
            "AKV10000: Request is missing a Bearer or PoP token."
        };
        return Reply::error(401, "Unauthorized", text).header("www-authenticate", challenge);
    };
    let name = name.to_owned();
    if world.vaults.get(&name).is_some_and(|vault| vault.firewall) {
        return forbidden(
            "ForbiddenByFirewall",
            "Client address is not authorized and caller is not a trusted service.",
        );
    }
    let route = request.route();
    let segments: Vec<&str> = route.iter().map(String::as_str).collect();
    match (request.method.as_str(), &segments[..]) {
        (_, ["keys", key, "providers", "microsoft.authorization", "roleassignments", rest @ ..]) if hsm => local_roles(world, request, &user, &name, key, rest),
        ("GET", ["keys", key]) => may(world, &user, &name, "read", "get").unwrap_or_else(|| latest(world, &name, key)),
        ("GET", ["keys", key, "versions"]) => may(world, &user, &name, "read", "list").unwrap_or_else(|| versions(world, &name, key)),
        ("GET", ["keys", _, "rotationpolicy"]) => may(world, &user, &name, "read", "get").unwrap_or_else(|| {
            Reply::json(200, &json!({ "id": format!("{resource}/rotationpolicy"), "lifetimeActions": [{ "trigger": { "timeBeforeExpiry": "P30D" }, "action": { "type": "Notify" } }], "attributes": {} }))
        }),
        ("GET", ["deletedkeys", key]) => may(world, &user, &name, "read", "get").unwrap_or_else(|| deleted(world, &name, key)),
        ("GET", ["keys", key, version]) => may(world, &user, &name, "read", "get").unwrap_or_else(|| by_version(world, &name, key, version)),
        ("GET", ["keys"]) => may(world, &user, &name, "read", "list").unwrap_or_else(|| keys::list(world, &name, false)),
        ("GET", ["deletedkeys"]) => may(world, &user, &name, "read", "list").unwrap_or_else(|| keys::list(world, &name, true)),
        ("POST", ["keys", key, "create"]) => may(world, &user, &name, "create/action", "create").unwrap_or_else(|| keys::create(world, request, &name, key)),
        ("PATCH", ["keys", key, version @ ..]) => may(world, &user, &name, "update/action", "update").unwrap_or_else(|| keys::update(world, request, &name, key, version.first().copied())),
        ("DELETE", ["keys", key]) => may(world, &user, &name, "delete", "delete").unwrap_or_else(|| keys::delete(world, &name, key)),
        ("POST", ["deletedkeys", key, "recover"]) => may(world, &user, &name, "recover/action", "recover").unwrap_or_else(|| keys::recover(world, &name, key)),
        ("POST", ["keys", key, "rotate"]) => may(world, &user, &name, "rotate/action", "rotate").unwrap_or_else(|| rotate(world, &name, key)),
        _ => Reply::error(404, "NotFound", format!("There is nothing at {}.", request.raw_path)),
    }
}

fn forbidden(inner: &str, message: &str) -> Reply {
    Reply::json(403, &json!({ "error": { "code": "Forbidden", "message": message, "innererror": { "code": inner } } }))
}

/// The caller's right by the vault's own permission model.
fn may(world: &World, user: &User, name: &str, action: &str, permission: &str) -> Option<Reply> {
    let vault = world.vaults.get(name)?;
    let id = world.vault_id(name);
    if vault.hsm {
        // Whoever owns the subscription of the sandbox is its local administrator, too.
        let administrator = allowed(world, &user.object_id, "Microsoft.KeyVault/managedHSMs/write", &id, false);
        return (!administrator).then(|| forbidden("ForbiddenByRbac", "Not authorized to perform the key operation."));
    }
    if rbac(vault) {
        let action = format!("Microsoft.KeyVault/vaults/keys/{action}");
        let allowed = allowed(world, &user.object_id, &action, &id, true);
        return (!allowed).then(|| forbidden("ForbiddenByRbac", "Caller is not authorized to perform action on resource. If role assignments, deny assignments or role definitions were changed recently, please observe propagation time."));
    }
    let granted = access_policies(world, name).iter().any(|entry| {
        entry["objectId"] == json!(user.object_id)
            && entry["permissions"]["keys"].as_array().is_some_and(|list| {
                list.iter()
                    .any(|own| own.as_str().is_some_and(|own| own.eq_ignore_ascii_case(permission) || own == "all"))
            })
    });
    (!granted).then(|| {
        forbidden(
            "ForbiddenByPolicy",
            &format!("The user, group or application does not have keys {permission} permission on key vault."),
        )
    })
}

pub(super) fn find<'a>(world: &'a World, vault: &str, key: &str) -> Result<&'a Key, Reply> {
    let found = world.vaults.get(vault).and_then(|vault| vault.keys.get(key)).filter(|key| !key.deleted);
    found.ok_or_else(|| {
        Reply::error(404, "KeyNotFound", format!("A key with (name/id) {key} was not found in this key vault."))
    })
}

/// A deleted key, until it is purged.
pub(super) fn deleted(world: &World, vault: &str, key: &str) -> Reply {
    let found = world.vaults.get(vault).and_then(|vault| vault.keys.get(key)).filter(|key| key.deleted);
    let Some(found) = found else {
        return Reply::error(404, "KeyNotFound", format!("Deleted Key not found: {key}"));
    };
    let mut body = bundle(world, vault, key, found, found.versions);
    body["recoveryId"] = json!(format!("https://{vault}.vault.azure.net/deletedkeys/{key}"));
    body["deletedDate"] = json!(world.clock.epoch.as_second());
    body["scheduledPurgeDate"] = json!(world.clock.epoch.as_second() + 60 * 86_400);
    Reply::json(200, &body)
}

pub(super) fn latest(world: &World, vault: &str, key: &str) -> Reply {
    find(world, vault, key)
        .map_or_else(|refusal| refusal, |found| Reply::json(200, &bundle(world, vault, key, found, found.versions)))
}

pub(super) fn by_version(world: &World, vault: &str, key: &str, version: &str) -> Reply {
    match find(world, vault, key) {
        Err(refusal) => refusal,
        Ok(found) => match (1..=found.versions).find(|number| version_id(vault, key, *number) == version) {
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
    let protected = world.vaults.get(vault).is_some_and(|vault| vault.properties["enablePurgeProtection"] == true);
    let level = if protected { "Recoverable" } else { "Recoverable+Purgeable" };
    let made = made(world, key, number);
    let mut attributes = json!({ "enabled": key.is_enabled(number), "created": made, "updated": made, "recoveryLevel": level, "recoverableDays": 90 });
    for (field, days) in [("exp", key.expires_in_days), ("nbf", key.starts_in_days)] {
        if let Some(seconds) = unix(world, days) {
            attributes[field] = json!(seconds);
        }
    }
    attributes
}

fn kid(world: &World, vault: &str, key: &str, number: u32) -> String {
    let base = world.vaults.get(vault).map(|own| uri(vault, own)).unwrap_or_default();
    format!("{base}keys/{key}/{}", version_id(vault, key, number))
}

pub(super) fn bundle(world: &World, vault: &str, name: &str, key: &Key, number: u32) -> Value {
    let mut material =
        json!({ "kid": kid(world, vault, name, number), "kty": key.kty, "key_ops": ["wrapKey", "unwrapKey"] });
    if key.kty.starts_with("RSA") {
        // Bytes that look like a modulus: nobody computes with them.
        let modulus: Vec<u8> =
            (0..key.bits / 8).map(|index| (index % 251) as u8 | if index == 0 { 0x80 } else { 1 }).collect();
        material["n"] = json!(URL_SAFE_NO_PAD.encode(modulus));
        material["e"] = json!("AQAB");
    } else {
        material["crv"] = json!("P-256");
        material["x"] = json!(URL_SAFE_NO_PAD.encode([1_u8; 32]));
        material["y"] = json!(URL_SAFE_NO_PAD.encode([2_u8; 32]));
    }
    json!({ "key": material, "attributes": attributes(world, vault, key, number), "tags": {} })
}

fn versions(world: &World, vault: &str, key: &str) -> Reply {
    match find(world, vault, key) {
        Err(refusal) => refusal,
        Ok(found) => {
            let item = |number| json!({ "kid": kid(world, vault, key, number), "attributes": attributes(world, vault, found, number) });
            Reply::json(
                200,
                &json!({ "value": (1..=found.versions).map(item).collect::<Vec<Value>>(), "nextLink": null }),
            )
        }
    }
}

fn rotate(world: &mut World, vault: &str, key: &str) -> Reply {
    if let Err(refusal) = find(world, vault, key) {
        return refusal;
    }
    let now = world.clock.now();
    if let Some(found) = world.vaults.get_mut(vault).and_then(|vault| vault.keys.get_mut(key)) {
        found.renew(now);
    }
    world.effect("key-version-created", format!("{vault}/{key}"));
    latest(world, vault, key)
}

/// Local role assignments of a managed HSM at a key.
fn local_roles(world: &mut World, request: &Request, user: &User, vault: &str, key: &str, rest: &[&str]) -> Reply {
    if let Some(refusal) = may(world, user, vault, "", "") {
        return refusal;
    }
    let scope = format!("hsm:{vault}/keys/{key}");
    let shown = |role: &Role| {
        json!({ "id": format!("/keys/{key}/providers/Microsoft.Authorization/roleAssignments/{}", role.name), "name": role.name, "type": "Microsoft.Authorization/roleAssignments",
            "properties": { "scope": format!("/keys/{key}"), "principalId": role.principal,
                "roleDefinitionId": format!("Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{}", role.role) } })
    };
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            let value: Vec<Value> = world.roles.iter().filter(|role| role.scope == scope).map(shown).collect();
            Reply::json(200, &json!({ "value": value }))
        }
        ("PUT", [name]) => {
            let body = request.json();
            let text = |field: &str| body["properties"][field].as_str().unwrap_or_default().to_ascii_lowercase();
            let (definition, principal) = (text("roleDefinitionId"), text("principalId"));
            let role = definition.rsplit('/').next().unwrap_or_default().to_owned();
            if !HSM_ROLES.contains(&role.as_str()) {
                return Reply::error(
                    400,
                    "RoleDefinitionNotFound",
                    format!("The role definition '{role}' was not found."),
                );
            }
            if !known_principal(world, &principal) {
                return Reply::error(400, "PrincipalNotFound", format!("Principal {principal} was not found."));
            }
            if world.roles.iter().any(|own| own.scope == scope && own.principal == principal && own.role == role) {
                return Reply::error(409, "RoleAssignmentExists", "The role assignment already exists.");
            }
            let role = Role { name: (*name).to_owned(), scope, role, principal, since: world.clock.now() };
            let answer = Reply::json(201, &shown(&role));
            world.effect("hsm-role-assigned", format!("{} {}", role.principal, role.scope));
            world.roles.push(role);
            answer
        }
        _ => Reply::error(405, "MethodNotAllowed", "The requested resource does not support this method."),
    }
}
