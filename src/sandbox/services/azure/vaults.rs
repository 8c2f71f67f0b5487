//! Host management.azure.com, provider `Microsoft.KeyVault` (2026-02-01): vaults and managed HSMs,
//! and the rights for each route. Imitated after the public REST reference. An unset property is
//! omitted, as in the service.

use super::access_policies::{Operation, change};
use super::errors::{bad_request, refusal};
use super::inventory::nothing;
use super::listing::listed;
use super::scope::Scope;
use super::shapes::{readable, vault_body};
use super::vault_names::available;
use super::{arm_keys, deleted_vaults, vault_writes};
use crate::message::{Reply, Request};
use crate::tenant::parts::User;
use crate::tenant::world::World;

/// Answers for the part of the path after the provider's name.
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
        (false, ["checknameavailability"]) if request.method == "POST" => {
            name(world, (request, user), scope, "checkNameAvailability/read")
        }
        (false, ["checkmhsmnameavailability"]) if request.method == "POST" => name(
            world,
            (request, user),
            scope,
            "checkMhsmNameAvailability/read",
        ),
        (false, _) => deleted_vaults::respond(world, (request, user), scope, rest),
        _ => nothing(request),
    }
}

/// Answers for one vault or managed HSM, and for the routes below it.
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
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        world.vault_changes(name);
    }
    if let ("PUT", []) = (request.method.as_str(), rest) {
        return vault_writes::put(world, (request, user), (scope, name, hsm));
    }
    let found = world
        .vaults
        .get(name)
        .filter(|vault| vault.hsm == hsm && !vault.deleted)
        .filter(|_| world.vault_id(name).eq_ignore_ascii_case(&id));
    if found.is_none() {
        return refused(world, "read").unwrap_or_else(|| absent(request, scope, (name, hsm), rest));
    }
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            refused(world, "read").unwrap_or_else(|| Reply::json(200, &vault_body(world, name)))
        }
        ("PATCH", []) => refused(world, "write")
            .unwrap_or_else(|| vault_writes::patch(world, (request, user), name)),
        ("DELETE", []) => refused(world, "delete").unwrap_or_else(|| delete(world, name)),
        ("PUT", ["accesspolicies", _]) if hsm => refused(world, "write")
            .unwrap_or_else(|| bad_request("Access policies are not supported by managed HSMs.")),
        ("PUT", ["accesspolicies", operation]) => refused(world, "accessPolicies/write")
            .unwrap_or_else(|| match Operation::named(operation) {
                Some(operation) => change(world, request, name, operation),
                None => {
                    bad_request("The operation on an access policy must be add, replace or remove.")
                }
            }),
        (_, ["keys", rest @ ..]) => key(world, (request, user), (name, &id), rest),
        _ => nothing(request),
    }
}

/// Deleting a missing vault succeeds with 204.
fn absent(request: &Request, scope: &Scope, (name, hsm): (&str, bool), rest: &[&str]) -> Reply {
    let kind = if hsm { "managedHSMs" } else { "vaults" };
    if request.method == "DELETE" && rest.is_empty() {
        return Reply::empty(204);
    }
    scope.missing(&format!("Microsoft.KeyVault/{kind}"), name)
}

/// Answers for the keys of the vault with this ARM id.
fn key(
    world: &mut World,
    (request, user): (&Request, &User),
    (vault, id): (&str, &str),
    rest: &[&str],
) -> Reply {
    let kind = id.split('/').rev().nth(1).unwrap_or_default().to_owned();
    let refused = |world: &World, what: &str| {
        refusal(
            world,
            user,
            &format!("Microsoft.KeyVault/{kind}/keys/{what}"),
            id,
        )
    };
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            refused(world, "read").unwrap_or_else(|| arm_keys::list(world, request, vault))
        }
        ("GET", [key]) => {
            refused(world, "read").unwrap_or_else(|| arm_keys::latest(world, vault, key))
        }
        ("PUT", [key]) => {
            refused(world, "write").unwrap_or_else(|| arm_keys::put(world, request, vault, key))
        }
        ("GET", [key, "versions"]) => refused(world, "versions/read")
            .unwrap_or_else(|| arm_keys::versions(world, request, vault, key)),
        ("GET", [key, "versions", version]) => refused(world, "versions/read")
            .unwrap_or_else(|| arm_keys::one_version(world, vault, key, version)),
        _ => nothing(request),
    }
}

/// Soft delete: the name stays taken, and the content is kept.
fn delete(world: &mut World, name: &str) -> Reply {
    world.delete_vault(name);
    Reply::empty(200)
}

/// Checks whether a name is free for a new vault or managed HSM.
fn name(world: &World, (request, user): (&Request, &User), scope: &Scope, action: &str) -> Reply {
    let kind = if action.starts_with("checkMhsm") {
        "Microsoft.KeyVault/managedHSMs"
    } else {
        "Microsoft.KeyVault/vaults"
    };
    refusal(
        world,
        user,
        &format!("Microsoft.KeyVault/{action}"),
        &scope.id,
    )
    .unwrap_or_else(|| available(world, request, kind))
}

/// Lists the vaults of the group or subscription that the caller may read.
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
