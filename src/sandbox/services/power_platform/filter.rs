//! The supported subset of OData's `$filter` in the lists of Power Platform: comparisons with `eq`
//! and `ne`, joined by `and`. Anything else is refused, because a client would misread a list whose
//! filter was ignored.

use super::queries::Refused;
use serde_json::Value;

/// A filter that was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Filter(Vec<Comparison>);

#[derive(Debug, Clone, PartialEq)]
struct Comparison {
    field: String,
    equal: bool,
    value: Value,
}

impl Filter {
    /// Reads a filter. An empty text matches everything. `fields` are the supported fields, with
    /// `/` between their parts.
    ///
    /// # Errors
    /// A field, an operator or a function is not supported.
    pub(super) fn parse(text: &str, fields: &[&str]) -> Result<Self, Refused> {
        let mut rest = text.trim();
        let mut all = Vec::new();
        while !rest.is_empty() {
            let (comparison, after) = comparison(rest, fields).ok_or_else(|| {
                Refused::query(format!(
                    "The filter '{text}' is not supported here (inferred)."
                ))
            })?;
            all.push(comparison);
            rest = after;
        }
        Ok(Self(all))
    }

    /// Does the filter match every item?
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Does an item match? `of` gives its fields. Texts are compared without case, like ids and
    /// names.
    pub(super) fn fits(&self, of: impl Fn(&str) -> Value) -> bool {
        self.0.iter().all(|comparison| {
            let found = of(&comparison.field);
            let same = match (&found, &comparison.value) {
                (Value::String(actual), Value::String(wanted)) => {
                    actual.eq_ignore_ascii_case(wanted)
                }
                (actual, wanted) => actual == wanted,
            };
            same == comparison.equal
        })
    }
}

/// The field of an item at a path such as `properties/displayName`; `null` if it is missing.
pub(super) fn at(item: &Value, path: &str) -> Value {
    item.pointer(&format!("/{path}"))
        .cloned()
        .unwrap_or_default()
}

/// The first comparison of a text, and the rest after its `and`.
fn comparison<'a>(text: &'a str, fields: &[&str]) -> Option<(Comparison, &'a str)> {
    let (field, rest) = text.split_once(' ')?;
    // `$expand` uses both spellings of a path, with a dot and with a slash.
    let field = field.replace('.', "/");
    let field = fields
        .iter()
        .find(|known| known.eq_ignore_ascii_case(&field))?;
    let (operator, rest) = rest.trim_start().split_once(' ')?;
    let equal = match operator.to_ascii_lowercase().as_str() {
        "eq" => true,
        "ne" => false,
        _ => return None,
    };
    let (value, rest) = value(rest.trim_start())?;
    let comparison = Comparison {
        field: (*field).to_owned(),
        equal,
        value,
    };
    if rest.trim_start().is_empty() {
        return Some((comparison, ""));
    }
    let (word, after) = rest.strip_prefix(' ')?.trim_start().split_once(' ')?;
    let after = after.trim_start();
    (word.eq_ignore_ascii_case("and") && !after.is_empty()).then_some((comparison, after))
}

/// A text in single quotes, where two quotes stand for one; or `true`, `false`, `null`.
fn value(text: &str) -> Option<(Value, &str)> {
    let Some(mut inside) = text.strip_prefix('\'') else {
        let end = text.find(' ').unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        let value = match word {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            _ => return None,
        };
        return Some((value, rest));
    };
    let mut whole = String::new();
    loop {
        let (part, rest) = inside.split_once('\'')?;
        whole.push_str(part);
        match rest.strip_prefix('\'') {
            Some(more) => {
                whole.push('\'');
                inside = more;
            }
            None => return Some((Value::from(whole), rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FIELDS: [&str; 3] = ["name", "properties/sku", "properties/isDefault"];

    #[test]
    fn items_fit_or_they_do_not() {
        let item = json!({ "name": "a", "properties": { "sku": "O'Neil and Sons" } });
        for (filter, fits) in [
            ("", true),
            ("  ", true),
            ("name eq 'A'", true),
            ("name ne 'a'", false),
            ("Name EQ 'b'", false),
            ("properties/sku eq 'O''Neil and Sons'", true),
            ("properties.sku ne 'Platform'", true),
            ("name eq 'a' and properties/sku ne 'x'", true),
            ("name eq 'a' and properties/sku eq 'x'", false),
            ("properties/isDefault eq null and name eq 'a'", true),
            ("properties/isDefault eq true", false),
        ] {
            let read = Filter::parse(filter, &FIELDS).unwrap();
            assert_eq!(read.fits(|path| at(&item, path)), fits, "{filter}");
            assert_eq!(read.is_empty(), filter.trim().is_empty(), "{filter}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for odd in [
            "name",
            "name eq",
            "name eq a",
            "name eq 'a",
            "name gt 'a'",
            "other eq 'a'",
            "properties eq 'a'",
            "name eq 'a' or name eq 'b'",
            "name eq 'a' and",
            "name eq 'a' and ",
            "name eq 'a'and name eq 'b'",
            "startswith(name,'a')",
            "not name eq 'a'",
            "(name eq 'a')",
            "name eq 'a' name eq 'b'",
        ] {
            assert_eq!(
                Filter::parse(odd, &FIELDS).unwrap_err().code,
                "InvalidQueryParameter",
                "{odd}"
            );
        }
    }
}
