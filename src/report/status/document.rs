//! Where an environment stands, as versioned JSON.

use super::facts::{CopilotStudio, StatusFacts};
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::key_ids::KeyVersion;
use crate::model::operation::Operation;
use crate::model::protection::Policy;
use crate::model::seen::Seen;
use crate::model::word::Word;
use crate::report::environment::EnvironmentV1;
use crate::report::history::EstimateV1;
use crate::report::key::KeyV1;
use crate::report::matrix::{Coverage, MATRIX, MATRIX_DATE, STAYS_ON_MICROSOFT_KEY};
use jiff::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct CopilotStudioV1<'a> {
    pub(super) covered: Option<bool>,
    pub(super) key_since: Option<Timestamp>,
    pub(super) why: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct StatusV1<'a> {
    pub(super) schema: &'static str,
    pub(super) at: Timestamp,
    pub(super) state: &'static str,
    pub(super) environment: Option<EnvironmentV1<'a>>,
    pub(super) integration: &'static str,
    pub(super) managed_environment: Option<bool>,
    pub(super) management_state: Option<&'a str>,
    pub(super) runtime_state: Option<&'a str>,
    pub(super) link_status: Option<&'a str>,
    pub(super) operation: Option<OperationV1<'a>>,
    pub(super) estimate: Option<EstimateV1>,
    pub(super) policy: Option<PolicyV1<'a>>,
    pub(super) named_policy: Option<NamedPolicyV1>,
    pub(super) key: Option<KeyV1<'a>>,
    pub(super) key_access: &'a str,
    pub(super) not_visible: Vec<NotVisibleV1<'a>>,
    pub(super) findings: &'a [Finding],
    pub(super) coverage_date: &'static str,
    pub(super) coverage: &'static [Coverage],
    pub(super) stays_on_microsoft_key: &'static [&'static str],
    pub(super) copilot_studio: Option<CopilotStudioV1<'a>>,
    pub(super) next: &'a [String],
}

#[derive(Serialize)]
pub(super) struct OperationV1<'a> {
    pub(super) id: &'a str,
    pub(super) kind: &'a str,
    pub(super) state: &'a str,
    pub(super) stage: Option<&'a str>,
    pub(super) created: Option<Timestamp>,
}

#[derive(Serialize)]
pub(super) struct PolicyV1<'a> {
    pub(super) id: String,
    pub(super) location: &'a str,
    pub(super) identity: Option<&'a str>,
    pub(super) vault: Option<String>,
    pub(super) key: Option<&'a str>,
    pub(super) pinned_version: Option<&'a str>,
    pub(super) health: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct NamedPolicyV1 {
    pub(super) id: String,
    pub(super) linked: Option<bool>,
}

#[derive(Serialize)]
pub(super) struct NotVisibleV1<'a> {
    pub(super) what: &'static str,
    pub(super) why: &'a str,
    pub(super) said: Option<&'a str>,
}

/// The document of these facts.
pub(super) fn document<'a>(facts: &'a StatusFacts<'_>) -> StatusV1<'a> {
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
        runtime_state: environment.and_then(|environment| environment.runtime_state.text()),
        link_status: link.and_then(|link| link.status.text()),
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
                    said: why.service_text(),
                })
            })
            .collect(),
        findings: facts.findings,
        coverage_date: MATRIX_DATE,
        coverage: &MATRIX,
        stays_on_microsoft_key: &STAYS_ON_MICROSOFT_KEY,
        copilot_studio: facts.copilot_studio.as_ref().map(Into::into),
        next: &facts.next,
    }
}

impl<'a> From<&'a CopilotStudio> for CopilotStudioV1<'a> {
    fn from(coverage: &'a CopilotStudio) -> Self {
        Self {
            covered: coverage.covered.flag(),
            key_since: coverage.since,
            why: coverage.covered.open().map(|why| why.why.as_str()),
        }
    }
}

impl<'a> From<&'a Operation> for OperationV1<'a> {
    fn from(operation: &'a Operation) -> Self {
        Self {
            id: &operation.id,
            kind: &operation.kind,
            state: operation.state.text().unwrap_or_default(),
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
            health: policy.health.as_ref().and_then(Word::text),
        }
    }
}
