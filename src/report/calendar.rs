//! Dates in the calendar format (RFC 5545). The same dates always give the same text, because the
//! text does not contain the time of the export.

use crate::model::event::Event;
use crate::model::text::clean;
use jiff::Timestamp;

/// The maximum number of octets in a line.
const WIDTH: usize = 75;

/// The lines of a calendar. [`exact`] adds the line ends of the standard.
pub(super) fn lines(events: &[Event], at: Timestamp) -> String {
    let mut text = String::new();
    let mut say = |line: &str| fold(&mut text, line);
    say("BEGIN:VCALENDAR");
    say("VERSION:2.0");
    say("PRODID:-//cmkctl//cmkctl//EN");
    say("CALSCALE:GREGORIAN");
    say("METHOD:PUBLISH");
    say("X-WR-CALNAME:Customer-managed keys");
    for event in events {
        say("BEGIN:VEVENT");
        say(&format!("UID:{}@cmkctl", event.uid));
        say(&format!("DTSTAMP:{}", time(at)));
        say(&format!("DTSTART:{}", time(event.at)));
        if let Some(until) = event.weekly_until {
            say(&format!("DTEND:{}", time(until)));
            say("RRULE:FREQ=WEEKLY");
        }
        say(&format!("SUMMARY:{}", escaped(&event.title)));
        say(&format!("DESCRIPTION:{}", escaped(&event.text)));
        say("TRANSP:TRANSPARENT");
        for days in event.reminds {
            say("BEGIN:VALARM");
            say("ACTION:DISPLAY");
            say(&format!("TRIGGER:-P{days}D"));
            say(&format!("DESCRIPTION:{}", escaped(&event.title)));
            say("END:VALARM");
        }
        say("END:VEVENT");
    }
    say("END:VCALENDAR");
    text
}

/// The file, with the line ends that the standard requires.
pub(super) fn exact(text: &str) -> String {
    text.replace('\n', "\r\n")
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for ch in clean(text).chars() {
        if matches!(ch, '\\' | ';' | ',') {
            escaped.push('\\');
        }
        escaped.push(ch);
    }
    escaped
}

/// Adds a line. A line that is too long continues in the next line, after a blank. No character is
/// split.
fn fold(text: &mut String, line: &str) {
    let mut length = 0;
    for ch in line.chars() {
        if length + ch.len_utf8() > WIDTH {
            text.push_str("\n ");
            length = 1;
        }
        text.push(ch);
        length += ch.len_utf8();
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event(title: &str) -> Event {
        Event {
            uid: Event::uid("key-expiry", "kv/cmk/1"),
            at: "2026-12-09T12:00:00Z".parse().unwrap(),
            title: title.to_owned(),
            text: "One, two; three\\.".to_owned(),
            reminds: &[7],
            weekly_until: None,
        }
    }

    const EXPECTED: &str = "\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//cmkctl//cmkctl//EN
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:Customer-managed keys
BEGIN:VEVENT
UID:UID_OF_IT@cmkctl
DTSTAMP:20260302T080000Z
DTSTART:20261209T120000Z
SUMMARY:Key cmk in kv expires
DESCRIPTION:One\\, two\\; three\\\\.
TRANSP:TRANSPARENT
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-P7D
DESCRIPTION:Key cmk in kv expires
END:VALARM
END:VEVENT
END:VCALENDAR
";

    #[test]
    fn a_date_has_all_that_the_standard_wants() {
        let at = "2026-03-02T08:00:00Z".parse().unwrap();
        let text = lines(&[event("Key cmk in kv expires")], at);
        assert_eq!(
            text,
            EXPECTED.replace("UID_OF_IT", &event("").uid.to_string())
        );
        assert!(exact(&text).ends_with("END:VCALENDAR\r\n"));
    }

    #[test]
    fn a_window_repeats_every_week() {
        let until = "2026-12-10T04:00:00Z".parse().ok();
        let window = Event {
            weekly_until: until,
            ..event("Change window")
        };
        let text = lines(&[window], Timestamp::UNIX_EPOCH);
        let times = "DTSTART:20261209T120000Z\nDTEND:20261210T040000Z\nRRULE:FREQ=WEEKLY\n";
        assert!(text.contains(times), "{text}");
    }

    proptest! {
        #[test]
        fn no_line_is_too_long_and_every_title_is_read_back(title in "\\PC*|[,;\\\\ \n]*") {
            let text = lines(&[event(&title)], Timestamp::UNIX_EPOCH);
            prop_assert!(text.lines().all(|line| line.len() <= WIDTH), "{}", text);
            let unfolded = text.replace("\n ", "");
            let told = unfolded.lines().find_map(|line| line.strip_prefix("SUMMARY:"));
            let mut read = String::new();
            let mut chars = told.unwrap_or_default().chars();
            while let Some(ch) = chars.next() {
                read.extend(if ch == '\\' { chars.next() } else { Some(ch) });
            }
            prop_assert_eq!(read, clean(&title));
        }
    }
}
