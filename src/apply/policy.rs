//! Step 3's changes without the grants: provider, policy, purge protection.

use super::applier::{Applier, IDENTITY_APPEARS, Outcome};
use super::change::{After, CREATION_SHOWS, Look, Sending, VAULT_CHANGES, shown};
use crate::cloud::Writer;
use crate::cloud::arm::NewPolicy;
use crate::cloud::fault::Reply;
use crate::error::{Error, Kind, Result};
use crate::model::ids::ArmId;
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::known::Known;
use crate::model::protection::{Policy, Registration, Vault};
use std::time::Duration;

/// The longest time to register a provider; usually a minute or two.
const PROVIDER_REGISTERS: Duration = Duration::from_secs(1800);

impl Applier<'_> {
    /// Registers the provider in the subscription. If a registration already runs, waits for it.
    pub(super) async fn register(&mut self, subscription: &str) -> Result<Outcome> {
        let sending = Sending {
            sign: "the registration",
            what: format!(
                "The provider `Microsoft.PowerPlatform` is registered in subscription \
                {subscription}"
            ),
            failed: format!(
                "The provider `Microsoft.PowerPlatform` can't be registered in subscription \
                {subscription}."
            ),
            shows: CREATION_SHOWS,
            takes: PROVIDER_REGISTERS,
            witness: "an account with the role Reader on the subscription",
            after: After::of,
            advice: |error| {
                error.of_role(
                    "This requires the permission `Microsoft.PowerPlatform/register/action`, which \
                    comes with the role Contributor or Owner of the subscription.",
                )
            },
        };
        let reader = self.reader.clone();
        let look = async || match reader
            .provider(subscription)
            .await
            .map(|provider| provider.state)
        {
            Ok(Known::Known(Registration::Registered)) => Look::Yes(()),
            Ok(Known::Known(Registration::Registering)) => {
                Look::Begun("the provider is being registered".to_owned())
            }
            Ok(Known::Known(Registration::NotRegistered)) => {
                Look::NotYet("the provider is not registered yet".to_owned())
            }
            // An unfamiliar state is no reason to send anything.
            Ok(Known::Unknown(why)) => Look::Begun(why),
            Err(fault) => Look::Unknown(fault),
        };
        let send = async |writer: &Writer| writer.register_provider(subscription).await;
        let ((), correlation) = self.send_if_missing(&sending, send, look).await?;
        Ok(Outcome {
            what: sending.what,
            subject: subscription.to_owned(),
            correlation,
        })
    }

    /// Always reads before the PUT, even the first time. The planning read may have hit a stale
    /// replica, and an existing policy must never be overwritten.
    pub(super) async fn create_policy(
        &mut self,
        (policy, location): (&ArmId, &str),
        vault: &ArmId,
        (key, version): (&KeyName, Option<&KeyVersion>),
    ) -> Result<Outcome> {
        let sending = Sending {
            sign: "the policy with its identity",
            what: format!(
                "The enterprise policy `{}` references the key `{key}`",
                policy.name
            ),
            failed: format!("The policy `{}` can't be created.", policy.name),
            shows: CREATION_SHOWS,
            takes: IDENTITY_APPEARS,
            witness: "an account with the role Reader on the resource group",
            after: After::of,
            advice: policy_hints,
        };
        let reader = self.reader.clone();
        let look = async || with_identity(reader.policy(policy).await);
        let send = async |writer: &Writer| {
            let new = NewPolicy {
                id: policy,
                location,
                vault,
                key,
                version,
            };
            writer.put_policy(&new).await
        };
        let (_, correlation) = self.send_if_missing(&sending, send, look).await?;
        Ok(Outcome {
            what: sending.what,
            subject: policy.to_string(),
            correlation,
        })
    }

    /// Waits until the policy shows its identity and its Power Platform id.
    pub(super) async fn policy_with_identity(&mut self, policy: &ArmId) -> Result<Policy> {
        let reader = self.reader.clone();
        self.until("the policy's identity", IDENTITY_APPEARS, async || {
            with_identity(reader.policy(policy).await)
        })
        .await
    }

    pub(super) async fn principal(&mut self, policy: &ArmId) -> Result<String> {
        let found = self.policy_with_identity(policy).await?;
        found.principal_id.ok_or_else(|| {
            Error::new(
                Kind::Unverified,
                format!("The policy `{}` has no identity.", policy.name),
            )
            .hint("Azure may still create the identity. Run the same command again in 5 minutes.")
        })
    }

    /// Sends without a read before, because a repeated request changes nothing.
    pub(super) async fn protect_from_purge(&mut self, vault: &ArmId) -> Result<Outcome> {
        let sending = Sending {
            sign: "purge protection",
            what: format!("Purge protection of `{}` is on", vault.name),
            failed: format!("Purge protection of `{}` can't be turned on.", vault.name),
            shows: CREATION_SHOWS,
            takes: VAULT_CHANGES,
            witness: "an account with the role Reader on the vault",
            after: After::of,
            advice: |error| error,
        };
        let reader = self.reader.clone();
        let look = async || match reader.vault(vault).await {
            Ok(Vault {
                purge_protection: Known::Known(on),
                ..
            }) => shown(on),
            Ok(Vault {
                purge_protection: Known::Unknown(why),
                ..
            }) => Look::Begun(why),
            Err(fault) => Look::Unknown(fault),
        };
        let send = async |writer: &Writer| writer.protect_from_purge(vault).await;
        let ((), correlation) = self.send_until_shown(&sending, send, look).await?;
        Ok(Outcome {
            what: sending.what,
            subject: vault.to_string(),
            correlation,
        })
    }
}

/// A policy without an identity or Power Platform id is still in progress, and so is one whose
/// `provisioningState` is not `Succeeded`.
fn with_identity(reply: Reply<Policy>) -> Look<Policy> {
    match reply {
        Ok(Policy {
            unfinished: Some(why),
            ..
        }) => Look::Begun(why),
        Ok(found) if found.principal_id.is_some() && found.system_id.is_some() => Look::Yes(found),
        Ok(_) => Look::Begun("the policy has no identity yet".to_owned()),
        Err(fault) if fault.is_absence() => {
            Look::NotYet("the policy is not visible yet".to_owned())
        }
        Err(fault) => Look::Unknown(fault),
    }
}

fn policy_hints(error: Error) -> Error {
    error.of_role("Contributor on the resource group is enough to create the policy (CMK045).")
}
