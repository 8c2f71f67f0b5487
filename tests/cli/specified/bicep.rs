//! Converts Bicep's resource types to JSON Schema draft 4. A file is an array of types that refer
//! to each other by index. The flags of a property tell which side sends it.

use super::draft4::{OPEN, Side, whole};
use serde_json::{Map, Value, json};

const REQUIRED: u64 = 1;
const READ_ONLY: u64 = 2;
const WRITE_ONLY: u64 = 4;
/// Given by the request's address, and never in its body.
const BY_THE_ADDRESS: u64 = 8;

/// The types of a file as definitions, and the type of this resource. With `partly`, it is a
/// change, in which properties may be missing.
pub(super) fn resource(types: &Value, name: &str, side: Side, partly: bool) -> Option<Value> {
    let all = types.as_array()?;
    let found = all.iter().find(|one| {
        let full = one["name"].as_str().unwrap_or_default();
        one["$type"] == "ResourceType" && full.split('@').next() == Some(name)
    })?;
    let body = &found["body"]["$ref"];
    let properties = &types[index(body)]["properties"]["properties"]["type"]["$ref"];
    let definition = |name: &str| {
        let at: usize = name.parse().unwrap();
        let mut made = draft4(&all[at], all, side);
        if partly && [body, properties].iter().any(|own| index(own) == at) {
            made.as_object_mut().unwrap().remove("required");
        }
        made
    };
    Some(whole(json!({ "$ref": to(body) }), definition))
}

fn index(path: &Value) -> usize {
    let text = path.as_str().unwrap_or_default();
    text.trim_start_matches("#/").parse().unwrap()
}

fn to(path: &Value) -> Value {
    json!(format!("#/definitions/{}", index(path)))
}

fn draft4(one: &Value, all: &[Value], side: Side) -> Value {
    let leads = |path: &Value| json!({ "$ref": to(path) });
    match one["$type"].as_str().unwrap_or_default() {
        "StringType" => {
            let mut made = one.as_object().cloned().unwrap_or_default();
            made.remove("$type");
            made.insert("type".to_owned(), json!("string"));
            Value::Object(made)
        }
        "StringLiteralType" => json!({ "enum": [one["value"]] }),
        "BooleanType" => json!({ "type": "boolean" }),
        "IntegerType" => json!({ "type": "integer" }),
        "AnyType" | "ResourceType" => json!({}),
        "ArrayType" => json!({ "type": "array", "items": leads(&one["itemType"]["$ref"]) }),
        "UnionType" => json!({ "type": "string", "enum": words(one, all) }),
        "ObjectType" => object(one, side),
        other => panic!("what is a {other}?"),
    }
}

/// A union that includes any string is open to new words.
fn words(one: &Value, all: &[Value]) -> Vec<Value> {
    let elements = one["elements"].as_array().into_iter().flatten();
    elements
        .map(|element| {
            let element = &all[index(&element["$ref"])];
            let literal = element["$type"] == "StringLiteralType";
            if literal {
                element["value"].clone()
            } else {
                json!(OPEN)
            }
        })
        .collect()
}

fn object(one: &Value, side: Side) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, property) in one["properties"].as_object().into_iter().flatten() {
        let flags = property["flags"].as_u64().unwrap_or_default();
        let by_the_address = flags & BY_THE_ADDRESS != 0;
        let not_mine = match side {
            Side::Request => flags & (READ_ONLY | BY_THE_ADDRESS) != 0,
            // Only templates have the version.
            Side::Answer => flags & WRITE_ONLY != 0 || (by_the_address && name == "apiVersion"),
        };
        let made = if not_mine {
            json!({ "not": {} })
        } else if by_the_address {
            json!({ "type": "string" })
        } else {
            json!({ "$ref": to(&property["type"]["$ref"]) })
        };
        properties.insert(name.clone(), made);
        if flags & REQUIRED != 0 && !not_mine && !by_the_address {
            required.push(name.clone());
        }
    }
    let more = &one["additionalProperties"]["$ref"];
    let free = properties.is_empty() && more.is_null();
    let more = if more.is_null() {
        json!(free)
    } else {
        json!({ "$ref": to(more) })
    };
    let mut made = json!({
        "type": "object", "properties": properties, "additionalProperties": more,
    });
    if !required.is_empty() {
        made["required"] = json!(required);
    }
    made
}
