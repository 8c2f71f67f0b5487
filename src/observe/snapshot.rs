//! Everything about one environment, policy and vault: a reader and what was asked for in, a
//! snapshot out.

use super::asking::{ask, maybe};
use super::keys::{key_in_arm, key_in_vault};
use super::named::{linked_policy, named_by_policy};
use super::resolve::{found, unseen_environment};
use super::rights::{Place, on_key, on_policy};
use super::surroundings::{around, deleted_key, further, recoverable};
use super::users;
use super::wants::Wants;
use crate::cloud::{Clock, Reader};
use crate::error::{Error, Kind, Result};
use crate::model::environment::{Environment, Integration};
use crate::model::key_ids::KeyName;
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::model::seen::{Seen, Unreadable};
use crate::model::target::Target;
use crate::steps::lifecycle::keyed_last;
use futures::join;
use std::collections::BTreeMap;

/// Reads everything `wants` names. Missing rights become part of the snapshot; only a sign-in that
/// fails altogether, and an environment that can't be had although it was asked for, are errors.
///
/// # Errors
/// No sign-in; the environment does not exist or is not visible.
pub async fn observe(
    reader: &Reader,
    clock: &Clock,
    target: &Target,
    environment: Option<&str>,
    wants: Wants,
) -> Result<Observed> {
    // The list of a large tenant has many pages, one after the other: nothing waits for it.
    let (observed, estate) = join!(
        one(reader, clock, target, environment, wants),
        maybe(wants.estate.then(|| reader.environments())),
    );
    let mut observed = observed?;
    observed.around.estate = match estate? {
        // Whoever has no role is shown an empty list, not a refusal; and every tenant has its
        // default environment.
        Seen::Present(all) if all.is_empty() => Seen::Unreadable(Unreadable {
            why: "the tenant shows you no environment at all".to_owned(),
            forbidden: true,
            finding: Some("CMK020"),
        }),
        estate => estate,
    };
    if wants.users {
        users::of_tenant(reader, &mut observed).await?;
    }
    Ok(observed)
}

/// Everything about one environment, policy and vault.
pub(super) async fn one(
    reader: &Reader,
    clock: &Clock,
    target: &Target,
    environment: Option<&str>,
    wants: Wants,
) -> Result<Observed> {
    let mut observed = asked_for(reader, clock, target, environment, wants).await?;
    led_to(reader, target, wants, &mut observed).await?;
    if observed.policy.present().is_some() && wants.key && target.vault.is_none() {
        let named = named_by_policy(reader, &mut observed).await?;
        versions(
            reader,
            &mut observed,
            named.key.as_ref().filter(|_| wants.versions),
        )
        .await?;
        if wants.deleted {
            recoverable(reader, &named, &mut observed).await?;
        }
    }
    versions(
        reader,
        &mut observed,
        target.key.as_ref().filter(|_| wants.versions),
    )
    .await?;
    if wants.rights && observed.key.is_absent() {
        observed.around.deleted_key = deleted_key(reader, target, &observed).await?;
    }
    Ok(observed)
}

/// What can be read at once, because it was asked for by its own name.
async fn asked_for(
    reader: &Reader,
    clock: &Clock,
    target: &Target,
    environment: Option<&str>,
    wants: Wants,
) -> Result<Observed> {
    let mut observed = Observed {
        at: clock.now(),
        ..Observed::default()
    };
    let vault_id = target.vault.as_ref().filter(|_| wants.key);
    let policy_id = target.policy.as_ref();
    let environment_id = environment.filter(|_| wants.environment);
    let (first, operations, policy, provider, vault, key, around) = join!(
        async {
            match environment_id {
                Some(id) => Some(reader.environment(id).await),
                None => None,
            }
        },
        maybe(environment_id.map(|id| reader.operations(id))),
        maybe(
            policy_id
                .filter(|_| wants.policy)
                .map(|id| reader.policy(id))
        ),
        maybe(
            policy_id
                .filter(|_| wants.provider)
                .map(|id| reader.provider(&id.subscription))
        ),
        maybe(vault_id.map(|id| reader.vault(id))),
        key_in_arm(
            reader,
            vault_id,
            target.key.as_ref(),
            target.key_version.as_ref(),
            wants.data_plane
        ),
        around(reader, target, wants),
    );
    observed.operations = operations?;
    (
        observed.policy,
        observed.provider,
        observed.vault,
        observed.key,
    ) = (policy?, provider?, vault?, key?);
    observed.around = around?;
    if let Some(reply) = first {
        observed.environment = match found(reader, environment.unwrap_or_default(), reply).await {
            Err(error) if wants.environment_optional && error.kind == Kind::Forbidden => {
                Seen::Unreadable(unseen_environment(&error))
            }
            environment => Seen::Present(environment?),
        };
    }
    doubted(&mut observed);
    Ok(observed)
}

/// A policy that is not shown is not known where the history speaks against its absence.
fn doubted(observed: &mut Observed) {
    let Some(why) = keyed_last(observed) else {
        return;
    };
    if let Seen::Present(environment) = &mut observed.environment
        && environment.key_link.is_absent()
    {
        environment.key_link = Seen::Unreadable(Unreadable::because(why));
    }
}

/// What can be read only now, because the environment, the policy or the vault leads to it.
async fn led_to(
    reader: &Reader,
    target: &Target,
    wants: Wants,
    observed: &mut Observed,
) -> Result<()> {
    let vault_id = target.vault.as_ref().filter(|_| wants.key);
    let policy_id = target.policy.as_ref();
    let linked = linked_policy(observed).filter(|linked| {
        let other = policy_id.is_some_and(|asked| asked != linked);
        wants.policy && (policy_id.is_none() || (wants.linked_wins && other))
    });
    let read_by = policy_id
        .filter(|_| wants.readers && observed.policy.present().is_some())
        .map(|id| on_policy(reader, id, &target.readers));
    let place = Place {
        vault: vault_id,
        key: target.key.as_ref(),
    };
    let (integration, policy, key, grants, readers, further) = join!(
        integration(reader, observed, wants),
        async {
            match &linked {
                Some(id) => ask(reader.policy(id).await),
                None => Ok(observed.policy.clone()),
            }
        },
        key_in_vault(reader, observed, target),
        on_key(
            reader,
            observed.policy.present(),
            place,
            observed.vault.present()
        ),
        async {
            match read_by {
                Some(held) => held.await,
                None => Ok(BTreeMap::new()),
            }
        },
        further(reader, target, wants, observed),
    );
    observed.integration = integration?;
    (
        observed.policy,
        observed.key,
        observed.key_rights,
        observed.policy_rights,
    ) = (policy?, key?, grants?, readers?);
    (observed.around, observed.left) = further?;
    Ok(())
}

/// Every version of a key whose vault was read.
async fn versions(reader: &Reader, observed: &mut Observed, key: Option<&KeyName>) -> Result<()> {
    if let (Some(vault), Some(key)) = (observed.vault.present(), key) {
        observed.around.versions = ask(reader.key_versions(vault, key).await)?;
    }
    Ok(())
}

/// One environment, and nothing around it.
///
/// # Errors
/// It can't be had.
pub async fn environment(reader: &Reader, id: &str) -> Result<Environment> {
    found(reader, id, reader.environment(id).await).await
}

/// The environment of a snapshot whose id could not even be looked up.
pub fn unseen(error: &Error) -> Seen<Environment> {
    Seen::Unreadable(unseen_environment(error))
}

pub(super) async fn integration(
    reader: &Reader,
    observed: &Observed,
    wants: Wants,
) -> Result<Seen<Integration>> {
    let environment = observed.environment.present();
    // A disabled organization answers nothing but 503, for days.
    let askable = |environment: &&Environment| {
        environment.app().is_some() && environment.is_running() != Verdict::No
    };
    let url = environment.filter(|_| wants.integration).filter(askable);
    match url
        .and_then(|environment| environment.dataverse.as_ref())
        .and_then(|dataverse| dataverse.url.as_deref())
    {
        // An organization may refuse a caller who administers the environment: that is a fact about
        // the caller, not an end.
        Some(url) => ask(reader.integration(url).await),
        None => Ok(Seen::NotAsked),
    }
}
