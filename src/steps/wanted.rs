//! Makes a plan from a file: what its policies lack, and then, ring by ring, what its environments
//! lack. cmkctl lists environments that the file does not name, and does not change them.

use super::link::{LinkState, standing};
pub use super::member::target;
use super::member::{Lookup, in_nobodys_way, is_locked, member};
use super::{create_key, estate, finding, policy, quoted, who};
use crate::model::alike::Alike;
use crate::model::count::{counted, counted_as};
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::fleet::{Fleet, FleetSnapshot, Member, MemberState, Named, Unlisted};
use crate::model::ids::ArmId;
use crate::model::observed::Observed;
use crate::model::plan::Plan;
use crate::model::wanted::{Wanted, WantedPolicy};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The environments of the file that cmkctl must read alone, because the list shows them not in
/// their desired state. Locked ones are left out, because nothing can be started on them.
pub fn unsettled<'a>(wanted: &Wanted, sight: &'a FleetSnapshot) -> Vec<&'a Environment> {
    let known = by_id(sight);
    let each = wanted.policies.iter().flat_map(|policy| {
        policy
            .environments
            .iter()
            .map(move |wanted_environment| (policy, wanted_environment))
    });
    each.filter_map(|(policy, wanted_environment)| {
        let environment = *known.get(&wanted_environment.id.to_ascii_lowercase())?;
        let done =
            standing(environment, &policy.id) == LinkState::Done && environment.ongoing.is_none();
        (!done && !is_locked(environment, &policy.id, sight)).then_some(environment)
    })
    .collect()
}

/// The whole plan.
pub fn plan(wanted: &Wanted, sight: &FleetSnapshot) -> Fleet {
    let known = by_id(sight);
    let linked = by_policy(sight);
    let twice = names_of_several(wanted, &known);
    let lookup = Lookup {
        sight,
        known: &known,
        twice: &twice,
    };
    let mut fleet = Fleet::default();
    let mut first = Plan::default();
    let mut rest: Vec<(Member, Vec<Finding>)> = Vec::new();
    for (wanted, observed) in wanted.policies.iter().zip(&sight.policies) {
        let holds = linked
            .get(&wanted.id)
            .map(Vec::as_slice)
            .unwrap_or_default();
        // The later steps depend on the key that `create_key` makes.
        let after = &create_key::afterwards(&target(wanted), observed);
        let mut part = of_policy(wanted, (observed, after), holds);
        let members: Vec<_> = wanted
            .environments
            .iter()
            .map(|wanted_environment| member(wanted, wanted_environment, after, &lookup))
            .collect();
        let starts = members.iter().any(|(member, _)| member.starts());
        if part.actions.is_empty() && !starts {
            part.findings.iter_mut().for_each(in_nobodys_way);
        }
        part.findings.extend(of_locked(&wanted.id, &members));
        part.already.extend(encrypted(&wanted.id, &members));
        fleet.unlisted.extend(unlisted(wanted, holds));
        if starts {
            part.findings.extend(
                sight
                    .listed
                    .tenant()
                    .and_then(|all| estate::elsewhere(all.iter(), &wanted.id)),
            );
        }
        join(&mut first, part);
        rest.extend(members);
    }
    fleet.first = first.actions.len();
    fleet.plan = first;
    members_by_ring(&mut fleet, rest);
    fleet.plan.findings.extend(unseen(&fleet, sight));
    fleet
        .plan
        .findings
        .extend(limit(wanted, sight, &fleet, &known));
    fleet
        .plan
        .findings
        .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    fleet
}

/// How many of the policy's environments are already encrypted, as a sentence.
fn encrypted(policy: &ArmId, members: &[(Member, Vec<Finding>)]) -> Option<String> {
    let settled = members
        .iter()
        .filter(|(member, _)| member.place == MemberState::Encrypted)
        .count();
    (settled > 0).then(|| {
        format!(
            "{} encrypted with the policy `{}`",
            counted_as(settled, "environment is", "environments are"),
            policy.name
        )
    })
}

/// Adds the environments and their actions to the fleet, ring by ring.
fn members_by_ring(fleet: &mut Fleet, mut members: Vec<(Member, Vec<Finding>)>) {
    // Running environments come first, because they count toward `at-most`.
    members.sort_by_key(|(member, _)| (member.ring, member.starts()));
    for (member, mut findings) in members {
        findings
            .iter_mut()
            .for_each(|finding| named(finding, &member.name));
        join(
            &mut fleet.plan,
            Plan {
                findings,
                actions: member.actions.clone(),
                withheld: member.withheld.clone(),
                ..Plan::default()
            },
        );
        fleet.members.push(member);
    }
}

fn by_id(sight: &FleetSnapshot) -> HashMap<String, &Environment> {
    let all = sight.listed.environments();
    all.iter()
        .map(|environment| (environment.id.to_ascii_lowercase(), environment))
        .collect()
}

/// The environments linked to each policy.
fn by_policy(sight: &FleetSnapshot) -> BTreeMap<ArmId, Vec<&Environment>> {
    let mut linked: BTreeMap<ArmId, Vec<&Environment>> = BTreeMap::new();
    for environment in sight.listed.environments() {
        if let Some(policy) = environment.policy() {
            linked.entry(policy.clone()).or_default().push(environment);
        }
    }
    linked
}

/// Display names that several environments of the file share, or that look alike. Counted over all
/// environments of the file, so that the name to confirm does not change as environments get done.
fn names_of_several(wanted: &Wanted, known: &HashMap<String, &Environment>) -> Alike {
    let entries = wanted
        .policies
        .iter()
        .flat_map(|policy| &policy.environments);
    let entries = entries
        .filter_map(|wanted_environment| known.get(&wanted_environment.id.to_ascii_lowercase()));
    Alike::among(entries.map(|environment| environment.display_name.as_str()))
}

fn of_policy(
    wanted: &WantedPolicy,
    (observed, after): (&Observed, &Observed),
    holds: &[&Environment],
) -> Plan {
    let target = target(wanted);
    let mut plan = create_key::plan(&target, observed);
    plan.join(policy::step(&target, after, policy::whose(after), holds));
    for found in &mut plan.findings {
        found.remedy = found.remedy.clone().of_file();
    }
    plan
}

/// One warning for all locked environments of a policy. No plan of cmkctl can help them.
fn of_locked(policy: &ArmId, members: &[(Member, Vec<Finding>)]) -> Option<Finding> {
    let locked: Vec<&Member> = members
        .iter()
        .map(|(member, _)| member)
        .filter(|member| member.place == MemberState::Locked)
        .collect();
    let first = locked.first()?;
    let (more, verb) = match locked.len() - 1 {
        0 => (String::new(), "is"),
        more => (format!(" and {more} more"), "are"),
    };
    Some(finding(
        "CMK035",
        Severity::Warn,
        policy.to_string(),
        format!(
            "`{}`{more} {verb} locked: offline without a running operation. Power Platform can't \
                use the key of the policy `{}`.",
            first.name, policy.name
        ),
        format!(
            "Restore the key or the policy's access to the key, then run `cmkctl unlock {}`.",
            quoted(&first.id)
        ),
        who::KEY_VAULT,
    ))
}

fn unlisted(wanted: &WantedPolicy, holds: &[&Environment]) -> Option<Unlisted> {
    let listed: BTreeSet<String> = wanted
        .environments
        .iter()
        .map(|wanted_environment| wanted_environment.id.to_ascii_lowercase())
        .collect();
    let environments: Vec<Named> = holds
        .iter()
        .filter(|environment| !listed.contains(&environment.id.to_ascii_lowercase()))
        .map(|environment| Named::of(environment))
        .collect();
    (!environments.is_empty()).then(|| Unlisted {
        policy: wanted.id.clone(),
        environments,
    })
}

fn unseen(fleet: &Fleet, sight: &FleetSnapshot) -> Option<Finding> {
    let why = sight.listed.unreadable().filter(|_| fleet.has_unseen())?;
    let what = "The current state of the environments in the file";
    let of = (who::POWER_PLATFORM, super::Whose::Others);
    let mut found = super::unseen("CMK020", "environments", what, why, of);
    if why.lacks_a_role() {
        found.remedy =
            "Ask the Power Platform administrator to run `cmkctl apply` with the same file.".into();
    }
    Some(found)
}

/// The finding if the tenant has no room for all of them.
fn limit(
    wanted: &Wanted,
    sight: &FleetSnapshot,
    fleet: &Fleet,
    known: &HashMap<String, &Environment>,
) -> Option<Finding> {
    let all = sight.listed.tenant()?;
    let free = |member: &&Member| {
        let listed = known.get(&member.id.to_ascii_lowercase());
        listed.is_some_and(|environment| environment.policy().is_none()) && !member.is_idle()
    };
    let now = all
        .iter()
        .filter(|environment| environment.policy().is_some())
        .count();
    let open = all
        .iter()
        .filter(|environment| environment.link_in_doubt())
        .count();
    let coming = fleet.members.iter().filter(free).count();
    if !fleet.members.iter().any(Member::starts) || coming == 0 {
        return None;
    }
    let (then, limit) = (now + coming, wanted.waves.limit);
    let (severity, unread) = estate::crowded(then, open, limit)?;
    Some(finding(
        "CMK031",
        severity,
        "tenant",
        format!(
            "The tenant has {} with a customer-managed key{unread}. This file would raise the \
                number to {then}. cmkctl counts with a limit of {limit}.",
            counted(now, "environment")
        ),
        "Ask Microsoft support for a higher limit, then write the new `limit` below `[waves]`.",
        who::POWER_PLATFORM,
    ))
}

/// Names the environment in a finding's message, unless the finding is a note on all of them.
fn named(finding: &mut Finding, name: &str) {
    if finding.severity != Severity::Acknowledge && !finding.message.contains(&format!("`{name}`"))
    {
        finding.message = format!("`{name}`: {}", finding.message);
    }
}

/// Joins a part to the plan. Shared findings and actions appear once.
fn join(plan: &mut Plan, mut part: Plan) {
    let note = |finding: &Finding| finding.severity == Severity::Acknowledge;
    part.findings.retain(|new| {
        let reported = |old: &Finding| {
            let same = if note(new) {
                old.code == new.code
            } else {
                old.identity() == new.identity()
            };
            same && old.message == new.message
        };
        !plan.findings.iter().any(reported)
    });
    part.actions.retain(|action| !plan.actions.contains(action));
    part.already
        .retain(|sentence| !plan.already.contains(sentence));
    plan.join(part);
}

#[cfg(test)]
mod tests {
    use super::super::samples::{
        all, days, environment, key_name, link, operation, policy_id, silent, vault, well,
    };
    use super::*;
    use crate::model::fleet::Listed;
    use crate::model::proof::Proof;
    use crate::model::seen::Seen;
    use crate::model::wanted::{WantedEnvironment, Waves};

    fn file() -> Wanted {
        Wanted {
            waves: Waves::default(),
            policies: vec![WantedPolicy {
                id: policy_id("ep"),
                location: "europe".to_owned(),
                vault: vault().id,
                key: key_name(),
                key_version: None,
                create_key: None,
                grant: true,
                readers: Vec::new(),
                environments: vec![WantedEnvironment {
                    id: "e".to_owned(),
                    name: Some("E".to_owned()),
                    ring: 1,
                    make_managed: false,
                    power_platform_only: true,
                }],
            }],
        }
    }

    /// A tenant's list with `listed`, and the single read of the same environment.
    fn sight(listed: Environment, single: Option<Environment>) -> FleetSnapshot {
        let (_, observed) = well();
        let members = single.map(|single| {
            let mut seen = observed.clone();
            seen.environment = Seen::Present(single);
            ("e".to_owned(), seen)
        });
        FleetSnapshot {
            at: observed.at,
            listed: Listed::Tenant(all(vec![listed])),
            policies: vec![observed],
            members: members.into_iter().collect(),
        }
    }

    fn with(status: &str, runtime: &str) -> Environment {
        Environment {
            key_link: link("ep", status),
            runtime_state: runtime.into(),
            modified: Some(days(-1)),
            ..environment("e")
        }
    }

    #[test]
    fn only_what_is_where_it_shall_be_is_not_looked_at_again() {
        let free = environment("e");
        let silent_link = Environment {
            key_link: silent(),
            ..environment("e")
        };
        for (listed, expected) in [
            (with("Linked", "Enabled"), 0),
            (with("Linked", "Disabled"), 0),
            (with("Linked", "Wibble"), 1),
            (with("Linking", "Enabled"), 1),
            (with("Wibble", "Enabled"), 1),
            (free, 1),
            (silent_link, 1),
        ] {
            let sight = sight(listed.clone(), None);
            assert_eq!(unsettled(&file(), &sight).len(), expected, "{listed:?}");
        }
    }

    fn place(sight: &FleetSnapshot) -> (MemberState, usize) {
        let fleet = plan(&file(), sight);
        (fleet.members[0].place, fleet.plan.actions.len())
    }

    #[test]
    fn each_environment_has_its_place() {
        let free = environment("e");
        assert_eq!(
            place(&sight(with("Linked", "Enabled"), None)),
            (MemberState::Encrypted, 0)
        );
        assert_eq!(
            place(&sight(with("Linked", "Disabled"), None)),
            (MemberState::Locked, 0)
        );
        assert_eq!(
            place(&sight(free.clone(), Some(free.clone()))),
            (MemberState::Pending, 1)
        );
        let mut busy = sight(free.clone(), Some(free.clone()));
        let seen = busy.members.get_mut("e").unwrap();
        seen.operations = all(vec![operation("Copy", "Running", 0)]);
        assert_eq!(place(&busy).0, MemberState::Blocked);
        let mut unread = sight(free.clone(), Some(free.clone()));
        unread.members.get_mut("e").unwrap().operations = silent();
        assert_eq!(place(&unread).0, MemberState::Blocked);
        let mut hidden = sight(free.clone(), None);
        hidden.listed = Listed::Tenant(silent());
        assert_eq!(place(&hidden), (MemberState::NotVisible, 0));
        assert!(plan(&file(), &hidden).has_unseen());
        let mut renamed = free;
        renamed.display_name = "OTHER".to_owned();
        assert_eq!(
            place(&sight(renamed.clone(), Some(renamed))),
            (MemberState::Blocked, 0)
        );
    }

    #[test]
    fn what_the_file_does_not_name_is_said_and_left_alone() {
        let mut sight = sight(with("Linked", "Enabled"), None);
        let other = Environment {
            id: "f".to_owned(),
            ..with("Linked", "Enabled")
        };
        sight.listed = Listed::Tenant(all(vec![with("Linked", "Enabled"), other]));
        let fleet = plan(&file(), &sight);
        assert_eq!(fleet.unlisted.len(), 1);
        assert_eq!(fleet.unlisted[0].environments[0].id, "f");
        assert!(fleet.plan.actions.is_empty());
    }

    type Forget = fn(&mut FleetSnapshot);

    fn member_of(sight: &mut FleetSnapshot) -> Option<&mut Observed> {
        sight.members.get_mut("e")
    }

    /// Facts that the service may leave out of the tenant.
    const FORGOTTEN: &[(&str, Forget)] = &[
        ("tenant", |s| s.listed = Listed::Tenant(silent())),
        ("links of the list", |s| {
            if let Listed::Tenant(Seen::Present(all)) = &mut s.listed {
                all.iter_mut()
                    .for_each(|environment| environment.key_link = silent());
            }
        }),
        ("runtime states of the list", |s| {
            if let Listed::Tenant(Seen::Present(all)) = &mut s.listed {
                all.iter_mut()
                    .for_each(|environment| environment.runtime_state = "Wibble".into());
            }
        }),
        ("history", |s| {
            member_of(s)
                .into_iter()
                .for_each(|member| member.operations = silent());
        }),
        ("environment", |s| {
            member_of(s).into_iter().for_each(|member| {
                if let Seen::Present(environment) = &mut member.environment {
                    environment.key_link = silent();
                }
            });
        }),
        ("policy", |s| s.policies[0].policy = silent()),
        ("vault", |s| s.policies[0].vault = Some(silent())),
        ("key", |s| s.policies[0].key = Some(silent())),
        ("roles", |s| s.policies[0].key_rights.roles = silent()),
        ("provider", |s| s.policies[0].provider = silent()),
    ];

    #[test]
    fn what_is_not_told_starts_nothing_and_ends_nothing() {
        let free = environment("e");
        for (listed, single) in [
            (with("Linked", "Enabled"), None),
            (with("Linked", "Disabled"), None),
            (with("Linking", "Enabled"), Some(with("Linking", "Enabled"))),
            (free.clone(), Some(free)),
        ] {
            let clean = sight(listed.clone(), single);
            let known = plan(&file(), &clean);
            for (what, forget) in FORGOTTEN {
                let mut poorer = clean.clone();
                forget(&mut poorer);
                let told = plan(&file(), &poorer);
                let may = told.plan.may_start();
                for action in &told.plan.actions {
                    let is_known = known
                        .plan
                        .actions
                        .iter()
                        .any(|planned| planned.is_same_step(action));
                    assert!(!may || is_known, "{listed:?}, without {what}: {action}");
                }
                let done = |fleet: &Fleet| Proof::of(&fleet.plan).is_ok() && !fleet.has_unseen();
                // If everything is in place, each fact that the file depends on must have been
                // read.
                let is_told = done(&known);
                let needs = [
                    "tenant",
                    "links of the list",
                    "policy",
                    "vault",
                    "key",
                    "roles",
                ];
                assert!(
                    !done(&told) || (is_told && !needs.contains(what)),
                    "{listed:?}, without {what}: {told:#?}"
                );
            }
        }
    }
}
