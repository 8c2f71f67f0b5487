//! The name and the version of a key.

use crate::model::bad_input::{BadInput, read};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// The name of a key: `[0-9A-Za-z-]{1,127}`. The Key Vault client does not escape names, so no
/// other characters are allowed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct KeyName(String);

impl KeyName {
    /// Parses a key name.
    ///
    /// # Errors
    /// A name outside the allowed characters or length.
    pub fn parse(text: &str) -> Result<Self, BadInput> {
        let valid = (1..=127).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if valid {
            return Ok(Self(text.to_owned()));
        }
        Err(BadInput::new(
            format!("`{}` is not the name of a key.", text.escape_debug()),
            "Key names have 1 to 127 letters, digits and dashes. Pass only the key's name, not its \
                URL.",
        ))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Is it the same name? Ignores case, as in Key Vault.
    pub fn is(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for KeyName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, Self::parse)
    }
}

/// A version of a key: 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct KeyVersion(String);

impl KeyVersion {
    /// Parses a key version.
    ///
    /// # Errors
    /// Anything but 32 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, BadInput> {
        if text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(BadInput::new(
            format!("`{}` is not a version of a key.", text.escape_debug()),
            "Key versions have 32 hexadecimal digits. `az keyvault key list-versions` lists them.",
        ))
    }

    /// The version.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The version at the end of a key's URL, or a bare version.
    ///
    /// # Errors
    /// As [`KeyVersion::parse`].
    pub fn of_url(text: &str) -> Result<Self, BadInput> {
        Self::parse(
            text.trim_end_matches('/')
                .rsplit('/')
                .next()
                .unwrap_or_default(),
        )
    }
}

impl<'de> Deserialize<'de> for KeyVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, Self::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn key_names_hold_nothing_that_means_something_in_a_url(text in ".{0,140}") {
            if let Ok(name) = KeyName::parse(&text) {
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
                prop_assert!(name.as_str().bytes().all(plain));
                prop_assert!((1..=127).contains(&name.as_str().len()));
            }
        }

        #[test]
        fn no_text_for_a_version_panics(text in ".{0,140}") {
            drop(KeyVersion::parse(&text));
        }
    }
}
