//! Host api.bap.microsoft.com, provider `Microsoft.BusinessAppPlatform`, the Power Platform admin
//! API: environments, lifecycle operations, locations, and which file answers for the rest. Routes,
//! headers and texts are those of Microsoft's own clients (the PowerPlatform-EnterprisePolicies
//! module, the Terraform provider, the administration module) and of recorded responses; what is
//! inferred says so.

use super::errors::{error, not_found};
use super::view::{Expand, Policies};
use super::{changes, managers, operations, view};
use crate::sandbox::message::{Reply, Request};
use crate::sandbox::services::caller::caller;
use crate::sandbox::services::pages::{Link, cut, forget, page};
use crate::sandbox::tenant::parts::{Standing, User};
use crate::sandbox::tenant::world::World;
use serde_json::{Value, json};

const AUDIENCE: [&str; 1] = ["https://service.powerapps.com"];

pub(in crate::sandbox::services) fn handle(world: &mut World, request: &Request) -> Reply {
    let Some(user) = caller(world, request, &AUDIENCE) else {
        return error(
            401,
            "InvalidAuthenticationToken",
            "The access token is missing, has expired or is for another audience.",
        );
    };
    if user.power_platform == Standing::Unregistered {
        let text = format!(
            "The service principal with id '{}' for application Contoso Automation does not have \
            permission to access the path '{}'.",
            user.client_id, request.raw_path
        );
        return error(403, "Forbidden", &text);
    }
    let route = request.route();
    let Some(rest) = route.strip_prefix(&[
        "providers".to_owned(),
        "microsoft.businessappplatform".to_owned(),
    ]) else {
        return error(404, "NotFound", "There is nothing here.");
    };
    let segments: Vec<&str> = rest.iter().map(String::as_str).collect();
    dispatch(world, request, &user, &segments)
}

fn dispatch(world: &mut World, request: &Request, user: &User, segments: &[&str]) -> Reply {
    match (request.method.as_str(), segments) {
        ("GET", ["scopes", "admin", "environments"]) => list(world, request, user),
        ("GET", ["scopes", "admin", "environments", id]) => single(world, request, user, id, true),
        ("GET", ["environments", id]) => single(world, request, user, id, false),
        // Answered politely, and nothing changes.
        ("PATCH", ["environments", id] | ["scopes", "admin", "environments", id]) => world
            .environment_key(id)
            .filter(|_| user.power_platform.sees_environments())
            .map_or_else(|| not_found(id), |_| Reply::empty(204)),
        // The same action below `scopes/admin` is a 404, as the module's own history shows.
        (
            "POST",
            [
                "environments",
                id,
                "enterprisepolicies",
                "encryption",
                action @ ("link" | "unlink"),
            ],
        ) => changes::link(world, request, user, id, action),
        ("POST", ["environments", id, "governanceconfiguration"]) => {
            changes::govern(world, request, user, id)
        }
        ("GET", ["lifecycleoperations"]) => history(world, request, user),
        ("GET", ["lifecycleoperations", id]) => operation(world, id),
        ("GET", ["tenant"]) => Reply::json(
            200,
            &json!({
                "tenantId": world.tenant,
                "state": "Enabled",
                "location": "europe",
                "defaultEnvironmentGeo": "europe",
            }),
        ),
        ("GET", ["locations"]) => locations(),
        (_, ["adminapplications", rest @ ..]) if user.power_platform == Standing::Admin => {
            managers::respond(world, request, rest)
        }
        (_, ["adminapplications", ..]) => error(
            403,
            "Forbidden",
            "The caller is not an administrator of the tenant (inferred).",
        ),
        _ => error(
            404,
            "NotFound",
            &format!(
                "No HTTP resource was found that matches '{}'.",
                request.raw_path
            ),
        ),
    }
}

fn expand(request: &Request, user: &User) -> Expand {
    let parts: Vec<String> = request
        .query("$expand")
        .split(',')
        .map(|part| part.trim().to_ascii_lowercase())
        .collect();
    let has = |name: &str| parts.iter().any(|part| part == name);
    let policies = if has("properties/enterprisepolicies") {
        Policies::Shown
    } else if has("properties.enterprisepolicies") {
        Policies::Null
    } else {
        Policies::Absent
    };
    Expand {
        policies,
        permissions: has("permissions") || has("properties/permissions"),
        manages_keys: user.power_platform == Standing::Admin,
    }
}

/// Whoever has no role sees an empty list, not a refusal. A page is written environment by
/// environment: the tree of a whole page is what costs most in a large tenant.
fn list(world: &mut World, request: &Request, user: &User) -> Reply {
    let total = if user.power_platform.sees_environments() {
        world.environments.len()
    } else {
        0
    };
    let size = world.settings.page_size;
    let cut = match cut(world, request, size, total, Link::LeftOut) {
        Ok(cut) => cut,
        Err(refusal) => return refusal,
    };
    let keys: Vec<String> = world
        .environments
        .keys()
        .skip(cut.range.start)
        .take(cut.range.len())
        .cloned()
        .collect();
    let expand = expand(request, user);
    let mut body = String::from("{\"value\":[");
    for (position, key) in keys.iter().enumerate() {
        let lagging = view::lags(world, key);
        let separator = if position > 0 { "," } else { "" };
        body.push_str(separator);
        let mut item = view::environment(world, key, true, expand, lagging);
        if cut.nameless {
            forget(&mut item);
        }
        body.push_str(&item.to_string());
    }
    body.push(']');
    if let Some((name, link)) = cut.link {
        body.push_str(&format!(",\"{name}\":{link}"));
    }
    body.push('}');
    Reply::text(200, body)
}

/// 404 is also what a caller without the role sees.
fn single(world: &mut World, request: &Request, user: &User, id: &str, admin: bool) -> Reply {
    let Some(key) = world
        .environment_key(id)
        .filter(|_| user.power_platform.sees_environments())
    else {
        return not_found(id);
    };
    let lagging = view::lags(world, &key);
    Reply::json(
        200,
        &view::environment(world, &key, admin, expand(request, user), lagging),
    )
}

fn history(world: &World, request: &Request, user: &User) -> Reply {
    let id = request
        .query("$filter")
        .split('\'')
        .nth(1)
        .unwrap_or_default()
        .to_owned();
    let key = world
        .environment_key(&id)
        .filter(|_| user.power_platform.sees_environments());
    let value: Vec<Value> = world
        .operations
        .iter()
        .rev()
        .filter(|operation| Some(&operation.environment) == key.as_ref())
        .map(|operation| operations::body(world, operation))
        .collect();
    page(
        world,
        request,
        world.settings.page_size,
        value,
        Link::LeftOut,
    )
}

/// `Retry-After` by turns in seconds and as a date: both are on record.
fn operation(world: &mut World, id: &str) -> Reply {
    world.polls += 1;
    let vanished = world.settings.link_ends.starts_with("vanished");
    let Some(found) = world
        .operation(id)
        .filter(|operation| !vanished || world.running(&operation.environment).is_some())
    else {
        return error(
            404,
            "OperationNotFound",
            &format!("The lifecycle operation '{id}' could not be found."),
        );
    };
    let body = operations::body(world, found);
    let ended = body["state"]["id"] == "Succeeded" || body["state"]["id"] == "Failed";
    let reply = Reply::json(200, &body);
    if ended {
        return reply;
    }
    let date = (world.clock.now() + jiff::SignedDuration::from_secs(5))
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string();
    let retry = if world.polls.is_multiple_of(2) {
        date
    } else {
        "5".to_owned()
    };
    reply.header("retry-after", retry)
}

fn locations() -> Reply {
    let location = |(name, display, regions): (&str, &str, [&str; 2])| {
        json!({
            "id": format!("/providers/Microsoft.BusinessAppPlatform/locations/{name}"),
            "type": "Microsoft.BusinessAppPlatform/locations",
            "name": name,
            "properties": {
                "displayName": display,
                "code": "",
                "isDefault": name == "europe",
                "isDisabled": false,
                "canProvisionDatabase": true,
                "azureRegions": regions,
            },
        })
    };
    let all = [
        ("unitedstates", "United States", ["eastus", "westus"]),
        ("europe", "Europe", ["westeurope", "northeurope"]),
        ("unitedkingdom", "United Kingdom", ["uksouth", "ukwest"]),
    ];
    Reply::json(
        200,
        &json!({
            "value": all.into_iter().map(location).collect::<Vec<Value>>(),
        }),
    )
}
