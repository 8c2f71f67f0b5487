//! The format of days and times in all sentences: UTC, to the day or to the minute.

use jiff::Timestamp;

/// `2026-03-02`
pub fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// `2026-03-02 08:00 UTC`
pub fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
