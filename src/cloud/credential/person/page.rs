//! Reads the browser's redirect, and makes the page that it shows.

use super::super::source::Secret;
use crate::cloud::json;
use url::form_urlencoded;

/// The answer of the sign-in page.
#[derive(Debug)]
pub(super) enum Back {
    /// The authorization code.
    Code(Secret),
    /// A refusal: error code and description.
    Refused(String),
    /// Neither a code nor an error.
    Nothing,
}

/// Reads a request's first line. `None` if its `state` is not that of this sign-in.
pub(super) fn back(line: &str, state: &Secret) -> Option<Back> {
    let mut words = line.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let query = target.strip_prefix("/?")?;
    if method != "GET" || !words.next()?.starts_with("HTTP/1.") {
        return None;
    }
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let single = |name: &str| {
        let mut all = pairs.iter().filter(|(key, _)| key == name);
        // A repeated parameter is ambiguous and does not count.
        let first = all.next().map(|(_, value)| value.as_str());
        first.filter(|value| !value.is_empty() && all.next().is_none())
    };
    if single("state").map(str::to_owned).map(Secret::new).as_ref() != Some(state) {
        return None;
    }
    Some(match (single("error"), single("code")) {
        (Some(error), _) => {
            let description = single("error_description").unwrap_or(error);
            Back::Refused(json::clean(description))
        }
        (None, Some(code)) => Back::Code(Secret::new(code.to_owned())),
        (None, None) => Back::Nothing,
    })
}

/// The page after a success.
pub(super) fn done() -> String {
    page("You are signed in.", "Close this tab.")
}

/// The page after a failure.
pub(super) fn failed(why: &str) -> String {
    let more = format!("{why} Close this tab, and look at the terminal.");
    page("You are not signed in.", &more)
}

fn page(title: &str, text: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>cmkctl</title>\
        </head><body><h1>{}</h1><p>{}</p></body></html>",
        escaped(title),
        escaped(text)
    )
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for ch in text.chars() {
        match ch {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            ch => out.push(ch),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_to_this_sign_in_is_read() {
        let state = Secret::new("s+t".to_owned());
        let read = |line: &str| back(line, &state);
        let code = read("GET /?code=a%2Bb+c&state=s%2Bt HTTP/1.1");
        assert!(matches!(code, Some(Back::Code(code)) if code.secret() == "a+b c"));
        for odd in [
            "",
            "GET",
            "GET /",
            "GET / HTTP/1.1",
            "GET /favicon.ico HTTP/1.1",
            "GET /?code=a HTTP/1.1",
            "GET /?code=a&state= HTTP/1.1",
            "GET /?code=a&state=other HTTP/1.1",
            "GET /?code=a&state=s+t HTTP/1.1",
            "GET /?code=a&state=s%2Bt&state=s%2Bt HTTP/1.1",
            "GET /other?code=a&state=s%2Bt HTTP/1.1",
            "POST /?code=a&state=s%2Bt HTTP/1.1",
            "GET /?code=a&state=s%2Bt",
        ] {
            assert!(read(odd).is_none(), "{odd}");
        }
        for nothing in [
            "GET /?state=s%2Bt HTTP/1.1",
            "GET /?code=&state=s%2Bt HTTP/1.1",
            "GET /?code=a&code=b&state=s%2Bt HTTP/1.1",
        ] {
            assert!(matches!(read(nothing), Some(Back::Nothing)), "{nothing}");
        }
        let refused = read("GET /?error=access_denied&code=a&state=s%2Bt HTTP/1.1");
        assert!(
            matches!(refused, Some(Back::Refused(description)) if description == "access_denied")
        );
        let line = "GET /?error=x&error_description=No%0A%1b[31m&state=s%2Bt HTTP/1.1";
        let Some(Back::Refused(description)) = read(line) else {
            panic!("{line}");
        };
        assert!(!description.contains(['\n', '\u{1b}']), "{description}");
    }

    #[test]
    fn words_of_others_are_no_markup() {
        let page = failed("<script>alert('x')</script> & \"y\"");
        assert!(!page.contains("<script>") && page.contains("&lt;script&gt;"));
        assert!(!page.contains("\"y\"") && page.contains("&#39;x&#39;"));
    }
}
