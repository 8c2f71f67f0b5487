//! Reads the facts around policy, vault and environment: the caller's rights, locks, Resource
//! Manager's validation, deleted names, and the key that a swap leaves behind.

use super::named::{linked_policy, named_by_policy};
use super::reads::{ask, maybe};
use super::rights::{Place, on_key};
use crate::cloud::arm::NewPolicy;
use crate::cloud::{Reader, Service};
use crate::error::Result;
use crate::model::ids::ArmId;
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::model::preconditions::{Deleted, OldKey, Preconditions};
use crate::model::seen::Seen;
use crate::model::target::Target;
use crate::steps::location::location;
use crate::steps::rights::key::allows_key;
use crate::steps::swap::protecting;
use futures::join;

/// The caller's rights and the locks, which depend only on the named ids.
pub(super) async fn preconditions(reader: &Reader, target: &Target) -> Result<Preconditions> {
    let group = target.policy.as_ref().map(ArmId::group_scope);
    let vault = target.vault.as_ref().map(ToString::to_string);
    let vault_group = target.vault.as_ref().map(ArmId::group_scope);
    let elsewhere = vault_group.filter(|vault_group| {
        group
            .as_ref()
            .is_none_or(|group| !vault_group.eq_ignore_ascii_case(group))
    });
    let (group_rights, vault_rights, locks, vault_locks) = join!(
        maybe(group.as_ref().map(|scope| reader.permissions(scope))),
        maybe(vault.as_ref().map(|scope| reader.permissions(scope))),
        maybe(group.as_ref().map(|scope| reader.locks(scope))),
        maybe(elsewhere.as_ref().map(|scope| reader.locks(scope))),
    );
    let (group_rights, vault_rights) = (group_rights?, vault_rights?);
    // The same token served the read of these rights, so a failed sign-in is not tried again.
    let caller = if group.is_some() || vault.is_some() {
        reader.identity(Service::Arm).await.ok()
    } else {
        None
    };
    Ok(Preconditions {
        caller: caller.and_then(|caller| caller.object_id),
        group_rights: group_rights.unwrap_or_default(),
        vault_rights: vault_rights.unwrap_or_default(),
        group_locks: locks?.unwrap_or_default(),
        vault_locks: vault_locks?,
        ..Preconditions::default()
    })
}

/// What depends on the first read. Facts that it has answered are not read again.
pub(super) async fn further(
    reader: &Reader,
    target: &Target,
    observed: &Observed,
) -> Result<Preconditions> {
    let mut preconditions = observed.preconditions.clone();
    let policy = target.policy.as_ref();
    let subscription = policy
        .filter(|_| observed.is_unregistered())
        .map(ArmId::subscription_scope);
    // An unregistered provider refuses anyway, so a validation would tell nothing new.
    let creation = policy.filter(|_| observed.policy.is_absent() && !observed.is_unregistered());
    let location = location(target, observed);
    let creation = if let (Some(id), Some(location), Some(vault), Some(key)) =
        (creation, &location, &target.vault, &target.key)
    {
        Some(NewPolicy {
            id,
            location,
            vault,
            key,
            version: target.key_version.as_ref(),
        })
    } else {
        None
    };
    let (rights, validation, deleted) = join!(
        maybe(subscription.as_ref().map(|scope| reader.permissions(scope))),
        maybe(creation.as_ref().map(|new| reader.validate_policy(new))),
        deleted_vault(reader, target.vault.as_ref(), observed),
    );
    preconditions.subscription_rights = rights?.unwrap_or_default();
    preconditions.validation = validation?.unwrap_or_default();
    preconditions.deleted_vault = deleted?;
    Ok(preconditions)
}

/// Reads whether a missing vault is a deleted one.
async fn deleted_vault(
    reader: &Reader,
    vault: Option<&ArmId>,
    observed: &Observed,
) -> Result<Seen<Deleted>> {
    let (Some(vault), Some(Seen::Absent)) = (vault, &observed.vault) else {
        return Ok(Seen::default());
    };
    Ok(match ask(reader.deleted_vaults(vault).await)? {
        Seen::Present(all) => all
            .into_iter()
            .find(|deleted| deleted.name.eq_ignore_ascii_case(&vault.name))
            .map_or(Seen::Absent, Seen::Present),
        Seen::Unreadable(why) => Seen::Unreadable(why),
        Seen::Absent => Seen::default(),
    })
}

/// Reads whether a missing key is a deleted one.
pub(super) async fn deleted_key(
    reader: &Reader,
    target: &Target,
    observed: &Observed,
) -> Result<Seen<Deleted>> {
    if let (Some(vault), Some(key)) = (observed.vault(), &target.key)
        && observed.key_is_absent()
    {
        return ask(reader.deleted_key(vault, key).await);
    }
    Ok(Seen::default())
}

/// Reads what can be recovered of the vault and the key that a policy names.
pub(super) async fn recoverable(
    reader: &Reader,
    named: &Target,
    observed: &mut Observed,
) -> Result<()> {
    observed.preconditions.deleted_vault =
        deleted_vault(reader, named.vault.as_ref(), observed).await?;
    observed.preconditions.deleted_key = deleted_key(reader, named, observed).await?;
    Ok(())
}

/// What a swap leaves behind. Restores need the old key as long as old backups exist, so the new
/// policy's identity must reach it. The swap itself needs everything that protects the environment
/// now.
pub(super) async fn old_key(
    reader: &Reader,
    target: &Target,
    observed: &Observed,
) -> Result<(Seen<OldKey>, Option<Box<Observed>>)> {
    let linked = target.from.clone().or_else(|| linked_policy(observed));
    let linked = linked.filter(|linked| target.swap && target.policy.as_ref() != Some(linked));
    let Some(linked) = linked else {
        return Ok((Seen::default(), None));
    };
    let left = left(reader, &linked, observed).await?;
    let (key, vault) = match protecting(&left) {
        Seen::Present(found) => found,
        Seen::Absent => return Ok((Seen::Absent, Some(Box::new(left)))),
        Seen::Unreadable(why) => return Ok((Seen::Unreadable(why), Some(Box::new(left)))),
    };
    // Without the new policy there is no identity that could have the right.
    let granted = match &observed.policy {
        Seen::Absent => Verdict::No,
        Seen::Unreadable(why) => Verdict::CantTell(why.clone()),
        Seen::Present(new) => {
            let place = Place {
                vault: Some(&key.vault),
                key: Some(&key.key),
            };
            let rights = on_key(reader, Some(new), place, Some(&vault)).await?;
            allows_key(new, &vault, Some(&key.key), &rights).verdict()
        }
    };
    let old = OldKey {
        vault: key.vault.to_string(),
        key: key.key.to_string(),
        granted,
    };
    Ok((Seen::Present(old), Some(Box::new(left))))
}

/// A separate snapshot of what protects an environment now.
async fn left(reader: &Reader, policy: &ArmId, observed: &Observed) -> Result<Observed> {
    let mut left = Observed {
        at: observed.at,
        policy: ask(reader.policy(policy).await)?,
        ..Observed::default()
    };
    if left.policy.present().is_some() {
        named_by_policy(reader, &mut left).await?;
    } else if let Seen::Unreadable(why) = &left.policy {
        let why = why.clone();
        left.vault = Some(Seen::Unreadable(why.clone()));
        left.key = Some(Seen::Unreadable(why));
    }
    Ok(left)
}
