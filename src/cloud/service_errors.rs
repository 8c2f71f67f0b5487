//! Reads the error message of an answer, in every recorded shape.

use crate::cloud::answer::Answer;
use crate::cloud::json;
use serde_json::Value;

/// Length limit of an HTML page in a message. Other text may be four times as long.
const EXCERPT: usize = 300;

/// Number of braces in a text that are tried as the start of JSON.
const QUOTES: usize = 8;

/// Code, innermost code and message of an error. `body` is the parsed JSON. The body may be the
/// documented shape, a bare object, text, HTML or empty.
pub(super) fn code_and_message(
    answer: &Answer,
    body: Option<&Value>,
) -> (Option<String>, Option<String>, String) {
    if answer.body.is_empty() {
        return (None, None, "the answer is empty".to_owned());
    }
    let Some(value) = body else {
        let text = String::from_utf8_lossy(&answer.body);
        return (None, None, excerpt(&text));
    };
    let error = error_in(value);
    // If `error` is a text, it is a code if it has one word, and a sentence otherwise.
    let text = json::text(value, "error");
    let (word, sentence) = match text {
        Some(text) if text.contains(' ') => (None, Some(text)),
        text => (text, None),
    };
    let code = code_of(error).or(word);
    let mut inner = None;
    let mut level = error;
    while let Some(next) = json::at(level, "innererror") {
        inner = json::text(next, "code").or(inner);
        level = next;
    }
    // OData v3 nests the text in `message.value`, beside its language.
    let mut message = json::text(error, "message")
        .or_else(|| json::text(error, "message.value"))
        .or_else(|| json::text(value, "error_description"))
        .or(sentence)
        .unwrap_or_default();
    let mut inside = Vec::new();
    parts(error, &mut inside);
    // Some gateways put the details beside the error.
    parts(value, &mut inside);
    let details = inside
        .into_iter()
        .filter_map(|part| json::text(part, "message"));
    let fields = json::at(error, "fieldErrors").and_then(Value::as_object);
    // The shape of a field error is not on record, so its JSON is shown as it is.
    let fields = fields
        .into_iter()
        .flatten()
        .map(|(_, field)| json::as_text(field).unwrap_or_else(|| field.to_string()));
    for text in details.chain(fields) {
        if !message.contains(&text) {
            message = format!("{message} {text}");
        }
    }
    if message.is_empty() && code.is_none() {
        message = value.to_string();
    }
    (code, inner, excerpt(&message))
}

/// The error object of a body, under its recorded names, otherwise the body itself. `errorDetail`
/// belongs to the Power Platform API (powerplatform-management SDK).
pub(super) fn error_in(body: &Value) -> &Value {
    ["error", "errorDetail", "odata.error"]
        .iter()
        .find_map(|name| member(body, name))
        .unwrap_or(body)
}

/// The error of another service that a service quotes as JSON in its message.
pub(super) fn quoted(error: &Value) -> Option<Value> {
    let message = json::text(error, "message")?;
    message.match_indices('{').take(QUOTES).find_map(|(at, _)| {
        let text = message.get(at..)?;
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        let value = values.next()?.ok()?;
        Some(error_in(&value).clone()).filter(|error| code_of(error).is_some())
    })
}

/// Collects all nested errors: the details and the inner errors.
pub(super) fn parts<'a>(error: &'a Value, into: &mut Vec<&'a Value>) {
    for name in ["innererror", "details", "errors"] {
        let inside = match json::at(error, name) {
            Some(Value::Array(all)) => all.as_slice(),
            Some(object @ Value::Object(_)) => std::slice::from_ref(object),
            _ => continue,
        };
        for part in inside {
            into.push(part);
            parts(part, into);
        }
    }
}

/// The error code. Some gateways write a number.
pub(super) fn code_of(error: &Value) -> Option<String> {
    ["code", "errorCode"].iter().find_map(|name| {
        let text = json::text(error, name).filter(|text| !text.is_empty());
        text.or_else(|| json::number(error, name).map(|code| code.to_string()))
    })
}

/// A member that is an object. Its name may contain a dot.
fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let fields = value.as_object()?.iter();
    let mut fits = fields.filter(|(key, _)| key.eq_ignore_ascii_case(name));
    fits.next()
        .map(|(_, value)| value)
        .filter(|value| value.is_object())
}

fn excerpt(text: &str) -> String {
    let clean = json::clean(text);
    let short: String = clean
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(EXCERPT * 4)
        .collect();
    if short.starts_with('<') {
        short.chars().take(EXCERPT).collect()
    } else {
        short
    }
}
