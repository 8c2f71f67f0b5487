//! The evidence of irreversible actions. Each kind has a struct of known facts, findings for the
//! missing facts, and a rule that allows the action.
//!
//! Only [`take`] builds such an action, from evidence that allows it. If a required fact is
//! unknown, there is no evidence. [`Others::Hidden`] is a fact of the other administrator's side
//! that the service hides. `run` gathers the evidence again directly before the request, and
//! compares.

mod disable;
mod enable;
mod key;
mod link;
mod new_vault;
mod protection;
mod purge;
mod state;
mod swap;
mod unlink;

pub use disable::{DisableEvidence, Needs};
pub(super) use disable::{succeeded, unknown_state};
pub use enable::EnableEvidence;
pub use key::{EnableVersionEvidence, RecoverEvidence, RotateEvidence};
pub use link::{First, LinkEvidence, PolicyAvailability};
pub use new_vault::NewVaultEvidence;
pub use purge::PurgeEvidence;
pub use swap::SwapEvidence;
pub use unlink::UnlinkEvidence;

use super::{Whose, finding, unseen};
use crate::model::finding::{Finding, Severity};
use crate::model::fingerprint::{Facts, Fingerprint, HIDDEN};
use crate::model::known::Verdict;
use crate::model::plan::{Action, Plan, Withheld};
use crate::model::seen::{Seen, Unreadable};

/// A required fact that is not known, as the plan's finding. It says who could see the fact.
pub type Gap = Finding;

/// The facts that allow one kind of action.
pub trait Evidence {
    /// The kind of action, as one word.
    const KIND: &'static str;
    /// The code of the finding, and who can act, if a fact forbids the action and no rule of the
    /// step has reported it.
    const CODE: (&'static str, &'static str);

    /// The conditions, each with its words. All of them must hold.
    fn invariant(&self) -> Vec<(&'static str, bool)>;

    /// The facts in canonical form. They contain nothing that changes by time alone, or by an
    /// earlier step of the same plan.
    fn facts(&self) -> Facts;

    /// Do the facts allow the action?
    fn allow(&self) -> Verdict {
        Verdict::of(self.invariant().iter().all(|(_, holds)| *holds))
    }
}

/// A fact of the other administrator's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others<T> {
    /// The service gave the fact.
    Told(T),
    /// The service refuses the fact to this caller. The named role can see it, and the plan lists
    /// it.
    Hidden(&'static str),
}

impl Others<bool> {
    /// Is the fact true, or hidden? The other administrator must have checked a hidden fact.
    pub fn passes(self) -> bool {
        match self {
            Others::Told(fact) => fact,
            Others::Hidden(_) => true,
        }
    }

    fn word(self) -> String {
        match self {
            Others::Told(fact) => word(fact),
            Others::Hidden(_) => HIDDEN.to_owned(),
        }
    }
}

fn word(fact: bool) -> String {
    if fact { "yes" } else { "no" }.to_owned()
}

/// Collects facts, and the gaps among them.
#[derive(Debug, Default)]
struct Gathering {
    gaps: Vec<Gap>,
}

/// How to report a fact that is not known.
struct About<'a> {
    code: &'static str,
    subject: &'a str,
    /// The unknown fact: the subject of a sentence.
    what: &'a str,
    /// The role that can see it.
    who: &'static str,
}

impl Gathering {
    /// A fact of the caller's own side.
    fn holds(&mut self, verdict: Verdict, about: &About<'_>) -> bool {
        match verdict {
            Verdict::Yes => true,
            Verdict::No => false,
            Verdict::CantTell(why) => {
                self.gap(about, &why);
                false
            }
        }
    }

    /// A fact of the other administrator's side.
    fn others(&mut self, verdict: Verdict, about: &About<'_>) -> Others<bool> {
        match verdict {
            Verdict::CantTell(why) if why.forbidden => Others::Hidden(about.who),
            verdict @ (Verdict::Yes | Verdict::No | Verdict::CantTell(_)) => {
                Others::Told(self.holds(verdict, about))
            }
        }
    }

    fn gap(&mut self, about: &About<'_>, why: &Unreadable) {
        let gap = unseen(
            about.code,
            about.subject,
            about.what,
            why,
            (about.who, Whose::Own),
        );
        self.gaps.push(gap);
    }

    /// The evidence, if there are no gaps.
    fn end<E>(self, evidence: Option<E>) -> Result<E, Vec<Gap>> {
        match evidence {
            Some(evidence) if self.gaps.is_empty() => Ok(evidence),
            _ => Err(self.gaps),
        }
    }
}

/// Why a value was not read.
fn unread<'a, T: 'a>(seen: impl Into<Option<&'a Seen<T>>>) -> Unreadable {
    match seen.into() {
        Some(Seen::Unreadable(why)) => why.clone(),
        Some(Seen::Absent) => Unreadable::because("the service says that it does not exist"),
        Some(Seen::Present(_)) | None => Unreadable::because("cmkctl did not read this fact"),
    }
}

/// Adds the action if the evidence allows it. Otherwise the step is withheld, and a finding says
/// why: one of the step's, or else the gap or the failed condition.
pub fn take<E: Evidence>(
    plan: &mut Plan,
    gathered: Result<E, Vec<Gap>>,
    build: impl FnOnce(Fingerprint) -> Action,
) {
    let found = match gathered {
        Ok(evidence) => match evidence.allow() {
            Verdict::Yes => {
                let fingerprint = Fingerprint::of_facts(E::KIND, evidence.facts());
                return plan.actions.push(build(fingerprint));
            }
            Verdict::No | Verdict::CantTell(_) => vec![not_allowed(&evidence)],
        },
        Err(gaps) => gaps,
    };
    // cmkctl needs only the words of this action and never sends it.
    let action = build(Fingerprint::default());
    plan.withheld.push(Withheld::of(&action));
    let stands =
        |finding: &&Finding| matches!(finding.severity, Severity::Block | Severity::Unknown);
    let reported: Vec<(&str, Severity)> = plan
        .findings
        .iter()
        .filter(stands)
        .map(|finding| (finding.code, finding.severity))
        .collect();
    let news = |new: &Finding| match new.severity {
        Severity::Block => !reported
            .iter()
            .any(|(_, severity)| *severity == Severity::Block),
        Severity::Acknowledge | Severity::NotVisible | Severity::Warn | Severity::Unknown => {
            !reported.iter().any(|(code, _)| *code == new.code)
        }
    };
    let news: Vec<Finding> = found.into_iter().filter(news).collect();
    plan.findings.extend(news);
}

/// The finding for a fact that forbids the action and that no rule of the step reported.
fn not_allowed<E: Evidence>(evidence: &E) -> Finding {
    let invariant = evidence.invariant();
    let broken: Vec<&str> = invariant
        .iter()
        .filter(|(_, holds)| !holds)
        .map(|(fact, _)| *fact)
        .collect();
    let facts = evidence.facts();
    let subject = facts.first().map_or(E::KIND, |(_, value)| value.as_str());
    let (code, who) = E::CODE;
    finding(
        code,
        Severity::Block,
        subject,
        format!(
            "cmkctl requires that {}. This requirement is not met.",
            broken.join(", and ")
        ),
        "Run `cmkctl check` to see the current state.",
        who,
    )
}
