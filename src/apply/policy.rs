//! Step 3's changes: provider, policy, grants.

use super::{Applier, Look, Outcome};
use crate::cloud::fault::{Cause, Reply};
use crate::cloud::keyvault::HSM_ENCRYPTION_USER;
use crate::error::{Error, Kind, Result};
use crate::model::ids::{ArmId, KeyName, same_id};
use crate::model::known::Known;
use crate::model::observed::{Policy, Registration, RoleAssignment};
use crate::model::plan::Action;
use crate::model::receipt::Event;
use jiff::Timestamp;
use std::time::Duration;

/// Role assignments take up to 5 minutes to be effective: a link sent earlier may fail at the service.
pub(super) const ROLE_SETTLES: Duration = Duration::from_secs(300);
/// A new identity is known in Entra seconds to minutes after its creation.
const IDENTITY_APPEARS: Duration = Duration::from_secs(900);
/// What was created or granted shows this soon, or was not.
const CREATION_SHOWS: Duration = Duration::from_secs(30);
/// So often is a creation sent whose answer was lost; each time after looks that showed nothing.
const SENT_AT_MOST: u32 = 3;
/// What an access policy gives, as a vault shows it.
const KEY_PERMISSIONS: [&str; 3] = ["get", "wrapkey", "unwrapkey"];
/// Registering a provider takes a minute or two.
const PROVIDER_REGISTERS: Duration = Duration::from_secs(1800);

/// A vault takes a change within seconds.
const VAULT_CHANGES: Duration = Duration::from_secs(300);

impl Applier<'_> {
    pub(super) async fn register(&mut self, subscription: &str) -> Result<Outcome> {
        let what =
            format!("The provider `Microsoft.PowerPlatform` can't be registered in subscription {subscription}.");
        let mut sent = 0;
        let reader = self.reader.clone();
        let correlation = loop {
            sent += 1;
            match self.writer.register_provider(subscription).await {
                Ok(written) => break written.correlation,
                // Registering is one flag of the subscription: its state tells whether it took, and taking it twice is taking it once.
                Err(fault) if fault.is_ambiguous() && sent < SENT_AT_MOST => {
                    let begun = async || Ok(reader.provider(subscription).await?.state != Known::Known(Registration::NotRegistered));
                    if self.shows("the registration", begun).await? {
                        break fault.correlation;
                    }
                }
                Err(fault) => return Err(fault.into_error(what).hint("The right `Microsoft.PowerPlatform/register/action` comes with Contributor or Owner of the subscription.")),
            }
        };
        self.until("the registration", PROVIDER_REGISTERS, async || {
            match reader.provider(subscription).await.map(|provider| provider.state) {
                Ok(Known::Known(Registration::Registered)) => Look::Yes(()),
                Ok(Known::Known(_)) => Look::NotYet("it is not registered yet".to_owned()),
                Ok(Known::Unknown(why)) => Look::NotYet(why),
                Err(fault) => Look::from(fault),
            }
        })
        .await?;
        let what = format!("The provider `Microsoft.PowerPlatform` is registered in subscription {subscription}");
        Ok(Outcome { what, subject: subscription.to_owned(), correlation })
    }

    pub(super) async fn create_policy(&mut self, action: &Action, policy: &ArmId) -> Result<Outcome> {
        let Action::CreatePolicy { location, vault, key, version, .. } = action else {
            return Err(Error::new(Kind::Unexpected, "The plan holds an action that is not what it says."));
        };
        let mut correlation = None;
        let mut sent = 0;
        // A look comes before every write, the first one included: the plan's own look may have met a replica that was behind, and a policy that
        // is there is never written.
        while !self.policy_shows(policy, sent > 0).await? {
            sent += 1;
            match self.writer.put_policy(policy, location, vault, key, version.as_ref()).await {
                Ok(written) => {
                    correlation = written.correlation;
                    break;
                }
                Err(fault) if fault.is_ambiguous() && sent < SENT_AT_MOST => {
                    tracing::info!("{}; looking whether it was created.", fault.clause());
                }
                Err(fault) => {
                    return Err(policy_hints(
                        fault.into_error(format!("The policy `{}` can't be created.", policy.name)),
                    ));
                }
            }
        }
        let found = self.policy_with_identity(policy).await?;
        let what = format!("The enterprise policy `{}` references the key `{key}`", found.id.name);
        Ok(Outcome { what, subject: policy.to_string(), correlation })
    }

    /// Is the policy there? After a lost answer it is looked for some time before it counts as "not there".
    async fn policy_shows(&mut self, policy: &ArmId, lost: bool) -> Result<bool> {
        let mut limit = self.limit(CREATION_SHOWS);
        loop {
            match self.reader.policy(policy).await {
                Ok(_) => return Ok(true),
                Err(fault) if fault.status() == Some(404) => {}
                Err(fault) => {
                    let what = format!("Whether the policy `{}` is there could not be read.", policy.name);
                    return Err(fault.into_error(what).hint("Run the same command again: it looks first."));
                }
            }
            if !lost || self.over(&mut limit) {
                return Ok(false);
            }
            self.wait_for("a sign that the policy was created", limit.began, Duration::from_secs(5)).await?;
        }
    }

    /// Does what was sent show to a re-read? Whoever may change it but not read it is not told "no".
    async fn shows(&mut self, what: &str, mut look: impl AsyncFnMut() -> Reply<bool>) -> Result<bool> {
        let mut limit = self.limit(CREATION_SHOWS);
        loop {
            match look().await {
                Ok(true) => return Ok(true),
                Err(fault) if fault.is_forbidden() => {
                    tracing::info!("{}; {what} can't be re-read.", fault.clause());
                    return Ok(true);
                }
                Err(fault) if matches!(fault.cause, Cause::SignIn(_) | Cause::Foreign) => {
                    return Err(fault.into_error(format!("It was sent, but {what} can't be re-read.")));
                }
                Ok(false) | Err(_) => {}
            }
            if self.over(&mut limit) {
                return Ok(false);
            }
            self.wait_for(&format!("{what} to show"), limit.began, Duration::from_secs(5)).await?;
        }
    }

    /// The policy, once its identity and its Power Platform id show.
    pub(super) async fn policy_with_identity(&mut self, policy: &ArmId) -> Result<Policy> {
        let reader = self.reader.clone();
        self.until("the policy's identity", IDENTITY_APPEARS, async || match reader.policy(policy).await {
            Ok(found) if found.principal_id.is_some() && found.system_id.is_some() => Look::Yes(found),
            Ok(_) => Look::NotYet("the policy has no identity yet".to_owned()),
            Err(fault) if fault.status() == Some(404) => Look::NotYet("the policy does not show yet".to_owned()),
            Err(fault) => Look::from(fault),
        })
        .await
    }

    pub(super) async fn principal(&mut self, policy: &ArmId) -> Result<String> {
        let found = self.policy_with_identity(policy).await?;
        found
            .principal_id
            .ok_or_else(|| Error::new(Kind::Unverified, format!("The policy `{}` has no identity.", policy.name)))
    }

    /// Assigns a role. The policy's own identity is new, and is waited for; a person's object id that nobody knows is a mistake.
    pub(super) async fn assign(
        &mut self,
        scope: &str,
        principal: &str,
        role: &str,
        own_identity: bool,
        what: String,
    ) -> Result<Outcome> {
        let mut limit = self.limit(IDENTITY_APPEARS);
        // Whether a reader is a user, a group or a service principal is not known here, so the service finds out.
        let kind = own_identity.then_some("ServicePrincipal");
        loop {
            let fault = match self.writer.assign_role(scope, principal, role, kind).await {
                Ok(written) => {
                    let reader = self.reader.clone();
                    let shown = self.shows("the grant", async || {
                        let all = reader.role_assignments(scope, Some(principal)).await?;
                        Ok(all.iter().any(|found| found.role.eq_ignore_ascii_case(role)))
                    });
                    if shown.await? {
                        return Ok(Outcome { what, subject: scope.to_owned(), correlation: written.correlation });
                    }
                    if self.over(&mut limit) {
                        return Err(unseen(&what));
                    }
                    continue;
                }
                Err(fault) => fault,
            };
            let unknown = fault.is("PrincipalNotFound");
            // The name of the assignment follows from its content: sending it again can't make a second one.
            if ((unknown && own_identity) || fault.is_ambiguous()) && !self.over(&mut limit) {
                self.wait_for("the identity to be known in Entra", limit.began, Duration::from_secs(15)).await?;
                continue;
            }
            let error = fault.into_error(format!("{principal} can't be given the role."));
            return Err(if unknown {
                error.hint(
                    "Give the object id of a user, a group or a service principal of this tenant (not an application id).",
                )
            } else {
                error.hint(
                    "Assigning roles takes Owner, User Access Administrator or Role Based Access Control Administrator there.",
                )
            });
        }
    }

    pub(super) async fn access_policy(&mut self, policy: &ArmId, vault: &ArmId, tenant: &str) -> Result<Outcome> {
        let principal = self.principal(policy).await?;
        let mut limit = self.limit(IDENTITY_APPEARS);
        let what = format!(
            "The vault `{}` has an access policy (get, wrapKey, unwrapKey) for the identity of `{}`",
            vault.name, policy.name
        );
        let correlation = loop {
            match self.writer.add_access_policy(vault, tenant, &principal).await {
                Ok(written) => {
                    let reader = self.reader.clone();
                    let shown = self.shows("the grant", async || {
                        let found = reader.vault(vault).await?;
                        let all = found.access_policies.known().map(Vec::as_slice).unwrap_or_default();
                        let mut own = all.iter().filter(|own| same_id(&own.object_id, &principal));
                        Ok(own.any(|own| KEY_PERMISSIONS.iter().all(|need| own.keys.iter().any(|key| key == need))))
                    });
                    if shown.await? {
                        break written.correlation;
                    }
                    if self.over(&mut limit) {
                        return Err(unseen(&what));
                    }
                }
                // Adding merges, and the same entry twice is one entry.
                Err(fault) if fault.is_ambiguous() && !self.over(&mut limit) => {
                    self.wait_for("the vault", limit.began, Duration::from_secs(15)).await?;
                }
                Err(fault) => {
                    return Err(fault.into_error(format!("The access policy can't be added to `{}`.", vault.name)));
                }
            }
        };
        Ok(Outcome { what, subject: vault.to_string(), correlation })
    }

    /// Turning on what is on already changes nothing, so a lost answer is looked up by reading the vault.
    pub(super) async fn protect_from_purge(&mut self, vault: &ArmId) -> Result<Outcome> {
        let mut sent = 0;
        let reader = self.reader.clone();
        let correlation = loop {
            sent += 1;
            match self.writer.protect_from_purge(vault).await {
                Ok(written) => break written.correlation,
                Err(fault) if fault.is_ambiguous() && sent < SENT_AT_MOST => {
                    let is_on = async || Ok(reader.vault(vault).await?.purge_protection == Known::Known(true));
                    if self.shows("purge protection", is_on).await? {
                        break fault.correlation;
                    }
                }
                Err(fault) => {
                    return Err(fault.into_error(format!("Purge protection of `{}` can't be turned on.", vault.name)));
                }
            }
        };
        self.until("purge protection", VAULT_CHANGES, async || match reader.vault(vault).await {
            Ok(found) if found.purge_protection == Known::Known(true) => Look::Yes(()),
            Ok(_) => Look::NotYet("it is off".to_owned()),
            Err(fault) => Look::from(fault),
        })
        .await?;
        Ok(Outcome {
            what: format!("Purge protection of `{}` is on", vault.name),
            subject: vault.to_string(),
            correlation,
        })
    }

    pub(super) async fn hsm_role(&mut self, policy: &ArmId, hsm: &ArmId, uri: &str, key: &KeyName) -> Result<Outcome> {
        let principal = self.principal(policy).await?;
        let mut limit = self.limit(IDENTITY_APPEARS);
        let what = format!(
            "The identity of `{}` has the role `Managed HSM Crypto Service Encryption User` on the key `{key}`",
            policy.name
        );
        let correlation = loop {
            match self.writer.assign_hsm_role(uri, key, &principal).await {
                Ok(correlation) => {
                    let reader = self.reader.clone();
                    let shown = self.shows("the grant", async || {
                        let all = reader.hsm_roles(uri, key).await?;
                        let own = |found: &RoleAssignment| same_id(&found.principal_id, &principal);
                        Ok(all.iter().any(|found| own(found) && found.role == HSM_ENCRYPTION_USER))
                    });
                    if shown.await? {
                        break correlation;
                    }
                    if self.over(&mut limit) {
                        return Err(unseen(&what));
                    }
                }
                Err(fault) if (fault.is("PrincipalNotFound") || fault.is_ambiguous()) && !self.over(&mut limit) => {
                    self.wait_for("the managed HSM", limit.began, Duration::from_secs(15)).await?;
                }
                Err(fault) => {
                    return Err(fault
                        .into_error(format!("The role on the key `{key}` of `{}` can't be assigned.", hsm.name))
                        .hint(
                            "It takes the local role Managed HSM Administrator or Managed HSM Policy Administrator.",
                        ));
                }
            }
        };
        Ok(Outcome { what, subject: hsm.to_string(), correlation })
    }

    /// Waits until a grant is effective, with a countdown.
    pub(super) async fn settle(&mut self, from: Timestamp) -> Result<()> {
        let began = self.clock.now();
        if from > began {
            (self.say)(Event::Doing("Wait until the grant is effective everywhere (up to 5 minutes)".to_owned()));
        }
        while let Some(left) =
            from.duration_since(self.clock.now()).try_into().ok().filter(|left: &Duration| !left.is_zero())
        {
            self.wait_for("the grant to be effective", began, left.min(Duration::from_secs(60))).await?;
        }
        Ok(())
    }
}

fn unseen(what: &str) -> Error {
    Error::new(Kind::Unverified, format!("It was sent, but a re-read does not show it: {what}."))
        .hint("Run the same command again: it goes on from there.")
}

fn policy_hints(error: Error) -> Error {
    match error.code.as_deref() {
        Some("RequestDisallowedByPolicy") => {
            error.hint("An Azure Policy forbids it (often \"allowed locations\"): ask for an exemption for `Microsoft.PowerPlatform/enterprisePolicies` (CMK009).")
        }
        Some("ResourceGroupNotFound") => error.hint("Create the resource group first: `az group create`."),
        Some("ScopeLocked") => error.hint("A resource lock forbids it: remove the lock first (CMK044)."),
        _ if error.kind == Kind::Forbidden => error.hint("Contributor on the resource group is enough to create the policy (CMK045)."),
        _ => error,
    }
}
