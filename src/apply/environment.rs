//! Step 4's changes: Managed Environment, and the one request that takes people offline.

use super::{Applier, Look, Outcome};
use crate::cloud::fault::Fault;
use crate::cloud::operations::{self, Ended};
use crate::cloud::power_platform::Accepted;
use crate::error::{Error, Kind, Result};
use crate::model::ids::ArmId;
use crate::model::observed::{Environment, Operation, Seen};
use crate::model::receipt::{Event, Receipt, Tick};
use crate::steps::add::{ADD, SWAP, Standing, standing};
use std::time::Duration;

/// Reads lag behind an operation that ended.
const READS_LAG: Duration = Duration::from_secs(1800);
/// After a lost answer the environment is watched this long before its silence counts as "nothing was started".
const START_SHOWS: Duration = Duration::from_secs(120);

impl Applier<'_> {
    pub(super) async fn make_managed(&mut self, environment: &str, name: &str) -> Result<Outcome> {
        let what = format!("`{name}` can't be made a Managed Environment.");
        let accepted = match self.writer.make_managed(environment).await {
            Ok(accepted) => Some(accepted),
            // 409 means busy or managed already; a lost answer may have started it. The environment tells.
            Err(fault) if fault.status() == Some(409) || fault.is_ambiguous() => {
                let look = self.environment(environment).await?;
                if look.managed() != Some(true) && look.ongoing.is_none() {
                    return Err(fault.into_error(what));
                }
                None
            }
            Err(fault) => return Err(fault.into_error(what)),
        };
        let correlation = accepted.as_ref().and_then(|accepted| accepted.correlation.clone());
        if let Some(Accepted { url: Some(url), pause, .. }) = accepted {
            match self.wait(&url, pause).await? {
                Ended::Operation(operation) if operation.state.eq_ignore_ascii_case("Failed") => {
                    return Err(failed(Error::new(Kind::Unverified, what), &operation));
                }
                Ended::Deadline => {
                    return Err(Error::new(
                        Kind::StillRunning,
                        format!("Making `{name}` a Managed Environment goes on at the service."),
                    ));
                }
                Ended::Interrupted => {
                    return Err(Error::new(
                        Kind::Interrupted,
                        format!("Making `{name}` a Managed Environment goes on at the service."),
                    ));
                }
                Ended::Operation(_) | Ended::Vanished => {}
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
        loop {
            match self.before_add(environment, name, policy).await? {
                Before::Clear => {}
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
            match self.writer.link(environment, &system_id).await {
                Ok(accepted) => {
                    return self.finish(environment, name, policy, accepted.url, accepted.pause, receipt).await;
                }
                Err(fault) if fault.status() == Some(409) || fault.is_ambiguous() => {
                    tracing::info!("{}; looking whether it was started.", fault.clause());
                    if !self.start_shows(environment, policy, &fault).await? && self.over(&mut limit) {
                        return Err(fault.into_error(format!("Adding `{name}` could not be started.")));
                    }
                }
                Err(fault) => return Err(link_hints(fault, name)),
            }
        }
    }

    /// A last look before the one request that takes people offline.
    async fn before_add(&mut self, environment: &str, name: &str, policy: &ArmId) -> Result<Before> {
        let look = self.environment(environment).await?;
        let what = format!("The operations of `{name}` can't be read, so nothing is started.");
        let operations = self.reader.operations(environment).await.map_err(|fault| fault.into_error(what))?;
        let running = operations.iter().find(|operation| !operation.has_ended());
        let ours = running.filter(|operation| operation.kind == ADD || operation.kind == SWAP);
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
            (None, None, None) => Before::Clear,
        })
    }

    /// After a start whose answer was lost or was 409: does a start show, within the time in which one would?
    async fn start_shows(&mut self, environment: &str, policy: &ArmId, fault: &Fault) -> Result<bool> {
        let mut limit = self.limit(START_SHOWS);
        loop {
            if let Before::Started(_) | Before::Busy(_) = self.before_add(environment, environment, policy).await? {
                return Ok(true);
            }
            if self.over(&mut limit) {
                return Ok(false);
            }
            self.wait_for(
                &format!("a sign that it was started ({})", fault.clause()),
                limit.began,
                Duration::from_secs(20),
            )
            .await?;
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
        if self.waiting.no_wait {
            receipt.running = Some(url.unwrap_or_else(|| environment.to_owned()));
            return Ok(Outcome {
                what: format!("The encryption of `{name}` runs at the service"),
                subject,
                correlation: None,
            });
        }
        let resume = format!("`{} add-environment {environment} --policy {policy}`", self.program);
        let goes_on = |kind| {
            Error::new(kind, format!("The encryption of `{name}` goes on at the service; nothing is lost."))
                .hint(format!("Go on waiting, from any machine: {resume} (it starts nothing a second time)."))
        };
        let url = match url {
            Some(url) => Some(url),
            None => self.find_operation(environment).await?,
        };
        let mut ended = None;
        if let Some(url) = url {
            match self.wait(&url, pause).await? {
                Ended::Operation(operation) => ended = Some(operation),
                Ended::Vanished => (self.say)(Event::Note(
                    "The service no longer knows the operation; the environment decides.".to_owned(),
                )),
                Ended::Deadline => return Err(goes_on(Kind::StillRunning)),
                Ended::Interrupted => return Err(goes_on(Kind::Interrupted)),
            }
        }
        let failed_operation = ended.as_ref().filter(|operation| {
            !operation.state.eq_ignore_ascii_case("Succeeded") && !operation.state.eq_ignore_ascii_case("Completed")
        });
        let patience = match (&ended, self.waiting.timeout) {
            (Some(_), _) => Some(READS_LAG),
            (None, timeout) => timeout,
        };
        match self.settled(environment, policy, patience).await? {
            Settled::Done => {
                if let Some(operation) = failed_operation {
                    (self.say)(Event::Note(format!(
                        "The operation ended as `{}`, but the environment shows the policy as linked: some service may still use the Microsoft key; look again tomorrow.",
                        operation.state
                    )));
                }
                Ok(Outcome {
                    what: format!("`{name}` is encrypted with the policy `{}`, shown by a re-read", policy.name),
                    subject,
                    correlation: None,
                })
            }
            Settled::Interrupted => Err(goes_on(Kind::Interrupted)),
            Settled::NotDone(_) if ended.is_none() => Err(goes_on(Kind::StillRunning)),
            Settled::NotDone(state) => {
                let error = Error::new(
                    Kind::Unverified,
                    format!("The operation ended, but a re-read of `{name}` does not show the key: {state}."),
                )
                .hint("Run the same command again; do not remove the environment from the policy.")
                .hint("Its data stays readable: on the Microsoft key, or on both.");
                Err(ended.as_ref().map_or(error.clone(), |operation| failed(error, operation)))
            }
        }
    }

    /// Re-reads until the environment shows the policy and is up, or the time is over.
    async fn settled(&mut self, environment: &str, policy: &ArmId, patience: Option<Duration>) -> Result<Settled> {
        let mut limit = self.limit(patience.unwrap_or(Duration::MAX));
        let mut steps = operations::Patience::new(Some(Duration::from_secs(5)));
        loop {
            let (look, asked) = self.reader.environment_once(environment).await;
            let state = match look {
                Ok(look) => match standing(&look, policy) {
                    Standing::Done => return Ok(Settled::Done),
                    // The operation has ended and everything is up again: this is the last word.
                    Standing::Failed => return Ok(Settled::NotDone("the link says `Failed`".to_owned())),
                    _ => describe(&look),
                },
                Err(fault) if crate::cloud::session::passes(&fault) || fault.status() == Some(404) => fault.clause(),
                Err(fault) => return Err(fault.into_error("The environment can't be re-read.")),
            };
            if self.over(&mut limit) {
                return Ok(Settled::NotDone(state));
            }
            let pause = steps.next(asked);
            let tick = Tick { elapsed: self.since(limit.began), words: state, next: pause };
            (self.say)(Event::Waiting(tick));
            tokio::select! {
                () = self.clock.sleep(pause) => {}
                _ = tokio::signal::ctrl_c() => return Ok(Settled::Interrupted),
            }
        }
    }

    /// The operation that runs on the environment, by its history: for when the service named none.
    async fn find_operation(&self, environment: &str) -> Result<Option<String>> {
        let operations = match self.reader.operations(environment).await {
            Ok(operations) => operations,
            Err(fault) => {
                tracing::info!("{}; the environment alone decides.", fault.clause());
                return Ok(None);
            }
        };
        let ours = operations
            .iter()
            .find(|operation| !operation.has_ended() && (operation.kind == ADD || operation.kind == SWAP));
        Ok(ours.map(|operation| self.reader.operation_url(&operation.id)))
    }

    async fn environment(&self, id: &str) -> Result<Environment> {
        self.reader
            .environment(id)
            .await
            .map_err(|fault| fault.into_error("The environment can't be read, so nothing is started."))
    }
}

enum Before {
    /// Nothing linked, nothing runs.
    Clear,
    /// It was started already; the operation, if known.
    Started(Option<String>),
    /// Something else runs.
    Busy(String),
}

enum Settled {
    Done,
    NotDone(String),
    Interrupted,
}

fn describe(look: &Environment) -> String {
    let link = match &look.key_link {
        Seen::Present(link) => link.status.clone().unwrap_or_else(|| "no status".to_owned()),
        _ => "no policy".to_owned(),
    };
    let state = look.state().unwrap_or("unknown").to_owned();
    format!("link `{link}`, management `{state}`, runtime `{}`", look.runtime_state.as_deref().unwrap_or("unknown"))
}

fn busy(name: &str, operation: &str) -> Error {
    Error::new(Kind::Busy, format!("The lifecycle operation `{operation}` runs on `{name}`, so nothing was started."))
        .code("OperationNotStartable")
        .hint("Wait until it has ended, then run the same command again.")
}

fn failed(error: Error, operation: &Operation) -> Error {
    let said = operation.error.clone().unwrap_or_else(|| match operation.all_stages_succeeded {
        true => "no reason was given, and every stage succeeded".to_owned(),
        false => "no reason was given".to_owned(),
    });
    error.detail(format!("The operation {} ended as `{}`: {said}.", operation.id, operation.state))
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
