//! Changes one part of an answer: it is removed, has another type, or has another name. The request
//! takes its normal effect.

use crate::message::Reply;
use crate::scenario::rules::Poorer;
use serde_json::{Map, Value, json};

/// A value that is in no enumeration.
const ODD: &str = "Wibble";

/// Changes the part at the JSON pointer `at` of the reply to `url`. A reply without that part stays
/// as it is.
pub(super) fn reply((kind, at): (Poorer, &str), url: &str, mut reply: Reply) -> Reply {
    let Ok(mut body) = serde_json::from_slice::<Value>(&reply.body) else {
        return reply;
    };
    if change((kind, at), url, &mut body).is_some() {
        reply.body = body.to_string().into_bytes();
    }
    reply
}

fn change((kind, at): (Poorer, &str), url: &str, body: &mut Value) -> Option<()> {
    match kind {
        Poorer::Drop | Poorer::Rename | Poorer::Recase => {
            let (parent, name) = at.rsplit_once('/')?;
            let parent = body.pointer_mut(parent)?;
            match parent {
                Value::Array(items) => {
                    let index: usize = name.parse().ok()?;
                    (index < items.len()).then(|| items.remove(index))?;
                }
                Value::Object(fields) => {
                    let name = name.replace("~1", "/").replace("~0", "~");
                    *fields = without(fields, &name, kind)?;
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
            }
        }
        Poorer::Null => *body.pointer_mut(at)? = Value::Null,
        Poorer::Retype => {
            let value = body.pointer_mut(at)?;
            *value = match value {
                Value::Null | Value::Number(_) | Value::Object(_) | Value::Array(_) => json!("odd"),
                Value::Bool(flag) => json!(flag.to_string()),
                Value::String(_) => json!(7),
            };
        }
        Poorer::Word => *body.pointer_mut(at).filter(|value| value.is_string())? = json!(ODD),
        Poorer::Empty => body.pointer_mut(at)?.as_array_mut()?.clear(),
        Poorer::Cut => {
            let items = body.pointer_mut(at)?.as_array_mut()?;
            items.pop()?;
        }
        Poorer::NextSelf => lead_on(body, "nextLink", json!(url))?,
        Poorer::NextSpelled => lead_on(body, "@odata.NextLink", json!(url))?,
        Poorer::NextNumber => lead_on(body, "nextLink", json!(7))?,
    }
    Some(())
}

/// Makes `to` the only next link of the list.
fn lead_on(body: &mut Value, name: &str, to: Value) -> Option<()> {
    let fields = body
        .as_object_mut()
        .filter(|map| map.contains_key("value"))?;
    fields.retain(|name, _| !name.to_ascii_lowercase().ends_with("nextlink"));
    fields.insert(name.to_owned(), to);
    Some(())
}

/// The fields in their order, with `name` removed or renamed.
fn without(fields: &Map<String, Value>, name: &str, kind: Poorer) -> Option<Map<String, Value>> {
    fields.get(name)?;
    let renamed = match kind {
        Poorer::Rename => Some(format!("{name}Odd")),
        Poorer::Recase => Some(recased(name)),
        Poorer::Drop
        | Poorer::Null
        | Poorer::Retype
        | Poorer::Word
        | Poorer::Empty
        | Poorer::Cut
        | Poorer::NextSelf
        | Poorer::NextSpelled
        | Poorer::NextNumber => None,
    };
    let entry = |(field, value): (&String, &Value)| {
        let called = if field == name {
            renamed.clone()?
        } else {
            field.clone()
        };
        Some((called, value.clone()))
    };
    Some(fields.iter().filter_map(entry).collect())
}

/// The name with the case of its first letter changed.
fn recased(name: &str) -> String {
    let mut letters = name.chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    let first = if first.is_lowercase() {
        first.to_uppercase().to_string()
    } else {
        first.to_lowercase().to_string()
    };
    first + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_changed_and_nothing_else() {
        let whole = json!({ "a": { "b": "x", "c": [1, 2] }, "d": true });
        let changed = |kind, at: &str| {
            let mut body = whole.clone();
            change((kind, at), "https://here/", &mut body).map(|()| body)
        };
        let with_a = |a: Value| Some(json!({ "a": a, "d": true }));
        for (kind, at, expected) in [
            (Poorer::Drop, "/a/b", with_a(json!({ "c": [1, 2] }))),
            (
                Poorer::Drop,
                "/a/c/0",
                with_a(json!({ "b": "x", "c": [2] })),
            ),
            (
                Poorer::Rename,
                "/a/b",
                with_a(json!({ "bOdd": "x", "c": [1, 2] })),
            ),
            (
                Poorer::Recase,
                "/a/b",
                with_a(json!({ "B": "x", "c": [1, 2] })),
            ),
            (Poorer::Null, "/a", Some(json!({ "a": null, "d": true }))),
            (
                Poorer::Retype,
                "/d",
                Some(json!({ "a": whole["a"], "d": "true" })),
            ),
            (
                Poorer::Retype,
                "/a/b",
                with_a(json!({ "b": 7, "c": [1, 2] })),
            ),
            (
                Poorer::Word,
                "/a/b",
                with_a(json!({ "b": "Wibble", "c": [1, 2] })),
            ),
            (Poorer::Empty, "/a/c", with_a(json!({ "b": "x", "c": [] }))),
            (Poorer::Cut, "/a/c", with_a(json!({ "b": "x", "c": [1] }))),
            (Poorer::Word, "/d", None),
            (Poorer::Drop, "/z", None),
            (Poorer::Empty, "/a", None),
            (Poorer::NextSelf, "", None),
        ] {
            assert_eq!(changed(kind, at), expected, "{kind:?} {at}");
        }
    }

    #[test]
    fn a_list_leads_on_to_itself() {
        for (kind, next) in [
            (
                Poorer::NextSelf,
                json!({ "value": [], "nextLink": "https://here/" }),
            ),
            (
                Poorer::NextSpelled,
                json!({ "value": [], "@odata.NextLink": "https://here/" }),
            ),
            (Poorer::NextNumber, json!({ "value": [], "nextLink": 7 })),
        ] {
            let mut list = json!({ "value": [], "nextLink": "https://there/" });
            change((kind, ""), "https://here/", &mut list).unwrap();
            assert_eq!(list, next, "{kind:?}");
        }
    }
}
