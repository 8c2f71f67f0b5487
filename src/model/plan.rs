//! The plan: a value that is shown, consented to, and then run as it is.

use crate::model::action::facts::{Facts, Harm};
use crate::model::finding::{Finding, Severity};
use crate::model::who::Side;
use jiff::Timestamp;
use serde::Serialize;

pub use crate::model::action::Action;

/// What would be done, and what stands in the way.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Plan {
    /// All of them, worst first.
    pub findings: Vec<Finding>,
    /// In order; empty when the wanted state is there.
    pub actions: Vec<Action>,
    /// Steps that would be next, and that their evidence does not allow: no actions, only to be
    /// shown. A finding says why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
    /// What is in the wanted state already, as sentences.
    pub already: Vec<String>,
    /// A grant that is there is effective everywhere from then on only; an environment is not added
    /// before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<Timestamp>,
}

/// A step without the evidence that it takes, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Withheld {
    /// What it would do.
    pub what: String,
    /// Why it would be done.
    pub why: &'static str,
    /// Whose part of the work it is.
    #[serde(skip)]
    pub side: Side,
}

impl Withheld {
    /// The words of an action, which itself goes nowhere.
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
    /// Joins another step's plan to this one; a finding of two steps is said once.
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

    /// A name for exactly these actions, the same on every machine.
    pub fn fingerprint(&self) -> String {
        let text = serde_json::to_vec(&self.actions).unwrap_or_default();
        uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, &text)
            .hyphenated()
            .to_string()
    }

    /// What stood against it and was overridden, as sentences.
    pub fn overridden(&self) -> Vec<String> {
        let mut all: Vec<String> = self
            .actions
            .iter()
            .flat_map(|action| action.facts().overridden.to_vec())
            .collect();
        all.dedup();
        all
    }

    /// The findings that forbid to start.
    pub fn blockers(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Block)
    }

    /// What is not known and must be, before anything is started.
    pub fn gaps(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Unknown)
    }

    /// Does nothing forbid to start, is everything known that must be, and is every step allowed by
    /// its evidence?
    pub fn may_start(&self) -> bool {
        self.blockers().chain(self.gaps()).next().is_none() && self.withheld.is_empty()
    }

    /// The environment whose users this plan sends home, if it does.
    pub fn takes_offline(&self) -> Option<&str> {
        self.actions.iter().find_map(Action::takes_offline)
    }

    /// Is there nothing to do, and nothing that would be?
    pub fn is_idle(&self) -> bool {
        self.actions.is_empty() && self.withheld.is_empty()
    }

    /// Does it change something?
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

    /// Consent to exactly this plan: `yes` for changes that keep everybody working, and the
    /// environment's name, letter by letter, for those that do not. The only way to a [`Consent`].
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

/// Proof that somebody consented. Writers ask for it; only [`Plan::consent`] makes one.
#[derive(Debug, Clone, Copy)]
pub struct Consent(());

/// Why there is no consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// A yes.
    Yes,
    /// A name must be typed.
    Name {
        /// The name.
        name: String,
        /// What happens to what has that name, in one sentence.
        why: String,
    },
}
