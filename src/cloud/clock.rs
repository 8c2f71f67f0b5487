//! The current time, from this machine and from the `Date` header of every answer. This machine's
//! clock may be wrong. A wrong clock must not open a closed change window or pass a deadline early.

use crate::cloud::clouds::{Cloud, Loopback};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// cmkctl reports clocks that differ by more than this, in seconds. Entra ID refuses tokens and
/// assertions with a larger difference.
pub const APART: i64 = 300;
/// The remedy if this machine's clock is wrong.
pub const SET_CLOCK: &str =
    "Set this machine's clock: `timedatectl set-ntp true` on Linux, or your system's time service.";

/// If the wall clock and the monotonic clock differ by more than this, the clock was set or the
/// machine slept.
const JUMP: Duration = Duration::from_secs(60);

/// The cloud's clock: sandbox time in a sandbox, real time elsewhere. Clones share the measured
/// differences.
#[derive(Debug, Clone)]
pub struct Clock {
    sandbox: Option<Loopback>,
    heard: Arc<Mutex<Heard>>,
}

/// One moment, as shown by this machine's clock and by the services' clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Time of this machine's clock.
    pub now: Timestamp,
    earliest: Timestamp,
    latest: Timestamp,
}

/// Differences between the services' clocks and this machine's clock, in seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Heard {
    /// Difference of the clock that is furthest behind; never above 0.
    behind: i64,
    /// Difference of the clock that is furthest ahead; never below 0.
    ahead: i64,
    /// When the last `Date` arrived, by the wall clock and by the monotonic clock.
    last: Option<(Timestamp, Instant)>,
    reported: bool,
}

impl Heard {
    /// Adds a measured difference. If this machine's clock was set since the last one, earlier
    /// differences no longer count.
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

    /// The current time in the cloud.
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

    /// The earliest current time of all known clocks. A date that lies before it has certainly
    /// passed.
    pub fn earliest(&self) -> Timestamp {
        self.moment().earliest
    }

    /// The latest current time of all known clocks. A date that lies after it is certainly in the
    /// future.
    pub fn latest(&self) -> Timestamp {
        self.moment().latest
    }

    /// The current time of every known clock.
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

    /// The time since `then`: the shortest difference that any clock shows.
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

    /// Did a service send its `Date` within the last `age`?
    pub fn is_told(&self, age: Duration) -> bool {
        let last = self.heard().last;
        last.is_some_and(|(wall, _)| {
            Timestamp::now().duration_since(wall).unsigned_abs() <= self.real(age)
        })
    }

    /// Adds the `Date` of an answer, with the times of request and answer. Returns the difference
    /// in seconds if it exceeds `APART` and was not reported yet.
    pub(super) fn hear(&self, date: &str, asked: Timestamp, answered: Timestamp) -> Option<i64> {
        let skew = skew(http_date(date)?, asked, answered);
        let mut heard = self.heard();
        heard.take(skew, (Timestamp::now(), Instant::now()));
        let says = skew.abs() > APART && !heard.reported;
        heard.reported |= says;
        says.then_some(skew)
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for `duration` of the cloud's time.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(self.real(duration)).await;
    }

    /// The real duration of `duration` in cloud time.
    pub fn real(&self, duration: Duration) -> Duration {
        match &self.sandbox {
            None => duration,
            Some(sandbox) => Duration::try_from_secs_f64(duration.as_secs_f64() / sandbox.speed)
                .unwrap_or(duration),
        }
    }
}

impl Moment {
    /// The times of the clocks: earliest, this machine's, latest.
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

/// The seconds by which `date` lies before the request (negative) or after the answer (positive).
/// The header has whole seconds. A date between request and answer is no difference, however slow
/// the answer.
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
        // The clock was set back by 500 seconds.
        heard.take(1, (at(700), later(200)));
        assert_eq!((heard.behind, heard.ahead), (0, 1));
        // The machine slept, and the monotonic clock stood still.
        heard.take(0, (at(9000), later(201)));
        assert_eq!((heard.behind, heard.ahead), (0, 0));
    }
}
