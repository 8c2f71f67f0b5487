//! Validates a value with a schema, and describes each misfit.

use super::draft4::OPEN;
use jsonschema::error::{ValidationError, ValidationErrorKind};
use jsonschema::{Draft, Validator};
use serde_json::Value;

/// A misfit and its place. Items of a list have no number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Misfit {
    pub(super) place: String,
    pub(super) what: String,
    /// True for a word that an open enumeration does not list, which is no mistake.
    pub(super) note: bool,
}

/// The message for a property that only the other side may send.
pub(super) const OTHER_SIDES: &str = "is the other side's";

pub(super) fn compiled(schema: &Value) -> Validator {
    let hexadecimal = |text: &str| text.chars().all(|ch| ch.is_ascii_hexdigit());
    let uuid = move |text: &str| {
        let lengths = text.split('-').map(str::len);
        lengths.eq([8, 4, 4, 4, 12]) && text.split('-').all(hexadecimal)
    };
    let base64url = |text: &str| {
        let known = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '_');
        text.chars().all(known)
    };
    jsonschema::options()
        .with_draft(Draft::Draft4)
        .should_validate_formats(true)
        .with_format("uuid", uuid)
        .with_format("base64url", base64url)
        .build(schema)
        .unwrap_or_else(|why| panic!("{why}: {schema}"))
}

pub(super) fn misfits(validator: &Validator, value: &Value) -> Vec<Misfit> {
    let mut found = Vec::new();
    if !validator.is_valid(value) {
        for error in validator.iter_errors(value) {
            tell(&error, &mut found);
        }
    }
    found
}

fn tell(error: &ValidationError<'_>, found: &mut Vec<Misfit>) {
    let path = error.instance_path().to_string();
    let place = path
        .split('/')
        .map(|part| part.parse::<usize>().map_or(part, |_| "*"));
    let place = place.collect::<Vec<_>>().join("/");
    let mut add = |what: String, note| {
        let place = place.clone();
        found.push(Misfit { place, what, note });
    };
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                add(format!("no schema names `{name}`"), false);
            }
        }
        ValidationErrorKind::Not { .. } => add(OTHER_SIDES.to_owned(), false),
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            add(format!("`{name}` is missing"), false);
        }
        ValidationErrorKind::Type { .. } if error.instance().is_null() => {
            add("is null".to_owned(), false);
        }
        ValidationErrorKind::Enum { options } => {
            let mut options = options.as_array().into_iter().flatten();
            let note = options.any(|own| own == OPEN) && error.instance().is_string();
            add(format!("{} is no word of it", error.instance()), note);
        }
        // The other alternative is `null`.
        ValidationErrorKind::AnyOf { context } => {
            for error in context.iter().take(1).flatten() {
                tell(error, found);
            }
        }
        kind => add(format!("{}: {error}", kind.keyword()), false),
    }
}
