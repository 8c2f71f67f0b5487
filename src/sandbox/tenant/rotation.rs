//! Rotation policies of keys, after Microsoft's article on automated rotation.

use jiff::tz::TimeZone;
use jiff::{Span, SpanFieldwise, Timestamp};

/// An ISO 8601 duration, such as `P90D` or `P1Y10D`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Period {
    pub(crate) text: String,
    span: SpanFieldwise,
}

impl Period {
    /// `None` if the text is not a duration, or if it is not positive.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let span: Span = text.strip_prefix('P').and_then(|_| text.parse().ok())?;
        span.is_positive().then(|| Self {
            text: text.to_owned(),
            span: SpanFieldwise(span),
        })
    }

    /// The moment after `moment` by this duration, in seconds since 1970.
    pub(crate) fn after(&self, moment: i64) -> Option<i64> {
        let begin = Timestamp::from_second(moment).ok()?.to_zoned(TimeZone::UTC);
        Some(begin.checked_add(self.span.0).ok()?.timestamp().as_second())
    }

    /// The moment before `moment` by this duration.
    pub(super) fn before(&self, moment: i64) -> Option<i64> {
        let end = Timestamp::from_second(moment).ok()?.to_zoned(TimeZone::UTC);
        Some(end.checked_sub(self.span.0).ok()?.timestamp().as_second())
    }

    /// Length in whole days, counted from the start of 2026, because years differ.
    pub(crate) fn days(&self) -> i64 {
        const BEGIN: i64 = 1_767_225_600;
        self.after(BEGIN).map_or(0, |end| (end - BEGIN) / 86_400)
    }
}

/// The time of the next rotation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Trigger {
    AfterCreate(Period),
    BeforeExpiry(Period),
}

/// A rotation policy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rotation {
    /// Lifetime of a new version.
    pub(crate) expiry: Option<Period>,
    pub(crate) rotate: Option<Trigger>,
    /// Time of the notification before the expiry.
    pub(crate) notify: Period,
    /// Times in seconds since 1970.
    pub(crate) created: i64,
    pub(crate) updated: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_one_of_iso_8601_that_goes_forward() {
        for (text, days) in [
            ("P90D", Some(90)),
            ("P3M", Some(90)),
            ("P1Y10D", Some(375)),
            ("PT48H", Some(2)),
            ("P2W", Some(14)),
            ("P0D", None),
            ("-P9D", None),
            ("P-9D", None),
            ("90D", None),
            ("90 days", None),
            ("P", None),
            ("", None),
        ] {
            assert_eq!(
                Period::parse(text).map(|period| period.days()),
                days,
                "{text}"
            );
        }
    }
}
