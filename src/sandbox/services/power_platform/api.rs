//! Host api.powerplatform.com (2024-10-01): `environmentmanagement/environments`, imitated after
//! its public REST reference.

use super::errors::not_found;
use crate::sandbox::message::{Reply, Request};
use crate::sandbox::services::caller::caller;
use crate::sandbox::tenant::ids::lcs_id;
use crate::sandbox::tenant::operations::Kind;
use crate::sandbox::tenant::parts::{Standing, User};
use crate::sandbox::tenant::world::World;
use serde_json::json;

pub(in crate::sandbox::services) fn handle(world: &mut World, request: &Request) -> Reply {
    let Some(user) = caller(world, request, &["https://api.powerplatform.com"]) else {
        return Reply::error(
            401,
            "InvalidAuthenticationToken",
            "The access token is missing, has expired or is for another audience.",
        );
    };
    let route = request.route();
    let segments: Vec<&str> = route.iter().map(String::as_str).collect();
    let id = match (request.method.as_str(), &segments[..]) {
        ("GET", ["environmentmanagement", "environments", id]) => (*id).to_owned(),
        ("POST", ["environmentmanagement", "environments", id, "enable"]) => {
            return enable(world, &user, id);
        }
        _ => return Reply::error(404, "NotFound", "There is nothing here."),
    };
    let key = world
        .environment_key(&id)
        .filter(|_| user.power_platform.sees_environments());
    let Some((key, environment)) =
        key.and_then(|key| Some((key.clone(), world.environments.get(&key)?.clone())))
    else {
        return not_found(&id);
    };
    let mut body = json!({
        "id": environment.id,
        "displayName": environment.name,
        "tenantId": world.tenant,
        "type": environment.sku,
        "geo": environment.location,
        "azureRegion": environment.region,
        "state": if world.running(&key).is_some() { "Disabled" } else { "Ready" },
        "protectionLevel": if environment.managed { "Standard" } else { "Basic" },
    });
    if let Some((policy, status)) = &environment.link {
        body["enterprisePolicies"] = json!({
            "encryption": { "id": policy, "resourceId": policy, "status": status },
        });
    }
    if let (Some(host), Some(kind)) = (&environment.app_host, &environment.app_type) {
        body["finOpsMetadata"] = json!({
            "id": lcs_id(&key),
            "type": kind,
            "url": format!("https://{host}"),
        });
    }
    Reply::json(200, &body)
}

/// `Environment State - Enable Environment`: 202. What is answered while the key can't be reached
/// is not on record: here it is accepted, and fails (inferred).
fn enable(world: &mut World, user: &User, id: &str) -> Reply {
    let key = world
        .environment_key(id)
        .filter(|_| user.power_platform.sees_environments());
    let Some(key) = key else { return not_found(id) };
    if user.power_platform != Standing::Admin {
        return Reply::error(
            403,
            "EnvironmentAccess",
            "The caller may not change the state of the environment (inferred).",
        );
    }
    if world.running(&key).is_some() {
        return Reply::error(
            409,
            "OperationNotStartable",
            "There is an active lifecycle operation on the environment.",
        );
    }
    world.start(&key, Kind::Enable, &user.object_id);
    Reply::empty(202)
}
