//! The building blocks of the reads: what the target names, and what those resources lead to.

use super::keys::key_in_vault;
use super::named::{linked_policy, named_by_policy};
use super::preconditions::{deleted_key, further, preconditions, recoverable};
use super::reads::{ask, maybe};
use super::resolve::{found, unseen_environment};
use super::rights::{Place, on_key, on_policy};
use crate::cloud::{Clock, Reader};
use crate::error::{Error, Kind, Result};
use crate::model::alert::Alert;
use crate::model::environment::{Environment, Integration};
use crate::model::ids::ArmId;
use crate::model::key_ids::KeyName;
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::model::operation::Operation;
use crate::model::protection::{Key, Policy, Provider, Vault};
use crate::model::rights::PrincipalRights;
use crate::model::seen::{Reason, Seen, Unreadable};
use crate::model::target::Target;
use crate::model::whole::Whole;
use crate::steps::lifecycle::keyed_last;
use futures::join;
use std::collections::BTreeMap;

/// What a read needs: the reader, the clock and the target.
#[derive(Clone, Copy, Debug)]
pub struct Looking<'a> {
    /// Reads the services.
    pub reader: &'a Reader,
    /// Gives the time of the snapshot.
    pub clock: &'a Clock,
    /// What the caller asked for.
    pub target: &'a Target,
    /// Id of the environment, if the caller named one.
    pub environment: Option<&'a str>,
}

/// An environment and its operations.
type OfEnvironment = (Seen<Environment>, Seen<Whole<Operation>>);

impl Looking<'_> {
    /// A snapshot without any facts.
    pub(super) fn begun(self) -> Observed {
        Observed {
            at: self.clock.now(),
            ..Observed::default()
        }
    }

    /// The named environment. An error if it can't be read.
    pub(super) async fn subject(self) -> Result<OfEnvironment> {
        self.of_environment(Err).await
    }

    /// The named environment, if any. If the caller may not see it (403), the read continues
    /// without it.
    pub(super) async fn if_visible(self) -> Result<OfEnvironment> {
        self.of_environment(|error| {
            if error.kind == Kind::Forbidden {
                Ok(Seen::Unreadable(unseen_environment(&error)))
            } else {
                Err(error)
            }
        })
        .await
    }

    async fn of_environment(
        self,
        unseen: impl FnOnce(Error) -> Result<Seen<Environment>>,
    ) -> Result<OfEnvironment> {
        let Some(id) = self.environment else {
            return Ok((Seen::default(), Seen::default()));
        };
        let (environment, operations) =
            join!(self.reader.environment(id), self.reader.operations(id));
        let operations = ask(operations)?;
        let environment = found(self.reader, id, environment).await;
        let mut seen = Observed {
            environment: environment.map(Seen::Present).or_else(unseen)?,
            operations,
            ..self.begun()
        };
        doubted(&mut seen);
        Ok((seen.environment, seen.operations))
    }

    /// The named policy.
    pub(super) async fn policy(self) -> Result<Seen<Policy>> {
        let id = self.target.policy.as_ref();
        let policy = maybe(id.map(|id| self.reader.policy(id))).await?;
        Ok(policy.unwrap_or_default())
    }

    /// The resource provider in that policy's subscription.
    async fn provider(self) -> Result<Seen<Provider>> {
        let Some(id) = &self.target.policy else {
            return Ok(Seen::default());
        };
        match self.reader.provider(&id.subscription).await {
            // Every subscription has this provider, registered or not, so this error means that the
            // subscription does not exist.
            Err(fault) if fault.is_subscription_gone() => Ok(Seen::Absent),
            reply => ask(reply),
        }
    }

    /// The named vault.
    pub(super) async fn vault(self) -> Result<Option<Seen<Vault>>> {
        let id = self.target.vault.as_ref();
        maybe(id.map(|id| self.reader.vault(id))).await
    }

    /// Every environment that the caller administers. A large tenant's list has many pages, read in
    /// sequence, so it runs beside the other reads.
    pub(super) async fn tenant(self) -> Result<Seen<Whole<Environment>>> {
        Ok(match ask(self.reader.environments().await)? {
            // Without a role, the service returns an empty list instead of a refusal. Every tenant
            // has a default environment, so an empty list means "not visible".
            Seen::Present(all) if all.is_empty() => Seen::Unreadable(Unreadable {
                why: "no environment of the tenant is visible to you".to_owned(),
                forbidden: true,
                reason: Reason::NotShown,
                told: None,
            }),
            tenant @ (Seen::Absent | Seen::Present(_) | Seen::Unreadable(_)) => tenant,
        })
    }

    /// The named policy, its provider, and the named vault.
    pub(super) async fn resources(self) -> Result<Observed> {
        let (policy, provider, vault) = join!(self.policy(), self.provider(), self.vault());
        Ok(Observed {
            policy: policy?,
            provider: provider?,
            vault: vault?,
            ..self.begun()
        })
    }

    /// The same resources, with the caller's rights on them and with the resource locks.
    pub(super) async fn resources_and_rights(self) -> Result<Observed> {
        let (seen, preconditions) =
            join!(self.resources(), preconditions(self.reader, self.target));
        Ok(Observed {
            preconditions: preconditions?,
            ..seen?
        })
    }

    pub(super) async fn integration(self, seen: &Observed) -> Result<Option<Seen<Integration>>> {
        integration(self.reader, seen).await
    }

    /// The named policy, or else the linked one.
    pub(super) async fn policy_in_use(self, seen: &Observed) -> Result<Seen<Policy>> {
        if self.target.policy.is_some() {
            return Ok(seen.policy.clone());
        }
        self.linked_policy(seen).await
    }

    /// The linked policy, or else the named one.
    pub(super) async fn policy_linked_first(self, seen: &Observed) -> Result<Seen<Policy>> {
        let linked = linked_policy(seen);
        if self.target.policy.is_some() && (linked.is_none() || linked == self.target.policy) {
            return Ok(seen.policy.clone());
        }
        self.linked_policy(seen).await
    }

    async fn linked_policy(self, seen: &Observed) -> Result<Seen<Policy>> {
        let Seen::Present(environment) = &seen.environment else {
            return Ok(Seen::default());
        };
        match &environment.key_link {
            Seen::Present(link) => ask(self.reader.policy(&link.policy).await),
            Seen::Absent => Ok(Seen::Absent),
            Seen::Unreadable(why) => Ok(Seen::Unreadable(why.clone())),
        }
    }

    /// The named key through its data plane, and what decides who may use it.
    pub(super) async fn key_and_grant(
        self,
        seen: &Observed,
    ) -> Result<(Option<Seen<Key>>, PrincipalRights)> {
        let place = Place {
            vault: self.target.vault.as_ref(),
            key: self.target.key.as_ref(),
        };
        let (key, rights) = join!(
            key_in_vault(self.reader, seen, self.target),
            on_key(self.reader, seen.policy.present(), place, seen.vault()),
        );
        Ok((key?, rights?))
    }

    /// What decides whether the requested readers may read the existing policy.
    async fn readers(self, seen: &Observed) -> Result<BTreeMap<String, PrincipalRights>> {
        match &self.target.policy {
            Some(id) if seen.policy.present().is_some() => {
                on_policy(self.reader, id, &self.target.readers).await
            }
            _ => Ok(BTreeMap::new()),
        }
    }

    /// The snapshot with what its resources lead to: the key and its grant, the readers, and other
    /// facts that may block a creation.
    pub(super) async fn further(self, seen: &Observed) -> Result<Observed> {
        let (at_key, readers, preconditions) = join!(
            self.key_and_grant(seen),
            self.readers(seen),
            further(self.reader, self.target, seen),
        );
        let (key, key_rights) = at_key?;
        Ok(Observed {
            key,
            key_rights,
            policy_rights: readers?,
            preconditions: preconditions?,
            ..seen.clone()
        })
    }

    /// The activity log alerts of the vault's subscription.
    pub(super) async fn alerts(self, vault: Option<&ArmId>) -> Result<Option<Seen<Whole<Alert>>>> {
        maybe(vault.map(|vault| self.reader.alerts(&vault.subscription))).await
    }

    /// Reads whether a missing key was deleted.
    pub(super) async fn deleted_key(self, seen: &mut Observed) -> Result<()> {
        seen.preconditions.deleted_key = deleted_key(self.reader, self.target, seen).await?;
        Ok(())
    }

    /// Reads whether a missing vault or key was deleted.
    pub(super) async fn deleted(self, seen: &mut Observed) -> Result<()> {
        recoverable(self.reader, self.target, seen).await
    }

    /// Reads the vault, key and grant that the policy names. Returns those names.
    pub(super) async fn named_by_policy(self, seen: &mut Observed) -> Result<Target> {
        named_by_policy(self.reader, seen).await
    }

    /// Every version of a key whose vault was read.
    pub(super) async fn versions(self, seen: &mut Observed, key: Option<&KeyName>) -> Result<()> {
        if let (Some(vault), Some(key)) = (seen.vault(), key) {
            seen.preconditions.versions = ask(self.reader.key_versions(vault, key).await)?;
        }
        Ok(())
    }
}

/// Makes a missing policy unreadable if the history contradicts its absence.
fn doubted(seen: &mut Observed) {
    let Some(why) = keyed_last(seen) else {
        return;
    };
    if let Seen::Present(environment) = &mut seen.environment
        && environment.key_link.is_absent()
    {
        environment.key_link = Seen::Unreadable(Unreadable::because(why));
    }
}

/// The answer of Dataverse about the integration, if there is an organization to ask. A disabled
/// organization answers only 503, for days.
pub(super) async fn integration(
    reader: &Reader,
    seen: &Observed,
) -> Result<Option<Seen<Integration>>> {
    let askable = |environment: &&Environment| {
        environment.app().is_some() && environment.is_running() != Verdict::No
    };
    let environment = seen.environment.present().filter(askable);
    let url = environment
        .and_then(|environment| environment.dataverse.as_ref())
        .and_then(|dataverse| dataverse.url.as_deref());
    // An organization may refuse an administrator of the environment. That is a fact about the
    // caller, not an error.
    maybe(url.map(|url| reader.integration(url))).await
}
