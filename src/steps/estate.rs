//! Findings about the tenant's other environments, and about the history of this one.

use super::lifecycle::{
    ADD, KEPT_AFTER_REMOVAL, KEPT_AFTER_ROTATION, REMOVE, SWAP, applies_key, changes_key, harmless,
};
use super::link::{LinkState, standing};
use super::{Whose, day, finding, unknown, unseen, who};
use crate::model::alike::Alike;
use crate::model::count::counted;
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ArmId;
use crate::model::known::Known;
use crate::model::observed::Observed;
use crate::model::operation::Operation;
use crate::model::seen::Seen;
use crate::model::target::Target;
use crate::model::wanted::{LIMIT, NEAR};
use crate::model::whole::Whole;
use jiff::Timestamp;

/// Every finding about the tenant's other environments.
pub(super) fn check(
    target: &Target,
    tenant: &Seen<Whole<Environment>>,
    environment: &Environment,
) -> Vec<Finding> {
    let what = "How many environments have a customer-managed key";
    let all = match tenant {
        Seen::Present(all) => all,
        Seen::Unreadable(why) => {
            return vec![unseen(
                "CMK031",
                &environment.id,
                what,
                why,
                (who::POWER_PLATFORM, Whose::Own),
            )];
        }
        Seen::Absent => {
            let why = "the service does not support this query";
            return vec![unknown(
                "CMK031",
                &environment.id,
                what,
                why,
                who::POWER_PLATFORM,
            )];
        }
    };
    let others = all
        .iter()
        .filter(|other| !other.id.eq_ignore_ascii_case(&environment.id));
    let mut found = Vec::new();
    if environment.policy().is_none() {
        let count = others
            .clone()
            .filter(|other| other.policy().is_some())
            .count();
        let open = others.clone().filter(|other| other.link_in_doubt()).count();
        found.extend(room(
            target.limit.unwrap_or(LIMIT),
            count,
            open,
            environment,
        ));
    }
    let elsewhere = target
        .policy
        .as_ref()
        .and_then(|policy| elsewhere(others, policy));
    found.extend(elsewhere.map(|finding| Finding {
        subject: environment.id.clone(),
        ..finding
    }));
    found
}

/// Is this count of keyed environments near or over the tenant's limit? `open`: environments whose
/// key is not known. The returned clause mentions them.
pub(super) fn crowded(count: usize, open: usize, limit: usize) -> Option<(Severity, String)> {
    let severity = match count {
        count if count > limit => Severity::Block,
        count if count + open > limit => Severity::Unknown,
        count if count + NEAR > limit => Severity::Warn,
        _ => return None,
    };
    let unread = match open {
        0 => String::new(),
        open => format!(" (cmkctl can't tell for {open} more)"),
    };
    Some((severity, unread))
}

/// Is there room for one more environment? `open`: environments whose key is not known.
fn room(limit: usize, count: usize, open: usize, environment: &Environment) -> Option<Finding> {
    let (severity, unread) = crowded(count + 1, open, limit)?;
    Some(finding(
        "CMK031",
        severity,
        &environment.id,
        format!(
            "The tenant has {} with a customer-managed key{unread}. `{}` would be number {}. \
                cmkctl counts with a limit of {limit}.",
            counted(count, "environment"),
            environment.display_name,
            count + 1
        ),
        "Ask Microsoft support for a higher limit, then pass it to `cmkctl add-environment` as \
        `--limit`.",
        who::POWER_PLATFORM,
    ))
}

/// The finding for environments that use another policy than this one.
pub(super) fn elsewhere<'a>(
    all: impl Iterator<Item = &'a Environment>,
    policy: &ArmId,
) -> Option<Finding> {
    let mut other = all.filter(|other| other.policy().is_some_and(|linked| linked != policy));
    let first = other.next()?;
    let more = match other.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(finding(
        "CMK032",
        Severity::Warn,
        policy.to_string(),
        format!(
            "These environments use another policy: `{}`{more}. You can't copy or restore \
                between environments with different keys.",
            first.display_name
        ),
        "Use the same policy for environments that you copy or restore onto each other.",
        who::POWER_PLATFORM,
    ))
}

/// Environments by name, for messages.
pub(super) fn named(all: &[&Environment]) -> Option<String> {
    let alike = Alike::among(
        all.iter()
            .map(|environment| environment.display_name.as_str()),
    );
    let names: Vec<String> = all
        .iter()
        .map(|environment| alike.told_apart(&environment.display_name, &environment.id))
        .collect();
    match &names[..] {
        [] => None,
        [first] => Some(format!("`{first}`")),
        [first, second] => Some(format!("`{first}` and `{second}`")),
        [first, second, ..] => Some(format!(
            "`{first}`, `{second}` and {} more",
            names.len() - 2
        )),
    }
}

/// Findings about earlier operations on this environment.
pub(super) fn history(
    observed: &Observed,
    environment: &Environment,
    policy: Option<&ArmId>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    let (id, name) = (&environment.id, &environment.display_name);
    let operations = observed
        .operations
        .present()
        .map(|all| &**all)
        .unwrap_or_default();
    let last_add = operations
        .iter()
        .find(|operation| operation.is(ADD) && operation.has_ended());
    let done = policy.is_some_and(|policy| standing(environment, policy) == LinkState::Done);
    if done && last_add.is_some_and(Operation::failed) {
        found.push(finding(
            "CMK028",
            Severity::Warn,
            id,
            format!(
                "The last add of `{name}` failed, but the environment is linked and online. \
                    Some services may still use the Microsoft key."
            ),
            "Check the environment again in a day. If nothing has changed, run the same add \
                again. Do not remove the environment from the policy.",
            who::POWER_PLATFORM,
        ));
    }
    for left in left_keys(operations, environment) {
        let Known::Known(until) = left.until else {
            continue;
        };
        if until <= observed.at {
            continue;
        }
        let what = if left.operation.is(REMOVE) {
            "removed from its policy"
        } else if applies_key(&left.operation.kind) {
            "moved to another policy"
        } else {
            continue;
        };
        found.push(finding(
            "CMK033",
            Severity::Warn,
            id,
            format!(
                "`{name}` was {what} recently. Its backups need the old key until {}.",
                day(until)
            ),
            "Do not delete or disable the old key, its versions, its vault or the old policy's \
                access before that day.",
            who::KEY_VAULT,
        ));
        break;
    }
    found
}

/// An operation after which an old key is still needed, and until when.
pub(super) struct Left<'a> {
    pub(super) operation: &'a Operation,
    pub(super) until: Known<Timestamp>,
}

/// The operations after which an environment may still need a key that it left, newest first. Days
/// count from the end of the operation.
///
/// A failed removal counts if its policy is gone anyway. A reset, a copy, a restore or an unknown
/// kind may have replaced the key, or removed it. A second add may have moved the environment to
/// another policy. (Inferred: no page lists the kinds, or says how far a history reaches back.)
pub(super) fn left_keys<'a>(
    operations: &'a [Operation],
    environment: &Environment,
) -> Vec<Left<'a>> {
    let gone = !matches!(environment.key_link, Seen::Present(_));
    let left = |(at, operation): (usize, &'a Operation)| {
        let before = || operations.get(at + 1..).unwrap_or_default();
        let span = if operation.is(REMOVE) {
            let counts = operation.succeeded() || (operation.has_ended() && gone);
            counts.then_some(KEPT_AFTER_REMOVAL)?
        } else if operation.is(ADD) {
            let counts = operation.has_ended() && keyed(before());
            counts.then_some(KEPT_AFTER_ROTATION)?
        } else if operation.is(SWAP) {
            operation.has_ended().then_some(KEPT_AFTER_ROTATION)?
        } else {
            let counts = operation.has_ended() && !harmless(operation);
            counts.then_some(KEPT_AFTER_REMOVAL)?
        };
        let until = operation.ended().and_then(|ended| {
            ended
                .checked_add(span)
                .map_or_else(|error| Known::Unknown(error.to_string()), Known::Known)
        });
        Some(Left { operation, until })
    };
    operations.iter().enumerate().filter_map(left).collect()
}

/// Does this history, newest first, end with an applied key, or may it?
fn keyed(history: &[Operation]) -> bool {
    let last = history.iter().find(|operation| {
        (changes_key(&operation.kind) || operation.kind.is_empty()) && operation.succeeded()
    });
    last.is_some_and(|operation| !operation.is(REMOVE))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{
        Row, all, codes, environment, hidden, linked, operation, rows, silent, well,
    };
    use super::*;

    #[test]
    fn near_the_limit_is_warned_of_and_what_is_not_known_counts_as_one_more() {
        for (count, open, expected) in [
            (22, 0, None),
            (23, 0, Some(Severity::Warn)),
            (25, 0, Some(Severity::Warn)),
            (26, 0, Some(Severity::Block)),
            (26, 9, Some(Severity::Block)),
            (20, 5, None),
            (20, 6, Some(Severity::Unknown)),
        ] {
            let found = crowded(count, open, 25).map(|(severity, _)| severity);
            assert_eq!(found, expected, "{count} {open}");
        }
    }

    fn another(policy: &str, number: usize) -> Environment {
        Environment {
            key_link: super::super::samples::link(policy, "Linked"),
            ..environment(&format!("e{number}"))
        }
    }

    #[test]
    fn the_others_fill_the_tenant_and_may_have_other_keys() {
        let many = |policy: &str, count| (0..count).map(|n| another(policy, n)).collect::<Vec<_>>();
        for (all, expected) in [
            (all(Vec::new()), &[][..]),
            (all(many("ep", 3)), &[]),
            (all(many("ep", 23)), &["CMK031 warn"]),
            (all(many("ep", 25)), &["CMK031 block"]),
            (all(many("other", 1)), &["CMK032 warn"]),
            (silent(), &["CMK031 unknown"]),
            (hidden(), &["CMK031 unknown"]),
        ] {
            let (target, mut observed) = well();
            observed.preconditions.estate = all;
            let found = check(
                &target,
                &observed.preconditions.estate,
                observed.environment.present().unwrap(),
            );
            assert_eq!(
                codes(&found),
                expected,
                "{:?}",
                observed.preconditions.estate
            );
        }
        let mut open = many("ep", 24);
        open[0].key_link = silent();
        let (target, mut observed) = well();
        open.extend([another("ep", 30), another("ep", 31)]);
        open[1].key_link = silent();
        observed.preconditions.estate = all(open);
        let found = check(
            &target,
            &observed.preconditions.estate,
            observed.environment.present().unwrap(),
        );
        assert_eq!(codes(&found), ["CMK031 unknown"]);
    }

    #[test]
    fn holders_are_named() {
        for (count, expected) in [
            (0, None),
            (1, Some("`E0`")),
            (2, Some("`E0` and `E1`")),
            (4, Some("`E0`, `E1` and 2 more")),
        ] {
            let holders: Vec<Environment> = (0..count).map(|n| another("ep", n)).collect();
            let holders: Vec<&Environment> = holders.iter().collect();
            assert_eq!(named(&holders).as_deref(), expected);
        }
    }

    const WHAT_WAS_LEFT_NOT_LONG_AGO_IS_STILL_NEEDED: &[Row] = &[
        ("nothing", |_, _| {}, &[]),
        (
            "removed 29 days ago",
            |_, o| o.operations = all(vec![operation(REMOVE, "Succeeded", 29)]),
            &["CMK033 warn"],
        ),
        (
            "removed 31 days ago",
            |_, o| o.operations = all(vec![operation(REMOVE, "Succeeded", 31)]),
            &[],
        ),
        (
            "a removal failed, and yet it is gone",
            |_, o| o.operations = all(vec![operation(REMOVE, "Failed", 3)]),
            &["CMK033 warn"],
        ),
        (
            "a removal failed",
            |_, o| {
                linked(o, "ep", "Linked");
                o.operations = all(vec![operation(REMOVE, "Failed", 3)]);
            },
            &[],
        ),
        (
            "swapped 27 days ago",
            |_, o| o.operations = all(vec![operation(SWAP, "Succeeded", 27)]),
            &["CMK033 warn"],
        ),
        (
            "swapped 29 days ago",
            |_, o| o.operations = all(vec![operation(SWAP, "Succeeded", 29)]),
            &[],
        ),
        (
            "moved by a second add",
            |_, o| {
                linked(o, "ep", "Linked");
                let first = operation(ADD, "Succeeded", 90);
                o.operations = all(vec![operation(ADD, "Succeeded", 3), first]);
            },
            &["CMK033 warn"],
        ),
        (
            "added after a removal of long ago",
            |_, o| {
                linked(o, "ep", "Linked");
                let before = [
                    operation(REMOVE, "Succeeded", 60),
                    operation(ADD, "Succeeded", 90),
                ];
                let history = [operation(ADD, "Succeeded", 3)].into_iter().chain(before);
                o.operations = all(history.collect());
            },
            &[],
        ),
        (
            "an add failed, and yet all runs",
            |_, o| {
                linked(o, "ep", "Linked");
                o.operations = all(vec![operation(ADD, "Failed", 3)]);
            },
            &["CMK028 warn"],
        ),
    ];

    #[test]
    fn what_was_left_not_long_ago_is_still_needed() {
        rows(WHAT_WAS_LEFT_NOT_LONG_AGO_IS_STILL_NEEDED, |t, o| {
            let environment = o.environment.present().unwrap();
            codes(&history(o, environment, t.policy.as_ref()))
        });
    }
}
