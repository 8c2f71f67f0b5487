//! Days and minutes as they are written everywhere: in UTC, and the same in every sentence.

use jiff::Timestamp;

/// `2026-03-02`
pub fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// `2026-03-02 08:00 UTC`
pub fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
