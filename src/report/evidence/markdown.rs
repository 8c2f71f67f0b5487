//! The report as Markdown, for a ticket or a repository.

use super::document::{ReportV1, by_state, day_or_none, horizon, name, numbers, word};
use crate::report::estate::MAY_LACK;
use crate::report::matrix::{MATRIX, MATRIX_DATE, STAYS_ON_MICROSOFT_KEY};

/// An address of cmkctl's own requests in a cell: no line feed and no bar may end it.
fn address(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('|', "\\|")
        .replace(['\n', '\r'], " ")
        .replace('<', "&lt;")
}

/// A cell with a name of the tenant or with words of a service: no link, no image, no mention.
fn cell(text: &str) -> String {
    address(text)
        .replace('[', "\\[")
        .replace(']', "\\]")
        .replace('@', "&#64;")
        .replace("://", "&#58;//")
}

fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// The whole report.
pub(super) fn markdown(report: &ReportV1<'_>) -> String {
    let mut text = format!(
        "# Customer-managed keys: {} environments\n\nCloud `{}`, read {} by {}, with {}.\n\n## \
        Environments by state\n\n",
        report.data.environments.len(),
        cell(report.cloud),
        report.at,
        report
            .by
            .map_or("an account that the token does not name".to_owned(), cell),
        report.tool
    );
    if let Some(change) = report.change {
        text.push_str(&format!("Change {}.\n\n", cell(change)));
    }
    if let Some(why) = &report.data.partial {
        text.push_str(&format!("{MAY_LACK}: {}.\n\n", cell(why)));
    }
    text.push_str("| state | environments |\n|---|---|\n");
    for (state, count) in by_state(report) {
        text.push_str(&row(&[state.to_owned(), count.to_string()]));
    }
    text.push_str("\n## Keys by time to their end\n\n| end | keys |\n|---|---|\n");
    for (end, count) in horizon(report) {
        text.push_str(&row(&[end.to_owned(), count.to_string()]));
    }
    text.push_str(&policies(report));
    text.push_str(&environments(report));
    text.push_str(&coverage());
    text.push_str(&requests(report));
    text.push_str(&format!("\nSHA-256 over the data: `{}`\n", report.sha256));
    text
}

fn policies(report: &ReportV1<'_>) -> String {
    let mut text = String::from(
        "\n## Policies and keys\n\n| policy | environments | vault | key | version | \
        ends | enabled | granted | purge protection | requests \
        |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for one in &report.data.protections {
        text.push_str(&row(&[
            cell(&one.policy),
            one.environments.to_string(),
            cell(name(one.vault.as_deref())),
            cell(one.key.unwrap_or("-")),
            cell(one.key_version.unwrap_or("-")),
            day_or_none(one.expires),
            word(one.enabled).to_owned(),
            word(one.granted).to_owned(),
            word(one.purge_protection).to_owned(),
            numbers(&one.read_from),
        ]));
    }
    text
}

fn environments(report: &ReportV1<'_>) -> String {
    let mut text = String::from(
        "\n## Environments\n\n| state | environment | id | type | policy | what | \
        request |\n|---|---|---|---|---|---|---|\n",
    );
    for line in &report.data.environments {
        let one = &line.environment;
        text.push_str(&row(&[
            one.state.to_owned(),
            cell(one.name),
            cell(one.id),
            cell(one.sku),
            cell(name(one.policy.as_deref())),
            cell(&one.dangers.join("; ")),
            line.read_from
                .map_or("-".to_owned(), |number| format!("#{number}")),
        ]));
    }
    text
}

/// What a key covers, and what it does not.
fn coverage() -> String {
    let mut text = format!(
        "\n## What a key covers (Microsoft, {MATRIX_DATE})\n\n| app | covered | note \
        |\n|---|---|---|\n"
    );
    for app in &MATRIX {
        text.push_str(&row(&[
            app.app.to_owned(),
            app.support.to_owned(),
            app.note.to_owned(),
        ]));
    }
    text.push_str(&format!(
        "\nOn the Microsoft key stay: {}.\n",
        STAYS_ON_MICROSOFT_KEY.join(", ")
    ));
    text
}

fn requests(report: &ReportV1<'_>) -> String {
    let mut text = String::from(
        "\n## Requests\n\n| # | at | request | status | correlation id |\n|---|---|---|---|---|\n",
    );
    for (index, asked) in report.data.requests.iter().enumerate() {
        text.push_str(&row(&[
            (index + 1).to_string(),
            asked.at.to_string(),
            address(&format!("{} {}", asked.method, asked.url)),
            asked.status.to_string(),
            cell(asked.correlation.as_deref().unwrap_or("-")),
        ]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_name_is_no_link_no_image_and_no_mention() {
        assert_eq!(
            cell("![x](https://evil.example) @admins | <b>"),
            "!\\[x\\](https&#58;//evil.example) &#64;admins \\| &lt;b>"
        );
    }
}
