//! The report as one page without scripts and without fonts or pictures from other hosts. It works
//! in light and dark mode, at every width, and on paper. Names are short. A table lists the ids.

use super::document::{ProtectionV1, ReportV1, by_state, horizon, name, numbers};
use super::markup::{bars, code, days, escape, flag, labels, prose, small, state, table};
use super::summary::{Case, Summary};
use crate::model::day::{day, moment};
use crate::report::estate::{MAY_LACK, sentences};
use crate::report::matrix::{MATRIX, SOURCES, STAYS_ON_MICROSOFT_KEY};
use std::collections::BTreeMap;

const STYLE: &str = include_str!("report.css");

const POLICIES: [&str; 11] = [
    "Policy",
    "Environments",
    "Vault",
    "Key",
    "Version",
    "Expires",
    "Enabled",
    "Granted",
    "Purge protection",
    "Not visible",
    "Read from",
];
const ENVIRONMENTS: [&str; 9] = [
    "State",
    "Environment and id",
    "Type",
    "Policy",
    "Key",
    "Expires",
    "Reason",
    "Earliest deletion",
    "Read from",
];
const COVERAGE: [&str; 5] = ["App", "Covered", "Note", "Code", "Source"];
const REQUESTS: [&str; 5] = ["#", "At", "Request", "Status", "Correlation id"];
const IDS: [&str; 3] = ["No.", "What", "Id"];

/// The columns of each table, by its id.
const TABLES: [(&str, &[&str]); 6] = [
    ("more", &MORE),
    ("policies", &POLICIES),
    ("environments", &ENVIRONMENTS),
    ("ids", &IDS),
    ("coverage", &COVERAGE),
    ("requests", &REQUESTS),
];

const MORE: [&str; 6] = [
    "State",
    "Environments",
    "Names",
    "Why",
    "Until",
    "Policy and key",
];

/// The cell of a fact that this account can't see or did not see.
const OPEN: &str = "<span class=\"open\">not visible</span>";

/// The number of cases at the top. The other cases are below the charts.
const CASES: usize = 10;

/// The number of names shown for a case. The table has all names.
const NAMES: usize = 8;

/// The whole page.
pub(super) fn page(report: &ReportV1<'_>) -> String {
    let notes = Notes::of(report);
    let first = Summary::of(report);
    let mut text = head(report);
    text.push_str(&summary(&first, report));
    text.push_str("<div class=\"pictures\">\n");
    text.push_str(&bars("Environments by state", &by_state(report)));
    text.push_str(&bars("Keys by time to expiry", &horizon(report)));
    text.push_str("</div>\n");
    text.push_str(&more(&first, report));
    text.push_str(&policies(report, &notes));
    text.push_str(&environments(report, &notes));
    text.push_str(&notes.table());
    text.push_str(&coverage());
    text.push_str(&requests(report));
    text.push_str(&format!(
        "</main><footer><p>SHA-256 of the data (<code>-o json</code>, the field \
        <code>data</code> without white space):</p><p>{}</p></footer></body></html>\n",
        code(&report.sha256)
    ));
    text
}

/// The top of the page: the tenant, the time and the account of the read, and whether a sandbox
/// simulated the tenant.
fn head(report: &ReportV1<'_>) -> String {
    let or_hidden = |text: Option<&str>| text.map_or("not visible".to_owned(), code);
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
        content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" \
        content=\"light dark\"><title>Customer-managed keys, \
        {}</title>\n<style>{STYLE}{}</style></head><body>\n",
        day(report.at),
        labels(&TABLES)
    );
    if report.rehearsal {
        text.push_str(
            "<p class=\"banner rehearsal\"><b>Rehearsal.</b> A sandbox simulated this tenant. \
            Nothing here is real.</p>\n",
        );
    }
    text.push_str("<header><h1>Customer-managed keys</h1>\n<dl>");
    let tool = escape(report.tool);
    let mut terms = vec![
        ("Tenant", or_hidden(report.tenant.id)),
        ("Domain", or_hidden(report.tenant.domain)),
        ("Cloud", escape(report.cloud)),
        ("Read at", escape(&moment(report.at))),
        (
            "Read by",
            report.by.map_or("not visible".to_owned(), escape),
        ),
        ("Tool", tool),
    ];
    terms.extend(report.change.map(|change| ("Change", escape(change))));
    for (term, value) in terms {
        text.push_str(&format!("<div><dt>{term}</dt><dd>{value}</dd></div>"));
    }
    text.push_str("</dl></header>\n<main>\n");
    text
}

/// The number of environments that need attention, then each case.
fn summary(summary: &Summary<'_>, report: &ReportV1<'_>) -> String {
    let class = if summary.attention > 0 { " bad" } else { "" };
    let mut text = format!(
        "<section id=\"summary\" class=\"summary{class}\"><h2>{}</h2>\n",
        escape(&summary.headline())
    );
    let lacks = report.data.partial.as_ref();
    let lacks = lacks.map(|why| format!("{MAY_LACK}: {why}."));
    for open in summary.left_open().into_iter().chain(lacks) {
        text.push_str(&format!("<p class=\"open\">{}</p>\n", escape(&open)));
    }
    for listed_case in summary.cases.iter().take(CASES) {
        text.push_str(&case(listed_case, report));
    }
    match summary.cases.len().saturating_sub(CASES) {
        0 => {}
        more => text.push_str(&format!("<p class=\"open\">And {more} more below.</p>\n")),
    }
    text.push_str("</section>\n");
    text
}

/// The cases beyond the first [`CASES`].
fn more(summary: &Summary<'_>, report: &ReportV1<'_>) -> String {
    if summary.cases.len() <= CASES {
        return String::new();
    }
    let rows = summary.cases.iter().skip(CASES).map(|case| {
        let key = case.key.map_or(String::new(), |key| format!(", {key}"));
        vec![
            state(case.state.word()),
            escape(&case.size()),
            escape(&case.names(NAMES)),
            escape(&case.why()),
            escape(&case.deadline(report.at).unwrap_or("-".to_owned())),
            escape(&format!("{}{key}", case.policy)),
        ]
    });
    table("more", "More environments that need attention", &MORE, rows)
}

/// One case: the environments, the reason, the deadline, and the remedy.
fn case(case: &Case<'_>, report: &ReportV1<'_>) -> String {
    let word = case.state.word();
    let deadline = case.deadline(report.at);
    let deadline = deadline.map_or(String::new(), |deadline| {
        format!("<strong>{}</strong>", escape(&deadline))
    });
    let key = case
        .key
        .map_or(String::new(), |key| format!(", key <b>{}</b>", escape(key)));
    format!(
        "<article class=\"s-{word}\"><p class=\"top\">{}<b>{}</b><span \
        class=\"of\">{}</span>{deadline}</p>\n<p>{}</p>\n<p>{}</p>\n<p class=\"of\">Policy \
        <b>{}</b>{key}</p></article>\n",
        state(word),
        escape(&case.names(NAMES)),
        escape(&case.size()),
        escape(&case.why()),
        prose(case.remedy()),
        escape(case.policy),
    )
}

/// The ids of policies and vaults. The tables refer to them by number.
struct Notes<'a> {
    numbers: BTreeMap<&'a str, usize>,
    ids: Vec<(&'static str, &'a str)>,
}

impl<'a> Notes<'a> {
    fn of(report: &'a ReportV1<'_>) -> Self {
        let mut notes = Self {
            numbers: BTreeMap::new(),
            ids: Vec::new(),
        };
        for protection in &report.data.protections {
            notes.add("Policy", &protection.policy);
            if let Some(vault) = &protection.vault {
                notes.add("Vault", vault);
            }
        }
        for line in &report.data.environments {
            if let Some(policy) = &line.environment.policy {
                notes.add("Policy", policy);
            }
        }
        notes
    }

    fn add(&mut self, what: &'static str, id: &'a str) {
        let next = self.ids.len() + 1;
        let number = *self.numbers.entry(id).or_insert(next);
        if number == next {
            self.ids.push((what, id));
        }
    }

    /// A short name with its number.
    fn named(&self, id: Option<&str>) -> String {
        let short = escape(name(id));
        match id.and_then(|id| self.numbers.get(id)) {
            Some(number) => format!("{short}<sup>[{number}]</sup>"),
            None => short,
        }
    }

    fn table(&self) -> String {
        let rows = self.ids.iter().enumerate();
        table(
            "ids",
            "Ids of policies and vaults",
            &IDS,
            rows.map(|(number, (what, id))| {
                vec![format!("[{}]", number + 1), (*what).to_owned(), code(id)]
            }),
        )
    }
}

/// The expiry of the key: a day, none, or not visible.
fn end(protection: &ProtectionV1<'_>, report: &ReportV1<'_>) -> String {
    match (protection.expires, protection.endless) {
        (None, Some(true)) => "no end".to_owned(),
        (None, Some(false) | None) => OPEN.to_owned(),
        (expires, _) => days(expires, report.at),
    }
}

fn policies(report: &ReportV1<'_>, notes: &Notes<'_>) -> String {
    // A value that was not read is "not visible". A dash means that there is none.
    let shown = |protection: &ProtectionV1<'_>, text: Option<String>| match text {
        Some(text) => text,
        None if protection.not_visible.is_empty() => "-".to_owned(),
        None => OPEN.to_owned(),
    };
    let version = |protection: &ProtectionV1<'_>| {
        let pinned = if protection.pinned { " (pinned)" } else { "" };
        let version = protection
            .key_version
            .map(|version| format!("{}{pinned}", code(version)));
        shown(protection, version)
    };
    table(
        "policies",
        "Policies and keys",
        &POLICIES,
        report.data.protections.iter().map(|protection| {
            vec![
                notes.named(Some(&protection.policy)),
                protection.environments.to_string(),
                shown(
                    protection,
                    protection.vault.as_deref().map(|id| notes.named(Some(id))),
                ),
                shown(protection, protection.key.map(escape)),
                version(protection),
                end(protection, report),
                flag(protection.enabled),
                flag(protection.granted),
                flag(protection.purge_protection),
                dash(escape(&protection.not_visible.join(", "))),
                small(&dash(numbers(&protection.read_from))),
            ]
        }),
    )
}

fn dash(text: String) -> String {
    if text.is_empty() {
        "-".to_owned()
    } else {
        text
    }
}

fn environments(report: &ReportV1<'_>, notes: &Notes<'_>) -> String {
    table(
        "environments",
        "Environments",
        &ENVIRONMENTS,
        report.data.environments.iter().map(|line| {
            let environment = &line.environment;
            let from = line.read_from.map(|number| format!("#{number}"));
            vec![
                state(environment.state),
                format!(
                    "<b>{}</b> {}",
                    escape(environment.name),
                    small(&code(environment.id))
                ),
                dash(escape(environment.sku)),
                notes.named(environment.policy.as_deref()),
                escape(environment.key.unwrap_or("-")),
                days(environment.key_expires, report.at),
                dash(escape(&sentences(&environment.remarks()))),
                days(environment.deleted_on, report.at),
                small(&dash(from.unwrap_or_default())),
            ]
        }),
    )
}

/// What a key covers, and what it does not.
fn coverage() -> String {
    let mut text = table(
        "coverage",
        "What a key covers",
        &COVERAGE,
        MATRIX.iter().map(|app| {
            vec![
                escape(app.app),
                escape(app.support),
                dash(escape(app.note)),
                escape(app.code.unwrap_or("-")),
                format!("[{}]", app.source_number()),
            ]
        }),
    );
    let items = |all: &[&str]| {
        let items = all.iter().map(|item| format!("<li>{}</li>", escape(item)));
        items.collect::<String>()
    };
    text.push_str(&format!(
        "<section id=\"microsoft-key\"><h3>What stays on the Microsoft \
        key</h3><ul>{}</ul>\n<h3>Sources</h3><ol>{}</ol>\n<p>{}</p></section>\n",
        items(&STAYS_ON_MICROSOFT_KEY),
        items(&SOURCES),
        prose("`cmkctl explain CODE` explains a code.")
    ));
    text
}

fn requests(report: &ReportV1<'_>) -> String {
    table(
        "requests",
        "Requests",
        &REQUESTS,
        report
            .data
            .requests
            .iter()
            .enumerate()
            .map(|(index, asked)| {
                vec![
                    format!("#{}", index + 1),
                    asked.at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
                    code(&format!("{} {}", asked.method, asked.url)),
                    asked.status.to_string(),
                    code(asked.correlation.as_deref().unwrap_or("-")),
                ]
            }),
    )
}
