//! Colours the severity or state at the start of a line. The colour only repeats the word. Also the
//! ASCII marks for terminals without Unicode.

use anstyle::{AnsiColor, Style};

/// The words and their colours.
const WORDS: [(&str, AnsiColor); 18] = [
    ("BLOCK", AnsiColor::Red),
    ("UNKNOWN", AnsiColor::Yellow),
    ("WARN", AnsiColor::Yellow),
    ("NOT VISIBLE", AnsiColor::Cyan),
    ("NOTE", AnsiColor::Cyan),
    ("locked", AnsiColor::Red),
    ("endangered", AnsiColor::Red),
    ("failed", AnsiColor::Red),
    ("fail", AnsiColor::Red),
    ("drift", AnsiColor::Yellow),
    ("expiring", AnsiColor::Yellow),
    ("encrypting", AnsiColor::Cyan),
    ("removing", AnsiColor::Cyan),
    ("unknown", AnsiColor::Yellow),
    ("warn", AnsiColor::Yellow),
    ("look", AnsiColor::Yellow),
    ("encrypted", AnsiColor::Green),
    ("ok", AnsiColor::Green),
];

/// The text with coloured severities and states. Escapes take no columns, so no word gets wider.
pub(super) fn colored(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(line).collect();
    lines.join("\n")
}

fn line(text: &str) -> String {
    // A finding starts with its code.
    let begin = match text.split_once(' ') {
        Some((code, _)) if code.starts_with("CMK") => code.len() + 1,
        _ => 0,
    };
    let (before, rest) = text.split_at(begin);
    for (word, color) in WORDS {
        let Some(after) = rest.strip_prefix(word) else {
            continue;
        };
        // Only a whole word counts. A state counts only in a table, where the gap between two
        // columns follows.
        if after.starts_with(':') && begin > 0 || after.starts_with("  ") && begin == 0 {
            let style = Style::new().bold().fg_color(Some(color.into()));
            return format!("{before}{style}{word}{style:#}{after}");
        }
    }
    text.to_owned()
}

/// Replaces the marks of cmkctl with ASCII. Names do not change.
pub(super) fn in_ascii(text: &str) -> String {
    text.replace('\u{2713}', "ok").replace('\u{2026}', "...")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_and_states_alone_have_colour() {
        for (text, word) in [
            ("CMK006 BLOCK: It is so.", "BLOCK"),
            ("CMK011 NOT VISIBLE: It is so.", "NOT VISIBLE"),
            ("locked         Contoso UAT", "locked"),
            ("ok    proxy", "ok"),
        ] {
            let shown = colored(text);
            assert!(shown.contains(&format!("m{word}\u{1b}[0m")), "{shown:?}");
            assert_eq!(anstream_free(&shown), text);
        }
        for text in [
            "locked",
            "BLOCK: no code",
            "The key is locked  now",
            "look, it is",
            "",
        ] {
            assert_eq!(colored(text), text);
        }
    }

    /// Removes escapes.
    fn anstream_free(text: &str) -> String {
        let mut parts = text.split('\u{1b}');
        let first = parts.next().unwrap_or_default().to_owned();
        first
            + &parts
                .map(|part| part.split_once('m').unwrap().1)
                .collect::<String>()
    }

    #[test]
    fn marks_have_an_ascii_form_and_names_keep_theirs() {
        assert_eq!(in_ascii("✓ `Größe` is done …"), "ok `Größe` is done ...");
    }
}
