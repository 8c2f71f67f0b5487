//! Runs a plan, action by action, with a writer that only a consent makes. Nothing is sent twice blindly: after every answer that leaves open
//! whether a change took, the resource or the operation is looked up by its name first.

mod environment;
mod key;
mod key_state;
mod managed;
mod policy;
mod sending;
mod waiting;

pub use waiting::{Waiter, going_on};

use crate::cloud::authorization::{ENCRYPTION_USER, READER};
use crate::cloud::clock::Moment;
use crate::cloud::operations::{self, Deadline, Ended, Shown};
use crate::cloud::{Clock, Reader, Writer};
use crate::error::{Error, Result};
use crate::interrupt::unless_stopped;
use crate::model::plan::{Action, Plan};
use crate::model::receipt::{Done, Event, Receipt, Tick};
use crate::steps::goal::Goal;
use environment::Start;
use futures::future::LocalBoxFuture;
use std::time::Duration;

/// How to wait.
#[derive(Debug, Clone, Copy, Default)]
pub struct Waiting {
    /// Do not wait for the encryption.
    pub no_wait: bool,
    /// Give up waiting (not the operation) after this long, in the cloud's time.
    pub timeout: Option<Duration>,
}

/// Looks once more, directly before the request that takes people offline, at everything that the outage relies on. An error says why it must
/// not be sent any more.
pub type Recheck<'a> = &'a dyn Fn(&Action) -> LocalBoxFuture<'a, Result<()>>;

/// Everything an action needs.
pub struct Applier<'a> {
    /// Changes.
    pub writer: Writer,
    /// Reads.
    pub reader: Reader,
    /// The cloud's clock.
    pub clock: Clock,
    /// How to wait.
    pub waiting: Waiting,
    /// The command that goes on waiting for an environment, whole enough to be pasted.
    pub resume: String,
    /// Was an encryption started, or found running? Then it goes on whatever happens here.
    pub started: bool,
    /// Does what was consented to still hold?
    pub recheck: Recheck<'a>,
    /// Who hears what is going on.
    pub say: &'a mut dyn FnMut(Event),
}

/// So many looks at least, before a limit of time counts.
const LOOKS: u32 = 6;

/// Reads lag behind an operation that ended.
const READS_LAG: Duration = Duration::from_secs(1800);
/// So often is a change sent whose answers leave open whether it took; each time after looks that showed nothing.
const SENT_AT_MOST: u32 = 3;
/// A new identity is known in Entra seconds to minutes after its creation.
const IDENTITY_APPEARS: Duration = Duration::from_secs(900);
/// After a lost answer the environment is watched this long before its silence counts as "nothing was started".
const START_SHOWS: Duration = Duration::from_secs(120);

/// So many refusals of a read do not end a wait.
const REFUSALS: u32 = 3;

/// A limit of time that counts only after some looks: neither a machine that slept nor a rehearsal whose hour is a moment lets it pass unseen.
struct Limit {
    began: Moment,
    time: Duration,
    looks: u32,
}

/// What an action leaves behind.
struct Outcome {
    what: String,
    subject: String,
    correlation: Option<String>,
}

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
                Action::AddEnvironment { .. } | Action::MoveEnvironment { .. } | Action::EnableEnvironment { .. }
            );
            if let Some(from) = effective.filter(|_| needs_the_grant) {
                self.settle(from).await?;
            }
            (self.say)(Event::Doing(action.to_string()));
            let outcome = match self.run(action, &mut receipt).await {
                Ok(outcome) => outcome,
                // One environment that does not come up does not keep the next one from its try.
                Err(error) if matches!(action, Action::EnableEnvironment { .. }) && !error.kind.is_interruption() => {
                    (self.say)(Event::Note(error.to_string()));
                    failed.get_or_insert(error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            if action.grants_key() {
                effective = self.clock.now().checked_add(policy::ROLE_SETTLES).ok();
            }
            (self.say)(Event::Done(outcome.what.clone()));
            receipt.done.push(Done { what: outcome.what, subject: outcome.subject, correlation: outcome.correlation });
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
                    "The identity of `{}` has the role `Key Vault Crypto Service Encryption User` on `{}`",
                    policy.name, vault.name
                );
                self.assign(&scope, &principal, ENCRYPTION_USER, true, what).await
            }
            Action::GrantReader { policy, principal } => {
                let what = format!("{principal} has the role `Reader` on the policy `{}`", policy.name);
                self.assign(&policy.to_string(), principal, READER, false, what).await
            }
            Action::GrantKeyByAccessPolicy { policy, vault, tenant } => self.access_policy(policy, vault, tenant).await,
            Action::GrantKeyByHsmRole { policy, hsm, uri, key } => self.hsm_role(policy, hsm, uri, key).await,
            Action::RecoverKey { vault, uri, key } => self.recover_key(vault, uri, key).await,
            Action::EnableKeyVersion { vault, uri, key, version } => {
                self.set_version(vault, uri, key, version, true).await
            }
            Action::DisableKeyVersion { vault, uri, key, version, .. } => {
                self.set_version(vault, uri, key, version, false).await
            }
            Action::EnableEnvironment { environment, name, .. } => self.enable(environment, name).await,
            Action::RotateKey { vault, uri, key, from } => self.rotate_key(vault, uri, key, from.as_deref()).await,
            Action::ProtectFromPurge { vault } => self.protect_from_purge(vault).await,
            Action::MakeManaged { environment, name } => self.make_managed(environment, name).await,
            Action::AddEnvironment { environment, name, policy } => {
                let goal = Goal::Policy(policy.clone());
                self.start(&Start { action, environment, name, goal, policy, over: None }, receipt).await
            }
            Action::MoveEnvironment { environment, name, from, policy } => {
                let goal = Goal::Policy(policy.clone());
                self.start(&Start { action, environment, name, goal, policy, over: Some(from) }, receipt).await
            }
            Action::RemoveEnvironment { environment, name, policy } => {
                self.start(&Start { action, environment, name, goal: Goal::NoPolicy, policy, over: None }, receipt)
                    .await
            }
            Action::AwaitRemoval { environment, name, operation, .. } => {
                let url = operation.as_ref().map(|id| self.reader.operation_url(id));
                self.finish(environment, name, &Goal::NoPolicy, url, None, receipt).await
            }
            Action::AwaitEnvironment { environment, name, policy, operation } => {
                let url = operation.as_ref().map(|id| self.reader.operation_url(id));
                self.finish(environment, name, &Goal::Policy(policy.clone()), url, None, receipt).await
            }
        }
    }

    async fn wait_for(&mut self, what: &str, began: Moment, pause: Duration) -> Result<()> {
        let tick = Tick { elapsed: self.clock.since(&began), words: format!("waiting for {what}"), next: pause };
        (self.say)(Event::Waiting(tick));
        unless_stopped(self.clock.sleep(pause))
            .await
            .map_err(|stop| Error::stopped(stop).hint("Run the same command again: it goes on from there."))
    }

    fn limit(&self, time: Duration) -> Limit {
        Limit { began: self.clock.moment(), time, looks: 0 }
    }

    /// Was this look the last one?
    fn over(&self, limit: &mut Limit) -> bool {
        limit.looks += 1;
        limit.looks >= LOOKS && self.clock.since(&limit.began) >= limit.time
    }

    async fn wait(&mut self, url: &str, pause: Option<Duration>) -> Result<Ended> {
        let say = &mut *self.say;
        let tell = &mut |tick: &Tick| say(Event::Waiting(tick.clone()));
        let deadline = Deadline::new(&self.clock, self.waiting.timeout);
        operations::wait(&self.reader, url, pause, &deadline, async || Shown::NotYet, tell).await
    }
}
