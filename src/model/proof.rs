//! Proof that the desired state is reached. Only a fresh snapshot can give this proof.

use crate::model::known::Verdict;
use crate::model::plan::Plan;

/// Proof of the desired state: nothing is left to do, nothing blocks, and everything required is
/// known. Only [`Proof::of`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof(());

impl Proof {
    /// The proof, if the plan over a fresh snapshot is empty and without blockers.
    ///
    /// # Errors
    /// The pending changes, blockers and unknown facts, as sentences.
    pub fn of(rest: &Plan) -> Result<Self, Vec<String>> {
        match settled(rest) {
            Verdict::Yes => Ok(Self(())),
            Verdict::No | Verdict::CantTell(_) => Err(problems(rest)),
        }
    }
}

/// Does a plan show the desired state? A known "no" decides, whatever else is unknown.
fn settled(rest: &Plan) -> Verdict {
    let done = rest.actions.is_empty() && rest.withheld.is_empty();
    Verdict::of(done && rest.blockers().next().is_none()).and(|| {
        rest.gaps()
            .next()
            .map_or(Verdict::Yes, |gap| Verdict::cant_tell(&gap.message))
    })
}

fn problems(rest: &Plan) -> Vec<String> {
    let steps = rest.actions.iter().map(ToString::to_string);
    let withheld = rest.withheld.iter().map(|step| step.what.clone());
    steps
        .chain(withheld)
        .map(|step| format!("still to do: {step}"))
        .chain(
            rest.blockers()
                .chain(rest.gaps())
                .map(|finding| format!("{}: {}", finding.code, finding.message)),
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::{Blocks, Finding, Severity};
    use crate::model::plan::{Action, Withheld};
    use crate::model::who::Side;

    fn with(severity: Severity) -> Plan {
        Plan {
            findings: vec![Finding {
                code: "CMK001",
                severity,
                subject: "s".into(),
                message: "It is so.".into(),
                remedy: "".into(),
                blocks: Blocks::Changes,
                who: "",
                source: "",
            }],
            ..Plan::default()
        }
    }

    #[test]
    fn only_a_plan_with_nothing_left_proves_anything() {
        assert!(Proof::of(&Plan::default()).is_ok());
        for passes in [Severity::Acknowledge, Severity::NotVisible, Severity::Warn] {
            assert!(Proof::of(&with(passes)).is_ok(), "{passes:?}");
        }
        for stands in [Severity::Unknown, Severity::Block] {
            assert_eq!(
                Proof::of(&with(stands)).unwrap_err(),
                ["CMK001: It is so."],
                "{stands:?}"
            );
        }
        let action = Plan {
            actions: vec![Action::RegisterProvider {
                subscription: "s".into(),
            }],
            ..Plan::default()
        };
        assert_eq!(Proof::of(&action).unwrap_err().len(), 1);
        let withheld = Plan {
            withheld: vec![Withheld {
                what: "Remove it".into(),
                why: "",
                side: Side::PowerPlatform,
            }],
            ..Plan::default()
        };
        assert_eq!(
            Proof::of(&withheld).unwrap_err(),
            ["still to do: Remove it"]
        );
    }
}
