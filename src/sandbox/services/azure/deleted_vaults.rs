//! Host management.azure.com, provider `Microsoft.KeyVault`: deleted vaults and managed HSMs, whose
//! names are still taken. Imitated after the public REST reference.

use super::errors::refusal;
use super::inventory::nothing;
use super::listing::listed;
use super::scope::Scope;
use crate::message::{Reply, Request};
use crate::tenant::parts::User;
use crate::tenant::vaults::Vault;
use crate::tenant::world::World;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// Answers for `deletedVaults` and `deletedManagedHSMs` of a subscription, and for one of them by
/// its location.
pub(super) fn respond(
    world: &mut World,
    (request, user): (&Request, &User),
    scope: &Scope,
    rest: &[&str],
) -> Reply {
    let (place, kind) = match rest {
        [kind] => (None, *kind),
        ["locations", location, kind, name] => (Some((*location, *name, false)), *kind),
        ["locations", location, kind, name, "purge"] => (Some((*location, *name, true)), *kind),
        _ => return nothing(request),
    };
    let Some(hsm) = is_hsm(kind) else {
        return nothing(request);
    };
    match (request.method.as_str(), place) {
        ("GET", None) => refusal(world, user, &action("", hsm, "read"), &scope.id)
            .unwrap_or_else(|| list(world, request, scope, hsm)),
        ("GET", Some((location, name, false))) => {
            refusal(world, user, &action("locations/", hsm, "read"), &scope.id)
                .unwrap_or_else(|| one_deleted(world, scope, (location, name), hsm))
        }
        ("POST", Some((location, name, true))) => {
            let action = action("locations/", hsm, "purge/action");
            refusal(world, user, &action, &scope.id)
                .unwrap_or_else(|| purge(world, scope, (location, name), hsm))
        }
        _ => nothing(request),
    }
}

fn is_hsm(kind: &str) -> Option<bool> {
    match kind {
        "deletedvaults" => Some(false),
        "deletedmanagedhsms" => Some(true),
        _ => None,
    }
}

fn kind(hsm: bool) -> &'static str {
    if hsm {
        "deletedManagedHSMs"
    } else {
        "deletedVaults"
    }
}

fn action(below: &str, hsm: bool, what: &str) -> String {
    let kind = if hsm {
        "deletedManagedHsms"
    } else {
        "deletedVaults"
    };
    format!("Microsoft.KeyVault/{below}{kind}/{what}")
}

/// Lists the deleted vaults that are not purged.
fn list(world: &World, request: &Request, scope: &Scope, hsm: bool) -> Reply {
    let found = world
        .vaults
        .iter()
        .filter(|(_, vault)| vault.deleted && vault.hsm == hsm)
        .filter(|(name, _)| scope.holds(&world.vault_id(name)))
        .map(|(name, vault)| shown(world, scope, name, vault));
    listed(world, request, &[], found.collect())
}

fn find<'a>(
    world: &'a World,
    scope: &Scope,
    (location, name): (&str, &str),
    hsm: bool,
) -> Option<&'a Vault> {
    world
        .vaults
        .get(name)
        .filter(|vault| vault.deleted && vault.hsm == hsm && vault.location == location)
        .filter(|_| scope.holds(&world.vault_id(name)))
}

fn missing(name: &str) -> Reply {
    let text = format!("The vault '{name}' is not in the deleted state.");
    Reply::error(404, "DeletedVaultNotFound", text)
}

fn one_deleted(world: &World, scope: &Scope, place: (&str, &str), hsm: bool) -> Reply {
    match find(world, scope, place, hsm) {
        Some(vault) => Reply::json(200, &shown(world, scope, place.1, vault)),
        None => missing(place.1),
    }
}

/// Purges a vault, unless purge protection is on. The status of the refusal is inferred: clients
/// show only its code and message.
fn purge(world: &mut World, scope: &Scope, place: (&str, &str), hsm: bool) -> Reply {
    let name = place.1;
    let Some(vault) = find(world, scope, place, hsm) else {
        return missing(name);
    };
    if vault.is_purge_protected() {
        let what = if hsm {
            "DeletedManagedHsmPurge"
        } else {
            "DeletedVaultPurge"
        };
        let text = format!("Operation '{what}' is not allowed.");
        return Reply::error(403, "MethodNotAllowed", text);
    }
    world.vaults.remove(name);
    world.effect("vault-purged", name);
    Reply::empty(202)
}

fn shown(world: &World, scope: &Scope, name: &str, vault: &Vault) -> Value {
    let deleted = vault.deleted_at.unwrap_or(world.clock.epoch);
    let purged = deleted + SignedDuration::from_hours(24 * vault.retention_days());
    let (kind, id) = (
        kind(vault.hsm),
        if vault.hsm { "mhsmId" } else { "vaultId" },
    );
    let mut properties = json!({
        "location": vault.location,
        "deletionDate": deleted.to_string(),
        "scheduledPurgeDate": purged.to_string(),
        "tags": vault.tags,
    });
    properties[id] = json!(world.vault_id(name));
    if vault.is_purge_protected() {
        properties["purgeProtectionEnabled"] = json!(true);
    }
    json!({
        "id": format!(
            "{}/providers/Microsoft.KeyVault/locations/{}/{kind}/{name}",
            scope.subscription_id(),
            vault.location
        ),
        "name": name,
        "type": format!("Microsoft.KeyVault/{kind}"),
        "properties": properties,
    })
}
