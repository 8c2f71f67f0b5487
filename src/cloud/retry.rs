//! Pauses before a retry.

use jiff::Timestamp;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The longest pause before a retry, even if the service asks for more.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// The pause before the next attempt, if the service did not ask for one.
pub(super) fn own_pause(attempt: u32) -> Duration {
    Duration::from_secs(1 << attempt.min(6)).mul_f64(0.5 + jitter() / 2.0)
}

/// Reads `Retry-After`: seconds or an HTTP date. An unreadable value counts as absent, and a past
/// date as zero.
pub fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let milliseconds = at.as_millisecond().saturating_sub(now.as_millisecond());
    Some(Duration::from_millis(
        u64::try_from(milliseconds).unwrap_or(0),
    ))
}

/// A number from 0 to 1 that differs between processes, so that many clients do not retry at the
/// same moment.
fn jitter() -> f64 {
    let seed = RandomState::new().hash_one(0_u8);
    f64::from(u32::try_from(seed >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn retry_after_comes_in_two_forms() {
        let now: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
        for (text, seconds) in [
            ("5", Some(5)),
            (" 120 ", Some(120)),
            ("Mon, 02 Mar 2026 08:00:30 GMT", Some(30)),
            ("Mon, 02 Mar 2026 07:00:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
            ("", None),
            ("1.5", None),
        ] {
            assert_eq!(
                retry_after(text, now),
                seconds.map(Duration::from_secs),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(text in ".{0,60}") {
            let _ = retry_after(&text, Timestamp::UNIX_EPOCH);
        }
    }
}
