//! Host management.azure.com, provider `Microsoft.Resources`: what clients look up before they come
//! to the point (tenants, subscriptions, locations, providers, resource groups, resources;
//! 2021-04-01 and 2022-12-01). Imitated after the public REST reference.

use super::errors::refusal;
use super::listing::{listed, listed_with_link};
use super::odata;
use super::scope::Scope;
use super::shapes::{policy_body, provider_body, readable, vault_body};
use super::versions::{self, Provider};
use crate::sandbox::message::{Reply, Request};
use crate::sandbox::tenant::parts::User;
use crate::sandbox::tenant::roles::{allowed, sees_subscription};
use crate::sandbox::tenant::subscriptions::{Group, Subscription};
use crate::sandbox::tenant::world::World;
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

/// The groups that the caller may read.
fn groups(world: &World, request: &Request, user: &User, subscription: &Subscription) -> Reply {
    let action = "Microsoft.Resources/subscriptions/resourceGroups/read";
    let readable = |group: &&Group| allowed(world, &user.object_id, action, &group.id, false);
    let shown = subscription.groups.values().filter(readable).map(group);
    listed(world, request, shown.collect())
}

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
    listed(world, request, all.into_iter().map(location).collect())
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
    listed(world, request, all.collect())
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

/// Only what the list shows of each: no properties.
fn resources(world: &World, request: &Request, user: &User, scope: &Scope) -> Reply {
    let filter = request.query("$filter");
    let kept = |body: &Value| {
        let fits = |field: &str, wanted: Option<&str>| {
            wanted.is_none_or(|wanted| {
                body[field]
                    .as_str()
                    .is_some_and(|own| own.eq_ignore_ascii_case(wanted))
            })
        };
        fits("type", odata::equal(filter, "resourceType"))
            && fits("name", odata::equal(filter, "name"))
    };
    let held = world
        .vaults
        .iter()
        .filter(|(name, vault)| !vault.deleted && scope.holds(&world.vault_id(name)))
        .map(|(name, _)| name);
    let held = held
        .filter(|name| readable(world, user, name))
        .map(|name| vault_body(world, name));
    let readable = |id: &str| {
        allowed(
            world,
            &user.object_id,
            "Microsoft.PowerPlatform/enterprisePolicies/read",
            id,
            false,
        )
    };
    let policies = world
        .policies
        .values()
        .filter(|policy| scope.holds(&policy.id) && readable(&policy.id))
        .map(policy_body);
    let shown = |body: Value| {
        let names = ["id", "name", "type", "location", "kind", "identity", "tags"];
        names
            .iter()
            .filter(|name| !body[**name].is_null())
            .map(|name| ((*name).to_owned(), body[*name].clone()))
            .collect()
    };
    let value: Vec<Value> = held
        .chain(policies)
        .filter(kept)
        .map(|body| Value::Object(shown(body)))
        .collect();
    listed(world, request, value)
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
