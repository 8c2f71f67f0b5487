//! Step 4: add the environment to the policy.

use super::evidence::{First, LinkEvidence, PolicyAvailability, take};
use super::lifecycle::{
    ADD, JUST_KEYED, REMOVE, applies_key, changes_key, governed_last, just_keyed, running,
    under_way,
};
use super::link::{LinkState, no_environment, offline, standing, unknown_link};
use super::readiness::{self, Readiness};
use super::{acknowledge, estate, finding, integration, key, ready, who};
use crate::model::action::Named;
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ArmId;
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::model::operation::Operation;
use crate::model::plan::{Action, Plan};
use crate::model::remedy::Remedy;
use crate::model::seen::{Seen, Unreadable};
use crate::model::target::Target;
use crate::model::whole::Whole;

/// The whole step. `policy_comes`: an earlier step of the same plan creates the policy or its
/// grants, so a missing policy is no finding.
pub fn plan(target: &Target, observed: &Observed, policy_comes: bool) -> Plan {
    step(
        target,
        observed,
        policy_comes,
        Some(&observed.preconditions.estate),
    )
}

/// The step over the snapshot of the environment and its policy. `tenant` is `None` if the caller
/// checks the tenant's limits once for many environments.
pub(super) fn step(
    target: &Target,
    observed: &Observed,
    policy_comes: bool,
    tenant: Option<&Seen<Whole<Environment>>>,
) -> Plan {
    let mut plan = Plan::default();
    let environment = match (&observed.environment, &target.policy) {
        (Seen::Present(environment), Some(_)) => environment,
        (seen, _) => {
            return Plan {
                findings: vec![no_environment(target, seen)],
                ..plan
            };
        }
    };
    let Some(policy) = &target.policy else {
        return plan;
    };
    if under_way(observed, environment).is_some() {
        // `linkStatus` does not tell linking from unlinking, so check for a running removal first.
        plan.findings.push(being_taken_off(environment));
        return plan;
    }
    let standing = standing(environment, policy);
    if let Some(decided) = decided(observed, environment, policy, &standing) {
        return decided;
    }
    plan.findings
        .extend(unclear(observed, environment, &standing));
    plan.findings.extend(unready(target, observed, environment));
    plan.findings.extend(ready::check_policy(
        observed,
        environment,
        policy,
        policy_comes,
    ));
    if !policy_comes {
        plan.join(key::in_use(observed));
    }
    let others = tenant.map(|tenant| estate::check(target, tenant, environment));
    plan.findings.extend(others.into_iter().flatten());
    plan.findings
        .extend(estate::history(observed, environment, Some(policy)));
    plan.findings.extend(acknowledge::check(environment));
    managed(target, environment, &mut plan);
    // The findings are complete here. If the standing is not known, offer no action.
    if !matches!(standing, LinkState::None | LinkState::Failed) {
        plan.actions.clear();
        return plan;
    }
    let comes = if policy_comes {
        PolicyAvailability::Policy
    } else {
        PolicyAvailability::Nothing
    };
    link(
        &mut plan,
        (target, observed),
        environment,
        (policy, comes, First::Nothing),
    );
    plan
}

/// Plans the Managed Environment operation, unless the environment is one already.
fn managed(target: &Target, environment: &Environment, plan: &mut Plan) {
    let name = &environment.display_name;
    match environment.managed() {
        Verdict::Yes => plan
            .already
            .push(format!("`{name}` is a Managed Environment")),
        Verdict::No if target.make_managed => {
            plan.actions.push(Action::MakeManaged {
                named: Named::of(environment),
            });
        }
        Verdict::No | Verdict::CantTell(_) => plan.findings.extend(ready::managed(environment)),
    }
}

/// Plans the link, if its evidence allows it.
pub(super) fn link(
    plan: &mut Plan,
    (target, observed): (&Target, &Observed),
    environment: &Environment,
    (policy, comes, first): (&ArmId, PolicyAvailability, First),
) {
    let mut gathered = LinkEvidence::gather(target, observed, policy, (comes, first));
    if let (Err(gaps), PolicyAvailability::Policy) = (&mut gathered, comes) {
        // The step that creates the policy reports what is not known of it.
        gaps.retain(|gap| gap.subject == environment.id);
    }
    take(plan, gathered, |evidence| Action::AddEnvironment {
        named: Named::of(environment),
        policy: policy.clone(),
        evidence,
    });
}

fn being_taken_off(environment: &Environment) -> Finding {
    let name = &environment.display_name;
    finding(
        "CMK023",
        Severity::Block,
        &environment.id,
        format!(
            "The lifecycle operation `{REMOVE}` runs on `{name}`. The service is removing the \
                environment from its policy."
        ),
        Remedy::wait("Wait until the operation ends, then run the same command again."),
        who::POWER_PLATFORM,
    )
}

/// The whole plan, if the link alone decides it: the add is done, running, or impossible.
fn decided(
    observed: &Observed,
    environment: &Environment,
    policy: &ArmId,
    standing: &LinkState,
) -> Option<Plan> {
    let name = &environment.display_name;
    let of_keys = running(observed).filter(|operation| applies_key(&operation.kind));
    let wait = || Action::AwaitEnvironment {
        named: Named::of(environment),
        policy: policy.clone(),
        operation: of_keys.map(|operation| operation.id.clone()),
    };
    let of_key = |operation: &Operation| operation.kind.is_empty() || changes_key(&operation.kind);
    let may_run = || readiness::may_run(observed, environment, of_key);
    // The link already shows the end of an add, so a running add does not count here.
    let may_leave = || {
        readiness::may_run(observed, environment, |operation| {
            of_key(operation) && !operation.is(ADD)
        })
    };
    let mut plan = Plan::default();
    match standing {
        // A removal may have begun that the link does not show yet.
        LinkState::Done => {
            match readiness::unread_history(observed, environment).or_else(may_leave) {
                Some(open) => plan.findings.push(open),
                None => plan.already.push(format!(
                    "The environment `{name}` is encrypted with the policy `{}`",
                    policy.name
                )),
            }
        }
        LinkState::Under => plan.actions.push(wait()),
        LinkState::Locked if may_run().is_some() => plan.findings.extend(may_run()),
        LinkState::Locked if of_keys.is_some() || just_keyed(observed) => plan.actions.push(wait()),
        LinkState::Locked => plan.findings.push(offline(environment)),
        LinkState::Other(other) => plan.findings.push(finding(
            "CMK025",
            Severity::Block,
            &environment.id,
            format!("The environment `{name}` is already encrypted with another policy, {other}."),
            Remedy::Move {
                environment: environment.id.clone(),
                policy: Box::new(policy.clone()),
            },
            who::POWER_PLATFORM,
        )),
        // The add runs, but its link does not show yet.
        LinkState::None
            if may_run().is_none() && of_keys.is_some_and(|operation| operation.is(ADD)) =>
        {
            plan.actions.push(wait());
        }
        LinkState::None | LinkState::Failed | LinkState::Unknown(_) => return None,
    }
    Some(plan)
}

/// Why the environment's standing is not known; `None` if it is known.
fn unclear(
    observed: &Observed,
    environment: &Environment,
    standing: &LinkState,
) -> Option<Finding> {
    match standing {
        LinkState::Unknown(why) => Some(unknown_link(environment, why)),
        LinkState::None if just_keyed(observed) => {
            Some(unknown_link(environment, &Unreadable::because(JUST_KEYED)))
        }
        LinkState::None
        | LinkState::Done
        | LinkState::Under
        | LinkState::Locked
        | LinkState::Failed
        | LinkState::Other(_) => None,
    }
}

/// Everything about the environment itself that blocks an add.
fn unready(target: &Target, observed: &Observed, environment: &Environment) -> Vec<Finding> {
    let mut found = integration::check(target, environment, observed.integration.as_ref());
    let governing = target.make_managed
        && environment.managed() == Verdict::No
        && governed_last(observed, environment);
    // If the operation that makes a Managed Environment already runs, wait for it instead of
    // reporting that the environment is busy.
    let readiness = Readiness::of(observed, environment, ADD);
    let readiness = if governing {
        readiness.waits_for_what_runs()
    } else {
        readiness
    };
    found.extend(readiness.findings());
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::link::tests::{environment, link, policy};

    fn planned(environment: Environment, operations: Vec<Operation>) -> Plan {
        let target = Target {
            policy: Some(policy("a")),
            power_platform_only: true,
            ..Target::default()
        };
        let observed = Observed {
            environment: Seen::Present(environment),
            operations: super::super::samples::all(operations),
            ..Observed::default()
        };
        plan(&target, &observed, false)
    }

    #[test]
    fn a_running_add_is_waited_for_and_never_repeated() {
        let add = Operation {
            id: "op".into(),
            kind: ADD.into(),
            state: "Running".into(),
            ..Operation::default()
        };
        for key_link in [Seen::Absent, link("a", "Linking")] {
            let plan = planned(
                environment(key_link, "Running", "Disabled"),
                vec![add.clone()],
            );
            assert!(!plan.changes(), "{plan:?}");
            assert!(
                matches!(&plan.actions[..], [Action::AwaitEnvironment { operation: Some(id),
                    .. }] if id == "op")
            );
        }
    }

    #[test]
    fn another_operation_or_another_policy_blocks() {
        let copy = Operation {
            id: "op".into(),
            kind: "Copy".into(),
            state: "Running".into(),
            ..Operation::default()
        };
        let busy = planned(environment(Seen::Absent, "Running", "Enabled"), vec![copy]);
        assert!(busy.blockers().any(|finding| finding.code == "CMK023"));
        let other = planned(environment(link("b", "Linked"), "Ready", "Enabled"), vec![]);
        assert!(
            other.actions.is_empty() && other.blockers().any(|finding| finding.code == "CMK025")
        );
    }

    #[test]
    fn what_is_not_known_plans_nothing() {
        let plan = planned(environment(Seen::default(), "Ready", "Enabled"), vec![]);
        assert!(plan.actions.is_empty() && plan.gaps().any(|finding| finding.code == "CMK025"));
    }
}
