//! What allows cmkctl to link an environment to a policy.

use super::protection::Protection;
use super::{About, Evidence, Gap, Gathering, state, unread};
use crate::model::environment::Environment;
use crate::model::finding::Severity;
use crate::model::fingerprint::Facts;
use crate::model::ids::ArmId;
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::protection::KeyReference;
use crate::model::seen::{Seen, Unreadable};
use crate::model::target::Target;
use crate::steps::lifecycle::{ADD, GOVERN, JUST_KEYED, governed_last, just_keyed, keyed_last};
use crate::steps::link::{LinkState, standing};
use crate::steps::location::{Misfit, misfit};
use crate::steps::who;

/// What an earlier step of the same plan does for the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyAvailability {
    /// Nothing: the policy must exist.
    Nothing,
    /// It creates the policy and its grant, if they are missing.
    Policy,
}

/// What an earlier step of the same plan does to the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// Nothing.
    Nothing,
    /// It removes the environment from its old policy. The environment is read again before the
    /// link.
    Removal,
}

/// The known facts of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and the invariant names it"
)]
pub struct LinkEvidence {
    environment: String,
    policy: ArmId,
    /// No policy is linked, or this one is and its last add failed.
    free: bool,
    idle: bool,
    ready: bool,
    allowed: bool,
    managed: bool,
    /// The policy is an encryption policy in the location that the environment needs.
    fits: bool,
    protection: Protection,
}

impl LinkEvidence {
    /// The facts of linking the snapshot's environment to `policy`, or the gaps.
    ///
    /// # Errors
    /// A required fact is not known.
    pub fn gather(
        target: &Target,
        observed: &Observed,
        policy: &ArmId,
        (comes, first): (PolicyAvailability, First),
    ) -> Result<Self, Vec<Gap>> {
        let mut gathering = Gathering::default();
        let Seen::Present(environment) = &observed.environment else {
            no_environment(&mut gathering, observed);
            return Err(gathering.gaps);
        };
        let governing = target.make_managed
            && environment.managed() == Verdict::No
            && governed_last(observed, environment);
        let beside = governing.then_some(GOVERN);
        let later = first == First::Removal;
        let free = later || free(&mut gathering, observed, environment, policy);
        let idle = later || state::idle(&mut gathering, observed, environment, beside);
        let ready = later || governing || state::ready(&mut gathering, environment);
        if !later {
            state::runtime(&mut gathering, environment);
        }
        let allowed = later || state::allowed(&mut gathering, environment, ADD);
        let managed = managed(&mut gathering, target, environment);
        let found = of_policy(
            &mut gathering,
            target,
            observed,
            (environment, policy),
            comes,
        );
        gathering.end(found.map(|(fits, protection)| Self {
            environment: environment.id.clone(),
            policy: policy.clone(),
            free,
            idle,
            ready,
            allowed,
            managed,
            fits,
            protection,
        }))
    }
}

impl Evidence for LinkEvidence {
    const KIND: &'static str = "link";
    const CODE: (&'static str, &'static str) = ("CMK025", who::POWER_PLATFORM);

    fn invariant(&self) -> Vec<(&'static str, bool)> {
        let mut all = vec![
            ("no policy is linked", self.free),
            ("no operation runs on the environment", self.idle),
            ("the environment is ready", self.ready),
            ("the service does not refuse the add", self.allowed),
            ("the environment is a Managed Environment", self.managed),
            ("the policy matches this environment", self.fits),
        ];
        all.extend(self.protection.invariant());
        all
    }

    fn facts(&self) -> Facts {
        let mut all = vec![
            ("the environment", self.environment.to_ascii_lowercase()),
            ("the policy", self.policy.to_string().to_ascii_lowercase()),
        ];
        all.extend(self.protection.facts());
        all
    }
}

pub(super) fn no_environment(gathering: &mut Gathering, observed: &Observed) {
    let about = About {
        code: "CMK020",
        subject: "environment",
        what: "The state of the environment",
        who: who::POWER_PLATFORM,
    };
    gathering.gap(&about, &unread(&observed.environment));
}

/// Is the environment free? Its link, `keyManagedBy` and history must all show no policy, or its
/// failed add to this policy is to be repeated.
fn free(
    gathering: &mut Gathering,
    observed: &Observed,
    environment: &Environment,
    policy: &ArmId,
) -> bool {
    match standing(environment, policy) {
        LinkState::None => match against(observed, environment) {
            None => true,
            Some(why) => {
                state::open_link(gathering, environment, &Unreadable::because(why));
                false
            }
        },
        LinkState::Failed => true,
        LinkState::Done | LinkState::Under | LinkState::Locked | LinkState::Other(_) => false,
        LinkState::Unknown(why) => {
            state::open_link(gathering, environment, &why);
            false
        }
    }
}

/// Any sign that a policy is linked although the service shows none.
fn against(observed: &Observed, environment: &Environment) -> Option<String> {
    environment.key_without_policy().or_else(|| {
        just_keyed(observed)
            .then_some(JUST_KEYED)
            .or_else(|| keyed_last(observed))
            .map(str::to_owned)
    })
}

/// Is the environment a Managed Environment, or does the plan make it one first?
pub(super) fn managed(
    gathering: &mut Gathering,
    target: &Target,
    environment: &Environment,
) -> bool {
    let about = About {
        code: "CMK006",
        subject: &environment.id,
        what: &format!(
            "Whether the environment `{}` is a Managed Environment",
            environment.display_name
        ),
        who: who::POWER_PLATFORM,
    };
    let verdict = match environment.managed() {
        Verdict::No => Verdict::of(target.make_managed),
        told @ (Verdict::Yes | Verdict::CantTell(_)) => told,
    };
    gathering.holds(verdict, &about)
}

/// Does the policy fit the environment, and what protects it? Returns (fits, protection).
pub(super) fn of_policy(
    gathering: &mut Gathering,
    target: &Target,
    observed: &Observed,
    (environment, wanted): (&Environment, &ArmId),
    comes: PolicyAvailability,
) -> Option<(bool, Protection)> {
    // A location that is not known only warns: the service refuses a policy that does not fit.
    let misplaced = |location: &Known<String>| {
        let differs = misfit(location, &environment.location);
        let blocks = |misfit: &Misfit| misfit.severity() == Severity::Block;
        differs
            .known()
            .is_some_and(|differs| differs.as_ref().is_some_and(blocks))
    };
    let subject = wanted.to_string();
    let about = About {
        code: "CMK019",
        subject: &subject,
        what: "The state of the policy",
        who: who::KEY_VAULT,
    };
    match &observed.policy {
        Seen::Present(policy) => {
            let fits =
                policy.id == *wanted && policy.is_for_encryption() && !misplaced(&policy.location);
            let granted = comes == PolicyAvailability::Policy;
            let protection = Protection::of_policy(gathering, observed, policy, granted)?;
            Some((fits, protection))
        }
        Seen::Absent if comes == PolicyAvailability::Policy => {
            let (Some(vault), Some(key)) = (&target.vault, &target.key) else {
                gathering.gap(
                    &about,
                    &Unreadable::because("you passed no key for the policy"),
                );
                return None;
            };
            let key = KeyReference {
                vault: vault.clone(),
                key: key.clone(),
                version: target.key_version.clone(),
            };
            let fits = {
                let location = target.location.as_deref();
                location.is_none_or(|asked| !misplaced(&Known::from(asked)))
            };
            Some((fits, Protection::to_come(gathering, observed, key)))
        }
        seen @ (Seen::Absent | Seen::Unreadable(_)) => {
            gathering.gap(&about, &unread(seen));
            None
        }
    }
}
