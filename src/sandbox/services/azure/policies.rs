//! Host management.azure.com, provider `Microsoft.PowerPlatform` (2020-10-30): its registration,
//! and enterprise policies. Imitated after the public specification and Microsoft's own scripts for
//! customer-managed keys.

use super::errors::{disallowed, refusal};
use super::listing::listed;
use super::policy_operations::change;
use super::scope::Scope;
use super::shapes::{policy_body, provider_body};
use crate::sandbox::message::{Reply, Request};
use crate::sandbox::tenant::azure_operations::Pending;
use crate::sandbox::tenant::parts::{Policy, User};
use crate::sandbox::tenant::roles::allowed;
use crate::sandbox::tenant::world::World;
use serde_json::{Value, json};

/// The type of an enterprise policy.
const KIND: &str = "Microsoft.PowerPlatform/enterprisePolicies";

pub(super) fn provider(world: &World, request: &Request, user: &User, scope: &Scope) -> Reply {
    if let Some(refusal) = refusal(
        world,
        user,
        "Microsoft.Resources/subscriptions/providers/read",
        &scope.id,
    ) {
        return refusal;
    }
    if request.method != "GET" {
        return Reply::error(
            405,
            "MethodNotAllowed",
            "The requested resource does not support this method.",
        );
    }
    Reply::json(200, &provider_body(world, scope))
}

pub(super) fn register(world: &mut World, user: &User, scope: &Scope) -> Reply {
    if let Some(refusal) = refusal(
        world,
        user,
        "Microsoft.PowerPlatform/register/action",
        &scope.id,
    ) {
        return refusal;
    }
    let now = world.clock.now();
    if let Some(own) = world.subscription_mut(&scope.subscription)
        && own.provider == "NotRegistered"
    {
        "Registering".clone_into(&mut own.provider);
        own.provider_since = Some(now);
        world.effect("provider-registered", &scope.id);
    }
    Reply::json(200, &provider_body(world, scope))
}

/// Those of the group or of the subscription that the caller may read.
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
    let id = format!("{}/providers/{KIND}/{name}", scope.id);
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
    let linked = is_linked(world, &id);
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
        _ => Reply::error(
            405,
            "MethodNotAllowed",
            "The requested resource does not support this method.",
        ),
    }
}

/// Is any environment linked to the policy of this ARM id?
fn is_linked(world: &World, id: &str) -> bool {
    let mut links = world
        .environments
        .values()
        .filter_map(|environment| environment.link.as_ref());
    links.any(|(policy, _)| policy.eq_ignore_ascii_case(id))
}

/// What is named is changed, everything else stays.
fn patch(world: &mut World, wanted: &Value, mut policy: Policy) -> Reply {
    if wanted["tags"].is_object() {
        policy.tags = wanted["tags"].clone();
    }
    let vault = &wanted["properties"]["encryption"]["keyVault"];
    if let Some(id) = vault["id"].as_str() {
        id.clone_into(&mut policy.vault_id);
    }
    if let Some(name) = vault["key"]["name"].as_str() {
        name.clone_into(&mut policy.key);
        policy.version = vault["key"]["version"]
            .as_str()
            .filter(|version| !version.is_empty())
            .map(str::to_owned);
    }
    change(world, Pending::Write(Box::new(policy)))
}

fn put(
    world: &mut World,
    wanted: &Value,
    (scope, name): (&Scope, &str),
    existing: Option<Policy>,
) -> Reply {
    let id = &format!("{}/providers/{KIND}/{name}", scope.id);
    if let Some(refusal) = unacceptable(world, wanted, (scope, name)) {
        return refusal;
    }
    let vault = &wanted["properties"]["encryption"]["keyVault"];
    let policy = Policy {
        id: id.to_owned(),
        name: name.to_owned(),
        location: wanted["location"]
            .as_str()
            .unwrap_or_default()
            .to_ascii_lowercase(),
        kind: "Encryption".to_owned(),
        vault_id: vault["id"].as_str().unwrap_or_default().to_owned(),
        key: vault["key"]["name"].as_str().unwrap_or_default().to_owned(),
        version: vault["key"]["version"]
            .as_str()
            .filter(|version| !version.is_empty())
            .map(str::to_owned),
        no_identity: false,
        tags: wanted["tags"].clone(),
        created: existing
            .as_ref()
            .map_or_else(|| world.clock.now(), |policy| policy.created),
    };
    change(world, Pending::Write(Box::new(policy)))
}

/// Why such a policy can't be written, if so.
fn unacceptable(world: &World, wanted: &Value, (scope, name): (&Scope, &str)) -> Option<Reply> {
    if let Some(error) = disallowed(world, name, scope) {
        return Some(Reply::json(403, &json!({ "error": error })));
    }
    let provider = world
        .subscription(&scope.subscription)
        .map_or("NotRegistered", |own| own.provider.as_str());
    if provider != "Registered" {
        let text = format!(
            "The subscription is not registered to use namespace 'Microsoft.PowerPlatform'. See \
            https://aka.ms/rps-not-found. ({provider})"
        );
        return Some(Reply::error(409, "MissingSubscriptionRegistration", text));
    }
    let location = wanted["location"]
        .as_str()
        .unwrap_or_default()
        .to_ascii_lowercase();
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
    let vault_id = vault["id"].as_str().unwrap_or_default();
    let known = world
        .vaults
        .keys()
        .any(|own| world.vault_id(own).eq_ignore_ascii_case(vault_id));
    let shape = wanted["kind"] == "Encryption"
        && wanted["identity"]["type"] == "SystemAssigned"
        && vault["key"]["name"].is_string();
    (!known || !shape).then(|| {
        Reply::error(
            400,
            "InvalidRequestContent",
            "The request content was invalid: kind, identity, vault and key are needed.",
        )
    })
}
