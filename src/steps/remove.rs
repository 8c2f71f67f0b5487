//! Removes an environment from its policy, so that it returns to the Microsoft key.

use super::end_state::EndState;
use super::evidence::{UnlinkEvidence, take};
use super::lifecycle::{JUST_KEYED, KEPT_AFTER_REMOVAL, REMOVE, just_keyed, running, under_way};
use super::link::{LinkState, failed_add, locked, no_environment, offline, unknown_link};
use super::readiness::Readiness;
use super::{finding, key, who};
use crate::model::action::Named;
use crate::model::day::day;
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ArmId;
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
    match EndState::NoPolicy.standing(environment) {
        LinkState::Done => {
            match unsettled(observed, environment) {
                // A link may exist that does not show yet.
                Some(why) => plan
                    .findings
                    .push(unknown_link(environment, &Unreadable::because(why))),
                None => plan.already.push(format!(
                    "`{name}` has no policy: its data uses the Microsoft key"
                )),
            }
            return plan;
        }
        LinkState::Unknown(why) => {
            plan.findings.push(unknown_link(environment, &why));
            return plan;
        }
        LinkState::None
        | LinkState::Under
        | LinkState::Locked
        | LinkState::Failed
        | LinkState::Other(_) => {}
    }
    let Some(policy) = environment.policy().cloned() else {
        let why = Unreadable::because("the service does not show the policy");
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
        .push(outage(environment, "returns to the Microsoft key"));
    plan.findings.push(kept(observed, environment, &policy));
    unlink(&mut plan, observed, environment, (&policy, observed));
    plan
}

/// Plans the removal, if its evidence allows it. `left`: the snapshot of what protects the
/// environment now.
pub(super) fn unlink(
    plan: &mut Plan,
    observed: &Observed,
    environment: &Environment,
    (policy, left): (&ArmId, &Observed),
) {
    let gathered = UnlinkEvidence::gather(observed, policy, left);
    take(plan, gathered, |evidence| Action::RemoveEnvironment {
        named: Named::of(environment),
        policy: policy.clone(),
        evidence,
    });
}

/// The finding for an environment linked to another policy than the named one.
fn elsewhere(environment: &Environment, asked: &ArmId, policy: &ArmId) -> Finding {
    finding(
        "CMK025",
        Severity::Block,
        &environment.id,
        format!(
            "The environment `{}` uses the policy {policy}, not the policy `{}`.",
            environment.display_name, asked.name
        ),
        "Leave out `--policy`, or pass the policy that the environment uses.",
        who::POWER_PLATFORM,
    )
}

/// Why an environment without a policy may still get one: an operation that runs or ended recently,
/// or an unreadable history.
fn unsettled(observed: &Observed, environment: &Environment) -> Option<String> {
    if let Some(kind) = &environment.ongoing {
        return Some(format!("the operation `{kind}` runs on the environment"));
    }
    match &observed.operations {
        Seen::Present(_) => {}
        Seen::Unreadable(why) => {
            return Some(format!(
                "cmkctl can't read the environment's history: {}",
                why.why
            ));
        }
        Seen::Absent => return Some("cmkctl did not read the environment's history".to_owned()),
    }
    if let Some(operation) = running(observed) {
        return Some(format!(
            "the operation `{}` runs on the environment",
            operation.name()
        ));
    }
    just_keyed(observed).then(|| JUST_KEYED.to_owned())
}

/// Findings that forbid an environment to leave its policy, by a removal or by a move.
pub(super) fn leaving(
    observed: &Observed,
    environment: &Environment,
    policy: &ArmId,
) -> Vec<Finding> {
    let readiness = Readiness::of(observed, environment, REMOVE);
    // `Readiness` reports what is not known about a lock.
    let is_locked = running(observed).is_none() && locked(environment).proven();
    match EndState::NoPolicy.standing(environment) {
        LinkState::Failed => {
            let mut found = readiness.findings();
            found.push(failed_add(environment, policy, Severity::Block));
            found
        }
        // Whether the environment is locked depends on the link's stage.
        LinkState::Unknown(why) => {
            let mut found = readiness.findings();
            found.push(unknown_link(environment, &why));
            found
        }
        LinkState::None
        | LinkState::Done
        | LinkState::Under
        | LinkState::Locked
        | LinkState::Other(_) => {
            if !is_locked {
                return readiness.findings();
            }
            let mut found = readiness.without_runtime().findings();
            found.push(offline(environment));
            found
        }
    }
}

/// The note about the outage, shown before the caller consents.
pub(super) fn outage(environment: &Environment, what: &str) -> Finding {
    finding(
        "CMK027",
        Severity::Acknowledge,
        &environment.id,
        format!(
            "`{}` is offline for up to 4 days while its data {what}.",
            environment.display_name
        ),
        "Inform the users and choose a change window.",
        who::POWER_PLATFORM,
    )
}

/// The note on what you must keep after the environment has left.
fn kept(observed: &Observed, environment: &Environment, policy: &ArmId) -> Finding {
    let message = format!(
        "Backups of `{}` stay encrypted with the key of the policy `{}`. Keep the key, the vault \
            and the policy's access for 30 more days, until {}.",
        environment.display_name,
        policy.name,
        needed_until(observed)
    );
    must_stay(environment, message)
}

/// The day until which a key is needed if its environment leaves it now.
pub(super) fn needed_until(observed: &Observed) -> String {
    let until = observed.at.checked_add(KEPT_AFTER_REMOVAL);
    day(until.unwrap_or(observed.at))
}

/// The note on what you must keep.
pub(super) fn must_stay(environment: &Environment, message: String) -> Finding {
    finding(
        "CMK033",
        Severity::Acknowledge,
        &environment.id,
        message,
        "Until that day, do not delete or disable the key or the vault, and do not remove the \
            policy's access. `cmkctl retire-key` shows which environments still need a key.",
        who::KEY_VAULT,
    )
}

#[cfg(test)]
mod tests {
    use super::super::samples::{
        Row, hidden, linked, list, listed, on, operation, rows, silent, told,
    };
    use super::*;

    const AN_ENVIRONMENT_LEAVES_THE_POLICY_THAT_IT_IS_IN: &[Row] = &[
        ("no policy", |_, _| {}, &["done"]),
        (
            "linked",
            |_, o| linked(o, "ep", "Linked"),
            &["> remove-environment"],
        ),
        (
            "unlinking",
            |_, o| linked(o, "ep", "Unlinking"),
            &["> await-removal"],
        ),
        (
            "in another one than was named",
            |_, o| linked(o, "other", "Linked"),
            &["CMK025 block", "> remove-environment"],
        ),
        (
            "its last add failed",
            |_, o| linked(o, "ep", "Failed"),
            &["CMK028 block", "withheld"],
        ),
        (
            "locked",
            |_, o| {
                linked(o, "ep", "Linked");
                on(&mut o.environment, |e| e.runtime_state = "Disabled".into());
                listed(o);
            },
            &["CMK035 block", "withheld"],
        ),
        (
            "linked in a new way",
            |_, o| linked(o, "ep", "Wibble"),
            &["CMK025 unknown"],
        ),
        (
            "a copy runs",
            |_, o| {
                linked(o, "ep", "Linked");
                list(&mut o.operations, |all| {
                    all.push(operation("Copy", "Running", 0))
                });
            },
            &["CMK023 block", "withheld"],
        ),
        (
            "a silent environment",
            |_, o| o.environment = silent(),
            &["CMK020 unknown"],
        ),
        (
            "a hidden environment",
            |_, o| o.environment = hidden(),
            &["CMK020 unknown"],
        ),
        (
            "a silent link",
            |_, o| on(&mut o.environment, |e| e.key_link = silent()),
            &["CMK025 unknown"],
        ),
        (
            "a silent policy",
            |_, o| {
                linked(o, "ep", "Linked");
                o.policy = silent();
            },
            &["CMK019 unknown", "withheld"],
        ),
    ];

    #[test]
    fn an_environment_leaves_the_policy_that_it_is_in() {
        rows(
            AN_ENVIRONMENT_LEAVES_THE_POLICY_THAT_IT_IS_IN,
            |target, observed| told(&plan(target, observed)),
        );
    }

    #[test]
    fn that_nothing_is_linked_must_be_settled() {
        rows(
            &[
                (
                    "a silent history",
                    |_, o| o.operations = silent(),
                    &["CMK025 unknown"],
                ),
                (
                    "a key was applied a moment ago",
                    |_, o| {
                        let add = operation("NewCustomerManagedKey", "Succeeded", 0);
                        list(&mut o.operations, |all| all.push(add));
                    },
                    &["CMK025 unknown"],
                ),
                (
                    "a copy runs",
                    |_, o| {
                        list(&mut o.operations, |all| {
                            all.push(operation("Copy", "Running", 0))
                        })
                    },
                    &["CMK025 unknown"],
                ),
                (
                    "a copy goes on",
                    |_, o| on(&mut o.environment, |e| e.ongoing = Some("Copy".into())),
                    &["CMK025 unknown"],
                ),
            ],
            |target, observed| told(&plan(target, observed)),
        );
    }
}
