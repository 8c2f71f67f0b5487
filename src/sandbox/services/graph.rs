//! Host graph.microsoft.com (v1.0): the directory, as far as clients of Azure look up principals.
//! Imitated after the public reference of Microsoft Graph. By default, every member of a tenant may
//! read users, groups and service principals. So may every sandbox user.

use super::azure::odata;
use super::caller::{caller, is_application};
use super::pages::{Link, body};
use crate::message::{Reply, Request};
use crate::tenant::directory::{Kind, Principal, directory};
use crate::tenant::ids::guid;
use crate::tenant::parts::User;
use crate::tenant::world::World;
use serde_json::{Value, json};
use uuid::Uuid;

/// Graph's default page length.
const PAGE: usize = 100;

pub(super) fn handle(world: &mut World, request: &Request) -> Reply {
    let Some(user) = caller(world, request, &["https://graph.microsoft.com"]) else {
        let text = "Access token is empty, has expired or is for another audience.";
        return error(world, 401, "InvalidAuthenticationToken", text);
    };
    let route = request.route();
    let segments: Vec<&str> = route.iter().map(String::as_str).collect();
    let ["v1.0" | "beta", rest @ ..] = &segments[..] else {
        let text = "Invalid version.";
        return error(world, 400, "BadRequest", text);
    };
    let kind = |name: &str| match name {
        "users" => Some(Kind::User),
        "groups" => Some(Kind::Group),
        "serviceprincipals" => Some(Kind::ServicePrincipal),
        _ => None,
    };
    match (request.method.as_str(), rest) {
        ("GET", ["me"]) => me(world, request, &user),
        ("POST", ["directoryobjects", "getbyids"]) => by_ids(world, request),
        ("GET", ["directoryobjects", id]) => principal_reply(world, id, |_| true),
        ("GET", [name]) => match (kind(name), by_app(name)) {
            (Some(kind), _) => list(world, request, kind),
            (None, Some(app)) => principal_reply(world, app, |principal| principal.app_id == app),
            (None, None) => no_segment(world, name),
        },
        ("GET", [name, id]) => match kind(name) {
            Some(kind) => principal_reply(world, id, |principal| principal.kind == kind),
            None => no_segment(world, name),
        },
        (_, [name, ..]) if kind(name).is_some() => {
            let text = "The sandbox can't change the directory.";
            error(world, 403, "Authorization_RequestDenied", text)
        }
        _ => no_segment(world, rest.first().copied().unwrap_or_default()),
    }
}

/// The application id in `servicePrincipals(appId='…')`.
fn by_app(segment: &str) -> Option<&str> {
    let app = segment.strip_prefix("serviceprincipals(appid='")?;
    app.strip_suffix("')")
}

/// An error in Graph's shape, with an inner error.
fn error(world: &World, status: u16, code: &str, text: &str) -> Reply {
    let request = guid(&format!("graph/{text}"));
    Reply::json(
        status,
        &json!({
            "error": {
                "code": code,
                "message": text,
                "innerError": {
                    "date": world.clock.now().strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                    "request-id": request,
                    "client-request-id": request,
                },
            },
        }),
    )
}

fn no_segment(world: &World, name: &str) -> Reply {
    let text = format!("Resource not found for the segment '{name}'.");
    error(world, 400, "BadRequest", &text)
}

/// `/me` works only for users. An application gets a refusal.
fn me(world: &World, request: &Request, user: &User) -> Reply {
    if is_application(request) {
        let text = "/me request is only valid with delegated authentication flow.";
        return error(world, 400, "BadRequest", text);
    }
    principal_reply(world, &user.object_id, |principal| {
        principal.kind == Kind::User
    })
}

/// The principal with this id, name or application id, among those that `meant` accepts.
fn principal_reply(world: &World, id: &str, meant: impl Fn(&Principal) -> bool) -> Reply {
    let all = directory(world);
    let mut all = all.iter().filter(|principal| meant(principal));
    let named = |principal: &&Principal| {
        [&principal.id, &principal.upn, &principal.app_id]
            .iter()
            .any(|principal| !principal.is_empty() && principal.eq_ignore_ascii_case(id))
    };
    match all.find(named) {
        Some(found) => {
            let mut shown = shown(found);
            let kind = found.kind.plural();
            shown["@odata.context"] = json!(format!(
                "https://graph.microsoft.com/v1.0/$metadata#{kind}/$entity"
            ));
            Reply::json(200, &shown)
        }
        None => {
            let text = format!(
                "Resource '{id}' does not exist or one of its queried reference-property objects \
                are not present."
            );
            error(world, 404, "Request_ResourceNotFound", &text)
        }
    }
}

fn list(world: &World, request: &Request, kind: Kind) -> Reply {
    let filter = request.query("$filter");
    let Some(filter) = Filter::read(filter) else {
        let text = format!("Invalid filter clause: '{filter}' is not supported.");
        return error(world, 400, "Request_UnsupportedQuery", &text);
    };
    let all = directory(world);
    let found = all.iter().filter(|principal| principal.kind == kind);
    let found: Vec<Value> = found.map(shown).filter(|body| filter.fits(body)).collect();
    let top = request.query("$top").parse().unwrap_or(PAGE).min(999);
    match body(world, request, top, found, Link::Odata) {
        Ok(mut body) => {
            body["@odata.context"] = json!(format!(
                "https://graph.microsoft.com/v1.0/$metadata#{}",
                kind.plural()
            ));
            Reply::json(200, &body)
        }
        Err(why) => error(world, why.status, why.code, &why.message),
    }
}

/// The supported filters of the directory.
enum Filter<'a> {
    All,
    Equal(Vec<(&'a str, &'a str)>),
    Begins(&'a str),
    Named(&'a str),
}

impl<'a> Filter<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let fields = ["id", "appId", "displayName", "userPrincipalName", "mail"];
        if text.is_empty() {
            return Some(Filter::All);
        }
        if let Some(rest) = text.strip_prefix("servicePrincipalNames/any(") {
            let value = rest.split('\'').nth(1)?;
            return rest.ends_with("')").then_some(Filter::Named(value));
        }
        if let Some(rest) = text.strip_prefix("startswith(displayName,") {
            let value = rest.trim().strip_prefix('\'')?.strip_suffix("')")?;
            return Some(Filter::Begins(value));
        }
        odata::comparisons(text, &fields).map(Filter::Equal)
    }

    fn fits(&self, body: &Value) -> bool {
        let text = |field: &str| body[field].as_str().unwrap_or_default();
        match self {
            Filter::All => true,
            Filter::Equal(all) => all
                .iter()
                .all(|(field, value)| text(field).eq_ignore_ascii_case(value)),
            Filter::Begins(start) => {
                let start = start.to_lowercase();
                text("displayName").to_lowercase().starts_with(&start)
            }
            Filter::Named(name) => {
                let names = body["servicePrincipalNames"].as_array();
                let mut names = names.into_iter().flatten().filter_map(Value::as_str);
                names.any(|listed| listed.eq_ignore_ascii_case(name))
            }
        }
    }
}

/// The principals with these ids. Missing ids are omitted.
fn by_ids(world: &World, request: &Request) -> Reply {
    let wanted = request.json();
    let ids: Option<Vec<&str>> = wanted["ids"]
        .as_array()
        .filter(|ids| ids.len() <= 1000)
        .and_then(|ids| ids.iter().map(Value::as_str).collect());
    let Some(ids) = ids.filter(|ids| ids.iter().all(|id| Uuid::parse_str(id).is_ok())) else {
        let text = "Invalid object identifier: ids are up to 1000 GUIDs.";
        return error(world, 400, "Request_BadRequest", text);
    };
    let types: Vec<&str> = wanted["types"].as_array().map_or_else(Vec::new, |all| {
        all.iter().filter_map(Value::as_str).collect()
    });
    let meant = |principal: &&Principal| {
        let named = types.is_empty() || types.contains(&principal.kind.singular());
        named && ids.iter().any(|id| id.eq_ignore_ascii_case(&principal.id))
    };
    let all = directory(world);
    let mut seen: Vec<&str> = Vec::new();
    let mut value = Vec::new();
    for principal in all.iter().filter(meant) {
        // A principal that is both user and application is shown once.
        if !seen.contains(&principal.id.as_str()) {
            seen.push(&principal.id);
            let mut shown = shown(principal);
            shown["@odata.type"] = json!(format!("#microsoft.graph.{}", principal.kind.singular()));
            value.push(shown);
        }
    }
    Reply::json(
        200,
        &json!({
            "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#directoryObjects",
            "value": value,
        }),
    )
}

fn shown(principal: &Principal) -> Value {
    match principal.kind {
        Kind::User => json!({
            "id": principal.id,
            "displayName": principal.name,
            "userPrincipalName": principal.upn,
            "mail": principal.upn,
            "businessPhones": [],
            "givenName": null,
            "surname": null,
            "jobTitle": null,
            "mobilePhone": null,
            "officeLocation": null,
            "preferredLanguage": null,
        }),
        Kind::Group => json!({
            "id": principal.id,
            "displayName": principal.name,
            "mail": null,
            "mailEnabled": false,
            "mailNickname": principal.name,
            "securityEnabled": true,
            "groupTypes": [],
        }),
        Kind::ServicePrincipal => json!({
            "id": principal.id,
            "appId": principal.app_id,
            "displayName": principal.name,
            "appDisplayName": principal.resource.is_empty().then_some(&principal.name),
            "accountEnabled": true,
            "servicePrincipalNames": [principal.app_id],
            "servicePrincipalType": if principal.resource.is_empty() {
                "Application"
            } else {
                "ManagedIdentity"
            },
            "alternativeNames": if principal.resource.is_empty() {
                json!([])
            } else {
                json!(["isExplicit=False", principal.resource])
            },
        }),
    }
}
