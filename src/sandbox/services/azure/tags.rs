//! Host management.azure.com, provider `Microsoft.Resources`: tags of a subscription, a resource
//! group, a vault or an enterprise policy (2021-04-01 and others). Imitated after the public REST
//! reference.

use super::errors::{malformed, no_method, refusal};
use super::scope::{exists, missing_at};
use crate::message::{Reply, Request};
use crate::tenant::parts::User;
use crate::tenant::world::World;
use serde_json::{Map, Value, json};

/// The JSON of tags: an empty map if there are none.
pub(super) fn shown(tags: &Value) -> Value {
    if tags.is_object() {
        tags.clone()
    } else {
        json!({})
    }
}

/// The refusal of invalid tags. Valid are nothing, or a map with at most 50 texts.
pub(super) fn bad(tags: &Value, field: &str) -> Option<Reply> {
    let texts = tags
        .as_object()
        .map(|map| map.values().all(Value::is_string));
    if !tags.is_null() && texts != Some(true) {
        return Some(malformed(field, tags));
    }
    let count = tags.as_object().map_or(0, Map::len);
    (count > 50).then(|| {
        let text = format!("The number of tags '{count}' exceeds the limit of 50 (inferred).");
        Reply::error(400, "InvalidTagCount", text)
    })
}

/// Answers for `{scope}/providers/Microsoft.Resources/tags/default`.
pub(super) fn respond(
    world: &mut World,
    (request, user): (&Request, &User),
    scope: &str,
    rest: &[String],
) -> Reply {
    let verb = match request.method.as_str() {
        "GET" => "read",
        "DELETE" => "delete",
        _ => "write",
    };
    if rest.len() != 1 || rest.first().is_none_or(|name| name != "default") {
        return no_method();
    }
    let action = format!("Microsoft.Resources/tags/{verb}");
    if let Some(refused) = refusal(world, user, &action, scope) {
        return refused;
    }
    if !exists(world, scope) {
        return missing_at(scope);
    }
    let wanted = request.json();
    let given = &wanted["properties"]["tags"];
    let Some(mut tags) = read(world, scope) else {
        let text = format!("The sandbox does not support tags on '{scope}' (inferred).");
        return Reply::error(400, "TagsNotSupported", text);
    };
    let before = tags.as_object().cloned().unwrap_or_default();
    let after = match request.method.as_str() {
        "GET" => return Reply::json(200, &body(scope, &tags)),
        "DELETE" => Ok(Map::new()),
        "PUT" => asked(given),
        "PATCH" => asked(given).and_then(|given| joined(before, given, &wanted["operation"])),
        _ => return no_method(),
    };
    match after {
        Err(refused) => refused,
        Ok(after) => {
            tags = Value::Object(after);
            let reply = body(scope, &tags);
            write(world, scope, tags);
            world.effect("tags-written", scope);
            if verb == "delete" {
                return Reply::empty(200);
            }
            Reply::json(200, &reply)
        }
    }
}

fn asked(given: &Value) -> Result<Map<String, Value>, Reply> {
    match (bad(given, "properties.tags"), given.as_object()) {
        (Some(refused), _) => Err(refused),
        (None, Some(map)) => Ok(map.clone()),
        (None, None) => Err(malformed("properties.tags", given)),
    }
}

/// The tags after these are merged, replaced or deleted.
fn joined(
    mut tags: Map<String, Value>,
    given: Map<String, Value>,
    operation: &Value,
) -> Result<Map<String, Value>, Reply> {
    let same = |word: &str| {
        operation
            .as_str()
            .is_some_and(|asked| asked.eq_ignore_ascii_case(word))
    };
    if same("Replace") {
        return Ok(given);
    }
    if same("Merge") {
        for (name, value) in given {
            tags.retain(|key, _| !key.eq_ignore_ascii_case(&name));
            tags.insert(name, value);
        }
        return Ok(tags);
    }
    if same("Delete") {
        tags.retain(|key, value| {
            let mut given = given.iter();
            !given.any(|(name, with)| name.eq_ignore_ascii_case(key) && with == value)
        });
        return Ok(tags);
    }
    Err(malformed("operation", operation))
}

fn body(scope: &str, tags: &Value) -> Value {
    json!({
        "id": format!("{scope}/providers/Microsoft.Resources/tags/default"),
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": { "tags": shown(tags) },
    })
}

/// The tags of the resource with this ARM id.
fn read(world: &mut World, id: &str) -> Option<Value> {
    let vault = vault(world, id).and_then(|name| world.vaults.get(&name));
    match vault {
        Some(vault) => Some(Value::Object(vault.tags.clone())),
        None => tags_of(world, id).cloned(),
    }
}

fn write(world: &mut World, id: &str, tags: Value) {
    match vault(world, id) {
        Some(name) => {
            world.vault_changes(&name);
            if let (Some(vault), Some(tags)) = (world.vaults.get_mut(&name), tags.as_object()) {
                vault.tags = tags.clone();
            }
        }
        None => {
            if let Some(stored) = tags_of(world, id) {
                *stored = tags;
            }
        }
    }
}

/// The name of the vault with this ARM id.
fn vault(world: &World, id: &str) -> Option<String> {
    let there = world.vaults.iter().filter(|(_, vault)| !vault.deleted);
    let mut names = there.map(|(name, _)| name);
    names
        .find(|name| world.vault_id(name).eq_ignore_ascii_case(id))
        .cloned()
}

fn tags_of<'a>(world: &'a mut World, id: &str) -> Option<&'a mut Value> {
    let lower = id.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split('/').skip(1).collect();
    match parts[..] {
        ["subscriptions", id] => world
            .subscription_mut(id)
            .map(|subscription| &mut subscription.tags),
        ["subscriptions", id, "resourcegroups", name] => {
            let subscription = world.subscription_mut(id)?;
            subscription
                .groups
                .get_mut(name)
                .map(|group| &mut group.tags)
        }
        _ => world
            .policies
            .get_mut(&lower)
            .map(|policy| &mut policy.tags),
    }
}
