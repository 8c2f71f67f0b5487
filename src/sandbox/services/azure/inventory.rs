//! Host management.azure.com, provider `Microsoft.Resources`: lists that clients read first
//! (tenants, subscriptions, locations, providers, resource groups, resources; 2021-04-01 and
//! 2022-12-01). Imitated after the public REST reference.

use super::errors::{refusal, unauthorized};
use super::groups::{self, LOCATIONS};
use super::listing::{invalid_filter, listed, listed_whole, listed_with_link, refused};
use super::odata;
use super::scope::Scope;
use super::shapes::{policy_body, readable, vault_body};
use crate::message::{Reply, Request};
use crate::tenant::clock::LONG_AGO;
use crate::tenant::parts::User;
use crate::tenant::roles::{allowed, sees_subscription};
use crate::tenant::subscriptions::{Group, Subscription};
use crate::tenant::world::World;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Answers for routes below a subscription or a group.
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
                subscription.group(name).map_or_else(
                    || nothing(request),
                    |group| Reply::json(200, &groups::body(world, group)),
                ),
            ),
        },
        // A caller without rights gets an empty list.
        ("GET", ["resources"]) => return resources(world, request, user, scope),
        ("GET", ["resourcegroups"]) => return list_groups(world, request, user, subscription),
        _ if scope.group.is_some() => return nothing(request),
        ("GET", ["locations"]) => ("locations/read", locations(world, request, scope)),
        _ => return nothing(request),
    };
    let action = format!("Microsoft.Resources/subscriptions/{what}");
    refusal(world, user, &action, &scope.id).unwrap_or(reply)
}

/// The answer for an unknown route.
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

/// The groups that the caller may read. The list can be filtered by a tag.
fn list_groups(
    world: &World,
    request: &Request,
    user: &User,
    subscription: &Subscription,
) -> Reply {
    let filter = request.query("$filter");
    let Some(tags) = odata::comparisons(filter, &["tagName", "tagValue"]) else {
        return invalid_filter(filter);
    };
    let action = "Microsoft.Resources/subscriptions/resourceGroups/read";
    let readable = |group: &&Group| allowed(world, &user.object_id, action, &group.id, false);
    let tagged = |group: &&Group| {
        let group_tags = group.tags.as_object();
        let group_tags = group_tags.into_iter().flatten();
        tags.is_empty()
            || group_tags.into_iter().any(|(name, value)| {
                tags.iter().all(|(field, wanted)| match *field {
                    "tagName" => name.eq_ignore_ascii_case(wanted),
                    _ => value.as_str() == Some(*wanted),
                })
            })
    };
    let shown = subscription.groups.values().filter(tagged);
    let shown = shown
        .filter(readable)
        .map(|group| groups::body(world, group));
    listed(world, request, &["$filter", "$top"], shown.collect())
}

/// The locations as a single page of any length. The specification (2022-12-01) has no next link
/// here, and clients expect none.
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
    listed_whole(
        world,
        request,
        LOCATIONS.into_iter().map(location).collect(),
    )
}

/// The supported filter fields of the resource list. The service has more.
const FIELDS: [&str; 4] = ["resourceType", "name", "location", "resourceGroup"];
/// The fields for `$expand` in the resource list.
const MORE: [&str; 3] = ["createdTime", "changedTime", "provisioningState"];

/// The resource list, which shows no properties.
fn resources(world: &World, request: &Request, user: &User, scope: &Scope) -> Reply {
    let filter = request.query("$filter");
    let Some(wanted) = odata::comparisons(filter, &FIELDS) else {
        return invalid_filter(filter);
    };
    let expanded: Vec<&str> = request.query("$expand").split(',').map(str::trim).collect();
    let known =
        |name: &str| name.is_empty() || MORE.iter().any(|listed| listed.eq_ignore_ascii_case(name));
    if let Some(odd) = expanded.iter().find(|name| !known(name)) {
        return refused(format!(
            "The value '{odd}' of '$expand' is not supported (inferred)."
        ));
    }
    let vaults = world
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
    let value: Vec<Value> = vaults
        .chain(policies)
        .filter(|(body, _)| wanted.iter().all(|(field, value)| has(body, field, value)))
        .map(|(body, created)| listed_resource(&body, created, &expanded))
        .collect();
    listed(world, request, &["$expand", "$filter", "$top"], value)
}

/// Does a resource have this value in a filter field?
fn has(body: &Value, field: &str, value: &str) -> bool {
    let actual = match field {
        "resourceType" => body["type"].as_str(),
        "resourceGroup" => body["id"].as_str().and_then(|id| id.split('/').nth(4)),
        field => body[field].as_str(),
    };
    actual.is_some_and(|actual| actual.eq_ignore_ascii_case(value))
}

/// A resource in its list form, with only the common fields of an identity.
fn listed_resource(body: &Value, created: Timestamp, expanded: &[&str]) -> Value {
    let names = ["id", "name", "type", "location", "kind", "identity", "tags"];
    let shown = names.iter().filter(|name| !body[**name].is_null());
    let mut item: Value = shown
        .map(|name| ((*name).to_owned(), body[*name].clone()))
        .collect();
    // Indexing would insert `null`.
    let identity = item.get_mut("identity");
    if let Some(identity) = identity.and_then(Value::as_object_mut) {
        identity.shift_remove("systemAssignedIdentityPrincipalId");
    }
    for name in MORE {
        if expanded
            .iter()
            .any(|field| field.eq_ignore_ascii_case(name))
        {
            item[name] = match name {
                "provisioningState" => json!("Succeeded"),
                _ => json!(created.to_string()),
            };
        }
    }
    item
}

/// The subscriptions in which the caller has a role: above, at or below the subscription.
pub(super) fn subscriptions(world: &World, request: &Request, user: &User) -> Reply {
    let seen = world
        .subscriptions
        .iter()
        .filter(|subscription| sees_subscription(world, &user.object_id, &subscription.id))
        .map(|visible| subscription(world, visible));
    listed_with_link(world, request, seen.collect())
}

fn one_subscription(world: &World, user: &User, found: &Subscription) -> Reply {
    if sees_subscription(world, &user.object_id, &found.id) {
        return Reply::json(200, &subscription(world, found));
    }
    unauthorized(
        user,
        "Microsoft.Resources/subscriptions/read",
        &found.scope(),
    )
}

fn subscription(world: &World, subscription: &Subscription) -> Value {
    json!({
        "id": subscription.scope(),
        "subscriptionId": subscription.id,
        "tenantId": world.tenant,
        "displayName": subscription.name,
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    })
}
