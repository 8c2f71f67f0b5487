//! The key of an environment, as `status` shows it.

use crate::model::day::day;
use crate::model::key_ids::KeyVersion;
use crate::model::known::Known;
use crate::model::protection::Key;
use jiff::Timestamp;
use serde::Serialize;

/// A key, as scripts get it.
#[derive(Serialize)]
pub(super) struct KeyV1<'a> {
    name: &'a str,
    kind: Option<&'a str>,
    bits: Option<u32>,
    version: Option<&'a str>,
    enabled: Option<bool>,
    expires: Option<Timestamp>,
    /// When Key Vault creates the next version. `null` if it creates none, or if that is not known.
    next_rotation: Option<Timestamp>,
    read_from: &'static str,
}

impl<'a> From<&'a Key> for KeyV1<'a> {
    fn from(key: &'a Key) -> Self {
        Self {
            name: &key.name,
            kind: key.kty.text(),
            bits: key.bits.known().copied(),
            version: key.version.known().map(KeyVersion::as_str),
            enabled: key.validity.enabled.known().copied(),
            expires: key.validity.end(),
            next_rotation: next_rotation(key),
            read_from: key.source,
        }
    }
}

/// When Key Vault creates the next version by itself, if that is known.
fn next_rotation(key: &Key) -> Option<Timestamp> {
    let rotation = key.rotation.known()?;
    key.validity.next(rotation)
}

/// The key as text for people.
pub(super) fn key_words(key: &Key) -> String {
    let bits = key.bits.known();
    let bits = bits.map_or(String::new(), |bits| format!(" {bits} bits"));
    let expires = match key.validity.expires {
        Known::Known(Some(time)) => format!("expires {}", day(time)),
        Known::Known(None) => "no expiry".to_owned(),
        Known::Unknown(_) => "expiry not known".to_owned(),
    };
    let enabled = match key.validity.enabled {
        Known::Known(true) => "enabled",
        Known::Known(false) => "DISABLED",
        Known::Unknown(_) => "enabled state not known",
    };
    let next = next_rotation(key).map(|next| format!("\nnext version {}", day(next)));
    format!(
        "{} ({}{bits}), {enabled}, {expires}\nversion {}, read from {}{}",
        key.name,
        key.kty.text().unwrap_or("type not known"),
        key.version.known().map_or("unknown", KeyVersion::as_str),
        key.source,
        next.unwrap_or_default()
    )
}
