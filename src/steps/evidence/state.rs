//! The state of an environment: does an operation run on it, and is it ready?

use super::{About, Gathering, unread};
use crate::model::environment::Environment;
use crate::model::known::Verdict;
use crate::model::lifecycle_rules::Listed;
use crate::model::observed::Observed;
use crate::model::operation::Operation;
use crate::model::seen::{Seen, Unreadable};
use crate::steps::who;

/// Does no operation run? Both the history and the environment must say so. `beside`: an operation
/// of this kind does not count.
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
    let field = Verdict::of(!environment.ongoing.as_deref().is_some_and(hinders));
    gathering.holds(field.and(|| history), &about)
}

/// Is the environment ready for operations?
pub(super) fn ready(gathering: &mut Gathering, environment: &Environment) -> bool {
    let about = About {
        code: "CMK023",
        subject: &environment.id,
        what: &format!("Whether `{}` is ready", environment.display_name),
        who: who::POWER_PLATFORM,
    };
    gathering.holds(environment.is_ready(), &about)
}

/// Requires a known runtime state. Administration mode is fine, because administrators set it by
/// hand.
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

/// Does the service allow this operation on the environment?
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
    let rules = environment.rules.clone();
    let allows = rules.map(|rules| !matches!(rules.of(operation), Listed::Refused(_)));
    gathering.holds(Verdict::from(&allows), &about)
}

/// Adds the gap for a link whose state is not known.
pub(super) fn open_link(gathering: &mut Gathering, environment: &Environment, why: &Unreadable) {
    let gap = crate::steps::link::unknown_link(environment, why);
    gathering.gaps.push(gap);
}
