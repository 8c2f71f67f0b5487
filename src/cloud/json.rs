//! Reading answers whose property names vary in case (`customerManagedKeys` and `CustomerManagedKeys` are both on record) and whose every
//! property may be missing.

pub use crate::model::text::clean;
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

/// The text at a path, cleaned; text of which nothing is left counts as missing, so that no name is empty.
pub fn text(value: &Value, path: &str) -> Option<String> {
    at(value, path).and_then(Value::as_str).map(|text| clean(text).trim().to_owned()).filter(|text| !text.is_empty())
}

/// The texts of the list at a path, cleaned.
pub fn texts(value: &Value, path: &str) -> Vec<String> {
    list(value, path).iter().filter_map(Value::as_str).map(clean).collect()
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
    fn a_name_that_nobody_can_see_is_no_name() {
        let value = json!({"name": " \u{202e}\u{200b}\u{1b}\n", "other": "\u{200f} Contoso\u{7} UAT\r\n"});
        assert_eq!(text(&value, "name"), None);
        assert_eq!(text(&value, "other").as_deref(), Some("Contoso UAT"));
    }
}
