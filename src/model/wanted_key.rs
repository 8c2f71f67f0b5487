//! A key in the file of `apply`. cmkctl creates it if it does not exist.

use crate::model::bad_input::{BadInput, read};
use crate::model::new_key::{BITS, NewKey, Period, Rotation, SMALL_BITS, region};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// The maximum number of tags of a key.
pub const MOST_TAGS: usize = 15;

/// The settings of a new key and its vault, as written in the file. They apply only if the key or
/// the vault does not exist.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", try_from = "Written")]
pub struct WantedKey {
    #[serde(skip_serializing_if = "Option::is_none")]
    azure_location: Option<String>,
    #[serde(skip_serializing_if = "Reach::is_public")]
    network: Reach,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u32>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    hsm_protected: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Ends>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_typed")]
    rotate_every: Option<Period>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_typed")]
    notify_before: Option<Period>,
    /// The start from which periods count: when the file was read, or when the plan was made.
    #[serde(skip)]
    pub since: Timestamp,
}

/// The same fields before the checks across them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    #[serde(default, deserialize_with = "location")]
    azure_location: Option<String>,
    #[serde(default)]
    network: Reach,
    #[serde(default, deserialize_with = "size")]
    size: Option<u32>,
    #[serde(default)]
    hsm_protected: bool,
    #[serde(default)]
    expires: Option<Ends>,
    #[serde(default, deserialize_with = "tags")]
    tags: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "period")]
    rotate_every: Option<Period>,
    #[serde(default, deserialize_with = "period")]
    notify_before: Option<Period>,
}

/// The networks that may reach a new vault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Reach {
    #[default]
    Public,
    TrustedServices,
}

/// The expiry of a key version.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ends {
    After(Period),
    At(Timestamp),
}

impl WantedKey {
    /// The key to create.
    pub fn new_key(&self) -> NewKey {
        let lasts = match self.expires {
            Some(Ends::After(period)) => Some(period),
            Some(Ends::At(_)) | None => None,
        };
        let rotation = rotation(self.rotate_every, lasts, self.notify_before);
        let end = match self.expires {
            Some(Ends::At(at)) => Some(at),
            Some(Ends::After(_)) | None => lasts
                .or_else(|| rotation.as_ref().and_then(|rotation| rotation.lasts))
                .map(|lasts| lasts.after(self.since).unwrap_or(Timestamp::MAX)),
        };
        NewKey {
            region: self.azure_location.clone(),
            closed: self.network == Reach::TrustedServices,
            bits: self.size,
            hsm_protected: self.hsm_protected,
            expires: end,
            tags: self.tags.clone(),
            rotation,
            // The vault's id contains both.
            group: None,
            subscription: None,
        }
    }

    /// Do both have the same settings? Ignores `since`.
    pub fn is_as(&self, other: &Self) -> bool {
        let since = self.since;
        *self
            == Self {
                since,
                ..other.clone()
            }
    }

    /// Do two policies with the same vault have the same settings for the vault? If they use the
    /// same key, do they have the same settings for the key?
    pub fn agree(key: Option<&Self>, other: Option<&Self>, same_key: bool) -> bool {
        let vault = |wanted: &Self| {
            (
                wanted.azure_location.clone(),
                wanted.network,
                wanted.hsm_protected,
            )
        };
        match (key, other) {
            (Some(key), Some(other)) if same_key => key.is_as(other),
            (Some(key), Some(other)) => vault(key) == vault(other),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => !same_key,
        }
    }
}

/// The rotation policy. An expiry event requires an expiry. By default, the expiry is long after
/// the next version, so that no version expires if a rotation fails.
fn rotation(
    every: Option<Period>,
    lasts: Option<Period>,
    notify: Option<Period>,
) -> Option<Rotation> {
    let every = every?;
    let lasts = lasts.or_else(|| notify.map(|_| every.twice()));
    Some(Rotation {
        every,
        lasts,
        notify,
    })
}

impl TryFrom<Written> for WantedKey {
    type Error = Both;

    fn try_from(written: Written) -> Result<Self, Both> {
        let bad = |message: &str, fix: &str| Err(Both(BadInput::new(message, fix)));
        let rotates = written.rotate_every.is_some();
        if written.notify_before.is_some() && !rotates {
            return bad(
                "`notify-before` needs `rotate-every`.",
                "Write `rotate-every = \"1y\"`, or leave out `notify-before`.",
            );
        }
        if rotates && matches!(written.expires, Some(Ends::At(_))) {
            return bad(
                "For a key that rotates, `expires` must be a period: the lifetime of each version.",
                "Write a period, such as `2y`.",
            );
        }
        let key = Self {
            azure_location: written.azure_location,
            network: written.network,
            size: written.size,
            hsm_protected: written.hsm_protected,
            expires: written.expires,
            tags: written.tags,
            rotate_every: written.rotate_every,
            notify_before: written.notify_before,
            since: Timestamp::UNIX_EPOCH,
        };
        if let Some(rotation) = key.new_key().rotation {
            rotation.fitting().map_err(Both)?;
        }
        Ok(key)
    }
}

/// A bad input as one text: the message and the expected form.
#[derive(Debug)]
struct Both(BadInput);

impl fmt::Display for Both {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.message, self.0.fix)
    }
}

impl Reach {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    const fn is_public(&self) -> bool {
        matches!(self, Self::Public)
    }
}

impl Ends {
    fn parse(text: &str) -> Result<Self, BadInput> {
        if let Some(period) = Period::parse(text) {
            return Ok(Self::After(period));
        }
        let day = || {
            let date: Date = text.parse().ok()?;
            Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
        };
        let at = text.parse().ok().or_else(day);
        at.map(Self::At).ok_or_else(|| {
            let text = text.escape_debug();
            BadInput::new(
                format!("`{text}` is neither a period nor a date."),
                "Write a period like `2y`, or a date like `2028-12-31`.",
            )
        })
    }
}

impl Serialize for Ends {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::After(period) => serializer.serialize_str(&period.typed()),
            Self::At(at) => serializer.collect_str(at),
        }
    }
}

impl<'de> Deserialize<'de> for Ends {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, Self::parse)
    }
}

#[expect(clippy::ref_option, reason = "serde passes references")]
fn as_typed<S: Serializer>(period: &Option<Period>, serializer: S) -> Result<S::Ok, S::Error> {
    period.map(Period::typed).serialize(serializer)
}

fn location<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    read(deserializer, region).map(Some)
}

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let bits = u32::deserialize(deserializer)?;
    if [BITS, SMALL_BITS].contains(&bits) {
        return Ok(Some(bits));
    }
    Err(D::Error::custom(format!(
        "{bits} bits are not supported. Write 3072 or 2048."
    )))
}

fn tags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let all = BTreeMap::<String, String>::deserialize(deserializer)?;
    if all.len() > MOST_TAGS {
        return Err(D::Error::custom(
            "A key can have at most 15 tags. Delete some tags.",
        ));
    }
    if all.keys().any(String::is_empty) {
        return Err(D::Error::custom(
            "A tag has no name. Write `NAME = \"VALUE\"`.",
        ));
    }
    Ok(all)
}

fn period<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Period>, D::Error> {
    read(deserializer, |text| {
        Period::parse(text).ok_or_else(|| {
            let text = text.escape_debug();
            BadInput::new(
                format!("`{text}` is not a period of days, months or years."),
                "Write a number with its unit, such as `1y`.",
            )
        })
    })
    .map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_toml(text: &str) -> Result<WantedKey, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn it_says_the_same_as_the_flags() {
        let mut key = read_toml(
            "azure-location = \"West Europe\"\nnetwork = \"trusted-services\"\nsize = 2048\n\
            hsm-protected = true\nrotate-every = \"1y\"\nnotify-before = \"30d\"\n\
            tags = { owner = \"security\" }\n",
        )
        .unwrap();
        key.since = "2026-03-02T08:00:00Z".parse().unwrap();
        assert_eq!(
            key.new_key().flags(),
            " --azure-location westeurope --size 2048 --expires 2028-03-02T08:00:00Z --network \
            trusted-services --tag 'owner=security' --rotate-every 1y --notify-before 30d \
            --hsm-protected"
        );
        let json = serde_json::to_string(&key).unwrap();
        let reloaded: WantedKey = serde_json::from_str(&json).unwrap();
        assert!(reloaded.is_as(&key), "{json}");
        assert_eq!(read_toml("").unwrap().new_key(), NewKey::default());
        assert!(!read_toml("size = 2048").unwrap().is_as(&key));
    }

    #[test]
    fn a_day_stays_what_it_is() {
        let key = read_toml("expires = \"2028-12-31\"").unwrap();
        let end = key.new_key().expires.unwrap();
        assert_eq!(end.to_string(), "2028-12-31T00:00:00Z");
        let json = serde_json::to_string(&key).unwrap();
        assert!(
            serde_json::from_str::<WantedKey>(&json)
                .unwrap()
                .is_as(&key)
        );
    }

    #[test]
    fn what_can_not_be_right_says_what_would_be() {
        for (text, expected) in [
            ("azure-location = \"west!\"", "is not an Azure region"),
            ("network = \"closed\"", "unknown variant `closed`"),
            ("size = 4096", "Write 3072 or 2048."),
            ("expires = \"soon\"", "Write a period like `2y`"),
            ("rotate-every = \"1h\"", "such as `1y`"),
            ("notify-before = \"30d\"", "needs `rotate-every`"),
            ("rotate-every = \"6d\"", "7 days after"),
            (
                "rotate-every = \"1y\"\nexpires = \"1y\"",
                "at least 28 days",
            ),
            (
                "rotate-every = \"1y\"\nexpires = \"2028-12-31\"",
                "must be a period",
            ),
            ("tags = { \"\" = \"x\" }", "has no name"),
            ("resource-group = \"g\"", "unknown field `resource-group`"),
        ] {
            let error = read_toml(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
