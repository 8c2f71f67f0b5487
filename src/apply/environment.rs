//! Step 4's changes: Managed Environment, and the one request that takes people offline.

use super::waiting::{Waiter, failed};
use super::{Applier, Look, Outcome};
use crate::cloud::fault::Fault;
use crate::cloud::operations::Ended;
use crate::error::{Error, Kind, Result};
use crate::model::ids::ArmId;
use crate::model::observed::{Environment, Operation};
use crate::model::receipt::Receipt;
use crate::steps::add::{ADD, GOVERN, SWAP, Standing, standing};
use std::time::Duration;

/// Reads lag behind an operation that ended.
const READS_LAG: Duration = Duration::from_secs(1800);
/// So often is a start sent whose answer was lost; each time after looks that showed nothing.
const SENT_AT_MOST: u32 = 3;
/// After a lost answer the environment is watched this long before its silence counts as "nothing was started".
const START_SHOWS: Duration = Duration::from_secs(120);

impl Applier<'_> {
    pub(super) async fn make_managed(&mut self, environment: &str, name: &str) -> Result<Outcome> {
        let what = format!("`{name}` can't be made a Managed Environment.");
        let mut sent = 0;
        let accepted = loop {
            sent += 1;
            match self.writer.make_managed(environment).await {
                Ok(accepted) => break Some(accepted),
                // 409 means busy or managed already; a lost answer may have started it. The environment tells.
                Err(fault) if fault.status() == Some(409) || fault.is_ambiguous() => {
                    tracing::info!("{}; looking whether it was started.", fault.clause());
                    if self.managing_shows(environment, &fault).await? {
                        break None;
                    }
                    if sent >= SENT_AT_MOST {
                        return Err(fault.into_error(what));
                    }
                }
                Err(fault) => return Err(fault.into_error(what)),
            }
        };
        let correlation = accepted.as_ref().and_then(|accepted| accepted.correlation.clone());
        let (named, pause) = accepted.map_or((None, None), |accepted| (accepted.url, accepted.pause));
        // Whoever has started it: it is waited for as long as it takes.
        let url = match named {
            Some(url) => Some(url),
            None => self.governing(environment).await,
        };
        if let Some(url) = url {
            let goes_on =
                |kind| Error::new(kind, format!("Making `{name}` a Managed Environment goes on at the service."));
            match self.wait(&url, pause).await? {
                Ended::Operation(operation) if operation.state.eq_ignore_ascii_case("Failed") => {
                    return Err(failed(Error::new(Kind::Unverified, what), &operation));
                }
                Ended::Deadline => return Err(goes_on(Kind::StillRunning)),
                Ended::Interrupted => return Err(goes_on(Kind::Interrupted)),
                Ended::Operation(_) | Ended::Vanished | Ended::Back => {}
            }
        }
        let reader = self.reader.clone();
        self.until("the Managed Environment", READS_LAG, async || match reader.environment_once(environment).await.0 {
            Ok(found) if found.managed() == Some(true) && found.ongoing.is_none() => Look::Yes(()),
            Ok(found) => Look::NotYet(found.protection_level.unwrap_or_else(|| "unknown".to_owned())),
            Err(fault) => Look::from(fault),
        })
        .await?;
        Ok(Outcome { what: format!("`{name}` is a Managed Environment"), subject: environment.to_owned(), correlation })
    }

    /// The operation that makes the environment managed, if it runs.
    async fn governing(&self, environment: &str) -> Option<String> {
        let operations = self.reader.operations(environment).await.unwrap_or_default();
        let running = operations.iter().find(|operation| !operation.has_ended() && operation.kind == GOVERN);
        running.map(|operation| self.reader.operation_url(&operation.id))
    }

    /// Starts the encryption once, and only after a look that shows neither a policy nor a running operation.
    pub(super) async fn add(
        &mut self,
        environment: &str,
        name: &str,
        policy: &ArmId,
        receipt: &mut Receipt,
    ) -> Result<Outcome> {
        let system_id = self.policy_with_identity(policy).await?.system_id.unwrap_or_default();
        let mut limit = self.limit(READS_LAG);
        let mut lost = 0;
        // The operations before the first start: whatever comes later is ours, even when it has ended already.
        let mut before: Option<Vec<String>> = None;
        loop {
            match self.before_add(environment, name, policy, before.as_deref()).await? {
                Before::Clear(operations) => _ = before.get_or_insert(operations),
                Before::Started(operation) => {
                    let url = operation.map(|id| self.reader.operation_url(&id));
                    return self.finish(environment, name, policy, url, None, receipt).await;
                }
                Before::Busy(operation)
                    if receipt.done.iter().any(|done| done.subject == environment) && !self.over(&mut limit) =>
                {
                    // Making it managed brings a follow-up operation of the system's own.
                    self.wait_for(&format!("`{operation}` to end"), limit.began, Duration::from_secs(20)).await?;
                    continue;
                }
                Before::Busy(operation) => return Err(busy(name, &operation)),
            }
            let fault = match self.writer.link(environment, &system_id).await {
                Ok(accepted) if accepted.url.is_some() => {
                    return self.finish(environment, name, policy, accepted.url, accepted.pause, receipt).await;
                }
                // Accepted, but nothing was named that could be asked: the same look as after a lost answer.
                Ok(_) => None,
                Err(fault) if fault.status() == Some(409) || fault.is_ambiguous() => Some(fault),
                Err(fault) => return Err(link_hints(fault, name)),
            };
            let clause = fault.as_ref().map_or("the service named no operation".to_owned(), Fault::clause);
            tracing::info!("{clause}; looking whether it was started.");
            if self.start_shows(environment, policy, &clause, before.as_deref()).await? {
                continue;
            }
            // 409 starts nothing; after anything else a start that nobody can see is less likely than none, but not for ever.
            lost += u32::from(fault.as_ref().is_none_or(|fault| fault.status() != Some(409)));
            if lost >= SENT_AT_MOST || self.over(&mut limit) {
                let what = format!("Adding `{name}` could not be started.");
                return Err(match fault {
                    Some(fault) => fault.into_error(what),
                    None => Error::new(Kind::Unverified, what)
                        .detail("The service said that it was accepted, and nothing shows."),
                }
                .hint("Run the same command again: it looks first, and starts nothing a second time."));
            }
        }
    }

    /// A last look before the one request that takes people offline.
    async fn before_add(
        &mut self,
        environment: &str,
        name: &str,
        policy: &ArmId,
        before: Option<&[String]>,
    ) -> Result<Before> {
        let look = self.environment(environment).await?;
        let what = format!("The operations of `{name}` can't be read, so nothing is started.");
        let operations = self.reader.operations(environment).await.map_err(|fault| fault.into_error(what))?;
        let running = operations.iter().find(|operation| !operation.has_ended());
        let of_keys = |operation: &&Operation| operation.kind == ADD || operation.kind == SWAP;
        let came = |operation: &&Operation| before.is_some_and(|before| !before.contains(&operation.id));
        let ours = running.filter(of_keys).or_else(|| operations.iter().filter(of_keys).find(came));
        match standing(&look, policy) {
            Standing::Done | Standing::Under => return Ok(Before::Started(ours.map(|operation| operation.id.clone()))),
            Standing::Other(other) => {
                return Err(Error::new(
                    Kind::Blocked,
                    format!("`{name}` has been linked to another policy meanwhile: {other}"),
                ));
            }
            Standing::Unknown(why) => {
                return Err(Error::new(
                    Kind::Blocked,
                    format!("Whether `{name}` has a policy could not be read: {why}."),
                ));
            }
            Standing::None | Standing::Failed => {}
        }
        Ok(match (ours, running, &look.ongoing) {
            (Some(operation), _, _) => Before::Started(Some(operation.id.clone())),
            (None, Some(operation), _) => Before::Busy(operation.kind.clone()),
            (None, None, Some(kind)) if kind == ADD => Before::Started(None),
            (None, None, Some(kind)) => Before::Busy(kind.clone()),
            (None, None, None) => Before::Clear(operations.into_iter().map(|operation| operation.id).collect()),
        })
    }

    /// After a start whose answer was lost or was 409: does a start show, within the time in which one would?
    async fn start_shows(
        &mut self,
        environment: &str,
        policy: &ArmId,
        clause: &str,
        before: Option<&[String]>,
    ) -> Result<bool> {
        let mut limit = self.limit(START_SHOWS);
        loop {
            let look = self.before_add(environment, environment, policy, before).await?;
            if let Before::Started(_) | Before::Busy(_) = look {
                return Ok(true);
            }
            if self.over(&mut limit) {
                return Ok(false);
            }
            let sign = format!("a sign that it was started ({clause})");
            self.wait_for(&sign, limit.began, Duration::from_secs(20)).await?;
        }
    }

    /// The same for a Managed Environment.
    async fn managing_shows(&mut self, environment: &str, fault: &Fault) -> Result<bool> {
        let mut limit = self.limit(START_SHOWS);
        loop {
            let look = self.environment(environment).await?;
            if look.managed() == Some(true) || look.ongoing.is_some() {
                return Ok(true);
            }
            if self.over(&mut limit) {
                return Ok(false);
            }
            let sign = format!("a sign that it was started ({})", fault.clause());
            self.wait_for(&sign, limit.began, Duration::from_secs(20)).await?;
        }
    }

    /// Waits for the encryption and proves it by re-reading.
    pub(super) async fn finish(
        &mut self,
        environment: &str,
        name: &str,
        policy: &ArmId,
        url: Option<String>,
        pause: Option<Duration>,
        receipt: &mut Receipt,
    ) -> Result<Outcome> {
        let subject = environment.to_owned();
        self.started = true;
        if self.waiting.no_wait {
            receipt.running = Some(url.unwrap_or_else(|| environment.to_owned()));
            return Ok(Outcome {
                what: format!("The encryption of `{name}` runs at the service"),
                subject,
                correlation: None,
            });
        }
        let resume = format!("`{} add-environment {environment} --policy {policy}`", self.program);
        let mut waiter = Waiter {
            reader: self.reader.clone(),
            clock: self.clock.clone(),
            timeout: self.waiting.timeout,
            resume,
            say: &mut *self.say,
        };
        waiter.finish(environment, name, Some(policy), url, pause).await?;
        Ok(Outcome {
            what: format!("`{name}` is encrypted with the policy `{}`, shown by a re-read", policy.name),
            subject,
            correlation: None,
        })
    }

    async fn environment(&self, id: &str) -> Result<Environment> {
        self.reader
            .environment(id)
            .await
            .map_err(|fault| fault.into_error("The environment can't be read, so nothing is started."))
    }
}

enum Before {
    /// Nothing linked, nothing runs; the operations of the past.
    Clear(Vec<String>),
    /// It was started already; the operation, if known.
    Started(Option<String>),
    /// Something else runs.
    Busy(String),
}

fn busy(name: &str, operation: &str) -> Error {
    Error::new(Kind::Busy, format!("The lifecycle operation `{operation}` runs on `{name}`, so nothing was started."))
        .code("OperationNotStartable")
        .hint("Wait until it has ended, then run the same command again.")
}

fn link_hints(fault: Fault, name: &str) -> Error {
    let status = fault.status();
    let registered = !fault.message.contains("does not have permission to access the path");
    let error = fault.into_error(format!("Adding `{name}` was refused; nothing was started."));
    match status {
        Some(403) if !registered => error.hint("A human administrator must register the service principal as a management application (CMK022)."),
        Some(403) => error
            .hint("The role Power Platform Administrator or Dynamics 365 Administrator is needed (CMK021).")
            .hint("The policy must be readable to you: ask for `cmkctl create-policy --reader` (CMK019)."),
        Some(400) => error.hint("Managed Environment, environment type and geography decide: run `cmkctl add-environment --dry-run` (CMK006, CMK007, CMK024)."),
        _ => error,
    }
}
