//! Host api.bap.microsoft.com, provider `Microsoft.BusinessAppPlatform`, the Power Platform admin
//! API: environments, lifecycle operations, locations, and the choice of the file for other routes.
//! Routes, headers and texts are those of Microsoft's own clients (the
//! PowerPlatform-EnterprisePolicies module, the Terraform provider, the administration module) and
//! of recorded responses. Comments mark what is inferred.

use super::environments::{self, Asker};
use super::errors::{error, not_found, refusal};
use super::filter::Filter;
use super::queries::{Accepts, Refused, number};
use super::{changes, managers, operations};
use crate::message::{Reply, Request};
use crate::services::caller::caller;
use crate::services::pages::{Link, page};
use crate::tenant::parts::{Standing, User};
use crate::tenant::world::World;
use serde_json::{Value, json};

const AUDIENCE: [&str; 1] = ["https://service.powerapps.com"];

pub(in crate::services) fn handle(world: &mut World, request: &Request) -> Reply {
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
    let default = default_id(world);
    let segments: Vec<&str> = rest
        .iter()
        .enumerate()
        .map(|(place, segment)| match rest.get(place.wrapping_sub(1)) {
            // Recorded clients use `~Default` and `~default`.
            Some(before) if before == "environments" && segment == "~default" => default.as_str(),
            _ => segment.as_str(),
        })
        .collect();
    let accepts = accepts(&request.method, &segments);
    if let Some(Err(why)) = accepts.map(|accepts| accepts.check(request)) {
        return refusal(&why);
    }
    dispatch(world, request, &user, &segments)
}

/// The id of the default environment; `~default`, which matches nothing, if there is none.
fn default_id(world: &World) -> String {
    let mut all = world.environments.values();
    all.find(|environment| environment.is_default)
        .map_or_else(|| "~default".to_owned(), |found| found.id.clone())
}

/// The versions and options of a route, after Microsoft's own clients:
/// PowerPlatform-EnterprisePolicies (2016-11-01, 2019-10-01), its Terraform provider (2021-04-01,
/// 2023-06-01) and its administration module (2016-11-01, 2020-10-01); CLI for Microsoft 365
/// (2020-10-01) and d365bap.tools (2021-04-01, 2023-06-01, 2024-05-01). Inferred: no other version
/// is valid, and the options of each route. `None` for an unknown route.
fn accepts(method: &str, segments: &[&str]) -> Option<Accepts> {
    const ENVIRONMENTS: [&str; 4] = ["2016-11-01", "2020-10-01", "2021-04-01", "2023-06-01"];
    let (versions, options): (&'static [&'static str], &'static [&'static str]) =
        match (method, segments) {
            ("GET", ["environments"] | ["scopes", "admin", "environments"]) => {
                (&ENVIRONMENTS, &["$expand", "$filter", "$top", "$skiptoken"])
            }
            ("GET", ["environments", _] | ["scopes", "admin", "environments", _]) => {
                (&ENVIRONMENTS, &["$expand"])
            }
            ("PATCH", ["environments", _] | ["scopes", "admin", "environments", _]) => {
                (&ENVIRONMENTS, &[])
            }
            ("POST", ["environments", _, "enterprisepolicies", ..]) => (&["2019-10-01"], &[]),
            ("POST", ["environments", _, "governanceconfiguration"]) => (&["2021-04-01"], &[]),
            ("GET", ["lifecycleoperations"]) => {
                (&["2024-05-01"], &["$filter", "$top", "$skiptoken"])
            }
            ("GET", ["lifecycleoperations", _]) => {
                (&["2019-10-01", "2021-04-01", "2023-06-01"], &[])
            }
            ("GET", ["tenant"]) => (&["2021-04-01"], &[]),
            ("GET", ["locations"]) => (&["2023-06-01"], &[]),
            ("GET", ["adminapplications"]) => (&["2020-10-01"], &["$top", "$skiptoken"]),
            (_, ["adminapplications", ..]) => (&["2020-10-01"], &[]),
            _ => return None,
        };
    Some(Accepts { versions, options })
}

fn dispatch(world: &mut World, request: &Request, user: &User, segments: &[&str]) -> Reply {
    let (maker, administrator) = (Asker { user, admin: false }, Asker { user, admin: true });
    match (request.method.as_str(), segments) {
        ("GET", ["scopes", "admin", "environments"]) => {
            environments::list(world, request, administrator)
        }
        ("GET", ["environments"]) => environments::list(world, request, maker),
        ("GET", ["scopes", "admin", "environments", id]) => {
            environments::single(world, request, administrator, id)
        }
        ("GET", ["environments", id]) => environments::single(world, request, maker, id),
        // Accepted without any effect.
        ("PATCH", ["environments", id] | ["scopes", "admin", "environments", id]) => world
            .environment_key(id)
            .filter(|_| user.power_platform.sees_environments())
            .map_or_else(|| not_found(id), |_| Reply::empty(204)),
        // The same action below `scopes/admin` is a 404, as the module's history shows.
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
        ("GET", ["tenant"]) => tenant(world),
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

fn tenant(world: &World) -> Reply {
    Reply::json(
        200,
        &json!({
            "tenantId": world.tenant,
            "state": "Enabled",
            "location": "europe",
            "defaultEnvironmentGeo": "europe",
        }),
    )
}

/// Lifecycle operations, newest first.
fn history(world: &World, request: &Request, user: &User) -> Reply {
    match past(world, request, user) {
        Ok(value) => {
            let size = world.settings.page_size;
            page(world, request, size, value, Link::LeftOut)
        }
        Err(why) => refusal(&why),
    }
}

/// The content of the list over all pages. The filter by environment is on record. Inferred: other
/// filters, and that an unfiltered list covers the whole tenant.
fn past(world: &World, request: &Request, user: &User) -> Result<Vec<Value>, Refused> {
    let filter = Filter::parse(
        request.query("$filter"),
        &["environment", "type/id", "state/id"],
    )?;
    let top = number(request, "$top")?.unwrap_or(usize::MAX);
    if !user.power_platform.sees_environments() {
        return Ok(Vec::new());
    }
    let shown = world.operations.iter().rev().filter_map(|operation| {
        let environment = world.environments.get(&operation.environment)?;
        let body = operations::body(world, operation);
        let fits = filter.fits(|field| match field {
            "environment" => Value::from(environment.id.as_str()),
            path => super::filter::at(&body, path),
        });
        fits.then_some(body)
    });
    Ok(shown.take(top).collect())
}

/// `Retry-After` alternates between seconds and a date. Both are on record.
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
