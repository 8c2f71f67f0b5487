//! Host management.azure.com, provider `Microsoft.ResourceGraph` (2024-04-01 and others): finds
//! enterprise policies and vaults of many subscriptions with one query. Imitated after the public
//! REST reference. The supported stages are `where`, `project`, `order by`, `limit`, `take` and
//! `count`. Every other stage is refused.

use super::errors::malformed;
use super::kql;
use super::shapes::{policy_body, vault_of};
use crate::message::{Reply, Request};
use crate::tenant::parts::User;
use crate::tenant::roles::allowed;
use crate::tenant::world::World;
use serde_json::{Value, json};

/// The largest page.
const MOST: u64 = 1000;

pub(super) fn respond(world: &World, request: &Request, user: &User) -> Reply {
    if request.method != "POST" {
        return super::errors::no_method();
    }
    let wanted = request.json();
    let Some(query) = wanted["query"].as_str() else {
        return malformed("query", &wanted["query"]);
    };
    let options = &wanted["options"];
    let format = options["resultFormat"].as_str().unwrap_or("objectArray");
    if !format.eq_ignore_ascii_case("objectArray") {
        return malformed("options.resultFormat", &options["resultFormat"]);
    }
    let most = u64::try_from(world.settings.arm_page_size).unwrap_or(MOST);
    let top = match &options["$top"] {
        Value::Null => most,
        given => match given.as_u64().filter(|top| (1..=MOST).contains(top)) {
            Some(top) => top.min(most),
            None => return malformed("options.$top", given),
        },
    };
    let skip = match (&options["$skipToken"], &options["$skip"]) {
        (Value::Null, Value::Null) => Some(0),
        (Value::Null, skip) => skip.as_u64(),
        (token, _) => token.as_str().and_then(|token| token.parse().ok()),
    };
    let Some(skip) = skip else {
        return malformed("options.$skipToken", &options["$skipToken"]);
    };
    let rows = match kql::answer(query, visible(world, user, &wanted["subscriptions"])) {
        Ok(rows) => rows,
        Err(why) => return unanswered(&why),
    };
    page(rows, skip, top)
}

fn page(rows: Vec<Value>, skip: u64, top: u64) -> Reply {
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let total = rows.len();
    let (first, count) = (size(skip), size(top));
    let data: Vec<Value> = rows.into_iter().skip(first).take(count).collect();
    let more = first.saturating_add(data.len()) < total;
    let mut body = json!({
        "totalRecords": total,
        "count": data.len(),
        "data": data,
        "facets": [],
        // The public specification also has a text here.
        "resultTruncated": "false",
    });
    if more {
        body["$skipToken"] = json!(skip.saturating_add(top).to_string());
    }
    Reply::json(200, &body)
}

fn unanswered(why: &str) -> Reply {
    let error = json!({
        "code": "BadRequest",
        "message": "Please provide below info when asking for support.",
        "details": [{ "code": "InvalidQuery", "message": why }],
    });
    Reply::json(400, &json!({ "error": error }))
}

/// The indexed resources that the caller may read, in these subscriptions or, if none is named, in
/// all.
fn visible(world: &World, user: &User, subscriptions: &Value) -> Vec<Value> {
    let (policies, vaults) = world.indexed();
    let policies = policies.values().map(|policy| policy_body(policy));
    let vaults = vaults
        .iter()
        .filter(|(_, vault)| !vault.deleted)
        .map(|(name, vault)| vault_of(world, name, vault));
    let named = subscriptions.as_array().filter(|all| !all.is_empty());
    let mut rows: Vec<Value> = policies
        .chain(vaults)
        .filter_map(|body| row(world, body))
        .collect();
    rows.retain(|row| {
        let text = |field: &str| row[field].as_str().unwrap_or_default();
        let asked = named.is_none_or(|all| {
            let mut all = all.iter().filter_map(Value::as_str);
            all.any(|listed| listed.eq_ignore_ascii_case(text("subscriptionId")))
        });
        let action = format!("{}/read", text("type"));
        asked && allowed(world, &user.object_id, &action, text("id"), false)
    });
    rows
}

/// A resource as a row, with its subscription, group and tenant. Type and group are in lower case.
fn row(world: &World, mut body: Value) -> Option<Value> {
    let id = body["id"].as_str()?.to_owned();
    let mut parts = id.split('/');
    body["subscriptionId"] = json!(parts.nth(2)?);
    body["resourceGroup"] = json!(parts.nth(1)?.to_ascii_lowercase());
    body["tenantId"] = json!(world.tenant);
    body["type"] = json!(body["type"].as_str()?.to_ascii_lowercase());
    Some(body)
}
