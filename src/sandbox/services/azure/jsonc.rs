//! Reads JSON with the extensions of hand-written templates, which the Azure CLI sends unchanged.
//! It allows comments, unquoted names, texts in single quotes or over several lines, and trailing
//! commas.

use serde_json::Value;
use std::iter::Peekable;
use std::str::Chars;

/// The document, or `None` if it is invalid.
pub(super) fn read(bytes: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.trim_start_matches('\u{feff}');
    serde_json::from_str(text)
        .or_else(|_| serde_json::from_str(&strict(text)))
        .ok()
}

/// The document as strict JSON.
fn strict(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(ch) = rest.next() {
        match ch {
            '"' | '\'' => quoted(ch, &mut rest, &mut out),
            '/' => comment(&mut rest),
            '}' | ']' => {
                let end = out.trim_end().len();
                if out.get(..end).is_some_and(|before| before.ends_with(',')) {
                    out.truncate(end - 1);
                }
                out.push(ch);
            }
            ch if ch.is_alphabetic() || ch == '_' || ch == '$' => word(ch, &mut rest, &mut out),
            ch => out.push(ch),
        }
    }
    out
}

fn quoted(mark: char, rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    out.push('"');
    while let Some(ch) = rest.next() {
        match ch {
            ch if ch == mark => break,
            '\\' => match rest.next() {
                Some('\'') => out.push('\''),
                Some(next) => out.extend(['\\', next]),
                None => {}
            },
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' => out.push_str("\\\""),
            ch => out.push(ch),
        }
    }
    out.push('"');
}

/// Skips a comment of either kind. A stray slash is dropped with the character after it.
fn comment(rest: &mut Peekable<Chars<'_>>) {
    match rest.next() {
        Some('/') => while rest.next_if(|ch| *ch != '\n').is_some() {},
        Some('*') => {
            let mut before = ' ';
            for ch in rest.by_ref() {
                if before == '*' && ch == '/' {
                    break;
                }
                before = ch;
            }
        }
        _ => {}
    }
}

/// A name if a colon follows, otherwise a JSON literal.
fn word(first: char, rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    let mut word = String::from(first);
    while let Some(ch) = rest.next_if(|ch| ch.is_alphanumeric() || "_$".contains(*ch)) {
        word.push(ch);
    }
    let next = rest.clone().find(|ch| !ch.is_whitespace());
    if next == Some(':') {
        out.push_str(&format!("\"{word}\""));
    } else {
        out.push_str(&word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_people_write_is_read() {
        let text = "{\"properties\": {\"mode\": \"Incremental\", template:{\r\n  // one\r\n  \
            \"$schema\": 'https://x/y#', /* two\n * lines */ $odd: [1e3, true, null,],\n  \
            \"text\": \"a\n//b 'c'\\\"\", 'it\\'s': 'say \"so\"',\n}}}";
        assert_eq!(
            read(text.as_bytes()),
            Some(json!({ "properties": { "mode": "Incremental", "template": {
                "$schema": "https://x/y#", "$odd": [1000.0, true, null],
                "text": "a\n//b 'c'\"", "it's": "say \"so\"",
            } } }))
        );
    }

    #[test]
    fn what_is_no_document_is_none() {
        for text in ["", "{", "{a b}", "{\"a\": /}", "[1 2]", "{'a': 'b"] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
        assert_eq!(read(&[0xff, 0xfe]), None);
    }
}
