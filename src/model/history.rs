//! What happened to an environment, and what that meant for its key.

use crate::model::operation::Operation;
use jiff::{SignedDuration, Timestamp};

/// One operation of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode<'a> {
    /// The operation.
    pub operation: &'a Operation,
    /// How long it took; nothing where it runs, or the service does not say it.
    pub took: Option<SignedDuration>,
    /// What it meant for the key, as a clause.
    pub meant: &'static str,
    /// Until when backups need the key that it left, where that is known.
    pub needed_until: Option<Timestamp>,
}

/// How long operations of a kind took in this tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// So many ended well.
    pub count: usize,
    /// The shortest.
    pub shortest: SignedDuration,
    /// The longest.
    pub longest: SignedDuration,
}
