//! The errors of a change that had no effect, or may have had none.

use super::change::Sending;
use crate::cloud::fault::{Fault, Happened};
use crate::error::{Error, Kind};

/// The error of a change that had no effect. The request's advice applies only if the service did
/// not tell the cause, and never if the audit log can't be written.
pub(super) fn advised(sending: &Sending<'_>, fault: Fault) -> Error {
    let unwritten = matches!(fault.happened, Happened::Unwritten(_));
    let error = fault.into_error(&sending.failed);
    if unwritten || error.explained {
        error
    } else {
        (sending.advice)(error)
    }
}

/// Adds the hint after the last attempt, if nothing shows.
pub(super) fn given_up(error: Error) -> Error {
    error.hint(
        "Run the same command again. cmkctl checks the current state first, and sends only what \
            is missing.",
    )
}

/// The error that nothing was sent, because the read before it failed.
pub(super) fn unread(sending: &Sending<'_>, fault: Fault) -> Error {
    let what = format!(
        "Nothing was sent, because cmkctl can't check whether this change is needed: {}.",
        sending.sign
    );
    fault
        .into_error(what)
        .of_role(format!("Who can check this: {}.", sending.witness))
}

/// The error that the change was sent, but this account can't see its effect.
pub(super) fn unverified(sending: &Sending<'_>, fault: Fault) -> Error {
    let mut error = told(
        fault,
        format!(
            "The change was sent, but cmkctl can't verify it: {}.",
            sending.what
        ),
    );
    if !error.explained {
        error.hints = vec![format!("Who can verify the change: {}.", sending.witness)];
    }
    error.hint("Run the same command again. cmkctl sends only what is missing.")
}

/// The error that the change was sent, the answer was ambiguous, nothing shows, and it must not be
/// sent twice.
pub(super) fn unknown(sending: &Sending<'_>, fault: Fault) -> Error {
    told(
        fault,
        format!(
            "The change was sent, but the service does not show {}. cmkctl can't tell whether the \
            change will take effect.",
            sending.sign
        ),
    )
    .hint(
        "Wait a few minutes, then run the same command again. cmkctl checks the current state \
            first.",
    )
}

/// The error that the change was sent with an ambiguous answer and, for another reason, is not sent
/// again.
pub(super) fn left_open(sending: &Sending<'_>, error: &Error) -> Error {
    let what = format!(
        "The change was sent, but cmkctl can't verify that it took effect: {}.",
        sending.what
    );
    Error::new(Kind::Unverified, what)
        .detail(error.to_string())
        .hint(
            "Run the same command again. cmkctl checks the current state first, and sends only \
                what is missing.",
        )
}

/// An `Unverified` error with the words of the service or the sign-in.
pub(super) fn told(fault: Fault, what: String) -> Error {
    match &fault.happened {
        // Sign-in errors have their own words.
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
