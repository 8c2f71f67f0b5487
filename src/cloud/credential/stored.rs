//! A value that callers wait for in turn.

use crate::error::{Error, Result};
use std::time::Instant;

/// The last success, and the last failure with its time. A caller that waited during a failed
/// attempt gets the same failure. Otherwise cmkctl would prompt the user again, or wait again for
/// an unreachable service. A caller that comes later tries again.
pub(super) struct Stored<T> {
    pub(super) value: Option<T>,
    failed: Option<(Instant, Error)>,
}

impl<T> Default for Stored<T> {
    fn default() -> Self {
        Self {
            value: None,
            failed: None,
        }
    }
}

impl<T> Stored<T> {
    /// The failure of an attempt that ended after `since`.
    pub(super) fn failed_since(&self, since: Instant) -> Option<Error> {
        self.failed
            .as_ref()
            .filter(|(at, _)| *at >= since)
            .map(|(_, error)| error.clone())
    }

    /// Stores the result of an attempt.
    pub(super) fn note<U>(&mut self, outcome: &Result<U>) {
        self.failed = outcome
            .as_ref()
            .err()
            .map(|error| (Instant::now(), error.clone()));
    }
}
