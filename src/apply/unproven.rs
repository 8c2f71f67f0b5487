//! The errors of a change that was not taken, or of which nobody knows whether it was.

use super::change::Sending;
use crate::cloud::fault::{Fault, Happened};
use crate::error::{Error, Kind};

/// The error of a change that was not taken. What was asked for decides what helps only where the
/// service did not tell the cause. No role helps against a log that can't be written.
pub(super) fn advised(sending: &Sending<'_>, fault: Fault) -> Error {
    let unwritten = matches!(fault.happened, Happened::Unwritten(_));
    let error = fault.into_error(&sending.failed);
    if unwritten || error.explained {
        error
    } else {
        (sending.advice)(error)
    }
}

/// It was sent as often as it may be, and nothing shows.
pub(super) fn given_up(error: Error) -> Error {
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
        .of_role(format!("Who can read it: {}.", sending.witness))
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
    if !error.explained {
        error.hints = vec![format!("Who can verify it: {}.", sending.witness)];
    }
    error.hint("Run the same command again: it sends only what is missing.")
}

/// It was sent once, the answer leaves it open, nothing shows, and it must not be sent twice.
pub(super) fn unknown(sending: &Sending<'_>, fault: Fault) -> Error {
    told(
        fault,
        format!(
            "The change was sent, and {} does not show. Whether it comes is not known.",
            sending.sign
        ),
    )
    .hint("Wait some minutes, then run the same command again. It checks the current state first.")
}

/// It was sent, with an answer that left it open, and is not sent again for another reason.
pub(super) fn left_open(sending: &Sending<'_>, error: &Error) -> Error {
    let what = format!(
        "The change was sent, but whether it took can't be verified: {}.",
        sending.what
    );
    Error::new(Kind::Unverified, what)
        .detail(error.to_string())
        .hint("Run the same command again: it looks first, and sends only what is missing.")
}

/// Unverified, with what the service or the sign-in said.
pub(super) fn told(fault: Fault, what: String) -> Error {
    match &fault.happened {
        // The words of the sign-in are an error of their own.
        Happened::SignIn(error) | Happened::Unwritten(error) => {
            Error::new(Kind::Unverified, what).detail(error.to_string())
        }
        Happened::Status(_)
        | Happened::Untrusted
        | Happened::Shape
        | Happened::SandboxGone
        | Happened::NotSent
        | Happened::Lost
        | Happened::Foreign => Error {
            kind: Kind::Unverified,
            ..fault.into_error(what)
        },
    }
}
