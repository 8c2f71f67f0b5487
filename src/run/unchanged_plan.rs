//! Checks whether a consent still fits. The caller may have answered an hour later, so cmkctl takes
//! a new snapshot and refuses a plan that no longer fits it.

use super::consent::unchanged;
use crate::error::{Error, Kind, Result};
use crate::model::finding::{Finding, Severity};
use crate::model::plan::{Action, Plan};
use std::time::Duration;

/// If the snapshot is older than this, take a new one before sending anything. Measured in
/// wall-clock time, because sandbox time may be accelerated.
pub(super) const MAX_AGE_BEFORE_SEND: Duration = Duration::from_secs(3);

/// Is `fresh`, the plan of a new snapshot, still the plan that the caller consented to? `then`: the
/// plan of the old snapshot with the current time. `unchanged`: the sentence on changes so far.
///
/// # Errors
/// Refused, with every difference.
pub(super) fn still_as_consented(
    (consented, asked): (&Plan, bool),
    then: &Plan,
    fresh: &Plan,
    unchanged: &str,
) -> Result<()> {
    let mut differences = actions(&consented.actions, &fresh.actions, asked);
    differences.extend(findings(
        &consented.findings,
        &fresh.findings,
        Severity::Block,
    ));
    differences.extend(findings(&then.findings, &fresh.findings, Severity::Warn));
    refused(
        differences,
        unchanged,
        "Run the same command again for a plan of the current state.",
    )
}

/// Does `fresh` contain only actions of the saved plan? Actions that are done meanwhile may be
/// missing.
///
/// # Errors
/// Refused, with every difference.
pub(super) fn still_as_saved(planned: &[Action], fresh: &Plan) -> Result<()> {
    refused(
        actions(planned, &fresh.actions, false),
        unchanged(false),
        "Create a new plan of the current state: `cmkctl plan FILE --out PLAN`.",
    )
}

fn refused(differences: Vec<String>, unchanged: &str, hint: &str) -> Result<()> {
    if differences.is_empty() {
        return Ok(());
    }
    let what = format!("The current state has changed since the plan. {unchanged}");
    let mut error = Error::new(Kind::Refused, what);
    for difference in differences {
        error = error.hint(difference);
    }
    Err(error.hint(hint))
}

/// The steps that differ. A caller who was asked at a prompt hears of every difference. Without a
/// prompt, only new changes count as a difference; steps that disappeared or became waits are fine.
fn actions(was: &[Action], is: &[Action], asked: bool) -> Vec<String> {
    let in_words =
        |action: Option<&Action>| action.map_or("nothing".to_owned(), ToString::to_string);
    let alike = |old: &Action, new: &Action| {
        std::mem::discriminant(old) == std::mem::discriminant(new)
            && old.environment() == new.environment()
    };
    let like = |action: &Action| was.iter().find(|old| alike(old, action));
    let new = is
        .iter()
        .enumerate()
        .filter(|(_, action)| action.changes() && !was.contains(action));
    let mut differences: Vec<String> = new
        .flat_map(|(at, action)| {
            let step = format!("step {}", at + 1);
            // The same step with changed facts: report these facts.
            let same = was.iter().find(|old| old.is_same_step(action));
            match (same.and_then(Action::evidence), action.evidence()) {
                (Some(old), Some(new)) => old
                    .differences(new)
                    .into_iter()
                    .map(|fact| format!("{step}, {fact}"))
                    .collect(),
                _ => vec![difference(
                    &step,
                    &in_words(like(action)),
                    &action.to_string(),
                )],
            }
        })
        .collect();
    if asked {
        let gone = was.iter().enumerate().filter(|(_, action)| {
            let replaced = is.iter().any(|now| alike(now, action));
            action.changes() && !is.contains(action) && !replaced
        });
        differences.extend(gone.map(|(at, action)| {
            difference(&format!("step {}", at + 1), &action.to_string(), "nothing")
        }));
    }
    differences
}

/// Findings of one severity that are only in one of the plans, paired by code and subject.
fn findings(was: &[Finding], is: &[Finding], severity: Severity) -> Vec<String> {
    let of = |findings: &[Finding]| -> Vec<Finding> {
        findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .cloned()
            .collect()
    };
    let (was, is) = (of(was), of(is));
    let in_words = |finding: Option<&Finding>| {
        finding.map_or("nothing".to_owned(), |finding| finding.message.clone())
    };
    let gone = was.iter().filter(|finding| !is.contains(finding));
    let mut new: Vec<&Finding> = is.iter().filter(|finding| !was.contains(finding)).collect();
    let mut differences = Vec::new();
    for before in gone {
        let now = new
            .iter()
            .position(|now| now.identity() == before.identity());
        let now = now.map(|at| new.remove(at));
        differences.push(difference(
            before.code,
            &in_words(Some(before)),
            &in_words(now),
        ));
    }
    differences.extend(
        new.into_iter()
            .map(|now| difference(now.code, &in_words(None), &in_words(Some(now)))),
    );
    differences
}

fn difference(what: &str, was: &str, is: &str) -> String {
    format!("{what}, was: {was} / is: {is}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::action::Named;
    use crate::model::finding::Blocks;

    fn finding(code: &'static str, severity: Severity, message: &str) -> Finding {
        Finding {
            code,
            severity,
            subject: "s".to_owned(),
            message: message.to_owned(),
            remedy: "".into(),
            who: "nobody",
            source: "",
            blocks: Blocks::default(),
        }
    }

    #[test]
    fn a_refusal_says_what_was_changed_so_far() {
        let register = |id: &str| Plan {
            actions: vec![Action::RegisterProvider {
                subscription: id.to_owned(),
            }],
            ..Plan::default()
        };
        let (was, is) = (register("a"), register("b"));
        for repaired in [false, true] {
            let refused =
                still_as_consented((&was, true), &was, &is, unchanged(repaired)).unwrap_err();
            assert!(refused.message.ends_with(unchanged(repaired)), "{refused}");
        }
        let refused = still_as_saved(&was.actions, &is).unwrap_err();
        assert!(
            refused.message.ends_with("No changes were made."),
            "{refused}"
        );
    }

    #[test]
    fn every_difference_is_named_with_both_sides() {
        let register = |id: &str| Action::RegisterProvider {
            subscription: id.to_owned(),
        };
        assert!(actions(&[register("a")], &[register("a")], true).is_empty());
        let managed = Action::MakeManaged {
            named: Named {
                id: "e".to_owned(),
                name: "n".to_owned(),
            },
        };
        assert!(actions(&[register("a"), managed.clone()], &[register("a")], false).is_empty());
        let gone = actions(&[register("a"), managed.clone()], &[register("a")], true);
        assert_eq!(
            gone,
            ["step 2, was: Make `n` a Managed Environment / is: nothing"]
        );
        for asked in [false, true] {
            let moved = actions(&[register("a")], &[register("b"), managed.clone()], asked);
            assert_eq!(moved.len(), 2, "{moved:?}");
            assert!(
                moved[0].starts_with("step 1, was: Register")
                    && moved[0].contains("a / is: Register"),
                "{moved:?}"
            );
            assert!(
                moved[1].starts_with("step 2, was: nothing / is: Make"),
                "{moved:?}"
            );
        }
        let was = [
            finding("CMK1", Severity::Warn, "one"),
            finding("CMK2", Severity::Block, "two"),
        ];
        let is = [
            finding("CMK1", Severity::Warn, "other"),
            finding("CMK3", Severity::Warn, "three"),
        ];
        assert_eq!(
            findings(&was, &is, Severity::Warn),
            [
                "CMK1, was: one / is: other",
                "CMK3, was: nothing / is: three"
            ]
        );
        assert_eq!(
            findings(&was, &is, Severity::Block),
            ["CMK2, was: two / is: nothing"]
        );
        assert!(findings(&was, &was, Severity::Warn).is_empty());
    }
}
