//! What every action needs to run, and the limits of all waits.

use crate::cloud::clock::Moment;
use crate::cloud::operations::{self, Deadline, Ended, Shown, Watched};
use crate::cloud::{Clock, Reader, Writer};
use crate::error::{Error, Kind, Result};
use crate::interrupt::unless_stopped;
use crate::model::operation::Operation;
use crate::model::plan::Action;
use crate::model::receipt::{Event, Tick};
use futures::future::LocalBoxFuture;
use std::time::Duration;

/// How long to wait.
#[derive(Debug, Clone, Copy, Default)]
pub struct Waiting {
    /// Do not wait for the encryption to end.
    pub no_wait: bool,
    /// Stop waiting (not the operation) after this long, in the cloud's time.
    pub timeout: Option<Duration>,
}

/// Gathers the evidence of an action again directly before its request, and compares it with the
/// evidence of the plan. An error says why cmkctl must not send the action any more.
pub type Recheck<'a> = &'a dyn Fn(&Action) -> LocalBoxFuture<'a, Result<()>>;

/// Everything an action needs.
pub struct Applier<'a> {
    /// Sends changes.
    pub writer: Writer,
    /// Reads the services.
    pub reader: Reader,
    /// The cloud's clock.
    pub clock: Clock,
    /// How long to wait.
    pub waiting: Waiting,
    /// The command that continues the wait for an environment, complete enough to paste.
    pub resume: String,
    /// Is an encryption running? The service continues it, whatever happens to this process.
    pub started: bool,
    /// Checks that the consent still fits the current state.
    pub recheck: Recheck<'a>,
    /// The action that runs now.
    pub running: Option<Action>,
    /// Receives progress.
    pub say: &'a mut dyn FnMut(Event),
}

/// The minimum number of reads before a time limit counts.
pub(super) const LOOKS: u32 = 6;

/// cmkctl reads this long for the end of an operation to show, before it reports that the end is
/// not verified. A snapshot stays in doubt for longer: see `READS_LAG` of `steps::lifecycle`.
pub(super) const END_SHOWS: Duration = Duration::from_secs(1800);

/// The maximum number of requests for one change, if no answer says whether the change took effect.
/// cmkctl reads after each request, and sends the next one only if the change is not visible.
pub(super) const SENT_AT_MOST: u32 = 3;

/// The longest time from the creation of an identity until Entra knows it.
pub(super) const IDENTITY_APPEARS: Duration = Duration::from_secs(900);

/// After a lost answer, cmkctl watches the environment this long. If nothing shows, it concludes
/// that nothing was started.
pub(super) const START_SHOWS: Duration = Duration::from_secs(120);

/// More refused reads (403) than this end the wait for a change that was sent.
pub(super) const REFUSED_LOOKS: u32 = 3;

/// A time limit that counts only after [`LOOKS`] reads. Without that, a machine's sleep or the
/// sandbox's fast clock could use up the time without any read.
pub(super) struct Limit {
    pub(super) began: Moment,
    time: Duration,
    looks: u32,
}

/// The result of one action.
pub(super) struct Outcome {
    pub(super) what: String,
    pub(super) subject: String,
    pub(super) correlation: Option<String>,
}

/// The error for an action whose content does not fit its kind.
pub(super) fn not_what_it_says() -> Error {
    Error::new(
        Kind::Unexpected,
        "An action of the plan does not match its description. Make a new plan.",
    )
}

impl Applier<'_> {
    /// Gathers the evidence of the running action again, if it needs any.
    pub(super) async fn still_right(&self) -> Result<()> {
        match &self.running {
            Some(action) if action.evidence().is_some() => (self.recheck)(action).await,
            _ => Ok(()),
        }
    }

    pub(super) async fn wait_for(
        &mut self,
        what: &str,
        began: Moment,
        pause: Duration,
    ) -> Result<()> {
        let tick = Tick {
            elapsed: self.clock.since(&began),
            within: None,
            state: format!("waiting for {what}"),
            next: self.clock.real(pause),
        };
        (self.say)(Event::Waiting(tick));
        unless_stopped(self.clock.sleep(pause))
            .await
            .map_err(|stop| {
                Error::stopped(stop)
                    .hint("Run the same command again. It continues where it stopped.")
            })
    }

    pub(super) fn limit(&self, time: Duration) -> Limit {
        Limit {
            began: self.clock.moment(),
            time,
            looks: 0,
        }
    }

    /// Counts this read. Has the limit passed?
    pub(super) fn over(&self, limit: &mut Limit) -> bool {
        limit.looks += 1;
        limit.looks >= LOOKS && self.clock.since(&limit.began) >= limit.time
    }

    pub(super) async fn wait(&mut self, url: &str, pause: Option<Duration>) -> Result<Ended> {
        let say = &mut *self.say;
        let tell = &mut |tick: &Tick, _: Option<&Operation>| say(Event::Waiting(tick.clone()));
        let deadline = Deadline::new(&self.clock, self.waiting.timeout);
        let watched = Watched {
            url,
            first: pause,
            deadline: &deadline,
        };
        operations::wait(&self.reader, &watched, async || Shown::NotYet, tell).await
    }
}
