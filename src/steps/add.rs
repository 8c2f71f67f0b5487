//! Step 4: the environment goes to the policy.

use super::lifecycle::{ADD, GOVERN, REMOVE, applies_key};
use super::remove::under_way;
use super::{Whose, acknowledge, estate, finding, integration, key, quoted, ready, unseen, who};
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ArmId;
use crate::model::known::{Known, Verdict};
use crate::model::observed::{Environment, KeyLink, Observed, Operation, Seen, Stage, Unreadable};
use crate::model::plan::{Action, Plan};
use crate::model::target::Target;
use jiff::SignedDuration;

/// Where an environment stands with regard to one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// No encryption policy.
    None,
    /// This policy, and everything runs.
    Done,
    /// This policy is being applied, or is applied while the environment is not back yet.
    Under,
    /// This policy, at rest, and offline: its key can't be reached.
    Locked,
    /// This policy, and the service says that it failed.
    Failed,
    /// Another policy.
    Other(ArmId),
    /// The service did not say.
    Unknown(Unreadable),
}

/// Where the environment stands with regard to `policy`.
pub fn standing(environment: &Environment, policy: &ArmId) -> Standing {
    match &environment.key_link {
        Seen::Present(link) if link.policy == *policy => under_policy(environment, link),
        Seen::Present(link) => Standing::Other(link.policy.clone()),
        Seen::Absent => Standing::None,
        Seen::Unreadable(why) => Standing::Unknown(why.clone()),
        Seen::NotAsked => open("it was not asked for"),
    }
}

/// Where it stands with regard to the policy that is linked.
fn under_policy(environment: &Environment, link: &KeyLink) -> Standing {
    let settled = match link.stage() {
        Known::Known(Stage::Linked) => Standing::Done,
        Known::Known(Stage::Failed) => Standing::Failed,
        Known::Known(Stage::Linking | Stage::Unlinking) => return Standing::Under,
        Known::Unknown(why) => return open(why),
    };
    match (environment.is_up(), locked(environment)) {
        (Verdict::Yes, _) => settled,
        (_, Verdict::Yes) => Standing::Locked,
        (Verdict::CantTell(why), _) | (Verdict::No, Verdict::CantTell(why)) => Standing::Unknown(why),
        (Verdict::No, Verdict::No) => Standing::Under,
    }
}

pub(super) fn open(why: impl Into<String>) -> Standing {
    Standing::Unknown(Unreadable::because(why))
}

/// Is an environment with a policy locked? Offline, ready for operations, and none runs that would explain it: then its key can't be reached
/// (inferred; the service has no word for a lock).
pub fn locked(environment: &Environment) -> Verdict {
    let link = match &environment.key_link {
        Seen::Present(link) => link,
        Seen::Absent => return Verdict::No,
        Seen::Unreadable(why) => return Verdict::CantTell(why.clone()),
        Seen::NotAsked => return Verdict::default(),
    };
    let settled = match link.stage() {
        Known::Known(Stage::Linked | Stage::Failed) => Verdict::of(environment.ongoing.is_none()),
        Known::Known(Stage::Linking | Stage::Unlinking) => Verdict::No,
        Known::Unknown(why) => Verdict::cant_tell(why),
    };
    let offline = match environment.is_running() {
        Verdict::Yes => Verdict::No,
        Verdict::No => Verdict::Yes,
        open @ Verdict::CantTell(_) => open,
    };
    settled.and(|| offline).and(|| environment.is_ready())
}

/// The operation that runs on the environment now, as far as the snapshot shows.
pub fn running(observed: &Observed) -> Option<&Operation> {
    observed.operations.present().and_then(|all| all.iter().find(|operation| !operation.has_ended()))
}

/// The whole step. `policy_comes`: an earlier step of the same plan creates the policy or its grants, so its absence is no finding.
pub fn plan(target: &Target, observed: &Observed, policy_comes: bool) -> Plan {
    let mut plan = Plan::default();
    let environment = match (&observed.environment, &target.policy) {
        (Seen::Present(environment), Some(_)) => environment,
        (seen, _) => return Plan { findings: vec![no_environment(target, seen)], ..plan },
    };
    let Some(policy) = &target.policy else { return plan };
    let name = environment.display_name.clone();
    let id = environment.id.clone();
    let wait = |operation: Option<&Operation>| Action::AwaitEnvironment {
        environment: id.clone(),
        name: name.clone(),
        policy: policy.clone(),
        operation: operation.map(|operation| operation.id.clone()),
    };
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
    let of_keys = running(observed).filter(|operation| applies_key(&operation.kind));
    let standing = standing(environment, policy);
    match &standing {
        Standing::Done => {
            plan.already.push(format!("The environment `{name}` is encrypted with the policy `{}`", policy.name));
            return plan;
        }
        Standing::Under => {
            plan.actions.push(wait(of_keys));
            return plan;
        }
        Standing::Locked if of_keys.is_some() || just_keyed(observed) => {
            plan.actions.push(wait(of_keys));
            return plan;
        }
        Standing::Locked => {
            plan.findings.push(offline(environment));
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
        Standing::Unknown(why) => plan.findings.push(unknown_link(environment, why)),
        // Its link does not show yet.
        Standing::None if of_keys.is_some_and(|operation| operation.is(ADD)) => {
            plan.actions.push(wait(of_keys));
            return plan;
        }
        Standing::None if just_keyed(observed) => {
            let why = "a key was applied within the last hour, and reads can lag behind";
            plan.findings.push(unknown_link(environment, &Unreadable::because(why)));
        }
        Standing::None | Standing::Failed => {}
    }
    plan.findings.extend(integration::check(target, environment, &observed.integration));
    let governing = target.make_managed && environment.managed() == Some(false) && governed_last(observed, environment);
    // If the operation that makes a Managed Environment runs already, it is waited for, whoever started it.
    plan.findings.extend(
        ready::check(observed, environment, ADD)
            .into_iter()
            .filter(|finding| !governing || finding.code != "CMK023" || finding.severity != Severity::Block),
    );
    plan.findings.extend(ready::check_policy(observed, environment, policy, policy_comes));
    if !policy_comes {
        plan.join(key::in_use(observed));
    }
    plan.findings.extend(estate::check(target, observed, environment));
    plan.findings.extend(estate::history(observed, environment, Some(policy)));
    plan.findings.extend(acknowledge::check(environment));
    match environment.managed() {
        Some(true) => plan.already.push(format!("`{name}` is a Managed Environment")),
        Some(false) if target.make_managed => {
            plan.actions.push(Action::MakeManaged { environment: id.clone(), name: name.clone() });
        }
        _ => plan.findings.extend(ready::managed(environment)),
    }
    plan.actions.push(Action::AddEnvironment { environment: id, name, policy: policy.clone() });
    // What stands in its way is all said; where it stands is not known, so nothing is offered.
    if !matches!(standing, Standing::None | Standing::Failed) {
        plan.actions.clear();
    }
    plan
}

/// Reads lag behind an operation that ended, for so long at most.
const READS_LAG: SignedDuration = SignedDuration::from_hours(1);

/// Was a key applied so lately that reads may not show it yet? When the end is not known, it may have been.
pub(super) fn just_keyed(observed: &Observed) -> bool {
    let last = observed.operations.present().and_then(|all| all.first());
    last.filter(|operation| applies_key(&operation.kind) && operation.succeeded()).is_some_and(|operation| {
        match &operation.last_action {
            Known::Known(Some(ended)) => observed.at.duration_since(*ended) < READS_LAG,
            Known::Known(None) => {
                operation.created.known().is_none_or(|began| observed.at.duration_since(*began) < READS_LAG)
            }
            Known::Unknown(_) => true,
        }
    })
}

/// A step of an environment that was not read plans nothing.
pub(super) fn no_environment(target: &Target, seen: &Seen<Environment>) -> Finding {
    let why = seen.unreadable().cloned().unwrap_or_else(|| Unreadable::because("it was not read"));
    let subject = target.environment.clone().unwrap_or_else(|| "environment".to_owned());
    unseen(why.finding.unwrap_or("CMK020"), subject, "The environment", &why, (who::POWER_PLATFORM, Whose::Own))
}

/// Whether a policy is linked is not known: nothing is started on such an environment.
pub(super) fn unknown_link(environment: &Environment, why: &Unreadable) -> Finding {
    let (id, name) = (&environment.id, &environment.display_name);
    let what = format!("Whether `{name}` has a policy");
    let mut found = unseen("CMK025", id, &what, why, (who::POWER_PLATFORM, Whose::Own));
    if why.finding == Some("CMK041") {
        found.code = "CMK041";
        found.remedy = "Bring-your-own keys were retired on 2026-01-06 and their environments went back to the Microsoft key: run this again later, and ask Microsoft support if it stays so.".to_owned();
    }
    found
}

/// It has its policy, and its key can't be reached: nothing but the key helps.
pub(super) fn offline(environment: &Environment) -> Finding {
    finding(
        "CMK035",
        Severity::Block,
        &environment.id,
        format!(
            "`{}` is offline and nothing runs on it: as long as its key can't be reached, its data can't be read, nor encrypted anew.",
            environment.display_name
        ),
        format!("cmkctl unlock {}", quoted(&environment.id)),
        who::POWER_PLATFORM,
    )
}

/// Is the newest operation the one that makes a Managed Environment? It runs, or has just ended and reads lag behind.
fn governed_last(observed: &Observed, environment: &Environment) -> bool {
    let newest = observed.operations.present().and_then(|all| all.first()).filter(|operation| operation.is(GOVERN));
    let other = environment.ongoing.as_ref().is_some_and(|kind| !kind.eq_ignore_ascii_case(GOVERN));
    let recent = |operation: &Operation| match operation.ended() {
        Known::Known(ended) => observed.at.duration_since(ended) < READS_LAG,
        Known::Unknown(_) => false,
    };
    !other && newest.is_some_and(|operation| !operation.has_ended() || recent(operation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::ResourceKind;
    use crate::model::known::Known;
    use crate::model::observed::Rules;

    fn policy(name: &str) -> ArmId {
        ArmId::new("11111111-2222-3333-4444-555555555555", "g", ResourceKind::EnterprisePolicy, name).unwrap()
    }

    fn environment(link: Seen<KeyLink>, management: &str, runtime: &str) -> Environment {
        Environment {
            id: "e".into(),
            display_name: "UAT".into(),
            management_state: Some(management.into()).filter(|_| !management.is_empty()),
            runtime_state: Some(runtime.into()),
            rules: Known::Known(Rules::default()),
            key_link: link,
            ..Environment::default()
        }
    }

    fn link(name: &str, status: &str) -> Seen<KeyLink> {
        let id = policy(name).to_string().to_uppercase();
        let policy = ArmId::parse(&id, &[ResourceKind::EnterprisePolicy]).unwrap();
        Seen::Present(KeyLink { policy, status: Some(status.into()), system_id: None })
    }

    #[test]
    fn success_is_this_policy_linked_and_the_environment_up() {
        let unknown = Standing::Unknown(Unreadable::default());
        let table = [
            (link("a", "Linked"), "Ready", "Enabled", Standing::Done),
            (link("a", "linked"), "ready", "ENABLED", Standing::Done),
            (link("a", "Linked"), "Ready", "AdminMode", Standing::Done),
            (link("a", "Linked"), "Running", "Enabled", Standing::Under),
            (link("a", "Linked"), "Running", "Disabled", Standing::Under),
            (link("a", "Linked"), "Ready", "Disabled", Standing::Locked),
            (link("a", "Failed"), "Ready", "Disabled", Standing::Locked),
            (link("a", "Linking"), "Ready", "Enabled", Standing::Under),
            (link("a", "UnlinkingOnline"), "Ready", "Enabled", Standing::Under),
            (link("a", "Failed"), "Ready", "Enabled", Standing::Failed),
            (link("a", "Failed"), "Running", "Disabled", Standing::Under),
            (Seen::Absent, "Ready", "Enabled", Standing::None),
            (link("b", "Linked"), "Ready", "Enabled", Standing::Other(policy("b"))),
            (link("a", "Wibble"), "Ready", "Enabled", unknown.clone()),
            (link("a", ""), "Ready", "Enabled", unknown.clone()),
            (link("a", "Linked"), "", "Enabled", unknown.clone()),
            (link("a", "Linked"), "Ready", "Wibble", unknown.clone()),
            (Seen::Unreadable(Unreadable::default()), "Ready", "Enabled", unknown.clone()),
            (Seen::NotAsked, "Ready", "Enabled", unknown),
        ];
        for (key_link, management, runtime, expected) in table {
            let environment = environment(key_link, management, runtime);
            let found = standing(&environment, &policy("a"));
            let same = match (&found, &expected) {
                (Standing::Unknown(_), Standing::Unknown(_)) => true,
                (found, expected) => found == expected,
            };
            assert!(same, "{found:?}: {environment:?}");
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
        assert!(plan.actions.is_empty() && plan.gaps().any(|finding| finding.code == "CMK025"));
    }
}
