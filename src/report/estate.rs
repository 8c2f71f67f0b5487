//! Prints a whole tenant on stdout: one line for each environment, or one document for scripts.

use super::fitted::grid;
use super::layout::{self, Column, may, must, named};
use super::terminal::Out;
use super::values::Format;
use super::{calendar as dates, csv, prometheus};
use crate::model::alike::Alike;
use crate::model::count::counted;
use crate::model::day::day;
use crate::model::estate::{Estate, JudgedEnvironment, Protection, State};
use crate::model::event::Event;
use crate::model::key_ids::KeyVersion;
use crate::model::metric::Metric;
use crate::model::protection::Key;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Version 1 of the `status --all` document.
#[derive(Serialize)]
struct EstateV1<'a> {
    schema: &'static str,
    at: Timestamp,
    counts: BTreeMap<&'static str, usize>,
    /// Why the list may be incomplete; `None` if it is complete.
    partial: Option<String>,
    environments: Vec<EnvironmentV1<'a>>,
}

/// One environment in documents.
#[derive(Serialize)]
pub(super) struct EnvironmentV1<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) location: &'a str,
    pub(super) sku: &'a str,
    pub(super) state: &'static str,
    /// All states that apply, worst first.
    pub(super) states: Vec<&'static str>,
    pub(super) dangers: &'a [String],
    /// The type, if an environment of this type can't have a customer-managed key.
    #[serde(skip)]
    pub(super) no_key_possible: Option<&'a str>,
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

/// The start of the sentence if some environments may not be visible. The reason follows.
pub const MAY_LACK: &str = "Some environments may not be visible to you";

/// The columns at a terminal, the most important ones first. The dangers of an environment are
/// below its row.
const COLUMNS: [Column; 7] = [
    must("STATE"),
    named("ENVIRONMENT"),
    must("EXPIRES"),
    may("TYPE"),
    may("ID"),
    may("POLICY"),
    may("KEY"),
];

/// The whole tenant, worst first.
pub fn estate(out: &mut Out, estate: &Estate, all: &[JudgedEnvironment<'_>]) {
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
        let text = csv::lines(&SPREADSHEET, rows.iter().map(columns));
        return out.document(&text);
    }
    let document = EstateV1 {
        schema: "cmkctl/estate/v1",
        at: estate.at,
        counts,
        partial: estate.partial(),
        environments: rows,
    };
    let width = out.columns();
    out.result(&document, || {
        let rows = document.environments.iter();
        let alike = Alike::among(rows.clone().map(|row| row.name));
        match width {
            None => grid(&header, rows.map(|row| cells(row).to_vec()).collect(), None),
            Some(_) => {
                let rows = rows.map(|row| line(row, &alike));
                layout::text(&COLUMNS, rows.collect(), width)
            }
        }
    });
}

/// The figures of a tenant as text.
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

/// Prints the counts and the gaps of a tenant to stderr.
pub fn estate_summary(out: &mut Out, estate: &Estate, all: &[JudgedEnvironment<'_>]) {
    let clauses: Vec<String> = counts(all)
        .iter()
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    out.say(&format!(
        "{}: {}.",
        counted(all.len(), "environment"),
        clauses.join(", ")
    ));
    if let Some(why) = estate.partial() {
        out.say(&format!("{MAY_LACK}: {why}."));
    }
    if let Some(text) = hidden_denials(estate) {
        out.say(&text);
    }
}

/// The note that hidden deny assignments may block grants. One note covers all vaults.
fn hidden_denials(estate: &Estate) -> Option<String> {
    let all = estate.protections.values();
    let hidden = all.filter_map(|protection| {
        Some((
            protection.policy.present()?,
            protection.denials_hidden.as_ref()?,
        ))
    });
    let mut vaults = BTreeSet::new();
    let mut reason = None;
    for (policy, why) in hidden {
        vaults.extend(policy.key_reference().map(|key| &key.vault));
        reason = Some(&why.why);
    }
    let vaults = counted(vaults.len(), "vault");
    reason.map(|why| {
        format!(
            "You can't see the deny assignments at {vaults}: {why}. cmkctl assumes that no deny \
                assignment blocks a key."
        )
    })
}

impl EnvironmentV1<'_> {
    /// The dangers, or why it has no key, each a clause.
    pub(super) fn remarks(&self) -> Vec<String> {
        let why = |kind| format!("a {kind} environment can't have a customer-managed key");
        self.dangers
            .iter()
            .cloned()
            .chain(self.no_key_possible.map(why))
            .collect()
    }
}

/// The line at a terminal, and the text below it: the id if the name looks like another name, and
/// the dangers.
fn line(row: &EnvironmentV1<'_>, alike: &Alike) -> (Vec<String>, String) {
    let [state, name, expires, _, kind, policy, key, id] = cells(row);
    let mut below = sentences(&row.remarks());
    if let Some(deleted) = row.deleted_on {
        below.push_str(&format!(" Earliest deletion: {}.", day(deleted)));
    }
    if alike.has(row.name) {
        below = format!("id {id} {below}").trim_end().to_owned();
    }
    (vec![state, name, expires, kind, id, policy, key], below)
}

/// Clauses as sentences. No full stop follows an id or an address.
pub(super) fn sentences(clauses: &[String]) -> String {
    let sentence = |clause: &String| {
        if clause.starts_with("cmkctl") {
            return format!("{clause}.");
        }
        let mut chars = clause.chars();
        let first = chars.next().map(|first| first.to_uppercase().to_string());
        let text = format!("{}{}", first.unwrap_or_default(), chars.as_str());
        let last = text.rsplit(' ').next().unwrap_or_default();
        if last.contains(['/', '.']) {
            text
        } else {
            format!("{text}.")
        }
    };
    clauses.iter().map(sentence).collect::<Vec<_>>().join(" ")
}

/// One environment as a line of the table.
fn cells(row: &EnvironmentV1<'_>) -> [String; 8] {
    let mut what = row.remarks().join(", ");
    if let Some(deleted) = row.deleted_on {
        what = format!("earliest deletion {}, {what}", day(deleted));
    }
    let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
    let policy = row.policy.as_deref().and_then(|id| id.rsplit('/').next());
    [
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

/// Every environment for documents, and the number of environments in each state.
pub(super) fn rows<'a>(
    estate: &'a Estate,
    all: &'a [JudgedEnvironment<'_>],
) -> (Vec<EnvironmentV1<'a>>, BTreeMap<&'static str, usize>) {
    (
        all.iter()
            .map(|judged| row(judged, estate.protection(judged.environment)))
            .collect(),
        counts(all),
    )
}

fn counts(all: &[JudgedEnvironment<'_>]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for judged in all {
        *counts.entry(judged.state.word()).or_default() += 1;
    }
    counts
}

/// The columns of a spreadsheet.
const SPREADSHEET: [&str; 17] = [
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

/// One environment as a line of a spreadsheet. Dates are days, because they sort as text and Excel
/// reads them as dates.
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

fn row<'a>(
    judged: &'a JudgedEnvironment<'_>,
    protection: Option<&'a Protection>,
) -> EnvironmentV1<'a> {
    let environment = judged.environment;
    let link = environment.key_link.present();
    let reference = protection.and_then(|protection| protection.policy.present()?.key_reference());
    let key = protection.and_then(Protection::key);
    EnvironmentV1 {
        id: &environment.id,
        name: &environment.display_name,
        location: environment.location.known().map_or("", String::as_str),
        sku: environment.sku.text().unwrap_or_default(),
        state: judged.state.word(),
        states: judged.states.iter().map(|state| state.word()).collect(),
        dangers: &judged.dangers,
        no_key_possible: (judged.state == State::NotEncrypted && !environment.supports_key())
            .then(|| environment.kind()),
        deleted_on: judged.deleted_on,
        runtime_state: environment.runtime_state.text(),
        link_status: link.and_then(|link| link.status.text()),
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

#[cfg(test)]
mod tests {
    use super::sentences;

    #[test]
    fn clauses_become_sentences() {
        let clauses = [
            "the key is disabled",
            "cmkctl can't tell",
            "you can't see /a/b",
        ];
        assert_eq!(
            sentences(&clauses.map(str::to_owned)),
            "The key is disabled. cmkctl can't tell. You can't see /a/b"
        );
    }
}
