//! Reads request bodies field by field. Each field must have its type, and unknown fields are
//! refused. `null` counts as missing.

use serde_json::{Map, Value};

/// The name of the field with the wrong value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wrong(pub(super) String);

/// A JSON object of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// Reads an object; `name` is its field's name.
    ///
    /// # Errors
    /// The value is not an object, or it has a field that is not in `known`.
    pub(super) fn of(value: &'a Value, name: &str, known: &[&str]) -> Result<Self, Wrong> {
        let fields = value.as_object().ok_or_else(|| Wrong(name.to_owned()))?;
        match fields.keys().find(|field| !known.contains(&field.as_str())) {
            Some(unknown) => Err(Wrong(unknown.clone())),
            None => Ok(Self(fields)),
        }
    }

    /// The value of a field; `None` if it is missing or `null`.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn read<T>(
        &self,
        name: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Wrong> {
        match self.get(name).map(read) {
            Some(None) => Err(Wrong(name.to_owned())),
            other => Ok(other.flatten()),
        }
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Wrong> {
        self.read(name, Value::as_bool)
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Wrong> {
        self.read(name, Value::as_i64)
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, Wrong> {
        self.read(name, Value::as_str)
    }

    pub(super) fn list(&self, name: &str) -> Result<Option<&'a Vec<Value>>, Wrong> {
        self.read(name, Value::as_array)
    }

    /// A nested object.
    pub(super) fn object(&self, name: &str, known: &[&str]) -> Result<Option<Self>, Wrong> {
        self.get(name)
            .map(|value| Fields::of(value, name, known))
            .transpose()
    }

    /// One of these words, in the spelling of `allowed`. Case is ignored.
    pub(super) fn word(
        &self,
        name: &str,
        allowed: &'static [&'static str],
    ) -> Result<Option<&'static str>, Wrong> {
        self.read(name, |value| word(value, allowed))
    }

    /// Tags: a text for each name.
    pub(super) fn tags(&self) -> Result<Option<Map<String, Value>>, Wrong> {
        self.read("tags", |value| {
            let tags = value.as_object()?;
            tags.values().all(Value::is_string).then(|| tags.clone())
        })
    }
}

/// The word among `allowed` that equals the value. Case is ignored.
pub(super) fn word(value: &Value, allowed: &[&'static str]) -> Option<&'static str> {
    let text = value.as_str()?;
    let mut allowed = allowed.iter();
    allowed
        .find(|word| word.eq_ignore_ascii_case(text))
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_field_is_of_its_type_left_out_or_wrong() {
        let body = json!({ "flag": "yes", "number": 1.5, "text": 1, "list": {}, "none": null,
            "word": "ALLOW", "tags": { "a": 1 } });
        let known = ["flag", "number", "text", "list", "none", "word", "tags"];
        let fields = Fields::of(&body, "body", &known).unwrap();
        let wrong = |name: &str| Wrong(name.to_owned());
        assert_eq!(fields.flag("flag"), Err(wrong("flag")));
        assert_eq!(fields.number("number"), Err(wrong("number")));
        assert_eq!(fields.text("text"), Err(wrong("text")));
        assert_eq!(fields.list("list"), Err(wrong("list")));
        assert_eq!(fields.tags(), Err(wrong("tags")));
        assert_eq!(fields.text("none"), Ok(None));
        assert_eq!(fields.word("word", &["Allow", "Deny"]), Ok(Some("Allow")));
        assert_eq!(fields.word("word", &["Deny"]), Err(wrong("word")));
        assert_eq!(
            Fields::of(&body, "body", &known[1..]).err(),
            Some(wrong("flag"))
        );
        assert_eq!(
            Fields::of(&json!([]), "body", &[]).err(),
            Some(wrong("body"))
        );
    }
}
