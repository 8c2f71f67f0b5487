//! Host management.azure.com, provider `Microsoft.Resources`: resource groups (2021-04-01 and
//! others). Imitated after the public REST reference.

use super::errors::{malformed, refusal};
use super::policy_operations::{found, poll};
use super::scope::Scope;
use super::tags::{bad, shown};
use crate::message::{Reply, Request};
use crate::tenant::azure_operations::{Failing, Pending};
use crate::tenant::parts::User;
use crate::tenant::subscriptions::Group;
use crate::tenant::world::World;
use serde_json::{Value, json};

/// The locations for groups.
pub(super) const LOCATIONS: [(&str, &str); 3] = [
    ("westeurope", "West Europe"),
    ("northeurope", "North Europe"),
    ("uksouth", "UK South"),
];

pub(super) fn body(world: &World, group: &Group) -> Value {
    let deleting = world.azure_running(&group.id).is_some();
    json!({
        "id": group.id,
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "tags": shown(&group.tags),
        "properties": { "provisioningState": if deleting { "Deleting" } else { "Succeeded" } },
    })
}

/// Creates a group, or replaces the tags of an existing one. Its location stays.
pub(super) fn put(world: &mut World, (request, user): (&Request, &User), scope: &Scope) -> Reply {
    let name = request.path.last().cloned().unwrap_or_default();
    let id = format!("{}/resourceGroups/{name}", scope.subscription_id());
    let action = "Microsoft.Resources/subscriptions/resourceGroups/write";
    if let Some(refused) = refusal(world, user, action, &id) {
        return refused;
    }
    let wanted = request.json();
    if let Some(refused) = unacceptable(&wanted, &name) {
        return refused;
    }
    let location = plain(&wanted["location"]);
    let tags = wanted["tags"].clone();
    let Some(subscription) = world.subscription_mut(&scope.subscription) else {
        return Reply::empty(404);
    };
    let key = name.to_ascii_lowercase();
    if let Some(group) = subscription.groups.get_mut(&key) {
        if group.location != location {
            let text = format!(
                "Invalid resource group location '{location}'. The Resource group already exists \
                in location '{}'.",
                group.location
            );
            return Reply::error(409, "InvalidResourceGroupLocation", text);
        }
        group.tags = tags;
        let group = group.clone();
        world.effect("group-updated", id);
        return Reply::json(200, &body(world, &group));
    }
    let group = Group {
        id: id.clone(),
        name,
        location,
        tags,
    };
    subscription.groups.insert(key, group.clone());
    world.effect("group-created", id);
    Reply::json(201, &body(world, &group))
}

fn plain(location: &Value) -> String {
    let text = location.as_str().unwrap_or_default();
    text.to_ascii_lowercase().replace(' ', "")
}

/// The refusal of an invalid group, if any.
fn unacceptable(wanted: &Value, name: &str) -> Option<Reply> {
    let fits = |ch: char| ch.is_alphanumeric() || "-_.()".contains(ch);
    if name.chars().count() > 90 || name.ends_with('.') || !name.chars().all(fits) {
        let text = format!(
            "The provided resource group name '{name}' has invalid characters, ends with a dot or \
            is longer than 90 characters (inferred)."
        );
        return Some(Reply::error(400, "InvalidResourceGroup", text));
    }
    if wanted["location"].is_null() {
        let text = "The location property is required for this definition.";
        return Some(Reply::error(400, "LocationRequired", text));
    }
    if !wanted["location"].is_string() {
        return Some(malformed("location", &wanted["location"]));
    }
    let location = plain(&wanted["location"]);
    if !LOCATIONS.iter().any(|(known, _)| *known == location) {
        let all: Vec<&str> = LOCATIONS.iter().map(|(known, _)| *known).collect();
        let text = format!(
            "The provided location '{location}' is not available for resource group. List of \
            available regions is '{}'.",
            all.join(",")
        );
        let code = "LocationNotAvailableForResourceGroup";
        return Some(Reply::error(400, code, text));
    }
    bad(&wanted["tags"], "tags")
}

/// Changes the tags of a group. Nothing else can change.
pub(super) fn patch(world: &mut World, (request, user): (&Request, &User), scope: &Scope) -> Reply {
    let action = "Microsoft.Resources/subscriptions/resourceGroups/write";
    if let Some(refused) = refusal(world, user, action, &scope.id) {
        return refused;
    }
    let wanted = request.json();
    if let Some(refused) = bad(&wanted["tags"], "tags") {
        return refused;
    }
    let name = scope.group.as_deref().unwrap_or_default();
    let found = world
        .subscription_mut(&scope.subscription)
        .and_then(|subscription| subscription.groups.get_mut(&name.to_ascii_lowercase()));
    let Some(group) = found else {
        return Reply::empty(404);
    };
    if !wanted["tags"].is_null() {
        group.tags = wanted["tags"].clone();
    }
    let group = group.clone();
    world.effect("group-updated", &group.id);
    Reply::json(200, &body(world, &group))
}

/// Deletes a group with its resources: 202 and a `Location` to poll.
pub(super) fn delete(
    world: &mut World,
    (request, user): (&Request, &User),
    scope: &Scope,
) -> Reply {
    let action = "Microsoft.Resources/subscriptions/resourceGroups/delete";
    if let Some(refused) = refusal(world, user, action, &scope.id) {
        return refused;
    }
    let running = world
        .azure_running(&scope.id)
        .map(|operation| operation.id.clone());
    let id = running.unwrap_or_else(|| {
        let change = Pending::DeleteGroup(scope.id.clone());
        world.begin_azure(change).id
    });
    accepted(request, scope, &id)
}

fn accepted(request: &Request, scope: &Scope, id: &str) -> Reply {
    let version = request.query("api-version");
    let address = format!(
        "https://management.azure.com{}/operationresults/{id}?api-version={version}",
        scope.subscription_id()
    );
    poll(Reply::empty(202).header("location", address))
}

/// The `Location` of a deletion: 202 until it ends, then 200.
pub(super) fn result(world: &World, request: &Request, scope: &Scope, id: &str) -> Reply {
    let operation = match found(world, scope, id) {
        Ok(operation) => operation,
        Err(missing) => return missing,
    };
    match &operation.failing {
        _ if operation.ended.is_none() => accepted(request, scope, id),
        Some(failing) => Reply::json(409, &json!({ "error": failure(failing) })),
        None => Reply::empty(200),
    }
}

/// Each resource that could not be deleted has its provider's error as text.
fn failure(failing: &Failing) -> Value {
    let details = failing.details.iter().map(|detail| {
        let inner = json!({ "error": { "code": detail.code, "message": detail.message } });
        json!({ "target": detail.target, "message": inner.to_string() })
    });
    json!({
        "code": failing.code,
        "message": failing.message,
        "details": details.collect::<Vec<Value>>(),
    })
}
