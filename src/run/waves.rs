//! Runs the environments ring by ring, at most `at-most` at a time, inside change windows. Each has
//! its own applier, and nothing new starts after the first failure.

use super::Context;
use super::consent::{came_up, still_granted};
use super::rechecking::{same_evidence, unsent};
use crate::apply::{Applier, Waiting};
use crate::audit::Trail;
use crate::cloud::Service;
use crate::cloud::clock::Moment;
use crate::error::{Error, Kind, Result};
use crate::interrupt::unless_stopped;
use crate::model::fleet::{Fleet, Member};
use crate::model::plan::{Action, Consent, Plan};
use crate::model::receipt::{Event, News, Receipt, Tick, Turn};
use crate::model::wanted::{Wanted, Waves};
use crate::observe::observe_member;
use crate::steps::wanted::plan;
use crate::steps::windows::opens_by;
use futures::future::LocalBoxFuture;
use futures::stream::{self, StreamExt};
use jiff::{SignedDuration, Timestamp};
use std::cell::{Cell, RefCell};
use std::time::Duration;

/// How far an environment got.
#[derive(Debug, Clone)]
pub(super) enum Progress {
    /// Nothing was started.
    Not,
    /// It was started, and its end is not known.
    Begun,
    /// It runs, and cmkctl does not wait for it.
    Runs,
    /// Done and verified.
    Done,
    /// It failed.
    Failed(Error),
}

/// The interval for reading the clock while cmkctl waits for a window, because the machine may have
/// slept.
const LOOK: Duration = Duration::from_secs(300);

/// A run over the environments of a file. It stores each result, so that the results are known
/// however the run ends.
pub(super) struct Run<'a> {
    pub(super) context: &'a Context,
    pub(super) wanted: &'a Wanted,
    pub(super) fleet: &'a Fleet,
    pub(super) waves: &'a Waves,
    pub(super) consent: Consent,
    pub(super) trail: Trail,
    pub(super) waiting: Waiting,
    /// When the command began. Its timeout covers all environments.
    pub(super) began: Moment,
    /// When the grants become effective everywhere.
    pub(super) effective: Option<Timestamp>,
    /// The command that continues.
    pub(super) resume: String,
    pub(super) progress: RefCell<Vec<Progress>>,
    pub(super) receipt: RefCell<Receipt>,
    /// The first failure.
    pub(super) stopped: RefCell<Option<Error>>,
    /// When the next window opens, if an environment waits for it.
    pub(super) opens: Cell<Option<Timestamp>>,
}

impl Run<'_> {
    /// Runs every ring in order. With `--no-wait`, runs one wave of the first ring that has
    /// something to do.
    pub(super) async fn drive(&self, say: &RefCell<&mut dyn FnMut(Event)>) {
        let members = self
            .fleet
            .members
            .iter()
            .enumerate()
            .filter(|(_, member)| !member.actions.is_empty());
        let mut all: Vec<(usize, &Member)> = members.collect();
        let at_most = self.waves.at_most as usize;
        while let Some(ring) = all.first().map(|(_, member)| member.ring) {
            let mut now: Vec<(usize, &Member)> = Vec::new();
            (now, all) =
                all.into_iter()
                    .fold((now, Vec::new()), |(mut now, mut later), numbered| {
                        if numbered.1.ring == ring {
                            now.push(numbered)
                        } else {
                            later.push(numbered)
                        }
                        (now, later)
                    });
            if self.waiting.no_wait {
                // Running environments come first and count toward the wave.
                now.truncate(
                    at_most.max(now.iter().filter(|(_, member)| !member.starts()).count()),
                );
                all.clear();
            }
            let each = now
                .into_iter()
                .map(|(index, member)| self.run_member(index, member, say));
            stream::iter(each)
                .buffer_unordered(at_most)
                .collect::<()>()
                .await;
            if self.stopped.borrow().is_some() {
                return;
            }
        }
    }

    fn set(&self, index: usize, progress: Progress) {
        if let Some(slot) = self.progress.borrow_mut().get_mut(index) {
            *slot = progress;
        }
    }

    fn stop(&self, error: Error) {
        self.stopped.borrow_mut().get_or_insert(error);
    }

    async fn run_member(
        &self,
        index: usize,
        member: &Member,
        say: &RefCell<&mut dyn FnMut(Event)>,
    ) {
        if member.starts()
            && let Err(error) = self.window(say).await
        {
            return self.stop(error);
        }
        if self.stopped.borrow().is_some() {
            return;
        }
        self.set(index, Progress::Begun);
        let name = &member.name;
        let mut tell = |event: Event| (say.borrow_mut())(of(name, event));
        let recheck = |action: &Action| -> LocalBoxFuture<'_, Result<()>> {
            let action = action.clone();
            Box::pin(async move { self.still_right(member, &action).await })
        };
        let mut applier = Applier {
            writer: self
                .context
                .session
                .writer(self.consent, self.trail.clone()),
            reader: self.context.reader(),
            clock: self.context.clock().clone(),
            waiting: Waiting {
                no_wait: self.waiting.no_wait,
                timeout: self.left(),
            },
            resume: self.resume.clone(),
            started: false,
            running: None,
            recheck: &recheck,
            say: &mut tell,
        };
        let plan = Plan {
            actions: member.actions.clone(),
            effective_from: self.effective,
            ..Plan::default()
        };
        let applied = Box::pin(applier.apply(&plan)).await;
        let started = applier.started;
        self.note(index, applied, started);
        if let Some(turn) = self.turn(index) {
            let environment = name.clone();
            (say.borrow_mut())(Event::News(News { environment, turn }));
        }
    }

    /// The news of an environment that ended, while others continue.
    fn turn(&self, index: usize) -> Option<Turn> {
        match self.progress.borrow().get(index)? {
            Progress::Done => Some(Turn::Done),
            Progress::Failed(error) if error.kind == Kind::StillRunning => None,
            Progress::Failed(error) if error.kind.is_interruption() => None,
            Progress::Failed(error) if error.kind == Kind::Unverified => {
                Some(Turn::Unverified(error.to_string()))
            }
            Progress::Failed(error) => Some(Turn::Failed(error.to_string())),
            Progress::Not | Progress::Begun | Progress::Runs => None,
        }
    }

    /// Stores how far an environment got. After a failure nothing more starts.
    fn note(&self, index: usize, applied: Result<Receipt>, started: bool) {
        match applied {
            Ok(receipt) => {
                self.set(
                    index,
                    if receipt.running.is_some() {
                        Progress::Runs
                    } else {
                        Progress::Done
                    },
                );
                self.receipt.borrow_mut().done.extend(receipt.done);
            }
            Err(error) => {
                let goes_on = matches!(error.kind, Kind::StillRunning | Kind::Interrupted(_));
                self.set(
                    index,
                    if goes_on && started {
                        Progress::Runs
                    } else {
                        Progress::Failed(error.clone())
                    },
                );
                self.stop(error);
            }
        }
    }

    /// Checks directly before an environment goes offline that nothing blocks and that a window is
    /// open. The last read before the start detects what was done meanwhile.
    async fn still_right(&self, member: &Member, action: &Action) -> Result<()> {
        let Some(wanted) = self.wanted.only(&member.policy, &member.id) else {
            let message = format!(
                "cmkctl did not take `{}` offline, because the file does not list this \
                    environment.",
                member.name
            );
            return Err(Error::new(Kind::Unexpected, message));
        };
        let sight = Box::pin(observe_member(
            &self.context.reader(),
            self.context.clock(),
            &wanted,
        ))
        .await?;
        let fleet = plan(&wanted, &sight);
        if fleet.has_unseen() {
            let message = format!(
                "cmkctl did not take `{}` offline, because you can no longer see this \
                    environment.",
                member.name
            );
            return Err(Error::new(Kind::Forbidden, message));
        }
        came_up(&unsent(action), &fleet.plan)?;
        still_granted(&unsent(action), &fleet.plan)?;
        same_evidence(action, &fleet.plan.actions)?;
        // Check the window last, because the reads above took time.
        let moment = self.context.clock().moment();
        let Some(wait) = opens_by(&moment.readings(), &self.waves.windows) else {
            return Ok(());
        };
        let at = moment.now.checked_add(wait).unwrap_or(moment.now);
        self.opens.set(Some(at));
        let when = at.strftime("%a %Y-%m-%d %H:%M");
        let name = &member.name;
        let message = format!(
            "cmkctl did not take `{name}` offline, because the change window is closed. The next \
                window opens on {when} UTC."
        );
        Err(Error::new(Kind::StillRunning, message))
    }

    /// The rest of the command's timeout.
    fn left(&self) -> Option<Duration> {
        let gone = self.context.clock().since(&self.began);
        self.waiting
            .timeout
            .map(|timeout| timeout.saturating_sub(gone))
    }

    /// Waits until an environment may start: the grant is effective, and a window is open by every
    /// clock. The grant comes first, so that its five minutes do not outlast the window.
    async fn window(&self, say: &RefCell<&mut dyn FnMut(Event)>) -> Result<()> {
        let clock = self.context.clock();
        let mut told = false;
        loop {
            if self.stopped.borrow().is_some() {
                return Ok(());
            }
            let moment = clock.moment();
            // If the window closes before the grant is effective, wait for the next window.
            let settles = self.effective.map_or(SignedDuration::ZERO, |effective| {
                effective.duration_since(moment.now)
            });
            let settles = settles.max(SignedDuration::ZERO);
            let from = moment
                .readings()
                .map(|now| now.checked_add(settles).unwrap_or(now));
            let Some(wait) = opens_by(&from, &self.waves.windows) else {
                // After a wait of days, only this machine's clock would decide, so ask the service
                // for its time once.
                if told || self.waves.windows.is_empty() || clock.is_told(LOOK) {
                    return Ok(());
                }
                told = true;
                self.hear().await;
                continue;
            };
            told = false;
            let wait = settles + wait;
            let at = moment.now.checked_add(wait).unwrap_or(moment.now);
            let wait = Duration::try_from(wait).unwrap_or_default();
            let when = at.strftime("%a %Y-%m-%d %H:%M").to_string();
            let first = self.opens.replace(Some(at)) != Some(at);
            let outlasts = self.left().is_some_and(|left| wait > left);
            if self.waiting.no_wait || outlasts {
                let message = format!(
                    "The next change window opens on {when} UTC. cmkctl starts nothing before that \
                    time."
                );
                return Err(Error::new(Kind::StillRunning, message));
            }
            if first {
                (say.borrow_mut())(Event::Note(format!(
                    "Waiting for the change window that opens on {when} UTC. cmkctl starts nothing \
                        before that time (Ctrl-C stops waiting)"
                )));
            }
            unless_stopped(clock.sleep(wait.min(LOOK)))
                .await
                .map_err(|stop| {
                    Error::new(
                        Kind::Interrupted(stop),
                        "Interrupted while cmkctl was waiting for the change window.",
                    )
                })?;
        }
    }

    /// Reads the time of the service that starts the operation. If it does not answer, the start
    /// would fail, too.
    async fn hear(&self) {
        let url = format!("{}/", self.context.session.cloud().base(Service::Bap));
        if let Err(broken) = self.context.reader().contact(&url).await {
            tracing::info!(
                "cmkctl can't read the time of the service: {}.",
                broken.text()
            );
        }
    }
}

/// Adds the environment's name to events without one, because many environments report at the same
/// time.
fn of(name: &str, event: Event) -> Event {
    match event {
        Event::Waiting(tick) => Event::Waiting(Tick {
            state: format!("`{name}`: {}", tick.state),
            ..tick
        }),
        Event::Note(text) => Event::Note(format!("`{name}`: {text}")),
        Event::Doing(text) if !text.contains(name) => Event::Doing(format!("`{name}`: {text}")),
        event @ (Event::Doing(_) | Event::Pause(_) | Event::Done(_) | Event::News(_)) => event,
    }
}
