//! Reading answers whose property names vary in case (`customerManagedKeys` and `CustomerManagedKeys` are both on record) and whose every
//! property may be missing.

use jiff::Timestamp;
use serde_json::Value;

/// The value at a dotted path, names compared without case. `null` counts as missing.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let mut here = value;
    for name in path.split('.') {
        let map = here.as_object()?;
        here = map
            .get(name)
            .or_else(|| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))?;
    }
    (!here.is_null()).then_some(here)
}

/// The text at a path; empty text counts as missing.
pub fn text(value: &Value, path: &str) -> Option<String> {
    at(value, path).and_then(Value::as_str).filter(|text| !text.is_empty()).map(clean)
}

/// The truth value at a path; `"true"` and `"false"` count as such.
pub fn flag(value: &Value, path: &str) -> Option<bool> {
    match at(value, path)? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

/// The whole number at a path.
pub fn number(value: &Value, path: &str) -> Option<i64> {
    at(value, path).and_then(Value::as_i64)
}

/// The list at a path; anything else is an empty list.
pub fn list<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    at(value, path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The seconds since 1970 at a path, as a time.
pub fn unix_time(value: &Value, path: &str) -> Option<Timestamp> {
    number(value, path).and_then(|seconds| Timestamp::from_second(seconds).ok())
}

/// Text from a service, without control characters (terminal escapes among them) and without the invisible marks that reorder text.
pub fn clean(text: &str) -> String {
    let hidden = |ch: char| {
        ch.is_control()
            || matches!(ch, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|ch| if matches!(ch, '\n' | '\r' | '\t') { ' ' } else { ch }).filter(|ch| !hidden(*ch)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_ignore_case_and_null_is_missing() {
        let value = json!({"Properties": {"customermanagedkeys": {"policyId": "x"}, "none": null, "empty": ""}});
        assert_eq!(text(&value, "properties.customerManagedKeys.PolicyID").as_deref(), Some("x"));
        assert_eq!(at(&value, "properties.none"), None);
        assert_eq!(text(&value, "properties.empty"), None);
        assert_eq!(at(&value, "properties.none.deeper"), None);
        assert!(list(&value, "properties.none").is_empty());
    }

    #[test]
    fn terminal_escapes_and_reordering_marks_are_dropped() {
        assert_eq!(clean("a\u{1b}[31mb\u{7}\u{202e}c\nd\u{9b}e"), "a[31mbc de");
    }
}
