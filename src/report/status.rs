//! Where an environment stands, for people and as versioned JSON.

use super::environment::{EnvironmentV1, VerdictFacts, environment_rows};
use super::history::{EstimateV1, estimate_words};
use super::key::{KeyV1, key_words};
use super::matrix::{Coverage, MATRIX, MATRIX_DATE, STAYS_ON_MICROSOFT_KEY};
use super::terminal::Out;
use super::values::Sheet;
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::history::Estimate;
use crate::model::ids::ArmId;
use crate::model::key_ids::KeyVersion;
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::model::operation::Operation;
use crate::model::protection::Policy;
use crate::model::seen::Seen;
use crate::model::word::Word;
use jiff::Timestamp;
use serde::Serialize;

/// What the steps make of a snapshot.
#[derive(Debug)]
pub struct StatusFacts<'a> {
    /// The snapshot.
    pub observed: &'a Observed,
    /// The integration.
    pub verdict: VerdictFacts,
    /// `encrypted`, `not-encrypted`, `encrypting`, `failed`, `unknown`.
    pub state: &'static str,
    /// The policy that was named, and whether it is the linked one.
    pub named: Option<(&'a ArmId, Verdict)>,
    /// May the policy's identity use the key? `yes`, `no`, or why that is not known.
    pub access: String,
    /// How long the operation that runs took before in this tenant, if one runs.
    pub estimate: Option<Estimate>,
    /// What deserves attention.
    pub findings: &'a [Finding],
    /// What to do next, if anything.
    pub next: Vec<String>,
}

#[derive(Serialize)]
struct StatusV1<'a> {
    schema: &'static str,
    at: Timestamp,
    state: &'static str,
    environment: Option<EnvironmentV1<'a>>,
    integration: &'static str,
    managed_environment: Option<bool>,
    management_state: Option<&'a str>,
    runtime_state: Option<&'a str>,
    link_status: Option<&'a str>,
    operation: Option<OperationV1<'a>>,
    estimate: Option<EstimateV1>,
    policy: Option<PolicyV1<'a>>,
    named_policy: Option<NamedPolicyV1>,
    key: Option<KeyV1<'a>>,
    key_access: &'a str,
    not_visible: Vec<NotVisibleV1<'a>>,
    findings: &'a [Finding],
    coverage_date: &'static str,
    coverage: &'static [Coverage],
    stays_on_microsoft_key: &'static [&'static str],
    next: &'a [String],
}

#[derive(Serialize)]
struct OperationV1<'a> {
    id: &'a str,
    kind: &'a str,
    state: &'a str,
    stage: Option<&'a str>,
    created: Option<Timestamp>,
}

#[derive(Serialize)]
struct PolicyV1<'a> {
    id: String,
    location: &'a str,
    identity: Option<&'a str>,
    vault: Option<String>,
    key: Option<&'a str>,
    pinned_version: Option<&'a str>,
    health: Option<&'a str>,
}

#[derive(Serialize)]
struct NamedPolicyV1 {
    id: String,
    linked: Option<bool>,
}

#[derive(Serialize)]
struct NotVisibleV1<'a> {
    what: &'static str,
    why: &'a str,
    said: Option<&'a str>,
}

/// Where an environment stands.
pub fn status(out: &mut Out, facts: &StatusFacts<'_>) {
    let document = document(facts);
    let sheet = sheet(facts, &document);
    out.data(&document, &sheet);
}

fn document<'a>(facts: &'a StatusFacts<'_>) -> StatusV1<'a> {
    let observed = facts.observed;
    let environment = observed.environment.present();
    let link = environment.and_then(|environment| environment.key_link.present());
    let running = observed
        .operations
        .present()
        .and_then(|all| all.iter().find(|operation| !operation.has_ended()));
    let why = [
        ("operations", observed.operations.unreadable()),
        (
            "integration",
            observed.integration.as_ref().and_then(Seen::unreadable),
        ),
        ("policy", observed.policy.unreadable()),
        ("vault", observed.vault.as_ref().and_then(Seen::unreadable)),
        ("key", observed.key.as_ref().and_then(Seen::unreadable)),
        ("key grants", observed.key_rights.roles.unreadable()),
        ("deny assignments", observed.key_rights.denials.unreadable()),
    ];
    StatusV1 {
        schema: "cmkctl/status/v1",
        at: observed.at,
        state: facts.state,
        environment: environment.map(Into::into),
        integration: facts.verdict.word,
        managed_environment: environment.and_then(|environment| environment.managed().flag()),
        management_state: environment.and_then(Environment::state),
        runtime_state: environment.and_then(|environment| environment.runtime_state.said()),
        link_status: link.and_then(|link| link.status.said()),
        operation: running.map(Into::into),
        estimate: facts.estimate.map(Into::into),
        policy: observed.policy.present().map(Into::into),
        named_policy: facts.named.as_ref().map(|(id, linked)| NamedPolicyV1 {
            id: id.to_string(),
            linked: linked.flag(),
        }),
        key: observed.key().map(Into::into),
        key_access: &facts.access,
        not_visible: why
            .into_iter()
            .filter_map(|(what, why)| {
                let why = why?;
                Some(NotVisibleV1 {
                    what,
                    why: &why.why,
                    said: why.said(),
                })
            })
            .collect(),
        findings: facts.findings,
        coverage_date: MATRIX_DATE,
        coverage: &MATRIX,
        stays_on_microsoft_key: &STAYS_ON_MICROSOFT_KEY,
        next: &facts.next,
    }
}

impl<'a> From<&'a Operation> for OperationV1<'a> {
    fn from(operation: &'a Operation) -> Self {
        Self {
            id: &operation.id,
            kind: &operation.kind,
            state: operation.state.said().unwrap_or_default(),
            stage: operation.stage.as_deref(),
            created: operation.created.known().copied(),
        }
    }
}

impl<'a> From<&'a Policy> for PolicyV1<'a> {
    fn from(policy: &'a Policy) -> Self {
        let key = policy.key_reference();
        Self {
            id: policy.id.to_string(),
            location: policy.location.known().map_or("", String::as_str),
            identity: policy.principal_id.as_deref(),
            vault: key.map(|key| key.vault.to_string()),
            key: key.map(|key| key.key.as_str()),
            pinned_version: key
                .and_then(|key| key.version.as_ref())
                .map(KeyVersion::as_str),
            health: policy.health.as_ref().and_then(Word::said),
        }
    }
}

const NOT_VISIBLE: &str = "not visible to you";

fn standing(environment: &Environment) -> String {
    let managed = match environment.managed() {
        Verdict::Yes => "yes",
        Verdict::No => "no",
        Verdict::CantTell(_) => "unknown",
    };
    format!(
        "Managed Environment: {managed}\nmanagement {}, runtime {}",
        environment.state().unwrap_or("unknown"),
        environment.runtime_state.shown()
    )
}

/// Why there is nothing to show: there is none only where the service says so.
fn missing<T>(seen: Option<&Seen<T>>, observed: &Observed) -> String {
    match seen {
        Some(Seen::Unreadable(why)) if why.forbidden => {
            format!("not visible to you: {}", why.why)
        }
        Some(Seen::Unreadable(why)) => format!("not known: {}", why.why),
        Some(Seen::Absent) => "none".to_owned(),
        Some(Seen::Present(_)) => "not shown".to_owned(),
        None => match observed
            .environment
            .present()
            .map(|environment| &environment.key_link)
        {
            Some(Seen::Absent) => "none".to_owned(),
            Some(Seen::Unreadable(why)) => format!("not known: {}", why.why),
            Some(Seen::Present(_)) => {
                observed
                    .policy
                    .unreadable()
                    .map_or("not known".to_owned(), |why| {
                        if why.forbidden {
                            format!("not visible to you: {}", why.why)
                        } else {
                            format!("not known: {}", why.why)
                        }
                    })
            }
            None => NOT_VISIBLE.to_owned(),
        },
    }
}

/// Is the linked policy the one that was named?
fn named_text(facts: &StatusFacts<'_>, linked: bool) -> String {
    match &facts.named {
        None if linked => String::new(),
        Some((id, Verdict::No)) if linked => format!("\n(NOT the policy that you named: {id})"),
        None | Some((_, Verdict::Yes | Verdict::No)) => "\n(the policy that you named)".to_owned(),
        Some((id, Verdict::CantTell(why))) => {
            format!("\n(cmkctl can't tell whether {id} is linked: {})", why.why)
        }
    }
}

fn policy_text(facts: &StatusFacts<'_>, document: &StatusV1<'_>) -> String {
    let named = named_text(facts, document.link_status.is_some());
    let Some(policy) = &document.policy else {
        return missing(Some(&facts.observed.policy), facts.observed) + &named;
    };
    let health = policy
        .health
        .map_or_else(String::new, |health| format!(", health {health}"));
    format!(
        "{}\nin {}, identity {}{health}{named}",
        policy.id,
        policy.location,
        policy.identity.unwrap_or("none")
    )
}

fn key_text(observed: &Observed) -> String {
    observed
        .key()
        .map_or_else(|| missing(observed.key.as_ref(), observed), key_words)
}

/// Is a policy linked to it, and how far is that?
fn link_text(environment: Option<&Environment>) -> String {
    let Some(environment) = environment else {
        return NOT_VISIBLE.to_owned();
    };
    match &environment.key_link {
        Seen::Present(link) => format!("link {}", link.status.said().unwrap_or("without a status")),
        Seen::Absent => "no policy is linked".to_owned(),
        Seen::Unreadable(why) => format!("not readable: {}", why.why),
    }
}

/// What a key covers, and what it does not.
fn coverage_rows(mut sheet: Sheet) -> Sheet {
    sheet = sheet.section(&format!("What the key covers (Microsoft, {MATRIX_DATE})"));
    for row in &MATRIX {
        let note = if row.note.is_empty() {
            String::new()
        } else {
            format!(": {}", row.note)
        };
        sheet = sheet.row(row.app, format!("{}{note}", row.support));
    }
    sheet
        .section("What stays on the Microsoft key")
        .row("In every environment", STAYS_ON_MICROSOFT_KEY.join("\n"))
}

fn sheet(facts: &StatusFacts<'_>, document: &StatusV1<'_>) -> Sheet {
    let observed = facts.observed;
    let mut sheet = Sheet::default().row("State", document.state);
    if let Some(environment) = observed.environment.present() {
        sheet = environment_rows(sheet, environment);
    }
    let environment = observed.environment.present();
    sheet = sheet
        .section("Steps")
        .row(
            "1 Integrated",
            format!("{}: {}", facts.verdict.word, facts.verdict.meaning),
        )
        .row(
            "2 Environment",
            environment.map_or(NOT_VISIBLE.to_owned(), standing),
        );
    sheet = sheet.row("3 Policy", policy_text(facts, document));
    sheet = sheet
        .row("  Key", key_text(observed))
        .row_if(
            "  Vault",
            document
                .policy
                .as_ref()
                .and_then(|policy| policy.vault.as_deref()),
        )
        .row("  Grant on the key", facts.access.clone());
    sheet = sheet.row("4 Added", link_text(environment));
    if let Some(operation) = &document.operation {
        sheet = sheet.row(
            "  Running",
            format!(
                "{} {}, {}",
                operation.kind,
                operation.id,
                operation.stage.unwrap_or(operation.state)
            ),
        );
    }
    let estimate = facts.estimate.as_ref().map(estimate_words);
    sheet = sheet.row_if("  Expected", estimate);
    sheet = coverage_rows(sheet);
    for finding in facts.findings {
        sheet = sheet.line(format!(
            "{}: {} fix: {} ({})",
            finding.code, finding.message, finding.remedy, finding.who
        ));
    }
    for next in &facts.next {
        sheet = sheet.line(next.clone());
    }
    sheet
}
