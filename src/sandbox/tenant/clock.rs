//! The sandbox's clock, which runs at the configured speed.

use jiff::{SignedDuration, Timestamp};

/// Sandbox time.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    pub(crate) epoch: Timestamp,
    pub(crate) started: Timestamp,
    pub(crate) speed: f64,
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        let passed = (Timestamp::now().as_millisecond() - self.started.as_millisecond()).max(0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "milliseconds of a rehearsal, far below 2^52"
        )]
        let passed = (passed as f64 * self.speed) as i64;
        Timestamp::from_millisecond(self.epoch.as_millisecond().saturating_add(passed))
            .unwrap_or(self.epoch)
    }

    /// Advances the clock by `seconds`, by moving the start back. Times relative to the epoch, such
    /// as a key's expiry, stay the same.
    pub(crate) fn skip(&mut self, seconds: f64) {
        let real = SignedDuration::try_from_secs_f64(seconds / self.speed);
        self.started = self
            .started
            .saturating_sub(real.unwrap_or(SignedDuration::MAX))
            .unwrap_or(self.started);
    }

    pub(crate) fn since(&self, then: Timestamp) -> f64 {
        self.now().duration_since(then).as_secs_f64()
    }

    pub(crate) fn http_date(&self) -> String {
        self.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}

/// The start time of everything that a scenario contains, early enough to be effective.
pub(crate) const LONG_AGO: Timestamp = Timestamp::constant(1_577_836_800, 0);
