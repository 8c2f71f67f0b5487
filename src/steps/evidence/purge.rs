//! What allows cmkctl to turn on purge protection. It can't be turned off again.

use super::{About, Evidence, Gap, Gathering, unread};
use crate::model::fingerprint::Facts;
use crate::model::ids::ArmId;
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::steps::who;

/// The known facts of turning purge protection on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurgeEvidence {
    vault: ArmId,
    purge_protection: bool,
}

impl PurgeEvidence {
    /// The facts of protecting the snapshot's vault, or the gaps.
    ///
    /// # Errors
    /// A required fact is not known.
    pub fn gather(observed: &Observed) -> Result<Self, Vec<Gap>> {
        let mut gathering = Gathering::default();
        let Some(vault) = observed.vault() else {
            let about = About {
                code: "CMK011",
                subject: "vault",
                what: "The state of the vault",
                who: who::KEY_VAULT,
            };
            gathering.gap(&about, &unread(observed.vault.as_ref()));
            return Err(gathering.gaps);
        };
        let subject = vault.id.to_string();
        let what = format!("Whether the vault `{}` has purge protection", vault.id.name);
        let about = About {
            code: "CMK011",
            subject: &subject,
            what: &what,
            who: who::KEY_VAULT,
        };
        let verdict = Verdict::from(&vault.purge_protection);
        let purge_protection = gathering.holds(verdict, &about);
        gathering.end(Some(Self {
            vault: vault.id.clone(),
            purge_protection,
        }))
    }
}

impl Evidence for PurgeEvidence {
    const KIND: &'static str = "protect-from-purge";
    const CODE: (&'static str, &'static str) = ("CMK011", who::KEY_VAULT);

    fn invariant(&self) -> Vec<(&'static str, bool)> {
        vec![(
            "purge protection of the vault is still off",
            !self.purge_protection,
        )]
    }

    fn facts(&self) -> Facts {
        vec![("the vault", self.vault.to_string().to_ascii_lowercase())]
    }
}
