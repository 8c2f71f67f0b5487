//! What time it is: by this machine, and by the `Date` of every answer. A machine's clock may be
//! wrong, and a window that is closed or a deadline that has not passed must not look otherwise
//! because of it.

use crate::cloud::clouds::{Cloud, Loopback};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Clocks that are further apart than this, in seconds, are said. Sign-in refuses tokens and
/// assertions whose times are further off.
pub const APART: i64 = 300;
/// What helps when this machine's clock is the wrong one.
pub const SET_CLOCK: &str =
    "Set this machine's clock: `timedatectl set-ntp true`, or the time service of its system.";

/// A machine's clock that goes on by so much more or less than time does was set, or the machine
/// slept.
const JUMP: Duration = Duration::from_secs(60);

/// A clock that knows the sandbox's time. Outside a sandbox it is the real one. Clones share what
/// they heard.
#[derive(Debug, Clone)]
pub struct Clock {
    sandbox: Option<Loopback>,
    heard: Arc<Mutex<Heard>>,
}

/// A moment by this machine's clock and by those of the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// By this machine's clock.
    pub now: Timestamp,
    earliest: Timestamp,
    latest: Timestamp,
}

/// How far the services' clocks are from this machine's, in seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Heard {
    /// By how much the last one of them is behind; not above 0.
    behind: i64,
    /// By how much the first one of them is ahead; not below 0.
    ahead: i64,
    /// When one was heard last: this machine's clock, and the time that passes whatever its clock
    /// says.
    last: Option<(Timestamp, Instant)>,
    said: bool,
}

impl Heard {
    /// Takes in what an answer says. What was measured against this machine's clock before that was
    /// set says nothing any more.
    fn take(&mut self, skew: i64, (wall, steady): (Timestamp, Instant)) {
        if let Some((last_wall, last_steady)) = self.last {
            let by_wall = wall.duration_since(last_wall);
            let passed = SignedDuration::try_from(steady.saturating_duration_since(last_steady))
                .unwrap_or_default();
            if (by_wall - passed).unsigned_abs() > JUMP {
                (self.behind, self.ahead) = (0, 0);
            }
        }
        self.behind = self.behind.min(skew);
        self.ahead = self.ahead.max(skew);
        self.last = Some((wall, steady));
    }
}

impl Clock {
    /// The clock of a cloud.
    pub fn of(cloud: &Cloud) -> Self {
        Self {
            sandbox: cloud.sandbox.clone(),
            heard: Arc::default(),
        }
    }

    /// Now, in the cloud's time.
    pub fn now(&self) -> Timestamp {
        let real = Timestamp::now();
        match &self.sandbox {
            None => real,
            Some(sandbox) => {
                let passed = (real.as_millisecond() - sandbox.started.as_millisecond()).max(0);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_precision_loss,
                    reason = "milliseconds of a rehearsal, far below 2^52"
                )]
                let shown = (passed as f64 * sandbox.speed) as i64;
                Timestamp::from_millisecond(sandbox.epoch.as_millisecond().saturating_add(shown))
                    .unwrap_or(sandbox.epoch)
            }
        }
    }

    /// Now by this machine's clock and by every `Date` that was heard, whichever is earliest: a
    /// date in the past has passed when it has by this.
    pub fn earliest(&self) -> Timestamp {
        self.moment().earliest
    }

    /// The same, whichever is latest: a date in the future is still to come when it is by this.
    pub fn latest(&self) -> Timestamp {
        self.moment().latest
    }

    /// Now, by every clock.
    pub fn moment(&self) -> Moment {
        let now = self.now();
        let heard = self.heard();
        let by = |seconds| {
            now.checked_add(SignedDuration::from_secs(seconds))
                .unwrap_or(now)
        };
        Moment {
            now,
            earliest: by(heard.behind),
            latest: by(heard.ahead),
        }
    }

    /// How much time has passed since then by every clock: the least that one of them says.
    pub fn since(&self, then: &Moment) -> Duration {
        let now = self.moment();
        let passed = now
            .readings()
            .into_iter()
            .zip(then.readings())
            .map(|(now, then)| now.duration_since(then))
            .min();
        passed
            .and_then(|passed| Duration::try_from(passed).ok())
            .unwrap_or_default()
    }

    /// Has a service said what time it is, no longer ago than `age`?
    pub fn is_told(&self, age: Duration) -> bool {
        let last = self.heard().last;
        last.is_some_and(|(wall, _)| {
            Timestamp::now().duration_since(wall).unsigned_abs() <= self.real(age)
        })
    }

    /// Takes in the `Date` of an answer that was asked for and came at these times. Returns by how
    /// much the clocks are apart, in seconds, when that is too much and nobody has said so.
    pub(super) fn hear(&self, date: &str, asked: Timestamp, answered: Timestamp) -> Option<i64> {
        let skew = skew(http_date(date)?, asked, answered);
        let mut heard = self.heard();
        heard.take(skew, (Timestamp::now(), Instant::now()));
        let says = skew.abs() > APART && !heard.said;
        heard.said |= says;
        says.then_some(skew)
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for `duration` of the cloud's time.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(self.real(duration)).await;
    }

    /// How long `duration` of the cloud's time takes here.
    pub fn real(&self, duration: Duration) -> Duration {
        match &self.sandbox {
            None => duration,
            Some(sandbox) => Duration::try_from_secs_f64(duration.as_secs_f64() / sandbox.speed)
                .unwrap_or(duration),
        }
    }
}

impl Moment {
    /// What each clock says: the earliest, this machine's, the latest.
    pub fn readings(&self) -> [Timestamp; 3] {
        [self.earliest, self.now, self.latest]
    }
}

/// The time in a `Date` header.
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text)
        .ok()
        .map(|date| date.timestamp())
}

/// How far a date lies outside the time in which it was written: below 0 before it, above 0 after
/// it. The header has whole seconds, and a slow answer, or one that takes an hour in a rehearsal,
/// is no skew.
pub(super) fn skew(date: Timestamp, asked: Timestamp, answered: Timestamp) -> i64 {
    let (date, asked, answered) = (date.as_second(), asked.as_second(), answered.as_second());
    if date < asked {
        date - asked
    } else {
        (date - answered).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn real() -> Clock {
        Clock::of(&Cloud::named("public").unwrap())
    }

    #[test]
    fn a_slow_answer_is_no_skew() {
        for (date, expected) in [(100, 0), (105, 0), (110, 0), (90, -10), (400, 290)] {
            assert_eq!(skew(at(date), at(100), at(110)), expected, "{date}");
        }
    }

    #[test]
    fn every_date_of_the_run_counts_and_a_large_skew_is_said_once() {
        let clock = real();
        let now = clock.now();
        let date = |seconds: i64| {
            (now + SignedDuration::from_secs(seconds))
                .strftime("%a, %d %b %Y %H:%M:%S GMT")
                .to_string()
        };
        assert_eq!(clock.hear("soon", now, now), None);
        assert!(!clock.is_told(Duration::from_secs(60)));
        assert_eq!(clock.hear(&date(0), now, now), None);
        let moment = clock.moment();
        assert_eq!(moment.readings(), [moment.now; 3]);
        assert_eq!(clock.hear(&date(-250), now, now), None);
        assert_eq!(clock.hear(&date(900), now, now), Some(900));
        assert_eq!(clock.hear(&date(-901), now, now), None);
        let [earliest, machine, latest] = clock.moment().readings();
        assert_eq!(machine.duration_since(earliest).as_secs(), 901);
        assert_eq!(latest.duration_since(machine).as_secs(), 900);
        assert!(clock.is_told(Duration::from_secs(60)));
    }

    #[test]
    fn time_has_passed_when_every_clock_says_so() {
        let clock = real();
        let began = clock.moment();
        let then = Moment {
            now: began.now - SignedDuration::from_hours(2),
            earliest: began.now - SignedDuration::from_hours(1),
            latest: began.now - SignedDuration::from_hours(3),
        };
        assert_eq!(clock.since(&then).as_secs(), 3600);
        let future = Moment {
            earliest: began.now + SignedDuration::from_hours(1),
            ..then
        };
        assert_eq!(clock.since(&future), Duration::ZERO);
    }

    #[test]
    fn what_was_measured_before_the_clock_was_set_is_forgotten() {
        let start = Instant::now();
        let later = |seconds| start + Duration::from_secs(seconds);
        let mut heard = Heard::default();
        heard.take(-500, (at(1000), start));
        heard.take(0, (at(1100), later(100)));
        assert_eq!((heard.behind, heard.ahead), (-500, 0));
        // It was set 500 seconds back.
        heard.take(1, (at(700), later(200)));
        assert_eq!((heard.behind, heard.ahead), (0, 1));
        // The machine slept: the time that passes stood still.
        heard.take(0, (at(9000), later(201)));
        assert_eq!((heard.behind, heard.ahead), (0, 0));
    }
}
