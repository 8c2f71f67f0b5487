//! What looks are made of: what can be read at once by its own name, and what that leads to.

use super::asking::{ask, maybe};
use super::keys::key_in_vault;
use super::named::{linked_policy, named_by_policy};
use super::resolve::{found, unseen_environment};
use super::rights::{Place, on_key, on_policy};
use super::surroundings::{around, deleted_key, further, recoverable};
use crate::cloud::{Clock, Reader};
use crate::error::{Error, Kind, Result};
use crate::model::environment::{Environment, Integration};
use crate::model::key_ids::KeyName;
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::model::operation::Operation;
use crate::model::protection::{Key, Policy, Provider, Vault};
use crate::model::rights::Held;
use crate::model::seen::{Reason, Seen, Unreadable};
use crate::model::target::Target;
use crate::model::whole::Whole;
use crate::steps::lifecycle::keyed_last;
use futures::join;
use std::collections::BTreeMap;

/// Who looks, and at what.
#[derive(Clone, Copy, Debug)]
pub struct Looking<'a> {
    /// Reads.
    pub reader: &'a Reader,
    /// Says when.
    pub clock: &'a Clock,
    /// What was asked for.
    pub target: &'a Target,
    /// The id of the environment, where one was named.
    pub environment: Option<&'a str>,
}

/// An environment and what happened to it.
type OfEnvironment = (Seen<Environment>, Seen<Whole<Operation>>);

impl Looking<'_> {
    /// A snapshot in which nothing is known yet.
    pub(super) fn begun(self) -> Observed {
        Observed {
            at: self.clock.now(),
            ..Observed::default()
        }
    }

    /// The environment that was named. It must be seen.
    pub(super) async fn subject(self) -> Result<OfEnvironment> {
        self.of_environment(Err).await
    }

    /// The environment that was named, if any. Who may not see it goes on without it.
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

    /// The policy that was named.
    pub(super) async fn policy(self) -> Result<Seen<Policy>> {
        let id = self.target.policy.as_ref();
        let policy = maybe(id.map(|id| self.reader.policy(id))).await?;
        Ok(policy.unwrap_or_default())
    }

    /// The provider in the subscription of that policy.
    async fn provider(self) -> Result<Seen<Provider>> {
        let Some(id) = &self.target.policy else {
            return Ok(Seen::default());
        };
        match self.reader.provider(&id.subscription).await {
            // Every subscription has it, registered or not.
            Err(fault) if fault.is_subscription_gone() => Ok(Seen::Absent),
            reply => ask(reply),
        }
    }

    /// The vault that was named.
    pub(super) async fn vault(self) -> Result<Option<Seen<Vault>>> {
        let id = self.target.vault.as_ref();
        maybe(id.map(|id| self.reader.vault(id))).await
    }

    /// Every environment that the caller administers. The list of a large tenant has many pages,
    /// one after the other: nothing waits for it.
    pub(super) async fn tenant(self) -> Result<Seen<Whole<Environment>>> {
        Ok(match ask(self.reader.environments().await)? {
            // Whoever has no role is shown an empty list, not a refusal; and every tenant has its
            // default environment.
            Seen::Present(all) if all.is_empty() => Seen::Unreadable(Unreadable {
                why: "the tenant shows you no environment at all".to_owned(),
                forbidden: true,
                reason: Reason::NotShown,
                told: None,
            }),
            tenant @ (Seen::Absent | Seen::Present(_) | Seen::Unreadable(_)) => tenant,
        })
    }

    /// Policy, provider and vault that were named.
    pub(super) async fn resources(self) -> Result<Observed> {
        let (policy, provider, vault) = join!(self.policy(), self.provider(), self.vault());
        Ok(Observed {
            policy: policy?,
            provider: provider?,
            vault: vault?,
            ..self.begun()
        })
    }

    /// The same, with the caller's rights there and the locks.
    pub(super) async fn resources_and_rights(self) -> Result<Observed> {
        let (seen, around) = join!(self.resources(), around(self.reader, self.target));
        Ok(Observed {
            around: around?,
            ..seen?
        })
    }

    pub(super) async fn integration(self, seen: &Observed) -> Result<Option<Seen<Integration>>> {
        integration(self.reader, seen).await
    }

    /// The policy that was named, or else the one that the environment is linked to.
    pub(super) async fn policy_in_use(self, seen: &Observed) -> Result<Seen<Policy>> {
        if self.target.policy.is_some() {
            return Ok(seen.policy.clone());
        }
        self.linked_policy(seen).await
    }

    /// The policy that the environment is linked to, or else the one that was named.
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

    /// The key that was named, on its data plane, and who may use it.
    pub(super) async fn key_and_grant(self, seen: &Observed) -> Result<(Option<Seen<Key>>, Held)> {
        let place = Place {
            vault: self.target.vault.as_ref(),
            key: self.target.key.as_ref(),
        };
        let (key, held) = join!(
            key_in_vault(self.reader, seen, self.target),
            on_key(self.reader, seen.policy.present(), place, seen.vault()),
        );
        Ok((key?, held?))
    }

    /// What decides whether the readers that were asked for may read the policy that is there.
    async fn readers(self, seen: &Observed) -> Result<BTreeMap<String, Held>> {
        match &self.target.policy {
            Some(id) if seen.policy.present().is_some() => {
                on_policy(self.reader, id, &self.target.readers).await
            }
            _ => Ok(BTreeMap::new()),
        }
    }

    /// The same snapshot with what its resources lead to: the key and its grant, the readers, and
    /// what else stands in the way of making them.
    pub(super) async fn further(self, seen: &Observed) -> Result<Observed> {
        let (at_key, readers, around) = join!(
            self.key_and_grant(seen),
            self.readers(seen),
            further(self.reader, self.target, seen),
        );
        let (key, key_rights) = at_key?;
        Ok(Observed {
            key,
            key_rights,
            policy_rights: readers?,
            around: around?,
            ..seen.clone()
        })
    }

    /// Whether a key that is not there was deleted.
    pub(super) async fn deleted_key(self, seen: &mut Observed) -> Result<()> {
        seen.around.deleted_key = deleted_key(self.reader, self.target, seen).await?;
        Ok(())
    }

    /// Whether a vault or a key that is not there was deleted.
    pub(super) async fn deleted(self, seen: &mut Observed) -> Result<()> {
        recoverable(self.reader, self.target, seen).await
    }

    /// Vault, key and grant that the policy names; what is named so.
    pub(super) async fn named_by_policy(self, seen: &mut Observed) -> Result<Target> {
        named_by_policy(self.reader, seen).await
    }

    /// Every version of a key whose vault was read.
    pub(super) async fn versions(self, seen: &mut Observed, key: Option<&KeyName>) -> Result<()> {
        if let (Some(vault), Some(key)) = (seen.vault(), key) {
            seen.around.versions = ask(self.reader.key_versions(vault, key).await)?;
        }
        Ok(())
    }
}

/// A policy that is not shown is not known where the history speaks against its absence.
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

/// What Dataverse says about the integration, where there is something to ask. A disabled
/// organization answers nothing but 503, for days.
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
    // An organization may refuse a caller who administers the environment: that is a fact about the
    // caller, not an end.
    maybe(url.map(|url| reader.integration(url))).await
}
