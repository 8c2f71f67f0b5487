//! The tenant's other environments, and what happened to this one before.

use super::add::{ADD, SWAP, Standing, standing};
use super::remove::{KEPT_AFTER_REMOVAL, REMOVE};
use super::{finding, not_visible, who};
use crate::model::finding::{Finding, Severity};
use crate::model::ids::{ArmId, same_id};
use crate::model::observed::{Environment, Observed, Operation, Seen};
use jiff::{SignedDuration, Timestamp};

/// Environments with a customer-managed key that a tenant may have by default.
const LIMIT: usize = 25;
/// So few free places are worth a warning.
const NEAR: usize = 3;
/// The old key is needed this long after a move to another one.
const AFTER_ROTATION: SignedDuration = SignedDuration::from_hours(28 * 24);

/// Everything that the other environments say.
pub(super) fn check(observed: &Observed, environment: &Environment, policy: Option<&ArmId>) -> Vec<Finding> {
    let all = match &observed.around.estate {
        Seen::Present(all) => all,
        Seen::Unreadable(why) => {
            let what = "How many environments have a key already";
            return vec![not_visible("CMK031", &environment.id, what, &why.why, who::POWER_PLATFORM)];
        }
        _ => return Vec::new(),
    };
    let linked = |environment: &&Environment| environment.key_link.present().is_some();
    let others = all.iter().filter(|other| !other.id.eq_ignore_ascii_case(&environment.id)).filter(linked);
    let count = others.clone().count();
    let mut found = Vec::new();
    if environment.key_link.is_absent() && count + NEAR >= LIMIT {
        let name = &environment.display_name;
        found.push(finding(
            "CMK031",
            Severity::Warn,
            &environment.id,
            format!("{count} environments have a customer-managed key already, `{name}` would be number {}; a tenant may have {LIMIT}.", count + 1),
            "Ask Microsoft support for a higher limit.",
            who::POWER_PLATFORM,
        ));
    }
    let elsewhere = policy.and_then(|policy| elsewhere(others, policy));
    found.extend(elsewhere.map(|finding| Finding { subject: environment.id.clone(), ..finding }));
    found
}

/// Environments that use another policy than this one.
pub(super) fn elsewhere<'a>(all: impl Iterator<Item = &'a Environment>, policy: &ArmId) -> Option<Finding> {
    let policy = policy.to_string();
    let mut other = all.filter(|other| {
        let own = other.key_link.present().and_then(|link| link.policy.as_deref());
        own.is_some_and(|own| !same_id(own, &policy))
    });
    let first = other.next()?;
    let more = match other.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(finding(
        "CMK032",
        Severity::Warn,
        policy,
        format!(
            "`{}`{more} use another policy: nothing can be copied or restored between environments with different keys.",
            first.display_name
        ),
        "Use one policy for environments that are copied or restored onto each other.",
        who::POWER_PLATFORM,
    ))
}

/// The environments that a policy holds, for messages.
pub(super) fn holders(observed: &Observed, policy: &ArmId) -> Option<String> {
    let id = policy.to_string();
    let all = observed.around.estate.present()?;
    let names: Vec<&str> = all
        .iter()
        .filter(|environment| {
            environment.key_link.present().and_then(|link| link.policy.as_deref()).is_some_and(|own| same_id(own, &id))
        })
        .map(|environment| environment.display_name.as_str())
        .collect();
    match names[..] {
        [] => None,
        [one] => Some(format!("`{one}`")),
        [one, two] => Some(format!("`{one}` and `{two}`")),
        [one, two, ..] => Some(format!("`{one}`, `{two}` and {} more", names.len() - 2)),
    }
}

/// What happened to this environment before.
pub(super) fn history(observed: &Observed, environment: &Environment, policy: Option<&ArmId>) -> Vec<Finding> {
    let mut found = Vec::new();
    let (id, name) = (&environment.id, &environment.display_name);
    let operations = observed.operations.present().map(Vec::as_slice).unwrap_or_default();
    let last_add = operations.iter().find(|operation| operation.kind == ADD && operation.has_ended());
    let done = policy.is_some_and(|policy| standing(environment, policy) == Standing::Done);
    if done && last_add.is_some_and(|operation| operation.state.eq_ignore_ascii_case("Failed")) {
        found.push(finding(
            "CMK028",
            Severity::Warn,
            id,
            format!("The history of `{name}` says that adding it failed, but it is linked and runs: some service may still use the Microsoft key."),
            "Look again in a day; if it stays so, run the same add again. Do not remove the environment from the policy.",
            who::POWER_PLATFORM,
        ));
    }
    found.extend(kept(operations, observed.at).map(|(operation, until)| {
        let what = if operation.kind == REMOVE { "removed from its policy" } else { "moved to another policy" };
        finding(
            "CMK033",
            Severity::Warn,
            id,
            format!("`{name}` was {what} not long ago: its old key is needed until {}.", until.strftime("%Y-%m-%d")),
            "Delete or disable neither the old key, its versions and vault nor the old policy's access before that day.",
            who::KEY_VAULT,
        )
    }));
    let customer = environment.key_managed_by.as_deref().is_some_and(|by| !by.eq_ignore_ascii_case("Microsoft"));
    if customer && environment.key_link.is_absent() {
        let by = environment.key_managed_by.as_deref().unwrap_or_default();
        found.push(finding(
            "CMK041",
            Severity::Warn,
            id,
            format!("`{name}` has a key managed by `{by}` but no policy: it was encrypted with a bring-your-own key, which was retired on 2026-01-06."),
            "Migrate it: ask Microsoft support before you add it to a policy.",
            who::POWER_PLATFORM,
        ));
    }
    found
}

/// Until when an old key must be kept, by the newest operation that left one behind.
pub(super) fn kept(operations: &[Operation], now: Timestamp) -> Option<(&Operation, Timestamp)> {
    operations
        .iter()
        .filter(|operation| operation.state.eq_ignore_ascii_case("Succeeded"))
        .filter_map(|operation| {
            let span = match operation.kind.as_str() {
                REMOVE => KEPT_AFTER_REMOVAL,
                SWAP => AFTER_ROTATION,
                _ => return None,
            };
            let created: Timestamp = operation.created.as_deref()?.parse().ok()?;
            Some((operation, created.checked_add(span).ok()?))
        })
        .filter(|(_, until)| *until > now)
        .max_by_key(|(_, until)| *until)
}
