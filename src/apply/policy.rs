//! Step 3's changes: provider, policy, grants.

use super::applier::{Applier, IDENTITY_APPEARS, Outcome};
use super::sending::{After, Look, Sending};
use crate::cloud::arm::NewPolicy;
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::{Clock, Writer};
use crate::error::{Error, Kind, Result};
use crate::model::ids::{ArmId, KeyName, same_id};
use crate::model::known::Known;
use crate::model::plan::Action;
use crate::model::protection::{Policy, Registration, RoleAssignment, Vault};
use crate::model::receipt::Event;
use crate::model::roles::{HSM_ENCRYPTION_USER, KEY_PERMISSIONS, ROLE_SETTLES};
use jiff::Timestamp;
use std::time::Duration;

/// What was created or granted shows this soon, or was not.
const CREATION_SHOWS: Duration = Duration::from_secs(30);
/// Registering a provider takes a minute or two.
const PROVIDER_REGISTERS: Duration = Duration::from_secs(1800);

/// A vault takes a change within seconds.
const VAULT_CHANGES: Duration = Duration::from_secs(300);

impl Applier<'_> {
    /// Registering is one flag of the subscription. One that is on its way is waited for.
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
                error.hint(
                    "The right `Microsoft.PowerPlatform/register/action` comes with \
                    Contributor or Owner of the subscription.",
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
                Look::Begun("it is being registered".to_owned())
            }
            Ok(Known::Known(Registration::NotRegistered)) => {
                Look::NotYet("it is not registered yet".to_owned())
            }
            // A state that nobody knows is no reason to send anything.
            Ok(Known::Unknown(why)) => Look::Begun(why),
            Err(fault) => Look::Unknown(fault),
        };
        let send =
            async |writer: &Writer| Ok(writer.register_provider(subscription).await?.correlation);
        let ((), correlation) = self.send_if_missing(&sending, send, look).await?;
        Ok(Outcome {
            what: sending.what,
            subject: subscription.to_owned(),
            correlation,
        })
    }

    /// cmkctl looks before every write, the first one included: the plan's look may have met a
    /// replica that was behind, and an existing policy is never written.
    pub(super) async fn create_policy(
        &mut self,
        action: &Action,
        policy: &ArmId,
    ) -> Result<Outcome> {
        let Action::CreatePolicy {
            location,
            vault,
            key,
            version,
            ..
        } = action
        else {
            return Err(Error::new(
                Kind::Unexpected,
                "The plan holds an action that is not what it says.",
            ));
        };
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
                version: version.as_ref(),
            };
            Ok(writer.put_policy(&new).await?.correlation)
        };
        let (_, correlation) = self.send_if_missing(&sending, send, look).await?;
        Ok(Outcome {
            what: sending.what,
            subject: policy.to_string(),
            correlation,
        })
    }

    /// The policy, once its identity and its Power Platform id show.
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
        })
    }

    /// Assigns a role. The policy's own identity is new, and is waited for; a person's object id
    /// that nobody knows is a mistake.
    pub(super) async fn assign(
        &mut self,
        scope: &str,
        principal: &str,
        role: &str,
        own_identity: bool,
        what: String,
    ) -> Result<Outcome> {
        let sending = Sending {
            sign: "the role assignment",
            what,
            failed: format!("{principal} can't be given the role."),
            shows: CREATION_SHOWS,
            takes: VAULT_CHANGES,
            witness: "an account with the right `Microsoft.Authorization/roleAssignments/read` \
                there, such as with the role Reader",
            after: if own_identity { after_grant } else { After::of },
            advice: |error| match error.code.as_deref() {
                Some("PrincipalNotFound") => error.hint(
                    "Give the object id of a user, a group or a service principal of this tenant \
                    (not an application id).",
                ),
                _ => error.hint(
                    "Assigning roles takes Owner, User Access Administrator or Role Based Access \
                    Control Administrator there.",
                ),
            },
        };
        let reader = self.reader.clone();
        let look = async || match reader.role_assignments(scope, Some(principal)).await {
            Ok(all) => shown(all.iter().any(|found| has(found, principal, role))),
            Err(fault) => Look::Unknown(fault),
        };
        // Whether a reader is a user, a group or a service principal is not known here, so the
        // service finds out.
        let kind = own_identity.then_some("ServicePrincipal");
        let send = async |writer: &Writer| {
            Ok(writer
                .assign_role(scope, principal, role, kind)
                .await?
                .correlation)
        };
        let ((), correlation) = self.send_until_shown(&sending, send, look).await?;
        Ok(Outcome {
            what: sending.what,
            subject: scope.to_owned(),
            correlation,
        })
    }

    /// Adding merges, and the same entry twice is one entry.
    pub(super) async fn access_policy(
        &mut self,
        policy: &ArmId,
        vault: &ArmId,
        tenant: &str,
    ) -> Result<Outcome> {
        let principal = self.principal(policy).await?;
        let sending = Sending {
            sign: "the access policy",
            what: format!(
                "The vault `{}` has an access policy (get, wrapKey, unwrapKey) for the identity \
                of `{}`",
                vault.name, policy.name
            ),
            failed: format!("The access policy can't be added to `{}`.", vault.name),
            shows: CREATION_SHOWS,
            takes: VAULT_CHANGES,
            witness: "an account with the role Reader on the vault",
            // Two changes of one vault at the same time are a conflict (409), and the service
            // refuses one of them.
            after: |fault| {
                let conflict = fault.status() == Some(409) && !fault.is("ScopeLocked");
                if conflict {
                    After::Look
                } else {
                    after_grant(fault)
                }
            },
            advice: |error| error,
        };
        let reader = self.reader.clone();
        let look = async || match reader.vault(vault).await.map(|found| found.access_policies) {
            Ok(Known::Known(all)) => {
                let mut of_identity = all
                    .iter()
                    .filter(|entry| same_id(&entry.object_id, &principal));
                shown(of_identity.any(|entry| {
                    KEY_PERMISSIONS
                        .iter()
                        .all(|need| entry.keys.iter().any(|key| key.eq_ignore_ascii_case(need)))
                }))
            }
            Ok(Known::Unknown(why)) => Look::Begun(why),
            Err(fault) => Look::Unknown(fault),
        };
        let send = async |writer: &Writer| {
            Ok(writer
                .add_access_policy(vault, tenant, &principal)
                .await?
                .correlation)
        };
        let ((), correlation) = self.send_until_shown(&sending, send, look).await?;
        Ok(Outcome {
            what: sending.what,
            subject: vault.to_string(),
            correlation,
        })
    }

    /// Turning on what is on already changes nothing.
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
        let send = async |writer: &Writer| Ok(writer.protect_from_purge(vault).await?.correlation);
        let ((), correlation) = self.send_until_shown(&sending, send, look).await?;
        Ok(Outcome {
            what: sending.what,
            subject: vault.to_string(),
            correlation,
        })
    }

    pub(super) async fn hsm_role(
        &mut self,
        policy: &ArmId,
        hsm: &ArmId,
        uri: &str,
        key: &KeyName,
    ) -> Result<Outcome> {
        let principal = self.principal(policy).await?;
        let sending = Sending {
            sign: "the role assignment",
            what: format!(
                "The identity of `{}` has the role `Managed HSM Crypto Service Encryption User` \
                on the key `{key}`",
                policy.name
            ),
            failed: format!(
                "The role on the key `{key}` of `{}` can't be assigned.",
                hsm.name
            ),
            shows: CREATION_SHOWS,
            takes: VAULT_CHANGES,
            witness: "an account with the local role Managed HSM Administrator or Managed HSM \
                Policy Administrator",
            after: after_grant,
            advice: |error| {
                error.hint(
                    "It takes the local role Managed HSM Administrator or Managed HSM \
                    Policy Administrator.",
                )
            },
        };
        let reader = self.reader.clone();
        let look = async || match reader.hsm_roles(uri, key).await {
            Ok(all) => shown(
                all.iter()
                    .any(|found| has(found, &principal, HSM_ENCRYPTION_USER)),
            ),
            Err(fault) => Look::Unknown(fault),
        };
        let send = async |writer: &Writer| writer.assign_hsm_role(uri, key, &principal).await;
        let ((), correlation) = self.send_until_shown(&sending, send, look).await?;
        Ok(Outcome {
            what: sending.what,
            subject: hsm.to_string(),
            correlation,
        })
    }

    /// Waits until a grant is effective by every clock, with a countdown. The grant is there, so
    /// this takes no longer from now on than from its beginning.
    pub(super) async fn settle(&mut self, from: Timestamp) -> Result<()> {
        let began = self.clock.moment();
        let left = |clock: &Clock| {
            let left =
                Duration::try_from(from.duration_since(clock.earliest())).unwrap_or_default();
            left.min(
                ROLE_SETTLES
                    .unsigned_abs()
                    .saturating_sub(clock.since(&began)),
            )
        };
        if !left(&self.clock).is_zero() {
            (self.say)(Event::Doing(
                "Wait until the grant is effective everywhere (up to 5 minutes)".to_owned(),
            ));
        }
        loop {
            let pause = left(&self.clock).min(Duration::from_secs(60));
            if pause.is_zero() {
                return Ok(());
            }
            self.wait_for("the grant to be effective", began, pause)
                .await?;
        }
    }
}

/// A policy that is there without its identity or its Power Platform id is on its way.
fn with_identity(reply: Reply<Policy>) -> Look<Policy> {
    match reply {
        Ok(found) if found.principal_id.is_some() && found.system_id.is_some() => Look::Yes(found),
        Ok(_) => Look::Begun("the policy has no identity yet".to_owned()),
        Err(fault) if fault.status() == Some(404) => {
            Look::NotYet("the policy does not show yet".to_owned())
        }
        Err(fault) => Look::Unknown(fault),
    }
}

/// An identity that is new is not known everywhere yet.
fn after_grant(fault: &Fault) -> After {
    if fault.is("PrincipalNotFound") {
        After::Wait
    } else {
        After::of(fault)
    }
}

fn has(found: &RoleAssignment, principal: &str, role: &str) -> bool {
    same_id(&found.principal_id, principal) && found.role.eq_ignore_ascii_case(role)
}

fn shown(yes: bool) -> Look<()> {
    if yes {
        Look::Yes(())
    } else {
        Look::NotYet("it does not show yet".to_owned())
    }
}

fn policy_hints(error: Error) -> Error {
    match error.code.as_deref() {
        Some("RequestDisallowedByPolicy") => error.hint(
            "An Azure Policy forbids it (often \"allowed locations\"): ask for an \
                exemption for `Microsoft.PowerPlatform/enterprisePolicies` (CMK009).",
        ),
        Some("ResourceGroupNotFound") => error.hint(
            "Create the resource group first: `az group \
            create`.",
        ),
        Some("ScopeLocked") => error.hint(
            "A resource lock forbids it: remove the lock first \
            (CMK044).",
        ),
        _ if error.kind == Kind::Forbidden => error.hint(
            "Contributor on the resource group is \
            enough to create the policy (CMK045).",
        ),
        _ => error,
    }
}
