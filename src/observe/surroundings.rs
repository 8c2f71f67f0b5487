//! What lies around policy, vault and environment: the caller's rights, locks, what Resource
//! Manager would say, deleted names, and the key that an environment would leave behind.

use super::asking::{ask, maybe};
use super::named::{linked_policy, named_by_policy};
use super::rights::{Place, on_key};
use super::wants::Wants;
use crate::cloud::Reader;
use crate::cloud::arm::NewPolicy;
use crate::error::Result;
use crate::model::ids::ArmId;
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::protection::Registration;
use crate::model::seen::Seen;
use crate::model::surroundings::{Deleted, OldKey, Surroundings};
use crate::model::target::Target;
use crate::steps::location::location;
use crate::steps::rights::key::allows_key;
use futures::join;

/// What depends on nothing but the ids that were asked for.
pub(super) async fn around(reader: &Reader, target: &Target, wants: Wants) -> Result<Surroundings> {
    if !wants.rights {
        return Ok(Surroundings::default());
    }
    let group = target.policy.as_ref().map(ArmId::group_scope);
    let vault = target.vault.as_ref().map(ToString::to_string);
    let vault_group = target.vault.as_ref().map(ArmId::group_scope);
    let elsewhere = vault_group.filter(|own| {
        group
            .as_ref()
            .is_none_or(|group| !own.eq_ignore_ascii_case(group))
    });
    let (group_rights, vault_rights, locks, vault_locks) = join!(
        maybe(group.as_ref().map(|scope| reader.permissions(scope))),
        maybe(vault.as_ref().map(|scope| reader.permissions(scope))),
        maybe(group.as_ref().map(|scope| reader.locks(scope))),
        maybe(elsewhere.as_ref().map(|scope| reader.locks(scope))),
    );
    let locks = match (locks?, vault_locks?) {
        (Seen::Present(mut locks), Seen::Present(more)) => {
            locks.extend(more);
            Seen::Present(locks)
        }
        (Seen::NotAsked, other) | (other, Seen::NotAsked) => other,
        // Locks that are known are said, even when there may be others.
        (Seen::Present(locks), _) | (_, Seen::Present(locks)) if !locks.is_empty() => {
            Seen::Present(locks)
        }
        (unread @ Seen::Unreadable(_), _) | (_, unread) => unread,
    };
    Ok(Surroundings {
        group_rights: group_rights?,
        vault_rights: vault_rights?,
        locks,
        ..Surroundings::default()
    })
}

/// What depends on the first look, and what would be left: nothing is asked that it has answered
/// already.
pub(super) async fn further(
    reader: &Reader,
    target: &Target,
    wants: Wants,
    observed: &Observed,
) -> Result<(Surroundings, Option<Box<Observed>>)> {
    let mut around = observed.around.clone();
    let policy = target.policy.as_ref().filter(|_| wants.rights);
    let unregistered = observed
        .provider
        .present()
        .is_some_and(|provider| provider.state != Known::Known(Registration::Registered));
    let subscription = policy
        .filter(|_| unregistered)
        .map(ArmId::subscription_scope);
    // Validating what an unregistered provider would refuse anyway says nothing new.
    let creation = policy.filter(|_| observed.policy.is_absent() && !unregistered);
    let location = location(target, observed);
    let creation = match (creation, &location, &target.vault, &target.key) {
        (Some(id), Some(location), Some(vault), Some(key)) => Some(NewPolicy {
            id,
            location,
            vault,
            key,
            version: target.key_version.as_ref(),
        }),
        _ => None,
    };
    let gone = target
        .vault
        .as_ref()
        .filter(|_| wants.rights && observed.vault.is_absent());
    let (rights, validation, deleted, old_key) = join!(
        maybe(subscription.as_ref().map(|scope| reader.permissions(scope))),
        maybe(creation.as_ref().map(|new| reader.validate_policy(new))),
        deleted_vault(reader, gone),
        old_key(reader, target, observed),
    );
    around.subscription_rights = rights?;
    around.validation = validation?;
    around.deleted_vault = deleted?;
    let (old_key, left) = old_key?;
    around.old_key = old_key;
    Ok((around, left))
}

async fn deleted_vault(reader: &Reader, vault: Option<&ArmId>) -> Result<Seen<Deleted>> {
    let Some(vault) = vault else {
        return Ok(Seen::NotAsked);
    };
    Ok(match ask(reader.deleted_vaults(vault).await)? {
        Seen::Present(all) => all
            .into_iter()
            .find(|deleted| deleted.name.eq_ignore_ascii_case(&vault.name))
            .map_or(Seen::Absent, Seen::Present),
        Seen::Unreadable(why) => Seen::Unreadable(why),
        Seen::Absent | Seen::NotAsked => Seen::NotAsked,
    })
}

pub(super) async fn deleted_key(
    reader: &Reader,
    target: &Target,
    observed: &Observed,
) -> Result<Seen<Deleted>> {
    match (observed.vault.present(), &target.key) {
        (Some(vault), Some(key)) => ask(reader.deleted_key(vault, key).await),
        _ => Ok(Seen::NotAsked),
    }
}

/// What can be brought back of the vault and the key that a policy names.
pub(super) async fn recoverable(
    reader: &Reader,
    named: &Target,
    observed: &mut Observed,
) -> Result<()> {
    if observed.vault.is_absent() {
        observed.around.deleted_vault = deleted_vault(reader, named.vault.as_ref()).await?;
    }
    if observed.key.is_absent() {
        observed.around.deleted_key = deleted_key(reader, named, observed).await?;
    }
    Ok(())
}

/// A restore needs the old key for as long as old backups live, so the new policy's identity must
/// reach that, too; and the swap itself needs everything that protects the environment now.
async fn old_key(
    reader: &Reader,
    target: &Target,
    observed: &Observed,
) -> Result<(Seen<OldKey>, Option<Box<Observed>>)> {
    let linked = linked_policy(observed)
        .filter(|linked| target.swap && target.policy.as_ref() != Some(linked));
    let Some(linked) = linked else {
        return Ok((Seen::NotAsked, None));
    };
    let left = left(reader, &linked, observed).await?;
    let (key, vault) = match (&left.policy, &left.vault) {
        (Seen::Unreadable(why), _) | (_, Seen::Unreadable(why)) => {
            return Ok((Seen::Unreadable(why.clone()), Some(Box::new(left))));
        }
        (Seen::Present(policy), Seen::Present(vault)) if policy.key_reference().is_some() => {
            (policy.key_reference(), vault)
        }
        _ => return Ok((Seen::Absent, Some(Box::new(left)))),
    };
    let Some(key) = key.cloned() else {
        return Ok((Seen::Absent, Some(Box::new(left))));
    };
    // Without the new policy there is no identity yet that could have been granted anything.
    let granted = match observed.policy.present() {
        None => Verdict::No,
        Some(new) => {
            let place = Place {
                vault: Some(&key.vault),
                key: Some(&key.key),
            };
            let held = on_key(reader, Some(new), place, Some(vault)).await?;
            allows_key(new, vault, Some(&key.key), &held).verdict()
        }
    };
    let old = OldKey {
        vault: key.vault.to_string(),
        key: key.key.to_string(),
        granted,
    };
    Ok((Seen::Present(old), Some(Box::new(left))))
}

/// What protects an environment now, as a snapshot of its own.
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
        (left.vault, left.key) = (Seen::Unreadable(why.clone()), Seen::Unreadable(why));
    }
    Ok(left)
}
