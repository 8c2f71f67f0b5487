//! Host management.azure.com, provider `Microsoft.Authorization`: locks (2016-09-01, 2020-05-01).
//! Imitated after the public REST reference.

use super::errors::{malformed, refusal};
use super::listing::listed;
use super::scope::{exists, missing_at};
use crate::message::{Reply, Request};
use crate::tenant::parts::{Lock, User};
use crate::tenant::scopes::covers;
use crate::tenant::world::World;
use serde_json::{Value, json};

/// The levels of a lock.
const LEVELS: [&str; 2] = ["CanNotDelete", "ReadOnly"];

/// Answers for `{scope}/providers/Microsoft.Authorization/locks…`; `name` is that of a single lock.
pub(super) fn respond(
    world: &mut World,
    (request, user): (&Request, &User),
    scope: &str,
    name: Option<&str>,
) -> Reply {
    let verb = match request.method.as_str() {
        "PUT" => "write",
        "DELETE" => "delete",
        _ => "read",
    };
    let action = format!("Microsoft.Authorization/locks/{verb}");
    if let Some(refused) = refusal(world, user, &action, scope) {
        return refused;
    }
    let at = name.and_then(|name| find(world, scope, name));
    match (request.method.as_str(), name, at) {
        ("GET", None, _) => list(world, request, scope),
        ("GET", Some(_), Some(at)) => Reply::json(200, &body(&world.locks[at])),
        ("GET", Some(name), None) => {
            let text = format!("The lock '{name}' could not be found.");
            Reply::error(404, "LockNotFound", text)
        }
        ("PUT", Some(_), at) => put(world, request, scope, at),
        ("DELETE", Some(_), None) => Reply::empty(204),
        ("DELETE", Some(_), Some(at)) => {
            let gone = world.locks.remove(at);
            world.effect("lock-deleted", gone.id());
            Reply::empty(200)
        }
        _ => super::errors::no_method(),
    }
}

fn find(world: &World, scope: &str, name: &str) -> Option<usize> {
    world.locks.iter().position(|lock| {
        lock.name.eq_ignore_ascii_case(name) && lock.scope.eq_ignore_ascii_case(scope)
    })
}

fn put(world: &mut World, request: &Request, scope: &str, at: Option<usize>) -> Reply {
    let wanted = request.json();
    let wanted = &wanted["properties"];
    let level = LEVELS.iter().find(|known| {
        let asked = wanted["level"].as_str();
        asked.is_some_and(|asked| asked.eq_ignore_ascii_case(known))
    });
    let Some(level) = level else {
        return malformed("properties.level", &wanted["level"]);
    };
    if !wanted["notes"].is_string() && !wanted["notes"].is_null() {
        return malformed("properties.notes", &wanted["notes"]);
    }
    if !exists(world, scope) {
        return missing_at(scope);
    }
    let lock = Lock {
        scope: scope.to_owned(),
        level: (*level).to_owned(),
        name: request.path.last().cloned().unwrap_or_default(),
        notes: wanted["notes"].as_str().map(str::to_owned),
    };
    let shown = body(&lock);
    world.effect("lock-written", lock.id());
    if let Some(stored) = at.and_then(|at| world.locks.get_mut(at)) {
        *stored = lock;
        return Reply::json(200, &shown);
    }
    world.locks.push(lock);
    Reply::json(201, &shown)
}

fn body(lock: &Lock) -> Value {
    let mut properties = json!({ "level": lock.level });
    if let Some(notes) = &lock.notes {
        properties["notes"] = json!(notes);
    }
    json!({
        "id": lock.id(),
        "name": lock.name,
        "type": "Microsoft.Authorization/locks",
        "properties": properties,
    })
}

/// Lists at, above and below the scope. `atScope()` omits those below.
fn list(world: &World, request: &Request, scope: &str) -> Reply {
    let filter = request.query("$filter").trim();
    let at_scope = filter.eq_ignore_ascii_case("atScope()");
    if !filter.is_empty() && !at_scope {
        let text = format!(
            "The filter '{filter}' is not supported. Supported filters are 'atScope()' (inferred)."
        );
        return Reply::error(400, "UnsupportedQuery", text);
    }
    let touching = world
        .locks
        .iter()
        .filter(|lock| covers(&lock.scope, scope) || (!at_scope && covers(scope, &lock.scope)));
    listed(world, request, &["$filter"], touching.map(body).collect())
}
