//! What every action is run with, and how all of them wait.

use crate::cloud::clock::Moment;
use crate::cloud::operations::{self, Deadline, Ended, Shown, Watched};
use crate::cloud::{Clock, Reader, Writer};
use crate::error::{Error, Kind, Result};
use crate::interrupt::unless_stopped;
use crate::model::plan::Action;
use crate::model::receipt::{Event, Tick};
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

/// Gathers the evidence of an action once more, directly before its request, and compares. An error
/// says why it must not be sent any more.
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
    /// The action that is run, once one is.
    pub running: Option<Action>,
    /// Who hears what is going on.
    pub say: &'a mut dyn FnMut(Event),
}

/// So many looks at least, before a limit of time counts.
pub(super) const LOOKS: u32 = 6;

/// Reads lag behind an operation that ended.
pub(super) const READS_LAG: Duration = Duration::from_secs(1800);

/// So often is a change sent whose answers leave open whether it took; each time after looks that
/// showed nothing.
pub(super) const SENT_AT_MOST: u32 = 3;

/// A new identity is known in Entra seconds to minutes after its creation.
pub(super) const IDENTITY_APPEARS: Duration = Duration::from_secs(900);

/// After a lost answer the environment is watched this long before its silence counts as "nothing
/// was started".
pub(super) const START_SHOWS: Duration = Duration::from_secs(120);

/// So many refused looks do not end the wait for a change that was sent.
pub(super) const REFUSED_LOOKS: u32 = 3;

/// A limit of time that counts only after some looks: neither a machine that slept nor a rehearsal
/// whose hour is a moment lets it pass unseen.
pub(super) struct Limit {
    pub(super) began: Moment,
    time: Duration,
    looks: u32,
}

/// What an action leaves behind.
pub(super) struct Outcome {
    pub(super) what: String,
    pub(super) subject: String,
    pub(super) correlation: Option<String>,
}

/// An action is not of the kind that its name says.
pub(super) fn not_what_it_says() -> Error {
    Error::new(
        Kind::Unexpected,
        "An action of the plan does not match its description. Make a new plan.",
    )
}

impl Applier<'_> {
    /// Gathers the evidence of the action that is run once more, if it needs any.
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
            words: format!("waiting for {what}"),
            next: self.clock.real(pause),
        };
        (self.say)(Event::Waiting(tick));
        unless_stopped(self.clock.sleep(pause))
            .await
            .map_err(|stop| {
                Error::stopped(stop).hint("Run the same command again. It continues from there.")
            })
    }

    pub(super) fn limit(&self, time: Duration) -> Limit {
        Limit {
            began: self.clock.moment(),
            time,
            looks: 0,
        }
    }

    /// Was this look the last one?
    pub(super) fn over(&self, limit: &mut Limit) -> bool {
        limit.looks += 1;
        limit.looks >= LOOKS && self.clock.since(&limit.began) >= limit.time
    }

    pub(super) async fn wait(&mut self, url: &str, pause: Option<Duration>) -> Result<Ended> {
        let say = &mut *self.say;
        let tell = &mut |tick: &Tick| say(Event::Waiting(tick.clone()));
        let deadline = Deadline::new(&self.clock, self.waiting.timeout);
        let watched = Watched {
            url,
            first: pause,
            deadline: &deadline,
        };
        operations::wait(&self.reader, &watched, async || Shown::NotYet, tell).await
    }
}
