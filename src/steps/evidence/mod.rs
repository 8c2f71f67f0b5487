//! What irreversible actions stand on: one struct of known facts for each kind, what is missing of
//! them as findings, and the rule that allows the action.
//!
//! An action is built by [`take`] alone, from evidence that allows it. A fact that is not known
//! makes no evidence. What the other administrator's side refuses to this caller is a case of its
//! own, [`Others::Hidden`]. `run` gathers the evidence again directly before the request, and
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

pub(super) use disable::unknown_state;
pub use disable::{DisableEvidence, Needs};
pub use enable::EnableEvidence;
pub use key::{EnableVersionEvidence, RecoverEvidence, RotateEvidence};
pub use link::{Comes, First, LinkEvidence};
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

/// A fact that must be known and is not, as the plan shows it: with who could see it.
pub type Gap = Finding;

/// What allows one kind of action.
pub trait Evidence {
    /// The kind, as one word.
    const KIND: &'static str;
    /// The code of the finding where a fact forbids it and no rule of the step has said so, and
    /// who can change that.
    const CODE: (&'static str, &'static str);

    /// What must hold, each with its words: all of it allows the action.
    fn invariant(&self) -> Vec<(&'static str, bool)>;

    /// The facts in canonical form: nothing that time alone changes, and nothing that an earlier
    /// step of the same plan changes.
    fn facts(&self) -> Facts;

    /// Do the facts allow the action?
    fn allow(&self) -> Verdict {
        Verdict::of(self.invariant().iter().all(|(_, holds)| *holds))
    }
}

/// A fact of the other administrator's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others<T> {
    /// The service told it.
    Told(T),
    /// The service refuses it to this caller. This role can see it, and the plan lists it.
    Hidden(&'static str),
}

impl Others<bool> {
    /// Is it not known to be wrong? What is hidden was looked at by the other administrator.
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

/// Collects facts, and what is missing of them.
#[derive(Debug, Default)]
struct Gathering {
    gaps: Vec<Gap>,
}

/// How a fact is told of where it is not known.
struct About<'a> {
    code: &'static str,
    subject: &'a str,
    /// What is not known: the subject of a sentence.
    what: &'a str,
    /// Who can see it.
    who: &'static str,
}

impl Gathering {
    /// A fact of the caller's own side.
    fn own(&mut self, verdict: Verdict, about: &About<'_>) -> bool {
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
                Others::Told(self.own(verdict, about))
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

    /// The evidence, when nothing is missing.
    fn end<E>(self, evidence: Option<E>) -> Result<E, Vec<Gap>> {
        match evidence {
            Some(evidence) if self.gaps.is_empty() => Ok(evidence),
            _ => Err(self.gaps),
        }
    }
}

/// Why something was not read, where it was not.
fn unread<'a, T: 'a>(seen: impl Into<Option<&'a Seen<T>>>) -> Unreadable {
    match seen.into() {
        Some(Seen::Unreadable(why)) => why.clone(),
        Some(Seen::Absent) => Unreadable::because("the service says that it is not there"),
        Some(Seen::Present(_)) | None => Unreadable::because("it was not read"),
    }
}

/// Adds the action that the evidence allows. If it does not, the step is withheld, and a finding
/// says why: one that the step has said, or else the gap or the fact itself.
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
    // Only its words are taken: this value goes nowhere.
    let action = build(Fingerprint::default());
    plan.withheld.push(Withheld::of(&action));
    let stands =
        |finding: &&Finding| matches!(finding.severity, Severity::Block | Severity::Unknown);
    let said: Vec<(&str, Severity)> = plan
        .findings
        .iter()
        .filter(stands)
        .map(|finding| (finding.code, finding.severity))
        .collect();
    let news = |new: &Finding| match new.severity {
        Severity::Block => !said
            .iter()
            .any(|(_, severity)| *severity == Severity::Block),
        Severity::Acknowledge | Severity::NotVisible | Severity::Warn | Severity::Unknown => {
            !said.iter().any(|(code, _)| *code == new.code)
        }
    };
    let news: Vec<Finding> = found.into_iter().filter(news).collect();
    plan.findings.extend(news);
}

/// A fact forbids it, and no rule of the step has said so.
fn not_allowed<E: Evidence>(evidence: &E) -> Finding {
    let invariant = evidence.invariant();
    let broken: Vec<&str> = invariant
        .iter()
        .filter(|(_, holds)| !holds)
        .map(|(words, _)| *words)
        .collect();
    let facts = evidence.facts();
    let subject = facts.first().map_or(E::KIND, |(_, value)| value.as_str());
    let (code, who) = E::CODE;
    finding(
        code,
        Severity::Block,
        subject,
        format!(
            "cmkctl does this only if {}. That is not the case.",
            broken.join(", and ")
        ),
        "Run `cmkctl check` to see what differs.",
        who,
    )
}
