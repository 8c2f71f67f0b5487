//! Host management.azure.com, provider `Microsoft.PowerPlatform` (2020-10-30): enterprise
//! policies. Imitated after the public specification and Microsoft's own scripts for
//! customer-managed keys.

use super::errors::{disallowed, malformed, no_method, refusal};
use super::listing::listed;
use super::policy_operations::change;
use super::scope::Scope;
use super::shapes::policy_body;
use super::tags::bad;
use crate::message::{Reply, Request};
use crate::tenant::azure_operations::Pending;
use crate::tenant::parts::{Policy, User};
use crate::tenant::roles::allowed;
use crate::tenant::world::World;
use serde_json::{Value, json};

/// States of the encryption (specification 2020-10-30-preview).
const STATES: [&str; 3] = ["Enabled", "Disabled", "NotConfigured"];
/// The type of an enterprise policy.
const KIND: &str = "Microsoft.PowerPlatform/enterprisePolicies";

/// Lists the policies of the group or subscription that the caller may read.
pub(super) fn list(world: &World, request: &Request, user: &User, scope: &Scope) -> Reply {
    let readable = |policy: &&Policy| {
        allowed(
            world,
            &user.object_id,
            "Microsoft.PowerPlatform/enterprisePolicies/read",
            &policy.id,
            false,
        )
    };
    let value: Vec<Value> = world
        .policies
        .values()
        .filter(|policy| scope.holds(&policy.id))
        .filter(readable)
        .map(policy_body)
        .collect();
    listed(world, request, &[], value)
}

pub(super) fn policy(world: &mut World, request: &Request, user: &User, scope: &Scope) -> Reply {
    let name = request.path.last().map_or("", String::as_str);
    let id = id_of(scope, name);
    let key = id.to_ascii_lowercase();
    let verb = match request.method.as_str() {
        "GET" => "read",
        "DELETE" => "delete",
        _ => "write",
    };
    if let Some(refusal) = refusal(
        world,
        user,
        &format!("Microsoft.PowerPlatform/enterprisePolicies/{verb}"),
        &id,
    ) {
        return refusal;
    }
    let linked = world.is_linked(&id);
    let existing = world.policies.get(&key).cloned();
    match (request.method.as_str(), existing) {
        ("GET", Some(policy)) => Reply::json(200, &policy_body(&policy)),
        ("GET" | "PATCH", None) => scope.missing(KIND, name),
        ("PUT" | "PATCH", Some(_)) if linked => {
            let text = format!(
                "The enterprise policy '{name}' is linked to environments and can't be updated."
            );
            Reply::error(409, "EnterprisePolicyUpdateNotAllowed", text)
        }
        ("DELETE", Some(_)) if linked => {
            let text = format!(
                "The enterprise policy '{name}' is linked to environments and can't be deleted."
            );
            Reply::error(409, "EnterprisePolicyDeleteNotAllowed", text)
        }
        ("DELETE", None) => Reply::empty(204),
        ("DELETE", Some(_)) => change(world, Pending::Delete(id)),
        ("PATCH", Some(policy)) => patch(world, &request.json(), policy),
        ("PUT", existing) => put(world, &request.json(), (scope, name), existing),
        _ => no_method(),
    }
}

/// Changes the named fields, and keeps the others. The key's name and version change together.
fn patch(world: &mut World, wanted: &Value, mut policy: Policy) -> Reply {
    if let Some(refused) = bad_types(wanted) {
        return refused;
    }
    if wanted["tags"].is_object() {
        policy.tags = wanted["tags"].clone();
    }
    let encryption = &wanted["properties"]["encryption"];
    if let Some(state) = known_state(encryption) {
        state.clone_into(&mut policy.state);
    }
    let vault = &encryption["keyVault"];
    if let Some(id) = vault["id"].as_str() {
        id.clone_into(&mut policy.vault_id);
    }
    if let Some(name) = vault["key"]["name"].as_str() {
        name.clone_into(&mut policy.key);
        policy.version = version(vault);
    }
    if !is_vault(world, &policy.vault_id) {
        return incomplete();
    }
    change(world, Pending::Write(Box::new(policy)))
}

fn version(vault: &Value) -> Option<String> {
    let version = vault["key"]["version"].as_str();
    version
        .filter(|version| !version.is_empty())
        .map(str::to_owned)
}

fn put(world: &mut World, wanted: &Value, at: (&Scope, &str), existing: Option<Policy>) -> Reply {
    if let Some(refusal) = unacceptable(world, wanted, at) {
        return refusal;
    }
    let created = existing.map_or_else(|| world.clock.now(), |policy| policy.created);
    let policy = Policy {
        created,
        ..policy_of(world, wanted, at)
    };
    change(world, Pending::Write(Box::new(policy)))
}

/// The policy of an accepted body.
pub(super) fn policy_of(world: &World, wanted: &Value, (scope, name): (&Scope, &str)) -> Policy {
    let encryption = &wanted["properties"]["encryption"];
    let vault = &encryption["keyVault"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Policy {
        id: id_of(scope, name),
        name: name.to_owned(),
        location: text(&wanted["location"]).to_ascii_lowercase(),
        kind: "Encryption".to_owned(),
        vault_id: text(&vault["id"]),
        key: text(&vault["key"]["name"]),
        version: version(vault),
        no_identity: false,
        health: "Undetermined".to_owned(),
        state: known_state(encryption).unwrap_or("Enabled").to_owned(),
        tags: wanted["tags"].clone(),
        created: world.clock.now(),
    }
}

/// The ARM id of a policy with this name.
pub(super) fn id_of(scope: &Scope, name: &str) -> String {
    format!("{}/providers/{KIND}/{name}", scope.id)
}

/// The state of the encryption, in the specification's spelling.
fn known_state(encryption: &Value) -> Option<&'static str> {
    let text = encryption["state"].as_str()?;
    let mut all = STATES.into_iter();
    all.find(|state| state.eq_ignore_ascii_case(text))
}

/// The refusal of a field with the wrong type, if any.
fn bad_types(wanted: &Value) -> Option<Reply> {
    let encryption = &wanted["properties"]["encryption"];
    let vault = &encryption["keyVault"];
    let texts = [
        ("location", &wanted["location"]),
        ("kind", &wanted["kind"]),
        ("identity.type", &wanted["identity"]["type"]),
        ("properties.encryption.state", &encryption["state"]),
        ("properties.encryption.keyVault.id", &vault["id"]),
        (
            "properties.encryption.keyVault.key.name",
            &vault["key"]["name"],
        ),
        (
            "properties.encryption.keyVault.key.version",
            &vault["key"]["version"],
        ),
    ];
    let odd = texts
        .iter()
        .find(|(_, value)| !value.is_string() && !value.is_null());
    if let Some((field, value)) = odd {
        return Some(malformed(field, value));
    }
    if !encryption["state"].is_null() && known_state(encryption).is_none() {
        return Some(malformed(
            "properties.encryption.state",
            &encryption["state"],
        ));
    }
    // The sandbox does not support other kinds of policies.
    for field in ["lockbox", "networkInjection"] {
        let value = &wanted["properties"][field];
        if !value.is_null() {
            return Some(malformed(&format!("properties.{field}"), value));
        }
    }
    bad(&wanted["tags"], "tags")
}

/// Does a vault or managed HSM with this ARM id exist? A deleted one does not count (inferred).
fn is_vault(world: &World, id: &str) -> bool {
    let mut vaults = world.vaults.iter();
    vaults.any(|(name, vault)| !vault.deleted && world.vault_id(name).eq_ignore_ascii_case(id))
}

fn incomplete() -> Reply {
    Reply::error(
        400,
        "InvalidRequestContent",
        "The request content was invalid: kind, identity, vault and key are needed.",
    )
}

/// The refusal of an invalid policy, if any.
pub(super) fn unacceptable(
    world: &World,
    wanted: &Value,
    (scope, name): (&Scope, &str),
) -> Option<Reply> {
    let location = wanted["location"]
        .as_str()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if let Some(error) = disallowed(world, &id_of(scope, name), &location) {
        return Some(Reply::json(403, &json!({ "error": error })));
    }
    let provider = world
        .subscription(&scope.subscription)
        .map_or("NotRegistered", |subscription| {
            subscription.provider.as_str()
        });
    if provider != "Registered" {
        let text = format!(
            "The subscription is not registered to use namespace 'Microsoft.PowerPlatform'. See \
            https://aka.ms/rps-not-found. ({provider})"
        );
        return Some(Reply::error(409, "MissingSubscriptionRegistration", text));
    }
    if let Some(refused) = bad_types(wanted) {
        return Some(refused);
    }
    if !world.provider_locations.contains(&location) {
        let text = format!(
            "The provided location '{location}' is not available for resource type \
            'Microsoft.PowerPlatform/enterprisePolicies'. List of available regions for the \
            resource type is '{}'.",
            world.provider_locations.join(",")
        );
        return Some(Reply::error(
            400,
            "LocationNotAvailableForResourceType",
            text,
        ));
    }
    let vault = &wanted["properties"]["encryption"]["keyVault"];
    let shape = wanted["kind"] == "Encryption"
        && wanted["identity"]["type"] == "SystemAssigned"
        && vault["key"]["name"].is_string();
    let known = is_vault(world, vault["id"].as_str().unwrap_or_default());
    (!known || !shape).then(incomplete)
}
