//! `status --all`: the whole tenant, worst first.

use super::Context;
use crate::cloud::Service;
use crate::error::{Error, Kind, Result};
use crate::model::estate::{Estate, Standing, State};
use crate::model::ids::same_id;
use crate::observe::observe_estate;
use crate::report::{self, Circumstances, Out};
use crate::steps::danger::judge;
use jiff::SignedDuration;
use std::time::Duration;

/// What makes `status --all` fail (exit 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// Key, vault or grant are such that environments will be locked, or not everything uses the key.
    Drift,
    /// A key expires soon.
    Expiring,
    /// An environment is locked.
    Locked,
    /// An environment is on the Microsoft key.
    Unencrypted,
}

impl FailOn {
    fn matches(self, state: State) -> bool {
        match self {
            FailOn::Drift => matches!(state, State::Endangered | State::Failed),
            FailOn::Expiring => state == State::Expiring,
            FailOn::Locked => state == State::Locked,
            FailOn::Unencrypted => state == State::NotEncrypted,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            FailOn::Drift => "drift",
            FailOn::Expiring => "expiring",
            FailOn::Locked => "locked",
            FailOn::Unencrypted => "unencrypted",
        }
    }
}

/// What to show of a tenant, and what makes it fail.
#[derive(Debug, Clone, Default)]
pub struct Glance {
    /// Only environments of this policy, by its id or its name.
    pub policy: Option<String>,
    /// Only environments whose key is in this vault, by its id or its name.
    pub vault: Option<String>,
    /// Only environments of this type.
    pub sku: Option<String>,
    /// Only environments without a customer-managed key.
    pub not_encrypted: bool,
    /// A key that expires sooner than this is worth a word.
    pub expiring_within: Option<Duration>,
    /// What makes it fail.
    pub fail_on: Vec<FailOn>,
}

/// Every environment of the tenant.
///
/// # Errors
/// The list can't be read; `Kind::Pending` when something that `fail_on` names is there.
pub async fn status_all(context: &Context, glance: &Glance, out: &mut Out) -> Result<()> {
    let estate = observe_estate(&context.reader(), context.clock()).await?;
    let all = chosen(&estate, glance);
    report::estate(out, &estate, &all);
    failure(glance, &all).map_or(Ok(()), Err)
}

/// The evidence for auditors.
///
/// # Errors
/// The list can't be read.
pub async fn report_all(context: &Context, glance: &Glance, out: &mut Out) -> Result<()> {
    let session = &context.session;
    let estate = observe_estate(&context.reader(), context.clock()).await?;
    let all = chosen(&estate, glance);
    let requests = session.wire().journal();
    let cloud = session.cloud();
    let bap = url::Url::parse(&cloud.base(Service::Bap)).map(|url| cloud.scope(Service::Bap, &url)).unwrap_or_default();
    let by = session.tokens().identity(&bap).await.ok().and_then(|identity| identity.name.or(identity.object_id));
    let circumstances = Circumstances { cloud: &cloud.name, by: by.as_deref(), requests: &requests };
    report::evidence(out, &estate, &all, &circumstances);
    Ok(())
}

/// The environments that were asked for, judged, worst first.
fn chosen<'a>(estate: &'a Estate, glance: &Glance) -> Vec<Standing<'a>> {
    let within = glance.expiring_within.and_then(|within| SignedDuration::try_from(within).ok());
    let mut all = judge(estate, within);
    let named = |wanted: &str, id: &str| {
        same_id(wanted, id) || id.rsplit('/').next().is_some_and(|name| name.eq_ignore_ascii_case(wanted))
    };
    all.retain(|one| {
        let policy = one.environment.key_link.present().and_then(|link| link.policy.as_deref());
        let protection = estate.protection(one.environment);
        let vault = protection.and_then(|protection| protection.policy.present()?.vault_id.as_deref());
        let fits = |wanted: &Option<String>, id: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| id.is_some_and(|id| named(wanted, id)))
        };
        fits(&glance.policy, policy)
            && fits(&glance.vault, vault)
            && glance.sku.as_deref().is_none_or(|sku| one.environment.sku.eq_ignore_ascii_case(sku))
            && (!glance.not_encrypted || one.state == State::NotEncrypted)
    });
    all
}

fn failure(glance: &Glance, all: &[Standing<'_>]) -> Option<Error> {
    let said: Vec<String> = glance
        .fail_on
        .iter()
        .filter_map(|fail| {
            let count = all.iter().filter(|one| fail.matches(one.state)).count();
            (count > 0).then(|| format!("{count} {}", fail.word()))
        })
        .collect();
    (!said.is_empty())
        .then(|| Error::new(Kind::Pending, format!("Environments that ask for attention: {}.", said.join(", "))))
}
