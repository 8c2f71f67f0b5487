//! Which principals may read the policy, and the Reader role for those who can't. The service
//! refuses an add by a caller who can't read the policy.

use super::grant::PolicyAvailability;
use super::rights::{About, Doubt, Need, Right, RightsQuery, denial_in_doubt, judge, source};
use super::{Whose, finding, quoted, unseen, who};
use crate::model::finding::{Finding, Severity};
use crate::model::ids::{ArmId, same_id};
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::rights::{Denial, PrincipalRights};
use crate::model::roles::READER;
use crate::model::seen::Unreadable;
use crate::model::target::Target;

/// Plans Reader for each of the target's readers who can't read the policy.
pub(super) fn readers(
    target: &Target,
    observed: &Observed,
    comes: PolicyAvailability,
    plan: &mut Plan,
) {
    let Some(policy) = &target.policy else { return };
    for reader in &target.readers {
        match comes {
            PolicyAvailability::No => {}
            PolicyAvailability::Planned => plan.actions.push(give(policy, reader)),
            PolicyAvailability::There => match observed.policy_rights.get(reader) {
                Some(rights) => reads(policy, reader, rights, plan),
                None => {
                    let why = Unreadable::because("cmkctl did not read the role assignments");
                    let doubt = Doubt::unread(why);
                    let nothing = PrincipalRights::default();
                    plan.findings
                        .push(in_doubt(policy, reader, &doubt, &nothing));
                }
            },
        }
    }
}

/// Checks whether this reader may read the existing policy.
fn reads(policy: &ArmId, reader: &str, rights: &PrincipalRights, plan: &mut Plan) {
    let at = policy.to_string();
    let asked = RightsQuery {
        principal: reader,
        at: &at,
        need: Need::Policy,
    };
    match judge(asked, rights) {
        Right::Yes(by) => {
            plan.findings.extend(hidden_denials(policy, rights));
            plan.already.push(format!(
                "{reader} can read the policy `{}`, by {}",
                policy.name,
                source(asked, rights, &by)
            ));
        }
        Right::No => {
            let doubt = denial_in_doubt(asked, rights);
            let doubt = doubt.map(|doubt| in_doubt(policy, reader, &doubt, rights));
            plan.findings.extend(doubt);
            plan.actions.push(give(policy, reader));
        }
        Right::Denied(denial) => plan.findings.push(denied(policy, reader, denial)),
        Right::CantTell(doubt) => plan.findings.push(in_doubt(policy, reader, &doubt, rights)),
    }
}

fn give(policy: &ArmId, reader: &str) -> Action {
    Action::GrantReader {
        policy: policy.clone(),
        principal: reader.to_owned(),
    }
}

fn in_doubt(policy: &ArmId, reader: &str, doubt: &Doubt, rights: &PrincipalRights) -> Finding {
    let mut found = unseen(
        "CMK019",
        policy.to_string(),
        &format!("Whether {reader} may read the policy"),
        &doubt.why,
        (who::ASSIGNS_ROLES, Whose::Own),
    );
    match doubt.about {
        About::Reading => {}
        About::Condition => {
            found.remedy = without_condition(policy, reader, rights).into();
        }
        About::Denial => {
            found.remedy = format!(
                "Find out whether the deny assignment applies to {reader}. If it does, exclude \
                    {reader} from the deny assignment."
            )
            .into();
            found.who = who::OWNER;
        }
    }
    found
}

/// The command that assigns Reader without a condition. If the reader already has the role on the
/// policy itself under a condition, Azure refuses a second assignment. The Azure CLI then prints
/// the first as if it were new, so the condition must be removed first.
fn without_condition(policy: &ArmId, reader: &str, rights: &PrincipalRights) -> String {
    let at = policy.to_string();
    let roles = rights.roles.present().map_or(&[][..], |all| all);
    let assigned = roles.iter().find(|role| {
        same_id(&role.principal_id, reader) && role.role == READER && same_id(&role.scope, &at)
    });
    match assigned {
        Some(bound) => format!(
            "Remove the condition from this role assignment: {}",
            bound.id.as_deref().unwrap_or(&at)
        ),
        None => format!(
            "Assign the role without a condition: `{}`.",
            reader_command(policy, reader)
        ),
    }
}

fn denied(policy: &ArmId, reader: &str, denial: &Denial) -> Finding {
    finding(
        "CMK019",
        Severity::Block,
        policy.to_string(),
        format!(
            "The deny assignment `{}` keeps {reader} from reading the policy `{}`.",
            denial.name, policy.name
        ),
        format!(
            "A role assignment does not help. A managed application or a deployment stack created \
                the deny assignment. In its settings, exclude {reader} from the deny assignment."
        ),
        who::OWNER,
    )
}

/// The finding that the service does not show deny assignments to this caller.
fn hidden_denials(policy: &ArmId, rights: &PrincipalRights) -> Option<Finding> {
    let why = rights.denials.unreadable().filter(|why| why.forbidden)?;
    let found = finding(
        "CMK019",
        Severity::Acknowledge,
        policy.to_string(),
        format!(
            "You can't see the deny assignments at the policy `{}`: {}. cmkctl assumes that no \
                deny assignment blocks reading the policy.",
            policy.name, why.why
        ),
        "Ask a user with the role Reader on the policy to run the same command.",
        who::KEY_VAULT,
    );
    Some(found)
}

/// The command that lets a principal read a policy.
pub(super) fn reader_command(policy: &ArmId, reader: &str) -> String {
    format!(
        "az role assignment create --role Reader --assignee-object-id {} --scope {}",
        quoted(reader),
        quoted(&policy.to_string())
    )
}

#[cfg(test)]
mod tests {
    use super::super::samples::{all, hidden, policy_id, silent, told, well};
    use super::*;
    use crate::model::rights::{Denial, Permission, Principal, RoleAssignment};

    const WHO: &str = "88888888-2222-3333-4444-555555555555";

    fn reader(conditional: bool) -> PrincipalRights {
        PrincipalRights::of(vec![RoleAssignment {
            scope: policy_id("ep").to_string(),
            role: READER.to_owned(),
            principal_id: WHO.to_owned(),
            conditional,
            ..RoleAssignment::default()
        }])
    }

    fn denied_to(id: &str) -> PrincipalRights {
        PrincipalRights {
            denials: all(vec![Denial {
                name: "no".to_owned(),
                scope: policy_id("ep").to_string(),
                permissions: vec![Permission {
                    actions: vec!["*".to_owned()],
                    ..Permission::default()
                }],
                principals: vec![Principal {
                    id: id.to_owned(),
                    group: false,
                }],
                ..Denial::default()
            }]),
            ..reader(false)
        }
    }

    #[test]
    fn reader_is_not_given_a_second_time_where_a_condition_binds_it() {
        let policy = policy_id("ep");
        let at = |scope: String| {
            let mut role = reader(true).roles.present().unwrap()[0].clone();
            role.scope = scope;
            without_condition(&policy, WHO, &PrincipalRights::of(vec![role]))
        };
        assert!(at(policy.group_scope()).contains("`az role assignment create"));
        assert!(at(policy.to_string()).starts_with("Remove the condition"));
    }

    #[test]
    fn a_reader_gets_the_role_where_it_is_known_to_be_missing() {
        for (rights, comes, expected) in [
            (
                Some(reader(false)),
                PolicyAvailability::There,
                &["done"][..],
            ),
            (
                Some(PrincipalRights::nothing()),
                PolicyAvailability::There,
                &["> grant-reader"],
            ),
            (
                Some(reader(true)),
                PolicyAvailability::There,
                &["CMK019 unknown"],
            ),
            (
                Some(denied_to(WHO)),
                PolicyAvailability::There,
                &["CMK019 block"],
            ),
            (
                Some(denied_to("another")),
                PolicyAvailability::There,
                &["done"],
            ),
            (
                Some(PrincipalRights {
                    roles: silent(),
                    ..PrincipalRights::nothing()
                }),
                PolicyAvailability::There,
                &["CMK019 unknown"],
            ),
            (
                Some(PrincipalRights {
                    roles: hidden(),
                    ..PrincipalRights::nothing()
                }),
                PolicyAvailability::There,
                &["CMK019 unknown"],
            ),
            (None, PolicyAvailability::There, &["CMK019 unknown"]),
            (None, PolicyAvailability::Planned, &["> grant-reader"]),
            (None, PolicyAvailability::No, &[]),
        ] {
            let (mut target, mut observed) = well();
            target.readers.push(WHO.to_owned());
            observed
                .policy_rights
                .extend(rights.map(|rights| (WHO.to_owned(), rights)));
            let mut plan = Plan::default();
            readers(&target, &observed, comes, &mut plan);
            assert_eq!(told(&plan), expected, "{:?}", observed.policy_rights);
        }
    }
}
