//! Is an environment at rest, and is it known which policy it has?

use crate::model::environment::{Environment, Stage};
use crate::model::finding::{Finding, Severity};
use crate::model::known::Known;
use crate::model::observed::Observed;
use crate::model::operation::Operation;
use crate::model::remedy::Remedy;
use crate::model::seen::{Seen, Unreadable};
use crate::steps::lifecycle::{READS_LAG, harmless, running};
use crate::steps::link::{failed_add, locked, offline, unknown_link};
use crate::steps::readiness::Readiness;
use crate::steps::{finding, unknown, who};

/// cmkctl starts no operation here, so every running operation counts as another operation.
const ANY: &str = "any operation";

/// Only one operation runs at a time. A locked environment can't be copied or restored (Microsoft
/// Learn, Power Platform admin docs, cmk-lock-unlock, 2025-07-14). First restore its key.
pub(super) fn check(observed: &Observed, environment: &Environment) -> Vec<Finding> {
    let readiness = Readiness::of(observed, environment, ANY);
    let mut found = if running(observed).is_none() && locked(environment).proven() {
        let mut found = readiness.without_runtime().of_any_operation();
        found.push(offline(environment));
        found
    } else {
        readiness.of_any_operation()
    };
    found.extend(link(observed, environment));
    found
}

/// The finding if the link is not settled, or not known.
fn link(observed: &Observed, environment: &Environment) -> Option<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    let open = |why: &str| Some(unknown_link(environment, &Unreadable::because(why)));
    let link = match &environment.key_link {
        Seen::Unreadable(why) => return Some(unknown_link(environment, why)),
        Seen::Absent => {
            return if let Some(why) = environment.key_without_policy() {
                open(&why)
            } else if environment.link_in_doubt() {
                open("the service shows no policy and does not say who manages the key")
            } else {
                lately(observed).and_then(open)
            };
        }
        Seen::Present(link) => link,
    };
    match link.stage() {
        Known::Known(Stage::Linked) => lately(observed).and_then(open),
        Known::Known(stage @ (Stage::Linking | Stage::Unlinking)) => {
            let doing = match stage {
                Stage::Unlinking => "being removed",
                Stage::Linked | Stage::Failed | Stage::Linking => "being applied",
            };
            Some(finding(
                "CMK023",
                Severity::Block,
                id,
                format!(
                    "The key of `{name}` is {doing} (`{}`).",
                    link.status.shown()
                ),
                Remedy::wait("Wait until the operation ends, then run the same command again."),
                who::POWER_PLATFORM,
            ))
        }
        Known::Known(Stage::Failed) => {
            Some(failed_add(environment, &link.policy, Severity::Unknown))
        }
        Known::Unknown(why) => {
            let what = format!("Whether the key of `{name}` is applied");
            Some(unknown("CMK025", id, &what, why, who::POWER_PLATFORM))
        }
    }
}

/// Why the link may be outdated: an operation that can change the key ended recently.
fn lately(observed: &Observed) -> Option<&'static str> {
    let history = observed.operations.present()?;
    let ended = |operation: &&Operation| operation.has_ended() && !harmless(operation);
    let recent = match history.iter().find(ended)?.ended() {
        Known::Known(ended) => observed.at.duration_since(ended) < READS_LAG,
        Known::Unknown(_) => true,
    };
    recent.then_some(
        "an operation that can change the policy ended recently, and the service may still show \
            old data",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::samples::{
        Row, codes, hidden, linked, list, odd, on, operation, rows, silent,
    };

    const ONLY_A_SETTLED_ENVIRONMENT_HAS_NO_FINDING: &[Row] = &[
        ("without a key", |_, _| {}, &[]),
        ("linked", |_, o| linked(o, "ep", "Linked"), &[]),
        (
            "linking",
            |_, o| linked(o, "ep", "Linking"),
            &["CMK023 block"],
        ),
        (
            "unlinking",
            |_, o| linked(o, "ep", "Unlinking"),
            &["CMK023 block"],
        ),
        (
            "failed",
            |_, o| linked(o, "ep", "Failed"),
            &["CMK028 unknown"],
        ),
        (
            "in a new way",
            |_, o| linked(o, "ep", "Wibble"),
            &["CMK025 unknown"],
        ),
        (
            "a silent link",
            |_, o| on(&mut o.environment, |e| e.key_link = silent()),
            &["CMK025 unknown"],
        ),
        (
            "no manager is named",
            |_, o| {
                on(&mut o.environment, |e| {
                    e.key_managed_by = Known::Known(None);
                    e.dataverse = Some(crate::model::environment::Dataverse::default());
                });
            },
            &["CMK025 unknown"],
        ),
        (
            "a customer's key without a policy",
            |_, o| {
                on(&mut o.environment, |e| {
                    e.key_managed_by = Known::Known(Some("Customer".into()))
                })
            },
            &["CMK025 unknown"],
        ),
        (
            "a manager that can't be read, without a policy",
            |_, o| on(&mut o.environment, |e| e.key_managed_by = odd()),
            &["CMK025 unknown"],
        ),
        (
            "removed a moment ago",
            |_, o| {
                linked(o, "ep", "Linked");
                let removal = operation("RevertToMicrosoftKey", "Succeeded", 0);
                list(&mut o.operations, |all| all.push(removal));
            },
            &["CMK025 unknown"],
        ),
        (
            "added at no known time",
            |_, o| {
                let mut add = operation("NewCustomerManagedKey", "Succeeded", 9);
                add.last_action = odd();
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
            &["CMK023 block"],
        ),
        (
            "a backup goes on",
            |_, o| on(&mut o.environment, |e| e.ongoing = Some("Backup".into())),
            &["CMK023 block"],
        ),
        (
            "busy",
            |_, o| {
                on(&mut o.environment, |e| {
                    e.management_state = "Running".into()
                })
            },
            &["CMK023 block"],
        ),
        (
            "a hidden history",
            |_, o| o.operations = hidden(),
            &["CMK023 unknown"],
        ),
        (
            "locked",
            |_, o| {
                linked(o, "ep", "Linked");
                on(&mut o.environment, |e| e.runtime_state = "Disabled".into());
            },
            &["CMK035 block"],
        ),
        (
            "in administration mode",
            |_, o| on(&mut o.environment, |e| e.runtime_state = "AdminMode".into()),
            &["CMK035 warn"],
        ),
        (
            "in a new runtime state",
            |_, o| on(&mut o.environment, |e| e.runtime_state = "Wibble".into()),
            &["CMK035 unknown"],
        ),
    ];

    #[test]
    fn only_a_settled_environment_has_no_finding() {
        rows(ONLY_A_SETTLED_ENVIRONMENT_HAS_NO_FINDING, |_, o| {
            codes(&check(o, o.environment.present().unwrap()))
        });
    }
}
