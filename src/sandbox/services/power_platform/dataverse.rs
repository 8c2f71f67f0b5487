//! Hosts below dynamics.com: `RetrieveFinanceAndOperationsIntegrationDetails` of the Dataverse Web
//! API 9.2. It is imitated after its public reference and the text that administrators see if an
//! instance is not integrated.

use crate::message::{Reply, Request};
use crate::services::caller::caller;
use crate::tenant::ids::lcs_id;
use crate::tenant::operations::Kind;
use crate::tenant::parts::Environment;
use crate::tenant::world::World;
use serde_json::json;

pub(in crate::services) fn handle(world: &mut World, request: &Request) -> Reply {
    let domain = request.host.split('.').next().unwrap_or_default();
    let found = world
        .environments
        .iter()
        .find(|(_, environment)| environment.domain.as_deref() == Some(domain));
    let Some((key, environment)) =
        found.map(|(key, environment)| (key.clone(), environment.clone()))
    else {
        return Reply::html(404, "Not found");
    };
    let Some(user) = caller(world, request, &[&format!("https://{}", request.host)]) else {
        return unknown_caller(world, &request.host);
    };
    let governing = world
        .running(&key)
        .is_some_and(|operation| operation.kind == Kind::Govern);
    if world.occupied(&key) && !governing {
        // The organization is offline while the service applies a key.
        return Reply::html(503, "The organization is disabled");
    }
    if !user.dataverse {
        return Reply::error(
            403,
            "0x80072560",
            "The user is not a member of the organization.",
        );
    }
    let route = request.route();
    match route.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [
            "api",
            "data",
            _,
            "retrievefinanceandoperationsintegrationdetails",
        ] => {}
        _ => return Reply::error(404, "0x80060888", "Resource not found for the segment."),
    }
    integration(world, &request.host, &key, &environment)
}

fn unknown_caller(world: &World, host: &str) -> Reply {
    let challenge = format!(
        "Bearer authorization_uri=https://login.microsoftonline.com/{}/oauth2/authorize, \
        resource_id=https://{host}/",
        world.tenant
    );
    Reply::empty(401).header("www-authenticate", challenge)
}

fn integration(world: &World, host: &str, key: &str, environment: &Environment) -> Reply {
    let url = format!(
        "https://{}",
        environment.app_host.clone().unwrap_or_default()
    );
    match environment.dataverse_says.as_deref() {
        Some("integrated") => Reply::json(
            200,
            &json!({
                "@odata.context": format!("https://{host}/api/data/v9.2/$metadata"),
                "Url": url,
                "TenantId": world.tenant,
                "Id": lcs_id(key),
            }),
        ),
        Some("mismatch") => Reply::json(
            200,
            &json!({
                "Url": "https://another.operations.dynamics.com",
                "TenantId": world.tenant,
                "Id": lcs_id("another"),
            }),
        ),
        _ => Reply::error(
            400,
            "0x80048d0b",
            "Dataverse instance isn't integrated with finance and operations.",
        ),
    }
}
