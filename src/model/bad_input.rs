//! Errors for malformed input, with the expected form.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::fmt;

/// Malformed input: which value, what is wrong, and the expected form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadInput {
    /// A sentence that says what is wrong with the value.
    pub message: String,
    /// The expected form.
    pub fix: String,
}

impl BadInput {
    pub(super) fn new(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            fix: fix.into(),
        }
    }
}

impl fmt::Display for BadInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BadInput {}

/// Deserializes text and parses it as an id or name. The error holds the message and the expected
/// form.
pub(super) fn read<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    parse: impl FnOnce(&str) -> Result<T, BadInput>,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).map_err(|bad| D::Error::custom(format!("{} {}", bad.message, bad.fix)))
}
