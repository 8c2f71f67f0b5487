//! What callers share one after the other.

use crate::error::{Error, Result};
use std::time::Instant;

/// What callers share one after the other: the last success, and the last failure with its time.
/// Who waited while an attempt failed is told of that failure instead of repeating it: a person
/// would be asked again and again, an unreachable service waited for again and again. Who comes
/// later tries anew.
pub(super) struct Held<T> {
    pub(super) value: Option<T>,
    failed: Option<(Instant, Error)>,
}

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self {
            value: None,
            failed: None,
        }
    }
}

impl<T> Held<T> {
    /// The failure of an attempt that ended after `came`.
    pub(super) fn failed_since(&self, came: Instant) -> Option<Error> {
        self.failed
            .as_ref()
            .filter(|(at, _)| *at >= came)
            .map(|(_, error)| error.clone())
    }

    /// Remembers how an attempt ended.
    pub(super) fn note<U>(&mut self, outcome: &Result<U>) {
        self.failed = outcome
            .as_ref()
            .err()
            .map(|error| (Instant::now(), error.clone()));
    }
}
