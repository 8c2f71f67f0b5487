//! The Power Platform admin API (Business Application Platform): environments, link, Managed Environment, lifecycle operations, management
//! applications. Routes, headers and texts are those of Microsoft's own clients (the PowerPlatform-EnterprisePolicies module, the Terraform
//! provider, the administration module) and of recorded responses; what is inferred says so.

use crate::sandbox::message::{Reply, Request};
use crate::sandbox::tenant::operations::Kind;
use crate::sandbox::tenant::parts::{Standing, User};
use crate::sandbox::tenant::roles::allowed;
use crate::sandbox::tenant::world::World;
use crate::sandbox::view;
use crate::sandbox::view::Expand;
use serde_json::{Value, json};
use std::fmt::Write as _;

const AUDIENCE: [&str; 1] = ["https://service.powerapps.com"];

pub(super) fn handle(world: &mut World, request: &Request) -> Reply {
    let Some(user) = world.caller(request, &AUDIENCE) else {
        return error(
            401,
            "InvalidAuthenticationToken",
            "The access token is missing, has expired or is for another audience.",
        );
    };
    if user.power_platform == Standing::Unregistered {
        let text = format!(
            "The service principal with id '{}' for application Contoso Automation does not have permission to access the path '{}'.",
            user.client_id, request.raw_path
        );
        return error(403, "Forbidden", &text);
    }
    let route = request.route();
    let Some(rest) = route.strip_prefix(&["providers".to_owned(), "microsoft.businessappplatform".to_owned()]) else {
        return error(404, "NotFound", "There is nothing here.");
    };
    let segments: Vec<&str> = rest.iter().map(String::as_str).collect();
    dispatch(world, request, &user, &segments)
}

/// The shape of recorded errors of this API.
fn error(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({ "error": { "code": code, "message": message, "detailUrlType": "NotSpecified" } }))
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
        ("POST", ["environments", id, "enterprisepolicies", "encryption", action @ ("link" | "unlink")]) => {
            link(world, request, user, id, action)
        }
        ("POST", ["environments", id, "governanceconfiguration"]) => govern(world, request, user, id),
        ("GET", ["lifecycleoperations"]) => history(world, request, user),
        ("GET", ["lifecycleoperations", id]) => operation(world, id),
        ("GET", ["tenant"]) => Reply::json(
            200,
            &json!({ "tenantId": world.tenant, "state": "Enabled", "location": "europe", "defaultEnvironmentGeo": "europe" }),
        ),
        ("GET", ["locations"]) => locations(),
        (_, ["adminapplications", rest @ ..]) if user.power_platform == Standing::Admin => {
            management_application(world, request, rest)
        }
        (_, ["adminapplications", ..]) => {
            error(403, "Forbidden", "The caller is not an administrator of the tenant (inferred).")
        }
        _ => error(404, "NotFound", &format!("No HTTP resource was found that matches '{}'.", request.raw_path)),
    }
}

pub(super) fn not_found(id: &str) -> Reply {
    error(404, "EnvironmentNotFound", &format!("The environment '{id}' could not be found in the tenant."))
}

fn expand(request: &Request, user: &User) -> Expand {
    let parts: Vec<String> = request.query("$expand").split(',').map(|part| part.trim().to_ascii_lowercase()).collect();
    let has = |name: &str| parts.iter().any(|part| part == name);
    Expand {
        policies: has("properties/enterprisepolicies"),
        null_policies: has("properties.enterprisepolicies"),
        permissions: has("permissions") || has("properties/permissions"),
        manages_keys: user.power_platform == Standing::Admin,
    }
}

/// Whoever has no role sees an empty list, not a refusal. A page is written environment by environment: the tree of a whole page is what costs
/// most in a large tenant.
fn list(world: &mut World, request: &Request, user: &User) -> Reply {
    let skip: usize = request.query("$skiptoken").parse().unwrap_or(0);
    let size = world.settings.page_size.max(1);
    let (keys, total): (Vec<String>, usize) = if user.power_platform.sees_environments() {
        (world.environments.keys().skip(skip).take(size).cloned().collect(), world.environments.len())
    } else {
        (Vec::new(), 0)
    };
    let expand = expand(request, user);
    let mut body = String::from("{\"value\":[");
    for (position, key) in keys.iter().enumerate() {
        let lagging = view::lags(world, key);
        let separator = if position > 0 { "," } else { "" };
        // Writing into a string does not fail.
        let _ = write!(body, "{separator}{}", view::environment(world, key, true, expand, lagging));
    }
    body.push(']');
    if skip + size < total {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("api-version", request.query("api-version"))
            .append_pair("$expand", request.query("$expand"))
            .append_pair("$skiptoken", &(skip + size).to_string())
            .finish();
        let _ =
            write!(body, ",\"nextLink\":{}", json!(format!("https://{}{}?{query}", request.host, request.raw_path)));
    }
    body.push('}');
    Reply::text(200, body)
}

/// 404 is also what a caller without the role sees.
fn single(world: &mut World, request: &Request, user: &User, id: &str, admin: bool) -> Reply {
    let Some(key) = world.environment_key(id).filter(|_| user.power_platform.sees_environments()) else {
        return not_found(id);
    };
    let lagging = view::lags(world, &key);
    Reply::json(200, &view::environment(world, &key, admin, expand(request, user), lagging))
}

/// Busy: with the recorded text, or with nothing at all.
fn busy(world: &World, id: &str) -> Reply {
    if !world.settings.conflict_body {
        return Reply::empty(409);
    }
    let text = format!(
        "This operation cannot be performed because there is an active lifecycle operation on the environment {id}."
    );
    error(409, "OperationNotStartable", &text)
}

fn accepted(world: &World, key: &str, operation: &str) -> Reply {
    let region = world.environments.get(key).map_or("europe", |environment| environment.location.as_str());
    let url = format!(
        "https://{region}.api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform/lifecycleOperations/{operation}?api-version=2019-10-01"
    );
    Reply::empty(202).header("operation-location", url).header("retry-after", "5")
}

fn link(world: &mut World, request: &Request, user: &User, id: &str, action: &str) -> Reply {
    if user.power_platform != Standing::Admin {
        let text = format!(
            "The user with object id '{}' does not have the required permission 'ManageProtectionKeys' on environment '{id}'.",
            user.object_id
        );
        return error(403, "UserMissingRequiredPermission", &text);
    }
    if !request.content_type.starts_with("application/json") {
        return error(
            415,
            "UnsupportedMediaType",
            "The request entity's media type is not supported for this resource.",
        );
    }
    let Some(key) = world.environment_key(id) else { return not_found(id) };
    if world.running(&key).is_some() {
        return busy(world, id);
    }
    let body = request.json();
    let Some(system_id) = body["SystemId"].as_str().or_else(|| body["systemId"].as_str()) else {
        return error(400, "InvalidRequestContent", "The request content is not valid: 'SystemId' is missing.");
    };
    let Some(environment) = world.environments.get(&key) else { return not_found(id) };
    let operation = if action == "link" { "NewCustomerManagedKey" } else { "RevertToMicrosoftKey" };
    let invalid = |text: String| error(400, "InvalidLifecycleOperationRequest", &text);
    if matches!(environment.sku.as_str(), "Trial" | "Default" | "Teams") {
        return invalid(format!("{operation} cannot be performed on environment of type {}.", environment.sku));
    }
    if !environment.managed {
        return invalid(format!(
            "{operation} cannot be performed on Power Platform environment because of the governance configuration."
        ));
    }
    let Some(policy) =
        world.policies.values().find(|policy| policy.system_id().eq_ignore_ascii_case(system_id)).cloned()
    else {
        return error(
            404,
            "EnterprisePolicyNotFound",
            &format!("The enterprise policy '{system_id}' could not be found (inferred)."),
        );
    };
    if !allowed(world, &user.object_id, "Microsoft.PowerPlatform/enterprisePolicies/read", &policy.id, false) {
        // That adding fails without Reader on the policy is documented; how it fails is not on record (inferred).
        return error(403, "EnvironmentAccess", "The caller does not have access to the enterprise policy.");
    }
    let geography = match environment.location.as_str() {
        "unitedkingdom" => "uk",
        "southamerica" => "brazil",
        "unitedarabemirates" => "uae",
        other => other,
    };
    if policy.location != geography {
        // Documented as a rule; the answer is not on record (inferred).
        return invalid(format!(
            "The enterprise policy is in '{}', the environment in '{}'.",
            policy.location, environment.location
        ));
    }
    let kind = match (action, &environment.link) {
        // What is answered where nothing, or another policy, is linked is not on record (inferred).
        ("unlink", None) => {
            return invalid(format!("{operation} cannot be performed on an environment without a key."));
        }
        ("unlink", Some((linked, _))) if !linked.eq_ignore_ascii_case(&policy.id) => {
            return invalid(format!("{operation} cannot be performed with a policy that is not linked."));
        }
        ("unlink", _) => Kind::Unlink,
        (_, Some((linked, status))) if status == "Linked" && !linked.eq_ignore_ascii_case(&policy.id) => {
            Kind::Swap(policy.id)
        }
        _ => Kind::Link(policy.id),
    };
    let operation = world.start(&key, kind, &user.object_id);
    accepted(world, &key, &operation)
}

fn govern(world: &mut World, request: &Request, user: &User, id: &str) -> Reply {
    if user.power_platform != Standing::Admin {
        return error(
            403,
            "EnvironmentAccess",
            &format!("The user does not have permission to update the environment '{id}'."),
        );
    }
    let Some(key) = world.environment_key(id) else { return not_found(id) };
    if request.json()["protectionLevel"] != "Standard" {
        return error(400, "InvalidRequestContent", "The protection level is not valid.");
    }
    let Some(environment) = world.environments.get(&key) else { return not_found(id) };
    if environment.domain.is_none() {
        return error(
            400,
            "InvalidLifecycleOperationRequest",
            "EnableGovernanceConfiguration cannot be performed because there is no linked CDS instance or the CDS instance version is not supported.",
        );
    }
    if environment.managed {
        return Reply::empty(204);
    }
    if world.running(&key).is_some() {
        return busy(world, id);
    }
    let operation = world.start(&key, Kind::Govern, &user.object_id);
    accepted(world, &key, &operation)
}

fn history(world: &World, request: &Request, user: &User) -> Reply {
    let id = request.query("$filter").split('\'').nth(1).unwrap_or_default().to_owned();
    let key = world.environment_key(&id).filter(|_| user.power_platform.sees_environments());
    let value: Vec<Value> = world
        .operations
        .iter()
        .rev()
        .filter(|operation| Some(&operation.environment) == key.as_ref())
        .map(|operation| world.operation_body(operation))
        .collect();
    Reply::json(200, &json!({ "value": value }))
}

/// `Retry-After` by turns in seconds and as a date: both are on record.
fn operation(world: &mut World, id: &str) -> Reply {
    world.polls += 1;
    let vanished = world.settings.link_ends.starts_with("vanished");
    let Some(found) =
        world.operation(id).filter(|operation| !vanished || world.running(&operation.environment).is_some())
    else {
        return error(404, "OperationNotFound", &format!("The lifecycle operation '{id}' could not be found."));
    };
    let body = world.operation_body(found);
    let ended = body["state"]["id"] == "Succeeded" || body["state"]["id"] == "Failed";
    let reply = Reply::json(200, &body);
    if ended {
        return reply;
    }
    let date =
        (world.clock.now() + jiff::SignedDuration::from_secs(5)).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let retry = if world.polls.is_multiple_of(2) { date } else { "5".to_owned() };
    reply.header("retry-after", retry)
}

fn locations() -> Reply {
    let location = |(name, display, regions): (&str, &str, [&str; 2])| {
        json!({ "id": format!("/providers/Microsoft.BusinessAppPlatform/locations/{name}"), "type": "Microsoft.BusinessAppPlatform/locations", "name": name,
            "properties": { "displayName": display, "code": "", "isDefault": name == "europe", "isDisabled": false, "canProvisionDatabase": true, "azureRegions": regions } })
    };
    let all = [
        ("unitedstates", "United States", ["eastus", "westus"]),
        ("europe", "Europe", ["westeurope", "northeurope"]),
        ("unitedkingdom", "United Kingdom", ["uksouth", "ukwest"]),
    ];
    Reply::json(200, &json!({ "value": all.into_iter().map(location).collect::<Vec<Value>>() }))
}

/// A service principal is registered by a human administrator, once; it can't register itself.
fn management_application(world: &mut World, request: &Request, rest: &[&str]) -> Reply {
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            let value: Vec<Value> = world.managers.iter().map(|id| json!({ "applicationId": id })).collect();
            Reply::json(200, &json!({ "value": value }))
        }
        ("GET", [id]) if world.managers.iter().any(|own| own == id) => {
            Reply::json(200, &json!({ "applicationId": id }))
        }
        ("PUT", [id]) => {
            if !world.managers.iter().any(|own| own == id) {
                world.managers.push((*id).to_owned());
            }
            stand(world, id, Standing::Admin);
            Reply::json(200, &json!({ "applicationId": id }))
        }
        ("DELETE", [id]) => {
            world.managers.retain(|own| own != id);
            stand(world, id, Standing::Unregistered);
            Reply::empty(200)
        }
        _ => error(400, "InvalidApplicationId", "The application id is not valid."),
    }
}

fn stand(world: &mut World, client: &str, standing: Standing) {
    for user in world.users.values_mut().filter(|user| user.client_id == client) {
        user.power_platform = standing;
    }
}
