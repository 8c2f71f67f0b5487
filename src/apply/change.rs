//! The parts of a change: its sentences, the result of a read, and what its answer means.

use crate::cloud::fault::Fault;
use crate::error::Error;
use crate::model::cause::Cause;
use std::time::Duration;

/// A new resource or grant is visible within this time, or was not created.
pub(super) const CREATION_SHOWS: Duration = Duration::from_secs(30);
/// A vault applies a change within this time.
pub(super) const VAULT_CHANGES: Duration = Duration::from_secs(300);

/// The result of a read after a change.
pub(super) enum Look<T> {
    /// The change took effect.
    Yes(T),
    /// The change is in progress: wait for it, and do not send it again.
    Begun(String),
    /// The read was answered, and does not show the change.
    NotYet(String),
    /// The read was not answered, so nothing is known.
    Unknown(Fault),
}

/// The result of a read that was answered.
pub(super) fn shown(yes: bool) -> Look<()> {
    if yes {
        Look::Yes(())
    } else {
        Look::NotYet("not visible yet".to_owned())
    }
}

/// What to do after an answer that is no success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// The service refused it: nothing happened, and nothing will.
    Refused,
    /// It may have taken effect: read, and send it again if nothing shows.
    Look,
    /// It may have taken effect and must not happen twice: read, and never send it again.
    OnlyLook,
    /// It can't take effect yet: wait, read, and send it again until a limit.
    Wait,
}

impl After {
    /// For a change that has the same effect if it is sent twice. A conflict with a known code (two
    /// writers, a key in recovery) changed nothing and often passes, so it is sent again.
    pub(super) fn of(fault: &Fault) -> Self {
        let judged = fault.judged();
        let named = judged.cause == Cause::Conflict && judged.known.is_some();
        if fault.is_ambiguous() || named {
            After::Look
        } else {
            After::Refused
        }
    }
}

/// A change to send.
pub(super) struct Sending<'a> {
    /// What a read shows after the change took effect, as a noun.
    pub(super) sign: &'a str,
    /// The sentence about the effect of the change, without a full stop.
    pub(super) what: String,
    /// The sentence for a refusal.
    pub(super) failed: String,
    /// After an ambiguous answer, cmkctl reads for this long before it concludes that nothing
    /// happened.
    pub(super) shows: Duration,
    /// After the service accepted it, cmkctl waits this long for its effect.
    pub(super) takes: Duration,
    /// The account that can verify the change, if this account can't.
    pub(super) witness: &'a str,
    /// What to do after a fault.
    pub(super) after: fn(&Fault) -> After,
    /// Adds hints to a refusal.
    pub(super) advice: fn(Error) -> Error,
}

/// The result of sending a change.
pub(super) enum Sent<S, T> {
    /// The service accepted it.
    Accepted(S),
    /// The answer was ambiguous, and a read shows the change in progress. Holds the correlation id.
    Begun(Option<String>),
    /// The answer was ambiguous, and a read shows the change. Holds the value and the correlation
    /// id.
    Shown(T, Option<String>),
}

/// Why a wait ended without the expected state.
pub(super) enum Unshown {
    /// The service refuses the read.
    Unknown(Fault),
    /// The time is over. Holds the state from the last read.
    Late(String),
    /// The user stopped cmkctl.
    Stopped(Error),
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::cloud::Service;
    use crate::cloud::answer::Answer;

    /// A fault with only this status.
    pub(in crate::apply) fn status(status: u16) -> Fault {
        let answer = Answer {
            status,
            headers: reqwest::header::HeaderMap::new(),
            body: bytes::Bytes::new(),
        };
        Fault::answered(Service::Arm, &answer)
    }

    #[test]
    fn only_a_clear_refusal_is_one() {
        for look in [301, 303, 307, 401, 408, 425, 429, 499, 500, 502, 503, 504] {
            assert_eq!(After::of(&status(look)), After::Look, "{look}");
        }
        for refused in [400, 403, 404, 409, 412, 422] {
            assert_eq!(After::of(&status(refused)), After::Refused, "{refused}");
        }
        for (code, after) in [
            ("ConflictError", After::Look),
            ("ObjectIsBeingRecovered", After::Look),
            ("ObjectIsDeletedButRecoverable", After::Look),
            ("InvalidResourceLocation", After::Refused),
            ("ScopeLocked", After::Refused),
            ("Unheard", After::Refused),
        ] {
            let conflict = Fault {
                code: Some(code.to_owned()),
                ..status(409)
            };
            assert_eq!(After::of(&conflict), after, "{code}");
        }
    }
}
