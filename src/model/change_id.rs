//! The id of a change ticket. It links the changes of cmkctl to an approval in another system.

use crate::model::bad_input::BadInput;
use serde::Serialize;
use std::fmt;

/// The id of a change: `[0-9A-Za-z._-]{1,64}`. cmkctl writes the id into a header and into files,
/// so no other characters are allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeId(String);

impl ChangeId {
    /// Parses an id.
    ///
    /// # Errors
    /// An id outside the allowed characters or length.
    pub fn parse(text: &str) -> Result<Self, BadInput> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(BadInput::new(
            format!("`{}` is not a valid change id.", text.escape_debug()),
            "A change id has 1 to 64 characters: letters, digits, dots, dashes and underscores, \
            such as `CHG0031415`.",
        ))
    }
}

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_plain() {
        for text in ["CHG0031415", "a", "1.2_3-4", &"x".repeat(64)] {
            assert_eq!(ChangeId::parse(text).unwrap().to_string(), text);
        }
        for text in ["", " ", "a b", "a/b", "ä", "a\n", "a\"b", &"x".repeat(65)] {
            assert!(ChangeId::parse(text).is_err(), "{text}");
        }
    }
}
