//! What allows cmkctl to remove an environment from its policy.

use super::protection::Protection;
use super::{About, Evidence, Gap, Gathering, Others, link, state, unread};
use crate::model::environment::Environment;
use crate::model::fingerprint::{Facts, HIDDEN};
use crate::model::ids::ArmId;
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::model::seen::{Seen, Unreadable};
use crate::steps::end_state::EndState;
use crate::steps::lifecycle::REMOVE;
use crate::steps::link::{LinkState, locked};
use crate::steps::who;

/// The known facts of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnlinkEvidence {
    environment: String,
    leaving: Leaving,
    old: Others<Protection>,
}

impl UnlinkEvidence {
    /// The facts of removing the snapshot's environment from `policy`, or the gaps. `left`: the
    /// snapshot of what protects it now.
    ///
    /// # Errors
    /// A required fact is not known.
    pub fn gather(observed: &Observed, policy: &ArmId, left: &Observed) -> Result<Self, Vec<Gap>> {
        let mut gathering = Gathering::default();
        let Seen::Present(environment) = &observed.environment else {
            link::no_environment(&mut gathering, observed);
            return Err(gathering.gaps);
        };
        let leaving = Leaving::gather(&mut gathering, observed, environment, policy);
        let old = carrying(&mut gathering, left, policy);
        gathering.end(old.map(|old| Self {
            environment: environment.id.clone(),
            leaving,
            old,
        }))
    }
}

impl Evidence for UnlinkEvidence {
    const KIND: &'static str = "unlink";
    const CODE: (&'static str, &'static str) = ("CMK025", who::POWER_PLATFORM);

    fn invariant(&self) -> Vec<(&'static str, bool)> {
        let mut all = self.leaving.invariant();
        all.extend(of_old(&self.old));
        all
    }

    fn facts(&self) -> Facts {
        let mut all = vec![
            ("the environment", self.environment.to_ascii_lowercase()),
            (
                "the linked policy",
                self.leaving.policy.to_string().to_ascii_lowercase(),
            ),
        ];
        all.extend(facts_of_old(&self.old));
        all
    }
}

/// The environment's own facts when it leaves a policy, by a removal or by a move.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and the invariant names it"
)]
pub(super) struct Leaving {
    pub(super) policy: ArmId,
    linked: bool,
    idle: bool,
    ready: bool,
    allowed: bool,
    open: bool,
}

impl Leaving {
    pub(super) fn gather(
        gathering: &mut Gathering,
        observed: &Observed,
        environment: &Environment,
        policy: &ArmId,
    ) -> Self {
        let linked = linked(gathering, environment, policy);
        let idle = state::idle(gathering, observed, environment, None);
        let ready = state::ready(gathering, environment);
        state::runtime(gathering, environment);
        Self {
            policy: policy.clone(),
            linked,
            idle,
            ready,
            allowed: state::allowed(gathering, environment, REMOVE),
            open: locked(environment) == Verdict::No,
        }
    }

    pub(super) fn invariant(&self) -> Vec<(&'static str, bool)> {
        vec![
            (
                "the environment is linked to the expected policy",
                self.linked,
            ),
            ("no operation runs on the environment", self.idle),
            ("the environment is ready", self.ready),
            ("the service does not refuse the removal", self.allowed),
            ("the environment is not locked", self.open),
        ]
    }
}

/// Is the environment settled with exactly this policy, by its link and by `keyManagedBy`?
fn linked(gathering: &mut Gathering, environment: &Environment, policy: &ArmId) -> bool {
    match EndState::NoPolicy.standing(environment) {
        LinkState::None => {}
        LinkState::Unknown(why) => {
            state::open_link(gathering, environment, &why);
            return false;
        }
        LinkState::Done
        | LinkState::Under
        | LinkState::Locked
        | LinkState::Failed
        | LinkState::Other(_) => return false,
    }
    if environment.ongoing.is_none()
        && let Some(why) = environment.policy_without_key()
    {
        state::open_link(gathering, environment, &Unreadable::because(why));
    }
    environment.policy() == Some(policy)
}

/// The protection of an environment that leaves its policy: the service decrypts its data with the
/// key once more. The policy, too, belongs to the Key Vault administrator.
pub(super) fn carrying(
    gathering: &mut Gathering,
    left: &Observed,
    policy: &ArmId,
) -> Option<Others<Protection>> {
    match &left.policy {
        Seen::Present(found) => {
            let protection = Protection::of_policy(gathering, left, found, false)?;
            Some(Others::Told(protection))
        }
        Seen::Unreadable(why) if why.forbidden => Some(Others::Hidden(who::ASSIGNS_ROLES)),
        seen @ (Seen::Absent | Seen::Unreadable(_)) => {
            let subject = policy.to_string();
            let about = About {
                code: "CMK019",
                subject: &subject,
                what: "The state of the old policy",
                who: who::ASSIGNS_ROLES,
            };
            gathering.gap(&about, &unread(seen));
            None
        }
    }
}

pub(super) fn of_old(old: &Others<Protection>) -> Vec<(&'static str, bool)> {
    match old {
        Others::Told(old) => old.invariant().to_vec(),
        Others::Hidden(_) => Vec::new(),
    }
}

pub(super) fn facts_of_old(old: &Others<Protection>) -> Facts {
    match old {
        Others::Told(old) => old.facts(),
        Others::Hidden(_) => vec![("the policy's key", HIDDEN.to_owned())],
    }
}
