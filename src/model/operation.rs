//! Lifecycle operations of environments.

use crate::model::known::Known;
use jiff::{SignedDuration, Timestamp};

/// The longest that adding to a policy or removing from it takes (the documentation's figure).
pub const LONGEST_OPERATION: SignedDuration = SignedDuration::from_hours(4 * 24);

/// A lifecycle operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operation {
    /// GUID.
    pub id: String,
    /// `NewCustomerManagedKey`, …; empty when the service did not say.
    pub kind: String,
    /// `NotStarted`, `Running`, `Succeeded`, `Failed`, …; open.
    pub state: String,
    /// When it was created.
    pub created: Known<Timestamp>,
    /// When it did something last; nothing where the service does not say it.
    pub last_action: Known<Option<Timestamp>>,
    /// The stage that runs or ran last, such as `Run`.
    pub stage: Option<String>,
    /// Did every stage succeed?
    pub all_stages_succeeded: bool,
    /// What it says about its failure.
    pub error: Option<String>,
}

impl Operation {
    /// Terminal states; anything unknown still runs.
    pub fn has_ended(&self) -> bool {
        self.succeeded()
            || ["Failed", "Canceled", "Cancelled"]
                .iter()
                .any(|end| end.eq_ignore_ascii_case(&self.state))
    }

    /// Did it end well? (`Completed` is on record for some kinds.)
    pub fn succeeded(&self) -> bool {
        ["Succeeded", "Completed"]
            .iter()
            .any(|end| end.eq_ignore_ascii_case(&self.state))
    }

    /// Is it of this kind?
    pub fn is(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind)
    }

    /// Its kind, for sentences.
    pub fn name(&self) -> &str {
        if self.kind.is_empty() {
            "an operation that the service does not name"
        } else {
            &self.kind
        }
    }

    /// When an operation that has ended did so, at the latest: its last action, or else the longest
    /// that it can have taken.
    pub fn ended(&self) -> Known<Timestamp> {
        match &self.last_action {
            Known::Known(Some(last)) if self.created.known().is_some_and(|began| began > last) => {
                Known::Unknown("it ended before it began".to_owned())
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
