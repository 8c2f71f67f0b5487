//! What `status` shows of one environment.

use crate::model::finding::Finding;
use crate::model::history::Estimate;
use crate::model::ids::ArmId;
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::report::environment::VerdictFacts;
use jiff::Timestamp;

/// What the steps make of a snapshot.
#[derive(Debug)]
pub struct StatusFacts<'a> {
    /// The snapshot.
    pub observed: &'a Observed,
    /// The integration.
    pub verdict: VerdictFacts,
    /// `encrypted`, `not-encrypted`, `encrypting`, `failed`, `unknown`.
    pub state: &'static str,
    /// The policy that was named, and whether it is the linked one.
    pub named: Option<(&'a ArmId, Verdict)>,
    /// May the policy's identity use the key? `yes`, `no`, or why that is not known.
    pub access: String,
    /// How long the running operation took before in this tenant, if one runs.
    pub estimate: Option<Estimate>,
    /// What a key covers: the same for every environment.
    pub coverage: Covers,
    /// What the key covers of Copilot Studio here; nothing where no policy is linked.
    pub copilot_studio: Option<CopilotStudio>,
    /// What deserves attention.
    pub findings: &'a [Finding],
    /// What to do next, if anything.
    pub next: Vec<String>,
}

/// How people get what a key covers.
#[derive(Debug)]
pub enum Covers {
    /// In full.
    Shown,
    /// By this command.
    By(String),
    /// Not at all: there is no environment to name.
    Nothing,
}

/// Does the key cover the data of Copilot Studio?
#[derive(Debug)]
pub struct CopilotStudio {
    /// Is it covered?
    pub covered: Verdict,
    /// When the key was applied, according to the history.
    pub since: Option<Timestamp>,
}
