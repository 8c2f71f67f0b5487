//! Follows a change that Azure Resource Manager accepted, by polling its operation to the end. The
//! end of the operation is no proof, so the last read is of the resource itself.

use super::applier::Applier;
use super::change::{Look, Sending, Unshown};
use super::unproven::told;
use crate::cloud::arm::Written;
use crate::cloud::arm_operations::{Accepted, Progress};
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::operations::{Deadline, Ended, Patience, Step};
use crate::error::{Error, Kind, Result};
use crate::model::receipt::Event;

/// How the wait for an operation ended.
enum Followed {
    /// The operation ended.
    Ended(Progress),
    /// The operation can't be read any further.
    Untold(String),
    /// The time is over, and the operation runs.
    Running(String),
    /// The time is over, and the last read failed: it is not known whether the operation runs.
    Unread(Fault),
}

impl Applier<'_> {
    /// Waits for the operation of an accepted change, if it has one, and reads until the change
    /// shows. Returns the value and the correlation id.
    pub(super) async fn taken<T>(
        &mut self,
        sending: &Sending<'_>,
        written: Written,
        look: &mut impl AsyncFnMut() -> Look<T>,
    ) -> Result<(T, Option<String>)> {
        if let Some(accepted) = &written.operation
            && let Some(value) = self.follow(sending, accepted, look).await?
        {
            return Ok((value, written.correlation));
        }
        Ok((self.until_shown(sending, look).await?, written.correlation))
    }

    /// Waits for the operation, at most as long as the change may take. If it failed or runs too
    /// long, the value comes from a read. Otherwise returns `None`, and the caller reads.
    ///
    /// # Errors
    /// Only if another read does not show the change. `Unverified`, with the operation's code and
    /// message, if the operation failed or could not be read. `StillRunning` if it continues.
    async fn follow<T>(
        &mut self,
        sending: &Sending<'_>,
        accepted: &Accepted,
        look: &mut impl AsyncFnMut() -> Look<T>,
    ) -> Result<Option<T>> {
        let error = match self.until_ended(sending, accepted).await? {
            Followed::Ended(progress) => {
                self.writer.ended(accepted, &progress);
                if progress.succeeded() {
                    return Ok(None);
                }
                failed(sending, accepted, progress)
            }
            Followed::Untold(why) => {
                let note = format!(
                    "cmkctl can't follow the operation ({why}). cmkctl checks the \
                    result instead."
                );
                (self.say)(Event::Note(note));
                return Ok(None);
            }
            Followed::Running(state) => runs(sending, &state),
            Followed::Unread(fault) => unread(sending, fault),
        };
        match self.watch(sending.sign, sending.shows, look).await {
            Ok(value) => {
                let note = format!("{error} But the change took effect: {}.", sending.what);
                (self.say)(Event::Note(note));
                Ok(Some(value))
            }
            Err(Unshown::Stopped(stopped)) => Err(stopped),
            Err(Unshown::Unknown(_) | Unshown::Late(_)) if error.explained => Err(error),
            Err(Unshown::Unknown(_) | Unshown::Late(_)) => Err((sending.advice)(error)),
        }
    }

    async fn until_ended(
        &mut self,
        sending: &Sending<'_>,
        accepted: &Accepted,
    ) -> Result<Followed> {
        let deadline = Deadline::new(&self.clock, Some(sending.takes));
        let began = self.clock.moment();
        let mut patience = Patience::new(accepted.pause);
        let mut pause = patience.next(accepted.pause);
        let (mut state, mut last) = ("accepted".to_owned(), None);
        while let Some(left) = deadline.left().filter(|left| !left.is_zero()) {
            let what = format!("{} ({state})", sending.sign);
            self.wait_for(&what, began, pause.min(left)).await?;
            let look = deadline.look(self.reader.progress(accepted)).await;
            let Some((look, asked)) = look else { break };
            state = shown_state(&look);
            last = look.as_ref().err().cloned();
            match accepted.step(&look, asked, &mut patience) {
                Step::Wait(next) => pause = next,
                Step::Stop(Ended::Operation(_)) => {
                    return Ok(look.map_or_else(|_| Followed::Untold(state), Followed::Ended));
                }
                Step::Stop(_) | Step::Refused => return Ok(Followed::Untold(state)),
            }
        }
        Ok(last.map_or(Followed::Running(state), Followed::Unread))
    }
}

/// The state from a read, in words for progress.
fn shown_state(look: &Reply<Progress>) -> String {
    match look {
        Ok(progress) => progress.end.state.clone(),
        Err(fault) => fault.clause(),
    }
}

/// The error for an operation that ended without success.
fn failed(sending: &Sending<'_>, accepted: &Accepted, progress: Progress) -> Error {
    let end = progress.end;
    let reason = end
        .message
        .map_or_else(|| ".".to_owned(), |message| format!(": {message}"));
    let mut error = Error::new(Kind::Unverified, &sending.failed).detail(format!(
        "Azure Resource Manager accepted the change, but the operation ended with `{}`{reason}",
        end.state
    ));
    error.code = end.code;
    error = error.told_by_its_code();
    (error.correlation, error.client_request) = accepted.tickets.clone();
    error
}

/// The error for an accepted change whose state can't be read.
fn unread(sending: &Sending<'_>, fault: Fault) -> Error {
    let what = format!(
        "The service accepted the change. Its state is unknown after {} minutes.",
        sending.takes.as_secs() / 60
    );
    told(fault, what).hint(
        "Run the same command again. cmkctl checks the current state first, and sends only what is \
            missing.",
    )
}

fn runs(sending: &Sending<'_>, state: &str) -> Error {
    Error::new(
        Kind::StillRunning,
        format!(
            "The service is still working on the change after {} minutes ({state}).",
            sending.takes.as_secs() / 60
        ),
    )
    .hint(
        "Run the same command again. cmkctl checks the current state first, and sends only what is \
            missing.",
    )
}
