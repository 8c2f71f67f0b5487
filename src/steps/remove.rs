//! Back to the Microsoft key: the environment leaves its policy.

use super::goal::Goal;
use super::lifecycle::{KEPT_AFTER_REMOVAL, REMOVE, just_keyed, running, under_way};
use super::link::{Standing, locked, no_environment, offline, unknown_link};
use super::{finding, key, quoted, ready, who};
use crate::model::day::day;
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ArmId;
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::seen::{Seen, Unreadable};
use crate::model::target::Target;

/// The whole command.
pub fn plan(target: &Target, observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    let Seen::Present(environment) = &observed.environment else {
        return Plan {
            findings: vec![no_environment(target, &observed.environment)],
            ..plan
        };
    };
    let name = &environment.display_name;
    if let Some(waiting) = under_way(observed, environment) {
        plan.actions.push(waiting);
        return plan;
    }
    match Goal::NoPolicy.standing(environment) {
        Standing::Done => {
            match unsettled(observed, environment) {
                // A link may not show yet.
                Some(why) => plan
                    .findings
                    .push(unknown_link(environment, &Unreadable::because(why))),
                None => plan.already.push(format!(
                    "`{name}` has no policy: its data is on the Microsoft key"
                )),
            }
            return plan;
        }
        Standing::Unknown(why) => {
            plan.findings.push(unknown_link(environment, &why));
            return plan;
        }
        Standing::None
        | Standing::Under
        | Standing::Locked
        | Standing::Failed
        | Standing::Other(_) => {}
    }
    let Some(policy) = environment.policy().cloned() else {
        let why = Unreadable::because("the service names no policy");
        plan.findings.push(unknown_link(environment, &why));
        return plan;
    };
    if let Some(asked) = target.policy.as_ref().filter(|asked| **asked != policy) {
        plan.findings.push(elsewhere(environment, asked, &policy));
    }
    plan.findings
        .extend(leaving(observed, environment, &policy));
    plan.findings.extend(key::to_leave(observed));
    plan.findings
        .push(outage(environment, "goes back to the Microsoft key"));
    plan.findings.push(kept(observed, environment, &policy));
    plan.actions.push(Action::RemoveEnvironment {
        environment: environment.id.clone(),
        name: name.clone(),
        policy,
    });
    plan
}

/// It is in another policy than the one that was named.
fn elsewhere(environment: &Environment, asked: &ArmId, policy: &ArmId) -> Finding {
    finding(
        "CMK025",
        Severity::Block,
        &environment.id,
        format!(
            "The environment `{}` is not in the policy `{}` but in {policy}.",
            environment.display_name, asked.name
        ),
        "Leave out `--policy`, or name the policy that it is in.",
        who::POWER_PLATFORM,
    )
}

/// What speaks against it that an environment without a policy stays so: what runs, what ended a
/// moment ago, or a history that can't be read.
fn unsettled(observed: &Observed, environment: &Environment) -> Option<String> {
    if let Some(kind) = &environment.ongoing {
        return Some(format!("`{kind}` runs on it"));
    }
    match &observed.operations {
        Seen::Present(_) => {}
        Seen::Unreadable(why) => return Some(format!("its history can't be read: {}", why.why)),
        Seen::Absent => return Some("its history was not read".to_owned()),
    }
    if let Some(operation) = running(observed) {
        return Some(format!("`{}` runs on it", operation.name()));
    }
    just_keyed(observed)
        .then(|| "a key was applied within the last hour, and reads can lag behind".to_owned())
}

/// What forbids that an environment leaves its policy, by a removal or by a move.
pub(super) fn leaving(
    observed: &Observed,
    environment: &Environment,
    policy: &ArmId,
) -> Vec<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    let mut found = ready::check(observed, environment, REMOVE);
    let block = |code, message: String, remedy: String| {
        finding(
            code,
            Severity::Block,
            id,
            message,
            remedy,
            who::POWER_PLATFORM,
        )
    };
    match Goal::NoPolicy.standing(environment) {
        Standing::Failed => found.push(block(
            "CMK028",
            format!(
                "The last add of `{name}` failed: its data may be on both keys, and the \
                documentation says to run the same add again, not to remove."
            ),
            format!(
                "cmkctl add-environment {} --policy {}",
                quoted(id),
                quoted(&policy.to_string())
            ),
        )),
        _ if running(observed).is_none() => match locked(environment) {
            Verdict::Yes => {
                found.retain(|finding| finding.code != "CMK035");
                found.push(offline(environment));
            }
            // What is not known about it is said by its readiness.
            Verdict::No | Verdict::CantTell(_) => {}
        },
        _ => {}
    }
    found
}

/// The outage, said before anybody consents.
pub(super) fn outage(environment: &Environment, what: &str) -> Finding {
    finding(
        "CMK027",
        Severity::Acknowledge,
        &environment.id,
        format!(
            "`{}` is offline while its data {what}: up to 4 days.",
            environment.display_name
        ),
        "Tell its users, and choose the time; `--confirm` takes its name for this reason.",
        who::POWER_PLATFORM,
    )
}

/// What must stay although the environment has left.
fn kept(observed: &Observed, environment: &Environment, policy: &ArmId) -> Finding {
    let until = day(observed
        .at
        .checked_add(KEPT_AFTER_REMOVAL)
        .unwrap_or(observed.at));
    finding(
        "CMK033",
        Severity::Acknowledge,
        &environment.id,
        format!(
            "Backups of `{}` stay encrypted with the key of `{}`: key, vault and the policy's \
            access are needed for 30 days more, not before {until}.",
            environment.display_name, policy.name
        ),
        "Delete or disable none of them before that day; `cmkctl retire-key` tells who still \
        needs a key.",
        who::KEY_VAULT,
    )
}
