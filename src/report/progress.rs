//! The moving progress line and its times.

use super::fitted::cut;
use crate::model::day::span;
use crate::model::receipt::Tick;
use crate::model::text::clean;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Zoned;
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

/// The spinner during a wait.
pub(super) fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    // The spinner also moves between two polls, which can be minutes apart.
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}

/// The text during a wait.
pub(super) struct Waiting {
    /// The elapsed time, and its share of the longest documented duration.
    so_far: String,
    /// State and stage.
    status: String,
    /// The time of the next poll, in local time.
    next: String,
}

/// How to leave the wait.
const LEAVE: &str = "Ctrl-C stops only the wait";
/// The separator of two parts.
const AND: &str = ", ";
/// The minimum width of a shortened state.
const LEAST: usize = 8;

impl Waiting {
    pub(super) fn of(tick: &Tick, now: &Zoned) -> Self {
        let share = tick
            .within
            .filter(|within| !within.is_zero())
            .map(|within| {
                let share = 100.0 * tick.elapsed.as_secs_f64() / within.as_secs_f64();
                format!(" ({share:.0} % of {})", span(within))
            });
        let at = now.checked_add(tick.next).unwrap_or_else(|_| now.clone());
        Self {
            so_far: format!("{} so far{}", span(tick.elapsed), share.unwrap_or_default()),
            status: clean(&tick.state),
            next: format!("next check {}", at.strftime("%H:%M")),
        }
    }

    /// The complete text, for a log.
    pub(super) fn whole(&self) -> String {
        [self.so_far.as_str(), &self.status, &self.next].join(AND)
    }

    /// The parts that fit, most important first: elapsed time, next poll, state, how to leave.
    pub(super) fn fitting(&self, room: usize) -> String {
        let (so_far, next) = (self.so_far.as_str(), self.next.as_str());
        let used = so_far.width() + AND.width() + next.width();
        if used > room {
            return cut(so_far, room);
        }
        let left = room - used;
        let status = cut(&self.status, left.saturating_sub(AND.width()));
        if left < LEAST + AND.width() || status.is_empty() {
            return [so_far, next].join(AND);
        }
        let line = [so_far, &status, next].join(AND);
        if line.width() + AND.width() + LEAVE.width() > room {
            return line;
        }
        [&line, LEAVE].join(AND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waiting_line_fits_every_terminal() {
        let now = "2026-03-02T12:10:00[UTC]".parse().unwrap();
        let tick = Tick {
            elapsed: Duration::from_secs(11 * 3600),
            within: Some(Duration::from_secs(96 * 3600)),
            state: "`Running`, stage `Validate`".to_owned(),
            next: Duration::from_secs(300),
        };
        let waiting = Waiting::of(&tick, &now);
        let lines = [200, 90, 70, 56, 40, 12].map(|room| waiting.fitting(room));
        assert_eq!(
            lines,
            [
                "11 h 0 min so far (11 % of 4 days), `Running`, stage `Validate`, next check \
                 12:15, Ctrl-C stops only the wait",
                "11 h 0 min so far (11 % of 4 days), `Running`, stage `Validate`, next check 12:15",
                "11 h 0 min so far (11 % of 4 days), `Running`, stag…, next check 12:15",
                "11 h 0 min so far (11 % of 4 days), next check 12:15",
                "11 h 0 min so far (11 % of 4 days)",
                "11 h 0 min…",
            ]
        );
        for room in 1..160 {
            assert!(waiting.fitting(room).width() <= room, "{room}");
        }
    }
}
