//! The single way to send a change: send once, then read. cmkctl repeats the request only after an
//! ambiguous answer, and after reads that were answered and show nothing.

use super::applier::{Applier, IDENTITY_APPEARS, LOOKS, REFUSED_LOOKS, SENT_AT_MOST};
use super::change::{After, Look, Sending, Sent, Unshown};
use super::unproven::{advised, given_up, left_open, unknown, unread, unverified};
use crate::cloud::Writer;
use crate::cloud::arm::Written;
use crate::cloud::fault::{Fault, Happened, Reply};
use crate::cloud::operations::Patience;
use crate::cloud::retry::LONGEST_PAUSE;
use crate::error::{Error, Kind, Result};
use std::time::Duration;

impl Applier<'_> {
    /// Reads first, and sends the change if it is missing.
    pub(super) async fn send_if_missing<T, S: Into<Written>>(
        &mut self,
        sending: &Sending<'_>,
        send: impl AsyncFn(&Writer) -> Reply<S>,
        mut look: impl AsyncFnMut() -> Look<T>,
    ) -> Result<(T, Option<String>)> {
        match look().await {
            Look::Yes(value) => Ok((value, None)),
            Look::Begun(_) => Ok((self.until(sending.sign, sending.takes, look).await?, None)),
            Look::NotYet(_) => self.send_until_shown(sending, send, look).await,
            Look::Unknown(fault) => Err(unread(sending, fault)),
        }
    }

    /// Sends the change, waits for the operation that the service returned, and reads until the
    /// change shows.
    pub(super) async fn send_until_shown<T, S: Into<Written>>(
        &mut self,
        sending: &Sending<'_>,
        send: impl AsyncFn(&Writer) -> Reply<S>,
        mut look: impl AsyncFnMut() -> Look<T>,
    ) -> Result<(T, Option<String>)> {
        match self.deliver(sending, send, &mut look).await? {
            Sent::Shown(value, correlation) => Ok((value, correlation)),
            Sent::Accepted(written) => self.taken(sending, written.into(), &mut look).await,
            Sent::Begun(correlation) => {
                Ok((self.until_shown(sending, &mut look).await?, correlation))
            }
        }
    }

    /// Sends the change until it is accepted or shows, always with reads in between.
    pub(super) async fn deliver<S, T>(
        &mut self,
        sending: &Sending<'_>,
        send: impl AsyncFn(&Writer) -> Reply<S>,
        look: &mut impl AsyncFnMut() -> Look<T>,
    ) -> Result<Sent<S, T>> {
        let mut limit = self.limit(IDENTITY_APPEARS);
        let (mut sent, mut unauthorized) = (0, false);
        loop {
            self.still_right().await.map_err(|error| {
                if sent == 0 {
                    error
                } else {
                    left_open(sending, &error)
                }
            })?;
            let fault = match send(&self.writer).await {
                Ok(accepted) => return Ok(Sent::Accepted(accepted)),
                Err(fault) => fault,
            };
            let after = (sending.after)(&fault);
            if after == After::Refused {
                return Err(advised(sending, fault));
            }
            tracing::info!("{}. cmkctl looks for {}.", fault.clause(), sending.sign);
            self.pause_before_look(&fault, after).await?;
            let shows = if after == After::Wait {
                Duration::ZERO
            } else {
                sending.shows
            };
            if let Some(shown) = self.looks(sending, &fault, shows, look).await? {
                return Ok(shown);
            }
            if after == After::OnlyLook {
                return Err(unknown(sending, fault));
            }
            let over = match after {
                After::Wait => self.over(&mut limit),
                After::Refused | After::Look | After::OnlyLook => {
                    sent += 1;
                    sent >= SENT_AT_MOST
                }
            };
            let was_unauthorized =
                std::mem::replace(&mut unauthorized, fault.status() == Some(401));
            if over || (was_unauthorized && unauthorized) {
                return Err(given_up(advised(sending, fault)));
            }
        }
    }

    /// After an ambiguous answer: does the change show within `shows`? Only answered reads count as
    /// "no".
    async fn looks<S, T>(
        &mut self,
        sending: &Sending<'_>,
        fault: &Fault,
        shows: Duration,
        look: &mut impl AsyncFnMut() -> Look<T>,
    ) -> Result<Option<Sent<S, T>>> {
        let (mut nothing, mut unread) = (self.limit(shows), self.limit(sending.shows));
        let correlation = || fault.correlation.clone();
        let mut refusals = 0;
        loop {
            let state = match look().await {
                Look::Yes(value) => return Ok(Some(Sent::Shown(value, correlation()))),
                Look::Begun(_) => return Ok(Some(Sent::Begun(correlation()))),
                Look::NotYet(_) if shows.is_zero() || self.over(&mut nothing) => return Ok(None),
                Look::NotYet(state) => state,
                Look::Unknown(fault) => {
                    if refused(&fault, &mut refusals) || self.over(&mut unread) {
                        return Err(unverified(sending, fault));
                    }
                    fault.clause()
                }
            };
            let what = format!("{} ({state})", sending.sign);
            self.wait_for(&what, nothing.began, sending.shows / LOOKS)
                .await?;
        }
    }

    /// Waits as long as the service asked for, or for `After::Wait` a short time.
    pub(super) async fn pause_before_look(&mut self, fault: &Fault, after: After) -> Result<()> {
        let short_pause = (after == After::Wait).then_some(Duration::from_secs(15));
        let Some(pause) = fault.retry_after.or(short_pause) else {
            return Ok(());
        };
        let began = self.clock.moment();
        self.wait_for(
            &format!("the service ({})", fault.clause()),
            began,
            pause.min(LONGEST_PAUSE),
        )
        .await
    }

    /// Reads with growing pauses until the sent change shows.
    pub(super) async fn until_shown<T>(
        &mut self,
        sending: &Sending<'_>,
        look: &mut impl AsyncFnMut() -> Look<T>,
    ) -> Result<T> {
        self.watch(sending.sign, sending.takes, look)
            .await
            .map_err(|end| match end {
                Unshown::Stopped(error) => error,
                Unshown::Unknown(fault) => unverified(sending, fault),
                Unshown::Late(state) => Error::new(
                    Kind::Unverified,
                    format!(
                        "The change was sent, but cmkctl could not verify it after {} minutes: {}.",
                        sending.takes.as_secs() / 60,
                        sending.what
                    ),
                )
                .detail(state)
                .hint("Run the same command again. It continues where it stopped."),
            })
    }

    /// Reads with growing pauses until the required state shows.
    pub(super) async fn until<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut look: impl AsyncFnMut() -> Look<T>,
    ) -> Result<T> {
        self.watch(what, limit, &mut look)
            .await
            .map_err(|end| match end {
                Unshown::Stopped(error) => error,
                Unshown::Unknown(fault) => {
                    fault.into_error(format!("cmkctl stopped waiting for {what}."))
                }
                Unshown::Late(state) => Error::new(
                    Kind::Unverified,
                    format!(
                        "After {} minutes, cmkctl still can't verify {what}.",
                        limit.as_secs() / 60
                    ),
                )
                .detail(state)
                .hint("Run the same command again. It continues where it stopped."),
            })
    }

    pub(super) async fn watch<T>(
        &mut self,
        what: &str,
        limit: Duration,
        look: &mut impl AsyncFnMut() -> Look<T>,
    ) -> std::result::Result<T, Unshown> {
        let mut limit = self.limit(limit);
        let mut patience = Patience::new(Some(Duration::from_secs(3)));
        let mut refusals = 0;
        loop {
            let state = match look().await {
                Look::Yes(value) => return Ok(value),
                Look::Begun(state) | Look::NotYet(state) => state,
                Look::Unknown(fault) if refused(&fault, &mut refusals) => {
                    return Err(Unshown::Unknown(fault));
                }
                Look::Unknown(fault) => fault.clause(),
            };
            if self.over(&mut limit) {
                return Err(Unshown::Late(state));
            }
            let pause = patience.next(None).min(Duration::from_secs(30));
            let waited = self
                .wait_for(&format!("{what} ({state})"), limit.began, pause)
                .await;
            waited.map_err(Unshown::Stopped)?;
        }
    }
}

/// Does this fault of a read end the wait? A fault of the service passes, and a single refusal may
/// come from a replica that does not know the change yet.
fn refused(fault: &Fault, refusals: &mut u32) -> bool {
    match fault.happened {
        Happened::SignIn(_)
        | Happened::Unwritten(_)
        | Happened::Foreign
        | Happened::Untrusted
        | Happened::Status(401) => true,
        Happened::Status(403) => {
            *refusals += 1;
            *refusals > REFUSED_LOOKS
        }
        Happened::Status(_)
        | Happened::Shape
        | Happened::NotSent
        | Happened::SandboxGone
        | Happened::Lost => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::change::tests::status;
    use crate::cloud::Service;
    use crate::cloud::answer::Broken;

    #[test]
    fn trouble_is_waited_out_but_refusals_are_not() {
        let ends = |fault: &Fault| refused(fault, &mut 0);
        assert!(!ends(&Fault::broken(
            Service::Arm,
            &Broken::Lost("reset".into())
        )));
        assert!(ends(&Fault::broken(
            Service::Arm,
            &Broken::Foreign("evil".into())
        )));
        assert!(ends(&status(401)) && !ends(&status(503)));
        let mut refusals = 0;
        let all: Vec<bool> = (0..=REFUSED_LOOKS)
            .map(|_| refused(&status(403), &mut refusals))
            .collect();
        assert_eq!(all.iter().filter(|ends| **ends).count(), 1, "{all:?}");
    }
}
