//! The requests that take environments offline: linking an environment to a policy, and removing
//! it. cmkctl sends each only after a read that shows neither its effect nor a running operation.

use super::applier::{Applier, END_SHOWS, Limit, Outcome, SENT_AT_MOST, not_what_it_says};
use super::change::After;
use super::start::{Before, Past, Start};
use super::unproven::given_up;
use super::waiting::{Awaited, Waiter};
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::power_platform::Accepted;
use crate::error::{Error, Kind, Result};
use crate::model::action::facts::Link;
use crate::model::plan::Action;
use crate::model::receipt::Receipt;
use crate::model::remedy::{Remedy, Setting};
use crate::steps::end_state::EndState;
use std::time::Duration;

/// What the attempts of one start have shown so far.
struct Tries {
    past: Past,
    /// Did this run already change the environment? Then a running operation may be the system's
    /// own follow-up, and cmkctl waits for it.
    follows: bool,
    limit: Limit,
    /// How many answers were ambiguous.
    unclear: u32,
    /// Was the last answer a 401?
    unauthorized: bool,
}

impl Applier<'_> {
    /// Starts the action's operation, and waits for its end.
    pub(super) async fn begin(
        &mut self,
        action: &Action,
        receipt: &mut Receipt,
    ) -> Result<Outcome> {
        let start = Start::of(action).ok_or_else(not_what_it_says)?;
        self.start(&start, receipt).await
    }

    /// Waits for an operation that was started before this run.
    pub(super) async fn finish_begun(
        &mut self,
        action: &Action,
        receipt: &mut Receipt,
    ) -> Result<Outcome> {
        let facts = action.facts();
        let (end_state, operation) = match facts.link {
            Link::Comes(policy, operation) => (EndState::Policy(policy.clone()), operation),
            Link::Goes(operation) => (EndState::NoPolicy, operation),
            Link::Stays | Link::To { .. } | Link::Off(_) => return Err(not_what_it_says()),
        };
        let named = facts.subject.environment().ok_or_else(not_what_it_says)?;
        let awaited = Awaited {
            environment: &named.id,
            name: &named.name,
            end_state: &end_state,
            url: operation.map(|id| self.reader.operation_url(id)),
            pause: None,
        };
        self.finish(awaited, receipt).await
    }

    /// Sends the request only after a read that shows neither its effect nor a running operation.
    /// Then waits for the end.
    async fn start(&mut self, start: &Start<'_>, receipt: &mut Receipt) -> Result<Outcome> {
        let mut subjects = receipt.done.iter().map(|done| &done.subject);
        let follows = subjects.any(|subject| subject == start.environment);
        let system_id = self.system_id(start).await?;
        let mut tries = Tries {
            past: Past::default(),
            follows,
            limit: self.limit(END_SHOWS),
            unclear: 0,
            unauthorized: false,
        };
        loop {
            match self.before(start, &tries.past).await? {
                Before::Clear(operations) => _ = tries.past.operations.get_or_insert(operations),
                Before::Started(operation) => {
                    let url = operation.map(|id| self.reader.operation_url(&id));
                    return self.finish(start.awaited(url, None), receipt).await;
                }
                Before::Busy(operation) => {
                    let sign = format!("`{operation}` to end");
                    let busy = start.left_open(&tries.past, busy(start.name, &operation));
                    self.until_free(&mut tries, &sign, busy).await?;
                    continue;
                }
            }
            let Some(system_id) = &system_id else {
                return Err(nameless(start));
            };
            match (self.recheck)(start.action).await {
                Ok(()) => {}
                Err(busy) if busy.kind == Kind::Busy => {
                    let busy = start.left_open(&tries.past, busy);
                    self.until_free(&mut tries, "the running operation to end", busy)
                        .await?;
                    continue;
                }
                Err(error) => return Err(start.left_open(&tries.past, error)),
            }
            tries.past.sent = true;
            let fault = match self.send(start, system_id).await {
                Ok(accepted) if accepted.url.is_some() => {
                    let awaited = start.awaited(accepted.url, accepted.pause);
                    return self.finish(awaited, receipt).await;
                }
                // The service accepted the request but returned no operation. So cmkctl looks for
                // the operation, as after an ambiguous answer.
                Ok(_) => None,
                Err(fault) if fault.status() == Some(409) || fault.is_ambiguous() => Some(fault),
                Err(fault) => return Err(refused(fault, start)),
            };
            if !self.sent_shows(start, fault.as_ref(), &tries.past).await? {
                self.may_be_sent_again(start, &mut tries, fault)?;
            }
        }
    }

    /// Waits for the running operation if it may be a follow-up of this run. Otherwise, or after
    /// the limit, returns `busy`.
    async fn until_free(&mut self, tries: &mut Tries, sign: &str, busy: Error) -> Result<()> {
        if !tries.follows || self.over(&mut tries.limit) {
            return Err(busy);
        }
        self.wait_for(sign, tries.limit.began, Duration::from_secs(20))
            .await
    }

    /// After an ambiguous answer, or an accepted one without an operation: does a start show?
    async fn sent_shows(
        &mut self,
        start: &Start<'_>,
        fault: Option<&Fault>,
        past: &Past,
    ) -> Result<bool> {
        let clause = fault.map_or(
            "the service returned no operation".to_owned(),
            Fault::clause,
        );
        tracing::info!("{clause}. cmkctl checks whether the operation was started.");
        if let Some(fault) = fault {
            self.pause_before_look(fault, After::of(fault)).await?;
        }
        self.start_shows(start, &clause, past).await
    }

    /// Decides after a request without a visible start. A 409 never starts anything. After any
    /// other ambiguous answer, cmkctl sends the request at most [`SENT_AT_MOST`] times.
    fn may_be_sent_again(
        &self,
        start: &Start<'_>,
        tries: &mut Tries,
        fault: Option<Fault>,
    ) -> Result<()> {
        let what = if fault.as_ref().and_then(Fault::status) == Some(409) {
            format!("{} could not be started.", start.what())
        } else {
            format!(
                "{} was requested, but no operation is visible.",
                start.what()
            )
        };
        let Some(fault) = fault else {
            return Err(Error::new(Kind::Unverified, what)
                .detail("The service accepted the request, but shows no operation.")
                .hint(
                    "Run the same command again. cmkctl checks the current state first, and starts \
                    nothing twice.",
                ));
        };
        tries.unclear += u32::from(fault.status() != Some(409));
        let before = std::mem::replace(&mut tries.unauthorized, fault.status() == Some(401));
        let twice = before && tries.unauthorized;
        if twice || tries.unclear >= SENT_AT_MOST || self.over(&mut tries.limit) {
            return Err(given_up(fault.into_error(what)));
        }
        Ok(())
    }

    async fn send(&self, start: &Start<'_>, system_id: &str) -> Reply<Accepted> {
        match start.end_state {
            EndState::NoPolicy => self.writer.unlink(start.environment, system_id).await,
            EndState::Policy(_) | EndState::Linked => {
                self.writer.link(start.environment, system_id).await
            }
        }
    }

    /// The policy's id inside Power Platform. A removal takes it from the link, because its caller
    /// may not be able to read the policy.
    async fn system_id(&mut self, start: &Start<'_>) -> Result<Option<String>> {
        if start.end_state == EndState::NoPolicy {
            let look = self.environment(start.environment).await?;
            let linked = look
                .key_link
                .present()
                .filter(|link| link.policy == *start.policy);
            if let Some(system_id) = linked.and_then(|link| link.system_id.clone()) {
                return Ok(Some(system_id));
            }
            // The link is gone: there is nothing to remove, unless the next read shows otherwise.
            if look.key_link.is_absent() {
                return Ok(None);
            }
        }
        Ok(self.policy_with_identity(start.policy).await?.system_id)
    }

    /// Waits until the environment is in its end state, and verifies that with another read.
    async fn finish(&mut self, awaited: Awaited<'_>, receipt: &mut Receipt) -> Result<Outcome> {
        let (end_state, name) = (awaited.end_state, awaited.name);
        let subject = awaited.environment.to_owned();
        self.started = true;
        if self.waiting.no_wait {
            receipt.running = Some(awaited.url.unwrap_or_else(|| subject.clone()));
            let what = format!("{} runs at the service", end_state.subject(name));
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
            resume: self.resume.clone(),
            say: &mut *self.say,
        };
        waiter.finish(&awaited).await?;
        let what = match end_state {
            EndState::Policy(policy) => {
                format!(
                    "`{name}` is encrypted with the policy `{}` (verified)",
                    policy.name
                )
            }
            EndState::Linked => format!("`{name}` is encrypted (verified)"),
            EndState::NoPolicy => {
                format!("`{name}` has no policy and uses the Microsoft key again (verified)")
            }
        };
        Ok(Outcome {
            what,
            subject,
            correlation: None,
        })
    }
}

/// The error that the policy's id in Power Platform is not known, so no request is possible.
fn nameless(start: &Start<'_>) -> Error {
    let what = format!(
        "{} was not started: the policy's id in Power Platform is not known.",
        start.what()
    );
    Error::new(Kind::Forbidden, what)
        .detail("Neither the environment's link nor the policy shows this id.")
        .hint("Run the same command again later, with an account that can read the policy.")
}

fn busy(name: &str, operation: &str) -> Error {
    Error::new(
        Kind::Busy,
        format!("The lifecycle operation `{operation}` runs on `{name}`, so nothing was started."),
    )
    .code("OperationNotStartable")
    .hint("Wait until the operation has ended, then run the same command again.")
}

fn refused(fault: Fault, start: &Start<'_>) -> Error {
    let status = fault.status();
    let registered = !fault
        .message
        .contains("does not have permission to access the path");
    let unmanaged = fault.message.contains("governance configuration");
    let error = fault.into_error(format!(
        "{} was refused. Nothing was started.",
        start.what()
    ));
    match status {
        Some(403) if !registered => error.hint(
            "A human administrator must register the service principal as a management \
            application (CMK022).",
        ),
        Some(403) => error
            .of_role(
                "This requires the role Power Platform Administrator or Dynamics 365 Administrator \
                (CMK021).",
            )
            .of_role(
                "This also requires Reader on the policy. Ask the Key Vault administrator to run \
                `cmkctl create-policy --reader OBJECT_ID` (CMK019).",
            ),
        Some(404) => hidden(error),
        Some(400) if unmanaged => {
            let mut error = error.finding("CMK006");
            error.hints = vec![Remedy::from(Setting::MakeManaged).on_command_line()];
            error
        }
        Some(400) if start.end_state != EndState::NoPolicy => error.fallback(
            "Check that the environment is a Managed Environment, and check its type and \
            geography: `cmkctl add-environment --dry-run` (CMK006, CMK007, CMK024).",
        ),
        _ => error,
    }
}

/// Adds the possible causes of a 404. The environment and its policy existed a moment ago, so the
/// service hides one of them (`C`: public reports of administrators).
fn hidden(error: Error) -> Error {
    let mut error = Error {
        kind: Kind::Forbidden,
        ..error
    };
    error.hints = vec![
        "Add yourself to the environment in the admin center (self-elevate). \
        Administrators are not members of an environment by default."
            .to_owned(),
        "To get Reader on the policy, ask the Key Vault administrator to run `cmkctl create-policy \
        --reader OBJECT_ID` (CMK019)."
            .to_owned(),
        "Check that the policy is in the environment's geography: `cmkctl check` (CMK007)."
            .to_owned(),
    ];
    error
}
