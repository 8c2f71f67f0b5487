//! From one policy to another. The documentation describes a removal and an add, which is two
//! outages; Microsoft's own script links the new policy over the old one, and whether that is one
//! outage is not proven.

use super::grant::grant_command;
use super::lifecycle::{last_was_removal, running, under_way};
use super::link::{Standing, no_environment, standing};
use super::remove;
use super::{add, estate, finding, key, quoted, ready, who};
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ArmId;
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::seen::Seen;
use crate::model::target::Target;

/// The whole command.
pub fn plan(target: &Target, observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    let Some(policy) = &target.policy else {
        return plan;
    };
    let Seen::Present(environment) = &observed.environment else {
        return Plan {
            findings: vec![no_environment(target, &observed.environment)],
            ..plan
        };
    };
    let name = &environment.display_name;
    if let Some(leaving) = under_way(observed, environment) {
        plan.already.push(format!(
            "The removal of `{name}` from its old policy has begun"
        ));
        plan.findings
            .extend(ready::check_policy(observed, environment, policy, false));
        plan.join(key::in_use(observed));
        plan.actions = vec![leaving, add_to(policy, environment)];
        return plan;
    }
    match standing(environment, policy) {
        // Nothing to leave, and nothing started: what is left of a swap, or no swap at all.
        Standing::None if last_was_removal(observed) || running(observed).is_some() => {
            plan.already
                .push(format!("`{name}` has left its old policy"));
            plan.join(add::plan(target, observed, false));
        }
        Standing::None => plan.findings.push(finding(
            "CMK025",
            Severity::Block,
            &environment.id,
            format!("`{name}` has no policy that it could leave."),
            "Add it: `cmkctl add-environment`.",
            who::POWER_PLATFORM,
        )),
        Standing::Other(from) => {
            plan = from_one_to_the_other(target, observed, environment, policy, &from);
        }
        Standing::Done
        | Standing::Under
        | Standing::Locked
        | Standing::Failed
        | Standing::Unknown(_) => {
            plan.join(add::plan(target, observed, false));
        }
    }
    plan.findings
        .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    plan
}

fn add_to(policy: &ArmId, environment: &Environment) -> Action {
    Action::AddEnvironment {
        environment: environment.id.clone(),
        name: environment.display_name.clone(),
        policy: policy.clone(),
    }
}

/// The move itself, and everything that may stand in its way.
fn from_one_to_the_other(
    target: &Target,
    observed: &Observed,
    environment: &Environment,
    policy: &ArmId,
    from: &ArmId,
) -> Plan {
    let mut plan = Plan::default();
    plan.findings
        .extend(remove::leaving(observed, environment, from));
    plan.findings.extend(ready::managed(environment));
    plan.findings
        .extend(ready::check_policy(observed, environment, policy, false));
    plan.findings
        .extend(checked_key(target, observed, environment, policy));
    plan.join(key::in_use(observed));
    let old = observed.left.as_deref();
    plan.findings
        .extend(old.map_or_else(|| key::to_leave(&Observed::default()), key::to_leave));
    plan.findings
        .extend(estate::check(target, &observed.around.estate, environment));
    let (id, name) = (&environment.id, &environment.display_name);
    if target.in_place {
        plan.findings.push(in_place(environment));
        plan.actions.push(Action::MoveEnvironment {
            environment: id.clone(),
            name: name.clone(),
            from: from.clone(),
            policy: policy.clone(),
        });
    } else {
        plan.findings.push(two_outages(environment));
        plan.actions.push(Action::RemoveEnvironment {
            environment: id.clone(),
            name: name.clone(),
            policy: from.clone(),
        });
        plan.actions.push(add_to(policy, environment));
    }
    plan
}

fn two_outages(environment: &Environment) -> Finding {
    finding(
        "CMK027",
        Severity::Acknowledge,
        &environment.id,
        format!(
            "`{}` goes offline twice, up to 4 days each: while it leaves the old policy, and \
            while it is added to the new one.",
            environment.display_name
        ),
        "Tell its users, and choose the time for both; `--confirm` takes its name for this reason.",
        who::POWER_PLATFORM,
    )
}

fn in_place(environment: &Environment) -> Finding {
    finding(
        "CMK027",
        Severity::Warn,
        &environment.id,
        format!(
            "`{}` is linked to the new policy over the old one: Microsoft's script does it so, \
            the documentation does not, and that it is one outage, or works at all, is not proven.",
            environment.display_name
        ),
        "Leave out `--in-place` for the documented way: a removal and an add.",
        who::POWER_PLATFORM,
    )
}

/// What can't be seen can't be checked, and a restore that fails is found out too late: somebody
/// who sees it must have checked it.
fn checked_key(
    target: &Target,
    observed: &Observed,
    environment: &Environment,
    policy: &ArmId,
) -> Option<Finding> {
    let mut found = old_key(observed, environment)?;
    if found.severity == Severity::NotVisible && !target.old_key_granted {
        found.severity = Severity::Unknown;
        found.remedy = format!(
            "The Key Vault administrator checks it with `cmkctl check {} --policy {} --swap`; \
            then pass `--old-key-granted`.",
            quoted(&environment.id),
            quoted(&policy.to_string())
        );
    }
    Some(found)
}

/// May the new policy's identity use the key that the environment leaves behind? Restores of older
/// backups need it.
pub(super) fn old_key(observed: &Observed, environment: &Environment) -> Option<Finding> {
    let hidden = |why: &str| {
        let what = "Whether the new policy's identity may use the old key";
        super::not_visible("CMK034", &environment.id, what, why, who::KEY_VAULT)
    };
    let old = match &observed.around.old_key {
        Seen::Present(old) => match &old.granted {
            Verdict::Yes => return None,
            Verdict::No => old,
            Verdict::CantTell(why) => return Some(hidden(&why.why)),
        },
        Seen::Unreadable(why) => return Some(hidden(&why.why)),
        Seen::Absent => return Some(hidden("the old policy or its vault could not be found")),
    };
    let principal = observed
        .policy
        .present()
        .and_then(|policy| policy.principal_id.as_deref());
    let remedy = principal.map_or(
        "Create the new policy first, then give its identity access to the old key.".to_owned(),
        |principal| grant_command(&old.vault, &old.key, principal),
    );
    Some(finding(
        "CMK034",
        Severity::Block,
        &old.vault,
        format!(
            "The new policy's identity may not use the old key `{}`: backups made before the swap \
            could not be restored.",
            old.key
        ),
        remedy,
        who::KEY_VAULT,
    ))
}
