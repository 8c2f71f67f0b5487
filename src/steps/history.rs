//! What happened to an environment, newest first, and how long such operations take.

use super::estate::left_keys;
use super::lifecycle::{ADD, REMOVE, SWAP, harmless};
use crate::model::environment::Environment;
use crate::model::history::{Episode, Estimate};
use crate::model::known::Known;
use crate::model::operation::{Operation, Progress};
use jiff::SignedDuration;

/// Each operation with its effect on the key.
pub fn episodes<'a>(operations: &'a [Operation], environment: &Environment) -> Vec<Episode<'a>> {
    let left = left_keys(operations, environment);
    let episode = |operation: &'a Operation| {
        let left = left
            .iter()
            .find(|left| std::ptr::eq(left.operation, operation));
        Episode {
            operation,
            took: took(operation),
            meant: meant(operation),
            needed_until: left.and_then(|left| left.until.known().copied()),
        }
    };
    operations.iter().map(episode).collect()
}

/// How long an operation took that has ended.
fn took(operation: &Operation) -> Option<SignedDuration> {
    if !operation.has_ended() {
        return None;
    }
    let began = operation.created.known()?;
    let ended = operation.last_action.known().copied().flatten()?;
    Some(ended.duration_since(*began)).filter(|took| !took.is_negative())
}

fn meant(operation: &Operation) -> &'static str {
    let state = match &operation.state.means {
        Known::Known(state) => *state,
        Known::Unknown(_) => return "not known: the service reports an unknown state",
    };
    if harmless(operation) {
        return "no effect on the key";
    }
    match (state, kind(operation)) {
        (Progress::Running, Kind::Other) => "in progress, may change the key",
        (Progress::Running, Kind::Add | Kind::Remove | Kind::Swap) => "in progress",
        (Progress::Succeeded, Kind::Add) => "encrypted with the key of the policy",
        (Progress::Succeeded, Kind::Remove) => "back on the Microsoft key",
        (Progress::Succeeded, Kind::Swap) => "encrypted with the key of another policy",
        (Progress::Succeeded, Kind::Other) => "may have changed the key",
        (Progress::Failed | Progress::Canceled, Kind::Add | Kind::Swap) => {
            "some services may still use the earlier key"
        }
        (Progress::Failed | Progress::Canceled, Kind::Remove) => {
            "some services may still use the customer-managed key"
        }
        (Progress::Failed | Progress::Canceled, Kind::Other) => "may have changed the key",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Add,
    Remove,
    Swap,
    Other,
}

fn kind(operation: &Operation) -> Kind {
    let kinds = [(ADD, Kind::Add), (REMOVE, Kind::Remove), (SWAP, Kind::Swap)];
    let known = kinds.into_iter().find(|(name, _)| operation.is(name));
    known.map_or(Kind::Other, |(_, kind)| kind)
}

/// How long successful operations of a kind took. cmkctl estimates only operations that concern a
/// key.
pub fn estimate<'a>(
    running: &Operation,
    past: impl IntoIterator<Item = &'a Operation>,
) -> Option<Estimate> {
    if kind(running) == Kind::Other {
        return None;
    }
    let alike = |operation: &&Operation| operation.is(&running.kind) && operation.succeeded();
    let all: Vec<SignedDuration> = past.into_iter().filter(alike).filter_map(took).collect();
    Some(Estimate {
        count: all.len(),
        shortest: *all.iter().min()?,
        longest: *all.iter().max()?,
    })
}

/// Can cmkctl estimate the length of this running operation from earlier ones in the tenant?
pub fn can_be_estimated(operation: &Operation) -> bool {
    operation.runs() && kind(operation) != Kind::Other
}

#[cfg(test)]
mod tests {
    use super::super::samples::{days, environment, odd, operation};
    use super::*;

    /// Began so many days ago, and took so many hours.
    fn lasted(kind: &str, state: &str, days_ago: i64, hours: i64) -> Operation {
        let began = days(-days_ago);
        let ended = began
            .checked_add(SignedDuration::from_hours(hours))
            .unwrap();
        Operation {
            last_action: Known::Known(Some(ended)),
            ..operation(kind, state, days_ago)
        }
    }

    #[test]
    fn each_operation_says_what_it_meant() {
        let known = ["Running", "Succeeded", "Failed", "Canceled"];
        let mut meanings = Vec::new();
        for kind in [ADD, REMOVE, SWAP, "Backup", "Copy"] {
            for state in known {
                meanings.push(meant(&lasted(kind, state, 9, 1)));
            }
            assert!(meant(&lasted(kind, "Wibble", 9, 1)).starts_with("not known"));
        }
        let harmless = meanings
            .iter()
            .filter(|meaning| **meaning == "no effect on the key");
        assert_eq!(harmless.count(), 4);
        assert_eq!(meanings[1], "encrypted with the key of the policy");
        assert_eq!(meanings[5], "back on the Microsoft key");
    }

    #[test]
    fn a_removal_says_until_when_its_key_is_needed() {
        let all = [
            lasted(REMOVE, "Succeeded", 3, 24),
            lasted(ADD, "Succeeded", 90, 30),
        ];
        let found = episodes(&all, &environment("e"));
        assert_eq!(found[0].needed_until, Some(days(28)));
        assert_eq!(found[0].took, Some(SignedDuration::from_hours(24)));
        assert_eq!(found[1].needed_until, None);
        let mut undated = lasted(ADD, "Succeeded", 3, 2);
        undated.last_action = odd();
        assert_eq!(took(&undated), None);
        assert_eq!(took(&lasted(ADD, "Succeeded", 3, -2)), None);
        assert_eq!(took(&lasted(ADD, "Running", 3, 2)), None);
    }

    #[test]
    fn only_what_ended_well_and_is_alike_tells_how_long_it_takes() {
        let running = lasted(ADD, "Running", 0, 0);
        let past = [
            lasted(ADD, "Succeeded", 40, 31),
            lasted(ADD, "Succeeded", 30, 3),
            lasted(ADD, "Failed", 20, 1),
            lasted(REMOVE, "Succeeded", 10, 90),
        ];
        let found = estimate(&running, &past).unwrap();
        let hours = SignedDuration::from_hours;
        assert_eq!(
            (found.count, found.shortest, found.longest),
            (2, hours(3), hours(31))
        );
        assert_eq!(estimate(&running, &past[2..]), None);
        assert_eq!(estimate(&lasted("Copy", "Running", 0, 0), &past), None);
        assert!(can_be_estimated(&running) && !can_be_estimated(&past[0]));
    }
}
