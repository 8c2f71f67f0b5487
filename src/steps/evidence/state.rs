//! The state of an environment: does anything run on it, and is it ready?

use super::{About, Gathering, unread};
use crate::model::environment::Environment;
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::model::operation::Operation;
use crate::model::seen::{Seen, Unreadable};
use crate::steps::who;

/// Does nothing run, as far as both the history and the environment tell? `beside`: an operation of
/// this kind is no hindrance.
pub(super) fn idle(
    gathering: &mut Gathering,
    observed: &Observed,
    environment: &Environment,
    beside: Option<&str>,
) -> bool {
    let about = About {
        code: "CMK023",
        subject: &environment.id,
        what: &format!(
            "Whether an operation runs on `{}`",
            environment.display_name
        ),
        who: who::POWER_PLATFORM,
    };
    let hinders = |kind: &str| !beside.is_some_and(|beside| kind.eq_ignore_ascii_case(beside));
    let history = match &observed.operations {
        Seen::Present(all) => {
            let runs = |operation: &&Operation| !operation.has_ended() && hinders(&operation.kind);
            Verdict::of(!all.iter().any(|operation| runs(&operation)))
        }
        seen @ (Seen::Absent | Seen::Unreadable(_)) => Verdict::CantTell(unread(seen)),
    };
    let own = Verdict::of(!environment.ongoing.as_deref().is_some_and(hinders));
    gathering.own(own.and(|| history), &about)
}

/// Is it ready for operations?
pub(super) fn ready(gathering: &mut Gathering, environment: &Environment) -> bool {
    let about = About {
        code: "CMK023",
        subject: &environment.id,
        what: &format!("Whether `{}` is ready", environment.display_name),
        who: who::POWER_PLATFORM,
    };
    gathering.own(environment.is_ready(), &about)
}

/// Is it known whether people work in it? Administrators may have closed it by hand.
pub(super) fn runtime(gathering: &mut Gathering, environment: &Environment) {
    let about = About {
        code: "CMK035",
        subject: &environment.id,
        what: &format!("Whether `{}` runs", environment.display_name),
        who: who::POWER_PLATFORM,
    };
    if let Verdict::CantTell(why) = environment.is_running() {
        gathering.gap(&about, &why);
    }
}

/// Does the service not refuse the operation on it?
pub(super) fn allowed(
    gathering: &mut Gathering,
    environment: &Environment,
    operation: &str,
) -> bool {
    let about = About {
        code: "CMK024",
        subject: &environment.id,
        what: &format!(
            "Whether the service allows `{operation}` on `{}`",
            environment.display_name
        ),
        who: who::POWER_PLATFORM,
    };
    let refuses = environment.rules.clone().map(|rules| {
        let mut refused = rules.disallowed.iter();
        !refused.any(|(refused, _)| refused.eq_ignore_ascii_case(operation))
    });
    gathering.own(Verdict::from(&refuses), &about)
}

/// The gap of a link of which nobody knows what it is.
pub(super) fn open_link(gathering: &mut Gathering, environment: &Environment, why: &Unreadable) {
    let gap = crate::steps::link::unknown_link(environment, why);
    gathering.gaps.push(gap);
}
