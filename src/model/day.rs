//! The format of days, times and durations in all sentences. Days and times are UTC.

use jiff::Timestamp;
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
