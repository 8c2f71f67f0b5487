//! `check --for`: may an environment be copied, restored, reset, deleted or moved, as far as its
//! key decides? cmkctl starts none of these operations.
//!
//! The rules are those of "Environment database operations" (Microsoft Learn, Power Platform admin
//! docs, customer-managed-key, 2025-06-09), unless a rule names another source. Where the text is
//! silent, the answer is "can't tell".

mod asked;
mod backups;
mod ending;
mod kinds;
mod pair;
mod settled;

pub use asked::{Asked, Place};

use crate::model::count::{counted, counted_as};
use crate::model::finding::{Finding, Severity};
use crate::model::known::Verdict;
use crate::model::purpose::Purpose;

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// May it be done?
    pub verdict: Verdict,
    /// The verdict as a sentence, with the names.
    pub sentence: String,
    /// Worst first.
    pub findings: Vec<Finding>,
}

/// The answer to the question. A known blocker decides. An unknown fact is never a yes.
pub fn answer(asked: &Asked<'_>) -> Answer {
    let mut findings: Vec<Finding> = Vec::new();
    for found in judged(asked) {
        if !findings.contains(&found) {
            findings.push(found);
        }
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let verdict = verdict(&findings);
    Answer {
        sentence: sentence(asked, &verdict, &findings),
        verdict,
        findings,
    }
}

fn judged(asked: &Asked<'_>) -> Vec<Finding> {
    let onto = asked.onto.map(Place::environment);
    let places: Vec<Place<'_>> = [Some(asked.source), asked.onto]
        .into_iter()
        .flatten()
        .collect();
    let unread = places.iter().filter_map(|place| place.environment().err());
    let mut found: Vec<Finding> = unread.collect();
    for place in places {
        if let Ok(environment) = place.environment() {
            found.extend(settled::check(place.observed, environment));
        }
    }
    let Ok(source) = asked.source.environment() else {
        return found;
    };
    found.extend(kinds::allowed(asked.purpose, source));
    let target = match (&onto, asked.purpose) {
        (Some(Ok(onto)), _) => Some(*onto),
        (Some(Err(_)), _) => None,
        (None, Purpose::Restore) => Some(source),
        (None, Purpose::Copy | Purpose::Reset | Purpose::Delete | Purpose::MoveFromLcs) => None,
    };
    if let Some(target) = target {
        found.extend(kinds::target(asked.purpose, source, target));
    }
    match asked.purpose {
        Purpose::Copy | Purpose::Restore => {
            if let (Some(Ok(onto)), Some(other)) = (&onto, asked.onto) {
                found.extend(pair::check(asked.source, (source, onto), other));
            }
            if asked.purpose == Purpose::Restore {
                found.extend(backups::check(asked, source));
            }
        }
        Purpose::Reset => found.extend(ending::reset(asked.source.observed, source)),
        Purpose::Delete => found.extend(ending::delete(asked.source.observed, source)),
        Purpose::MoveFromLcs => found.extend(ending::moved(asked.source.observed, source)),
    }
    found
}

/// Every rule must pass. A blocker is a no, whatever else is not known.
fn verdict(findings: &[Finding]) -> Verdict {
    let rule = |finding: &Finding| match finding.severity {
        Severity::Block => Verdict::No,
        Severity::Unknown | Severity::NotVisible => Verdict::cant_tell(finding.message.clone()),
        Severity::Warn | Severity::Acknowledge => Verdict::Yes,
    };
    let all = findings.iter().map(rule);
    all.fold(Verdict::Yes, |all, rule| all.and(|| rule))
}

fn sentence(asked: &Asked<'_>, verdict: &Verdict, findings: &[Finding]) -> String {
    let what = asked.what();
    let count = |of: &[Severity]| {
        let among = |finding: &&Finding| of.contains(&finding.severity);
        findings.iter().filter(among).count()
    };
    match verdict {
        Verdict::Yes => {
            let keys = asked
                .keys()
                .map_or(String::new(), |keys| format!(" {keys}"));
            format!("Yes: the rules for customer-managed keys allow you to {what}.{keys}")
        }
        Verdict::No => {
            let blockers = counted(count(&[Severity::Block]), "blocker");
            format!("No: you can't {what}. cmkctl found {blockers}.")
        }
        Verdict::CantTell(_) => {
            let facts = count(&[Severity::Unknown, Severity::NotVisible]);
            format!(
                "cmkctl can't tell whether you can {what}: {} unknown.",
                counted_as(facts, "fact is", "facts are")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::environment::{AppLink, Dataverse, Environment};
    use crate::model::known::Known;
    use crate::model::observed::Observed;
    use crate::model::rights::PrincipalRights;
    use crate::model::seen::Seen;
    use crate::steps::samples::{codes, hidden, linked, list, odd, on, operation, silent, well};
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    type Change = (&'static str, fn(&mut Observed));

    const PURPOSES: [Purpose; 5] = [
        Purpose::Copy,
        Purpose::Restore,
        Purpose::Reset,
        Purpose::Delete,
        Purpose::MoveFromLcs,
    ];

    fn keyed() -> Observed {
        let (_, mut observed) = well();
        linked(&mut observed, "ep", "Linked");
        observed
    }

    fn named(mut observed: Observed, id: &str) -> Observed {
        if let Seen::Present(it) = &mut observed.environment {
            it.id = id.to_owned();
            it.display_name = id.to_uppercase();
        }
        observed
    }

    fn asked(purpose: Purpose, source: &Observed, onto: Option<&Observed>) -> Answer {
        answer(&Asked {
            purpose,
            source: Place {
                typed: "from",
                observed: source,
            },
            onto: onto.map(|observed| Place {
                typed: "to",
                observed,
            }),
        })
    }

    #[test]
    fn the_verdict_comes_first_with_the_names() {
        let (source, target) = (keyed(), named(keyed(), "f"));
        let copy = |target: &Observed| asked(Purpose::Copy, &source, Some(target));
        let found = copy(&target);
        assert_eq!(found.verdict, Verdict::Yes);
        assert_eq!(
            found.sentence,
            "Yes: the rules for customer-managed keys allow you to copy `E` onto `F`. Both \
                environments have the policy `ep`."
        );
        let (_, bare) = well();
        let found = copy(&named(bare, "f"));
        assert_eq!(found.verdict, Verdict::No);
        assert_eq!(
            found.sentence,
            "No: you can't copy `E` onto `F`. cmkctl found 1 blocker."
        );
        let mut unseen = named(keyed(), "f");
        unseen.environment = hidden();
        let found = copy(&unseen);
        assert!(found.verdict.open().is_some());
        assert_eq!(
            found.sentence,
            "cmkctl can't tell whether you can copy `E` onto `to`: 1 fact is unknown."
        );
        let found = asked(Purpose::Restore, &source, None);
        assert_eq!(
            found.sentence,
            "Yes: the rules for customer-managed keys allow you to restore a backup of `E` onto \
                the environment itself. The environment has the policy `ep`."
        );
    }

    #[test]
    fn a_known_blocker_decides_beside_an_unknown_fact() {
        let mut source = keyed();
        source.operations = silent();
        let (_, bare) = well();
        let found = asked(Purpose::Copy, &source, Some(&named(bare, "f")));
        assert_eq!(found.verdict, Verdict::No);
        assert_eq!(codes(&found.findings), ["CMK032 block", "CMK023 unknown"]);
    }

    /// What a snapshot may know besides that all is well. They can be combined at will.
    const SITUATIONS: [Change; 18] = [
        ("bare", |o| {
            on(&mut o.environment, |e| {
                e.key_link = Seen::Absent;
                e.key_managed_by = Known::Known(Some("Microsoft".to_owned()));
            });
        }),
        ("other policy", |o| linked(o, "other", "Linked")),
        ("failed", |o| linked(o, "ep", "Failed")),
        ("unlinking", |o| linked(o, "ep", "Unlinking")),
        ("disabled", |o| {
            on(&mut o.environment, |e| e.runtime_state = "Disabled".into())
        }),
        ("busy", |o| {
            on(&mut o.environment, |e| {
                e.management_state = "Running".into()
            })
        }),
        ("ongoing", |o| {
            on(&mut o.environment, |e| e.ongoing = Some("Copy".into()))
        }),
        ("unmanaged", |o| {
            on(&mut o.environment, |e| e.protection_level = "Basic".into())
        }),
        ("production", |o| {
            on(&mut o.environment, |e| e.sku = "Production".into())
        }),
        ("trial", |o| {
            on(&mut o.environment, |e| e.sku = "Trial".into())
        }),
        ("default", |o| {
            on(&mut o.environment, |e| e.is_default = Known::Known(true))
        }),
        ("elsewhere", |o| {
            on(&mut o.environment, |e| e.location = "asia".into())
        }),
        ("refused", |o| {
            on(&mut o.environment, |e| {
                if let Known::Known(rules) = &mut e.rules {
                    let all = ["Copy", "Restore", "Reset", "Delete"];
                    rules
                        .disallowed
                        .extend(all.map(|name| (name.to_owned(), None)));
                }
            });
        }),
        ("a copy runs", |o| {
            list(&mut o.operations, |all| {
                all.insert(0, operation("Copy", "Running", 0))
            });
        }),
        ("removed lately", |o| {
            let removal = operation("RevertToMicrosoftKey", "Succeeded", 3);
            list(&mut o.operations, |all| all.insert(0, removal));
        }),
        ("swapped lately", |o| {
            let swap = operation("RotateCustomerManagedKey", "Succeeded", 3);
            list(&mut o.operations, |all| all.insert(0, swap));
            o.left = Some(Box::new(well().1));
        }),
        ("version off", |o| {
            on(&mut o.preconditions.versions, |all| {
                all[1].validity.enabled = Known::Known(false);
            });
        }),
        ("unified", |o| {
            on(&mut o.environment, |e| {
                e.app = Known::Known(Some(AppLink {
                    id: None,
                    kind: Some("Internal".to_owned()),
                    url: Some("https://x".to_owned()),
                }));
                e.dataverse = Some(Dataverse::default());
            });
        }),
    ];

    /// Facts that a snapshot may lack.
    const UNKNOWN: [Change; 18] = [
        ("environment", |o| o.environment = hidden()),
        ("link", |o| with(o, |e| e.key_link = silent())),
        ("link's stage", |o| {
            with(o, |e| {
                if let Seen::Present(link) = &mut e.key_link {
                    link.status = "Wibble".into();
                }
            });
        }),
        ("manager", |o| {
            with(o, |e| {
                e.key_managed_by = Known::Known(None);
                e.dataverse = Some(Dataverse::default());
            });
        }),
        ("kind", |o| with(o, |e| e.sku = "Wibble".into())),
        ("default", |o| with(o, |e| e.is_default = odd())),
        ("location", |o| with(o, |e| e.location = odd())),
        ("governance", |o| {
            with(o, |e| e.protection_level = "Wibble".into())
        }),
        ("management", |o| {
            with(o, |e| e.management_state = "Wibble".into())
        }),
        ("runtime", |o| {
            with(o, |e| e.runtime_state = "Wibble".into())
        }),
        ("rules", |o| with(o, |e| e.rules = odd())),
        ("app", |o| with(o, |e| e.app = odd())),
        ("history", |o| o.operations = silent()),
        ("policy", |o| o.policy = hidden()),
        ("vault", |o| o.vault = Some(silent())),
        ("versions", |o| o.preconditions.versions = hidden()),
        ("old key", |o| o.preconditions.old_key = hidden()),
        ("old policy", |o| {
            if let Some(left) = &mut o.left {
                left.policy = silent();
                left.key_rights = PrincipalRights::default();
            }
        }),
    ];

    fn with(observed: &mut Observed, change: impl FnOnce(&mut Environment)) {
        if let Seen::Present(it) = &mut observed.environment {
            change(it);
        }
    }

    fn made(id: &str, changes: &[Change]) -> Observed {
        let mut observed = named(keyed(), id);
        changes.iter().for_each(|(_, change)| change(&mut observed));
        observed
    }

    fn poorer(mut observed: Observed, changes: &[Change]) -> Observed {
        changes.iter().for_each(|(_, change)| change(&mut observed));
        observed
    }

    #[test]
    fn each_unknown_fact_of_a_yes_is_told_or_does_not_decide() {
        for (what, change) in UNKNOWN {
            let source = poorer(keyed(), &[(what, change)]);
            let copy = asked(Purpose::Copy, &source, Some(&named(keyed(), "f")));
            let decides = !["policy", "vault", "versions", "old key", "old policy", "app"]
                .contains(&what)
                // A source that is linked tells enough about these.
                && !["manager", "governance"].contains(&what);
            assert_eq!(copy.verdict.open().is_some(), decides, "{what}: {copy:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]
        #[test]
        fn ignorance_is_never_a_yes_and_never_a_new_no(
            purpose in select(&PURPOSES[..]),
            source in subsequence(SITUATIONS.to_vec(), 0..4),
            onto in proptest::option::of(subsequence(SITUATIONS.to_vec(), 0..3)),
            less_of_source in subsequence(UNKNOWN.to_vec(), 0..4),
            less_of_onto in subsequence(UNKNOWN.to_vec(), 0..3),
        ) {
            let source = made("e", &source);
            let onto = onto.filter(|_| purpose.has_target()).map(|changes| made("f", &changes));
            let rich = asked(purpose, &source, onto.as_ref());
            let poor_source = poorer(source, &less_of_source);
            let poor_onto = onto.map(|onto| poorer(onto, &less_of_onto));
            let poor = asked(purpose, &poor_source, poor_onto.as_ref());
            match poor.verdict {
                Verdict::Yes => prop_assert_eq!(rich.verdict, Verdict::Yes),
                Verdict::No => prop_assert_eq!(rich.verdict, Verdict::No),
                Verdict::CantTell(_) => {}
            }
        }
    }
}
