//! Evidence for auditors: every fact with the request it was read from, and a hash over all of it.

use crate::model::day::day;
use crate::model::estate::{Estate, JudgedEnvironment, Protection, RequestRecord};
use crate::model::ids::ArmId;
use crate::model::key_ids::KeyVersion;
use crate::model::protection::Policy;
use crate::model::seen::Seen;
use crate::report::estate::{EnvironmentV1, rows};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// Who made the report, and with what.
#[derive(Debug)]
pub struct Circumstances<'a> {
    /// The cloud's name.
    pub cloud: &'a str,
    /// The tenant's id, as far as the token says.
    pub tenant: Option<&'a str>,
    /// A domain of the tenant, where the sign-in named it.
    pub domain: Option<&'a str>,
    /// Is it a sandbox?
    pub rehearsal: bool,
    /// The command line, for a person who reads the summary.
    pub program: &'a str,
    /// Who is signed in, as far as the token says.
    pub by: Option<&'a str>,
    /// The change ticket that it belongs to.
    pub change: Option<&'a str>,
    /// What was asked.
    pub requests: &'a [RequestRecord],
}

/// Version 1 of `report`.
#[derive(Serialize)]
pub(super) struct ReportV1<'a> {
    pub(super) schema: &'static str,
    pub(super) tool: &'static str,
    pub(super) cloud: &'a str,
    pub(super) rehearsal: bool,
    pub(super) tenant: TenantV1<'a>,
    pub(super) at: Timestamp,
    pub(super) by: Option<&'a str>,
    pub(super) change: Option<&'a str>,
    pub(super) data: Data<'a>,
    /// SHA-256 over `data` as it stands here, without white space.
    pub(super) sha256: String,
    /// How each environment of `data` was judged, in the same order.
    #[serde(skip)]
    pub(super) standings: &'a [JudgedEnvironment<'a>],
}

/// Which tenant. What is not known is nothing.
#[derive(Serialize)]
pub(super) struct TenantV1<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) domain: Option<&'a str>,
}

/// What the hash is over.
#[derive(Serialize)]
pub(super) struct Data<'a> {
    pub(super) counts: BTreeMap<&'static str, usize>,
    /// Why the list may not be the whole tenant's; nothing where it is.
    pub(super) partial: Option<String>,
    pub(super) environments: Vec<Line<'a>>,
    pub(super) protections: Vec<ProtectionV1<'a>>,
    pub(super) requests: &'a [RequestRecord],
}

/// An environment with the number of the request that told of it.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    #[serde(flatten)]
    pub(super) environment: EnvironmentV1<'a>,
    pub(super) read_from: Option<usize>,
}

/// A policy with what it protects and what protects it, each with the numbers of its requests.
#[derive(Serialize)]
pub(super) struct ProtectionV1<'a> {
    pub(super) policy: String,
    pub(super) environments: usize,
    pub(super) vault: Option<String>,
    pub(super) key: Option<&'a str>,
    pub(super) key_version: Option<&'a str>,
    pub(super) pinned: bool,
    pub(super) expires: Option<Timestamp>,
    /// Does the key never end? Nothing when that is not known.
    pub(super) endless: Option<bool>,
    pub(super) enabled: Option<bool>,
    pub(super) granted: Option<bool>,
    pub(super) purge_protection: Option<bool>,
    pub(super) not_visible: Vec<String>,
    pub(super) read_from: Vec<usize>,
}

pub(super) fn report<'a>(
    estate: &'a Estate,
    all: &'a [JudgedEnvironment<'a>],
    circumstances: &'a Circumstances<'_>,
) -> ReportV1<'a> {
    let pages = positions(circumstances.requests, "/scopes/admin/environments?");
    let (environments, counts) = rows(estate, all);
    let lines = environments
        .into_iter()
        .zip(all)
        .map(|(environment, judged)| Line {
            environment,
            read_from: judged
                .environment
                .page
                .and_then(|page| pages.get(page - 1).copied()),
        })
        .collect();
    let data = Data {
        counts,
        partial: estate.partial(),
        environments: lines,
        protections: protections(estate, all, circumstances.requests),
        requests: circumstances.requests,
    };
    let bytes = serde_json::to_vec(&data).unwrap_or_default();
    let digest = ring::digest::digest(&ring::digest::SHA256, &bytes);
    ReportV1 {
        schema: "cmkctl/report/v1",
        tool: concat!("cmkctl ", env!("CARGO_PKG_VERSION")),
        cloud: circumstances.cloud,
        rehearsal: circumstances.rehearsal,
        tenant: TenantV1 {
            id: circumstances.tenant,
            domain: circumstances.domain,
        },
        at: estate.at,
        by: circumstances.by,
        change: circumstances.change,
        data,
        sha256: digest
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
        standings: all,
    }
}

/// The numbers, from 1, of the requests whose address holds `part`, without case.
fn positions(requests: &[RequestRecord], part: &str) -> Vec<usize> {
    let part = part.to_ascii_lowercase();
    requests
        .iter()
        .enumerate()
        .filter(|(_, asked)| asked.url.to_ascii_lowercase().contains(&part))
        .map(|(index, _)| index + 1)
        .collect()
}

fn protections<'a>(
    estate: &'a Estate,
    all: &[JudgedEnvironment<'_>],
    requests: &[RequestRecord],
) -> Vec<ProtectionV1<'a>> {
    let mut counts: BTreeMap<&ArmId, usize> = BTreeMap::new();
    for policy in all.iter().filter_map(|judged| judged.environment.policy()) {
        *counts.entry(policy).or_default() += 1;
    }
    // What was filtered out of the report protects nothing in it.
    let shown = estate
        .protections
        .iter()
        .filter_map(|(id, protection)| Some((id, protection, *counts.get(id)?)));
    shown
        .map(|(id, protection, count)| protection_row(id, protection, count, requests))
        .collect()
}

fn protection_row<'a>(
    id: &ArmId,
    protection: &'a Protection,
    environments: usize,
    requests: &[RequestRecord],
) -> ProtectionV1<'a> {
    let policy = protection.policy.present();
    let key = protection.key();
    let vault = protection.vault();
    let unseen = [
        ("policy", protection.policy.unreadable()),
        (
            "vault",
            protection.vault.as_ref().and_then(Seen::unreadable),
        ),
        ("key", protection.key.as_ref().and_then(Seen::unreadable)),
        ("grant", protection.granted.open()),
        ("deny assignments", protection.denials_hidden.as_ref()),
    ];
    let reference = policy.and_then(Policy::key_reference);
    let mut read_from = positions(requests, &format!("{id}?"));
    let key_name = reference.map(|key| key.key.as_str());
    if let Some(vault_id) = reference.map(|key| &key.vault) {
        read_from.extend(positions(requests, &format!("{vault_id}?")));
        read_from.extend(positions(requests, &format!("{vault_id}/providers/")));
        if let Some(name) = key_name {
            read_from.extend(positions(requests, &format!("{vault_id}/keys/{name}")));
        }
    }
    if let (Some(vault), Some(name)) = (vault, key_name) {
        read_from.extend(positions(requests, &format!("{}keys/{name}/", vault.uri)));
    }
    read_from.sort_unstable();
    read_from.dedup();
    ProtectionV1 {
        policy: id.to_string(),
        environments,
        vault: reference.map(|key| key.vault.to_string()),
        key: key_name,
        key_version: key
            .and_then(|key| key.version.known())
            .map(KeyVersion::as_str),
        pinned: reference.is_some_and(|key| key.version.is_some()),
        expires: key.and_then(|key| key.validity.end()),
        endless: key
            .and_then(|key| key.validity.expires.known())
            .map(Option::is_none),
        enabled: key.and_then(|key| key.validity.enabled.known().copied()),
        granted: protection.granted.flag(),
        purge_protection: vault.and_then(|vault| vault.purge_protection.known().copied()),
        not_visible: unseen
            .into_iter()
            .filter_map(|(what, why)| Some(format!("{what}: {}", why?.why)))
            .collect(),
        read_from,
    }
}

/// `yes`, `NO` or `not visible`.
pub(super) fn word(flag: Option<bool>) -> &'static str {
    match flag {
        Some(true) => "yes",
        Some(false) => "NO",
        None => "not visible",
    }
}

/// `#1, #2`
pub(super) fn numbers(all: &[usize]) -> String {
    all.iter()
        .map(|number| format!("#{number}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The last part of an ARM id.
pub(super) fn name(id: Option<&str>) -> &str {
    id.and_then(|id| id.rsplit('/').next()).unwrap_or("-")
}

/// The day, or a dash.
pub(super) fn day_or_none(time: Option<Timestamp>) -> String {
    time.map_or("-".to_owned(), day)
}

/// How many environments of each state, worst first: the lines are sorted so already.
pub(super) fn by_state(report: &ReportV1<'_>) -> Vec<(&'static str, usize)> {
    let mut bins: Vec<(&'static str, usize)> = Vec::new();
    for line in &report.data.environments {
        match bins.last_mut() {
            Some((state, count)) if *state == line.environment.state => *count += 1,
            _ => bins.push((line.environment.state, 1)),
        }
    }
    bins
}

/// How many keys end when: the picture of what comes.
pub(super) fn horizon(report: &ReportV1<'_>) -> Vec<(&'static str, usize)> {
    let spans: [(&str, i64); 5] = [
        ("expired", 0),
        ("within 30 days", 30),
        ("within 60 days", 60),
        ("within 180 days", 180),
        ("within a year", 365),
    ];
    let mut bins: Vec<(&'static str, usize)> = spans.iter().map(|(name, _)| (*name, 0)).collect();
    bins.extend([("later", 0), ("no end", 0), ("not visible", 0)]);
    for protection in &report.data.protections {
        let index = match (protection.expires, protection.endless) {
            (Some(expires), _) => {
                let days = expires.duration_since(report.at).as_secs() as f64 / 86_400.0;
                spans
                    .iter()
                    .position(|(_, span)| days <= *span as f64)
                    .unwrap_or(spans.len())
            }
            (None, Some(true)) => spans.len() + 1,
            (None, Some(false) | None) => spans.len() + 2,
        };
        if let Some((_, count)) = bins.get_mut(index) {
            *count += 1;
        }
    }
    bins
}
