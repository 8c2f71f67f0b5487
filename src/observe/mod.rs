//! The only reads of a command: a reader and what was asked for in, a snapshot out. What does not depend on each other is read at the same time.

mod doctor;
mod estate;
mod keys;
mod resolve;
mod surroundings;
mod users;
mod wanted;

pub use doctor::examine;
pub use estate::observe_estate;
pub use resolve::resolve;
pub use wanted::{observe_member, observe_readers, observe_wanted};

use crate::cloud::fault::{Fault, Reply, seen};
use crate::cloud::{Clock, Reader};
use crate::error::{Error, Kind, Result};
use crate::model::ids::{ArmId, KeyName, ResourceKind};
use crate::model::known::{Known, Verdict};
use crate::model::observed::{Environment, Integration, Observed, Seen, Unreadable};
use crate::model::target::Target;
use futures::join;
use keys::{key_in_arm, key_in_vault, key_roles, key_roles_in_arm};
use resolve::{found, unseen_environment};
use std::future::Future;
use surroundings::{around, deleted_key, further};

/// What a command needs to see.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wants {
    /// The environment, its operations and its link.
    pub environment: bool,
    /// Go on when this caller may not see the environment.
    pub environment_optional: bool,
    /// Dataverse's word on the integration.
    pub integration: bool,
    /// The policy.
    pub policy: bool,
    /// When another policy is linked than was asked for, look at the linked one.
    pub linked_wins: bool,
    /// The provider of the policy's subscription.
    pub provider: bool,
    /// Vault, key and the grant on it.
    pub key: bool,
    /// Read the key from its data plane first; otherwise Resource Manager is asked first, which saves two round trips.
    pub data_plane: bool,
    /// Who may read the policy.
    pub readers: bool,
    /// The caller's rights, locks, Azure Policy and deleted names, in the half that is Azure's.
    pub rights: bool,
    /// The tenant's other environments.
    pub estate: bool,
    /// Whether vault or key are deleted and can be recovered, where the policy names them and they are not there.
    pub deleted: bool,
    /// Every version of the key.
    pub versions: bool,
    /// Who uses the key, and who left it not long ago: policies and histories of the tenant's environments.
    pub users: bool,
}

/// Reads everything `wants` names. Missing rights become part of the snapshot; only a sign-in that fails altogether, and an environment that
/// can't be had although it was asked for, are errors.
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
    let (observed, estate) =
        join!(one(reader, clock, target, environment, wants), maybe(wants.estate.then(|| reader.environments())),);
    let mut observed = observed?;
    observed.around.estate = match estate? {
        // Whoever has no role is shown an empty list, not a refusal; and every tenant has its default environment.
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
async fn one(
    reader: &Reader,
    clock: &Clock,
    target: &Target,
    environment: Option<&str>,
    wants: Wants,
) -> Result<Observed> {
    let mut observed = Observed { at: clock.now(), ..Observed::default() };
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
        maybe(policy_id.filter(|_| wants.policy).map(|id| reader.policy(id))),
        maybe(policy_id.filter(|_| wants.provider).map(|id| reader.provider(&id.subscription))),
        maybe(vault_id.map(|id| reader.vault(id))),
        key_in_arm(reader, vault_id, target.key.as_ref(), target.key_version.as_ref(), wants.data_plane),
        around(reader, target, wants),
    );
    observed.operations = operations?;
    (observed.policy, observed.provider, observed.vault, observed.key) = (policy?, provider?, vault?, key?);
    observed.around = around?;
    if let Some(reply) = first {
        observed.environment = match found(reader, environment.unwrap_or_default(), reply).await {
            Err(error) if wants.environment_optional && error.kind == Kind::Forbidden => {
                Seen::Unreadable(unseen_environment(&error))
            }
            environment => Seen::Present(environment?),
        };
    }

    let linked = linked_policy(&observed).filter(|linked| {
        let other = policy_id.is_some_and(|asked| asked != linked);
        wants.policy && (policy_id.is_none() || (wants.linked_wins && other))
    });
    let readers = policy_id.filter(|_| wants.readers && observed.policy.present().is_some()).map(ToString::to_string);
    let (integration, policy, key, grants, readers, further) = join!(
        integration(reader, &observed, wants),
        async {
            match &linked {
                Some(id) => ask(reader.policy(id).await),
                None => Ok(observed.policy.clone()),
            }
        },
        key_in_vault(reader, &observed, target),
        key_roles(reader, observed.policy.present(), vault_id, observed.vault.present(), target.key.as_ref()),
        maybe(readers.as_ref().map(|scope| reader.role_assignments(scope, None))),
        further(reader, target, wants, &observed),
    );
    observed.integration = integration?;
    (observed.policy, observed.key, observed.key_roles, observed.policy_roles) = (policy?, key?, grants?, readers?);
    observed.around = further?;
    if observed.policy.present().is_some() && wants.key && target.vault.is_none() {
        let named = named_by_policy(reader, &mut observed).await?;
        versions(reader, &mut observed, named.key.as_ref().filter(|_| wants.versions)).await?;
        if wants.deleted {
            surroundings::recoverable(reader, &named, &mut observed).await?;
        }
    }
    versions(reader, &mut observed, target.key.as_ref().filter(|_| wants.versions)).await?;
    if wants.rights && observed.key.is_absent() {
        observed.around.deleted_key = deleted_key(reader, target, &observed).await?;
    }
    Ok(observed)
}

/// What only the linked policy names: its vault and key, and the grant on them.
async fn named_by_policy(reader: &Reader, observed: &mut Observed) -> Result<Target> {
    let Some(policy) = observed.policy.present().cloned() else { return Ok(Target::default()) };
    let (vault_id, key_name, version) = match &policy.key {
        Known::Known(key) => (Some(key.vault.clone()), Some(key.key.clone()), key.version.clone()),
        Known::Unknown(why) => {
            let why = || Unreadable::because(why.clone());
            (observed.vault, observed.key) = (Seen::Unreadable(why()), Seen::Unreadable(why()));
            observed.key_roles = Seen::Unreadable(why());
            return Ok(Target::default());
        }
    };
    let (vault, key, roles) = join!(
        maybe(vault_id.as_ref().map(|id| reader.vault(id))),
        key_in_arm(reader, vault_id.as_ref(), key_name.as_ref(), version.as_ref(), false),
        key_roles_in_arm(reader, &policy, vault_id.as_ref()),
    );
    (observed.vault, observed.key, observed.key_roles) = (vault?, key?, roles?);
    let target = Target { vault: vault_id.clone(), key: key_name.clone(), key_version: version, ..Target::default() };
    if vault_id.as_ref().is_some_and(|id| id.kind == ResourceKind::ManagedHsm) {
        let (key, roles) = join!(
            key_in_vault(reader, observed, &target),
            key_roles(reader, Some(&policy), vault_id.as_ref(), observed.vault.present(), key_name.as_ref()),
        );
        (observed.key, observed.key_roles) = (key?, roles?);
    }
    Ok(target)
}

/// Every version of a key whose vault was read.
async fn versions(reader: &Reader, observed: &mut Observed, key: Option<&KeyName>) -> Result<()> {
    if let (Some(vault), Some(key)) = (observed.vault.present(), key) {
        observed.around.versions = ask(reader.key_versions(vault, key).await)?;
    }
    Ok(())
}

/// A read that this command may have no reason for.
async fn maybe<T>(read: Option<impl Future<Output = Reply<T>>>) -> Result<Seen<T>> {
    match read {
        Some(read) => ask(read.await),
        None => Ok(Seen::NotAsked),
    }
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

/// A reply as an observation. That nobody is signed in, or that a service does not accept the sign-in, is never a fact about what was asked.
fn ask<T>(reply: Reply<T>) -> Result<Seen<T>> {
    match reply {
        Err(fault) if fault.is_sign_in() => Err(refused_sign_in(fault)),
        reply => Ok(seen(reply)),
    }
}

fn refused_sign_in(fault: Fault) -> Error {
    let what = format!("The sign-in is refused by {}.", fault.service.name());
    fault.into_error(what).hint("Sign in again, or check account and tenant: `cmkctl auth status`.")
}

async fn integration(reader: &Reader, observed: &Observed, wants: Wants) -> Result<Seen<Integration>> {
    let environment = observed.environment.present();
    // A disabled organization answers nothing but 503, for days.
    let askable = |environment: &&Environment| environment.app().is_some() && environment.is_running() != Verdict::No;
    let url = environment.filter(|_| wants.integration).filter(askable);
    match url.and_then(|environment| environment.dataverse.as_ref()).and_then(|dataverse| dataverse.url.as_deref()) {
        // An organization may refuse a caller who administers the environment: that is a fact about the caller, not an end.
        Some(url) => ask(reader.integration(url).await),
        None => Ok(Seen::NotAsked),
    }
}

fn linked_policy(observed: &Observed) -> Option<ArmId> {
    observed.environment.present()?.policy().cloned()
}
