//! Makes foreign text harmless before it is displayed.

use std::borrow::Cow;

/// One line of text. Line breaks, tabs and unusual blanks become blanks. Terminal escapes, control
/// characters, bidirectional marks and invisible characters are removed, and tokens are masked.
pub fn clean(text: &str) -> String {
    if text.bytes().all(harmless) {
        return mask(text.to_owned());
    }
    mask(
        text.chars()
            .map(|ch| if breaks(ch) { ' ' } else { ch })
            .filter(|ch| !hidden(*ch))
            .collect(),
    )
}

/// The same for several lines, which keep their line feeds. The document of a large tenant is
/// megabytes of harmless text, so it is not copied.
pub fn clean_lines(text: &str) -> Cow<'_, str> {
    let lines = text.bytes().all(|byte| byte == b'\n' || harmless(byte));
    if lines && !text.contains(TOKEN) && opening(text).is_none() {
        return Cow::Borrowed(text);
    }
    let kept = |ch: &char| *ch == '\n' || !hidden(*ch);
    Cow::Owned(mask(
        text.chars()
            .map(|ch| if breaks(ch) && ch != '\n' { ' ' } else { ch })
            .filter(kept)
            .collect(),
    ))
}

/// A text of Kusto between these quotation marks, in which nothing ends it.
pub fn kusto(text: &str, mark: char) -> String {
    let plain = |ch: char| if ch.is_control() { ' ' } else { ch };
    let text: String = text.chars().map(plain).collect();
    let escaped = text.replace('\\', "\\\\");
    let escaped = escaped.replace(mark, &format!("\\{mark}"));
    format!("{mark}{escaped}{mark}")
}

/// Is this a printable ASCII character? Such a byte hides nothing and breaks no line.
fn harmless(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte)
}

/// The start of every JSON web token: `{"` in Base64. Without a dot it is a single JSON object,
/// such as the claims of a challenge, which users must paste.
const TOKEN: &str = "eyJ";
/// A token is longer than this.
const SHORT: usize = 24;

/// The text before a secret, up to its `=` or blank, and the secret's minimum length. `bearer
/// token` is plain language.
const OPENS: [(&str, usize); 5] = [
    ("sig=", 8),
    ("client_secret=", 8),
    ("access_token=", 8),
    ("password=", 8),
    ("bearer ", 20),
];

/// The start of the first secret in a text, and its minimum length. Every name of a tenant passes
/// through here, so it scans once and compares mostly the last letters.
fn opening(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let ends = |(_, byte): &(usize, &u8)| matches!(byte, b'=' | b' ');
    bytes.iter().enumerate().filter(ends).find_map(|(at, _)| {
        let before = bytes.get(..=at)?;
        let opens = |(name, _): &&(&str, usize)| {
            let tail = before.len().checked_sub(name.len());
            let tail = tail.and_then(|from| before.get(from..));
            tail.is_some_and(|tail| tail.eq_ignore_ascii_case(name.as_bytes()))
        };
        let (_, least) = OPENS.iter().find(opens)?;
        Some((at + 1, *least))
    })
}

/// Masks tokens and secrets, because services quote them in refusals.
fn mask(text: String) -> String {
    let text = mask_tokens(text);
    let (mut out, mut rest) = (String::new(), text.as_str());
    while let Some((begin, least)) = opening(rest) {
        let (before, after) = rest.split_at_checked(begin).unwrap_or((rest, ""));
        let ends = |ch: char| ch.is_whitespace() || "&\"',;)<>".contains(ch);
        let end = after.find(ends).unwrap_or(after.len());
        let (secret, behind) = after.split_at_checked(end).unwrap_or((after, ""));
        out.push_str(before);
        out.push_str(if secret.len() < least {
            secret
        } else {
            "[hidden]"
        });
        rest = behind;
    }
    if out.is_empty() { text } else { out + rest }
}

fn mask_tokens(text: String) -> String {
    if !text.contains(TOKEN) {
        return text;
    }
    let inside =
        |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '_' | '.' | '+' | '/' | '=');
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.find(TOKEN).and_then(|at| rest.split_at_checked(at)) {
        let end = after.find(|ch| !inside(ch)).unwrap_or(after.len());
        let (token, behind) = after.split_at_checked(end).unwrap_or((after, ""));
        out.push_str(before);
        out.push_str(if token.len() > SHORT && token.contains('.') {
            "[token]"
        } else {
            token
        });
        rest = behind;
    }
    out + rest
}

/// Line breaks, tabs, and every blank except U+0020, which is the blank that people type in names.
fn breaks(ch: char) -> bool {
    ch != ' ' && ch.is_whitespace() || ch == '\u{2800}'
}

fn hidden(ch: char) -> bool {
    ch.is_control()
        || matches!(ch,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// A basic string of TOML.
pub fn toml_string(text: &str) -> String {
    let mut out = String::from("\"");
    for ch in text.chars() {
        match ch {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            ch if ch.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(ch))),
            ch => out.push(ch),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_and_reordering_marks_are_dropped() {
        assert_eq!(clean("a\u{1b}[31mb\u{7}\u{202e}c\nd\u{9b}e"), "a[31mbc de");
        assert_eq!(
            clean("a\u{85}b\u{2028}c\u{2029}d\u{b}e\u{61c}\u{2066}\u{e0041}f"),
            "a b c d ef"
        );
        let token = format!("{TOKEN}0eXAi.{}.sig", "x".repeat(30));
        assert_eq!(
            clean(&format!("Bearer {token}, and {TOKEN} is short; {token}")),
            "Bearer [token], and eyJ is short; [token]"
        );
        assert_eq!(
            clean("https://x/a?sv=1&SIG=abc%2Bdefghi&se=2 (client_secret=hunter2hunter2)"),
            "https://x/a?sv=1&SIG=[hidden]&se=2 (client_secret=[hidden])"
        );
        let plain = "A bearer token is required. Bearer authorization=\"https://x\"";
        assert_eq!(clean(plain), plain);
        let claims = format!("{TOKEN}{}=", "x".repeat(30));
        assert_eq!(clean(&claims), claims);
        assert_eq!(clean_lines("a\nb\r\u{1b}c\u{2028}d"), "a\nb c d");
        assert_eq!(clean_lines(&format!("a\n{token}\n")), "a\n[token]\n");
    }

    #[test]
    fn what_needs_no_cleaning_goes_the_short_way_and_comes_out_the_same() {
        for byte in 0..=0x7f_u8 {
            let text = format!("a{}b", char::from(byte));
            let long = |text: &str| clean(&format!("{text}\u{e9}")).replace('\u{e9}', "");
            assert_eq!(clean(&text), long(&text), "{byte}");
            let long = |text: &str| clean_lines(&format!("{text}\u{e9}")).replace('\u{e9}', "");
            assert_eq!(clean_lines(&text), long(&text), "{byte}");
        }
        assert!(matches!(clean_lines("a ~\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_nobody_sees_is_dropped_and_what_looks_like_a_blank_is_one() {
        let unseen = [
            '\u{34f}',
            '\u{180b}',
            '\u{180c}',
            '\u{180d}',
            '\u{fe00}',
            '\u{fe0f}',
            '\u{1d173}',
            '\u{1d17a}',
        ];
        for ch in unseen
            .into_iter()
            .chain(['\u{e0100}', '\u{e01ef}', '\u{2065}', '\u{3164}'])
        {
            assert_eq!(clean(&format!("a{ch}b")), "ab", "{ch:?}");
            assert_eq!(clean_lines(&format!("a{ch}\nb")), "a\nb", "{ch:?}");
        }
        for ch in [
            '\u{a0}', '\u{2800}', '\u{2007}', '\u{202f}', '\u{3000}', '\u{1680}',
        ] {
            assert_eq!(clean(&format!("a{ch}b")), "a b", "{ch:?}");
        }
        assert_eq!(
            clean("Prüfung äöü 検証 \u{1f600}"),
            "Prüfung äöü 検証 \u{1f600}"
        );
    }
}
