//! One environment of a file: its current state, what it lacks, and what blocks it.

use super::lifecycle::READS_LAG;
use super::link::{LinkState, standing, unknown_link};
use super::location::{Misfit, misfit, not_told};
use super::rights::Right;
use super::rights::key::access;
use super::{add, finding, who};
use crate::model::alike::Alike;
use crate::model::environment::Environment;
use crate::model::finding::{Blocks, Finding, Severity};
use crate::model::fleet::{FleetSnapshot, Member, MemberState};
use crate::model::ids::ArmId;
use crate::model::known::Known;
use crate::model::observed::Observed;
use crate::model::plan::Plan;
use crate::model::seen::{Seen, Unreadable};
use crate::model::target::Target;
use crate::model::text::clean;
use crate::model::wanted::{WantedEnvironment, WantedPolicy};
use crate::model::wanted_key::WantedKey;
use std::collections::HashMap;

/// The target for the policy step.
pub fn target(wanted: &WantedPolicy) -> Target {
    Target {
        policy: Some(wanted.id.clone()),
        vault: Some(wanted.vault.clone()),
        key: Some(wanted.key.clone()),
        key_version: wanted.key_version.clone(),
        location: Some(wanted.location.clone()),
        readers: wanted.readers.clone(),
        no_grant: !wanted.grant,
        new_key: wanted.create_key.as_ref().map(WantedKey::new_key),
        ..Target::default()
    }
}

/// If the file plans no change here, a blocker of changes becomes a warning. An unknown fact stays
/// unknown, because then it is not known whether a change is due.
pub(super) fn in_nobodys_way(finding: &mut Finding) {
    if finding.severity == Severity::Block && finding.blocks == Blocks::Changes {
        finding.severity = Severity::Warn;
    }
}

/// Is the environment locked under this policy? An environment that changed within the read lag may
/// be coming back. cmkctl then reads it alone.
pub(super) fn is_locked(environment: &Environment, policy: &ArmId, sight: &FleetSnapshot) -> bool {
    let lately = environment
        .modified
        .is_some_and(|modified| sight.at.duration_since(modified) < READS_LAG);
    standing(environment, policy) == LinkState::Locked && !lately
}

/// What the lookup for each environment of a file uses.
pub(super) struct Lookup<'a> {
    pub(super) sight: &'a FleetSnapshot,
    /// The tenant's environments, by id in lower case.
    pub(super) known: &'a HashMap<String, &'a Environment>,
    /// Display names that several environments share.
    pub(super) twice: &'a Alike,
}

pub(super) fn member(
    wanted: &WantedPolicy,
    wanted_environment: &WantedEnvironment,
    observed: &Observed,
    lookup: &Lookup<'_>,
) -> (Member, Vec<Finding>) {
    let sight = lookup.sight;
    let mut member = unseen(wanted, wanted_environment);
    let Some(listed) = lookup
        .known
        .get(&wanted_environment.id.to_ascii_lowercase())
    else {
        if !sight.listed.tells_absence() {
            return (member, Vec::new());
        }
        member.place = MemberState::Blocked;
        let found = not_in_tenant(&wanted_environment.id, &member.name);
        return (member, vec![found]);
    };
    let seen = sight
        .members
        .get(&wanted_environment.id.to_ascii_lowercase());
    let environment = seen
        .and_then(|seen| seen.environment.present())
        .unwrap_or(listed);
    member.name = environment.display_name.clone();
    if let Some(name) = wanted_environment
        .name
        .as_ref()
        .filter(|name| clean(name) != member.name)
    {
        member.place = MemberState::Blocked;
        let found = misnamed(&wanted_environment.id, &member.name, name);
        return (member, vec![found]);
    }
    member.name = lookup.twice.told_apart(&member.name, &environment.id);
    if seen.is_none() {
        let (place, found) = by_the_list(environment, &wanted.id, sight);
        member.place = place;
        return (member, found);
    }
    let environment = Environment {
        display_name: member.name.clone(),
        ..environment.clone()
    };
    let plan = added(wanted, wanted_environment, observed, seen, &environment);
    let idle = plan.is_idle();
    let mut findings = plan.findings;
    for found in &mut findings {
        found.remedy = found.remedy.clone().of_file();
    }
    let blocked = findings
        .iter()
        .any(|finding| matches!(finding.severity, Severity::Block | Severity::Unknown));
    member.place = match (blocked, idle) {
        (true, _) => MemberState::Blocked,
        (false, true) => MemberState::Encrypted,
        (false, false) => MemberState::Pending,
    };
    (member.actions, member.withheld) = (plan.actions, plan.withheld);
    (member, findings)
}

/// The place and findings by the list alone: encrypted, locked, or not known.
fn by_the_list(
    environment: &Environment,
    policy: &ArmId,
    sight: &FleetSnapshot,
) -> (MemberState, Vec<Finding>) {
    if is_locked(environment, policy, sight) {
        return (MemberState::Locked, Vec::new());
    }
    let open = match standing(environment, policy) {
        LinkState::Done if environment.ongoing.is_none() => {
            return (MemberState::Encrypted, Vec::new());
        }
        LinkState::Unknown(why) => why,
        LinkState::Done
        | LinkState::None
        | LinkState::Under
        | LinkState::Locked
        | LinkState::Failed
        | LinkState::Other(_) => {
            Unreadable::because("cmkctl read only the list, not the environment itself")
        }
    };
    (MemberState::Blocked, vec![unknown_link(environment, &open)])
}

/// A member before anything was read of it.
fn unseen(wanted: &WantedPolicy, wanted_environment: &WantedEnvironment) -> Member {
    Member {
        id: wanted_environment.id.clone(),
        name: wanted_environment
            .name
            .clone()
            .unwrap_or_else(|| wanted_environment.id.clone()),
        policy: wanted.id.clone(),
        ring: wanted_environment.ring,
        place: MemberState::NotVisible,
        actions: Vec::new(),
        withheld: Vec::new(),
    }
}

fn not_in_tenant(id: &str, name: &str) -> Finding {
    finding(
        "CMK020",
        Severity::Block,
        id,
        format!("The tenant has no environment {id} (`{name}`), or you can't see it."),
        "Check the id with `cmkctl environment-name`, and the tenant with `cmkctl auth status`.",
        who::POWER_PLATFORM,
    )
}

/// The environment's display name differs from the file's: the file may mean another environment.
fn misnamed(id: &str, name: &str, in_file: &str) -> Finding {
    finding(
        "CMK002",
        Severity::Block,
        id,
        format!("The environment {id} is called `{name}`, but the file calls it `{in_file}`."),
        "Find out which name is right, then correct the `id` or the `name` in the file.",
        who::POWER_PLATFORM,
    )
}

/// The add step for this environment and its policy.
fn added(
    wanted: &WantedPolicy,
    wanted_environment: &WantedEnvironment,
    observed: &Observed,
    seen: Option<&Observed>,
    environment: &Environment,
) -> Plan {
    let target = Target {
        make_managed: wanted_environment.make_managed,
        power_platform_only: wanted_environment.power_platform_only,
        ..target(wanted)
    };
    let seen = seen.cloned().unwrap_or_default();
    let observed = Observed {
        at: observed.at,
        environment: Seen::Present(environment.clone()),
        policy: observed.policy.clone(),
        vault: observed.vault.clone(),
        key: observed.key.clone(),
        key_rights: observed.key_rights.clone(),
        ..seen
    };
    // The policy step reports the findings of a policy that does not exist yet.
    let comes = observed.policy.present().is_none();
    // The policy step reports the grant that it plans, too.
    let grants = wanted.grant
        && observed
            .vault()
            .is_some_and(|vault| access(&observed, vault) == Right::No);
    // The tenant's limit is checked once for the whole file.
    let granted = (comes && wanted.grant) || grants;
    let mut plan = add::step(&target, &observed, granted, None);
    if comes && !plan.is_idle() {
        let place = misfit(
            &Known::from(wanted.location.as_str()),
            &environment.location,
        );
        plan.findings.extend(misplaced(wanted, environment, place));
    }
    plan
}

/// The finding that a new policy would be in a location that the environment can't use.
fn misplaced(
    wanted: &WantedPolicy,
    environment: &Environment,
    place: Known<Option<Misfit>>,
) -> Option<Finding> {
    let misfit = match place {
        Known::Known(misfit) => misfit?,
        Known::Unknown(why) => return Some(not_told(&environment.id, &wanted.id.name, &why)),
    };
    let severity = misfit.severity();
    let Misfit { policy, needed } = misfit;
    Some(finding(
        "CMK007",
        severity,
        &environment.id,
        format!(
            "The policy `{}` would be in `{policy}`, but `{}` requires a policy in `{needed}`.",
            wanted.id.name, environment.display_name
        ),
        "In the file, move the environment below a policy in its geography.",
        who::KEY_VAULT,
    ))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{days, environment, link, now, policy_id};
    use super::*;

    #[test]
    fn a_locked_one_that_was_modified_lately_is_looked_at_by_itself() {
        let sight = FleetSnapshot {
            at: now(),
            ..FleetSnapshot::default()
        };
        for (status, runtime, modified, expected) in [
            ("Linked", "Disabled", Some(days(-1)), true),
            ("Linked", "Disabled", None, true),
            ("Linked", "Disabled", Some(now()), false),
            ("Linked", "Enabled", Some(days(-1)), false),
            ("Linked", "Wibble", Some(days(-1)), false),
            ("Wibble", "Disabled", Some(days(-1)), false),
        ] {
            let locked = Environment {
                key_link: link("ep", status),
                runtime_state: runtime.into(),
                modified,
                ..environment("e")
            };
            assert_eq!(
                is_locked(&locked, &policy_id("ep"), &sight),
                expected,
                "{locked:?}"
            );
        }
    }

    #[test]
    fn dangers_are_in_nobodys_way_and_nothing_else_is() {
        for (before, of_changes, after) in [
            (Severity::Block, true, Severity::Warn),
            (Severity::Unknown, true, Severity::Unknown),
            (Severity::NotVisible, true, Severity::NotVisible),
            (Severity::Block, false, Severity::Block),
            (Severity::Unknown, false, Severity::Unknown),
        ] {
            let found = finding("CMK016", before, "e", "m", "r", who::POWER_PLATFORM);
            let mut found = if of_changes {
                found.of_changes()
            } else {
                found
            };
            in_nobodys_way(&mut found);
            assert_eq!(found.severity, after, "{before:?} {of_changes}");
        }
    }
}
