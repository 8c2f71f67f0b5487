//! The flags for a new key and its vault.

use super::reading::usage;
use crate::error::{Error, Result};
use crate::model::new_key::{NewKey, Period, Rotation, region};
use crate::model::rotation::RotationWish;
use crate::model::wanted_key::MOST_TAGS;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// The flags as typed.
#[derive(Debug, Clone, Default)]
pub struct TypedKey {
    /// Resource group of a vault that is given by name only.
    pub group: Option<String>,
    /// Its subscription, by id or name.
    pub subscription: Option<String>,
    /// Azure region of a new vault.
    pub region: Option<String>,
    /// Admit only trusted Microsoft services to the vault.
    pub closed: bool,
    /// Size of the key in bits.
    pub bits: Option<u32>,
    /// Protect the key in hardware.
    pub hsm_protected: bool,
    /// A period or a date.
    pub expires: Option<String>,
    /// `NAME=VALUE`.
    pub tags: Vec<String>,
    /// A period.
    pub rotate_every: Option<String>,
    /// A period.
    pub notify_before: Option<String>,
}

/// The expiry of a version: a period for every version, or a date.
struct End {
    at: Timestamp,
    lasts: Period,
}

impl TypedKey {
    /// Parses the flags, with periods counted from `now`.
    ///
    /// # Errors
    /// Usage: a value that can't be parsed, or values that Key Vault does not accept together.
    pub fn understood(&self, now: Timestamp) -> Result<NewKey> {
        let end = self.expires.as_deref().map(|text| end(text, now));
        let mut end = end.transpose()?;
        let every = period(self.rotate_every.as_deref(), "--rotate-every", "1y")?;
        let notify = period(self.notify_before.as_deref(), "--notify-before", "30d")?;
        let rotation = match (every, notify) {
            (None, None) => None,
            (None, Some(_)) => {
                return Err(Error::usage("`--notify-before` requires `--rotate-every`.")
                    .hint("Pass `--rotate-every 1y`, or leave out `--notify-before`."));
            }
            (Some(every), notify) => {
                // An event announces an expiry, so it needs an expiry. The expiry is long after the
                // next version, so that nothing expires if a rotation fails.
                if notify.is_some() && end.is_none() {
                    end = Some(twice(every, now)?);
                }
                let lasts = end.as_ref().map(|end| end.lasts);
                let rotation = Rotation {
                    every,
                    lasts,
                    notify,
                };
                Some(rotation.fitting().map_err(usage)?)
            }
        };
        Ok(NewKey {
            region: self
                .region
                .as_deref()
                .map(|name| region(name).map_err(usage))
                .transpose()?,
            group: self.group.clone(),
            subscription: self.subscription.clone(),
            closed: self.closed,
            bits: self.bits,
            hsm_protected: self.hsm_protected,
            expires: end.map(|end| end.at),
            tags: tags(&self.tags)?,
            rotation,
        })
    }
}

/// Parses the flags of `rotation-policy set`.
///
/// # Errors
/// Usage: a value that is not a period, or no value at all.
pub fn rotation(
    every: Option<&str>,
    lasts: Option<&str>,
    notify: Option<&str>,
) -> Result<RotationWish> {
    let wish = RotationWish {
        every: period(every, "--rotate-every", "1y")?,
        lasts: period(lasts, "--expires-after", "2y")?,
        notify: period(notify, "--notify-before", "30d")?,
    };
    if wish == RotationWish::default() {
        let what = "`rotation-policy set` requires `--rotate-every`, `--expires-after` or \
            `--notify-before`.";
        return Err(Error::usage(what).hint("For example: `--rotate-every 1y --expires-after 2y`."));
    }
    Ok(wish)
}

fn twice(every: Period, now: Timestamp) -> Result<End> {
    let lasts = every.twice();
    match lasts.after(now) {
        Some(at) => Ok(End { at, lasts }),
        None => Err(Error::usage("The period of `--rotate-every` is too long.")
            .hint("Pass a shorter period, such as `1y`.")),
    }
}

fn period(text: Option<&str>, flag: &str, example: &str) -> Result<Option<Period>> {
    let read = |text: &str| {
        Period::parse(text).ok_or_else(|| {
            let text = text.escape_debug();
            Error::usage(format!(
                "`{flag} {text}` is not a period of days, months or years."
            ))
            .hint(format!("Pass a number with its unit: `{flag} {example}`."))
        })
    };
    text.map(read).transpose()
}

fn end(text: &str, now: Timestamp) -> Result<End> {
    if let Some(lasts) = Period::parse(text)
        && let Some(at) = lasts.after(now)
    {
        return Ok(End { at, lasts });
    }
    let at = text.parse::<Timestamp>().ok().or_else(|| {
        let date: Date = text.parse().ok()?;
        Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
    });
    let Some(at) = at else {
        let text = text.escape_debug();
        return Err(Error::usage(format!(
            "`--expires {text}` is neither a period nor a date."
        ))
        .hint("Pass a period such as `2y`, or a date such as `2028-12-31`."));
    };
    let days = at.duration_since(now).as_hours() / 24;
    let lasts = u16::try_from(days).ok().filter(|days| *days > 0);
    lasts
        .map(|days| End {
            at,
            lasts: Period::days(days),
        })
        .ok_or_else(|| {
            Error::usage(format!(
                "`--expires {text}` is not between 1 day and 179 years in the future."
            ))
            .hint("Pass another date, or a period such as `2y`.")
        })
}

fn tags(all: &[String]) -> Result<BTreeMap<String, String>> {
    if all.len() > MOST_TAGS {
        return Err(
            Error::usage("A key can have at most 15 tags.").hint("Pass `--tag` at most 15 times.")
        );
    }
    let pair = |text: &String| {
        let split = text.split_once('=').filter(|(name, _)| !name.is_empty());
        split
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .ok_or_else(|| {
                let text = text.escape_debug();
                Error::usage(format!("`--tag {text}` is not a tag."))
                    .hint("Pass a name and a value: `--tag NAME=VALUE`.")
            })
    };
    all.iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-03-02T08:00:00Z".parse().unwrap()
    }

    fn typed(expires: &str, every: &str, notify: &str) -> Result<NewKey> {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let typed = TypedKey {
            expires: given(expires),
            rotate_every: given(every),
            notify_before: given(notify),
            ..TypedKey::default()
        };
        typed.understood(now())
    }

    #[test]
    fn ends_and_rotations_are_understood() {
        for (expires, every, notify, end, lasts) in [
            ("", "", "", None, None),
            ("2y", "", "", Some("2028-03-02T08:00:00Z"), None),
            ("2028-12-31", "", "", Some("2028-12-31T00:00:00Z"), None),
            ("", "1y", "", None, None),
            ("2y", "1y", "30d", Some("2028-03-02T08:00:00Z"), Some("P2Y")),
            ("", "1y", "30d", Some("2028-03-02T08:00:00Z"), Some("P2Y")),
            (
                "2026-06-02",
                "30d",
                "",
                Some("2026-06-02T00:00:00Z"),
                Some("P91D"),
            ),
        ] {
            let wish = typed(expires, every, notify).unwrap();
            let typed_end = wish.expires.map(|end| end.to_string());
            assert_eq!(typed_end.as_deref(), end, "{expires} {every} {notify}");
            let lifetime = wish.rotation.and_then(|rotation| rotation.lasts);
            assert_eq!(lifetime.map(|period| period.to_string()).as_deref(), lasts);
        }
    }

    #[test]
    fn what_key_vault_does_not_take_is_refused_before_anything_is_sent() {
        for (expires, every, notify) in [
            ("soon", "", ""),
            ("2020-01-01", "", ""),
            ("9999y", "", ""),
            ("", "", "30d"),
            ("", "1h", ""),
            ("", "6d", ""),
            ("1y", "1y", ""),
            ("20d", "7d", ""),
            ("2y", "1y", "3d"),
            ("2y", "1y", "2y"),
        ] {
            assert!(
                typed(expires, every, notify).is_err(),
                "{expires} {every} {notify}"
            );
        }
        for tag in ["", "=v", "name"] {
            assert!(tags(&[tag.to_owned()]).is_err(), "{tag}");
        }
        assert_eq!(tags(&["a=b=c".to_owned()]).unwrap()["a"], "b=c");
        assert_eq!(region("West Europe").unwrap(), "westeurope");
        assert!(region("west-europe!").is_err());
    }
}
