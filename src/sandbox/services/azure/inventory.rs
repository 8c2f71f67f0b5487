//! Host management.azure.com, provider `Microsoft.Resources`: what clients look up before they come
//! to the point (tenants, subscriptions, locations, providers, resource groups, resources;
//! 2021-04-01 and 2022-12-01). Imitated after the public REST reference.

use super::errors::refusal;
use super::listing::{invalid_filter, listed, listed_whole, listed_with_link, refused};
use super::odata;
use super::scope::Scope;
use super::shapes::{policy_body, provider_body, readable, vault_body};
use super::versions::{self, Provider};
use crate::sandbox::message::{Reply, Request};
use crate::sandbox::tenant::clock::LONG_AGO;
use crate::sandbox::tenant::parts::User;
use crate::sandbox::tenant::roles::{allowed, sees_subscription};
use crate::sandbox::tenant::subscriptions::{Group, Subscription};
use crate::sandbox::tenant::world::World;
use jiff::Timestamp;
use serde_json::{Value, json};

/// What is below a subscription, or below a group of it.
pub(super) fn respond(
    world: &World,
    (request, user): (&Request, &User),
    scope: &Scope,
    rest: &[&str],
) -> Reply {
    let subscription = world.subscription(&scope.subscription);
    let Some(subscription) = subscription else {
        return nothing(request);
    };
    let (what, reply) = match (request.method.as_str(), rest) {
        ("GET", []) => match &scope.group {
            None => return one_subscription(world, user, subscription),
            Some(name) => (
                "resourceGroups/read",
                subscription
                    .group(name)
                    .map_or_else(|| nothing(request), |own| Reply::json(200, &group(own))),
            ),
        },
        // Who sees nothing sees an empty list.
        ("GET", ["resources"]) => return resources(world, request, user, scope),
        ("GET", ["resourcegroups"]) => return groups(world, request, user, subscription),
        _ if scope.group.is_some() => return nothing(request),
        ("GET", ["locations"]) => ("locations/read", locations(world, request, scope)),
        ("GET", ["providers"]) => ("providers/read", providers(world, request, scope)),
        ("GET", ["providers", _]) => ("providers/read", provider(world, request, scope)),
        ("POST", ["providers", _, "register"]) => {
            ("register/action", provider(world, request, scope))
        }
        _ => return nothing(request),
    };
    let action = format!("Microsoft.Resources/subscriptions/{what}");
    refusal(world, user, &action, &scope.id).unwrap_or(reply)
}

/// No route leads here.
pub(super) fn nothing(request: &Request) -> Reply {
    let text = format!(
        "The resource type could not be found for '{}'.",
        request.raw_path
    );
    Reply::error(404, "InvalidResourceType", text)
}

pub(super) fn tenants(world: &World, request: &Request) -> Reply {
    let tenant = json!({
        "id": format!("/tenants/{}", world.tenant),
        "tenantId": world.tenant,
        "displayName": "Contoso",
        "tenantCategory": "Home",
        "countryCode": "DE",
    });
    listed_with_link(world, request, vec![tenant])
}

fn group(group: &Group) -> Value {
    json!({
        "id": group.id,
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "tags": {},
        "properties": { "provisioningState": "Succeeded" },
    })
}

/// The groups that the caller may read. None of them has tags, which are all that their list may be
/// filtered by.
fn groups(world: &World, request: &Request, user: &User, subscription: &Subscription) -> Reply {
    let filter = request.query("$filter");
    let Some(tags) = odata::comparisons(filter, &["tagName", "tagValue"]) else {
        return invalid_filter(filter);
    };
    let action = "Microsoft.Resources/subscriptions/resourceGroups/read";
    let readable = |group: &&Group| allowed(world, &user.object_id, action, &group.id, false);
    let shown = subscription.groups.values().filter(|_| tags.is_empty());
    let shown = shown.filter(readable).map(group);
    listed(world, request, &["$filter", "$top"], shown.collect())
}

/// In one piece, whatever the length of a page: the specification (2022-12-01) has no link there,
/// and its clients look for none.
fn locations(world: &World, request: &Request, scope: &Scope) -> Reply {
    let location = |(name, shown): (&str, &str)| {
        json!({
            "id": format!("{}/locations/{name}", scope.id),
            "name": name,
            "type": "Region",
            "displayName": shown,
            "regionalDisplayName": shown,
        })
    };
    let all = [
        ("westeurope", "West Europe"),
        ("northeurope", "North Europe"),
        ("uksouth", "UK South"),
    ];
    listed_whole(world, request, all.into_iter().map(location).collect())
}

fn other(world: &World, scope: &Scope, own: &Provider) -> Value {
    json!({
        "id": format!("{}/providers/{}", scope.id, own.namespace),
        "namespace": own.namespace,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": "Registered",
        "resourceTypes": own.types(&["West Europe", "North Europe", "UK South"], world.clock.now()),
    })
}

/// Registered in every subscription of the sandbox; enterprise policies have their own.
fn others() -> impl Iterator<Item = &'static Provider> {
    let others = versions::PROVIDERS.iter();
    others.filter(|own| own.namespace != versions::POWER_PLATFORM)
}

fn providers(world: &World, request: &Request, scope: &Scope) -> Reply {
    let all = others()
        .map(|own| other(world, scope, own))
        .chain([provider_body(world, scope)]);
    listed(world, request, &["$expand"], all.collect())
}

fn provider(world: &World, request: &Request, scope: &Scope) -> Reply {
    let name = request.path.get(3).map_or("", String::as_str);
    match others().find(|own| own.namespace.eq_ignore_ascii_case(name)) {
        Some(found) => Reply::json(200, &other(world, scope, found)),
        None => Reply::error(
            404,
            "InvalidResourceNamespace",
            format!("The resource namespace '{name}' is invalid."),
        ),
    }
}

/// Fields by which the list of resources may be filtered, of those that the service has.
const FIELDS: [&str; 4] = ["resourceType", "name", "location", "resourceGroup"];
/// What the list of resources may be expanded by.
const MORE: [&str; 3] = ["createdTime", "changedTime", "provisioningState"];

/// Only what the list shows of each: no properties.
fn resources(world: &World, request: &Request, user: &User, scope: &Scope) -> Reply {
    let filter = request.query("$filter");
    let Some(wanted) = odata::comparisons(filter, &FIELDS) else {
        return invalid_filter(filter);
    };
    let expanded: Vec<&str> = request.query("$expand").split(',').map(str::trim).collect();
    let known =
        |name: &str| name.is_empty() || MORE.iter().any(|own| own.eq_ignore_ascii_case(name));
    if let Some(odd) = expanded.iter().find(|name| !known(name)) {
        return refused(format!(
            "The value '{odd}' of '$expand' is not supported (inferred)."
        ));
    }
    let held = world
        .vaults
        .iter()
        .filter(|(name, vault)| !vault.deleted && scope.holds(&world.vault_id(name)))
        .filter(|(name, _)| readable(world, user, name))
        .map(|(name, _)| (vault_body(world, name), LONG_AGO));
    let action = "Microsoft.PowerPlatform/enterprisePolicies/read";
    let policies = world
        .policies
        .values()
        .filter(|policy| scope.holds(&policy.id))
        .filter(|policy| allowed(world, &user.object_id, action, &policy.id, false))
        .map(|policy| (policy_body(policy), policy.created));
    let value: Vec<Value> = held
        .chain(policies)
        .filter(|(body, _)| wanted.iter().all(|(field, value)| has(body, field, value)))
        .map(|(body, created)| listed_resource(&body, created, &expanded))
        .collect();
    listed(world, request, &["$expand", "$filter", "$top"], value)
}

/// Does a resource have this value in a field of the filter?
fn has(body: &Value, field: &str, value: &str) -> bool {
    let own = match field {
        "resourceType" => body["type"].as_str(),
        "resourceGroup" => body["id"].as_str().and_then(|id| id.split('/').nth(4)),
        field => body[field].as_str(),
    };
    own.is_some_and(|own| own.eq_ignore_ascii_case(value))
}

/// A resource as the list shows it, with the identity that all types of resources have in common.
fn listed_resource(body: &Value, created: Timestamp, expanded: &[&str]) -> Value {
    let names = ["id", "name", "type", "location", "kind", "identity", "tags"];
    let shown = names.iter().filter(|name| !body[**name].is_null());
    let mut item: Value = shown
        .map(|name| ((*name).to_owned(), body[*name].clone()))
        .collect();
    if let Some(identity) = item["identity"].as_object_mut() {
        identity.shift_remove("systemAssignedIdentityPrincipalId");
    }
    for name in MORE {
        if expanded.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            item[name] = match name {
                "provisioningState" => json!("Succeeded"),
                _ => json!(created.to_string()),
            };
        }
    }
    item
}

/// Those in which the caller has a role, at them, above them or somewhere in them.
pub(super) fn subscriptions(world: &World, request: &Request, user: &User) -> Reply {
    let seen = world
        .subscriptions
        .iter()
        .filter(|own| sees_subscription(world, &user.object_id, &own.id))
        .map(|own| subscription(world, own));
    listed_with_link(world, request, seen.collect())
}

fn one_subscription(world: &World, user: &User, own: &Subscription) -> Reply {
    if sees_subscription(world, &user.object_id, &own.id) {
        return Reply::json(200, &subscription(world, own));
    }
    let action = "Microsoft.Resources/subscriptions/read";
    refusal(world, user, action, &own.scope())
        .unwrap_or_else(|| Reply::json(200, &subscription(world, own)))
}

fn subscription(world: &World, own: &Subscription) -> Value {
    json!({
        "id": own.scope(),
        "subscriptionId": own.id,
        "tenantId": world.tenant,
        "displayName": own.name,
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    })
}
