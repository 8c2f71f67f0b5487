//! The report as one page that needs nothing else: no script, no font, no picture from elsewhere;
//! light and dark, narrow and wide, and printed.

use super::document::{ReportV1, by_state, day_or_none, horizon, name, numbers, word};
use crate::model::day::moment;
use crate::report::estate::MAY_LACK;
use crate::report::matrix::{MATRIX, MATRIX_DATE, STAYS_ON_MICROSOFT_KEY};

const STYLE: &str = include_str!("report.css");

/// Text as text, wherever it stands.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// Bars with their numbers: readable without colour, and by whoever hears the page.
fn bars(title: &str, bars: &[(&str, usize)]) -> String {
    let most = bars
        .iter()
        .map(|(_, count)| *count)
        .max()
        .unwrap_or(0)
        .max(1);
    let mut text = format!("<figure><figcaption>{}</figcaption>\n", escape(title));
    for (label, count) in bars {
        let percent = (*count * 1000 / most) as f64 / 10.0;
        text.push_str(&format!(
            "<div class=\"bar\"><span class=\"label\">{}</span><span class=\"track\"><span \
            class=\"fill s-{}\" style=\"width:{percent}%\"></span></span><span \
            class=\"count\">{count}</span></div>\n",
            escape(label),
            label.replace(' ', "-")
        ));
    }
    text.push_str("</figure>\n");
    text
}

/// A table that scrolls by itself where the page is narrow.
fn table(id: &str, title: &str, head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = format!(
        "<section id=\"{id}\"><h2>{}</h2>\n<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>",
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
    text.push_str("</tbody></table></div></section>\n");
    text
}

fn state(word: &str) -> String {
    format!("<span class=\"state s-{word}\">{word}</span>")
}

fn days(time: Option<jiff::Timestamp>) -> String {
    format!("<span class=\"day\">{}</span>", day_or_none(time))
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

/// The whole page.
pub(super) fn page(report: &ReportV1<'_>) -> String {
    let mut text = head(report);
    text.push_str(&bars("Environments by state", &by_state(report)));
    text.push_str(&bars("Keys by time to their end", &horizon(report)));
    text.push_str("</div>\n");
    text.push_str(&policies(report));
    text.push_str(&environments(report));
    text.push_str(&coverage());
    text.push_str(&requests(report));
    text.push_str(&format!(
        "</main><footer><p>SHA-256 over the data (<code>-o json</code>, the member \
        <code>data</code> without white space):</p><p>{}</p></footer></body></html>\n",
        code(&report.sha256)
    ));
    text
}

/// What stands above everything else: when, where and by whom it was read.
fn head(report: &ReportV1<'_>) -> String {
    let by = report
        .by
        .map_or("an account that the token does not name".to_owned(), escape);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
        content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" \
        content=\"light dark\"><title>Customer-managed keys, \
        {day}</title>\n<style>{STYLE}</style></head><body>\n<header><h1>Customer-managed \
        keys</h1><p>{count} environments of the cloud <b>{cloud}</b>, read {at} by {by}, with \
        {tool}.{change}{partial}</p></header>\n<main>\n<div class=\"pictures\">\n",
        change = report
            .change
            .map_or(String::new(), |id| format!(" Change {}.", escape(id))),
        partial = report
            .data
            .partial
            .as_ref()
            .map_or(String::new(), |why| format!(
                " {MAY_LACK}: {}.",
                escape(why)
            )),
        day = day_or_none(Some(report.at)),
        count = report.data.environments.len(),
        cloud = escape(report.cloud),
        at = moment(report.at),
        tool = report.tool,
    )
}

fn policies(report: &ReportV1<'_>) -> String {
    table(
        "policies",
        "Policies and keys",
        &[
            "Policy",
            "Environments",
            "Vault",
            "Key",
            "Version",
            "Ends",
            "Enabled",
            "Granted",
            "Purge protection",
            "Not visible",
            "Read from",
        ],
        report.data.protections.iter().map(|one| {
            vec![
                code(&one.policy),
                one.environments.to_string(),
                code(one.vault.as_deref().unwrap_or("-")),
                escape(one.key.unwrap_or("-")),
                format!(
                    "{}{}",
                    code(one.key_version.unwrap_or("-")),
                    if one.pinned { " (pinned)" } else { "" }
                ),
                days(one.expires),
                word(one.enabled).to_owned(),
                word(one.granted).to_owned(),
                word(one.purge_protection).to_owned(),
                escape(&one.not_visible.join("; ")),
                numbers(&one.read_from),
            ]
        }),
    )
}

fn environments(report: &ReportV1<'_>) -> String {
    table(
        "environments",
        "Environments",
        &[
            "State",
            "Environment",
            "Type",
            "Policy",
            "Key",
            "Ends",
            "What",
            "Deleted at the earliest",
            "Id",
            "Read from",
        ],
        report.data.environments.iter().map(|line| {
            let one = &line.environment;
            vec![
                state(one.state),
                escape(one.name),
                escape(one.sku),
                escape(name(one.policy.as_deref())),
                escape(one.key.unwrap_or("-")),
                days(one.key_expires),
                escape(&one.dangers.join("; ")),
                days(one.deleted_on),
                code(one.id),
                line.read_from
                    .map_or("-".to_owned(), |number| format!("#{number}")),
            ]
        }),
    )
}

/// What a key covers, and what it does not.
fn coverage() -> String {
    let mut text = table(
        "coverage",
        &format!("What a key covers (Microsoft, {MATRIX_DATE})"),
        &["App", "Covered", "Note"],
        MATRIX
            .iter()
            .map(|app| vec![escape(app.app), escape(app.support), escape(app.note)]),
    );
    text.push_str(&format!(
        "<p>On the Microsoft key stay: {}.</p>\n",
        escape(&STAYS_ON_MICROSOFT_KEY.join(", "))
    ));
    text
}

fn requests(report: &ReportV1<'_>) -> String {
    table(
        "requests",
        "Requests",
        &["#", "At", "Request", "Status", "Correlation id"],
        report
            .data
            .requests
            .iter()
            .enumerate()
            .map(|(index, asked)| {
                vec![
                    (index + 1).to_string(),
                    asked.at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
                    code(&format!("{} {}", asked.method, asked.url)),
                    asked.status.to_string(),
                    code(asked.correlation.as_deref().unwrap_or("-")),
                ]
            }),
    )
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
    }
}
