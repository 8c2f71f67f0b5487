//! Checks around the policy and the vault: rights, locks and Azure's own validation of the planned
//! changes.

use super::{Whose, finding, not_visible, quoted, unseen, who};
use crate::model::action::facts::{Lack, Scope};
use crate::model::finding::{Finding, Severity};
use crate::model::ids::{ArmId, same_id};
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::plan::Action;
use crate::model::preconditions::{Lock, LockLevel, Validation};
use crate::model::remedy::{Remedy, Setting};
use crate::model::rights::{Lacking, Operation, Permission, allows};
use crate::model::seen::Seen;
use crate::model::target::Target;
use crate::model::unknown::unknown as unknown_fact;
use crate::model::whole::Whole;

/// Every finding about rights, locks and validation for these actions.
pub(super) fn check(target: &Target, observed: &Observed, actions: &[Action]) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for finding in actions.iter().filter_map(|action| right(observed, action)) {
        if !found.contains(&finding) {
            found.push(finding);
        }
    }
    found.extend(locks(target, observed));
    let creates = |action: &Action| action.facts().lack == Lack::Policy;
    if actions.iter().any(creates) && !observed.is_unregistered() {
        found.extend(validation(target, observed));
    }
    found
}

/// Does the caller have the right that this action requires?
fn right(observed: &Observed, action: &Action) -> Option<Finding> {
    let preconditions = &observed.preconditions;
    let right = action.facts().right?;
    let (rights, scope) = match right.at {
        Scope::Subscription(id) => (
            &preconditions.subscription_rights,
            format!("/subscriptions/{id}"),
        ),
        Scope::GroupOf(policy) => (&preconditions.group_rights, policy.group_scope()),
        Scope::Vault(vault) => (&preconditions.vault_rights, vault.to_string()),
        Scope::There => (&observed.making.rights, observed.making.scope.clone()),
    };
    let caller = preconditions.caller.as_deref();
    missing(rights, &scope, (right.operation, right.role), caller).map(Finding::of_changes)
}

fn missing(
    rights: &Seen<Whole<Permission>>,
    scope: &str,
    (right, role): (&str, &str),
    caller: Option<&str>,
) -> Option<Finding> {
    let what = format!("Whether you have the right `{right}`");
    let permissions = match rights {
        Seen::Present(permissions) => permissions,
        Seen::Unreadable(why) => {
            let of = (who::ASSIGNS_ROLES, Whose::Others);
            return Some(unseen("CMK045", scope, &what, why, of));
        }
        Seen::Absent => {
            let (why, who) = ("the service does not know this scope", who::ASSIGNS_ROLES);
            return Some(not_visible("CMK045", scope, &what, why, who));
        }
    };
    match allows(permissions, Operation::Control(right)) {
        Verdict::Yes => None,
        Verdict::No => Some(finding(
            "CMK045",
            Severity::Block,
            scope,
            format!("You lack the right `{right}` at {scope}"),
            Remedy::GetRole {
                role: role.to_owned(),
                lacking: Lacking {
                    right: right.to_owned(),
                    scope: scope.to_owned(),
                },
                caller: caller.map(str::to_owned),
            },
            who::ASSIGNS_ROLES,
        )),
        // A role that may grant only some other roles carries a condition, too. Azure evaluates it
        // when the request is sent.
        Verdict::CantTell(why) => Some(finding(
            "CMK045",
            Severity::Warn,
            scope,
            unknown_fact(&format!("{what} at {scope}"), &why.why),
            "You can continue. Azure refuses the change if the condition of your role does not \
                allow it.",
            who::ASSIGNS_ROLES,
        )),
    }
}

/// Locks that cover the policy or the vault. A read-only lock blocks every change. A delete lock
/// blocks only later deletions. A lock of an unknown level may be read-only.
fn locks(target: &Target, observed: &Observed) -> Vec<Finding> {
    let group = target.policy.as_ref().map(ArmId::group_scope);
    let vault_group = target.vault.as_ref().map(ArmId::group_scope);
    let lists = [
        (group, Some(&observed.preconditions.group_locks)),
        (vault_group, observed.preconditions.vault_locks.as_ref()),
    ];
    let mut found = Vec::new();
    for (group, locks) in lists {
        let (Some(group), Some(locks)) = (group, locks) else {
            continue;
        };
        for finding in locks_in(target, &group, locks) {
            if !found.contains(&finding) {
                found.push(finding);
            }
        }
    }
    found
}

fn locks_in(target: &Target, group: &str, locks: &Seen<Whole<Lock>>) -> Vec<Finding> {
    let ours: Vec<String> = target
        .policy
        .iter()
        .chain(&target.vault)
        .map(ToString::to_string)
        .collect();
    let covers = |lock: &&Lock| {
        ours.iter().any(|id| {
            let scope = lock.scope.trim_end_matches('/').to_ascii_lowercase();
            same_id(&scope, id) || id.to_ascii_lowercase().starts_with(&format!("{scope}/"))
        })
    };
    let what = "Which resource locks exist";
    match locks {
        Seen::Present(locks) => locks.iter().filter(covers).map(locked).collect(),
        Seen::Unreadable(why) => {
            vec![unseen(
                "CMK044",
                group,
                what,
                why,
                (who::OWNER, Whose::Others),
            )]
        }
        Seen::Absent => {
            let why = "the service does not know this scope";
            vec![not_visible("CMK044", group, what, why, who::OWNER)]
        }
    }
}

fn locked(lock: &Lock) -> Finding {
    let effect = match &lock.level.means {
        Known::Known(LockLevel::ReadOnly) => {
            "blocks every change, including role assignments".to_owned()
        }
        Known::Known(LockLevel::CanNotDelete) => "blocks deletions".to_owned(),
        Known::Unknown(why) => format!("may block every change: {why}"),
    };
    finding(
        "CMK044",
        Severity::Warn,
        &lock.scope,
        format!(
            "The lock `{}` ({}) at {} {effect}.",
            lock.name,
            lock.level.shown(),
            lock.scope
        ),
        format!(
            "If the lock blocks this change, remove the lock until the change is done: `az lock \
                delete --ids {}`.",
            quoted(&format!(
                "{}/providers/Microsoft.Authorization/locks/{}",
                lock.scope, lock.name
            ))
        ),
        who::OWNER,
    )
}

/// Resource Manager's own validation of the creation. Resource Manager does not validate while the
/// provider is not registered.
fn validation(target: &Target, observed: &Observed) -> Option<Finding> {
    let policy = target.policy.as_ref()?;
    let subject = policy.to_string();
    match &observed.preconditions.validation {
        Seen::Present(Validation::Refused {
            code,
            message,
            assignments,
        }) => {
            let by = if assignments.is_empty() {
                String::new()
            } else {
                format!(
                    " because of the Azure Policy assignment `{}`",
                    assignments.join("`, `")
                )
            };
            let (finding_code, remedy, who) = if code == "LocationNotAvailableForResourceType" {
                ("CMK008", Setting::Location.into(), who::OWNER)
            } else if code == "RequestDisallowedByPolicy" || !assignments.is_empty() {
                let remedy = format!(
                    "Ask for an Azure Policy exemption for \
                    `Microsoft.PowerPlatform/enterprisePolicies` in {}: these policies are in \
                    geographies, and \"allowed locations\" lists only Azure regions.",
                    policy.group_scope()
                );
                ("CMK009", Remedy::from(remedy), who::AZURE_POLICY)
            } else {
                let remedy = format!(
                    "Resolve the error that Azure reports. To see whether cmkctl knows more about \
                        it: `cmkctl explain {}`.",
                    quoted(code)
                );
                ("CMK009", Remedy::from(remedy), who::OWNER)
            };
            let message = format!(
                "Azure would reject the enterprise policy `{}`{by}: {code}: {}",
                policy.name,
                sentence(message)
            );
            Some(finding(
                finding_code,
                Severity::Block,
                subject,
                message,
                remedy,
                who,
            ))
        }
        Seen::Unreadable(why) => {
            let what = format!("Whether an Azure Policy forbids `{}`", policy.name);
            let of = (who::OWNER, Whose::Others);
            Some(unseen("CMK009", subject, &what, why, of))
        }
        Seen::Absent => {
            let what = format!("Whether an Azure Policy forbids `{}`", policy.name);
            let why = "Azure does not find the resource group";
            Some(not_visible("CMK009", subject, &what, why, who::OWNER))
        }
        Seen::Present(Validation::Passed) => None,
    }
}

/// The text with exactly one full stop at its end.
fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end_matches(['.', ' ']))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{all, codes, hidden, id, key_name, policy_id, silent, well};
    use super::*;
    use crate::model::ids::ResourceKind;

    fn may(actions: &[&str], conditional: bool) -> Seen<Whole<Permission>> {
        all(vec![Permission {
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            conditional,
            ..Permission::default()
        }])
    }

    #[test]
    fn the_right_that_an_action_takes() {
        let action = Action::GrantReader {
            policy: policy_id("ep"),
            principal: "p".to_owned(),
        };
        for (rights, expected) in [
            (may(&["*"], false), &[][..]),
            (may(&["Microsoft.Authorization/*"], false), &[]),
            (may(&["*/read"], false), &["CMK045 block"]),
            (may(&["*"], true), &["CMK045 warn"]),
            (silent(), &["CMK045 unknown"]),
            (hidden(), &["CMK045 not-visible"]),
            (Seen::default(), &["CMK045 unknown"]),
        ] {
            let (target, mut observed) = well();
            observed.preconditions.group_rights = rights;
            let found = check(&target, &observed, &[action.clone(), action.clone()]);
            assert_eq!(
                codes(&found),
                expected,
                "{:?}",
                observed.preconditions.group_rights
            );
        }
    }

    #[test]
    fn who_lacks_a_right_is_named_where_the_token_says_who() {
        let action = Action::GrantReader {
            policy: policy_id("ep"),
            principal: "p".to_owned(),
        };
        for (caller, word) in [(Some("me"), "--assignee me "), (None, " YOUR_OBJECT_ID ")] {
            let (target, mut observed) = well();
            observed.preconditions.group_rights = may(&["*/read"], false);
            observed.preconditions.caller = caller.map(str::to_owned);
            let found = check(&target, &observed, std::slice::from_ref(&action));
            let remedy = found[0].remedy.to_string();
            assert!(remedy.contains(word), "{remedy}");
        }
    }

    #[test]
    fn locks_that_cover_the_policy_or_the_vault() {
        let lock = |scope: &str, level: &str| {
            all(vec![Lock {
                scope: scope.to_owned(),
                level: level.into(),
                name: "l".to_owned(),
            }])
        };
        let group = policy_id("ep").group_scope();
        for (locks, expected) in [
            (
                lock(&group.to_uppercase(), "ReadOnly"),
                Some("blocks every change"),
            ),
            (lock(&group, "readonly"), Some("blocks every change")),
            (lock(&group, "CanNotDelete"), Some("blocks deletions")),
            (
                lock(&group, "NotSpecified"),
                Some("may block every change: `level` is `NotSpecified`, which cmkctl does not"),
            ),
            (lock(&format!("{group}x"), "ReadOnly"), None),
            (hidden(), Some("You can't see")),
            (all(Vec::new()), None),
        ] {
            let (target, mut observed) = well();
            observed.preconditions.group_locks = locks;
            let found = check(&target, &observed, &[]);
            let message = found.first().map(|finding| finding.message.as_str());
            match expected {
                Some(expected) => assert!(
                    message.is_some_and(|message| message.contains(expected)),
                    "{message:?}"
                ),
                None => assert_eq!(message, None),
            }
        }
    }

    fn create() -> Action {
        Action::CreatePolicy {
            policy: policy_id("ep"),
            location: "europe".to_owned(),
            vault: id(ResourceKind::Vault, "kv"),
            key: key_name(),
            version: None,
        }
    }

    #[test]
    fn resource_managers_own_word() {
        let refused = |code: &str| {
            Seen::Present(Validation::Refused {
                code: code.to_owned(),
                message: "No".to_owned(),
                assignments: Vec::new(),
            })
        };
        for (word, expected) in [
            (Seen::Present(Validation::Passed), &[][..]),
            (refused("RequestDisallowedByPolicy"), &["CMK009 block"]),
            (
                refused("LocationNotAvailableForResourceType"),
                &["CMK008 block"],
            ),
            (hidden(), &["CMK009 not-visible"]),
        ] {
            let (target, mut observed) = well();
            observed.preconditions.validation = word;
            assert_eq!(codes(&check(&target, &observed, &[create()])), expected);
            // Without a planned creation, the validation is not reported.
            assert!(check(&target, &observed, &[]).is_empty());
        }
    }
}
