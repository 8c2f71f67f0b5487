//! The requests that take people offline: an environment is linked to a policy, or taken off it.
//! Each is sent once, after a look that shows neither its effect nor an operation that runs.

use super::applier::{Applier, Outcome, READS_LAG, SENT_AT_MOST, START_SHOWS};
use super::sending::{After, given_up};
use super::waiting::Waiter;
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::power_platform::Accepted;
use crate::error::{Error, Kind, Result};
use crate::model::environment::Environment;
use crate::model::ids::ArmId;
use crate::model::plan::Action;
use crate::model::receipt::Receipt;
use crate::steps::goal::Goal;
use crate::steps::link::Standing;
use std::time::Duration;

/// What is started on an environment.
#[derive(Debug, Clone)]
pub(super) struct Start<'a> {
    /// The action that it is.
    pub(super) action: &'a Action,
    /// Environment id.
    pub(super) environment: &'a str,
    /// Its name.
    pub(super) name: &'a str,
    /// Where it shall end.
    pub(super) goal: Goal,
    /// The policy whose system id the request carries.
    pub(super) policy: &'a ArmId,
    /// The policy that is linked now and left by a move.
    pub(super) over: Option<&'a ArmId>,
}

impl Start<'_> {
    fn what(&self) -> String {
        match (&self.goal, self.over) {
            (Goal::NoPolicy, _) => format!("Removing `{}`", self.name),
            (_, Some(_)) => format!("Moving `{}`", self.name),
            (_, None) => format!("Adding `{}`", self.name),
        }
    }
}

impl Applier<'_> {
    /// Starts it once, and only after a look that shows neither its effect nor a running operation;
    /// then waits for its end.
    pub(super) async fn start(
        &mut self,
        start: &Start<'_>,
        receipt: &mut Receipt,
    ) -> Result<Outcome> {
        let environment = start.environment;
        let system_id = self.system_id(start).await?;
        let mut limit = self.limit(READS_LAG);
        let (mut unclear, mut unauthorized) = (0, false);
        let mut past = Past::default();
        loop {
            match self.before(start, &past).await? {
                Before::Clear(operations) => _ = past.operations.get_or_insert(operations),
                Before::Started(operation) => {
                    let url = operation.map(|id| self.reader.operation_url(&id));
                    return self
                        .finish(environment, start.name, &start.goal, url, None, receipt)
                        .await;
                }
                Before::Busy(operation)
                    if receipt.done.iter().any(|done| done.subject == environment)
                        && !self.over(&mut limit) =>
                {
                    // Making it managed, or taking it off a policy, may bring a follow-up operation
                    // of the system's own.
                    self.wait_for(
                        &format!("`{operation}` to end"),
                        limit.began,
                        Duration::from_secs(20),
                    )
                    .await?;
                    continue;
                }
                Before::Busy(operation) => return Err(busy(start.name, &operation)),
            }
            let Some(system_id) = &system_id else {
                let what = format!(
                    "{} was not started: the policy's id in Power Platform is not known.",
                    start.what()
                );
                return Err(Error::new(Kind::Forbidden, what)
                    .detail("Neither the environment's link nor the policy names it.")
                    .hint(
                        "Run the same command again later, with an account that can read the \
                        policy.",
                    ));
            };
            match (self.recheck)(start.action).await {
                Ok(()) => {}
                // An operation that came up behind one of ours is waited for, as above.
                Err(error)
                    if error.kind == Kind::Busy
                        && receipt.done.iter().any(|done| done.subject == environment)
                        && !self.over(&mut limit) =>
                {
                    self.wait_for(
                        "what runs on it to end",
                        limit.began,
                        Duration::from_secs(20),
                    )
                    .await?;
                    continue;
                }
                Err(error) => return Err(error),
            }
            past.sent = true;
            let fault = match self.send(start, system_id).await {
                Ok(accepted) if accepted.url.is_some() => {
                    return self
                        .finish(
                            environment,
                            start.name,
                            &start.goal,
                            accepted.url,
                            accepted.pause,
                            receipt,
                        )
                        .await;
                }
                // Accepted, but the service named no operation: look for it, as after an answer
                // that leaves it open.
                Ok(_) => None,
                Err(fault) if fault.status() == Some(409) || fault.is_ambiguous() => Some(fault),
                Err(fault) => return Err(refused(fault, start)),
            };
            let clause = fault
                .as_ref()
                .map_or("the service named no operation".to_owned(), Fault::clause);
            tracing::info!("{clause}; looking whether it was started.");
            if let Some(fault) = &fault {
                self.pause_before_look(fault, After::of(fault)).await?;
            }
            if self.start_shows(start, &clause, &past).await? {
                continue;
            }
            let what = format!("{} could not be started.", start.what());
            let Some(fault) = fault else {
                return Err(Error::new(Kind::Unverified, what)
                    .detail("The service said that it was accepted, and nothing shows.")
                    .hint(
                        "Run the same command again: it looks first, and starts nothing a \
                        second time.",
                    ));
            };
            // A 409 never starts anything. After any other answer that leaves it open, the looks
            // decide, a limited number of times.
            unclear += u32::from(fault.status() != Some(409));
            let twice =
                std::mem::replace(&mut unauthorized, fault.status() == Some(401)) && unauthorized;
            if twice || unclear >= SENT_AT_MOST || self.over(&mut limit) {
                return Err(given_up(fault.into_error(what)));
            }
        }
    }

    async fn send(&self, start: &Start<'_>, system_id: &str) -> Reply<Accepted> {
        match start.goal {
            Goal::NoPolicy => self.writer.unlink(start.environment, system_id).await,
            Goal::Policy(_) | Goal::Linked => self.writer.link(start.environment, system_id).await,
        }
    }

    /// The policy's id inside Power Platform. Whoever removes an environment need not be able to
    /// read the policy: the link names it, too.
    async fn system_id(&mut self, start: &Start<'_>) -> Result<Option<String>> {
        if start.goal == Goal::NoPolicy {
            let look = self.environment(start.environment).await?;
            let linked = look
                .key_link
                .present()
                .filter(|link| link.policy == *start.policy);
            if let Some(system_id) = linked.and_then(|link| link.system_id.clone()) {
                return Ok(Some(system_id));
            }
            // Then there is nothing to remove, unless the next look says otherwise.
            if look.key_link.is_absent() {
                return Ok(None);
            }
        }
        Ok(self.policy_with_identity(start.policy).await?.system_id)
    }

    /// A last look before the one request that takes people offline, and the looks after it.
    async fn before(&mut self, start: &Start<'_>, past: &Past) -> Result<Before> {
        self.look_at_start(start, past)
            .await
            .map_err(|error| match error.kind {
                Kind::Interrupted(_) => error,
                _ if past.sent => Error::new(
                    Kind::Unverified,
                    format!(
                        "{} was sent, but whether it was started can't be verified.",
                        start.what()
                    ),
                )
                .detail(error.to_string())
                .hint(
                    "Run the same command again: it looks first, and starts nothing a second time.",
                ),
                _ => error.hint("Nothing was started."),
            })
    }

    async fn look_at_start(&mut self, start: &Start<'_>, past: &Past) -> Result<Before> {
        let name = start.name;
        let look = self.environment(start.environment).await?;
        let what = format!("The operations of `{name}` can't be read.");
        let operations = self
            .reader
            .operations(start.environment)
            .await
            .map_err(|fault| fault.into_error(what))?;
        let running = operations.iter().find(|operation| !operation.has_ended());
        let of_ours = |operation: &&crate::model::operation::Operation| start.goal.leads(operation);
        let came = |operation: &&crate::model::operation::Operation| {
            past.operations
                .as_ref()
                .is_some_and(|past| !past.contains(&operation.id))
        };
        let ours = running
            .filter(of_ours)
            .or_else(|| operations.iter().filter(of_ours).find(came));
        let unread = |why: String| {
            let what = format!("Whether `{name}` has a policy could not be read: {why}.");
            Err(Error::new(Kind::Forbidden, what))
        };
        match start.goal.standing(&look) {
            Standing::Done | Standing::Under | Standing::Locked => {
                let another = running.filter(|operation| !start.goal.leads(operation));
                // Off its policy by one operation, and occupied by another: that is no start of
                // ours.
                if let (Goal::NoPolicy, Some(another), None) = (&start.goal, another, ours) {
                    return Ok(Before::Busy(another.kind.clone()));
                }
                return Ok(Before::Started(ours.map(|operation| operation.id.clone())));
            }
            Standing::Other(other) if start.over == Some(&other) => {}
            Standing::Other(other) => {
                let what = format!("`{name}` has been linked to another policy meanwhile: {other}");
                return Err(Error::new(Kind::Blocked, what));
            }
            Standing::Unknown(why) => return unread(why.why),
            Standing::None | Standing::Failed => {}
        }
        if start.goal == Goal::NoPolicy {
            match look.policy() {
                Some(id) if id == start.policy => {}
                Some(other) => {
                    let what =
                        format!("`{name}` has been linked to another policy meanwhile: {other}");
                    return Err(Error::new(Kind::Blocked, what));
                }
                None => return unread("the service names no policy".to_owned()),
            }
        }
        Ok(match (ours, running, &look.ongoing) {
            (Some(operation), _, _) => Before::Started(Some(operation.id.clone())),
            (None, Some(operation), _) => Before::Busy(operation.kind.clone()),
            (None, None, Some(kind)) if start.goal.begins(kind) => Before::Started(None),
            (None, None, Some(kind)) => Before::Busy(kind.clone()),
            (None, None, None) => Before::Clear(
                operations
                    .into_iter()
                    .map(|operation| operation.id)
                    .collect(),
            ),
        })
    }

    /// After an answer that leaves it open, or 409: does a start show, within the time in which one
    /// would?
    async fn start_shows(&mut self, start: &Start<'_>, clause: &str, past: &Past) -> Result<bool> {
        let mut limit = self.limit(START_SHOWS);
        loop {
            let look = self.before(start, past).await?;
            if let Before::Started(_) | Before::Busy(_) = look {
                return Ok(true);
            }
            if self.over(&mut limit) {
                return Ok(false);
            }
            let sign = format!("a sign that it was started ({clause})");
            self.wait_for(&sign, limit.began, Duration::from_secs(20))
                .await?;
        }
    }

    /// Waits until the environment is where it shall be, and proves it by re-reading.
    pub(super) async fn finish(
        &mut self,
        environment: &str,
        name: &str,
        goal: &Goal,
        url: Option<String>,
        pause: Option<Duration>,
        receipt: &mut Receipt,
    ) -> Result<Outcome> {
        let subject = environment.to_owned();
        self.started = true;
        if self.waiting.no_wait {
            receipt.running = Some(url.unwrap_or_else(|| environment.to_owned()));
            let what = format!("{} runs at the service", goal.noun(name));
            return Ok(Outcome {
                what,
                subject,
                correlation: None,
            });
        }
        let mut waiter = Waiter {
            reader: self.reader.clone(),
            clock: self.clock.clone(),
            timeout: self.waiting.timeout,
            resume: format!("`{}`", self.resume),
            say: &mut *self.say,
        };
        waiter.finish(environment, name, goal, url, pause).await?;
        let what = match goal {
            Goal::Policy(policy) => {
                format!(
                    "`{name}` is encrypted with the policy `{}`, shown by a re-read",
                    policy.name
                )
            }
            Goal::Linked => format!("`{name}` is encrypted, shown by a re-read"),
            Goal::NoPolicy => format!(
                "`{name}` has no policy and is back on the Microsoft key, shown by a re-read"
            ),
        };
        Ok(Outcome {
            what,
            subject,
            correlation: None,
        })
    }

    pub(super) async fn environment(&self, id: &str) -> Result<Environment> {
        self.reader
            .environment(id)
            .await
            .map_err(|fault| fault.into_error("The environment can't be read."))
    }
}

/// What is known of the time before the first look and since.
#[derive(Default)]
struct Past {
    /// The operations before the first start: whatever comes later is ours, even when it has ended
    /// already.
    operations: Option<Vec<String>>,
    /// Was a start sent?
    sent: bool,
}

enum Before {
    /// Its effect does not show, nothing runs; the operations of the past.
    Clear(Vec<String>),
    /// It was started already; the operation, if known.
    Started(Option<String>),
    /// Something else runs.
    Busy(String),
}

fn busy(name: &str, operation: &str) -> Error {
    Error::new(
        Kind::Busy,
        format!("The lifecycle operation `{operation}` runs on `{name}`, so nothing was started."),
    )
    .code("OperationNotStartable")
    .hint("Wait until it has ended, then run the same command again.")
}

fn refused(fault: Fault, start: &Start<'_>) -> Error {
    let status = fault.status();
    let registered = !fault
        .message
        .contains("does not have permission to access the path");
    let error = fault.into_error(format!(
        "{} was refused; nothing was started.",
        start.what()
    ));
    match status {
        Some(403) if !registered => error.hint(
            "A human administrator must register the service \
            principal as a management application (CMK022).",
        ),
        Some(403) => error
            .hint(
                "The role Power Platform Administrator or Dynamics 365 Administrator is needed \
                (CMK021).",
            )
            .hint(
                "The policy must be readable to you: ask for `cmkctl create-policy --reader` \
                (CMK019).",
            ),
        Some(400) if start.goal != Goal::NoPolicy => error.hint(
            "Managed Environment, environment \
            type and geography decide: run `cmkctl add-environment --dry-run` (CMK006, CMK007, \
            CMK024).",
        ),
        _ => error,
    }
}
