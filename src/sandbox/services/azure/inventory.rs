//! Host management.azure.com, provider `Microsoft.Resources`: what clients look up before they come
//! to the point (tenants, subscriptions, locations, providers, resource groups, resources), and the
//! validation of deployments (2021-04-01 to 2025-04-01; the shapes are the same). Imitated after
//! the public REST reference.

use super::errors::{disallowed, refusal};
use super::odata;
use super::shapes::{policy_body, provider_body, readable, vault_body};
use crate::sandbox::message::{Reply, Request};
use crate::sandbox::tenant::ids::GROUP;
use crate::sandbox::tenant::parts::User;
use crate::sandbox::tenant::roles::{allowed, sees_subscription};
use crate::sandbox::tenant::world::World;
use serde_json::{Value, json};

/// Providers that are registered in every subscription of the sandbox, with the types that it plays
/// and their newest version.
const OTHERS: [(&str, &[(&str, &str)]); 3] = [
    (
        "Microsoft.KeyVault",
        &[
            ("vaults", "2023-07-01"),
            ("vaults/keys", "2023-07-01"),
            ("managedHSMs", "2023-07-01"),
        ],
    ),
    (
        "Microsoft.Authorization",
        &[
            ("roleAssignments", "2022-04-01"),
            ("roleDefinitions", "2022-04-01"),
            ("locks", "2020-05-01"),
        ],
    ),
    (
        "Microsoft.Resources",
        &[
            ("deployments", "2021-04-01"),
            ("resourceGroups", "2021-04-01"),
        ],
    ),
];

pub(super) fn respond(world: &World, request: &Request, user: &User) -> Reply {
    let scope = format!("/subscriptions/{}", world.subscription);
    let route = request.route();
    let segments: Vec<&str> = route.iter().map(String::as_str).collect();
    let (what, reply) = match (request.method.as_str(), &segments[..]) {
        ("GET", ["subscriptions", _, "locations"]) => ("locations/read", locations(world)),
        ("GET", ["subscriptions", _, "providers"]) => ("providers/read", providers(world)),
        ("GET", ["subscriptions", _, "providers", _]) => {
            ("providers/read", provider(world, &request.path[3]))
        }
        ("POST", ["subscriptions", _, "providers", _, "register"]) => {
            ("register/action", provider(world, &request.path[3]))
        }
        ("GET", ["subscriptions", _, "resourcegroups"]) => (
            "resourceGroups/read",
            Reply::json(200, &json!({ "value": [group(world)] })),
        ),
        (
            "GET",
            ["subscriptions", _, "resources"]
            | ["subscriptions", _, "resourcegroups", _, "resources"],
        ) => {
            // Whoever sees nothing sees an empty list.
            return resources(world, user, request.query("$filter"));
        }
        _ => {
            let text = format!(
                "The resource type could not be found for '{}'.",
                request.raw_path
            );
            return Reply::error(404, "InvalidResourceType", text);
        }
    };
    refusal(
        world,
        user,
        &format!("Microsoft.Resources/subscriptions/{what}"),
        &scope,
    )
    .unwrap_or(reply)
}

pub(super) fn tenants(world: &World) -> Reply {
    let tenant = json!({
        "id": format!("/tenants/{}", world.tenant),
        "tenantId": world.tenant,
        "displayName": "Contoso",
        "tenantCategory": "Home",
        "countryCode": "DE",
    });
    Reply::json(200, &json!({ "value": [tenant] }))
}

pub(super) fn group(world: &World) -> Value {
    json!({
        "id": world.group_id(),
        "name": GROUP,
        "type": "Microsoft.Resources/resourceGroups",
        "location": "westeurope",
        "tags": {},
        "properties": { "provisioningState": "Succeeded" },
    })
}

fn locations(world: &World) -> Reply {
    let location = |(name, shown): (&str, &str)| {
        json!({
            "id": format!("/subscriptions/{}/locations/{name}", world.subscription),
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
    Reply::json(
        200,
        &json!({
            "value": all.into_iter().map(location).collect::<Vec<Value>>(),
        }),
    )
}

fn other(world: &World, (name, types): (&str, &[(&str, &str)])) -> Value {
    let kind = |(kind, version): &(&str, &str)| {
        json!({
            "resourceType": kind,
            "locations": ["West Europe"],
            "apiVersions": [version],
        })
    };
    json!({
        "id": format!("/subscriptions/{}/providers/{name}", world.subscription),
        "namespace": name,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": "Registered",
        "resourceTypes": types.iter().map(kind).collect::<Vec<Value>>(),
    })
}

fn providers(world: &World) -> Reply {
    let all = OTHERS
        .into_iter()
        .map(|own| other(world, own))
        .chain([provider_body(world)]);
    Reply::json(200, &json!({ "value": all.collect::<Vec<Value>>() }))
}

fn provider(world: &World, name: &str) -> Reply {
    match OTHERS
        .into_iter()
        .find(|(own, _)| own.eq_ignore_ascii_case(name))
    {
        Some(found) => Reply::json(200, &other(world, found)),
        None => Reply::error(
            404,
            "InvalidResourceNamespace",
            format!("The resource namespace '{name}' is invalid."),
        ),
    }
}

/// Only what the list shows of each: no properties.
fn resources(world: &World, user: &User, filter: &str) -> Reply {
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
        .filter(|(_, vault)| !vault.deleted)
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
        .filter(|policy| readable(&policy.id))
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
    Reply::json(200, &json!({ "value": value }))
}

/// Only those in which the caller is assigned something.
pub(super) fn subscriptions(world: &World, user: &User) -> Reply {
    let seen = sees_subscription(world, &user.object_id, &world.subscription);
    let value: Vec<Value> = seen.then(|| subscription(world)).into_iter().collect();
    Reply::json(200, &json!({ "value": value }))
}

pub(super) fn subscription(world: &World) -> Value {
    json!({
        "id": format!("/subscriptions/{}", world.subscription),
        "subscriptionId": world.subscription,
        "tenantId": world.tenant,
        "displayName": "Contoso",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    })
}

/// Deployments, validated only (2021-04-01): enough of them for one enterprise policy.
pub(super) fn validate(world: &World, request: &Request, user: &User) -> Reply {
    let group = world.group_id();
    if let Some(refusal) = refusal(
        world,
        user,
        "Microsoft.Resources/deployments/validate/action",
        &group,
    ) {
        return refusal;
    }
    if request.method != "POST" {
        return Reply::error(
            405,
            "MethodNotAllowed",
            "The requested resource does not support this method.",
        );
    }
    let body = request.json();
    let resource = &body["properties"]["template"]["resources"][0];
    let (Some(name), Some(location)) = (resource["name"].as_str(), resource["location"].as_str())
    else {
        return Reply::error(
            400,
            "InvalidTemplate",
            "Deployment template validation failed: a resource has no name or location.",
        );
    };
    let inner = disallowed(world, name).or_else(|| {
        let text = format!(
            "The provided location '{location}' is not available for resource type \
        'Microsoft.PowerPlatform/enterprisePolicies'."
        );
        let known = world.provider_locations.iter().any(|own| own == location);
        (!known).then(|| {
            json!({
                "code": "LocationNotAvailableForResourceType",
                "message": text,
            })
        })
    });
    match inner {
        None => Reply::json(
            200,
            &json!({
                "id": format!("{group}/providers/Microsoft.Resources/deployments/{name}"),
                "properties": { "provisioningState": "Succeeded" },
            }),
        ),
        Some(inner) => Reply::json(
            400,
            &json!({
                "error": {
                    "code": "InvalidTemplateDeployment",
                    "message": "The template deployment failed because of policy violation. \
                    Please see details for more information.",
                    "details": [inner],
                },
            }),
        ),
    }
}
