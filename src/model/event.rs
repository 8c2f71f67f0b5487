//! Dates for a calendar.

use jiff::Timestamp;
use uuid::Uuid;

/// One date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Names it for ever, so that a calendar that reads the dates again moves it.
    pub uid: Uuid,
    /// When.
    pub at: Timestamp,
    /// Its title, without a full stop.
    pub title: String,
    /// What it is about, in sentences.
    pub text: String,
    /// So many days before it, the calendar reminds of it.
    pub reminds: &'static [u32],
    /// The end of an event that lasts, and that repeats every week. `None` for a moment.
    pub weekly_until: Option<Timestamp>,
}

impl Event {
    /// The name of the date of this kind about this thing. Azure compares ids without case.
    pub fn uid(kind: &str, of: &str) -> Uuid {
        let name = format!("cmkctl:{kind}:{}", of.to_lowercase());
        Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes())
    }
}
