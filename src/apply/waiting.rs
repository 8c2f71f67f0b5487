//! Waits for an encryption and proves its end. It only reads, so another caller may have started
//! it.
//!
//! The operation and the environment may disagree, and only the environment counts:
//!
//! | operation | environment | verdict |
//! |---|---|---|
//! | `Succeeded` | linked and up | encrypted |
//! | `Succeeded` | no link | not verified |
//! | `Failed`, with or without a reason | link failed | not verified: the same add again |
//! | `Failed` | linked and up | encrypted, with a warning |
//! | unknown to the service | linked and up | encrypted |
//! | unknown to the service | settled, no link | not verified |
//! | still running, or in an unfamiliar state | linked and up | encrypted |

use super::applier::{END_SHOWS, LOOKS};
use super::endings::{contradiction, describe, failed, goes_on, going_on, unshown};
use crate::cloud::clock::Moment;
use crate::cloud::fault::Fault;
use crate::cloud::operations::{self, Deadline, Ended, Patience, Shown, Watched};
use crate::cloud::{Clock, Reader};
use crate::error::{Error, Kind, Result, Stop};
use crate::interrupt::unless_stopped;
use crate::model::environment::Environment;
use crate::model::operation::{LONGEST_OPERATION, Operation};
use crate::model::receipt::{Event, News, Tick, Turn};
use crate::steps::end_state::EndState;
use crate::steps::lifecycle::ADD;
use crate::steps::link::LinkState;
use std::time::Duration;

/// Waits for an operation, and changes nothing.
pub struct Waiter<'a> {
    /// Reads the services.
    pub reader: Reader,
    /// The cloud's clock.
    pub clock: Clock,
    /// Stop waiting (not the operation) after this long, in the cloud's time.
    pub timeout: Option<Duration>,
    /// The bare command that continues the wait.
    pub resume: String,
    /// Receives progress.
    pub say: &'a mut dyn FnMut(Event),
}

/// An environment that is changing to its end state.
pub(super) struct Awaited<'a> {
    /// Environment id.
    pub(super) environment: &'a str,
    /// Display name.
    pub(super) name: &'a str,
    /// The state to reach.
    pub(super) end_state: &'a EndState,
    /// URL of the operation that leads to the end state, if the service named it.
    pub(super) url: Option<String>,
    /// The first pause that the service asked for.
    pub(super) pause: Option<Duration>,
}

/// The state of the environment at the end of the wait.
enum Settled {
    Done,
    /// Settled, but not in the desired state.
    NotDone(String),
    /// An operation still runs, and the time is over.
    Moving,
    Interrupted(Stop),
}

impl Waiter<'_> {
    /// Waits for the encryption that runs on an environment and proves its end. Any caller may have
    /// started it, and any linked policy counts.
    ///
    /// # Errors
    /// No operation runs and no policy is linked. `StillRunning` and `Interrupted` while the
    /// operation continues. `Unverified` if it ended and the environment does not show it.
    pub async fn follow(&mut self, environment: &Environment) -> Result<()> {
        let (id, name) = (&environment.id, &environment.display_name);
        let what = format!(
            "cmkctl can't read the operations of `{name}`, so it can't tell whether one is \
                running."
        );
        let operations = self
            .reader
            .operations(id)
            .await
            .map_err(|fault| fault.into_error(what))?;
        let removal = operations
            .iter()
            .any(|operation| !operation.has_ended() && EndState::NoPolicy.is_started_by(operation))
            || EndState::NoPolicy
                .is_started_by_kind(environment.ongoing.as_deref().unwrap_or_default());
        let end_state = if removal {
            EndState::NoPolicy
        } else {
            EndState::Linked
        };
        let url = running(&operations, &end_state)
            .map(|operation| self.reader.operation_url(&operation.id));
        if url.is_none() && environment.key_link.is_absent() && environment.ongoing.is_none() {
            let what = format!("No encryption runs on `{name}`, and no policy is linked.");
            let error = Error::new(Kind::Unverified, what)
                .hint("Run `cmkctl add-environment`, even if you ran it before.");
            let last = operations.iter().find(|operation| operation.kind == ADD);
            return Err(last.map_or(error.clone(), |operation| failed(error, operation)));
        }
        let awaited = Awaited {
            environment: id,
            name,
            end_state: &end_state,
            url,
            pause: None,
        };
        self.finish(&awaited).await
    }

    /// Waits for the operation, or for the running one in the environment's history, and proves the
    /// end with another read.
    ///
    /// # Errors
    /// `StillRunning` and `Interrupted` while the operation continues. `Unverified` if it ended and
    /// the environment does not show it.
    pub(super) async fn finish(&mut self, awaited: &Awaited<'_>) -> Result<()> {
        let deadline = Deadline::new(&self.clock, self.timeout);
        let ended = self.ended(awaited, &deadline).await?;
        let settled = self.settled(awaited, ended.is_some(), &deadline).await;
        match settled.map_err(|error| {
            error.hint(format!("Check again, from any machine: `{}`.", self.resume))
        })? {
            Settled::Done => {
                if let Some(operation) = ended.as_ref().filter(|operation| !operation.succeeded()) {
                    self.note(&contradiction(operation, awaited.end_state));
                }
                Ok(())
            }
            Settled::Interrupted(stop) => Err(self.goes_on(awaited, Kind::Interrupted(stop))),
            Settled::Moving => Err(self.goes_on(awaited, Kind::StillRunning)),
            Settled::NotDone(state) => Err(unshown(
                awaited.name,
                awaited.end_state,
                ended.as_ref(),
                &state,
            )),
        }
    }

    /// The operation, once it has ended; `None` if it is not known or told no end.
    async fn ended(
        &mut self,
        awaited: &Awaited<'_>,
        deadline: &Deadline,
    ) -> Result<Option<Operation>> {
        let Awaited {
            environment,
            end_state,
            ..
        } = *awaited;
        let url = match &awaited.url {
            Some(url) => Some(url.clone()),
            None => self.find_operation(environment, end_state).await,
        };
        let Some(url) = url else { return Ok(None) };
        match self.wait(awaited, &url, deadline).await? {
            Ended::Operation(operation) => return Ok(Some(*operation)),
            Ended::Vanished => self.note(
                "The service no longer knows the operation. cmkctl now checks the \
                    environment.",
            ),
            Ended::Back => self.note(
                "The environment is online again, but the service still shows the operation as \
                    running.",
            ),
            // Before the wait gives up, the environment itself may show success.
            Ended::Deadline
                if deadline
                    .look(shown(&self.reader, environment, end_state))
                    .await
                    == Some(Shown::Done) => {}
            Ended::Deadline => return Err(self.goes_on(awaited, Kind::StillRunning)),
            Ended::Interrupted(stop) => {
                return Err(self.goes_on(awaited, Kind::Interrupted(stop)));
            }
        }
        Ok(None)
    }

    /// The error that the wait is over and the operation continues.
    fn goes_on(&self, awaited: &Awaited<'_>, kind: Kind) -> Error {
        let noun = awaited.end_state.subject(awaited.name);
        goes_on(&noun, kind, &self.resume)
    }

    fn note(&mut self, text: &str) {
        (self.say)(Event::Note(text.to_owned()));
    }

    async fn wait(
        &mut self,
        awaited: &Awaited<'_>,
        url: &str,
        deadline: &Deadline,
    ) -> Result<Ended> {
        let reader = self.reader.clone();
        let glance = async || shown(&reader, awaited.environment, awaited.end_state).await;
        let say = &mut *self.say;
        let mut last = None;
        let tell = &mut |tick: &Tick, answered: Option<&Operation>| {
            if answered.is_some() && last.as_ref() != Some(&tick.state) {
                last = Some(tick.state.clone());
                say(Event::News(News {
                    environment: awaited.name.to_owned(),
                    turn: Turn::Reached(tick.state.clone()),
                }));
            }
            say(Event::Waiting(tick.clone()));
        };
        let watched = Watched {
            url,
            first: awaited.pause,
            deadline,
        };
        let waited = operations::wait(&reader, &watched, glance, tell).await;
        waited.map_err(|error| error.hint(going_on(&self.resume)))
    }

    /// Re-reads until the environment shows the desired state, settles in another state, the time
    /// is over, or the user stops cmkctl.
    async fn settled(
        &mut self,
        awaited: &Awaited<'_>,
        ended: bool,
        deadline: &Deadline,
    ) -> Result<Settled> {
        let settled = unless_stopped(self.settles(awaited, ended, deadline)).await;
        settled.unwrap_or_else(|stop| Ok(Settled::Interrupted(stop)))
    }

    async fn settles(
        &mut self,
        awaited: &Awaited<'_>,
        ended: bool,
        deadline: &Deadline,
    ) -> Result<Settled> {
        let mut patience = Patience::new(Some(Duration::from_secs(5)));
        let settling = self.clock.moment();
        let (mut looks, mut refusals) = (0, 0);
        // Since when the environment has been settled, and how many reads showed that.
        let mut rest: Option<(Moment, u32)> = None;
        loop {
            let look = self.reader.environment_once(awaited.environment);
            // After the end of the operation, the proof needs a complete read.
            let look = if ended {
                Some(look.await)
            } else {
                deadline.look(look).await
            };
            let Some((look, asked)) = look else {
                return Ok(Settled::Moving);
            };
            looks += 1;
            let state = match look {
                Ok(look) => {
                    if let Some(settled) = last_word(&awaited.end_state.standing(&look)) {
                        return Ok(settled);
                    }
                    refusals = 0;
                    let resting = look.is_up().proven() && look.ongoing.is_none();
                    rest = resting.then(|| {
                        rest.map_or((self.clock.moment(), 1), |(since, seen)| (since, seen + 1))
                    });
                    describe(&look)
                }
                Err(fault) => {
                    refusals += u32::from(!lasts(&fault));
                    if refusals >= operations::REFUSALS {
                        return Err(fault.into_error("cmkctl can't read the environment."));
                    }
                    fault.clause()
                }
            };
            let rested = rest.is_some_and(|(since, seen)| {
                seen >= LOOKS && self.clock.since(&since) >= END_SHOWS
            });
            if rested || (ended && looks >= LOOKS && self.clock.since(&settling) >= END_SHOWS) {
                return Ok(Settled::NotDone(state));
            }
            if !ended && deadline.is_over() {
                return Ok(Settled::Moving);
            }
            let pause = patience.next(asked);
            let pause = deadline
                .left()
                .filter(|_| !ended)
                .map_or(pause, |left| pause.min(left));
            self.pause(pause, state, deadline).await;
        }
    }

    /// Reports the last read, and waits before the next.
    async fn pause(&mut self, pause: Duration, state: String, deadline: &Deadline) {
        let tick = Tick {
            elapsed: deadline.elapsed(),
            within: Some(LONGEST_OPERATION.unsigned_abs()),
            state,
            next: self.clock.real(pause),
        };
        (self.say)(Event::Waiting(tick));
        self.clock.sleep(pause).await;
    }

    /// The URL of the running operation in the environment's history, if the service named none.
    async fn find_operation(&self, environment: &str, end_state: &EndState) -> Option<String> {
        match self.reader.operations(environment).await {
            Ok(operations) => running(&operations, end_state)
                .map(|operation| self.reader.operation_url(&operation.id)),
            Err(fault) => {
                tracing::info!("{}. cmkctl now checks the environment.", fault.clause());
                None
            }
        }
    }
}

/// The operation that leads to the end_state and has not ended.
fn running<'a>(operations: &'a [Operation], end_state: &EndState) -> Option<&'a Operation> {
    operations
        .iter()
        .find(|operation| !operation.has_ended() && end_state.is_started_by(operation))
}

/// Does this fault of a read say nothing about the environment? Then wait and read again.
fn lasts(fault: &Fault) -> bool {
    operations::endures(fault) || fault.status() == Some(404)
}

/// A standing that ends the wait at once, whatever else runs.
fn last_word(standing: &LinkState) -> Option<Settled> {
    match standing {
        LinkState::Done => Some(Settled::Done),
        // The link failed, and the environment is up again.
        LinkState::Failed => Some(Settled::NotDone("the link status is `Failed`".to_owned())),
        LinkState::None
        | LinkState::Under
        | LinkState::Locked
        | LinkState::Other(_)
        | LinkState::Unknown(_) => None,
    }
}

async fn shown(reader: &Reader, environment: &str, end_state: &EndState) -> Shown {
    let (look, _) = reader.environment_once(environment).await;
    match look.map(|look| end_state.standing(&look)) {
        Ok(LinkState::Done) => Shown::Done,
        Ok(LinkState::Failed) => Shown::Failed,
        Ok(
            LinkState::None
            | LinkState::Under
            | LinkState::Locked
            | LinkState::Other(_)
            | LinkState::Unknown(_),
        )
        | Err(_) => Shown::NotYet,
    }
}
