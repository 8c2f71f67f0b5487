//! Where an environment shall end, and how far it is: the same question before a start, while waiting and after it.

use super::add::{ADD, SWAP, Standing, standing};
use super::remove::REMOVE;
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::observed::{Environment, Operation, Seen};

/// Where an environment shall end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// Encrypted with this policy.
    Policy(ArmId),
    /// Encrypted with the policy that is linked, whichever it is.
    Linked,
    /// On the Microsoft key.
    NoPolicy,
}

impl Goal {
    /// How far the environment is.
    pub fn standing(&self, look: &Environment) -> Standing {
        match self {
            Goal::Policy(policy) => standing(look, policy),
            Goal::Linked => linked(look).map_or(Standing::None, |policy| standing(look, &policy)),
            Goal::NoPolicy => unlinked(look),
        }
    }

    /// Is this the kind of operation that leads there?
    pub fn leads(&self, operation: &Operation) -> bool {
        self.begins(&operation.kind)
    }

    /// The same by its type alone.
    pub fn begins(&self, kind: &str) -> bool {
        match self {
            Goal::Policy(_) | Goal::Linked => kind == ADD || kind == SWAP,
            Goal::NoPolicy => kind == REMOVE,
        }
    }

    /// What goes on at the service, as the subject of a sentence.
    pub fn noun(&self, name: &str) -> String {
        match self {
            Goal::Policy(_) | Goal::Linked => format!("The encryption of `{name}`"),
            Goal::NoPolicy => format!("The removal of `{name}` from its policy"),
        }
    }

    /// What a re-read shall show, as the object of a sentence.
    pub const fn shown(&self) -> &'static str {
        match self {
            Goal::Policy(_) | Goal::Linked => "the key",
            Goal::NoPolicy => "that the policy is gone",
        }
    }
}

/// The policy that an environment is linked to.
pub fn linked(look: &Environment) -> Option<ArmId> {
    let id = look.key_link.present()?.policy.as_deref()?;
    ArmId::parse(id, &[ResourceKind::EnterprisePolicy]).ok()
}

/// Done is: no policy, and everything runs. A link that is linked has not been touched, whatever state the environment is in.
fn unlinked(look: &Environment) -> Standing {
    let link = match &look.key_link {
        Seen::Absent if look.is_up() => return Standing::Done,
        Seen::Absent => return Standing::Under,
        Seen::Present(link) => link,
        Seen::Unreadable(why) => return Standing::Unknown(why.why.clone()),
        Seen::NotAsked => return Standing::Unknown("it was not asked for".to_owned()),
    };
    match link.status.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("linked") => Standing::None,
        Some("failed") => Standing::Failed,
        _ => Standing::Under,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observed::KeyLink;

    #[test]
    fn gone_is_no_link_and_everything_up() {
        let link = |status: &str| Seen::Present(KeyLink { status: Some(status.into()), ..KeyLink::default() });
        for (key_link, management, runtime, expected) in [
            (Seen::Absent, "Ready", "Enabled", Standing::Done),
            (Seen::Absent, "Ready", "Disabled", Standing::Under),
            (Seen::Absent, "Running", "Enabled", Standing::Under),
            (link("Unlinking"), "Ready", "Enabled", Standing::Under),
            (link("UnlinkingOnline"), "Running", "Enabled", Standing::Under),
            (link("Linked"), "Ready", "Enabled", Standing::None),
            (link("Linked"), "Ready", "AdminMode", Standing::None),
            (link("Failed"), "Ready", "Enabled", Standing::Failed),
            (link("Wibble"), "Ready", "Enabled", Standing::Under),
            (Seen::NotAsked, "Ready", "Enabled", Standing::Unknown("it was not asked for".into())),
        ] {
            let look = Environment {
                management_state: Some(management.into()),
                runtime_state: Some(runtime.into()),
                key_link,
                ..Environment::default()
            };
            assert_eq!(Goal::NoPolicy.standing(&look), expected, "{look:?}");
        }
    }
}
