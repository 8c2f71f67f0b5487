//! A key that is to be, and the vault for it.

use crate::model::bad_input::BadInput;
use crate::model::text::quoted;
use jiff::{Span, Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A key that shall be there, with a vault around it: what is said of each counts only while it is
/// not there yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewKey {
    /// The resource group of a new vault, as it was said.
    pub group: Option<String>,
    /// Its subscription, by id or name, as it was said.
    pub subscription: Option<String>,
    /// The region of Azure for the vault, and for its resource group.
    pub region: Option<String>,
    /// Shall only trusted Microsoft services reach the vault?
    pub closed: bool,
    /// Bits of the key, where they were said.
    pub bits: Option<u32>,
    /// Shall hardware protect the key?
    pub hsm_protected: bool,
    /// When its first version ends.
    pub expires: Option<Timestamp>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// When Key Vault makes a new version by itself.
    pub rotation: Option<Rotation>,
}

impl NewKey {
    /// The flags that say it again, each with a space in front. Where the vault is, its id says.
    pub fn flags(&self) -> String {
        let words = self.words();
        words
            .iter()
            .map(|word| format!(" {}", quoted(word)))
            .collect()
    }

    /// The same, word by word.
    pub fn words(&self) -> Vec<String> {
        let mut said = Vec::new();
        let mut says = |flag: &str, value: String| said.extend([format!("--{flag}"), value]);
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
            said.push("--hsm-protected".to_owned());
        }
        said
    }
}

/// Bits of a key where nobody says otherwise.
pub const BITS: u32 = 3072;

/// The other size that a policy takes.
pub const SMALL_BITS: u32 = 2048;

/// A version lasts so many days at least, and is never replaced within so many days of its ends
/// (Microsoft Learn, *Configure cryptographic key auto-rotation*).
pub(super) const SHORTEST: u32 = 28;
pub(super) const MARGIN: u32 = 7;

/// A region of Azure: `West Europe` is `westeurope`.
///
/// # Errors
/// It can't be the name of one.
pub fn region(text: &str) -> Result<String, BadInput> {
    let name: String = text.split_whitespace().collect();
    if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(name.to_ascii_lowercase());
    }
    let text = text.escape_debug();
    Err(BadInput::new(
        format!("`{text}` is no region of Azure."),
        "Regions are such as `westeurope`: `az account list-locations --query [].name`.",
    ))
}

/// Days for which a new vault keeps what was deleted: the longest time that there is.
pub const VAULT_KEEPS: u32 = 90;

/// When Key Vault makes new versions of a key by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rotation {
    /// So long after a version was made, the next one is.
    pub every: Period,
    /// A version that is made so ends after this time; without it, it does not end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Period>,
    /// So long before a version ends, an event tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify: Option<Period>,
}

impl Rotation {
    /// The same, if Key Vault takes it.
    ///
    /// # Errors
    /// What Key Vault does not take.
    pub fn fitting(self) -> Result<Self, BadInput> {
        let every = self.every.about_days();
        let bad = |what: &str, fix: &str| Err(BadInput::new(what, fix));
        if every < MARGIN {
            return bad(
                "Key Vault makes a new version 7 days after the one before at the earliest.",
                "Rotate less often, such as every `1y`.",
            );
        }
        let Some(lasts) = self.lasts.map(Period::about_days) else {
            return Ok(self);
        };
        if lasts < SHORTEST || every + MARGIN > lasts {
            return bad(
                "A version must last 28 days or more, and be replaced 7 days before its end at \
                the latest.",
                "Choose a later end, or rotate more often.",
            );
        }
        let notify = self.notify.map(Period::about_days);
        if notify.is_some_and(|notify| notify < MARGIN || notify >= lasts) {
            return bad(
                "An event tells the end of a version 7 days before it at the latest, and within \
                its life.",
                "Choose another time for the event, such as `30d`.",
            );
        }
        Ok(self)
    }

    /// Does a policy that was read do the same? What it says beside an end that nobody asked for
    /// is the service's own.
    pub fn is_kept_by(&self, other: &Self) -> bool {
        let same = |own: Option<Period>, other: Option<Period>| {
            own.is_none_or(|own| other.is_some_and(|other| own.is_as_long_as(other)))
        };
        self.every.is_as_long_as(other.every)
            && same(self.lasts, other.lasts)
            && same(self.notify, other.notify)
    }
}

/// What a key is made as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Shape {
    /// Bits.
    pub bits: u32,
    /// RSA-HSM instead of RSA.
    pub hsm: bool,
    /// When its first version ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// When Key Vault makes a new version by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
}

impl Shape {
    /// The type, as Key Vault spells it.
    pub const fn kty(&self) -> &'static str {
        if self.hsm { "RSA-HSM" } else { "RSA" }
    }
}

/// How a vault is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct VaultShape {
    /// The region of Azure.
    pub region: String,
    /// Its tenant, which is that of its subscription.
    pub tenant: String,
    /// The premium SKU, which keys in hardware take.
    pub premium: bool,
    /// Do only trusted Microsoft services reach it?
    pub closed: bool,
}

/// A span of the calendar, as ISO 8601 writes it. Months and years have no fixed length.
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
    /// So many days.
    pub const fn days(count: u16) -> Self {
        let unit = Unit::Days;
        Self { count, unit }
    }

    /// As people write it: `30d`, `18m`, `2y`. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        Self::of(
            text.get(..text.len().checked_sub(1)?)?,
            text.chars().last()?,
        )
    }

    /// As ISO 8601 writes it: `P30D`, `P18M`, `P2Y`. `None` for what has several parts, or others.
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
        // Nobody plans for longer, and dates of the calendar end.
        let found = Self { count, unit };
        (found.about_days() <= 365 * 100).then_some(found)
    }

    /// How long it is, for comparing.
    pub const fn about_days(self) -> u32 {
        let each = match self.unit {
            Unit::Days => 1,
            Unit::Months => 30,
            Unit::Years => 365,
        };
        self.count as u32 * each
    }

    /// Is it the same span? A year is twelve months.
    pub fn is_as_long_as(self, other: Self) -> bool {
        let months = |own: Self| match own.unit {
            Unit::Days => None,
            Unit::Months => Some(u32::from(own.count)),
            Unit::Years => Some(u32::from(own.count) * 12),
        };
        match (months(self), months(other)) {
            (Some(own), Some(other)) => own == other,
            (None, None) => self.count == other.count,
            (Some(_), None) | (None, Some(_)) => self.about_days() == other.about_days(),
        }
    }

    /// Twice as long.
    pub const fn twice(self) -> Self {
        let count = self.count.saturating_mul(2);
        Self { count, ..self }
    }

    /// The time that is so long after another one.
    pub fn after(self, start: Timestamp) -> Option<Timestamp> {
        let end = start.to_zoned(TimeZone::UTC).checked_add(self.span()?);
        end.ok().map(|end| end.timestamp())
    }
}

impl Period {
    /// The time that is so long before another one.
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
        Self::of_iso(&text).ok_or_else(|| format!("`{text}` is no period, such as `P1Y`"))
    }
}

impl Period {
    /// As people write it, such as `2y`.
    pub fn typed(self) -> String {
        let iso = self.to_string();
        iso.trim_start_matches('P').to_ascii_lowercase()
    }

    /// In words for sentences, such as `2 years`.
    pub fn in_words(self) -> String {
        let one = match self.unit {
            Unit::Days => "day",
            Unit::Months => "month",
            Unit::Years => "year",
        };
        let many = if self.count == 1 { "" } else { "s" };
        format!("{} {one}{many}", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_as_people_write_them() {
        for (text, iso, words) in [
            ("2y", "P2Y", "2 years"),
            (" 18M ", "P18M", "18 months"),
            ("1d", "P1D", "1 day"),
        ] {
            let period = Period::parse(text).unwrap();
            assert_eq!((&*period.to_string(), &*period.in_words()), (iso, words));
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
