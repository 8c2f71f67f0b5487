//! Waiting for an encryption by the service alone, and proving its end. Reads only: whoever waits
//! need not be who started it.
//!
//! What the operation says and what the environment shows are two things, and only the second one
//! counts:
//!
//! | operation | environment | verdict |
//! |---|---|---|
//! | `Succeeded` | linked and up | encrypted |
//! | `Succeeded` | no link | not verified |
//! | `Failed`, with or without a reason | link failed | not verified: the same add again |
//! | `Failed` | linked and up | encrypted, with a warning |
//! | unknown to the service | linked and up | encrypted |
//! | unknown to the service | at rest, no link | not verified |
//! | still running, or in a state that nobody knows | linked and up | encrypted |

use super::applier::{LOOKS, READS_LAG};
use crate::cloud::clock::Moment;
use crate::cloud::fault::Fault;
use crate::cloud::operations::{self, Deadline, Ended, Patience, Shown};
use crate::cloud::{Clock, Reader};
use crate::error::{Error, Kind, Result, Stop};
use crate::interrupt::unless_stopped;
use crate::model::environment::Environment;
use crate::model::operation::Operation;
use crate::model::receipt::{Event, Tick};
use crate::model::seen::Seen;
use crate::steps::goal::Goal;
use crate::steps::lifecycle::ADD;
use crate::steps::link::Standing;
use std::time::Duration;

/// Waits, and changes nothing.
pub struct Waiter<'a> {
    /// Reads.
    pub reader: Reader,
    /// The cloud's clock.
    pub clock: Clock,
    /// Give up waiting (not the operation) after this long, in the cloud's time.
    pub timeout: Option<Duration>,
    /// The command that goes on waiting.
    pub resume: String,
    /// Who hears what is going on.
    pub say: &'a mut dyn FnMut(Event),
}

/// How the environment looked in the end.
enum Settled {
    Done,
    /// It is at rest, and not as wanted.
    NotDone(String),
    /// Something still moves, and the time is over.
    Moving,
    Interrupted(Stop),
}

impl Waiter<'_> {
    /// Waits for the encryption that runs on an environment, whoever started it, and proves its
    /// end. The linked policy is the one that counts.
    ///
    /// # Errors
    /// Nothing runs and nothing is linked; otherwise as [`Waiter::finish`].
    pub async fn follow(&mut self, environment: &Environment) -> Result<()> {
        let (id, name) = (&environment.id, &environment.display_name);
        let what =
            format!("The operations of `{name}` can't be read, so whether one runs is not known.");
        let operations = self
            .reader
            .operations(id)
            .await
            .map_err(|fault| fault.into_error(what))?;
        let removal = operations
            .iter()
            .any(|operation| !operation.has_ended() && Goal::NoPolicy.leads(operation))
            || Goal::NoPolicy.begins(environment.ongoing.as_deref().unwrap_or_default());
        let goal = if removal {
            Goal::NoPolicy
        } else {
            Goal::Linked
        };
        let url =
            running(&operations, &goal).map(|operation| self.reader.operation_url(&operation.id));
        if url.is_none() && environment.key_link.is_absent() && environment.ongoing.is_none() {
            let what = format!("No encryption runs on `{name}`, and no policy is linked.");
            let error = Error::new(Kind::Unverified, what)
                .hint("Run the add, or run it again if it was run already.");
            let last = operations.iter().find(|operation| operation.kind == ADD);
            return Err(last.map_or(error.clone(), |operation| failed(error, operation)));
        }
        self.finish(id, name, &goal, url, None).await
    }

    /// Waits for the operation at `url`, or for the one that the environment's history shows, and
    /// proves the end by re-reading.
    ///
    /// # Errors
    /// `StillRunning` and `Interrupted` while it goes on, `Unverified` when it ended and the
    /// environment does not show it.
    pub async fn finish(
        &mut self,
        environment: &str,
        name: &str,
        goal: &Goal,
        url: Option<String>,
        pause: Option<Duration>,
    ) -> Result<()> {
        let deadline = Deadline::new(&self.clock, self.timeout);
        let resume = self.resume.clone();
        let goes_on = |kind| {
            Error::new(
                kind,
                format!(
                    "{} goes on at the service; nothing is lost.",
                    goal.noun(name)
                ),
            )
            .hint(going_on(&resume))
        };
        let url = match url {
            Some(url) => Some(url),
            None => self.find_operation(environment, goal).await,
        };
        let mut ended = None;
        if let Some(url) = url {
            match self.wait(environment, goal, &url, pause, &deadline).await? {
                Ended::Operation(operation) => ended = Some(operation),
                Ended::Vanished => {
                    self.note("The service no longer knows the operation; the environment decides.")
                }
                Ended::Back => self
                    .note("The environment is back before the operation says that it has ended."),
                // The last word before giving up is the environment's.
                Ended::Deadline
                    if deadline.look(shown(&self.reader, environment, goal)).await
                        == Some(Shown::Done) => {}
                Ended::Deadline => return Err(goes_on(Kind::StillRunning)),
                Ended::Interrupted(stop) => return Err(goes_on(Kind::Interrupted(stop))),
            }
        }
        let unsuccessful = ended.as_ref().filter(|operation| {
            !operation.state.eq_ignore_ascii_case("Succeeded")
                && !operation.state.eq_ignore_ascii_case("Completed")
        });
        let settled = self
            .settled(environment, goal, ended.is_some(), &deadline)
            .await;
        match settled
            .map_err(|error| error.hint(format!("Look again, from any machine: {resume}.")))?
        {
            Settled::Done => {
                if let Some(operation) = unsuccessful {
                    self.note(&format!(
                        "The operation ended as `{}`, but the environment shows {}: some service \
                        may lag behind; look again tomorrow.",
                        operation.state,
                        match goal {
                            Goal::NoPolicy => "no policy any more",
                            Goal::Policy(_) | Goal::Linked => "the policy as linked",
                        }
                    ));
                }
                Ok(())
            }
            Settled::Interrupted(stop) => Err(goes_on(Kind::Interrupted(stop))),
            Settled::Moving => Err(goes_on(Kind::StillRunning)),
            Settled::NotDone(state) => {
                let shown = goal.shown();
                let what = match &ended {
                    Some(_) => {
                        format!(
                            "The operation ended, but a re-read of `{name}` does not show \
                            {shown}: {state}."
                        )
                    }
                    None => format!(
                        "Nothing runs on `{name}` any more, and a re-read does not show {shown}: \
                        {state}."
                    ),
                };
                let error = Error::new(Kind::Unverified, what);
                let error = match goal {
                    Goal::NoPolicy => error.hint(
                        "Run the same command again; keep key, vault and the policy's \
                            access meanwhile.",
                    ),
                    Goal::Policy(_) | Goal::Linked => error
                        .hint(
                            "Run the same add again; do not remove the environment from the \
                            policy.",
                        )
                        .hint("Its data stays readable: on the Microsoft key, or on both."),
                };
                Err(ended
                    .as_ref()
                    .map_or(error.clone(), |operation| failed(error, operation)))
            }
        }
    }

    fn note(&mut self, words: &str) {
        (self.say)(Event::Note(words.to_owned()));
    }

    async fn wait(
        &mut self,
        environment: &str,
        goal: &Goal,
        url: &str,
        pause: Option<Duration>,
        deadline: &Deadline,
    ) -> Result<Ended> {
        let reader = self.reader.clone();
        let glance = async || shown(&reader, environment, goal).await;
        let say = &mut *self.say;
        let tell = &mut |tick: &Tick| say(Event::Waiting(tick.clone()));
        let waited = operations::wait(&reader, url, pause, deadline, glance, tell).await;
        waited.map_err(|error| {
            error.hint(format!(
                "Go on waiting: {} (it starts nothing a second time).",
                self.resume
            ))
        })
    }

    /// Re-reads until the environment shows the policy and is up, has shown for long enough that it
    /// will not, the time is over, or the program is stopped.
    async fn settled(
        &mut self,
        environment: &str,
        goal: &Goal,
        ended: bool,
        deadline: &Deadline,
    ) -> Result<Settled> {
        let settled = unless_stopped(self.settles(environment, goal, ended, deadline)).await;
        settled.unwrap_or_else(|stop| Ok(Settled::Interrupted(stop)))
    }

    async fn settles(
        &mut self,
        environment: &str,
        goal: &Goal,
        ended: bool,
        deadline: &Deadline,
    ) -> Result<Settled> {
        let mut patience = Patience::new(Some(Duration::from_secs(5)));
        let settling = self.clock.moment();
        let (mut looks, mut refusals) = (0, 0);
        // Since when it has been at rest, and how often it was seen so.
        let mut rest: Option<(Moment, u32)> = None;
        loop {
            let look = self.reader.environment_once(environment);
            // What has ended needs its proof.
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
                    match goal.standing(&look) {
                        Standing::Done => return Ok(Settled::Done),
                        // Everything is up again: this is the last word.
                        Standing::Failed => {
                            return Ok(Settled::NotDone("the link says `Failed`".to_owned()));
                        }
                        _ => {}
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
                        return Err(fault.into_error("The environment can't be re-read."));
                    }
                    fault.clause()
                }
            };
            let rested = rest.is_some_and(|(since, seen)| {
                seen >= LOOKS && self.clock.since(&since) >= READS_LAG
            });
            if rested || (ended && looks >= LOOKS && self.clock.since(&settling) >= READS_LAG) {
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
            let tick = Tick {
                elapsed: deadline.elapsed(),
                words: state,
                next: pause,
            };
            (self.say)(Event::Waiting(tick));
            self.clock.sleep(pause).await;
        }
    }

    /// The operation that runs on the environment, by its history: for when the service named none.
    async fn find_operation(&self, environment: &str, goal: &Goal) -> Option<String> {
        match self.reader.operations(environment).await {
            Ok(operations) => {
                running(&operations, goal).map(|operation| self.reader.operation_url(&operation.id))
            }
            Err(fault) => {
                tracing::info!("{}; the environment alone decides.", fault.clause());
                None
            }
        }
    }
}

/// How to go on with what runs at the service; `resume` is the command that does, as it is shown.
pub fn going_on(resume: &str) -> String {
    format!("Go on waiting, from any machine: {resume} (it starts nothing a second time).")
}

/// The operation that leads to the goal and has not ended.
fn running<'a>(operations: &'a [Operation], goal: &Goal) -> Option<&'a Operation> {
    operations
        .iter()
        .find(|operation| !operation.has_ended() && goal.leads(operation))
}

/// Trouble of a read that says nothing about the environment: it is waited out.
fn lasts(fault: &Fault) -> bool {
    operations::endures(fault) || fault.status() == Some(404)
}

async fn shown(reader: &Reader, environment: &str, goal: &Goal) -> Shown {
    let (look, _) = reader.environment_once(environment).await;
    match look.map(|look| goal.standing(&look)) {
        Ok(Standing::Done) => Shown::Done,
        Ok(Standing::Failed) => Shown::Failed,
        _ => Shown::NotYet,
    }
}

fn describe(look: &Environment) -> String {
    let link = match &look.key_link {
        Seen::Present(link) => link
            .status
            .clone()
            .unwrap_or_else(|| "no status".to_owned()),
        _ => "no policy".to_owned(),
    };
    let state = look.state().unwrap_or("unknown").to_owned();
    format!(
        "link `{link}`, management `{state}`, runtime `{}`",
        look.runtime_state.as_deref().unwrap_or("unknown")
    )
}

/// What the operation said about its end.
pub(super) fn failed(error: Error, operation: &Operation) -> Error {
    let said = match &operation.error {
        Some(said) => format!(": {said}"),
        None if operation.state.eq_ignore_ascii_case("Succeeded") => String::new(),
        None if operation.all_stages_succeeded => {
            ": no reason was given, and every stage succeeded".to_owned()
        }
        None => ": no reason was given".to_owned(),
    };
    error.detail(format!(
        "The operation {} ended as `{}`{said}.",
        operation.id, operation.state
    ))
}
