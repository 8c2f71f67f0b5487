//! Text that is not what it should be, and what helps.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::fmt;

/// Input that can't be right: what it is, why not, and what it should look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadInput {
    /// A sentence: what is wrong with which value.
    pub message: String,
    /// What it should look like.
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

/// A text of a file as the id or name that it must be; what is wrong with it is said with what it
/// should look like.
pub(super) fn read<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    parse: impl FnOnce(&str) -> Result<T, BadInput>,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).map_err(|bad| D::Error::custom(format!("{} {}", bad.message, bad.fix)))
}
