//! Lifecycle operations of environments.

use crate::model::known::Known;
use crate::model::word::{Vocabulary, Word};
use jiff::{SignedDuration, Timestamp};

/// The longest time that an add or a removal takes, by the documentation.
pub const LONGEST_OPERATION: SignedDuration = SignedDuration::from_hours(4 * 24);

/// The name, in sentences, of an operation whose kind the service did not report.
pub const UNNAMED: &str = "an unnamed operation";

/// A lifecycle operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operation {
    /// A GUID.
    pub id: String,
    /// `NewCustomerManagedKey`, …; empty if the service did not say.
    pub kind: String,
    /// Its progress.
    pub state: Word<Progress>,
    /// When it was created.
    pub created: Known<Timestamp>,
    /// When it last changed; `Known(None)` if the service leaves it out.
    pub last_action: Known<Option<Timestamp>>,
    /// The stage that runs or ran last, such as `Run`.
    pub stage: Option<String>,
    /// Did every stage succeed?
    pub all_stages_succeeded: bool,
    /// The operation's own words about its failure, if it failed.
    pub failure: Option<Failure>,
    /// Who requested the operation, if the service says so.
    pub requested_by: Option<Requester>,
    /// Its stages, in order.
    pub stages: Vec<StageRun>,
}

/// Who requested an operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requester {
    /// Object id.
    pub id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// `User`, `ServicePrincipal`, …
    pub kind: Option<String>,
}

/// One stage of an operation, for display.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageRun {
    /// `Validate`, `Prepare`, `Run`, …
    pub name: String,
    /// The state, in the service's words.
    pub state: String,
    /// When the stage began; `None` if the service does not say.
    pub began: Option<Timestamp>,
    /// When the stage last changed; `None` if the service does not say.
    pub ended: Option<Timestamp>,
}

/// An operation's own words about its failure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failure {
    /// The most specific code.
    pub code: Option<String>,
    /// Code and message, with the id for a support ticket.
    pub text: String,
    /// The remedy, if the code has one.
    pub remedy: Option<String>,
    /// The role that can apply it.
    pub who: Option<&'static str>,
}

/// The progress of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// `NotStarted`, `Running`
    Running,
    /// `Succeeded`; `Completed` is on record for some kinds.
    Succeeded,
    /// `Failed`
    Failed,
    /// `Canceled`, `Cancelled`
    Canceled,
}

impl Vocabulary for Progress {
    const FIELD: &'static str = "state.id";

    fn of(word: &str) -> Option<Self> {
        match word {
            "notstarted" | "running" => Some(Progress::Running),
            "succeeded" | "completed" => Some(Progress::Succeeded),
            "failed" => Some(Progress::Failed),
            "canceled" | "cancelled" => Some(Progress::Canceled),
            _ => None,
        }
    }
}

impl Operation {
    /// Has it certainly ended? An operation in an unfamiliar state may run, so cmkctl waits for it.
    pub fn has_ended(&self) -> bool {
        match &self.state.means {
            Known::Known(Progress::Succeeded | Progress::Failed | Progress::Canceled) => true,
            Known::Known(Progress::Running) | Known::Unknown(_) => false,
        }
    }

    /// Is the operation certainly running?
    pub fn runs(&self) -> bool {
        self.state.known() == Some(&Progress::Running)
    }

    /// Did it succeed?
    pub fn succeeded(&self) -> bool {
        self.state.known() == Some(&Progress::Succeeded)
    }

    /// Did it fail?
    pub fn failed(&self) -> bool {
        self.state.known() == Some(&Progress::Failed)
    }

    /// Is it of this kind?
    pub fn is(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind)
    }

    /// Its kind, for sentences.
    pub fn name(&self) -> &str {
        if self.kind.is_empty() {
            UNNAMED
        } else {
            &self.kind
        }
    }

    /// The latest possible end of an operation that has ended: its last change, or else its
    /// creation plus the longest time that an operation takes.
    pub fn ended(&self) -> Known<Timestamp> {
        match &self.last_action {
            Known::Known(Some(last)) if self.created.known().is_some_and(|began| began > last) => {
                Known::Unknown("the service reports an end time before the start time".to_owned())
            }
            Known::Known(Some(last)) => Known::Known(*last),
            Known::Known(None) => self.created.clone().and_then(|created| {
                created
                    .checked_add(LONGEST_OPERATION)
                    .map_or_else(|error| Known::Unknown(error.to_string()), Known::Known)
            }),
            Known::Unknown(why) => Known::Unknown(why.clone()),
        }
    }
}
