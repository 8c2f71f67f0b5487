//! Change windows: the times at which an environment may be taken offline.

use crate::model::event::Event;
use crate::model::wanted::{WEEK, Window};
use jiff::{SignedDuration, Timestamp};

/// In minutes. 1970-01-01 was a Thursday, and weeks begin on Monday here.
const THURSDAY: i64 = 3 * 24 * 60;

/// When the next window opens, in the minutes after `now`. `None` if a window is open, or if there
/// are no windows, which means always open.
pub fn opens(now: Timestamp, windows: &[Window]) -> Option<Timestamp> {
    let week = i64::from(WEEK);
    let seconds = now.as_second();
    let minute = (seconds.div_euclid(60) + THURSDAY).rem_euclid(week);
    let open = |window: &&Window| {
        let (opens, closes) = (i64::from(window.opens), i64::from(window.closes));
        // The minutes into the window; works across the end of the week.
        (minute - opens).rem_euclid(week) < (closes - opens).rem_euclid(week)
    };
    if windows.is_empty() || windows.iter().any(|window| open(&window)) {
        return None;
    }
    let wait = windows
        .iter()
        .map(|window| (i64::from(window.opens) - minute).rem_euclid(week))
        .min()?;
    let whole = Timestamp::from_second(seconds - seconds.rem_euclid(60)).ok()?;
    whole.checked_add(SignedDuration::from_mins(wait)).ok()
}

/// The windows as events that repeat every week, from the week of `now`.
pub fn events(windows: &[Window], now: Timestamp) -> Vec<Event> {
    let minutes = now.as_second().div_euclid(60);
    let monday = minutes - (minutes + THURSDAY).rem_euclid(i64::from(WEEK));
    let at = |minute: i64| Timestamp::from_second((monday + minute) * 60).ok();
    let event = |window: &Window| {
        let (opens, closes) = (i64::from(window.opens), i64::from(window.closes));
        let lasts = (closes - opens).rem_euclid(i64::from(WEEK));
        let name = format!("{window}");
        Some(Event {
            uid: Event::uid("change-window", &name),
            at: at(opens)?,
            title: "Change window for environments".to_owned(),
            text: format!(
                "In this window ({name}, UTC), `cmkctl apply` may take environments offline, each \
                    for up to 4 days."
            ),
            reminds: &[],
            weekly_until: at(opens + lasts),
        })
    };
    windows.iter().filter_map(event).collect()
}

/// The time until a window is open by every clock. `None` if one is open now, or if there are no
/// windows.
pub fn opens_by(clocks: &[Timestamp], windows: &[Window]) -> Option<SignedDuration> {
    clocks
        .iter()
        .filter_map(|now| Some(opens(*now, windows)?.duration_since(*now)))
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_shows_each_window_of_the_week() {
        let windows = ["tue 20:00-wed 04:00", "sun 23:00-mon 04:30"];
        let windows: Vec<Window> = windows
            .iter()
            .map(|text| Window::parse(text).unwrap())
            .collect();
        // 2026-03-02 is a Monday.
        for now in ["2026-03-02T00:00:00Z", "2026-03-08T23:59:59Z"] {
            let events = events(&windows, now.parse().unwrap());
            let times: Vec<String> = events
                .iter()
                .map(|event| format!("{} {}", event.at, event.weekly_until.unwrap()))
                .collect();
            assert_eq!(
                times,
                [
                    "2026-03-03T20:00:00Z 2026-03-04T04:00:00Z",
                    "2026-03-08T23:00:00Z 2026-03-09T04:30:00Z"
                ]
            );
            assert_ne!(events[0].uid, events[1].uid);
            assert!(events[0].text.contains("tue 20:00-wed 04:00"));
        }
    }

    #[test]
    fn it_opens_when_it_says_over_the_end_of_the_week_too() {
        let night = &["sat 22:00-sun 06:00"][..];
        let wrap = &["sun 23:00-mon 04:30"][..];
        let two = &["tue 20:00-wed 04:00", "sat 22:00-sun 06:00"][..];
        // 2026-03-02 is a Monday.
        for (now, windows, expected) in [
            ("2026-03-02T08:00:00Z", &[][..], None),
            ("2026-03-02T08:00:00Z", night, Some("2026-03-07T22:00:00Z")),
            ("2026-03-07T21:59:59Z", night, Some("2026-03-07T22:00:00Z")),
            ("2026-03-07T22:00:00Z", night, None),
            ("2026-03-08T05:59:59.5Z", night, None),
            ("2026-03-08T06:00:00Z", night, Some("2026-03-14T22:00:00Z")),
            ("2026-03-01T23:30:00Z", wrap, None),
            ("2026-03-02T04:29:59Z", wrap, None),
            ("2026-03-02T04:30:00Z", wrap, Some("2026-03-08T23:00:00Z")),
            ("2026-03-02T08:00:00Z", two, Some("2026-03-03T20:00:00Z")),
            ("2026-03-04T04:00:00Z", two, Some("2026-03-07T22:00:00Z")),
            ("2026-03-08T23:59:00Z", two, Some("2026-03-10T20:00:00Z")),
            // A window that is almost always open, across the end of the week.
            (
                "2026-03-02T00:00:00Z",
                &["mon 00:01-mon 00:00"][..],
                Some("2026-03-02T00:01:00Z"),
            ),
            ("2026-03-08T23:59:59Z", &["mon 00:01-mon 00:00"][..], None),
            // Minutes before 1970 count the same way.
            ("1969-12-31T23:59:59Z", &["wed 23:59-thu 00:00"][..], None),
        ] {
            let parsed: Vec<Window> = windows
                .iter()
                .map(|text| Window::parse(text).unwrap())
                .collect();
            let expected = expected.map(|text| text.parse::<Timestamp>().unwrap());
            assert_eq!(
                opens(now.parse().unwrap(), &parsed),
                expected,
                "{now} {windows:?}"
            );
        }
    }

    #[test]
    fn it_is_open_when_it_is_by_every_clock() {
        let windows = [Window::parse("sat 22:00-sun 06:00").unwrap()];
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let week = 7 * 24 * 60;
        for (clocks, minutes) in [
            (&["2026-03-07T22:30:00Z"][..], None),
            (&["2026-03-07T22:05:00Z", "2026-03-07T22:30:00Z"], None),
            (&["2026-03-07T21:50:00Z", "2026-03-07T22:30:00Z"], Some(10)),
            (&["2026-03-07T21:50:00Z", "2026-03-07T21:30:00Z"], Some(30)),
            // Closed by one clock, still open by the other.
            (
                &["2026-03-08T05:50:00Z", "2026-03-08T06:10:00Z"],
                Some(week - 8 * 60 - 10),
            ),
            (&[], None),
        ] {
            let clocks: Vec<Timestamp> = clocks.iter().map(|text| at(text)).collect();
            assert_eq!(
                opens_by(&clocks, &windows).map(|left| left.as_mins()),
                minutes,
                "{clocks:?}"
            );
            assert_eq!(opens_by(&clocks, &[]), None);
        }
    }
}
