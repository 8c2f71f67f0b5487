//! What allows cmkctl to create a vault. Its purge protection can't be turned off again.

use super::{About, Evidence, Gap, Gathering, unread};
use crate::model::fingerprint::Facts;
use crate::model::ids::ArmId;
use crate::model::known::Verdict;
use crate::model::making::NameCheck;
use crate::model::observed::Observed;
use crate::model::seen::Seen;
use crate::steps::who;

/// The known facts of creating a vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVaultEvidence {
    vault: ArmId,
    /// The service says that the vault does not exist.
    absent: bool,
    /// The service says that the name is free.
    free: bool,
    /// The id of the tenant that the vault will belong to.
    tenant: String,
}

impl NewVaultEvidence {
    /// The facts of creating this vault, or the gaps.
    ///
    /// # Errors
    /// A required fact is not known.
    pub fn gather(observed: &Observed, vault: &ArmId) -> Result<Self, Vec<Gap>> {
        let mut gathering = Gathering::default();
        let subject = vault.to_string();
        let about = |what| About {
            code: "CMK049",
            subject: &subject,
            what,
            who: who::KEY_VAULT,
        };
        let absent = match &observed.vault {
            Some(Seen::Absent) => Verdict::Yes,
            Some(Seen::Present(_)) => Verdict::No,
            seen @ (Some(Seen::Unreadable(_)) | None) => Verdict::CantTell(unread(seen.as_ref())),
        };
        let free = match &observed.making.name {
            Seen::Present(NameCheck::Free) => Verdict::Yes,
            Seen::Present(NameCheck::Taken { .. }) => Verdict::No,
            seen @ (Seen::Absent | Seen::Unreadable(_)) => Verdict::CantTell(unread(seen)),
        };
        let absent = gathering.holds(absent, &about("Whether the vault exists"));
        let free = gathering.holds(free, &about("Whether the name of the vault is available"));
        let tenant = observed.making.tenant.present().cloned();
        if tenant.is_none() {
            let about = About {
                code: "CMK037",
                ..about("The tenant of the subscription")
            };
            gathering.gap(&about, &unread(&observed.making.tenant));
        }
        gathering.end(tenant.map(|tenant| Self {
            vault: vault.clone(),
            absent,
            free,
            tenant,
        }))
    }

    /// The id of the tenant that the vault will belong to.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }
}

impl Evidence for NewVaultEvidence {
    const KIND: &'static str = "create-vault";
    const CODE: (&'static str, &'static str) = ("CMK049", who::KEY_VAULT);

    fn invariant(&self) -> Vec<(&'static str, bool)> {
        vec![
            ("the vault does not exist yet", self.absent),
            ("no other vault has the same name", self.free),
        ]
    }

    fn facts(&self) -> Facts {
        vec![
            ("the vault", self.vault.to_string().to_ascii_lowercase()),
            ("the tenant", self.tenant.to_ascii_lowercase()),
        ]
    }
}
