//! What allows cmkctl to move an environment from one policy to another with one link.

use super::link::{PolicyAvailability, managed, no_environment, of_policy};
use super::protection::Protection;
use super::unlink::{Leaving, carrying, facts_of_old, of_old};
use super::{About, Evidence, Gap, Gathering, Others};
use crate::model::fingerprint::Facts;
use crate::model::ids::ArmId;
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::model::seen::{Seen, Unreadable};
use crate::model::target::Target;
use crate::steps::who;

/// The known facts of a move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwapEvidence {
    environment: String,
    leaving: Leaving,
    old: Others<Protection>,
    to: ArmId,
    managed: bool,
    fits: bool,
    protection: Protection,
    /// May the new policy's identity use the old key? Restores of older backups require it.
    reaches_old_key: Others<bool>,
}

impl SwapEvidence {
    /// The facts of moving the snapshot's environment from `from` to `to`, or the gaps.
    ///
    /// # Errors
    /// A required fact is not known.
    pub fn gather(
        target: &Target,
        observed: &Observed,
        (from, to): (&ArmId, &ArmId),
    ) -> Result<Self, Vec<Gap>> {
        let mut gathering = Gathering::default();
        let Seen::Present(environment) = &observed.environment else {
            no_environment(&mut gathering, observed);
            return Err(gathering.gaps);
        };
        let leaving = Leaving::gather(&mut gathering, observed, environment, from);
        let managed = managed(&mut gathering, &Target::default(), environment);
        let unasked = Observed::default();
        let left = observed.left.as_deref().unwrap_or(&unasked);
        let old = carrying(&mut gathering, left, from);
        let new = (environment, to);
        let new = of_policy(
            &mut gathering,
            target,
            observed,
            new,
            PolicyAvailability::Nothing,
        );
        let reaches_old_key = old_key(&mut gathering, target, observed, &environment.id);
        gathering.end(old.zip(new).map(|(old, (fits, protection))| Self {
            environment: environment.id.clone(),
            leaving,
            old,
            to: to.clone(),
            managed,
            fits,
            protection,
            reaches_old_key,
        }))
    }
}

impl Evidence for SwapEvidence {
    const KIND: &'static str = "swap";
    const CODE: (&'static str, &'static str) = ("CMK025", who::POWER_PLATFORM);

    fn invariant(&self) -> Vec<(&'static str, bool)> {
        let mut all = self.leaving.invariant();
        all.extend([
            ("the environment is a Managed Environment", self.managed),
            ("the new policy matches this environment", self.fits),
            (
                "the new policy's identity may use the old key",
                self.reaches_old_key.passes(),
            ),
        ]);
        all.extend(of_old(&self.old));
        all.extend(self.protection.invariant());
        all
    }

    fn facts(&self) -> Facts {
        let mut all = vec![
            ("the environment", self.environment.to_ascii_lowercase()),
            (
                "the linked policy",
                self.leaving.policy.to_string().to_ascii_lowercase(),
            ),
            ("the new policy", self.to.to_string().to_ascii_lowercase()),
        ];
        let old = facts_of_old(&self.old);
        let old = old.into_iter().map(|(what, value)| {
            let what = match what {
                "the policy's key" => "the old policy's key",
                "the state of the vault" => "the state of the old vault",
                "the state of the key" => "the state of the old key",
                _ => "the grant on the old key",
            };
            (what, value)
        });
        all.extend(old);
        all.extend(self.protection.facts());
        all.push((
            "the new policy's right on the old key",
            self.reaches_old_key.word(),
        ));
        all
    }
}

/// The new identity's right on the old key. If cmkctl can't tell, `--old-key-granted` says that an
/// administrator who can see the right has checked it. Without that flag, there is a gap.
fn old_key(
    gathering: &mut Gathering,
    target: &Target,
    observed: &Observed,
    environment: &str,
) -> Others<bool> {
    let verdict = match &observed.preconditions.old_key {
        Seen::Present(old) => old.granted.clone(),
        Seen::Unreadable(why) => Verdict::CantTell(why.clone()),
        Seen::Absent => Verdict::cant_tell("the old policy or its vault could not be found"),
    };
    let about = About {
        code: "CMK034",
        subject: environment,
        what: "Whether the new policy's identity may use the old key",
        who: who::KEY_VAULT,
    };
    match verdict {
        Verdict::CantTell(_) if target.old_key_granted => Others::Hidden(who::KEY_VAULT),
        Verdict::CantTell(why) => {
            gathering.gap(&about, &Unreadable::because(why.why));
            Others::Told(false)
        }
        verdict @ (Verdict::Yes | Verdict::No) => gathering.others(verdict, &about),
    }
}
