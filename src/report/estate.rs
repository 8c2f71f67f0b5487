//! A whole tenant on stdout: one line an environment for people, one document for scripts.

use super::terminal::Out;
use super::values::Format;
use super::{calendar as dates, csv, prometheus};
use crate::model::day::day;
use crate::model::estate::{Estate, Protection, Standing};
use crate::model::event::Event;
use crate::model::key_ids::KeyVersion;
use crate::model::metric::Metric;
use crate::model::protection::Key;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Version 1 of `status --all`.
#[derive(Serialize)]
struct EstateV1<'a> {
    schema: &'static str,
    at: Timestamp,
    counts: BTreeMap<&'static str, usize>,
    /// Why the list may not be the whole tenant's; nothing where it is.
    partial: Option<String>,
    environments: Vec<EnvironmentV1<'a>>,
}

/// One environment, as scripts get it.
#[derive(Serialize)]
pub(super) struct EnvironmentV1<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) location: &'a str,
    pub(super) sku: &'a str,
    pub(super) state: &'static str,
    /// Everything that holds, worst first.
    pub(super) states: Vec<&'static str>,
    pub(super) dangers: &'a [String],
    pub(super) deleted_on: Option<Timestamp>,
    pub(super) runtime_state: Option<&'a str>,
    pub(super) link_status: Option<&'a str>,
    pub(super) operation: Option<&'a str>,
    pub(super) policy: Option<String>,
    pub(super) vault: Option<String>,
    pub(super) key: Option<&'a str>,
    pub(super) key_version: Option<&'a str>,
    pub(super) key_expires: Option<Timestamp>,
    pub(super) granted: Option<bool>,
}

/// Said where not every environment may be shown.
pub const MAY_LACK: &str = "There may be environments that you do not see";

/// The whole tenant, worst first.
pub fn estate(out: &mut Out, estate: &Estate, all: &[Standing<'_>]) {
    let (rows, counts) = rows(estate, all);
    let header = [
        "STATE",
        "ENVIRONMENT",
        "EXPIRES",
        "WHAT",
        "TYPE",
        "POLICY",
        "KEY",
        "ID",
    ];
    if out.format() == Format::Csv {
        let text = csv::lines(&COLUMNS, rows.iter().map(columns));
        return out.document(&text);
    }
    let document = EstateV1 {
        schema: "cmkctl/estate/v1",
        at: estate.at,
        counts,
        partial: estate.partial(),
        environments: rows,
    };
    out.table(&document, &header, || {
        document.environments.iter().map(cells).collect()
    });
}

/// The same as text.
pub fn metrics_text<'a>(metrics: impl Iterator<Item = Metric<'a>>) -> String {
    prometheus::text(metrics)
}

/// The figures of a tenant, for a monitoring system.
pub fn metrics<'a>(out: &mut Out, metrics: impl Iterator<Item = Metric<'a>>) {
    out.document(&prometheus::text(metrics));
}

/// The dates of a tenant, as they were seen at a time.
pub fn calendar(out: &mut Out, events: &[Event], at: Timestamp) {
    out.document(&dates::lines(events, at));
}

/// What is said of a tenant beside the data.
pub fn estate_summary(out: &mut Out, estate: &Estate, all: &[Standing<'_>]) {
    let said: Vec<String> = counts(all)
        .iter()
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    out.say(&format!("{} environments: {}.", all.len(), said.join(", ")));
    if let Some(why) = estate.partial() {
        out.say(&format!("{MAY_LACK}: {why}."));
    }
    if let Some(text) = hidden_denials(estate) {
        out.say(&text);
    }
}

/// Said once: a deny assignment that is not visible may take a grant away.
fn hidden_denials(estate: &Estate) -> Option<String> {
    let all = estate.protections.values();
    let hidden = all.filter_map(|one| Some((one.policy.present()?, one.denials_hidden.as_ref()?)));
    let mut vaults = BTreeSet::new();
    let mut said = None;
    for (policy, why) in hidden {
        vaults.extend(policy.key_reference().map(|key| &key.vault));
        said = Some(&why.why);
    }
    let vaults = match vaults.len() {
        1 => "one vault".to_owned(),
        count => format!("{count} vaults"),
    };
    said.map(|why| {
        format!(
            "You can't see the deny assignments at {vaults}: {why}. cmkctl assumes that none of \
                them denies a key."
        )
    })
}

/// The same as a line of the table.
fn cells(row: &EnvironmentV1<'_>) -> Vec<String> {
    let mut what = row.dangers.join("; ");
    if let Some(deleted) = row.deleted_on {
        what = format!("deleted on {} at the earliest, {what}", day(deleted));
    }
    let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
    let policy = row.policy.as_deref().and_then(|id| id.rsplit('/').next());
    vec![
        row.state.to_owned(),
        row.name.to_owned(),
        row.key_expires.map_or("-".to_owned(), day),
        or_dash(Some(what.as_str()).filter(|what| !what.is_empty())),
        row.sku.to_owned(),
        or_dash(policy),
        or_dash(row.key),
        row.id.to_owned(),
    ]
}

/// Every environment as scripts get it, and how many there are of each state.
pub(super) fn rows<'a>(
    estate: &'a Estate,
    all: &'a [Standing<'_>],
) -> (Vec<EnvironmentV1<'a>>, BTreeMap<&'static str, usize>) {
    (
        all.iter()
            .map(|one| row(one, estate.protection(one.environment)))
            .collect(),
        counts(all),
    )
}

fn counts(all: &[Standing<'_>]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for one in all {
        *counts.entry(one.state.word()).or_default() += 1;
    }
    counts
}

/// The columns of a spreadsheet.
const COLUMNS: [&str; 17] = [
    "state",
    "name",
    "dangers",
    "key_expires",
    "deleted_on",
    "states",
    "sku",
    "location",
    "link_status",
    "runtime_state",
    "operation",
    "policy",
    "vault",
    "key",
    "key_version",
    "granted",
    "id",
];

/// One environment as a line of a spreadsheet; a day sorts as text and is a date to Excel.
fn columns(row: &EnvironmentV1<'_>) -> Vec<String> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let granted = row.granted.map(|granted| granted.to_string());
    vec![
        row.state.to_owned(),
        row.name.to_owned(),
        row.dangers.join("; "),
        row.key_expires.map(day).unwrap_or_default(),
        row.deleted_on.map(day).unwrap_or_default(),
        row.states.join("; "),
        row.sku.to_owned(),
        row.location.to_owned(),
        text(row.link_status),
        text(row.runtime_state),
        text(row.operation),
        text(row.policy.as_deref()),
        text(row.vault.as_deref()),
        text(row.key),
        text(row.key_version),
        granted.unwrap_or_default(),
        row.id.to_owned(),
    ]
}

fn row<'a>(one: &'a Standing<'_>, protection: Option<&'a Protection>) -> EnvironmentV1<'a> {
    let environment = one.environment;
    let link = environment.key_link.present();
    let reference = protection.and_then(|protection| protection.policy.present()?.key_reference());
    let key = protection.and_then(Protection::key);
    EnvironmentV1 {
        id: &environment.id,
        name: &environment.display_name,
        location: environment.location.known().map_or("", String::as_str),
        sku: environment.sku.said().unwrap_or_default(),
        state: one.state.word(),
        states: one.states.iter().map(|state| state.word()).collect(),
        dangers: &one.dangers,
        deleted_on: one.deleted_on,
        runtime_state: environment.runtime_state.said(),
        link_status: link.and_then(|link| link.status.said()),
        operation: environment.ongoing.as_deref(),
        policy: environment.policy().map(ToString::to_string),
        vault: reference.map(|key| key.vault.to_string()),
        key: reference.map(|key| key.key.as_str()),
        key_version: key
            .and_then(|key: &Key| key.version.known())
            .map(KeyVersion::as_str),
        key_expires: key.and_then(|key| key.validity.end()),
        granted: protection.and_then(|protection| protection.granted.flag()),
    }
}
