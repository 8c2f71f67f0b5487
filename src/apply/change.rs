//! What a change is made of: what is said of it, what a look shows, and what its answer means.

use crate::cloud::fault::Fault;
use crate::error::Error;
use crate::model::cause::Cause;
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
    /// What follows for a change that does the same when it takes twice. A conflict that the
    /// service names (two writers, a key that is being recovered) changed nothing and often passes.
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::cloud::Service;
    use crate::cloud::answer::Answer;

    /// A bare answer with this status.
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
