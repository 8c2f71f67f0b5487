//! One read function for each command. A fact that its function does not read stays unknown, and a
//! rule that needs it refuses.

use super::alone::{by_itself, looked_at};
use super::keys::key_in_arm;
use super::looking::Looking;
use super::preconditions::{old_key, recoverable};
use super::reads::ask;
use super::users;
use crate::error::Result;
use crate::model::environment::Environment;
use crate::model::known::Known;
use crate::model::observed::Observed;
use crate::model::preconditions::Preconditions;
use crate::model::protection::Policy;
use crate::model::seen::Seen;
use crate::model::whole::Whole;
use futures::future::{FutureExt, LocalBoxFuture};
use futures::join;

/// The future of a snapshot. Boxed, because it is large.
pub type Look<'a> = LocalBoxFuture<'a, Result<Observed>>;

/// `environment-name`: only the environment.
pub fn naming(looking: Looking<'_>) -> Look<'_> {
    async move {
        let mut seen = looking.begun();
        (seen.environment, seen.operations) = looking.subject().await?;
        Ok(seen)
    }
    .boxed_local()
}

/// `check-integration`: the environment, then Dataverse.
pub fn integrating(looking: Looking<'_>) -> Look<'_> {
    async move {
        let mut seen = naming(looking).await?;
        seen.integration = looking.integration(&seen).await?;
        Ok(seen)
    }
    .boxed_local()
}

/// `status`: the environment, and what protects it under the linked policy, or else under the named
/// one.
pub fn standing(looking: Looking<'_>) -> Look<'_> {
    async move {
        let mut seen = looking.begun();
        let (environment, policy) = join!(looking.subject(), looking.policy());
        seen.policy = policy?;
        (seen.environment, seen.operations) = environment?;
        let (integration, policy) = join!(
            looking.integration(&seen),
            looking.policy_linked_first(&seen)
        );
        (seen.integration, seen.policy) = (integration?, policy?);
        looking.named_by_policy(&mut seen).await?;
        Ok(seen)
    }
    .boxed_local()
}

/// `check`: everything named, and what is linked. If the environment can't be read, the Azure side
/// is still checked if any of it was named.
pub fn checking(looking: Looking<'_>) -> Look<'_> {
    async move {
        let other_half = looking.target.policy.is_some() || looking.target.vault.is_some();
        let (seen, tenant) = join!(
            async {
                let (environment, resources, alerts) = join!(
                    async {
                        if other_half {
                            looking.if_visible().await
                        } else {
                            looking.subject().await
                        }
                    },
                    looking.resources_and_rights(),
                    looking.alerts(looking.target.vault.as_ref())
                );
                let mut seen = resources?;
                (seen.environment, seen.operations) = environment?;
                seen.preconditions.alerts = alerts?;
                let (integration, policy, old, further) = join!(
                    looking.integration(&seen),
                    looking.policy_in_use(&seen),
                    old_key(looking.reader, looking.target, &seen),
                    looking.further(&seen),
                );
                seen = further?;
                (seen.integration, seen.policy) = (integration?, policy?);
                (seen.preconditions.old_key, seen.left) = old?;
                if looking.target.vault.is_none() {
                    let key = seen.policy.present().and_then(Policy::key_reference);
                    let vault = key.map(|key| key.vault.clone());
                    let (named, alerts) = join!(
                        looking.named_by_policy(&mut seen),
                        looking.alerts(vault.as_ref())
                    );
                    named?;
                    seen.preconditions.alerts = alerts?;
                }
                looking.deleted_key(&mut seen).await?;
                Ok(seen)
            },
            async {
                match looking.environment {
                    Some(_) => looking.tenant().await.map(Some),
                    None => Ok(None),
                }
            },
        );
        in_tenant(seen, tenant.map(Option::unwrap_or_default))
    }
    .boxed_local()
}

/// `create-policy`: the named resources, the rights to create them, and the environment if it is
/// visible. For a key to create, also what that requires.
pub fn creating(looking: Looking<'_>) -> Look<'_> {
    async move {
        let (environment, resources) = join!(looking.if_visible(), looking.resources_and_rights());
        let mut seen = resources?;
        (seen.environment, seen.operations) = environment?;
        seen = looking.further(&seen).await?;
        looking.making(&mut seen).await?;
        looking.deleted_key(&mut seen).await?;
        Ok(seen)
    }
    .boxed_local()
}

/// `create-key`: the vault, and what the creation requires.
pub fn creating_key(looking: Looking<'_>) -> Look<'_> {
    async move {
        let mut seen = looking.begun();
        let (environment, vault) = join!(looking.if_visible(), looking.vault());
        seen.vault = vault?;
        (seen.environment, seen.operations) = environment?;
        looking.making(&mut seen).await?;
        looking.deleted(&mut seen).await?;
        Ok(seen)
    }
    .boxed_local()
}

/// A policy of a file, as for `create-policy`. Reads the key through Resource Manager first, which
/// saves round trips.
pub(super) fn of_policy(looking: Looking<'_>) -> Look<'_> {
    async move {
        let target = looking.target;
        let (vault, key, version) = (&target.vault, &target.key, &target.key_version);
        let (resources, key) = join!(
            looking.resources_and_rights(),
            key_in_arm(
                looking.reader,
                vault.as_ref(),
                key.as_ref(),
                version.as_ref()
            )
        );
        let mut seen = resources?;
        seen.key = key?;
        seen = looking.further(&seen).await?;
        looking.making(&mut seen).await?;
        looking.deleted_key(&mut seen).await?;
        Ok(seen)
    }
    .boxed_local()
}

/// `add-environment` and `swap-policy`: the environment, the policy, the resources that it names,
/// and the tenant's other environments.
pub fn adding(looking: Looking<'_>) -> Look<'_> {
    async move {
        let (seen, tenant) = join!(added(looking), looking.tenant());
        in_tenant(seen, tenant)
    }
    .boxed_local()
}

/// The facts of [`adding`] again, directly before the outage. The tenant's limit was checked
/// before anything was sent.
pub fn adding_now<'a>(looking: Looking<'a>, before: &'a Observed) -> Look<'a> {
    async move {
        in_tenant(
            added(looking).await,
            Ok(before.preconditions.estate.clone()),
        )
    }
    .boxed_local()
}

async fn added(looking: Looking<'_>) -> Result<Observed> {
    let mut seen = looking.begun();
    let (environment, policy) = join!(looking.subject(), looking.policy());
    seen.policy = policy?;
    (seen.environment, seen.operations) = environment?;
    // Read what a swap leaves behind.
    let (integration, old) = join!(
        looking.integration(&seen),
        old_key(looking.reader, looking.target, &seen)
    );
    seen.integration = integration?;
    (seen.preconditions.old_key, seen.left) = old?;
    looking.named_by_policy(&mut seen).await?;
    Ok(seen)
}

/// `enable`: everything that `create-policy` and `add-environment` read, all of it named.
pub fn enabling(looking: Looking<'_>) -> Look<'_> {
    async move {
        let (seen, tenant) = join!(enabled(looking), looking.tenant());
        in_tenant(seen, tenant)
    }
    .boxed_local()
}

async fn enabled(looking: Looking<'_>) -> Result<Observed> {
    let (environment, resources) = join!(looking.subject(), looking.resources_and_rights());
    let mut seen = resources?;
    (seen.environment, seen.operations) = environment?;
    let (integration, further) = join!(looking.integration(&seen), looking.further(&seen));
    seen = further?;
    seen.integration = integration?;
    looking.making(&mut seen).await?;
    looking.deleted_key(&mut seen).await?;
    Ok(seen)
}

/// The facts of [`enabling`] again, directly before the outage. The tenant's limit, the rights and
/// Azure Policy were checked before anything was sent. The policy's readers do not affect the
/// outage.
pub fn enabling_now<'a>(looking: Looking<'a>, before: &'a Observed) -> Look<'a> {
    async move {
        // The new key's vault may not have existed at the first read, so the facts about it are
        // outdated.
        if looking.target.new_key.is_some() {
            return in_tenant(
                enabled(looking).await,
                Ok(before.preconditions.estate.clone()),
            );
        }
        let (environment, resources) = join!(looking.subject(), looking.resources());
        let mut seen = resources?;
        (seen.environment, seen.operations) = environment?;
        let (integration, at_key) = join!(looking.integration(&seen), looking.key_and_grant(&seen));
        seen.integration = integration?;
        (seen.key, seen.key_rights) = at_key?;
        seen.policy_rights = before.policy_rights.clone();
        seen.preconditions = before.preconditions.clone();
        Ok(seen)
    }
    .boxed_local()
}

/// `remove-environment`: the environment, and what protects it if the caller may see that, before
/// it goes offline.
pub fn removing(looking: Looking<'_>) -> Look<'_> {
    async move {
        let mut seen = looking.begun();
        let (environment, policy) = join!(looking.subject(), looking.policy());
        seen.policy = policy?;
        (seen.environment, seen.operations) = environment?;
        seen.policy = looking.policy_in_use(&seen).await?;
        looking.named_by_policy(&mut seen).await?;
        Ok(seen)
    }
    .boxed_local()
}

/// `rotate-key`: vault and key, and the policy if one is named.
pub fn rotating(looking: Looking<'_>) -> Look<'_> {
    async move {
        let mut seen = looking.begun();
        let (environment, policy, vault) =
            join!(looking.if_visible(), looking.policy(), looking.vault());
        (seen.policy, seen.vault) = (policy?, vault?);
        (seen.environment, seen.operations) = environment?;
        let (policy, at_key) = join!(looking.policy_in_use(&seen), looking.key_and_grant(&seen));
        seen.policy = policy?;
        (seen.key, seen.key_rights) = at_key?;
        Ok(seen)
    }
    .boxed_local()
}

/// `rotation-policy`: the facts of [`rotating`], and the rotation policy. Without a right on the
/// data plane, the rotation policy comes from Resource Manager, if it shows one.
pub fn rotating_itself(looking: Looking<'_>) -> Look<'_> {
    async move {
        let mut seen = rotating(looking).await?;
        let (Some(vault), Some(key)) = (seen.vault(), &looking.target.key) else {
            return Ok(seen);
        };
        let rotation_policy = ask(looking.reader.rotation_policy(vault, key).await)?;
        let hidden = rotation_policy
            .unreadable()
            .is_some_and(|why| why.forbidden);
        let id = looking.target.vault.as_ref().filter(|_| hidden);
        let in_arm = key_in_arm(looking.reader, id, Some(key), None).await?;
        let shown = in_arm.and_then(|seen| seen.present().map(|key| key.rotation.clone()));
        seen.preconditions.rotation = match shown {
            Some(Known::Known(shown)) => Seen::Present(shown),
            Some(Known::Unknown(_)) | None => rotation_policy,
        };
        Ok(seen)
    }
    .boxed_local()
}

/// `unlock`: the policy, its key with every version, the deleted parts that can be recovered, and
/// every environment that may be locked. Each administrator sees only one half.
pub fn unlocking(looking: Looking<'_>) -> Look<'_> {
    async move {
        let (seen, tenant) = join!(unlocked(looking), looking.tenant());
        let mut seen = in_tenant(seen, tenant)?;
        // Without a named environment, every environment of the policy gets enabled.
        if looking.target.policy.is_some() {
            let Seen::Present(all) = seen.preconditions.estate else {
                return Ok(seen);
            };
            let all = looked_at(looking.reader, all, Environment::link_in_doubt).await?;
            seen.preconditions.whole_tenant = users::whole_tenant(looking.reader, &all).await?;
            seen.preconditions.estate = Seen::Present(all);
        }
        Ok(seen)
    }
    .boxed_local()
}

/// The facts of [`unlocking`] again, directly before one of its steps: the key, and the environment
/// of that step. Other locked environments were checked before anything was sent.
pub fn unlocking_now<'a>(looking: Looking<'a>, before: &'a Observed) -> Look<'a> {
    async move {
        let mut seen = unlocked(looking).await?;
        seen.preconditions.whole_tenant = before.preconditions.whole_tenant.clone();
        seen.preconditions.estate = before.preconditions.estate.clone();
        let (Seen::Present(all), Some(id)) = (&mut seen.preconditions.estate, looking.environment)
        else {
            return Ok(seen);
        };
        let is_asked = |environment: &&mut Environment| environment.id.eq_ignore_ascii_case(id);
        for environment in all.iter_mut().filter(is_asked) {
            let gone = "the service no longer finds the environment";
            *environment = by_itself(environment, &seen.environment, gone);
        }
        Ok(seen)
    }
    .boxed_local()
}

async fn unlocked(looking: Looking<'_>) -> Result<Observed> {
    let mut seen = looking.begun();
    let (environment, policy) = join!(looking.if_visible(), looking.policy());
    seen.policy = policy?;
    (seen.environment, seen.operations) = environment?;
    seen.policy = looking.policy_in_use(&seen).await?;
    let named = looking.named_by_policy(&mut seen).await?;
    looking.versions(&mut seen, named.key.as_ref()).await?;
    recoverable(looking.reader, &named, &mut seen).await?;
    Ok(seen)
}

/// `retire-key`: the vault, the key with every version, which environments of the whole tenant use
/// it, and the logs of its uses if a workspace is named.
pub fn retiring(looking: Looking<'_>) -> Look<'_> {
    async move {
        let (seen, tenant, logs) = join!(
            async {
                let mut seen = looking.begun();
                seen.vault = looking.vault().await?;
                (seen.key, seen.key_rights) = looking.key_and_grant(&seen).await?;
                let key = looking.target.key.as_ref();
                looking.versions(&mut seen, key).await?;
                Ok(seen)
            },
            looking.tenant(),
            looking.key_logs()
        );
        let mut seen = in_tenant(seen, tenant)?;
        seen.preconditions.key_logs = logs?;
        users::of_tenant(looking.reader, &mut seen).await?;
        Ok(seen)
    }
    .boxed_local()
}

fn in_tenant(seen: Result<Observed>, tenant: Result<Seen<Whole<Environment>>>) -> Result<Observed> {
    let seen = seen?;
    let preconditions = Preconditions {
        estate: tenant?,
        ..seen.preconditions
    };
    Ok(Observed {
        preconditions,
        ..seen
    })
}
