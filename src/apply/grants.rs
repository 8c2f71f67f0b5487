//! The grants of step 3: makes them, and waits until they take effect everywhere.

use super::applier::{Applier, Outcome};
use super::change::{After, CREATION_SHOWS, Look, Sending, VAULT_CHANGES, shown};
use crate::cloud::fault::Fault;
use crate::cloud::{Clock, Writer};
use crate::error::{Error, Result};
use crate::model::cause::Cause;
use crate::model::ids::{ArmId, same_id};
use crate::model::key_ids::KeyName;
use crate::model::known::Known;
use crate::model::receipt::Event;
use crate::model::rights::RoleAssignment;
use crate::model::roles::{
    ENCRYPTION_USER, HSM_ENCRYPTION_USER, INHERITED_ROLE_SETTLES, KEY_PERMISSIONS, READER,
    ROLE_SETTLES,
};
use crate::model::who;
use jiff::Timestamp;
use std::time::Duration;

/// The principal, the role and the scope of an assignment.
struct RoleGiven<'a> {
    scope: &'a str,
    principal: &'a str,
    role: &'a str,
    /// Is the principal the policy's own identity?
    own_identity: bool,
    /// The sentence about its effect, without a full stop.
    what: String,
}

impl Applier<'_> {
    /// Assigns the policy's identity the role to use the vault's keys.
    pub(super) async fn role_on_vault(&mut self, policy: &ArmId, vault: &ArmId) -> Result<Outcome> {
        let principal = self.principal(policy).await?;
        self.assign(RoleGiven {
            scope: &vault.to_string(),
            principal: &principal,
            role: ENCRYPTION_USER,
            own_identity: true,
            what: format!(
                "The identity of `{}` has the role `Key Vault Crypto Service Encryption User` on \
                `{}`",
                policy.name, vault.name
            ),
        })
        .await
    }

    /// Assigns a principal the role to read the policy.
    pub(super) async fn reader_role(&mut self, policy: &ArmId, principal: &str) -> Result<Outcome> {
        self.assign(RoleGiven {
            scope: &policy.to_string(),
            principal,
            role: READER,
            own_identity: false,
            what: format!(
                "{principal} has the role `Reader` on the policy `{}`",
                policy.name
            ),
        })
        .await
    }

    /// Assigns a role. The policy's own identity is new, so cmkctl waits until Entra knows it. An
    /// unknown object id of a person is a mistake.
    async fn assign(&mut self, given: RoleGiven<'_>) -> Result<Outcome> {
        let RoleGiven {
            scope,
            principal,
            role,
            own_identity,
            what,
        } = given;
        let sending = Sending {
            sign: "the role assignment",
            what,
            failed: format!("The role can't be assigned to {principal}."),
            shows: CREATION_SHOWS,
            takes: VAULT_CHANGES,
            witness: "an account with the permission \
                `Microsoft.Authorization/roleAssignments/read` at the same scope, such \
                as with the role Reader",
            after: if own_identity { after_grant } else { After::of },
            advice: if own_identity {
                |error| refused_role(error, who::GIVES_KEY_ROLE)
            } else {
                |error| refused_role(error, who::ASSIGNS_ROLES)
            },
        };
        let reader = self.reader.clone();
        let look = async || match reader.role_assignments(scope, Some(principal)).await {
            Ok(all) => shown(all.iter().any(|found| has(found, principal, role, scope))),
            Err(fault) => Look::Unknown(fault),
        };
        // A reader may be a user, a group or a service principal, so the service finds out.
        let kind = own_identity.then_some("ServicePrincipal");
        let send = async |writer: &Writer| writer.assign_role(scope, principal, role, kind).await;
        let ((), correlation) = self.send_until_shown(&sending, send, look).await?;
        Ok(Outcome {
            what: sending.what,
            subject: scope.to_owned(),
            correlation,
        })
    }

    /// Adds an access policy entry. Adding merges, so a repeated request does not duplicate the
    /// entry.
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
            // Two changes of one vault at the same time conflict: the service refuses one of them
            // (409).
            after: after_grant,
            advice: |error| {
                error.of_role(
                    "This requires the permission \
                    `Microsoft.KeyVault/vaults/accessPolicies/write`, which \
                    comes with the role Key Vault Contributor.",
                )
            },
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
        let send =
            async |writer: &Writer| writer.add_access_policy(vault, tenant, &principal).await;
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
                error.of_role(
                    "This requires the local role Managed HSM Administrator or Managed HSM \
                    Policy Administrator.",
                )
            },
        };
        let reader = self.reader.clone();
        let scope = format!("/keys/{key}");
        let look = async || match reader.hsm_roles(uri, key).await {
            Ok(all) => shown(
                all.iter()
                    .any(|found| has(found, &principal, HSM_ENCRYPTION_USER, &scope)),
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

    /// Waits until a grant is effective by every clock, with a countdown. The grant exists already,
    /// so the wait is at most its full settling time.
    pub(super) async fn settle(&mut self, from: Timestamp) -> Result<()> {
        let began = self.clock.moment();
        let (most, within) = if from.duration_since(began.now) > ROLE_SETTLES {
            (INHERITED_ROLE_SETTLES, "8 hours")
        } else {
            (ROLE_SETTLES, "5 minutes")
        };
        let left = |clock: &Clock| {
            let left =
                Duration::try_from(from.duration_since(clock.earliest())).unwrap_or_default();
            left.min(most.unsigned_abs().saturating_sub(clock.since(&began)))
        };
        if !left(&self.clock).is_zero() {
            (self.say)(Event::Pause(format!(
                "Waiting for the role assignment to take effect (up to {within})"
            )));
        }
        loop {
            let pause = left(&self.clock).min(Duration::from_secs(60));
            if pause.is_zero() {
                return Ok(());
            }
            self.wait_for("the role assignment to take effect", began, pause)
                .await?;
        }
    }
}

/// Adds hints to a refused role assignment. `who`: the role that may assign it.
fn refused_role(error: Error, who: &str) -> Error {
    // Azure uses these words for every refused assignment, whether a right is missing or a
    // condition forbids it.
    let condition = |text: &String| text.contains("ABAC condition");
    let error = if error.detail.as_ref().is_some_and(condition) {
        error.hint(
            "Your account lacks the permission, or a condition of your own role assignment does \
            not allow this role. Check that condition.",
        )
    } else {
        error
    };
    error.of_role(format!("Who can assign the role: {who}."))
}

/// Entra may not know a new identity yet. A conflict (409) of two changes at the same time changed
/// nothing.
fn after_grant(fault: &Fault) -> After {
    if fault.is("PrincipalNotFound") {
        After::Wait
    } else if fault.status() == Some(409) && fault.judged().cause == Cause::Conflict {
        After::Look
    } else {
        After::of(fault)
    }
}

/// Is this the assignment that cmkctl sent? An assignment with a condition is not.
fn has(found: &RoleAssignment, principal: &str, role: &str, scope: &str) -> bool {
    same_id(&found.principal_id, principal)
        && found.role.eq_ignore_ascii_case(role)
        && same_id(&found.scope, scope)
        && !found.conditional
}
