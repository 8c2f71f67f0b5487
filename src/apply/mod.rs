//! Runs a plan, action by action, with a writer that only a consent makes. Nothing is sent twice
//! blindly: after every answer that leaves open whether a change took, the resource or the
//! operation is looked up by its name first.

mod applier;
mod environment;
mod key;
mod key_state;
mod managed;
mod policy;
mod sending;
mod waiting;

pub use applier::{Applier, Recheck, Waiting};
pub use waiting::{Waiter, going_on};

use crate::error::Result;
use crate::model::plan::{Action, Plan};
use crate::model::receipt::{Done, Event, Receipt};
use crate::model::roles::{ENCRYPTION_USER, READER, ROLE_SETTLES};
use crate::steps::goal::Goal;
use applier::Outcome;
use environment::Start;

impl Applier<'_> {
    /// Runs the plan's actions in order and stops at the first that fails.
    ///
    /// # Errors
    /// The first failure; what was done before stays done, and the same command goes on from there.
    pub async fn apply(&mut self, plan: &Plan) -> Result<Receipt> {
        let mut receipt = Receipt::default();
        let mut effective = plan.effective_from;
        let mut failed = None;
        for action in &plan.actions {
            let needs_the_grant = matches!(
                action,
                Action::AddEnvironment { .. }
                    | Action::MoveEnvironment { .. }
                    | Action::EnableEnvironment { .. }
            );
            if let Some(from) = effective.filter(|_| needs_the_grant) {
                self.settle(from).await?;
            }
            (self.say)(Event::Doing(action.to_string()));
            let outcome = match self.run(action, &mut receipt).await {
                Ok(outcome) => outcome,
                // One environment that does not come up does not keep the next one from its try.
                Err(error)
                    if matches!(action, Action::EnableEnvironment { .. })
                        && !error.kind.is_interruption() =>
                {
                    (self.say)(Event::Note(error.to_string()));
                    failed.get_or_insert(error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            if action.grants_key() {
                effective = self.clock.now().checked_add(ROLE_SETTLES).ok();
            }
            (self.say)(Event::Done(outcome.what.clone()));
            receipt.done.push(Done {
                what: outcome.what,
                subject: outcome.subject,
                correlation: outcome.correlation,
            });
            if receipt.running.is_some() {
                break;
            }
        }
        failed.map_or(Ok(receipt), Err)
    }

    async fn run(&mut self, action: &Action, receipt: &mut Receipt) -> Result<Outcome> {
        match action {
            Action::RegisterProvider { subscription } => self.register(subscription).await,
            Action::CreatePolicy { policy, .. } => self.create_policy(action, policy).await,
            Action::GrantKeyByRole { policy, vault } => {
                let principal = self.principal(policy).await?;
                let scope = vault.to_string();
                let what = format!(
                    "The identity of `{}` has the role `Key Vault Crypto Service Encryption User` \
                    on `{}`",
                    policy.name, vault.name
                );
                self.assign(&scope, &principal, ENCRYPTION_USER, true, what)
                    .await
            }
            Action::GrantReader { policy, principal } => {
                let what = format!(
                    "{principal} has the role `Reader` on the policy `{}`",
                    policy.name
                );
                self.assign(&policy.to_string(), principal, READER, false, what)
                    .await
            }
            Action::GrantKeyByAccessPolicy {
                policy,
                vault,
                tenant,
            } => self.access_policy(policy, vault, tenant).await,
            Action::GrantKeyByHsmRole {
                policy,
                hsm,
                uri,
                key,
            } => self.hsm_role(policy, hsm, uri, key).await,
            Action::RecoverKey { vault, uri, key } => self.recover_key(vault, uri, key).await,
            Action::EnableKeyVersion {
                vault,
                uri,
                key,
                version,
            } => self.set_version(vault, uri, key, version, true).await,
            Action::DisableKeyVersion {
                vault,
                uri,
                key,
                version,
                ..
            } => self.set_version(vault, uri, key, version, false).await,
            Action::EnableEnvironment {
                environment, name, ..
            } => self.enable(environment, name).await,
            Action::RotateKey {
                vault,
                uri,
                key,
                from,
            } => self.rotate_key(vault, uri, key, from.as_deref()).await,
            Action::ProtectFromPurge { vault } => self.protect_from_purge(vault).await,
            Action::MakeManaged { environment, name } => self.make_managed(environment, name).await,
            Action::AddEnvironment {
                environment,
                name,
                policy,
            } => {
                let goal = Goal::Policy(policy.clone());
                self.start(
                    &Start {
                        action,
                        environment,
                        name,
                        goal,
                        policy,
                        over: None,
                    },
                    receipt,
                )
                .await
            }
            Action::MoveEnvironment {
                environment,
                name,
                from,
                policy,
            } => {
                let goal = Goal::Policy(policy.clone());
                self.start(
                    &Start {
                        action,
                        environment,
                        name,
                        goal,
                        policy,
                        over: Some(from),
                    },
                    receipt,
                )
                .await
            }
            Action::RemoveEnvironment {
                environment,
                name,
                policy,
            } => {
                self.start(
                    &Start {
                        action,
                        environment,
                        name,
                        goal: Goal::NoPolicy,
                        policy,
                        over: None,
                    },
                    receipt,
                )
                .await
            }
            Action::AwaitRemoval {
                environment,
                name,
                operation,
                ..
            } => {
                let url = operation.as_ref().map(|id| self.reader.operation_url(id));
                self.finish(environment, name, &Goal::NoPolicy, url, None, receipt)
                    .await
            }
            Action::AwaitEnvironment {
                environment,
                name,
                policy,
                operation,
            } => {
                let url = operation.as_ref().map(|id| self.reader.operation_url(id));
                self.finish(
                    environment,
                    name,
                    &Goal::Policy(policy.clone()),
                    url,
                    None,
                    receipt,
                )
                .await
            }
        }
    }
}
