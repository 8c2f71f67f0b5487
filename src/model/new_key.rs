//! A key to create, and its vault.

use crate::model::bad_input::BadInput;
use crate::model::count::counted;
use crate::model::system::quoted;
use jiff::{Span, Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A key to create, with its vault. A setting applies only if its resource does not exist yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewKey {
    /// Resource group of a new vault, as given.
    pub group: Option<String>,
    /// Its subscription, by id or name, as given.
    pub subscription: Option<String>,
    /// Azure region of the vault and its resource group.
    pub region: Option<String>,
    /// Must the firewall allow only trusted Microsoft services?
    pub closed: bool,
    /// Bits of the key; `None` means [`BITS`].
    pub bits: Option<u32>,
    /// Must an HSM protect the key?
    pub hsm_protected: bool,
    /// Expiry of its first version.
    pub expires: Option<Timestamp>,
    /// Its tags, by name.
    pub tags: BTreeMap<String, String>,
    /// When Key Vault rotates it automatically.
    pub rotation: Option<Rotation>,
}

impl NewKey {
    /// The flags for these settings, each after a space. The vault's id already says where the
    /// vault is.
    pub fn flags(&self) -> String {
        let arguments = self.arguments();
        arguments
            .iter()
            .map(|word| format!(" {}", quoted(word)))
            .collect()
    }

    /// The same flags, word by word.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        let mut says = |flag: &str, value: String| arguments.extend([format!("--{flag}"), value]);
        if let Some(region) = &self.region {
            says("azure-location", region.clone());
        }
        if let Some(bits) = self.bits {
            says("size", bits.to_string());
        }
        if let Some(end) = self.expires {
            says("expires", end.to_string());
        }
        if self.closed {
            says("network", "trusted-services".to_owned());
        }
        for (name, value) in &self.tags {
            says("tag", format!("{name}={value}"));
        }
        if let Some(rotation) = &self.rotation {
            says("rotate-every", rotation.every.typed());
            if let Some(notify) = rotation.notify {
                says("notify-before", notify.typed());
            }
        }
        if self.hsm_protected {
            arguments.push("--hsm-protected".to_owned());
        }
        arguments
    }
}

/// Bits of a new key by default.
pub const BITS: u32 = 3072;

/// The other size that a policy accepts.
pub const SMALL_BITS: u32 = 2048;

/// A version must be valid for at least 28 days. Key Vault never rotates a key in the first 7 days
/// or the last 7 days of a version (Microsoft Learn, *Configure cryptographic key auto-rotation*).
pub(super) const SHORTEST: u32 = 28;
pub(super) const MARGIN: u32 = 7;

/// An Azure region: `West Europe` becomes `westeurope`.
///
/// # Errors
/// The text can't be a region's name.
pub fn region(text: &str) -> Result<String, BadInput> {
    let name: String = text.split_whitespace().collect();
    if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(name.to_ascii_lowercase());
    }
    let text = text.escape_debug();
    Err(BadInput::new(
        format!("`{text}` is not an Azure region."),
        "Choose a region such as `westeurope`. List all regions: `az account list-locations \
        --query [].name`.",
    ))
}

/// Days for which a new vault keeps deleted keys: the maximum.
pub const VAULT_KEEPS: u32 = 90;

/// When Key Vault rotates a key automatically.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rotation {
    /// Time from one version to the next.
    pub every: Period,
    /// Lifetime of a version that Key Vault creates; `None` means without expiry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Period>,
    /// How long before a version expires Key Vault sends an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify: Option<Period>,
}

impl Rotation {
    /// Returns the rotation policy if Key Vault accepts it.
    ///
    /// # Errors
    /// What Key Vault does not accept.
    pub fn fitting(self) -> Result<Self, BadInput> {
        let every = self.every.about_days();
        let bad = |what: &str, fix: &str| Err(BadInput::new(what, fix));
        if every < MARGIN {
            return bad(
                "Key Vault can create a new key version at the earliest 7 days after the previous \
                version.",
                "Rotate less often, such as every `1y`.",
            );
        }
        let Some(lasts) = self.lasts.map(Period::about_days) else {
            return Ok(self);
        };
        if lasts < SHORTEST || every + MARGIN > lasts {
            return bad(
                "A key version must be valid for at least 28 days. Rotation must happen at least 7 \
                days before the version expires.",
                "Choose a later expiry, or rotate more often.",
            );
        }
        let notify = self.notify.map(Period::about_days);
        if notify.is_some_and(|notify| notify < MARGIN || notify >= lasts) {
            return bad(
                "The time for the expiry event must be at least 7 days, and shorter than the \
                lifetime of a version.",
                "Choose another time for the expiry event, such as `30d`.",
            );
        }
        Ok(self)
    }

    /// Does an existing rotation policy have the same effect? Values that the caller did not
    /// request come from the service and do not count.
    pub fn is_kept_by(&self, other: &Self) -> bool {
        let same = |period: Option<Period>, other: Option<Period>| {
            period.is_none_or(|period| other.is_some_and(|other| period.is_as_long_as(other)))
        };
        self.every.is_as_long_as(other.every)
            && same(self.lasts, other.lasts)
            && same(self.notify, other.notify)
    }
}

/// The properties of a new key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Shape {
    /// Size in bits.
    pub bits: u32,
    /// `RSA-HSM` instead of `RSA`.
    pub hsm: bool,
    /// Expiry of its first version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Its tags, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// When Key Vault rotates it automatically.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
}

impl Shape {
    /// The key type, as Key Vault spells it.
    pub const fn kty(&self) -> &'static str {
        if self.hsm { "RSA-HSM" } else { "RSA" }
    }
}

/// The properties of a new vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct VaultShape {
    /// Azure region, such as `westeurope`.
    pub region: String,
    /// Tenant id, which is the subscription's.
    pub tenant: String,
    /// The premium SKU, which hardware keys require.
    pub premium: bool,
    /// Does the firewall allow only trusted Microsoft services?
    pub closed: bool,
}

/// A calendar period, as ISO 8601 writes it. Months and years have no fixed length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period {
    count: u16,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Days,
    Months,
    Years,
}

impl Period {
    /// A period of days.
    pub const fn days(count: u16) -> Self {
        let unit = Unit::Days;
        Self { count, unit }
    }

    /// Parses the typed form: `30d`, `18m`, `2y`. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        Self::of(
            text.get(..text.len().checked_sub(1)?)?,
            text.chars().last()?,
        )
    }

    /// Parses the ISO 8601 form: `P30D`, `P18M`, `P2Y`. `None` for several parts or other units.
    pub fn of_iso(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        Self::parse(text.strip_prefix('p')?)
    }

    fn of(count: &str, unit: char) -> Option<Self> {
        let unit = match unit {
            'd' => Unit::Days,
            'm' => Unit::Months,
            'y' => Unit::Years,
            _ => return None,
        };
        let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
        let count = count.parse().ok().filter(|count| digits && *count > 0)?;
        // 100 years are enough, and calendar dates have a limit.
        let found = Self { count, unit };
        (found.about_days() <= 365 * 100).then_some(found)
    }

    /// The approximate length in days, for comparison.
    pub const fn about_days(self) -> u32 {
        let each = match self.unit {
            Unit::Days => 1,
            Unit::Months => 30,
            Unit::Years => 365,
        };
        self.count as u32 * each
    }

    /// Is it the same period? A year is twelve months.
    pub fn is_as_long_as(self, other: Self) -> bool {
        let months = |period: Self| match period.unit {
            Unit::Days => None,
            Unit::Months => Some(u32::from(period.count)),
            Unit::Years => Some(u32::from(period.count) * 12),
        };
        match (months(self), months(other)) {
            (Some(count), Some(other)) => count == other,
            (None, None) => self.count == other.count,
            (Some(_), None) | (None, Some(_)) => self.about_days() == other.about_days(),
        }
    }

    /// Twice the period.
    pub const fn twice(self) -> Self {
        let count = self.count.saturating_mul(2);
        Self { count, ..self }
    }

    /// The time this period after `start`; `None` if the calendar can't express it.
    pub fn after(self, start: Timestamp) -> Option<Timestamp> {
        let end = start.to_zoned(TimeZone::UTC).checked_add(self.span()?);
        end.ok().map(|end| end.timestamp())
    }
}

impl Period {
    /// The time this period before `end`; `None` if the calendar can't express it.
    pub fn before(self, end: Timestamp) -> Option<Timestamp> {
        let start = end.to_zoned(TimeZone::UTC).checked_sub(self.span()?);
        start.ok().map(|start| start.timestamp())
    }

    fn span(self) -> Option<Span> {
        let count = i64::from(self.count);
        let span = match self.unit {
            Unit::Days => Span::new().try_days(count),
            Unit::Months => Span::new().try_months(count),
            Unit::Years => Span::new().try_years(count),
        };
        span.ok()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Days => 'D',
            Unit::Months => 'M',
            Unit::Years => 'Y',
        };
        write!(f, "P{}{unit}", self.count)
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

impl TryFrom<String> for Period {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::of_iso(&text).ok_or_else(|| format!("`{text}` is not a period such as `P1Y`"))
    }
}

impl Period {
    /// The typed form, such as `2y`.
    pub fn typed(self) -> String {
        let iso = self.to_string();
        iso.trim_start_matches('P').to_ascii_lowercase()
    }

    /// Words for sentences, such as `2 years`.
    pub fn in_words(self) -> String {
        let unit = match self.unit {
            Unit::Days => "day",
            Unit::Months => "month",
            Unit::Years => "year",
        };
        counted(self.count.into(), unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_as_people_write_them() {
        for (text, iso, expected) in [
            ("2y", "P2Y", "2 years"),
            (" 18M ", "P18M", "18 months"),
            ("1d", "P1D", "1 day"),
        ] {
            let period = Period::parse(text).unwrap();
            assert_eq!((&*period.to_string(), &*period.in_words()), (iso, expected));
            assert_eq!(Period::of_iso(iso), Some(period));
        }
        for text in [
            "",
            "y",
            "0d",
            "-1d",
            "+1y",
            "1h",
            "1.5y",
            "101y",
            "99999999d",
            "1y6m",
            "ä",
        ] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_year_is_one_of_the_calendar() {
        let start: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
        let end = Period::parse("2y").unwrap().after(start).unwrap();
        assert_eq!(end.to_string(), "2028-03-02T08:00:00Z");
    }
}
