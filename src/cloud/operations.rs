//! Waits for a lifecycle operation: a pure step function, and one loop that owns the clock, the
//! deadline and the signals.

use crate::cloud::clock::{Clock, Moment};
use crate::cloud::exchange::passes;
use crate::cloud::fault::{Fault, Happened, Reply, capital};
use crate::cloud::retry::LONGEST_PAUSE;
use crate::cloud::session::Reader;
use crate::error::{Error, Result, Stop};
use crate::interrupt::unless_stopped;
use crate::model::cause::Cause;
use crate::model::operation::{LONGEST_OPERATION, Operation};
use crate::model::receipt::Tick;
use std::time::Duration;

/// The shortest pause, even if the service asks for less.
const SHORTEST_PAUSE: Duration = Duration::from_secs(2);

/// Why waiting stopped.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// The operation reports its end. The environment must confirm it.
    Operation(Box<Operation>),
    /// The service no longer knows the operation. The environment's state decides.
    Vanished,
    /// The environment is in the desired state, although the operation has not reported its end.
    Back,
    /// The deadline passed. The operation continues.
    Deadline,
    /// A signal stopped the program. The operation continues.
    Interrupted(Stop),
}

/// What to do after one poll of the operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Poll again after this pause.
    Wait(Duration),
    /// Stop waiting.
    Stop(Ended),
    /// The service refuses the poll itself: stop with the fault.
    Refused,
}

/// After this many refusals in a row, the poll counts as refused. Fewer may come from a stale
/// replica or gateway.
pub const REFUSALS: u32 = 6;
/// After this many polls in a row without an answer, a warning is logged.
const UNANSWERED: u32 = 3;
/// The environment is read after every so many polls, because it may be ready before the operation
/// reports it.
const GLANCES: u32 = 6;
/// The minimum (real) time for a read that starts before the deadline.
const GLIMPSE: Duration = Duration::from_secs(3);

/// The state of a wait between two polls.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    pause: Duration,
    refusals: u32,
}

impl Patience {
    /// Starts with the pause that the service asked for, or 5 seconds.
    pub fn new(first: Option<Duration>) -> Self {
        let pause = first
            .unwrap_or(Duration::from_secs(5))
            .clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        Self { pause, refusals: 0 }
    }

    /// The pause before the next poll. It grows by half each time, up to 5 minutes. It is never
    /// shorter than the service asks.
    pub fn next(&mut self, asked: Option<Duration>) -> Duration {
        let pause = self
            .pause
            .max(asked.unwrap_or_default())
            .clamp(SHORTEST_PAUSE, LONGEST_PAUSE * 12);
        self.pause = self.pause.mul_f64(1.5).min(LONGEST_PAUSE);
        pause
    }
}

/// Decides after one poll. Transient errors never end a wait. A refusal ends it only after
/// [`REFUSALS`] in a row. An unknown state continues the wait.
pub fn step(look: &Reply<Operation>, asked: Option<Duration>, patience: &mut Patience) -> Step {
    match look {
        Ok(operation) if operation.has_ended() => {
            Step::Stop(Ended::Operation(Box::new(operation.clone())))
        }
        Err(fault) if fault.is_absence() => Step::Stop(Ended::Vanished),
        Err(fault) if fault.happened == Happened::Foreign => Step::Refused,
        Err(fault) if !endures(fault) => {
            patience.refusals += 1;
            if patience.refusals >= REFUSALS {
                Step::Refused
            } else {
                Step::Wait(patience.next(asked))
            }
        }
        Ok(_) | Err(_) => {
            patience.refusals = 0;
            Step::Wait(patience.next(asked))
        }
    }
}

/// Is the error transient, so that a wait of days survives it? A sign-in service that can't be
/// reached or has a fault counts too. Any other failed sign-in lasts: an account that is signed
/// out, a tool that is not installed, a refusal.
pub fn endures(fault: &Fault) -> bool {
    match &fault.happened {
        Happened::SignIn(error) => {
            matches!(error.cause, Some(Cause::Network | Cause::Service))
        }
        _ => passes(fault),
    }
}

/// The environment's own state while an operation runs on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The end is not visible, or the state is unreadable.
    NotYet,
    /// The environment is in the desired state.
    Done,
    /// The environment reports a failure.
    Failed,
}

/// The time limit of a wait. It has passed only if every clock says so.
#[derive(Debug)]
pub struct Deadline {
    clock: Clock,
    began: Moment,
    time: Option<Duration>,
}

impl Deadline {
    /// `time` in the cloud from now on; no limit with `None`.
    pub fn new(clock: &Clock, time: Option<Duration>) -> Self {
        Self {
            clock: clock.clone(),
            began: clock.moment(),
            time,
        }
    }

    /// The time since the start of the wait.
    pub fn elapsed(&self) -> Duration {
        self.clock.since(&self.began)
    }

    /// The remaining time; `None` without a limit.
    pub fn left(&self) -> Option<Duration> {
        self.time.map(|time| time.saturating_sub(self.elapsed()))
    }

    /// Has the deadline passed?
    pub fn is_over(&self) -> bool {
        self.left().is_some_and(|left| left.is_zero())
    }

    /// Runs `look` until the deadline. A read that starts just before it still gets `GLIMPSE`.
    pub async fn look<T>(&self, look: impl Future<Output = T>) -> Option<T> {
        match self.left() {
            None => Some(look.await),
            Some(left) => tokio::time::timeout(self.clock.real(left).max(GLIMPSE), look)
                .await
                .ok(),
        }
    }
}

/// The operation to wait for.
#[derive(Debug)]
pub struct Watched<'a> {
    /// The operation's address.
    pub url: &'a str,
    /// The first pause that the service asked for.
    pub first: Option<Duration>,
    /// The limit of the wait.
    pub deadline: &'a Deadline,
}

/// Waits until the operation ends, the environment shows the end, the deadline passes, or a signal
/// stops the program. `progress` gets each poll, with the operation if the service answered.
///
/// # Errors
/// The service keeps refusing the poll (403, or a refused sign-in), or the address is not on a host
/// of the cloud.
pub async fn wait(
    reader: &Reader,
    watched: &Watched<'_>,
    glance: impl AsyncFn() -> Shown,
    progress: &mut dyn FnMut(&Tick, Option<&Operation>),
) -> Result<Ended> {
    let ended = unless_stopped(watch(reader, watched, glance, progress)).await;
    ended.unwrap_or_else(|stop| Ok(Ended::Interrupted(stop)))
}

async fn watch(
    reader: &Reader,
    watched: &Watched<'_>,
    glance: impl AsyncFn() -> Shown,
    progress: &mut dyn FnMut(&Tick, Option<&Operation>),
) -> Result<Ended> {
    let Watched {
        url,
        first,
        deadline,
    } = *watched;
    let mut patience = Patience::new(first);
    let mut pause = patience.next(first);
    let mut oddities = Oddities::default();
    let (mut looks, mut failed) = (0, 0);
    while !deadline.is_over() {
        deadline
            .clock
            .sleep(deadline.left().map_or(pause, |left| pause.min(left)))
            .await;
        let Some((look, asked)) = deadline.look(reader.operation_once(url)).await else {
            break;
        };
        looks += 1;
        oddities.tell(&look);
        let step = step(&look, asked, &mut patience);
        // Also read the environment: after every `GLANCES` polls, after each answered poll once an
        // unknown state was seen, and before giving up.
        let running = matches!(&step, Step::Wait(_));
        let odd = oddities.unknown && look.is_ok();
        if step == Step::Refused || (running && (looks % GLANCES == 0 || odd)) {
            match deadline.look(glance()).await {
                Some(Shown::Done) => return Ok(Ended::Back),
                // A failed link of an earlier attempt may still be visible, so one failure is not
                // enough.
                Some(Shown::Failed) if look.is_err() && failed > 0 => return Ok(Ended::Back),
                Some(Shown::Failed) if look.is_err() => failed += 1,
                _ => failed = 0,
            }
        }
        match step {
            Step::Wait(next) => pause = next,
            Step::Stop(ended) => return Ok(ended),
            Step::Refused => return Err(refused(look)),
        }
        let tick = Tick {
            elapsed: deadline.elapsed(),
            within: Some(LONGEST_OPERATION.unsigned_abs()),
            state: progress_text(&look),
            next: deadline.clock.real(pause),
        };
        progress(&tick, look.as_ref().ok());
    }
    Ok(Ended::Deadline)
}

/// The warnings that a wait gives at most once.
#[derive(Debug, Default)]
struct Oddities {
    /// The operation had an unknown state.
    unknown: bool,
    /// Polls in a row without an answer.
    unanswered: u32,
}

impl Oddities {
    /// Warns about an unusual answer.
    fn tell(&mut self, look: &Reply<Operation>) {
        if let Ok(operation) = look
            && operation.state.means.unknown().is_some()
            && !self.unknown
        {
            self.unknown = true;
            tracing::warn!(
                "The operation is in the unknown state `{}`. cmkctl keeps waiting.",
                operation.state.shown()
            );
        }
        self.unanswered = if look.is_ok() { 0 } else { self.unanswered + 1 };
        if let Err(fault) = look
            && self.unanswered == UNANSWERED
            && endures(fault)
        {
            tracing::warn!(
                "{}. The operation continues at the service, but cmkctl can't see its state at the \
                    moment. cmkctl keeps waiting.",
                capital(&fault.clause())
            );
        }
    }
}

/// The error if the service keeps refusing the poll.
fn refused(look: Reply<Operation>) -> Error {
    let what = "The operation continues at the service, but cmkctl can't read its state.";
    match look {
        Err(fault) => fault.into_error(what),
        Ok(_) => Error::new(crate::error::Kind::Unexpected, what),
    }
}

/// The progress text of a poll.
fn progress_text(look: &Reply<Operation>) -> String {
    match look {
        Ok(operation) => match &operation.stage {
            Some(stage) => format!("{}, stage {stage}", operation.state.shown()),
            None => operation.state.shown().to_owned(),
        },
        Err(fault) => fault.clause(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::answer::{Answer, Broken};
    use crate::cloud::clouds::Service;

    fn status(status: u16) -> Reply<Operation> {
        let answer = Answer {
            status,
            headers: reqwest::header::HeaderMap::new(),
            body: bytes::Bytes::new(),
        };
        Err(Fault::answered(Service::Bap, &answer))
    }

    fn state(state: &str) -> Reply<Operation> {
        Ok(Operation {
            state: state.into(),
            ..Operation::default()
        })
    }

    #[test]
    fn only_an_end_ends_a_wait() {
        let decide = |look: &Reply<Operation>| step(look, None, &mut Patience::new(None));
        for passing in [408, 425, 429, 499, 500, 502, 503, 504] {
            assert!(
                matches!(decide(&status(passing)), Step::Wait(_)),
                "{passing}"
            );
        }
        assert!(matches!(
            decide(&Err(Fault::broken(Service::Bap, &Broken::Lost("x".into())))),
            Step::Wait(_)
        ));
        for running in ["NotStarted", "Running", "Wibble", ""] {
            assert!(
                matches!(decide(&state(running)), Step::Wait(_)),
                "{running}"
            );
        }
        for end in ["Succeeded", "Failed", "canceled", "Completed"] {
            assert!(
                matches!(decide(&state(end)), Step::Stop(Ended::Operation(_))),
                "{end}"
            );
        }
        assert_eq!(decide(&status(404)), Step::Stop(Ended::Vanished));
        let foreign = Fault::broken(Service::Bap, &Broken::Foreign("x".into()));
        assert_eq!(decide(&Err(foreign)), Step::Refused);
    }

    #[test]
    fn a_refusal_ends_a_wait_only_when_it_stays() {
        let refused = Fault::sign_in(
            Service::Bap,
            Error::new(crate::error::Kind::SignIn, "no").code("AADSTS7000222"),
        );
        let failed = |cause: Option<Cause>| {
            let mut error = Error::new(crate::error::Kind::SignIn, "no");
            error.cause = cause;
            Err(Fault::sign_in(Service::Bap, error))
        };
        for (fault, ends) in [
            (status(403), true),
            (status(401), true),
            (Err(refused), true),
            // No account is signed in, or the tool is gone.
            (failed(Some(Cause::SignIn)), true),
            (failed(None), true),
            (failed(Some(Cause::Network)), false),
            (failed(Some(Cause::Service)), false),
        ] {
            let mut patience = Patience::new(None);
            for _ in 1..REFUSALS {
                assert!(
                    matches!(step(&fault, None, &mut patience), Step::Wait(_)),
                    "{fault:?}"
                );
            }
            let mut forgiven = patience;
            assert_eq!(
                step(&fault, None, &mut patience) == Step::Refused,
                ends,
                "{fault:?}"
            );
            // After an answer, the count starts again.
            step(&state("Running"), None, &mut forgiven);
            assert!(
                matches!(step(&fault, None, &mut forgiven), Step::Wait(_)),
                "{fault:?}"
            );
        }
    }

    #[test]
    fn four_days_take_little_more_than_a_thousand_looks() {
        let mut patience = Patience::new(Some(Duration::from_secs(5)));
        let (mut passed, mut looks) = (Duration::ZERO, 0);
        while passed < Duration::from_secs(4 * 24 * 3600) {
            passed += patience.next(Some(Duration::from_secs(5)));
            looks += 1;
        }
        assert!((1100..1200).contains(&looks), "{looks}");
        assert_eq!(
            patience.next(Some(Duration::from_secs(900))),
            Duration::from_secs(900)
        );
    }
}
