//! The environment lifecycle operations that concern keys: the names of their types, and what a
//! history says about them.

use crate::model::action::Named;
use crate::model::environment::{Environment, Stage};
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::operation::{LONGEST_OPERATION, Operation};
use crate::model::plan::Action;
use jiff::SignedDuration;

/// The lifecycle operation that adding an environment starts (inferred from its type on other
/// environments' `allowedOperations`).
pub const ADD: &str = "NewCustomerManagedKey";
/// The operation that moves an environment from one policy to another (inferred).
pub const SWAP: &str = "RotateCustomerManagedKey";

/// The operation that makes an environment a Managed Environment.
pub const GOVERN: &str = "EnableGovernanceConfiguration";

/// The operation that takes an environment off its policy (inferred from the lists of allowed
/// operations).
pub const REMOVE: &str = "RevertToMicrosoftKey";

/// Key, vault and the policy's access are needed this long after a removal, because backups are
/// still encrypted with the key.
pub const KEPT_AFTER_REMOVAL: SignedDuration = SignedDuration::from_hours(30 * 24);

/// An old key or key version is needed this long after a rotation.
pub const KEPT_AFTER_ROTATION: SignedDuration = SignedDuration::from_hours(28 * 24);

/// A removal takes up to 4 days, and reads lag behind it.
const LONGEST_REMOVAL: SignedDuration =
    SignedDuration::from_secs(LONGEST_OPERATION.as_secs() + READS_LAG.as_secs());

/// Within this time after an operation, a snapshot may not show its end yet (inferred). It is
/// longer than a run of cmkctl waits for the end to show, so that the next run stays in doubt.
pub(super) const READS_LAG: SignedDuration = SignedDuration::from_hours(1);

/// The newest operation that may have changed the environment's key. A reset, a restore or a copy
/// replaces or removes the key. An operation that did not succeed counts only if `failed` accepts
/// its kind.
pub(super) fn last_of_key(
    history: &[Operation],
    failed: impl Fn(&str) -> bool,
) -> Option<&Operation> {
    history.iter().find(|operation| {
        (operation.succeeded() || failed(&operation.kind)) && !harmless(operation)
    })
}

/// Does this operation leave the environment's key unchanged?
pub(super) fn harmless(operation: &Operation) -> bool {
    let kinds = [
        "EnableGovernanceConfiguration",
        "DisableGovernanceConfiguration",
        "Backup",
    ];
    kinds.iter().any(|kind| operation.is(kind))
}

/// Why a link may exist although none is shown.
pub(super) const KEYED_LAST: &str =
    "the service shows no policy, but the last operation on its key applied a policy";

/// Why a link may exist although none is shown, if the service does not name the last operation.
pub(super) const UNNAMED_LAST: &str =
    "the service shows no policy, but the last operation in its history has no type";

/// Evidence from the history that an environment without a visible policy may have one: the last
/// key operation applied a key, or may have. A missing link alone is no proof. The code that waits
/// judges an operation that runs or ended within the read lag. A failed one can be sent again.
pub fn keyed_last(observed: &Observed) -> Option<&'static str> {
    if running(observed).is_some() || just_keyed(observed) {
        return None;
    }
    let last = last_of_key(observed.operations.present()?, changes_key)?;
    if !last.succeeded() {
        return None;
    }
    if last.kind.is_empty() {
        return Some(UNNAMED_LAST);
    }
    applies_key(&last.kind).then_some(KEYED_LAST)
}

/// Does an operation of this kind apply a key?
pub fn applies_key(kind: &str) -> bool {
    [ADD, SWAP]
        .iter()
        .any(|key_kind| kind.eq_ignore_ascii_case(key_kind))
}

/// Does an operation of this kind apply or remove a key?
pub fn changes_key(kind: &str) -> bool {
    applies_key(kind) || kind.eq_ignore_ascii_case(REMOVE)
}

/// The operation that the snapshot shows as running.
pub fn running(observed: &Observed) -> Option<&Operation> {
    observed
        .operations
        .present()
        .and_then(|all| all.iter().find(|operation| !operation.has_ended()))
}

/// The reason that [`just_keyed`] gives.
pub(super) const JUST_KEYED: &str =
    "a key was applied within the last hour, and the service may still show old data";

/// Was a key applied so recently that reads may not show it yet? If the end is not known, yes.
pub(super) fn just_keyed(observed: &Observed) -> bool {
    let last = observed.operations.present().and_then(|all| all.first());
    last.filter(|operation| applies_key(&operation.kind) && operation.succeeded())
        .is_some_and(|operation| match &operation.last_action {
            Known::Known(Some(ended)) => observed.at.duration_since(*ended) < READS_LAG,
            Known::Known(None) => operation
                .created
                .known()
                .is_none_or(|began| observed.at.duration_since(*began) < READS_LAG),
            Known::Unknown(_) => true,
        })
}

/// Does the newest operation make a Managed Environment, and does it still run or has it ended
/// within the read lag?
pub(super) fn governed_last(observed: &Observed, environment: &Environment) -> bool {
    let newest = observed
        .operations
        .present()
        .and_then(|all| all.first())
        .filter(|operation| operation.is(GOVERN));
    let other = environment
        .ongoing
        .as_ref()
        .is_some_and(|kind| !kind.eq_ignore_ascii_case(GOVERN));
    let recent = |operation: &Operation| match operation.ended() {
        Known::Known(ended) => observed.at.duration_since(ended) < READS_LAG,
        Known::Unknown(_) => false,
    };
    !other && newest.is_some_and(|operation| !operation.has_ended() || recent(operation))
}

/// The wait for a removal that already runs.
pub(super) fn under_way(observed: &Observed, environment: &Environment) -> Option<Action> {
    let all = observed
        .operations
        .present()
        .map(|all| &**all)
        .unwrap_or_default();
    let operation = all
        .iter()
        .find(|operation| operation.runs() && operation.is(REMOVE));
    let says = environment
        .key_link
        .present()
        .is_some_and(|link| *link.stage() == Known::Known(Stage::Unlinking));
    let ongoing = environment
        .ongoing
        .as_deref()
        .is_some_and(|kind| kind.eq_ignore_ascii_case(REMOVE));
    // Within the read lag, the link is already gone and the environment is not up yet.
    let newest = observed
        .operations
        .present()
        .and_then(|all| all.first())
        .filter(|operation| operation.is(REMOVE));
    let recent = newest.is_some_and(|operation| match &operation.created {
        Known::Known(began) => observed.at.duration_since(*began) < LONGEST_REMOVAL,
        Known::Unknown(_) => true,
    });
    let lags = environment.key_link.is_absent() && environment.is_up() == Verdict::No && recent;
    (operation.is_some() || says || ongoing || lags).then(|| Action::AwaitRemoval {
        named: Named::of(environment),
        policy: environment.policy().cloned(),
        operation: operation.map(|operation: &Operation| operation.id.clone()),
    })
}

/// Was the last key operation a removal?
pub(super) fn last_was_removal(observed: &Observed) -> bool {
    let last = observed
        .operations
        .present()
        .and_then(|all| all.iter().find(|operation| changes_key(&operation.kind)));
    last.is_some_and(|operation| operation.is(REMOVE))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{Row, linked, list, odd, on, operation, rows};
    use super::*;
    use crate::model::seen::Seen;

    fn yes(what: &str, fact: bool) -> Vec<String> {
        fact.then(|| what.to_owned()).into_iter().collect()
    }

    const WHAT_A_HISTORY_SAYS_ABOUT_THE_KEY: &[Row] = &[
        ("nothing", |_, _| {}, &[]),
        (
            "added a moment ago",
            |_, o| {
                list(&mut o.operations, |all| {
                    all.push(operation(ADD, "Succeeded", 0))
                })
            },
            &["just keyed"],
        ),
        (
            "added yesterday",
            |_, o| {
                list(&mut o.operations, |all| {
                    all.push(operation(ADD, "Succeeded", 1))
                })
            },
            &[
                "in doubt: the service shows no policy, but the last operation on its key applied \
                    a policy",
            ],
        ),
        (
            "an operation without a type came after a removal",
            |_, o| {
                list(&mut o.operations, |all| {
                    all.push(operation("", "Succeeded", 1));
                    all.push(operation(REMOVE, "Succeeded", 9));
                })
            },
            &[
                "removal last",
                "in doubt: the service shows no policy, but the last operation in its history has \
                    no type",
            ],
        ),
        (
            "an operation without a type failed",
            |_, o| {
                list(&mut o.operations, |all| {
                    all.push(operation("", "Failed", 1));
                })
            },
            &[],
        ),
        (
            "added at no known time",
            |_, o| {
                let mut add = operation(ADD, "Succeeded", 9);
                add.last_action = odd();
                list(&mut o.operations, |all| all.push(add));
            },
            &["just keyed"],
        ),
        (
            "a removal came last",
            |_, o| {
                list(&mut o.operations, |all| {
                    all.push(operation("Backup", "Succeeded", 1));
                    all.push(operation(REMOVE, "Succeeded", 9));
                    all.push(operation(ADD, "Succeeded", 20));
                });
            },
            &["removal last"],
        ),
        (
            "a copy runs",
            |_, o| {
                list(&mut o.operations, |all| {
                    all.push(operation("Copy", "Running", 0))
                })
            },
            &["running"],
        ),
        (
            "a copy may run",
            |_, o| {
                list(&mut o.operations, |all| {
                    all.push(operation("Copy", "Wibble", 0))
                })
            },
            &["running"],
        ),
        (
            "being made managed",
            |_, o| {
                list(&mut o.operations, |all| {
                    all.push(operation(GOVERN, "Running", 0))
                })
            },
            &["running", "governed last"],
        ),
        (
            "made managed a moment ago",
            |_, o| {
                list(&mut o.operations, |all| {
                    all.push(operation(GOVERN, "Succeeded", 0))
                })
            },
            &["governed last"],
        ),
        (
            "made managed, and now something else runs",
            |_, o| {
                list(&mut o.operations, |all| {
                    all.push(operation(GOVERN, "Succeeded", 0))
                });
                on(&mut o.environment, |e| e.ongoing = Some("Copy".into()));
            },
            &[],
        ),
    ];

    #[test]
    fn what_a_history_says_about_the_key() {
        rows(WHAT_A_HISTORY_SAYS_ABOUT_THE_KEY, |_, o| {
            let environment = o.environment.present().unwrap();
            let mut all = yes("running", running(o).is_some());
            all.extend(yes("just keyed", just_keyed(o)));
            all.extend(yes("governed last", governed_last(o, environment)));
            all.extend(yes("removal last", last_was_removal(o)));
            all.extend(keyed_last(o).map(|why| format!("in doubt: {why}")));
            all
        });
    }

    const A_REMOVAL_IS_UNDER_WAY_WHERE_ANYTHING_SAYS_SO_FOR_SURE: &[Row] = &[
        ("nothing", |_, _| {}, &[]),
        (
            "it runs",
            |_, o| {
                list(&mut o.operations, |all| {
                    all.push(operation(REMOVE, "Running", 0))
                })
            },
            &["under way"],
        ),
        (
            "it may run",
            |_, o| {
                linked(o, "ep", "Linked");
                list(&mut o.operations, |all| {
                    all.push(operation(REMOVE, "Wibble", 9))
                });
            },
            &[],
        ),
        (
            "the link says so",
            |_, o| linked(o, "ep", "Unlinking"),
            &["under way"],
        ),
        (
            "the environment says so",
            |_, o| on(&mut o.environment, |e| e.ongoing = Some(REMOVE.into())),
            &["under way"],
        ),
        (
            "it ended lately, and the environment is not back",
            |_, o| {
                list(&mut o.operations, |all| {
                    all.push(operation(REMOVE, "Succeeded", 1))
                });
                on(&mut o.environment, |e| e.runtime_state = "Disabled".into());
            },
            &["under way"],
        ),
        (
            "it ended long ago",
            |_, o| {
                list(&mut o.operations, |all| {
                    all.push(operation(REMOVE, "Succeeded", 9))
                });
                on(&mut o.environment, |e| e.runtime_state = "Disabled".into());
            },
            &[],
        ),
        ("no history", |_, o| o.operations = Seen::Absent, &[]),
    ];

    #[test]
    fn a_removal_is_under_way_where_anything_says_so_for_sure() {
        rows(
            A_REMOVAL_IS_UNDER_WAY_WHERE_ANYTHING_SAYS_SO_FOR_SURE,
            |_, o| {
                yes(
                    "under way",
                    under_way(o, o.environment.present().unwrap()).is_some(),
                )
            },
        );
    }
}
