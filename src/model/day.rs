//! The format of days, times and durations in all sentences. Days and times are UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::time::Duration;

/// `2026-03-02`
pub fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// `2026-03-02 08:00 UTC`
pub fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A duration in its two largest units.
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (
        seconds / 86_400,
        seconds % 86_400 / 3600,
        seconds % 3600 / 60,
        seconds % 60,
    ) {
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (1, 0, _, _) => "1 day".to_owned(),
        (days, 0, _, _) => format!("{days} days"),
        (days, hours, _, _) => format!("{days} d {hours} h"),
    }
}

/// How far away a time is, in days. A past time is away by the dates that are printed beside it
/// (UTC), a later one by what is left until then.
pub fn away(time: Timestamp, at: Timestamp) -> String {
    if time < at {
        let date = |time: Timestamp| time.to_zoned(TimeZone::UTC).date();
        return match date(at).duration_since(date(time)).as_hours() / 24 {
            0 => "today".to_owned(),
            1 => "yesterday".to_owned(),
            days => format!("{days} days ago"),
        };
    }
    match time.duration_since(at).as_hours() / 24 {
        0 => "within a day".to_owned(),
        1 => "in 1 day".to_owned(),
        days => format!("in {days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_so_many_days_away() {
        let at: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        for (time, expected) in [
            ("2026-12-06T12:00:00Z", "in 7 days"),
            ("2026-11-30T13:00:00Z", "in 1 day"),
            ("2026-11-29T20:00:00Z", "within a day"),
            ("2026-11-29T08:00:00Z", "today"),
            ("2026-11-28T13:00:00Z", "yesterday"),
            ("2026-11-28T08:00:00Z", "yesterday"),
            ("2026-11-27T13:00:00Z", "2 days ago"),
            ("2026-11-20T08:00:00Z", "9 days ago"),
        ] {
            assert_eq!(away(time.parse().unwrap(), at), expected, "{time}");
        }
    }
}
