//! The rotation policy of a key: when Key Vault creates a new version automatically.

use crate::model::bad_input::BadInput;
use crate::model::known::Known;
use crate::model::new_key::{MARGIN, Period, SHORTEST};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// When a version is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// This time after the version was created.
    AfterCreation(Period),
    /// This time before the version expires.
    BeforeExpiry(Period),
}

/// A rotation policy as the service has it. If no policy was ever set, every field is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RotationPolicy {
    /// When a version is replaced; `None` if Key Vault creates no new versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotates: Option<Trigger>,
    /// The lifetime of a new version; `None` if it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Period>,
    /// How long before a version expires Key Vault sends an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notifies: Option<Period>,
}

/// The requested settings. A setting that is `None` stays unchanged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RotationWish {
    /// `--rotate-every`
    pub every: Option<Period>,
    /// `--expires-after`
    pub lasts: Option<Period>,
    /// `--notify-before`
    pub notify: Option<Period>,
}

impl RotationWish {
    /// The given policy with the requested settings.
    pub fn over(&self, policy: &RotationPolicy) -> RotationPolicy {
        let every = self.every.map(Trigger::AfterCreation);
        RotationPolicy {
            rotates: every.or(policy.rotates),
            lasts: self.lasts.or(policy.lasts),
            notifies: self.notify.or(policy.notifies),
        }
    }

    /// The flags for these settings, as they are typed.
    pub fn flags(&self) -> String {
        let flags = [
            ("--rotate-every", self.every),
            ("--expires-after", self.lasts),
            ("--notify-before", self.notify),
        ];
        let flag_with_value = |(flag, value): (&str, Option<Period>)| {
            value.map(|value| format!(" {flag} {}", value.typed()))
        };
        flags.into_iter().filter_map(flag_with_value).collect()
    }
}

impl RotationPolicy {
    /// Does Key Vault accept the policy, and does no version expire without a new one?
    ///
    /// # Errors
    /// What Key Vault does not accept, or what would expire.
    pub fn fitting(&self) -> Result<(), BadInput> {
        let bad = |what: &str, fix: &str| Err(BadInput::new(what, fix));
        let Some(rotates) = self.rotates else {
            return bad(
                "With these settings, Key Vault would not create a new version before a key \
                version expires.",
                "Add `--rotate-every`, such as `--rotate-every 1y`.",
            );
        };
        let lasts = self.lasts.map(Period::about_days);
        let (Trigger::AfterCreation(period) | Trigger::BeforeExpiry(period)) = rotates;
        let days = period.about_days();
        if days < MARGIN {
            return bad(
                "Key Vault can rotate a key at the earliest 7 days after its creation, and at the \
                latest 7 days before its expiry.",
                "Rotate less often, such as `--rotate-every 1y`.",
            );
        }
        let Some(lasts) = lasts else {
            return match rotates {
                Trigger::AfterCreation(_) => Ok(()),
                Trigger::BeforeExpiry(_) => bad(
                    "Rotation before expiry requires key versions with an expiry date.",
                    "Add `--expires-after`, such as `--expires-after 2y`.",
                ),
            };
        };
        if lasts < SHORTEST || days + MARGIN > lasts {
            return bad(
                "A key version must be valid for at least 28 days. Rotation must happen at least 7 \
                days before the version expires.",
                "Pass a longer `--expires-after`, or rotate more often.",
            );
        }
        let notify = self.notifies.map(Period::about_days);
        if notify.is_some_and(|notify| notify < MARGIN || notify >= lasts) {
            return bad(
                "`--notify-before` must be at least 7 days, and shorter than the lifetime of a \
                version.",
                "Pass another `--notify-before`, such as `--notify-before 30d`.",
            );
        }
        Ok(())
    }

    /// Does another policy do everything that this policy does? A notification that was not
    /// requested comes from the service.
    pub fn is_kept_by(&self, other: &Self) -> bool {
        let same = |period: Option<Period>, other: Option<Period>| match (period, other) {
            (Some(period), Some(other)) => period.is_as_long_as(other),
            (period, other) => period == other,
        };
        let rotates = match (self.rotates, other.rotates) {
            (Some(Trigger::AfterCreation(period)), Some(Trigger::AfterCreation(other)))
            | (Some(Trigger::BeforeExpiry(period)), Some(Trigger::BeforeExpiry(other))) => {
                period.is_as_long_as(other)
            }
            (trigger, other) => trigger == other,
        };
        rotates
            && same(self.lasts, other.lasts)
            && (self.notifies.is_none() || same(self.notifies, other.notifies))
    }

    /// When Key Vault replaces the latest version; `None` if it creates no new version.
    pub fn next(
        &self,
        created: &Known<Timestamp>,
        expires: &Known<Option<Timestamp>>,
    ) -> Known<Option<Timestamp>> {
        match self.rotates {
            None => Known::Known(None),
            Some(Trigger::AfterCreation(period)) => created.clone().map(|made| period.after(made)),
            Some(Trigger::BeforeExpiry(period)) => {
                let before = |end: Option<Timestamp>| end.and_then(|end| period.before(end));
                expires.clone().map(before)
            }
        }
    }

    /// What the policy does, in words.
    pub fn in_words(&self) -> String {
        let mut sentence = match self.rotates {
            None => "no automatic rotation".to_owned(),
            Some(Trigger::AfterCreation(period)) => {
                format!("a new version {} after the previous one", period.in_words())
            }
            Some(Trigger::BeforeExpiry(period)) => {
                format!(
                    "a new version {} before the current version expires",
                    period.in_words()
                )
            }
        };
        let lasts = self.lasts.map(Period::in_words);
        sentence.extend(lasts.map(|lasts| format!(", each version expires after {lasts}")));
        let notifies = self.notifies.map(Period::in_words);
        sentence.extend(notifies.map(|notify| format!(", an event {notify} before the expiry")));
        sentence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(text: &str) -> Option<Period> {
        (!text.is_empty()).then(|| Period::parse(text).unwrap())
    }

    /// `every`, or `-every` for a time before expiry; the lifetime; and the time of the event.
    fn policy(every: &str, lasts: &str, notify: &str) -> RotationPolicy {
        let rotates = match every.strip_prefix('-') {
            Some(before) => period(before).map(Trigger::BeforeExpiry),
            None => period(every).map(Trigger::AfterCreation),
        };
        RotationPolicy {
            rotates,
            lasts: period(lasts),
            notifies: period(notify),
        }
    }

    #[test]
    fn what_key_vault_does_not_take_is_no_policy() {
        for (every, lasts, notify, good) in [
            ("1y", "", "", true),
            ("1y", "2y", "30d", true),
            ("-30d", "1y", "", true),
            ("", "1y", "", false),
            ("", "", "30d", false),
            ("-30d", "", "", false),
            ("6d", "", "", false),
            ("1y", "1y", "", false),
            ("14d", "27d", "", false),
            ("84d", "90d", "", false),
            ("1y", "2y", "2y", false),
            ("1y", "2y", "6d", false),
        ] {
            let policy = policy(every, lasts, notify);
            assert_eq!(policy.fitting().is_ok(), good, "{policy:?}");
        }
    }

    #[test]
    fn what_was_not_named_stays_and_months_are_years() {
        let before = policy("-30d", "1y", "30d");
        let wish = RotationWish {
            every: period("6m"),
            ..RotationWish::default()
        };
        let after = wish.over(&before);
        assert_eq!(after, policy("6m", "1y", "30d"));
        assert_eq!(wish.flags(), " --rotate-every 6m");
        assert!(after.is_kept_by(&policy("6m", "12m", "30d")));
        for other in ["-6m", "5m", ""].map(|every| policy(every, "1y", "30d")) {
            assert!(!after.is_kept_by(&other), "{other:?}");
        }
        assert!(!after.is_kept_by(&policy("6m", "", "30d")));
        // The service adds a notification by itself.
        assert!(policy("1y", "", "").is_kept_by(&policy("1y", "", "30d")));
        assert!(!policy("1y", "", "9d").is_kept_by(&policy("1y", "", "30d")));
    }

    #[test]
    fn the_next_version_comes_by_what_is_known() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let created = Known::Known(at("2026-01-10T00:00:00Z"));
        let expires = Known::Known(Some(at("2027-01-10T00:00:00Z")));
        let next = |policy: RotationPolicy| policy.next(&created, &expires);
        assert_eq!(next(policy("", "", "")), Known::Known(None));
        for (every, day) in [
            ("6m", "2026-07-10T00:00:00Z"),
            ("-30d", "2026-12-11T00:00:00Z"),
        ] {
            assert_eq!(next(policy(every, "1y", "")), Known::Known(Some(at(day))));
        }
        let unknown = policy("6m", "", "").next(&Known::default(), &expires);
        assert!(unknown.known().is_none());
    }
}
