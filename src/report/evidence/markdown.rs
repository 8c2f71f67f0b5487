//! The report as Markdown, for a ticket or a repository.

use super::document::{ReportV1, by_state, day_or_none, horizon, name, numbers, word};
use super::summary::Summary;
use crate::report::estate::{MAY_LACK, sentences};
use crate::report::matrix::{MATRIX, SOURCES, STAYS_ON_MICROSOFT_KEY};

/// The number of names shown for a case. The table has all names.
const NAMES: usize = 8;

/// The URL of a cmkctl request in a cell: no line feed and no bar in it ends the cell.
fn address(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('|', "\\|")
        .replace(['\n', '\r'], " ")
        .replace('<', "&lt;")
}

/// A cell with a name from the tenant or with a service's text. The text can't become a link, an
/// image or a mention.
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

/// The top of the report.
fn head(report: &ReportV1<'_>) -> String {
    let or_hidden = |text: Option<&str>| text.map_or("not visible".to_owned(), cell);
    let summary = Summary::of(report);
    let mut text = String::from("# Customer-managed keys\n\n");
    if report.rehearsal {
        text.push_str("**Rehearsal.** A sandbox simulated this tenant. Nothing here is real.\n\n");
    }
    text.push_str(&format!(
        "Tenant {}, domain {}, cloud `{}`, read at {} by {}, with {}.\n\n## {}\n\n",
        or_hidden(report.tenant.id),
        or_hidden(report.tenant.domain),
        cell(report.cloud),
        report.at,
        or_hidden(report.by),
        report.tool,
        summary.headline(),
    ));
    if let Some(change) = report.change {
        text.push_str(&format!("Change {}.\n\n", cell(change)));
    }
    let partial = report.data.partial.as_ref();
    let lacks = partial.map(|why| format!("{MAY_LACK}: {}.", cell(why)));
    for open in summary.left_open().into_iter().chain(lacks) {
        text.push_str(&format!("{open}\n\n"));
    }
    if !summary.cases.is_empty() {
        text.push_str(
            "| state | environments | names | why | until | what to do \
            |\n|---|---|---|---|---|---|\n",
        );
    }
    for case in &summary.cases {
        text.push_str(&row(&[
            case.state.word().to_owned(),
            case.size(),
            cell(&case.names(NAMES)),
            cell(&case.why()),
            case.deadline(report.at).unwrap_or("-".to_owned()),
            case.remedy().to_owned(),
        ]));
    }
    text.push_str("\n## Environments by state\n\n");
    text
}

/// The whole report.
pub(super) fn markdown(report: &ReportV1<'_>) -> String {
    let mut text = head(report);
    text.push_str("| state | environments |\n|---|---|\n");
    for (state, count) in by_state(report) {
        text.push_str(&row(&[state.to_owned(), count.to_string()]));
    }
    text.push_str("\n## Keys by time to expiry\n\n| expiry | keys |\n|---|---|\n");
    for (end, count) in horizon(report) {
        text.push_str(&row(&[end.to_owned(), count.to_string()]));
    }
    text.push_str(&policies(report));
    text.push_str(&environments(report));
    text.push_str(&coverage());
    text.push_str(&requests(report));
    text.push_str(&format!("\nSHA-256 of the data: `{}`\n", report.sha256));
    text
}

fn policies(report: &ReportV1<'_>) -> String {
    let mut text = String::from(
        "\n## Policies and keys\n\n| policy | environments | vault | key | version | \
        expires | enabled | granted | purge protection | requests \
        |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for protection in &report.data.protections {
        text.push_str(&row(&[
            cell(&protection.policy),
            protection.environments.to_string(),
            cell(name(protection.vault.as_deref())),
            cell(protection.key.unwrap_or("-")),
            cell(protection.key_version.unwrap_or("-")),
            day_or_none(protection.expires),
            word(protection.enabled).to_owned(),
            word(protection.granted).to_owned(),
            word(protection.purge_protection).to_owned(),
            numbers(&protection.read_from),
        ]));
    }
    text
}

fn environments(report: &ReportV1<'_>) -> String {
    let mut text = String::from(
        "\n## Environments\n\n| state | environment | id | type | policy | reason | \
        request |\n|---|---|---|---|---|---|---|\n",
    );
    for line in &report.data.environments {
        let environment = &line.environment;
        text.push_str(&row(&[
            environment.state.to_owned(),
            cell(environment.name),
            cell(environment.id),
            cell(environment.sku),
            cell(name(environment.policy.as_deref())),
            cell(&sentences(&environment.remarks())),
            line.read_from
                .map_or("-".to_owned(), |number| format!("#{number}")),
        ]));
    }
    text
}

/// What a key covers, and what it does not.
fn coverage() -> String {
    let mut text = String::from(
        "\n## What a key covers\n\n| app | covered | note | code | source \
        |\n|---|---|---|---|---|\n",
    );
    for app in &MATRIX {
        text.push_str(&row(&[
            app.app.to_owned(),
            app.support.to_owned(),
            app.note.to_owned(),
            app.code.unwrap_or("-").to_owned(),
            format!("\\[{}\\]", app.source_number()),
        ]));
    }
    text.push_str(&format!(
        "\nThese stay on the Microsoft key: {}.\n\nSources:\n\n",
        STAYS_ON_MICROSOFT_KEY.join(", ")
    ));
    for (number, source) in SOURCES.iter().enumerate() {
        text.push_str(&format!("{}. {source}\n", number + 1));
    }
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
