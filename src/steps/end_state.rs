//! The state that an environment must reach, and whether it has reached that state. The same check
//! runs before a start, while waiting, and afterwards.

use super::lifecycle::{REMOVE, applies_key};
use super::link::{LinkState, open, standing};
use crate::model::environment::{Environment, Stage};
use crate::model::ids::ArmId;
use crate::model::known::{Known, Verdict};
use crate::model::operation::Operation;
use crate::model::seen::Seen;

/// The state that an environment must reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndState {
    /// Encrypted with this policy.
    Policy(ArmId),
    /// Encrypted with the linked policy, whichever that is.
    Linked,
    /// Encrypted with the Microsoft key.
    NoPolicy,
}

impl EndState {
    /// The environment's standing with regard to this end_state.
    pub fn standing(&self, look: &Environment) -> LinkState {
        match self {
            EndState::Policy(policy) => standing(look, policy),
            EndState::Linked => match &look.key_link {
                Seen::Present(link) => standing(look, &link.policy),
                Seen::Absent => LinkState::None,
                Seen::Unreadable(why) => LinkState::Unknown(why.clone()),
            },
            EndState::NoPolicy => unlinked(look),
        }
    }

    /// Does this operation lead to the end_state?
    pub fn is_started_by(&self, operation: &Operation) -> bool {
        self.is_started_by_kind(&operation.kind)
    }

    /// The same, by the operation's type alone.
    pub fn is_started_by_kind(&self, kind: &str) -> bool {
        match self {
            EndState::Policy(_) | EndState::Linked => applies_key(kind),
            EndState::NoPolicy => kind.eq_ignore_ascii_case(REMOVE),
        }
    }

    /// The running operation, as the subject of a sentence.
    pub fn subject(&self, name: &str) -> String {
        match self {
            EndState::Policy(_) | EndState::Linked => format!("The encryption of `{name}`"),
            EndState::NoPolicy => format!("The removal of `{name}` from its policy"),
        }
    }

    /// What another read must show, as the object of a sentence.
    pub const fn shown(&self) -> &'static str {
        match self {
            EndState::Policy(_) | EndState::Linked => "that the policy is applied",
            EndState::NoPolicy => "that the policy is removed",
        }
    }
}

/// Done means no policy and the environment is up. If `linkStatus` is still `Linked`, the removal
/// has not started, regardless of the environment's state.
fn unlinked(look: &Environment) -> LinkState {
    let link = match &look.key_link {
        Seen::Absent => {
            return match look.is_up() {
                Verdict::Yes => LinkState::Done,
                Verdict::No => LinkState::Under,
                Verdict::CantTell(why) => LinkState::Unknown(why),
            };
        }
        Seen::Present(link) => link,
        Seen::Unreadable(why) => return LinkState::Unknown(why.clone()),
    };
    match link.stage() {
        Known::Known(Stage::Linked) => LinkState::None,
        Known::Known(Stage::Failed) => LinkState::Failed,
        Known::Known(Stage::Linking | Stage::Unlinking) => LinkState::Under,
        Known::Unknown(why) => open(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::environment::KeyLink;
    use crate::model::ids::ResourceKind;

    #[test]
    fn gone_is_no_link_and_everything_up() {
        let policy = ArmId::new(
            "11111111-2222-3333-4444-555555555555",
            "g",
            ResourceKind::EnterprisePolicy,
            "n",
        )
        .unwrap();
        let link = |status: &str| {
            Seen::Present(KeyLink {
                policy: policy.clone(),
                status: status.into(),
                system_id: None,
            })
        };
        for (key_link, management, runtime, expected) in [
            (Seen::Absent, "Ready", "Enabled", LinkState::Done),
            (Seen::Absent, "Ready", "AdminMode", LinkState::Done),
            (Seen::Absent, "Ready", "Disabled", LinkState::Under),
            (Seen::Absent, "Running", "Enabled", LinkState::Under),
            (link("Unlinking"), "Ready", "Enabled", LinkState::Under),
            (
                link("UnlinkingOnline"),
                "Running",
                "Enabled",
                LinkState::Under,
            ),
            (link("Linked"), "Ready", "Enabled", LinkState::None),
            (link("Linked"), "Ready", "AdminMode", LinkState::None),
            (link("Failed"), "Ready", "Enabled", LinkState::Failed),
        ] {
            let look = Environment {
                management_state: management.into(),
                runtime_state: runtime.into(),
                key_link,
                ..Environment::default()
            };
            assert_eq!(EndState::NoPolicy.standing(&look), expected, "{look:?}");
        }
    }
}
