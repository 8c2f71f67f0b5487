//! Hosts below vault.azure.net and managedhsm.azure.net (7.x and 2025-07-01): the challenge, the
//! caller's rights, and the choice of the operation. Imitated after the public REST reference.

use super::errors::forbidden;
use super::key_bundle::{by_version, deleted, latest};
use super::key_writes::not_played;
use super::vault_rules::CLIENT;
use super::versions::refusal_of_keys;
use super::{key_writes, keys, local_roles, rotation_policy};
use crate::message::{Reply, Request};
use crate::services::caller::caller;
use crate::tenant::keys::{access_policies, is_for, rbac};
use crate::tenant::local_roles::locally_allowed;
use crate::tenant::parts::User;
use crate::tenant::roles::allowed;
use crate::tenant::world::World;

/// Operations with the key material.
const OPERATIONS: [&str; 7] = [
    "encrypt",
    "decrypt",
    "sign",
    "verify",
    "wrapkey",
    "unwrapkey",
    "release",
];

pub(in crate::services) fn handle(world: &mut World, request: &Request) -> Reply {
    let (name, suffix) = request.host.split_once('.').unwrap_or_default();
    let resource = format!("https://{suffix}");
    let hsm = suffix.starts_with("managedhsm");
    if world
        .vaults
        .get(name)
        .is_none_or(|vault| vault.hsm != hsm || vault.deleted)
    {
        // In reality, the host name of a missing vault does not resolve.
        return Reply::html(502, "The sandbox has no vault of this name");
    }
    let Some(user) = caller(world, request, &[&resource]) else {
        return unknown_caller(world, request, &resource);
    };
    let name = name.to_owned();
    if world.vaults.get(&name).is_some_and(|vault| vault.firewall) {
        return shut_out(world, &name);
    }
    refusal_of_keys(request).unwrap_or_else(|| dispatch(world, request, &user, &name))
}

/// The refusal of the vault's network rules.
fn shut_out(world: &World, name: &str) -> Reply {
    let vault = world.vaults.get(name);
    if vault.is_some_and(|vault| vault.properties["publicNetworkAccess"] == "Disabled") {
        return forbidden(
            "ForbiddenByConnection",
            "Public network access is disabled and request is not from a trusted service nor via \
            an approved private link.",
        );
    }
    let text = format!(
        "Client address is not authorized and caller is not a trusted service.\r\nClient \
        address: {CLIENT}"
    );
    forbidden("ForbiddenByFirewall", &text)
}

fn unknown_caller(world: &World, request: &Request, resource: &str) -> Reply {
    let challenge = format!(
        "Bearer authorization=\"https://login.microsoftonline.com/{}\", \
        resource=\"{resource}\"",
        world.tenant
    );
    let text = if request.bearer.is_some() {
        "AKV10022: Invalid audience or token."
    } else {
        "AKV10000: Request is missing a Bearer or PoP token."
    };
    Reply::error(401, "Unauthorized", text).header("www-authenticate", challenge)
}

fn dispatch(world: &mut World, request: &Request, user: &User, name: &str) -> Reply {
    let hsm = world.vaults.get(name).is_some_and(|vault| vault.hsm);
    let route = request.route();
    let segments: Vec<&str> = route.iter().map(String::as_str).collect();
    if hsm && segments.contains(&"microsoft.authorization") {
        return local_roles::respond(world, request, user, name, &segments)
            .unwrap_or_else(not_by_local_roles);
    }
    // A role can also be assigned at a single key.
    let key = match &segments[..] {
        ["keys" | "deletedkeys", key, ..] => format!("/keys/{key}"),
        _ => String::new(),
    };
    let may = |world: &World, user: &User, name: &str, action: &str, permission: &str| {
        refused(world, user, (name, &key), action, permission)
    };
    match (request.method.as_str(), &segments[..]) {
        ("GET", ["keys", key]) => {
            may(world, user, name, "read", "get").unwrap_or_else(|| latest(world, name, key))
        }
        ("GET", ["keys", key, "versions"]) => may(world, user, name, "read", "list")
            .unwrap_or_else(|| keys::versions(world, request, name, key)),
        ("GET" | "PUT", ["keys", key, "rotationpolicy"]) => {
            policy(world, request, user, (name, key))
        }
        ("GET", ["deletedkeys", key]) => {
            may(world, user, name, "read", "get").unwrap_or_else(|| deleted(world, name, key))
        }
        ("GET", ["keys", key, version]) => may(world, user, name, "read", "get")
            .unwrap_or_else(|| by_version(world, name, key, version)),
        ("GET", ["keys"]) => may(world, user, name, "read", "list")
            .unwrap_or_else(|| keys::list(world, request, name, false)),
        ("GET", ["deletedkeys"]) => may(world, user, name, "read", "list")
            .unwrap_or_else(|| keys::list(world, request, name, true)),
        ("POST", ["keys", key, "create"]) => may(world, user, name, "create/action", "create")
            .unwrap_or_else(|| key_writes::create(world, request, name, key)),
        ("PATCH", ["keys", key, version @ ..]) => may(world, user, name, "update/action", "update")
            .unwrap_or_else(|| {
                key_writes::update(world, request, name, key, version.first().copied())
            }),
        ("DELETE", ["keys", key]) => may(world, user, name, "delete", "delete")
            .unwrap_or_else(|| keys::delete(world, name, key)),
        ("DELETE", ["deletedkeys", key]) => may(world, user, name, "purge/action", "purge")
            .unwrap_or_else(|| keys::purge(world, name, key)),
        ("POST", ["deletedkeys", key, "recover"]) => {
            may(world, user, name, "recover/action", "recover")
                .unwrap_or_else(|| keys::recover(world, name, key))
        }
        ("POST", ["keys", key, "rotate"]) => may(world, user, name, "rotate/action", "rotate")
            .unwrap_or_else(|| keys::rotate(world, name, key)),
        ("PUT", ["keys", _]) => not_played("import"),
        ("POST", ["keys", "restore"]) => not_played("restore"),
        ("POST", ["keys", _, "backup"]) => not_played("back up"),
        ("POST", ["keys", _, .., what]) if OPERATIONS.contains(what) => not_played("use"),
        _ => Reply::error(
            404,
            "NotFound",
            format!("There is nothing at {}.", request.raw_path),
        ),
    }
}

/// Answers for a key's rotation policy, which has rights of its own.
fn policy(world: &mut World, request: &Request, user: &User, (name, key): (&str, &str)) -> Reply {
    let scope = format!("/keys/{key}");
    let sets = request.method == "PUT";
    let (action, permission) = if sets {
        ("keyrotationpolicies/write", "setrotationpolicy")
    } else {
        ("keyrotationpolicies/read", "getrotationpolicy")
    };
    refused(world, user, (name, &scope), action, permission).unwrap_or_else(|| {
        if sets {
            rotation_policy::put(world, request, name, key)
        } else {
            rotation_policy::get(world, name, key)
        }
    })
}

fn not_by_local_roles() -> Reply {
    forbidden(
        "ForbiddenByRbac",
        "Not authorized to perform the key operation.",
    )
}

/// The managed HSM's data action that corresponds to a vault's.
fn local_action(action: &str) -> &str {
    match action {
        "read" => "keys/read/action",
        "create/action" => "keys/create",
        "update/action" => "keys/write/action",
        "delete" => "keys/delete",
        "recover/action" => "keys/deletedKeys/recover/action",
        "purge/action" => "keys/deletedKeys/delete",
        "rotate/action" => "keys/rotate/action",
        // Which actions a rotation policy requires is inferred.
        "keyrotationpolicies/read" => "keys/read/action",
        "keyrotationpolicies/write" => "keys/write/action",
        other => other,
    }
}

/// The refusal if the caller lacks the right in the vault's permission model. `key` is the key's
/// scope (`/keys/…`), or empty for the vault.
fn refused(
    world: &World,
    user: &User,
    (name, key): (&str, &str),
    action: &str,
    permission: &str,
) -> Option<Reply> {
    let vault = world.vaults.get(name)?;
    if vault.hsm {
        let scope = if key.is_empty() { "/keys" } else { key };
        let action = local_action(action);
        return (!locally_allowed(world, &user.object_id, name, scope, action))
            .then(not_by_local_roles);
    }
    if rbac(vault) {
        let id = format!("{}{key}", world.vault_id(name));
        let below = if action.starts_with("keyrotation") {
            ""
        } else {
            "keys/"
        };
        let action = format!("Microsoft.KeyVault/vaults/{below}{action}");
        let allowed = allowed(world, &user.object_id, &action, &id, true);
        return (!allowed).then(|| {
            forbidden(
                "ForbiddenByRbac",
                "Caller is not authorized to \
        perform action on resource. If role assignments, deny assignments or role definitions \
        were changed recently, please observe propagation time.",
            )
        });
    }
    let granted = access_policies(world, name).iter().any(|entry| {
        is_for(entry, &user.object_id)
            && entry["permissions"]["keys"].as_array().is_some_and(|list| {
                list.iter().any(|listed| {
                    listed.as_str().is_some_and(|listed| {
                        listed.eq_ignore_ascii_case(permission) || listed == "all"
                    })
                })
            })
    });
    (!granted).then(|| {
        forbidden(
            "ForbiddenByPolicy",
            &format!(
                "The user, group or application does not have keys {permission} permission \
            on key vault."
            ),
        )
    })
}
