//! Does the key cover the data of Copilot Studio? Only if the key was applied on 2025-04-07 or
//! later.

use super::lifecycle::{ADD, REMOVE, changes_key};
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::operation::Operation;
use jiff::Timestamp;

/// If the key was applied earlier, the data stays on the Microsoft key. Then remove the key and
/// apply it again (2025-04-07, Microsoft Learn, Copilot Studio).
const COVERED_FROM: Timestamp = Timestamp::constant(1_743_984_000, 0);

/// Does the key cover the data of Copilot Studio, and when was the key applied?
#[derive(Debug, Clone, PartialEq)]
pub struct CopilotStudio {
    /// Is it covered?
    pub covered: Verdict,
    /// When the current key was applied, according to the history.
    pub since: Option<Timestamp>,
}

impl CopilotStudio {
    fn open(covered: Verdict) -> Self {
        Self {
            covered,
            since: None,
        }
    }
}

/// The answer, from the operation that applied the key. `None` if no policy is linked.
pub fn copilot_studio(observed: &Observed) -> Option<CopilotStudio> {
    let environment = observed.environment.present()?;
    if environment.key_link.is_absent() {
        return None;
    }
    if let Some(why) = environment.key_link.unreadable() {
        return Some(CopilotStudio::open(Verdict::CantTell(why.clone())));
    }
    if let Some(why) = observed.operations.unreadable() {
        return Some(CopilotStudio::open(Verdict::CantTell(why.clone())));
    }
    let history = observed.operations.present().map(|all| &**all);
    Some(started(history.unwrap_or_default()).map_or_else(
        || {
            let why = "the environment's history does not show when the key was applied";
            CopilotStudio::open(Verdict::cant_tell(why))
        },
        |operation| match &operation.created {
            Known::Unknown(why) => CopilotStudio::open(Verdict::cant_tell(why)),
            Known::Known(began) => CopilotStudio {
                covered: Verdict::of(*began >= COVERED_FROM),
                since: Some(*began),
            },
        },
    ))
}

/// The operation that applied the key: the first add after the last removal. A repeated add or a
/// swap in place does not count as a new start.
fn started(history: &[Operation]) -> Option<&Operation> {
    let of_key = |operation: &&Operation| operation.succeeded() && changes_key(&operation.kind);
    let newest_first = history.iter().filter(of_key);
    let since_removal = newest_first.take_while(|operation| !operation.is(REMOVE));
    since_removal.filter(|operation| operation.is(ADD)).last()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{all, days, linked, odd, on, operation, silent, well};
    use super::*;
    use crate::model::seen::Seen;

    fn encrypted() -> Observed {
        let (_, mut observed) = well();
        linked(&mut observed, "ep", "Linked");
        observed
    }

    #[test]
    fn the_day_of_the_first_application_after_the_last_removal_decides() {
        assert_eq!(COVERED_FROM.to_string(), "2025-04-07T00:00:00Z");
        let old = 3000;
        let add = |days_ago| operation(ADD, "Succeeded", days_ago);
        let swap = |days_ago| operation("RotateCustomerManagedKey", "Succeeded", days_ago);
        let gone = |days_ago| operation(REMOVE, "Succeeded", days_ago);
        let failed = operation(ADD, "Failed", 1);
        let undated = Operation {
            created: odd(),
            ..add(3)
        };
        let no = (Verdict::No, Some(days(-old)));
        let yes = (Verdict::Yes, Some(days(-3)));
        let cases = [
            (vec![add(3)], Some(yes.clone())),
            (vec![add(old)], Some(no.clone())),
            // Repeated or swapped, the key was on before.
            (vec![add(3), add(old)], Some(no.clone())),
            (vec![swap(3), add(old)], Some(no)),
            // Taken off and applied again.
            (vec![add(3), gone(5), add(old)], Some(yes.clone())),
            // What failed applied nothing.
            (vec![failed, add(3)], Some(yes)),
            (vec![swap(3)], None),
            (vec![gone(3)], None),
            (vec![undated], None),
            (Vec::new(), None),
        ];
        for (history, expected) in cases {
            let mut observed = encrypted();
            observed.operations = all(history.clone());
            let found = copilot_studio(&observed).unwrap();
            match expected {
                Some((covered, since)) => {
                    assert_eq!(found, CopilotStudio { covered, since }, "{history:?}");
                }
                None => assert_eq!(found.covered.flag(), None, "{history:?}"),
            }
        }
    }

    #[test]
    fn what_is_not_visible_is_no_answer_and_without_a_key_there_is_no_question() {
        let mut observed = encrypted();
        observed.operations = silent();
        assert_eq!(copilot_studio(&observed).unwrap().covered.flag(), None);
        on(&mut observed.environment, |environment| {
            environment.key_link = Seen::Absent
        });
        assert_eq!(copilot_studio(&observed), None);
    }
}
