//! Host api.loganalytics.azure.com (v1): queries over a Log Analytics workspace. Imitated after
//! Microsoft's reference of the query API (learn.microsoft.com, `azure-monitor/logs/api`: request
//! format, response format, errors). The code of a missing workspace is inferred.

use super::super::caller::caller;
use super::log_query::{Table, answer};
use crate::message::{Reply, Request};
use crate::tenant::roles::allowed;
use crate::tenant::world::World;
use serde_json::{Value, json};

/// The right that every query requires.
const QUERY: &str = "Microsoft.OperationalInsights/workspaces/query/read";

pub(in crate::services) fn handle(world: &mut World, request: &Request) -> Reply {
    let audiences = [
        "https://api.loganalytics.azure.com",
        "https://api.loganalytics.io",
    ];
    let Some(user) = caller(world, request, &audiences) else {
        let text = "Valid authentication was not provided";
        return Reply::error(401, "AuthorizationRequiredError", text)
            .header("www-authenticate", "Bearer");
    };
    let route = request.route();
    let segments: Vec<&str> = route.iter().map(String::as_str).collect();
    let name = match (request.method.as_str(), &segments[..]) {
        ("POST", ["v1", "workspaces", id, "query"]) => world.workspace_of(id),
        ("POST", ["v1", id @ .., "query"]) => {
            let id = format!("/{}", id.join("/"));
            let is = |name: &&String| world.workspace_id(name).eq_ignore_ascii_case(&id);
            world.workspaces.keys().find(is).cloned()
        }
        _ => {
            let text = "The requested path does not exist";
            return Reply::error(404, "PathNotFoundError", text);
        }
    };
    let Some((name, workspace)) =
        name.and_then(|name| Some((name.clone(), world.workspaces.get(&name)?)))
    else {
        let text = "The workspace could not be found";
        return Reply::error(404, "WorkspaceNotFoundError", text);
    };
    if !allowed(
        world,
        &user.object_id,
        QUERY,
        &world.workspace_id(&name),
        false,
    ) {
        let text = "The provided credentials have insufficient access to perform the requested \
            operation";
        return Reply::error(403, "InsufficientAccessError", text);
    }
    let wanted = request.json();
    let Some(query) = wanted["query"].as_str() else {
        return bad("The query is missing", "MissingQuery");
    };
    match answer(query, (&workspace.table, world.audit_rows(workspace))) {
        Ok(table) => Reply::json(200, &body(&table, workspace.partial)),
        Err(why) => bad(&why, "SemanticError"),
    }
}

/// A query that can't be run.
fn bad(why: &str, code: &str) -> Reply {
    Reply::json(
        400,
        &json!({ "error": {
            "message": "The request had some invalid properties",
            "code": "BadArgumentError",
            "innererror": { "code": code, "message": why },
        } }),
    )
}

/// The result. A part of it comes with 200, its rows and an error.
fn body(table: &Table, partial: bool) -> Value {
    let kind = |name: &str| {
        let times = ["TimeGenerated", "Earliest", "Latest"];
        if times.contains(&name) {
            "datetime"
        } else {
            "string"
        }
    };
    let columns = table.columns.iter();
    let columns = columns.map(|name| json!({ "name": name, "type": kind(name) }));
    let row = |row: &serde_json::Map<String, Value>| {
        let cells = table.columns.iter();
        let cells = cells.map(|name| row.get(name).cloned().unwrap_or_default());
        cells.collect::<Value>()
    };
    let shown = table.rows.len() - usize::from(partial && !table.rows.is_empty());
    let rows: Vec<Value> = table.rows.iter().take(shown).map(row).collect();
    let mut body = json!({ "tables": [{
        "name": "PrimaryResult",
        "columns": columns.collect::<Vec<Value>>(),
        "rows": rows,
    }] });
    if partial {
        body["error"] = json!({
            "code": "PartialError",
            "message": "There were some errors when processing your query.",
            "details": [{
                "code": "EngineError",
                "message": "Something went wrong processing your query on the server.",
            }],
        });
    }
    body
}
