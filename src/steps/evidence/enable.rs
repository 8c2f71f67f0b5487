//! What allows cmkctl to enable an environment that was locked.

use super::{About, Evidence, Gap, Gathering, state};
use crate::model::environment::Environment;
use crate::model::fingerprint::Facts;
use crate::model::ids::ArmId;
use crate::model::known::Verdict;
use crate::model::seen::Seen;
use crate::steps::link::locked;
use crate::steps::who;

/// The known facts of enabling an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnableEvidence {
    environment: String,
    policy: ArmId,
    linked: bool,
    /// The environment is offline and settled, and no running operation explains that.
    locked: bool,
}

impl EnableEvidence {
    /// The facts of enabling an environment of `policy`, or the gaps.
    ///
    /// # Errors
    /// A required fact is not known.
    pub fn gather(environment: &Environment, policy: &ArmId) -> Result<Self, Vec<Gap>> {
        let mut gathering = Gathering::default();
        let about = About {
            code: "CMK035",
            subject: &environment.id,
            what: &format!("Whether `{}` is locked", environment.display_name),
            who: who::POWER_PLATFORM,
        };
        let linked = match &environment.key_link {
            Seen::Present(link) => link.policy == *policy,
            Seen::Absent => false,
            Seen::Unreadable(why) => {
                state::open_link(&mut gathering, environment, why);
                false
            }
        };
        let idle = Verdict::of(environment.ongoing.is_none());
        let locked = gathering.holds(idle.and(|| locked(environment)), &about);
        gathering.end(Some(Self {
            environment: environment.id.clone(),
            policy: policy.clone(),
            linked,
            locked,
        }))
    }
}

impl Evidence for EnableEvidence {
    const KIND: &'static str = "enable-environment";
    const CODE: (&'static str, &'static str) = ("CMK035", who::POWER_PLATFORM);

    fn invariant(&self) -> Vec<(&'static str, bool)> {
        vec![
            (
                "the environment is linked to the expected policy",
                self.linked,
            ),
            (
                "the environment is locked, and no operation runs on it",
                self.locked,
            ),
        ]
    }

    fn facts(&self) -> Facts {
        vec![
            ("the environment", self.environment.to_ascii_lowercase()),
            (
                "the linked policy",
                self.policy.to_string().to_ascii_lowercase(),
            ),
        ]
    }
}
