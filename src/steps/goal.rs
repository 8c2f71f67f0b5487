//! The state that an environment must reach, and how far it is. The same check runs before a start,
//! while waiting, and afterwards.

use super::lifecycle::{REMOVE, applies_key};
use super::link::{Standing, open, standing};
use crate::model::environment::{Environment, Stage};
use crate::model::ids::ArmId;
use crate::model::known::{Known, Verdict};
use crate::model::operation::Operation;
use crate::model::seen::Seen;

/// The state that an environment must reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// Encrypted with this policy.
    Policy(ArmId),
    /// Encrypted with the linked policy, whichever that is.
    Linked,
    /// Encrypted with the Microsoft key.
    NoPolicy,
}

impl Goal {
    /// The environment's standing with regard to this goal.
    pub fn standing(&self, look: &Environment) -> Standing {
        match self {
            Goal::Policy(policy) => standing(look, policy),
            Goal::Linked => match &look.key_link {
                Seen::Present(link) => standing(look, &link.policy),
                Seen::Absent => Standing::None,
                Seen::Unreadable(why) => Standing::Unknown(why.clone()),
            },
            Goal::NoPolicy => unlinked(look),
        }
    }

    /// Does this operation lead to the goal?
    pub fn leads(&self, operation: &Operation) -> bool {
        self.begins(&operation.kind)
    }

    /// The same, by the operation's type alone.
    pub fn begins(&self, kind: &str) -> bool {
        match self {
            Goal::Policy(_) | Goal::Linked => applies_key(kind),
            Goal::NoPolicy => kind.eq_ignore_ascii_case(REMOVE),
        }
    }

    /// The running operation, as the subject of a sentence.
    pub fn noun(&self, name: &str) -> String {
        match self {
            Goal::Policy(_) | Goal::Linked => format!("The encryption of `{name}`"),
            Goal::NoPolicy => format!("The removal of `{name}` from its policy"),
        }
    }

    /// What a re-read must show, as the object of a sentence.
    pub const fn shown(&self) -> &'static str {
        match self {
            Goal::Policy(_) | Goal::Linked => "the key",
            Goal::NoPolicy => "that the policy is gone",
        }
    }
}

/// Done means no policy and the environment is up. If `linkStatus` is still `Linked`, the removal
/// has not started, regardless of the environment's state.
fn unlinked(look: &Environment) -> Standing {
    let link = match &look.key_link {
        Seen::Absent => {
            return match look.is_up() {
                Verdict::Yes => Standing::Done,
                Verdict::No => Standing::Under,
                Verdict::CantTell(why) => Standing::Unknown(why),
            };
        }
        Seen::Present(link) => link,
        Seen::Unreadable(why) => return Standing::Unknown(why.clone()),
    };
    match link.stage() {
        Known::Known(Stage::Linked) => Standing::None,
        Known::Known(Stage::Failed) => Standing::Failed,
        Known::Known(Stage::Linking | Stage::Unlinking) => Standing::Under,
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
            (Seen::Absent, "Ready", "Enabled", Standing::Done),
            (Seen::Absent, "Ready", "AdminMode", Standing::Done),
            (Seen::Absent, "Ready", "Disabled", Standing::Under),
            (Seen::Absent, "Running", "Enabled", Standing::Under),
            (link("Unlinking"), "Ready", "Enabled", Standing::Under),
            (
                link("UnlinkingOnline"),
                "Running",
                "Enabled",
                Standing::Under,
            ),
            (link("Linked"), "Ready", "Enabled", Standing::None),
            (link("Linked"), "Ready", "AdminMode", Standing::None),
            (link("Failed"), "Ready", "Enabled", Standing::Failed),
        ] {
            let look = Environment {
                management_state: management.into(),
                runtime_state: runtime.into(),
                key_link,
                ..Environment::default()
            };
            assert_eq!(Goal::NoPolicy.standing(&look), expected, "{look:?}");
        }
    }
}
