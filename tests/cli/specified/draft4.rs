//! Converts Swagger's schemas to JSON Schema draft 4. `allOf` is flattened, unnamed properties are
//! forbidden, and so are properties that only the other side may send.

use serde_json::{Map, Value, json};

/// The side whose message is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Side {
    Request,
    Answer,
}

/// Marks an enumeration as open to new words.
pub(super) const OPEN: &str = "(others may follow)";

/// The schema of a property that only the other side may send.
fn forbidden() -> Value {
    json!({ "not": {} })
}

/// The schema with exactly the definitions that it needs, because compiling takes time.
pub(super) fn whole(mut schema: Value, definition: impl Fn(&str) -> Value) -> Value {
    let mut definitions = Map::new();
    let mut left = led_to(&schema);
    while let Some(name) = left.pop() {
        if !definitions.contains_key(&name) {
            let made = definition(&name);
            left.extend(led_to(&made));
            definitions.insert(name, made);
        }
    }
    schema["definitions"] = Value::Object(definitions);
    schema
}

/// The names of the definitions that a schema refers to.
fn led_to(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(fields) => {
            let own = fields.get("$ref").and_then(Value::as_str);
            let own = own.and_then(|path| path.strip_prefix("#/definitions/"));
            let inner = fields.values().flat_map(led_to);
            own.map(str::to_owned).into_iter().chain(inner).collect()
        }
        Value::Array(items) => items.iter().flat_map(led_to).collect(),
        _ => Vec::new(),
    }
}

/// Converts a schema, which may refer to `#/definitions`.
pub(super) fn draft4(schema: &Value, all: &Value, side: Side) -> Value {
    let nullable = schema["x-nullable"] == true;
    if let Some(path) = schema.get("$ref") {
        let to = json!({ "$ref": path });
        return if nullable {
            json!({ "anyOf": [to, { "type": "null" }] })
        } else {
            to
        };
    }
    let flat = flattened(schema, all);
    let mut made = Map::new();
    for (name, value) in &flat {
        match name.as_str() {
            "type" if nullable => made.insert(name.clone(), json!([value, "null"])),
            "type" | "pattern" | "minLength" | "maxLength" | "minimum" | "maximum" | "minItems"
            | "maxItems" | "uniqueItems" => made.insert(name.clone(), value.clone()),
            "format" => format(value, &mut made),
            "enum" => made.insert(name.clone(), words(value, &flat, nullable)),
            "items" => made.insert(name.clone(), draft4(value, all, side)),
            "additionalProperties" if value.is_object() => {
                made.insert(name.clone(), draft4(value, all, side))
            }
            "properties" => made.insert(name.clone(), properties(value, all, side)),
            "required" => made.insert(name.clone(), required(value, &flat, side)),
            _ => None,
        };
    }
    let named = flat.get("properties").and_then(Value::as_object);
    if named.is_some_and(|names| !names.is_empty()) {
        let object = if nullable {
            json!(["object", "null"])
        } else {
            json!("object")
        };
        made.entry("type").or_insert(object);
        if flat.get("additionalProperties").is_none_or(Value::is_null) {
            made.insert("additionalProperties".to_owned(), json!(false));
        }
    }
    // Draft 4 does not allow an empty `required`.
    made.retain(|name, value| name != "required" || value != &json!([]));
    Value::Object(made)
}

/// The schema with its `allOf` parts merged.
fn flattened(schema: &Value, all: &Value) -> Map<String, Value> {
    let mut flat = schema.as_object().cloned().unwrap_or_default();
    let parts = flat.remove("allOf");
    for part in parts.iter().filter_map(Value::as_array).flatten() {
        let part = part["$ref"].as_str().map_or(part, |path| {
            let name = path.trim_start_matches("#/definitions/");
            all.get(name).unwrap_or_else(|| panic!("no {path}"))
        });
        for (name, value) in flattened(part, all) {
            match (flat.get_mut(&name), value) {
                (Some(Value::Object(own)), Value::Object(more)) => {
                    for (name, value) in more {
                        own.entry(name).or_insert(value);
                    }
                }
                (Some(Value::Array(own)), Value::Array(more)) => own.extend(more),
                (Some(_), _) => {}
                (None, value) => {
                    flat.insert(name, value);
                }
            }
        }
    }
    flat
}

fn format(value: &Value, made: &mut Map<String, Value>) -> Option<Value> {
    match value.as_str() {
        // Key Vault's times are numbers.
        Some("unixtime") => made.insert("type".to_owned(), json!("integer")),
        Some("int32" | "int64") => None,
        _ => made.insert("format".to_owned(), value.clone()),
    }
}

fn words(value: &Value, flat: &Map<String, Value>, nullable: bool) -> Value {
    let open = flat
        .get("x-ms-enum")
        .is_some_and(|own| own["modelAsString"] == true);
    let mut words = value.as_array().cloned().unwrap_or_default();
    words.extend(open.then(|| json!(OPEN)));
    words.extend(nullable.then_some(Value::Null));
    Value::Array(words)
}

/// May this side send it?
fn may(schema: &Value, side: Side) -> bool {
    let mutability = schema["x-ms-mutability"].as_array();
    let when = |time: &str| mutability.is_none_or(|all| all.iter().any(|own| own == time));
    match side {
        Side::Request => schema["readOnly"] != true && (when("create") || when("update")),
        Side::Answer => when("read"),
    }
}

fn properties(value: &Value, all: &Value, side: Side) -> Value {
    let entries = value.as_object().into_iter().flatten();
    entries
        .map(|(name, schema)| {
            let made = if may(schema, side) {
                draft4(schema, all, side)
            } else {
                forbidden()
            };
            (name.clone(), made)
        })
        .collect::<Map<_, _>>()
        .into()
}

fn required(value: &Value, flat: &Map<String, Value>, side: Side) -> Value {
    let of = |name: &Value| flat.get("properties")?.get(name.as_str()?);
    let names = value.as_array().into_iter().flatten();
    names
        .filter(|name| of(name).is_none_or(|schema| may(schema, side)))
        .cloned()
        .collect()
}
