//! Reads which environments use a key or left one recently, in the whole tenant. A missed user
//! would go offline if the key is disabled.

use super::alone::looked_at;
use super::reads::{ask, each};
use crate::cloud::credential::Identity;
use crate::cloud::{Reader, Service};
use crate::error::Result;
use crate::model::environment::Environment;
use crate::model::ids::ArmId;
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::operation::Operation;
use crate::model::roles::TENANT_WIDE;
use crate::model::seen::{Reason, Seen, Unreadable};
use crate::steps::lifecycle::changes_key;
use std::collections::{BTreeMap, BTreeSet};

/// Reads whether the whole tenant was listed, each environment with a doubtful link alone, every
/// linked policy once, and every history.
pub(super) async fn of_tenant(reader: &Reader, observed: &mut Observed) -> Result<()> {
    let all = match std::mem::take(&mut observed.preconditions.estate) {
        Seen::Present(all) => all,
        unread @ (Seen::Absent | Seen::Unreadable(_)) => {
            observed.preconditions.estate = unread;
            return Ok(());
        }
    };
    let whole = whole_tenant(reader, &all).await?;
    let ids = all.iter().map(|environment| environment.id.clone());
    let histories: BTreeMap<_, _> =
        each(ids, async |id: String| ask(reader.operations(&id).await)).await?;
    // If the list shows no link, but the history ends with a key or an operation runs, the single
    // read tells more.
    let all = looked_at(reader, all, |environment| {
        environment.link_in_doubt()
            || match (&environment.key_link, histories.get(&environment.id)) {
                (Seen::Present(_), _) => false,
                (Seen::Absent, Some(Seen::Present(history))) => {
                    history.iter().any(of_keys) || environment.ongoing.is_some()
                }
                (Seen::Absent | Seen::Unreadable(_), _) => true,
            }
    })
    .await?;
    let linked: BTreeSet<ArmId> = all
        .iter()
        .filter_map(Environment::policy)
        .cloned()
        .collect();
    observed.preconditions.policies =
        each(linked, async |id: ArmId| ask(reader.policy(&id).await)).await?;
    observed.preconditions.estate = Seen::Present(all);
    observed.preconditions.histories = histories;
    observed.preconditions.whole_tenant = whole;
    Ok(())
}

/// Did this operation change the environment's key, or is that possible?
fn of_keys(operation: &Operation) -> bool {
    operation.kind.is_empty() || changes_key(&operation.kind)
}

/// Does the list show the whole tenant? The caller's role must be tenant-wide, and the list must
/// contain the default environment, which every tenant has. A read by its id proves nothing more:
/// the service answers 404 also to accounts without access.
pub(super) async fn whole_tenant(reader: &Reader, all: &[Environment]) -> Result<Verdict> {
    let identity = reader.identity(Service::Bap).await?;
    let Some(tenant) = &identity.tenant else {
        return Ok(Verdict::cant_tell("the token does not name its tenant"));
    };
    let default = format!("Default-{tenant}");
    let ours = |environment: &Environment| {
        environment.tenant_id.known().is_some_and(|tenant_id| {
            tenant_id
                .as_ref()
                .is_none_or(|tenant_id| tenant_id.eq_ignore_ascii_case(tenant))
        }) && (environment.is_default == Known::Known(true)
            || environment.id.eq_ignore_ascii_case(&default))
    };
    if !all.iter().any(ours) {
        return Ok(Verdict::cant_tell(
            "the list of environments is incomplete (the tenant's default environment is missing)",
        ));
    }
    is_tenant_wide(reader, &identity).await
}

/// Does the caller administer every environment? A user needs a directory role, an application its
/// registration.
async fn is_tenant_wide(reader: &Reader, identity: &Identity) -> Result<Verdict> {
    if identity.roles.iter().any(|role| {
        TENANT_WIDE
            .iter()
            .any(|known| role.eq_ignore_ascii_case(known))
    }) {
        return Ok(Verdict::Yes);
    }
    if let Some(application) = &identity.application {
        return Ok(
            match ask(reader.is_management_application(application).await)? {
                Seen::Present(true) => Verdict::Yes,
                Seen::Unreadable(why) => Verdict::CantTell(why),
                Seen::Present(false) | Seen::Absent => Verdict::cant_tell(
                    "this application is not registered as a management application",
                ),
            },
        );
    }
    let why = "your token has no role that administers every environment (Global, Power \
        Platform or Dynamics 365 Administrator)";
    Ok(Verdict::CantTell(Unreadable {
        why: why.to_owned(),
        forbidden: true,
        reason: Reason::Other,
        told: None,
    }))
}
