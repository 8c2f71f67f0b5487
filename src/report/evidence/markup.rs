//! The parts of the page: escaped text, tables that fit every width, and bars.

use super::document::{day_or_none, word};
use crate::model::day::away;
use jiff::Timestamp;

/// Escapes text for HTML content and attributes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// Text as HTML. The parts in backticks become code.
pub(super) fn prose(text: &str) -> String {
    let parts = escape(text);
    let parts = parts.split('`').enumerate();
    parts
        .map(|(number, part)| match number % 2 {
            0 => part.to_owned(),
            _ => format!("<code>{part}</code>"),
        })
        .collect()
}

/// An id or an address.
pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

/// Less important text, in small letters.
pub(super) fn small(markup: &str) -> String {
    format!("<small>{markup}</small>")
}

/// A state with its word and its colour.
pub(super) fn state(word: &str) -> String {
    format!(
        "<span class=\"state s-{word}\">{}</span>",
        word.replace('-', " ")
    )
}

/// `yes`, `NO` or `not visible`.
pub(super) fn flag(flag: Option<bool>) -> String {
    let class = match flag {
        Some(true) => "yes",
        Some(false) => "no",
        None => "open",
    };
    format!("<span class=\"{class}\">{}</span>", word(flag))
}

/// A day, and how far away it is.
pub(super) fn days(time: Option<Timestamp>, at: Timestamp) -> String {
    let day = format!("<span class=\"day\">{}</span>", day_or_none(time));
    match time {
        Some(time) => format!("{day} {}", small(&away(time, at))),
        None => day,
    }
}

/// Bars with their numbers, so that they are readable without colour and by a screen reader.
pub(super) fn bars(title: &str, bars: &[(&str, usize)]) -> String {
    let counts = bars.iter().map(|(_, count)| *count);
    let most = counts.max().unwrap_or(0).max(1);
    let mut text = format!("<figure><figcaption>{}</figcaption>\n", escape(title));
    for (label, count) in bars {
        let percent = (*count * 1000 / most) as f64 / 10.0;
        let class = label.replace(' ', "-");
        let none = if *count == 0 { " none" } else { "" };
        text.push_str(&format!(
            "<div class=\"bar{none}\"><span class=\"label\">{}</span><span class=\"track\"><span \
            class=\"fill s-{class}\" style=\"width:{percent}%\"></span></span><span \
            class=\"count\">{count}</span></div>\n",
            escape(&label.replace('-', " ")),
        ));
    }
    text.push_str("</figure>\n");
    text
}

/// The style for narrow pages: each row is a card, and each cell shows its header. The style holds
/// the headers once, so that not every cell repeats them.
pub(super) fn labels(tables: &[(&str, &[&str])]) -> String {
    let mut text = String::from("@media screen and (max-width: 46rem) {");
    for (id, head) in tables {
        for (number, cell) in head.iter().enumerate() {
            text.push_str(&format!(
                " #{id} td:nth-child({})::before {{ content: \"{cell}\"; }}",
                number + 1
            ));
        }
    }
    text + " }\n"
}

/// A table.
pub(super) fn table(
    id: &str,
    title: &str,
    head: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> String {
    let mut text = format!(
        "<section id=\"{id}\"><h2>{}</h2>\n<table><thead><tr>",
        escape(title)
    );
    for cell in head {
        text.push_str(&format!("<th scope=\"col\">{}</th>", escape(cell)));
    }
    text.push_str("</tr></thead><tbody>\n");
    for row in rows {
        text.push_str("<tr>");
        for cell in row {
            text.push_str(&format!("<td>{cell}</td>"));
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody></table></section>\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_not_become_markup() {
        assert_eq!(
            escape("<b onload='x'>&\""),
            "&lt;b onload=&#39;x&#39;&gt;&amp;&quot;"
        );
        assert_eq!(prose("run `a <b`."), "run <code>a &lt;b</code>.");
    }

    #[test]
    fn each_column_has_its_header_at_every_width() {
        let rows = vec![vec!["1".to_owned(), "2".to_owned()]];
        let head: &[&str] = &["One", "Two"];
        let text = labels(&[("t", head)]) + &table("t", "T", head, rows.into_iter());
        for part in [
            "<th scope=\"col\">One</th><th scope=\"col\">Two</th>",
            "#t td:nth-child(1)::before { content: \"One\"; }",
            "#t td:nth-child(2)::before { content: \"Two\"; }",
            "<td>1</td><td>2</td>",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
