//! Moves an environment from one policy to another. The documentation describes a removal and an
//! add, which is two outages. Microsoft's own script links the new policy over the old one; whether
//! that is one outage is not proven.

use super::evidence::{First, PolicyAvailability, SwapEvidence, take};
use super::grant::grant_command;
use super::lifecycle::{last_was_removal, running, under_way};
use super::link::{LinkState, no_environment, standing};
use super::remove;
use super::{Whose, add, estate, finding, key, quoted, ready, who};
use crate::model::action::Named;
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ArmId;
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::protection::{KeyReference, Vault};
use crate::model::seen::{Seen, Unreadable};
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
            "The removal of `{name}` from its old policy has started"
        ));
        plan.findings
            .extend(ready::check_policy(observed, environment, policy, false));
        plan.join(key::in_use(observed));
        plan.actions = vec![leaving];
        add_after(&mut plan, (target, observed), environment, policy);
        return plan;
    }
    match standing(environment, policy) {
        // The environment has no policy: it either left its old one, or never had one.
        LinkState::None if last_was_removal(observed) || running(observed).is_some() => {
            plan.already
                .push(format!("`{name}` has left its old policy"));
            plan.join(add::plan(target, observed, false));
        }
        LinkState::None => plan.findings.push(finding(
            "CMK025",
            Severity::Block,
            &environment.id,
            format!("`{name}` has no policy, so you can't swap its policy."),
            "Add the environment to the policy: `cmkctl add-environment`.",
            who::POWER_PLATFORM,
        )),
        LinkState::Other(from) => {
            plan = from_one_to_the_other(target, observed, environment, policy, &from);
        }
        LinkState::Done
        | LinkState::Under
        | LinkState::Locked
        | LinkState::Failed
        | LinkState::Unknown(_) => {
            plan.join(add::plan(target, observed, false));
        }
    }
    plan.findings
        .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    plan
}

/// Plans the add that follows once the environment has left its old policy.
fn add_after(plan: &mut Plan, of: (&Target, &Observed), environment: &Environment, policy: &ArmId) {
    let later = (policy, PolicyAvailability::Nothing, First::Removal);
    add::link(plan, of, environment, later);
}

/// The move itself, and everything that may block it.
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
        .extend(checked_key(target, observed, environment, (from, policy)));
    plan.join(key::in_use(observed));
    let unread = Observed::default();
    let old = observed.left.as_deref().unwrap_or(&unread);
    plan.findings.extend(key::to_leave(old));
    plan.findings.extend(estate::check(
        target,
        &observed.preconditions.estate,
        environment,
    ));
    if target.in_place {
        plan.findings.push(in_place(environment));
        let gathered = SwapEvidence::gather(target, observed, (from, policy));
        take(&mut plan, gathered, |evidence| Action::MoveEnvironment {
            named: Named::of(environment),
            from: from.clone(),
            policy: policy.clone(),
            evidence,
        });
    } else {
        plan.findings.push(two_outages(environment));
        remove::unlink(&mut plan, observed, environment, (from, old));
        add_after(&mut plan, (target, observed), environment, policy);
    }
    plan
}

fn two_outages(environment: &Environment) -> Finding {
    finding(
        "CMK027",
        Severity::Acknowledge,
        &environment.id,
        format!(
            "`{}` goes offline twice, for up to 4 days each: for the removal and for the add.",
            environment.display_name
        ),
        "Inform the users and choose a change window for each outage.",
        who::POWER_PLATFORM,
    )
}

fn in_place(environment: &Environment) -> Finding {
    finding(
        "CMK027",
        Severity::Warn,
        &environment.id,
        format!(
            "cmkctl links `{}` to the new policy without a removal, as Microsoft's script does. \
                This method is not documented, and it is not proven that it causes only one \
                outage.",
            environment.display_name
        ),
        "Leave out `--in-place` to use the documented method: a removal, then an add.",
        who::POWER_PLATFORM,
    )
}

/// The finding about the old key. If cmkctl can't see it, an administrator who can must have
/// checked it, because a failed restore is discovered too late.
fn checked_key(
    target: &Target,
    observed: &Observed,
    environment: &Environment,
    (from, policy): (&ArmId, &ArmId),
) -> Option<Finding> {
    let mut found = old_key(observed, &environment.id)?;
    if matches!(found.severity, Severity::NotVisible | Severity::Unknown) {
        // `--old-key-granted`: an administrator who sees the key has checked it.
        if target.old_key_granted {
            found.severity = Severity::NotVisible;
            return Some(found);
        }
        found.severity = Severity::Unknown;
        found.remedy = format!(
            "Pass `--old-key-granted` after the Key Vault administrator has checked the old key: \
                `cmkctl check --policy {} --swap-from {} --part key-vault`.",
            quoted(&policy.to_string()),
            quoted(&from.to_string())
        )
        .into();
    }
    Some(found)
}

/// The key and the vault that a policy names. Absent if the policy or the vault does not exist.
pub fn protecting(left: &Observed) -> Seen<(KeyReference, Vault)> {
    let policy = match &left.policy {
        Seen::Present(policy) => policy,
        Seen::Absent => return Seen::Absent,
        Seen::Unreadable(why) => return Seen::Unreadable(why.clone()),
    };
    match (&policy.key, &left.vault) {
        (Known::Unknown(why), _) => Seen::Unreadable(Unreadable::because(why.clone())),
        (Known::Known(key), Some(Seen::Present(vault))) => {
            Seen::Present((key.clone(), vault.clone()))
        }
        (Known::Known(_), Some(Seen::Absent)) => Seen::Absent,
        (Known::Known(_), Some(Seen::Unreadable(why))) => Seen::Unreadable(why.clone()),
        (Known::Known(_), None) => Seen::Unreadable(Unreadable::because(
            "cmkctl did not read the vault of the old key",
        )),
    }
}

/// The finding if the new policy's identity may not use the old key. Restores of older backups
/// require that.
pub(super) fn old_key(observed: &Observed, subject: &str) -> Option<Finding> {
    let what = "Whether the new policy's identity may use the old key";
    let hidden = |why: &str| super::not_visible("CMK034", subject, what, why, who::KEY_VAULT);
    let unread = |why: &Unreadable| {
        let others = (who::KEY_VAULT, Whose::Others);
        super::unseen("CMK034", subject, what, why, others)
    };
    let old = match &observed.preconditions.old_key {
        Seen::Present(old) => match &old.granted {
            Verdict::Yes => return None,
            Verdict::No => old,
            Verdict::CantTell(why) => return Some(unread(why)),
        },
        Seen::Unreadable(why) => return Some(unread(why)),
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
            "The new policy's identity can't use the old key `{}`. After the swap, you can't \
                restore older backups.",
            old.key
        ),
        remedy,
        who::KEY_VAULT,
    ))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{
        Row, hidden, linked, list, odd, on, operation, rows, silent, told, well,
    };
    use super::*;
    use crate::model::preconditions::OldKey;

    /// Linked to the policy `old`, and everything about that policy is known.
    fn from_old(observed: &mut Observed) {
        linked(observed, "old", "Linked");
        observed.left = Some(Box::new(Observed {
            left: None,
            ..observed.clone()
        }));
    }

    fn old_key(granted: Verdict) -> Seen<OldKey> {
        Seen::Present(OldKey {
            vault: "/x/vaults/v".to_owned(),
            key: "k".to_owned(),
            granted,
        })
    }

    #[test]
    fn a_move_is_a_removal_and_an_add() {
        rows(
            &[
                (
                    "from one to the other",
                    |_, o| from_old(o),
                    &["> remove-environment", "> add-environment"],
                ),
                (
                    "in place",
                    |t, o| {
                        from_old(o);
                        t.in_place = true;
                    },
                    &["CMK027 warn", "> move-environment"],
                ),
                ("nothing to leave", |_, _| {}, &["CMK025 block"]),
                ("there already", |_, o| linked(o, "ep", "Linked"), &["done"]),
                (
                    "on its way off the old one",
                    |_, o| linked(o, "old", "Unlinking"),
                    &["> await-removal", "> add-environment", "done"],
                ),
                (
                    "off the old one",
                    |_, o| {
                        let removal = operation("RevertToMicrosoftKey", "Succeeded", 9);
                        list(&mut o.operations, |all| all.push(removal));
                    },
                    &["CMK033 warn", "> add-environment", "done", "done"],
                ),
                (
                    "a silent environment",
                    |_, o| o.environment = silent(),
                    &["CMK020 unknown"],
                ),
                (
                    "a link in a new way",
                    |_, o| linked(o, "ep", "Wibble"),
                    &["CMK025 unknown", "done"],
                ),
            ],
            |target, observed| told(&plan(target, observed)),
        );
    }

    const THE_OLD_KEY_STAYS_IN_REACH_OR_SOMEBODY_HAS_CHECKED_IT: &[Row] = &[
        (
            "not in reach",
            |_, o| {
                from_old(o);
                o.preconditions.old_key = old_key(Verdict::No);
            },
            &["CMK034 block", "> remove-environment", "> add-environment"],
        ),
        (
            "hidden",
            |_, o| {
                from_old(o);
                o.preconditions.old_key = hidden();
            },
            &[
                "CMK034 unknown",
                "> remove-environment",
                "> add-environment",
            ],
        ),
        (
            "hidden, and checked by somebody",
            |t, o| {
                from_old(o);
                o.preconditions.old_key = hidden();
                t.old_key_granted = true;
            },
            &[
                "CMK034 not-visible",
                "> remove-environment",
                "> add-environment",
            ],
        ),
        (
            "silent",
            |_, o| {
                from_old(o);
                o.preconditions.old_key = silent();
            },
            &[
                "CMK034 unknown",
                "> remove-environment",
                "> add-environment",
            ],
        ),
        (
            "an old policy that was not read",
            |_, o| linked(o, "old", "Linked"),
            &["CMK019 unknown", "> add-environment", "withheld"],
        ),
        (
            "a new policy that may not encrypt",
            |_, o| {
                from_old(o);
                on(&mut o.policy, |p| p.encrypts = odd());
            },
            &["CMK026 unknown", "> remove-environment", "withheld"],
        ),
    ];

    #[test]
    fn the_old_key_stays_in_reach_or_somebody_has_checked_it() {
        rows(
            THE_OLD_KEY_STAYS_IN_REACH_OR_SOMEBODY_HAS_CHECKED_IT,
            |target, observed| told(&plan(target, observed)),
        );
    }

    #[test]
    fn an_old_key_is_absent_only_if_the_policy_or_the_vault_is() {
        let unread = || Unreadable::because("x");
        let look = |change: &dyn Fn(&mut Observed)| {
            let (_, mut left) = well();
            change(&mut left);
            protecting(&left)
        };
        assert!(look(&|_| {}).present().is_some());
        assert_eq!(look(&|left| left.policy = Seen::Absent), Seen::Absent);
        assert_eq!(look(&|left| left.vault = Some(Seen::Absent)), Seen::Absent);
        let doubts: [&dyn Fn(&mut Observed); 4] = [
            &|left| left.policy = Seen::Unreadable(unread()),
            &|left| left.vault = Some(Seen::Unreadable(unread())),
            &|left| left.vault = None,
            &|left| {
                if let Seen::Present(policy) = &mut left.policy {
                    policy.key = Known::Unknown("no key".to_owned());
                }
            },
        ];
        for change in doubts {
            assert!(look(change).unreadable().is_some());
        }
    }
}
