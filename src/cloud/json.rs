//! Reads the services' JSON. Property names vary in case (`customerManagedKeys` and
//! `CustomerManagedKeys` are both on record), and any property may be missing.

use crate::model::known::Known;
pub use crate::model::text::clean;
use crate::model::word::{Vocabulary, Word};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// Length limit of an unreadable value in a message.
const SHOWN: usize = 60;

/// The value at a dotted path; names are compared without case, and `null` counts as missing. Use
/// it only for display. Use [`must`] or [`maybe`] for decisions, because they tell a missing value
/// from an unreadable one.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    look(value, path).ok().flatten()
}

/// 2000-01-01 in seconds since 1970. No resource of these services is older.
pub(super) const BEGAN: i64 = 946_684_800;

/// The value of a name in any case. Two spellings with different values are an error, because it is
/// unclear which counts.
fn field<'a>(map: &'a Map<String, Value>, name: &str) -> Result<Option<&'a Value>, String> {
    let mut fits = map
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value);
    let first = fits.next();
    tracing::trace!("looks for the field `{name}`");
    if fits.any(|other| Some(other) != first) {
        Err(format!("`{name}` appears twice with different values"))
    } else {
        Ok(first)
    }
}

/// The value at a dotted path. `None` if the value or one of its parents is missing or `null`.
///
/// # Errors
/// A clause: a parent is not an object, or a name appears twice with different values.
pub fn look<'a>(value: &'a Value, path: &str) -> Result<Option<&'a Value>, String> {
    let mut current = value;
    for name in path.split('.') {
        if current.is_null() {
            return Ok(None);
        }
        let map = current.as_object().ok_or_else(|| {
            format!(
                "the parent of `{name}` is {}, not an object",
                shown(current)
            )
        })?;
        match field(map, name)? {
            Some(value) => current = value,
            None => return Ok(None),
        }
    }
    Ok((!current.is_null()).then_some(current))
}

/// A fact that the service may omit. `None` if it is missing or `null`, and unknown if it is
/// unreadable.
pub fn maybe<T>(
    value: &Value,
    path: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Known<Option<T>> {
    match look(value, path) {
        Ok(None) => Known::Known(None),
        Ok(Some(found)) => read(found).map_or_else(
            || {
                Known::Unknown(format!(
                    "`{}` is {}, which can't be understood",
                    last(path),
                    shown(found)
                ))
            },
            |fact| Known::Known(Some(fact)),
        ),
        Err(why) => Known::Unknown(why),
    }
}

/// A fact that the service always states. A missing value is unknown.
pub fn must<T>(value: &Value, path: &str, read: impl FnOnce(&Value) -> Option<T>) -> Known<T> {
    maybe(value, path, read).and_then(|fact| {
        fact.map_or_else(
            || Known::Unknown(format!("`{}` is missing", last(path))),
            Known::Known,
        )
    })
}

/// An enumeration value that the service always states. If it is unknown, the reason names its
/// field and value.
pub fn word<T: Vocabulary>(value: &Value, path: &str) -> Word<T> {
    word_of(value, path, T::FIELD)
}

/// Like [`word`], with the field's name for the message.
pub fn word_of<T: Vocabulary>(value: &Value, path: &str, field: &str) -> Word<T> {
    match look(value, path) {
        Ok(None) => Word::unsaid(format!("`{field}` is missing")),
        Ok(Some(found)) => as_text(found).map_or_else(
            || {
                let found = shown(found);
                Word::unsaid(format!("`{field}` is {found}, which can't be understood"))
            },
            |text| Word::read(field, &text),
        ),
        Err(why) => Word::unsaid(why),
    }
}

/// For [`must`] and [`maybe`]: a cleaned text that is not empty.
pub fn as_text(value: &Value) -> Option<String> {
    value
        .as_str()
        .map(|text| clean(text).trim().to_owned())
        .filter(|text| !text.is_empty())
}

/// For [`must`] and [`maybe`]: a boolean. The texts `true` and `false` count too.
pub fn as_flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

/// For [`must`] and [`maybe`]: a whole number of at least 0.
pub fn as_count(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|count| u32::try_from(count).ok())
}

/// For [`must`] and [`maybe`]: whole seconds since 1970.
pub fn as_seconds(value: &Value) -> Option<Timestamp> {
    value
        .as_i64()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
}

/// For [`must`] and [`maybe`]: an RFC 3339 date. A date before 2000, such as `0001-01-01`, is a
/// placeholder and counts as unreadable.
pub fn as_date(value: &Value) -> Option<Timestamp> {
    value
        .as_str()
        .and_then(|text| text.trim().parse().ok())
        .filter(|date: &Timestamp| date.as_second() > BEGAN)
}

/// For [`must`] and [`maybe`]: a creation time in seconds since 1970.
pub fn as_made(value: &Value) -> Option<Timestamp> {
    as_seconds(value).filter(|date| date.as_second() > BEGAN)
}

/// For [`must`] and [`maybe`]: a list that holds only texts.
pub fn as_texts(value: &Value) -> Option<Vec<String>> {
    value
        .as_array()?
        .iter()
        .map(|item| item.as_str().map(clean))
        .collect()
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

fn shown(value: &Value) -> String {
    let text: String = clean(&value.to_string()).chars().take(SHOWN).collect();
    format!("`{text}`")
}

/// Makes a body readable for `serde_json`. It removes a byte order mark, which RFC 8259 allows. It
/// replaces half a surrogate pair, which .NET writes if it cuts a text inside an emoji.
pub(crate) fn readable(body: Bytes) -> Bytes {
    let body = if body.starts_with(b"\xef\xbb\xbf") {
        body.slice(3..)
    } else {
        body
    };
    let mut broken = Vec::new();
    let mut index = 0;
    while let Some(at) = body
        .get(index..)
        .and_then(|rest| rest.iter().position(|byte| *byte == b'\\'))
    {
        let start = index + at;
        let unit = |from: usize| match body.get(from..from + 6) {
            Some([b'\\', b'u', digits @ ..]) => std::str::from_utf8(digits)
                .ok()
                .and_then(|text| u16::from_str_radix(text, 16).ok()),
            _ => None,
        };
        index = match (unit(start), unit(start + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => start + 12,
            (Some(0xd800..0xe000), _) => {
                broken.push(start);
                start + 6
            }
            // Any other escape has at least two bytes. Its second byte starts no escape.
            _ => start + 2,
        };
    }
    if broken.is_empty() {
        return body;
    }
    let mut mended = body.to_vec();
    for start in broken {
        if let Some(escape) = mended.get_mut(start..start + 6) {
            escape.copy_from_slice(b"\\ufffd");
        }
    }
    mended.into()
}

/// The cleaned text at a path. An empty text counts as missing, so that no name is empty.
pub fn text(value: &Value, path: &str) -> Option<String> {
    at(value, path).and_then(as_text)
}

/// The cleaned texts of the list at a path.
pub fn texts(value: &Value, path: &str) -> Vec<String> {
    list(value, path)
        .iter()
        .filter_map(Value::as_str)
        .map(clean)
        .collect()
}

/// The whole number at a path.
pub fn number(value: &Value, path: &str) -> Option<i64> {
    at(value, path).and_then(Value::as_i64)
}

/// The list at a path, or an empty list for any other value.
pub fn list<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    at(value, path)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_ignore_case_and_null_is_missing() {
        let value = json!({"Properties": {"customermanagedkeys": {"policyId": "x"}, "none": null,
            "empty": ""}});
        assert_eq!(
            text(&value, "properties.customerManagedKeys.PolicyID").as_deref(),
            Some("x")
        );
        assert_eq!(at(&value, "properties.none"), None);
        assert_eq!(text(&value, "properties.empty"), None);
        assert_eq!(at(&value, "properties.none.deeper"), None);
        assert!(list(&value, "properties.none").is_empty());
    }

    #[test]
    fn a_name_that_nobody_can_see_is_no_name() {
        let value =
            json!({"name": " \u{202e}\u{200b}\u{1b}\n", "other": "\u{200f} Contoso\u{7} UAT\r\n"});
        assert_eq!(text(&value, "name"), None);
        assert_eq!(text(&value, "other").as_deref(), Some("Contoso UAT"));
    }

    #[test]
    fn missing_is_one_thing_and_not_understood_another() {
        let value =
            json!({"a": {"b": 1, "none": null, "text": "x"}, "flat": "no object", "empty": ""});
        assert_eq!(maybe(&value, "a.b", Value::as_i64), Known::Known(Some(1)));
        for missing in ["a.c", "a.none", "a.none.deeper", "c.d"] {
            assert_eq!(
                maybe(&value, missing, Value::as_i64),
                Known::Known(None),
                "{missing}"
            );
            assert!(
                must(&value, missing, Value::as_i64)
                    .unknown()
                    .is_some_and(|why| why.ends_with("is missing"))
            );
        }
        for odd in ["a.text", "flat.b", "a.b.c", "empty"] {
            assert!(
                maybe(&value, odd, Value::as_i64).unknown().is_some(),
                "{odd}"
            );
        }
        assert_eq!(
            as_date(&json!("2026-03-02T08:00:00.1234567Z"))
                .unwrap()
                .as_second(),
            1_772_438_400
        );
        for odd in [json!("02.03.2026"), json!(1), json!("")] {
            assert_eq!(as_date(&odd), None, "{odd}");
        }
        assert_eq!(as_seconds(&json!(1.5)).or(as_seconds(&json!("1"))), None);
        assert_eq!(as_texts(&json!(["a", 1])), None);
    }

    #[test]
    fn a_mark_in_front_and_half_an_emoji_do_not_make_an_answer_unreadable() {
        for (body, read) in [
            ("\u{feff}{\"a\": \"b\"}", json!({"a": "b"})),
            (r#"{"a": "cut \ud83d"}"#, json!({"a": "cut \u{fffd}"})),
            (
                r#"{"a": "\udc00\uD83D x"}"#,
                json!({"a": "\u{fffd}\u{fffd} x"}),
            ),
            (
                r#"{"a": "\ud83d\ude00 \u00e9"}"#,
                json!({"a": "\u{1f600} \u{e9}"}),
            ),
            (
                r#"{"a": "\\ud83d", "b": "\\\ud83d"}"#,
                json!({"a": "\\ud83d", "b": "\\\u{fffd}"}),
            ),
            (r#"{"a": "\n\ud83d\n"}"#, json!({"a": "\n\u{fffd}\n"})),
        ] {
            let mended = readable(Bytes::copy_from_slice(body.as_bytes()));
            assert_eq!(
                serde_json::from_slice::<Value>(&mended).unwrap(),
                read,
                "{body}"
            );
        }
        for odd in ["", "\\", "\\u", "\\ud83", "\\ud83d\\", "x\\\\"] {
            assert_eq!(
                readable(Bytes::copy_from_slice(odd.as_bytes())).len(),
                odd.len(),
                "{odd}"
            );
        }
    }
}
