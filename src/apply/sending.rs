//! The one way in which a change is sent: once, and then looked at. It is sent again only after an
//! answer that leaves open whether it took, and after looks that were answered and show nothing.

use super::applier::{Applier, IDENTITY_APPEARS, LOOKS, REFUSED_LOOKS, SENT_AT_MOST};
use crate::cloud::Writer;
use crate::cloud::arm::Written;
use crate::cloud::fault::{Cause, Fault, Reply};
use crate::cloud::operations::Patience;
use crate::cloud::retry::LONGEST_PAUSE;
use crate::error::{Error, Kind, Result};
use std::time::Duration;

/// What was created or granted shows this soon, or was not.
pub(super) const CREATION_SHOWS: Duration = Duration::from_secs(30);
/// A vault takes a change within seconds.
pub(super) const VAULT_CHANGES: Duration = Duration::from_secs(300);

/// What a look showed.
pub(super) enum Look<T> {
    /// It took.
    Yes(T),
    /// It took, and is on its way: it is waited for, and not sent again.
    Begun(String),
    /// The look was answered, and shows nothing.
    NotYet(String),
    /// The look was not answered: nothing is known.
    Unknown(Fault),
}

/// A look that was answered.
pub(super) fn shown(yes: bool) -> Look<()> {
    if yes {
        Look::Yes(())
    } else {
        Look::NotYet("it does not show yet".to_owned())
    }
}

/// What follows from an answer that is no success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// It was refused: nothing happened, and nothing will.
    Refused,
    /// It may have taken: look, and send it again when nothing shows.
    Look,
    /// It may have taken, and must not take twice: look, and never send it again.
    OnlyLook,
    /// It can't take yet: wait, look, and send it again for some time.
    Wait,
}

impl After {
    /// What follows for a change that does the same when it takes twice.
    pub(super) fn of(fault: &Fault) -> Self {
        if fault.is_ambiguous() {
            After::Look
        } else {
            After::Refused
        }
    }
}

/// A change that is about to be sent.
pub(super) struct Sending<'a> {
    /// What shows when it took: a noun.
    pub(super) sign: &'a str,
    /// What is so when it took: a sentence without a full stop.
    pub(super) what: String,
    /// The sentence for a refusal.
    pub(super) failed: String,
    /// After an answer that leaves it open, it is looked for so long before it counts as "not
    /// there".
    pub(super) shows: Duration,
    /// After it was accepted, it is waited for so long.
    pub(super) takes: Duration,
    /// Who can verify it, where this account can't.
    pub(super) witness: &'a str,
    /// What follows from a fault.
    pub(super) after: fn(&Fault) -> After,
    /// What helps against a refusal.
    pub(super) advice: fn(Error) -> Error,
}

/// How the sending ended.
pub(super) enum Sent<S, T> {
    /// With a success.
    Accepted(S),
    /// With an answer that leaves it open; a look shows that it is on its way. With the id for a
    /// support ticket.
    Begun(Option<String>),
    /// The same, and it took.
    Shown(T, Option<String>),
}

/// Why a wait ended without what was waited for.
pub(super) enum Unshown {
    /// The look is refused.
    Unknown(Fault),
    /// The time is over; what the last look showed.
    Late(String),
    /// The program was stopped.
    Stopped(Error),
}

impl Applier<'_> {
    /// Looks first, and sends what is missing.
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

    /// Sends it, waits for the operation that it was accepted as, and looks until it shows.
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

    /// Sends it until it is accepted or shows, and never without a look in between.
    pub(super) async fn deliver<S, T>(
        &mut self,
        sending: &Sending<'_>,
        send: impl AsyncFn(&Writer) -> Reply<S>,
        look: &mut impl AsyncFnMut() -> Look<T>,
    ) -> Result<Sent<S, T>> {
        let mut limit = self.limit(IDENTITY_APPEARS);
        let (mut sent, mut unauthorized) = (0, false);
        loop {
            self.still_right().await?;
            let fault = match send(&self.writer).await {
                Ok(accepted) => return Ok(Sent::Accepted(accepted)),
                Err(fault) => fault,
            };
            let after = (sending.after)(&fault);
            if after == After::Refused {
                return Err(advised(sending, fault));
            }
            tracing::info!("{}; looking for {}.", fault.clause(), sending.sign);
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
                _ => {
                    sent += 1;
                    sent >= SENT_AT_MOST
                }
            };
            let again = std::mem::replace(&mut unauthorized, fault.status() == Some(401));
            if over || (again && unauthorized) {
                return Err(given_up(advised(sending, fault)));
            }
        }
    }

    /// After an answer that leaves it open: does it show within `shows`? Only looks that were
    /// answered say "no".
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
            let words = match look().await {
                Look::Yes(value) => return Ok(Some(Sent::Shown(value, correlation()))),
                Look::Begun(_) => return Ok(Some(Sent::Begun(correlation()))),
                Look::NotYet(_) if shows.is_zero() || self.over(&mut nothing) => return Ok(None),
                Look::NotYet(words) => words,
                Look::Unknown(fault) => {
                    if refused(&fault, &mut refusals) || self.over(&mut unread) {
                        return Err(unverified(sending, fault));
                    }
                    fault.clause()
                }
            };
            let what = format!("{} ({words})", sending.sign);
            self.wait_for(&what, nothing.began, sending.shows / LOOKS)
                .await?;
        }
    }

    /// The pause that the service asked for, or the one until something else may have happened.
    pub(super) async fn pause_before_look(&mut self, fault: &Fault, after: After) -> Result<()> {
        let own = (after == After::Wait).then_some(Duration::from_secs(15));
        let Some(pause) = fault.retry_after.or(own) else {
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

    /// Looks again and again, with growing pauses, until it shows what was sent.
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
                Unshown::Late(words) => Error::new(
                    Kind::Unverified,
                    format!(
                        "The change was sent, but a re-read does not show it after {} minutes: {}.",
                        sending.takes.as_secs() / 60,
                        sending.what
                    ),
                )
                .detail(words)
                .hint("Run the same command again: it goes on from there."),
            })
    }

    /// Looks again and again, with growing pauses, for what a change needs.
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
                Unshown::Unknown(fault) => fault.into_error(format!("Waiting for {what} ended.")),
                Unshown::Late(words) => Error::new(
                    Kind::Unverified,
                    format!(
                        "It is still not there after {} minutes: {what}.",
                        limit.as_secs() / 60
                    ),
                )
                .detail(words)
                .hint("Run the same command again: it goes on from there."),
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
            let words = match look().await {
                Look::Yes(value) => return Ok(value),
                Look::Begun(words) | Look::NotYet(words) => words,
                Look::Unknown(fault) if refused(&fault, &mut refusals) => {
                    return Err(Unshown::Unknown(fault));
                }
                Look::Unknown(fault) => fault.clause(),
            };
            if self.over(&mut limit) {
                return Err(Unshown::Late(words));
            }
            let pause = patience.next(None).min(Duration::from_secs(30));
            let waited = self
                .wait_for(&format!("{what} ({words})"), limit.began, pause)
                .await;
            waited.map_err(Unshown::Stopped)?;
        }
    }
}

/// Does this fault of a look end the wait? Trouble passes; one refusal may be that of a replica
/// which does not know of the change yet.
fn refused(fault: &Fault, refusals: &mut u32) -> bool {
    match fault.cause {
        Cause::SignIn(_) | Cause::Unwritten(_) | Cause::Foreign | Cause::Status(401) => true,
        Cause::Status(403) => {
            *refusals += 1;
            *refusals > REFUSED_LOOKS
        }
        _ => false,
    }
}

/// The error of a change that was not taken. No role helps against a log that can't be written.
fn advised(sending: &Sending<'_>, fault: Fault) -> Error {
    let unwritten = matches!(fault.cause, Cause::Unwritten(_));
    let error = fault.into_error(&sending.failed);
    if unwritten {
        error
    } else {
        (sending.advice)(error)
    }
}

/// It was sent as often as it may be, and nothing shows.
pub(super) fn given_up(error: Error) -> Error {
    let error = match error.kind {
        Kind::SignIn => {
            error.hint("Sign in again, or check account and tenant: `cmkctl auth status`.")
        }
        _ => error,
    };
    error.hint("Run the same command again: it looks first, and sends only what is missing.")
}

/// Nothing was sent, because the look before it was not answered.
pub(super) fn unread(sending: &Sending<'_>, fault: Fault) -> Error {
    let what = format!(
        "Nothing was sent, because cmkctl can't read whether it is needed: {}.",
        sending.sign
    );
    fault
        .into_error(what)
        .hint(format!("Who can read it: {}.", sending.witness))
}

/// It was sent, and this account can't see whether it took.
pub(super) fn unverified(sending: &Sending<'_>, fault: Fault) -> Error {
    let mut error = told(
        fault,
        format!(
            "The change was sent, but cmkctl can't verify it: {}.",
            sending.what
        ),
    );
    error.hints.clear();
    error
        .hint(format!("Who can verify it: {}.", sending.witness))
        .hint("Run the same command again: it sends only what is missing.")
}

/// It was sent once, the answer leaves it open, nothing shows, and it must not be sent twice.
fn unknown(sending: &Sending<'_>, fault: Fault) -> Error {
    told(
        fault,
        format!(
            "The change was sent, and {} does not show. Whether it comes is not known.",
            sending.sign
        ),
    )
    .hint("Look again in some minutes. Then run the same command again: it looks first.")
}

/// Unverified, with what the service or the sign-in said.
pub(super) fn told(fault: Fault, what: String) -> Error {
    match &fault.cause {
        // The words of the sign-in are an error of their own.
        Cause::SignIn(error) | Cause::Unwritten(error) => {
            Error::new(Kind::Unverified, what).detail(error.to_string())
        }
        _ => Error {
            kind: Kind::Unverified,
            ..fault.into_error(what)
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::Service;
    use crate::cloud::answer::{Answer, Broken};

    fn status(status: u16) -> Fault {
        let answer = Answer {
            status,
            headers: reqwest::header::HeaderMap::new(),
            body: bytes::Bytes::new(),
        };
        Fault::answered(Service::Arm, &answer)
    }

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

    #[test]
    fn only_a_clear_refusal_is_one() {
        for look in [301, 303, 307, 401, 408, 425, 429, 499, 500, 502, 503, 504] {
            assert_eq!(After::of(&status(look)), After::Look, "{look}");
        }
        for refused in [400, 403, 404, 409, 412, 422] {
            assert_eq!(After::of(&status(refused)), After::Refused, "{refused}");
        }
    }
}
