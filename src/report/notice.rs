//! A message as a webhook wants it: a card for Teams, text for Slack, or the document itself.

use super::terminal::Out;
use super::values::{Format, value_of};
use crate::model::day::moment;
use crate::model::fleet::Named;
use crate::model::notice::{Change, Level, Notice, Shape};
use crate::model::text::clean;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

/// A message shows so many changes; the others are a number.
const MOST: usize = 20;

/// Version 1 of a message.
#[derive(Serialize)]
struct NotificationV1<'a> {
    schema: &'static str,
    at: Timestamp,
    command: &'static str,
    event: &'static str,
    level: Level,
    title: String,
    text: Vec<String>,
    environment: Option<&'a str>,
    changes: Vec<ChangeV1<'a>>,
    exit_code: Option<u8>,
}

#[derive(Serialize)]
struct ChangeV1<'a> {
    change: &'static str,
    state: &'static str,
    environment: Option<&'a Named>,
    why: String,
}

/// The document of a message.
pub(super) fn document(notice: &Notice) -> Value {
    let change = |change: &'_ Change| {
        value_of(&ChangeV1 {
            change: if change.over { "over" } else { "began" },
            state: change.state,
            environment: change.environment.as_ref(),
            why: clean(&change.why),
        })
    };
    let mut value = value_of(&NotificationV1 {
        schema: "cmkctl/notification/v1",
        at: notice.at,
        command: notice.command,
        event: notice.event,
        level: notice.level,
        title: clean(&notice.title),
        text: notice.text.iter().map(|line| clean(line)).collect(),
        environment: notice.environment.as_deref(),
        changes: Vec::new(),
        exit_code: notice.exit_code,
    });
    value["changes"] = notice.changes.iter().map(change).collect();
    value
}

/// The body for a webhook.
pub fn notification(shape: Shape, notice: &Notice) -> String {
    match shape {
        Shape::Generic => document(notice),
        Shape::Slack => slack(notice),
        Shape::Teams => teams(notice),
    }
    .to_string()
}

/// What changed, to stdout: a line each for people, the document as one line for scripts.
pub fn changes(out: &mut Out, notice: &Notice) {
    let text = match out.format() {
        Format::Table | Format::Wide => {
            let line = |change: &Change| format!("{}  {}\n", moment(notice.at), line(change));
            notice.changes.iter().map(line).collect()
        }
        _ => format!("{}\n", document(notice)),
    };
    out.document(&text);
}

/// What there is to say, line by line.
fn lines(notice: &Notice) -> Vec<String> {
    let mut lines: Vec<String> = notice.text.iter().map(|line| clean(line)).collect();
    lines.extend(notice.changes.iter().take(MOST).map(line));
    let more = notice.changes.len().saturating_sub(MOST);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

/// One change, as people read it.
pub(super) fn line(change: &Change) -> String {
    let of = change
        .environment
        .as_ref()
        .map(|environment| format!("{} ({})", environment.name, environment.id));
    let of = of.unwrap_or_else(|| "the tenant".to_owned());
    let over = if change.over { " no longer" } else { "" };
    let text = format!("{of}:{over} {}: {}", change.state, change.why);
    clean(text.trim_end_matches(": "))
}

/// Only these three have a meaning in the text of Slack.
fn slack(notice: &Notice) -> Value {
    let plain = |text: &str| {
        let text = text.replace('&', "&amp;");
        text.replace('<', "&lt;").replace('>', "&gt;")
    };
    let mut text = plain(&clean(&notice.title));
    for line in lines(notice) {
        text.push_str(&format!("\n• {}", plain(&line)));
    }
    json!({ "text": text })
}

/// A text of an adaptive card is Markdown: a name must be no link and no heading.
fn teams(notice: &Notice) -> Value {
    let plain = |text: &str| {
        let special = |ch: char| "\\`*_[]()#!<>|~".contains(ch);
        let mut plain = String::new();
        for ch in text.chars() {
            if special(ch) {
                plain.push('\\');
            }
            plain.push(ch);
        }
        plain
    };
    let color = match notice.level {
        Level::Good => "Good",
        Level::Warning => "Warning",
        Level::Danger => "Attention",
    };
    let mut body = vec![
        json!({ "type": "TextBlock", "text": plain(&clean(&notice.title)),
        "weight": "Bolder", "size": "Medium", "color": color, "wrap": true }),
    ];
    let block = |line: String| json!({ "type": "TextBlock", "text": plain(&line), "wrap": true });
    body.extend(lines(notice).into_iter().map(block));
    let when = format!("cmkctl {}, {}", notice.command, moment(notice.at));
    body.push(json!({ "type": "TextBlock", "text": when, "isSubtle": true, "wrap": true }));
    json!({ "type": "message", "attachments": [{
        "contentType": "application/vnd.microsoft.card.adaptive",
        "content": {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard", "version": "1.4", "body": body,
        },
    }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(name: &str) -> Notice {
        let change = |over, state| Change {
            over,
            state,
            environment: Some(Named {
                id: "e".to_owned(),
                name: name.to_owned(),
            }),
            why: "the key is disabled".to_owned(),
        };
        Notice {
            at: "2026-03-02T08:00:00Z".parse().unwrap(),
            command: "watch",
            event: "changed",
            level: Level::Danger,
            title: "1 danger began".to_owned(),
            text: vec!["Look.".to_owned()],
            environment: None,
            changes: vec![change(false, "locked"), change(true, "expiring")],
            exit_code: None,
        }
    }

    #[test]
    fn a_message_has_the_shape_of_its_receiver() {
        let body = |shape| -> Value {
            serde_json::from_str(&notification(shape, &notice("A & <B> [c](d)"))).unwrap()
        };
        assert_eq!(
            body(Shape::Slack)["text"],
            "1 danger began\n• Look.\n• A &amp; &lt;B&gt; [c](d) (e): locked: the key is disabled\n\
                • A &amp; &lt;B&gt; [c](d) (e): no longer expiring: the key is disabled"
        );
        let card = &body(Shape::Teams)["attachments"][0]["content"];
        assert_eq!(card["body"][0]["color"], "Attention");
        assert_eq!(
            card["body"][2]["text"],
            "A & \\<B\\> \\[c\\]\\(d\\) \\(e\\): locked: the key is disabled"
        );
        let document = body(Shape::Generic);
        assert_eq!(document["changes"][1]["change"], "over");
        assert_eq!(
            document["changes"][0]["environment"]["name"],
            "A & <B> [c](d)"
        );
    }

    #[test]
    fn many_changes_are_a_number() {
        let mut many = notice("E");
        many.text = Vec::new();
        many.changes = vec![many.changes[0].clone(); 50];
        let lines = lines(&many);
        assert_eq!((lines.len(), lines[20].as_str()), (21, "and 30 more"));
    }
}
