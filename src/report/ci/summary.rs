//! The summary page of a step, in Markdown: the result, the findings, the changes and the next
//! steps.

use super::notes::{Issue, Level, Notes};
use crate::error::Error;
use crate::model::count::counted;
use crate::model::text::clean;

/// The maximum number of rows: services cut long pages, and the worst come first.
const ROWS: usize = 100;

/// Escapes Markdown in foreign words: links, images and the end of a table cell.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for ch in text.chars() {
        match ch {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '!' | '#' | '~' => out.extend(['\\', ch]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\n' | '\r' => out.push(' '),
            ch => out.push(ch),
        }
    }
    out
}

fn row(cells: &[&str]) -> String {
    format!(
        "| {} |\n",
        cells
            .iter()
            .map(|cell| plain(cell))
            .collect::<Vec<_>>()
            .join(" | ")
    )
}

fn rest(all: usize) -> String {
    if all > ROWS {
        format!("\nAnd {} more.\n", all - ROWS)
    } else {
        String::new()
    }
}

/// The complete page.
pub(super) fn page(
    notes: &Notes,
    issues: &[Issue],
    command: &str,
    code: u8,
    error: Option<&Error>,
) -> String {
    let ended = error.map_or("done", |error| error.kind.word());
    let outcome = notes.outcome.as_deref().unwrap_or(ended);
    let mut text = format!(
        "### cmkctl {}: {}\n\n| | |\n|---|---|\n",
        plain(command),
        plain(outcome)
    );
    let environment = match (&notes.environment_name, &notes.environment) {
        (Some(name), Some(id)) => Some(format!("{name} ({id})")),
        (name, id) => name.clone().or_else(|| id.clone()),
    };
    for (label, value) in [
        ("Environment", &environment),
        ("Policy", &notes.policy),
        ("Operation", &notes.operation),
    ] {
        if let Some(value) = value {
            text.push_str(&row(&[label, value]));
        }
    }
    text.push_str(&row(&["Exit code", &code.to_string()]));
    if let Some(error) = error {
        text.push_str(&format!("\n{}\n", plain(&clean(&error.message))));
        for hint in &error.hints {
            text.push_str(&format!("- {}\n", plain(&clean(hint))));
        }
    }
    text.push_str(&found(issues));
    text.push_str(&environments(notes));
    for (title, lines) in [("Done", &notes.done), ("Next", &notes.next)] {
        if !lines.is_empty() {
            text.push_str(&format!("\n**{title}**\n"));
            text.extend(lines.iter().map(|line| format!("- {}\n", plain(line))));
        }
    }
    text + "\n"
}

/// The findings and their remedies.
fn found(issues: &[Issue]) -> String {
    let findings: Vec<&Issue> = issues
        .iter()
        .filter(|issue| !issue.who.is_empty())
        .collect();
    if findings.is_empty() {
        return String::new();
    }
    let mut text = "\n| | Finding | Fix | Who |\n|---|---|---|---|\n".to_owned();
    for issue in findings.iter().take(ROWS) {
        let word = match issue.level {
            Level::Error => "blocker",
            Level::Warning => "warning",
            Level::Notice => "unknown or not visible",
            Level::Silent => "note",
        };
        text.push_str(&row(&[
            word,
            &format!("{} {}", issue.code, issue.message),
            &issue.remedy,
            &issue.who,
        ]));
    }
    text + &rest(findings.len())
}

/// The number of environments, and those that need attention.
fn environments(notes: &Notes) -> String {
    let mut text = String::new();
    if notes.environments_in_all > 0 {
        text.push_str(&format!(
            "\n{}. Need attention: {}.\n",
            counted(notes.environments_in_all, "environment"),
            notes.environments.len()
        ));
    }
    if !notes.environments.is_empty() {
        text.push_str("\n| State | Environment | Id | Reason |\n|---|---|---|---|\n");
        for [state, name, id, what] in notes.environments.iter().take(ROWS) {
            text.push_str(&row(&[state, name, id, what]));
        }
        text.push_str(&rest(notes.environments.len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_stay_words() {
        assert_eq!(
            plain("![x](y) <b> a|b\n# `c`"),
            "\\!\\[x\\](y) &lt;b&gt; a\\|b \\# \\`c\\`"
        );
    }
}
