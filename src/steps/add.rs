//! Step 4: the environment goes to the policy.

use super::remove::{REMOVE, under_way};
use super::{acknowledge, estate, finding, integration, ready, who};
use crate::model::finding::Severity;
use crate::model::ids::{ArmId, same_id};
use crate::model::observed::{Environment, KeyLink, Observed, Operation, Seen};
use crate::model::plan::{Action, Plan};
use crate::model::target::Target;

/// The lifecycle operation that adding an environment starts (inferred from its type on other environments' `allowedOperations`).
pub const ADD: &str = "NewCustomerManagedKey";
/// The one that moves an environment from one policy to another (inferred).
pub const SWAP: &str = "RotateCustomerManagedKey";

/// The one that makes an environment a Managed Environment.
pub const GOVERN: &str = "EnableGovernanceConfiguration";

/// Where an environment stands with regard to one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// No encryption policy.
    None,
    /// This policy, and everything runs.
    Done,
    /// This policy is being applied, or is applied while the environment is not back yet.
    Under,
    /// This policy, and the service says that it failed.
    Failed,
    /// Another policy.
    Other(String),
    /// The service did not say.
    Unknown(String),
}

/// Where the environment stands with regard to `policy`.
pub fn standing(environment: &Environment, policy: &ArmId) -> Standing {
    let link = match &environment.key_link {
        Seen::Present(link) => link,
        Seen::Absent => return Standing::None,
        Seen::Unreadable(why) => return Standing::Unknown(why.why.clone()),
        Seen::NotAsked => return Standing::Unknown("it was not asked for".to_owned()),
    };
    match &link.policy {
        Some(id) if same_id(id, &policy.to_string()) => {}
        Some(id) => return Standing::Other(id.clone()),
        None => return Standing::Unknown("the service names no policy".to_owned()),
    }
    match status(link) {
        "linked" if environment.is_up() => Standing::Done,
        "failed" if environment.is_up() => Standing::Failed,
        _ => Standing::Under,
    }
}

fn status(link: &KeyLink) -> &'static str {
    match link.status.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("linked") => "linked",
        Some("failed") => "failed",
        _ => "other",
    }
}

/// The operation that runs on the environment now, as far as the snapshot shows.
pub fn running(observed: &Observed) -> Option<&Operation> {
    observed.operations.present().and_then(|all| all.iter().find(|operation| !operation.has_ended()))
}

/// The whole step. `policy_comes`: an earlier step of the same plan creates the policy or its grants, so its absence is no finding.
pub fn plan(target: &Target, observed: &Observed, policy_comes: bool) -> Plan {
    let mut plan = Plan::default();
    let (Seen::Present(environment), Some(policy)) = (&observed.environment, &target.policy) else { return plan };
    let name = environment.display_name.clone();
    let id = environment.id.clone();
    if under_way(observed, environment).is_some() {
        // Being linked and being taken off look alike from outside.
        plan.findings.push(finding(
            "CMK023",
            Severity::Block,
            &id,
            format!("The lifecycle operation `{REMOVE}` runs on `{name}`: it is being taken off its policy."),
            "Wait until it has ended, then run this again.",
            who::POWER_PLATFORM,
        ));
        return plan;
    }
    match standing(environment, policy) {
        Standing::Done => {
            plan.already.push(format!("The environment `{name}` is encrypted with the policy `{}`", policy.name));
            return plan;
        }
        Standing::Under => {
            let operation =
                running(observed).filter(|operation| is_key_operation(operation)).map(|operation| operation.id.clone());
            plan.actions.push(Action::AwaitEnvironment { environment: id, name, policy: policy.clone(), operation });
            return plan;
        }
        Standing::Other(other) => {
            plan.findings.push(finding(
                "CMK025",
                Severity::Block,
                &id,
                format!("The environment `{name}` is encrypted with another policy, {other} already."),
                "Adding never replaces a policy; moving to another one is a swap and must be said.",
                who::POWER_PLATFORM,
            ));
            return plan;
        }
        Standing::Unknown(why) => {
            plan.findings.push(finding(
                "CMK025",
                Severity::Block,
                &id,
                format!("Whether the environment `{name}` has a policy already could not be read: {why}."),
                "Run it again later: nothing is started on an environment whose state is not known.",
                who::POWER_PLATFORM,
            ));
            return plan;
        }
        Standing::None | Standing::Failed => {}
    }
    plan.findings.extend(integration::check(target, environment, &observed.integration));
    let governing = target.make_managed && environment.managed() == Some(false) && governed_last(observed);
    // Then that is what is waited for, whoever started it.
    plan.findings.extend(
        ready::check(observed, environment, ADD).into_iter().filter(|finding| !governing || finding.code != "CMK023"),
    );
    plan.findings.extend(ready::check_policy(observed, environment, policy, policy_comes));
    plan.findings.extend(estate::check(observed, environment, Some(policy)));
    plan.findings.extend(estate::history(observed, environment, Some(policy)));
    plan.findings.extend(acknowledge::check(environment));
    match environment.managed() {
        Some(true) => plan.already.push(format!("`{name}` is a Managed Environment")),
        Some(false) if target.make_managed => {
            plan.actions.push(Action::MakeManaged { environment: id.clone(), name: name.clone() });
        }
        _ => plan.findings.extend(ready::managed(environment)),
    }
    let started = running(observed).is_some_and(|operation| operation.kind == ADD) && environment.key_link.is_absent();
    plan.actions.push(if started {
        let operation = running(observed).map(|operation| operation.id.clone());
        Action::AwaitEnvironment { environment: id, name, policy: policy.clone(), operation }
    } else {
        Action::AddEnvironment { environment: id, name, policy: policy.clone() }
    });
    plan
}

/// Is the newest operation the one that makes a Managed Environment? It runs, or has just ended and reads lag behind.
fn governed_last(observed: &Observed) -> bool {
    let newest = observed.operations.present().and_then(|all| all.first());
    newest.is_some_and(|operation| operation.kind == GOVERN)
}

fn is_key_operation(operation: &Operation) -> bool {
    operation.kind == ADD || operation.kind == SWAP
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::ResourceKind;

    fn policy(name: &str) -> ArmId {
        ArmId::new("11111111-2222-3333-4444-555555555555", "g", ResourceKind::EnterprisePolicy, name).unwrap()
    }

    fn environment(link: Seen<KeyLink>, management: &str, runtime: &str) -> Environment {
        Environment {
            id: "e".into(),
            display_name: "UAT".into(),
            management_state: Some(management.into()),
            runtime_state: Some(runtime.into()),
            key_link: link,
            ..Environment::default()
        }
    }

    fn link(name: &str, status: &str) -> Seen<KeyLink> {
        let id = policy(name).to_string().to_uppercase();
        Seen::Present(KeyLink { policy: Some(id), status: Some(status.into()), ..KeyLink::default() })
    }

    #[test]
    fn success_is_this_policy_linked_and_the_environment_up() {
        let table = [
            (link("a", "Linked"), "Ready", "Enabled", Standing::Done),
            (link("a", "linked"), "Ready", "Enabled", Standing::Done),
            (link("a", "Linked"), "Running", "Enabled", Standing::Under),
            (link("a", "Linked"), "Ready", "Disabled", Standing::Under),
            (link("a", "Linking"), "Ready", "Enabled", Standing::Under),
            (link("a", "Wibble"), "Ready", "Enabled", Standing::Under),
            (link("a", "Failed"), "Ready", "Enabled", Standing::Failed),
            (link("a", "Failed"), "Running", "Disabled", Standing::Under),
            (Seen::Absent, "Ready", "Enabled", Standing::None),
            (link("b", "Linked"), "Ready", "Enabled", Standing::Other(policy("b").to_string().to_uppercase())),
            (Seen::NotAsked, "Ready", "Enabled", Standing::Unknown("it was not asked for".into())),
        ];
        for (key_link, management, runtime, expected) in table {
            let environment = environment(key_link, management, runtime);
            assert_eq!(standing(&environment, &policy("a")), expected, "{environment:?}");
        }
    }

    fn planned(environment: Environment, operations: Vec<Operation>) -> Plan {
        let target = Target { policy: Some(policy("a")), power_platform_only: true, ..Target::default() };
        let observed = Observed {
            environment: Seen::Present(environment),
            operations: Seen::Present(operations),
            ..Observed::default()
        };
        plan(&target, &observed, false)
    }

    #[test]
    fn a_running_add_is_waited_for_and_never_repeated() {
        let add = Operation { id: "op".into(), kind: ADD.into(), state: "Running".into(), ..Operation::default() };
        for key_link in [Seen::Absent, link("a", "Linking")] {
            let plan = planned(environment(key_link, "Running", "Disabled"), vec![add.clone()]);
            assert!(!plan.changes(), "{plan:?}");
            assert!(matches!(&plan.actions[..], [Action::AwaitEnvironment { operation: Some(id), .. }] if id == "op"));
        }
    }

    #[test]
    fn another_operation_or_another_policy_blocks() {
        let copy = Operation { id: "op".into(), kind: "Copy".into(), state: "Running".into(), ..Operation::default() };
        let busy = planned(environment(Seen::Absent, "Running", "Enabled"), vec![copy]);
        assert!(busy.blockers().any(|finding| finding.code == "CMK023"));
        let other = planned(environment(link("b", "Linked"), "Ready", "Enabled"), vec![]);
        assert!(other.actions.is_empty() && other.blockers().any(|finding| finding.code == "CMK025"));
    }

    #[test]
    fn what_is_not_known_plans_nothing() {
        let plan = planned(environment(Seen::NotAsked, "Ready", "Enabled"), vec![]);
        assert!(plan.actions.is_empty() && plan.blockers().count() == 1);
    }
}
