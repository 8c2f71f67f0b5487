//! Host api.powerplatform.com: `environmentmanagement/environments`. It is imitated after its
//! public REST reference (2024-10-01) and the routes, models and query options of Microsoft's
//! powerplatform-management SDK 2.0.3578.333. The last version of the SDK with `Enable` is
//! 2.0.3399.248.

use super::filter::{Filter, at};
use super::queries::{Accepts, Refused, number};
use crate::message::{Reply, Request};
use crate::services::caller::caller;
use crate::services::pages::{Link, body};
use crate::tenant::ids::{lcs_id, organization};
use crate::tenant::operations::Kind;
use crate::tenant::parts::{Environment, Standing, User};
use crate::tenant::world::World;
use serde_json::{Map, Value, json};

/// The versions of this part of the API in the REST reference.
const VERSIONS: [&str; 2] = ["2022-03-01-preview", "2024-10-01"];

/// The filter fields of the list (inferred: the reference names only the option).
const FIELDS: [&str; 8] = [
    "id",
    "displayName",
    "tenantId",
    "type",
    "geo",
    "azureRegion",
    "state",
    "protectionLevel",
];

pub(in crate::services) fn handle(world: &mut World, request: &Request) -> Reply {
    let Some(user) = caller(world, request, &["https://api.powerplatform.com"]) else {
        let text = "The access token is missing, has expired or is for another audience.";
        return error(401, "InvalidAuthenticationToken", "authorization", text);
    };
    let route = request.route();
    let segments: Vec<&str> = route.iter().map(String::as_str).collect();
    let there = ["environmentmanagement", "environments"];
    let Some(rest) = segments.strip_prefix(&there) else {
        return error(404, "NotFound", "path", "There is nothing here.");
    };
    let options: &'static [&'static str] = match (request.method.as_str(), rest) {
        ("GET", []) => &["$filter", "$select", "$skip", "$top", "$skiptoken"],
        ("GET", [_]) => &["$select"],
        ("POST", [_, "enable"]) => &[],
        _ => return error(404, "NotFound", "path", "There is nothing here."),
    };
    let accepts = Accepts {
        versions: &VERSIONS,
        options,
    };
    if let Err(why) = accepts.check(request) {
        return refusal(&why);
    }
    match rest {
        [id] => single(world, request, &user, id),
        [id, ..] => enable(world, &user, id),
        [] => list(world, request, &user),
    }
}

/// `ValidationResponse`, the SDK's model for 400 and 409. Inferred: its use for other refusals, and
/// the content of `fieldErrors`.
fn error(status: u16, code: &str, field: &str, text: &str) -> Reply {
    let fields = Map::from_iter([(field.to_owned(), Value::from(text))]);
    Reply::json(
        status,
        &json!({ "errorDetail": { "code": code, "fieldErrors": fields } }),
    )
}

fn refusal(why: &Refused) -> Reply {
    error(400, why.code, "query", &why.message)
}

fn not_found(id: &str) -> Reply {
    let text = format!("The environment '{id}' could not be found in the tenant.");
    error(404, "EnvironmentNotFound", "environmentId", &text)
}

/// `EnvironmentList`. A caller without a role gets an empty list (inferred).
fn list(world: &World, request: &Request, user: &User) -> Reply {
    let shown = match listed(world, request, user) {
        Ok(shown) => shown,
        Err(why) => return refusal(&why),
    };
    let size = world.settings.page_size;
    match body(world, request, size, shown, Link::PowerPlatform) {
        Ok(body) => Reply::json(200, &body),
        Err(why) => error(why.status, why.code, "query", &why.message),
    }
}

/// The content of the list over all pages.
fn listed(world: &World, request: &Request, user: &User) -> Result<Vec<Value>, Refused> {
    let filter = Filter::parse(request.query("$filter"), &FIELDS)?;
    let (skip, top) = (number(request, "$skip")?, number(request, "$top")?);
    let select = Select::parse(request);
    let ids: Vec<&str> = request
        .query("ids")
        .split(',')
        .filter(|id| !id.is_empty())
        .collect();
    if !user.power_platform.sees_environments() {
        return Ok(Vec::new());
    }
    let all = world
        .environments
        .iter()
        .filter(|(_, environment)| {
            ids.is_empty()
                || ids
                    .iter()
                    .any(|id| id.eq_ignore_ascii_case(&environment.id))
        })
        .map(|(key, environment)| shown(world, key, environment))
        .filter(|item| filter.fits(|path| at(item, path)));
    Ok(all
        .skip(skip.unwrap_or_default())
        .take(top.unwrap_or(usize::MAX))
        .map(|item| select.of(item))
        .collect())
}

fn single(world: &World, request: &Request, user: &User, id: &str) -> Reply {
    let key = world
        .environment_key(id)
        .filter(|_| user.power_platform.sees_environments());
    let found = key.and_then(|key| Some((world.environments.get(&key)?, key)));
    let Some((environment, key)) = found else {
        return not_found(id);
    };
    let item = shown(world, &key, environment);
    Reply::json(200, &Select::parse(request).of(item))
}

/// The fields in `$select`, in lower case; all fields if it is missing.
struct Select(Vec<String>);

impl Select {
    fn parse(request: &Request) -> Self {
        let names = request.query("$select").split(',');
        let names = names.map(|name| name.trim().to_ascii_lowercase());
        Self(names.filter(|name| !name.is_empty()).collect())
    }

    /// Reduces an item to the selected fields.
    fn of(&self, item: Value) -> Value {
        match item {
            Value::Object(all) if !self.0.is_empty() => Value::Object(
                all.into_iter()
                    .filter(|(name, _)| self.0.contains(&name.to_ascii_lowercase()))
                    .collect(),
            ),
            item => item,
        }
    }
}

/// `EnvironmentResponse`.
fn shown(world: &World, key: &str, environment: &Environment) -> Value {
    let mut body = json!({
        "id": environment.id,
        "displayName": environment.name,
        "tenantId": world.tenant,
        "type": environment.sku,
        "geo": environment.location,
        "azureRegion": environment.region,
        "state": if world.running(key).is_some() { "Disabled" } else { "Ready" },
        "protectionLevel": if environment.managed { "Standard" } else { "Basic" },
    });
    if let Some(domain) = &environment.domain {
        body["dataverseId"] = Value::from(organization(key));
        body["domainName"] = Value::from(domain.as_str());
        body["url"] = Value::from(format!("https://{domain}.crm4.dynamics.com/"));
    }
    if let Some((policy, status)) = &environment.link {
        body["enterprisePolicies"] = json!({
            "encryption": { "id": policy, "resourceId": policy, "status": status },
        });
    }
    if let (Some(host), Some(kind)) = (&environment.app_host, &environment.app_type) {
        body["finOpsMetadata"] = json!({
            "id": lcs_id(key),
            "type": kind,
            "url": format!("https://{host}"),
        });
    }
    body
}

/// `Environment State - Enable Environment`: 202. The answer while the key can't be reached is not
/// on record. Here the request is accepted, and the operation fails (inferred).
fn enable(world: &mut World, user: &User, id: &str) -> Reply {
    let key = world
        .environment_key(id)
        .filter(|_| user.power_platform.sees_environments());
    let Some(key) = key else { return not_found(id) };
    if user.power_platform != Standing::Admin {
        let text = "The caller may not change the state of the environment (inferred).";
        return error(403, "EnvironmentAccess", "environmentId", text);
    }
    if world.running(&key).is_some() {
        let text = "There is an active lifecycle operation on the environment.";
        return error(409, "OperationNotStartable", "environmentId", text);
    }
    world.start(&key, Kind::Enable, &user.object_id);
    Reply::empty(202)
}
