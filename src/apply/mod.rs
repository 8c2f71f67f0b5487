//! Runs a plan, action by action, with a writer that requires a consent. cmkctl never repeats a
//! request blindly: after an ambiguous answer it reads the resource or the operation first.

// Every match names each case, also those for unknown facts.
#![deny(clippy::wildcard_enum_match_arm)]

mod applier;
mod change;
mod creation;
mod endings;
mod environment;
mod following;
mod grants;
mod key;
mod key_state;
mod managed;
mod policy;
mod rotation;
mod sending;
mod start;
mod unproven;
mod waiting;

pub use applier::{Applier, Recheck, Waiting};
pub use endings::{continues, going_on};
pub use waiting::Waiter;

use crate::error::{Error, Result};
use crate::model::plan::{Action, Plan};
use crate::model::receipt::{Done, Event, Receipt};
use crate::model::roles::ROLE_SETTLES;
use applier::Outcome;

/// Adds to a failure the changes that took effect before it. They stay in effect.
fn done_before(error: Error, receipt: &Receipt) -> Error {
    receipt.done.iter().fold(error, |error, done| {
        error.hint(format!("Already done, and not undone: {}.", done.what))
    })
}

impl Applier<'_> {
    /// Runs the plan's actions in order and stops at the first that fails.
    ///
    /// # Errors
    /// The first failure. Earlier changes stay, and the same command continues from there.
    pub async fn apply(&mut self, plan: &Plan) -> Result<Receipt> {
        let mut receipt = Receipt::default();
        let mut effective = plan.effective_from;
        let mut failed = None;
        for action in &plan.actions {
            let facts = action.facts();
            if let Some(from) = effective.filter(|_| facts.uses_grant) {
                self.settle(from).await?;
            }
            (self.say)(Event::Doing(action.to_string()));
            self.running = Some(action.clone());
            let outcome = match self.run(action, &mut receipt).await {
                Ok(outcome) => outcome,
                Err(error) if facts.others_go_on && !error.kind.is_interruption() => {
                    (self.say)(Event::Note(error.to_string()));
                    failed.get_or_insert(error);
                    continue;
                }
                Err(error) => return Err(done_before(error, &receipt)),
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
            Action::CreatePolicy {
                policy,
                location,
                vault,
                key,
                version,
            } => {
                self.create_policy((policy, location), vault, (key, version.as_ref()))
                    .await
            }
            Action::CreateGroup {
                subscription,
                group,
                region,
            } => self.create_group((subscription, group), region).await,
            Action::CreateVault { vault, shape, .. } => self.create_vault(vault, shape).await,
            Action::CreateKey { vault, key, shape } => self.create_key((vault, key), shape).await,
            Action::GrantKeyByRole { policy, vault } => self.role_on_vault(policy, vault).await,
            Action::GrantReader { policy, principal } => self.reader_role(policy, principal).await,
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
            Action::RecoverKey { place, .. } => self.recover_key(place).await,
            Action::EnableKeyVersion { place, version, .. } => {
                self.set_version(place, version, true).await
            }
            Action::DisableKeyVersion { place, version, .. } => {
                self.set_version(place, version, false).await
            }
            Action::EnableEnvironment { named, .. } => self.enable(&named.id, &named.name).await,
            Action::RotateKey { place, from, .. } => self.rotate_key(place, from.as_deref()).await,
            Action::SetRotationPolicy { place, rotation } => {
                self.set_rotation_policy(place, rotation).await
            }
            Action::ProtectFromPurge { vault, .. } => self.protect_from_purge(vault).await,
            Action::MakeManaged { named } => self.make_managed(&named.id, &named.name).await,
            Action::AddEnvironment { .. }
            | Action::MoveEnvironment { .. }
            | Action::RemoveEnvironment { .. } => self.begin(action, receipt).await,
            Action::AwaitRemoval { .. } | Action::AwaitEnvironment { .. } => {
                self.finish_begun(action, receipt).await
            }
        }
    }
}
