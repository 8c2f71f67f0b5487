//! The plan: a value that cmkctl shows, asks consent for, and runs unchanged.

use crate::model::action::facts::{Facts, Harm};
use crate::model::finding::{Finding, Severity};
use crate::model::who::Side;
use jiff::Timestamp;
use serde::Serialize;

pub use crate::model::action::Action;

/// The actions, and the findings that block them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Plan {
    /// All findings, worst first.
    pub findings: Vec<Finding>,
    /// The actions in order; empty if the desired state is reached.
    pub actions: Vec<Action>,
    /// The next steps that their evidence does not allow. They are only shown, and a finding says
    /// why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
    /// What is in the desired state already, as sentences.
    pub already: Vec<String>,
    /// When an existing grant becomes effective everywhere. cmkctl adds no environment before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<Timestamp>,
}

/// A step without its required evidence, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Withheld {
    /// What it would do, as a sentence.
    pub what: String,
    /// Why it is needed.
    pub why: &'static str,
    /// The administrator whose part it is.
    #[serde(skip)]
    pub side: Side,
}

impl Withheld {
    /// The words of an action that is not sent.
    pub fn of(action: &Action) -> Self {
        let Facts { why, side, .. } = action.facts();
        Self {
            what: action.to_string(),
            why,
            side,
        }
    }
}

impl Plan {
    /// Joins another step's plan to this one. Equal findings appear once.
    pub fn join(&mut self, other: Plan) {
        for finding in other.findings {
            if !self.findings.contains(&finding) {
                self.findings.push(finding);
            }
        }
        self.findings
            .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        self.actions.extend(other.actions);
        self.withheld.extend(other.withheld);
        self.already.extend(other.already);
        self.effective_from = self.effective_from.max(other.effective_from);
    }

    /// The name of exactly these actions, the same on every machine.
    pub fn fingerprint(&self) -> String {
        let text = serde_json::to_vec(&self.actions).unwrap_or_default();
        uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, &text)
            .hyphenated()
            .to_string()
    }

    /// The objections that the caller has overridden, as sentences.
    pub fn overridden(&self) -> Vec<String> {
        let mut all: Vec<String> = self
            .actions
            .iter()
            .flat_map(|action| action.facts().overridden.to_vec())
            .collect();
        all.dedup();
        all
    }

    /// The findings of severity `Block`.
    pub fn blockers(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Block)
    }

    /// The findings of severity `Unknown`: facts that must be known before any start.
    pub fn gaps(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Unknown)
    }

    /// May the plan start? It has no blockers, no gaps and no withheld steps.
    pub fn may_start(&self) -> bool {
        self.blockers().chain(self.gaps()).next().is_none() && self.withheld.is_empty()
    }

    /// The display name of the first environment that this plan takes offline.
    pub fn takes_offline(&self) -> Option<&str> {
        self.actions.iter().find_map(Action::takes_offline)
    }

    /// Does the plan have neither actions nor withheld steps?
    pub fn is_idle(&self) -> bool {
        self.actions.is_empty() && self.withheld.is_empty()
    }

    /// Does any action change something at the service?
    pub fn changes(&self) -> bool {
        self.actions.iter().any(Action::changes)
    }

    /// The names that consent to this plan must repeat, each once.
    pub fn asks_for(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.actions.iter().filter_map(typed_consent) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Gives consent to exactly this plan. `yes` is enough for actions without harm. A harmful
    /// action requires the name of what it harms, letter by letter. Nothing else makes a
    /// [`Consent`].
    ///
    /// # Errors
    /// What is missing.
    pub fn consent(&self, yes: bool, confirmed: &[String]) -> Result<Consent, Missing> {
        let harms = self.actions.iter().map(|action| action.facts().harm);
        let harms: Vec<Harm<'_>> = harms
            .filter(|harm| harm.typed_consent().is_some())
            .collect();
        let given = |harm: &&Harm<'_>| {
            confirmed
                .iter()
                .any(|name| harm.typed_consent() == Some(name))
        };
        if let Some(harm) = harms.iter().find(|harm| !given(harm)) {
            let twice = harms.iter().filter(|other| *other == harm).count() > 1;
            return Err(Missing::Name {
                why: harm.sentence(twice),
                name: harm.typed_consent().unwrap_or_default().to_owned(),
            });
        }
        let small_changes = self
            .actions
            .iter()
            .any(|action| action.changes() && typed_consent(action).is_none());
        if small_changes && !yes {
            return Err(Missing::Yes);
        }
        Ok(Consent(()))
    }
}

/// The name that consent to this action must repeat.
fn typed_consent(action: &Action) -> Option<&str> {
    action.facts().harm.typed_consent()
}

/// Proof that the caller consented. A writer requires it; only [`Plan::consent`] makes one.
#[derive(Debug, Clone, Copy)]
pub struct Consent(());

/// What is missing for consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// A yes.
    Yes,
    /// A typed name.
    Name {
        /// The name to type.
        name: String,
        /// What happens to the resource of that name, in one sentence.
        why: String,
    },
}
