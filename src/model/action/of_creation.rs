//! The facts of the actions that create a key, its vault and its resource group.

use super::facts::{AzureRight, Facts, Harm, Lack, Link, OnTheWay, Scope, Subject};
use crate::model::fingerprint::Fingerprint;
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::making::{MAKES_GROUPS, MAKES_KEYS, MAKES_VAULTS};
use crate::model::who::Side;

pub(super) fn group(subscription: &str) -> Facts<'_> {
    let why = "A new vault requires a resource group.";
    made(
        Subject::Subscription(subscription),
        why,
        (MAKES_GROUPS, "Contributor"),
    )
}

pub(super) fn vault<'a>(vault: &'a ArmId, evidence: &'a Fingerprint) -> Facts<'a> {
    let why = "Power Platform requires a vault with soft delete and purge protection.";
    let right = (MAKES_VAULTS, "Key Vault Contributor");
    Facts {
        harm: Harm::Irreversible { vault: &vault.name },
        evidence: Some(evidence),
        ..made(Subject::Vault(vault), why, right)
    }
}

/// The control plane requires no data plane role. The creator of a vault with roles does not have
/// one.
pub(super) fn key<'a>(vault: &'a ArmId, key: &'a str) -> Facts<'a> {
    let right = match vault.kind {
        // The role for vaults does not cover managed HSMs.
        ResourceKind::ManagedHsm => ("Microsoft.KeyVault/managedHSMs/keys/write", "Contributor"),
        ResourceKind::Vault | ResourceKind::EnterprisePolicy => {
            (MAKES_KEYS, "Key Vault Contributor")
        }
    };
    let why = "This key will encrypt the environment.";
    made(Subject::Key(vault, key), why, right)
}

fn made<'a>(
    subject: Subject<'a>,
    why: &'static str,
    (operation, role): (&'static str, &'static str),
) -> Facts<'a> {
    Facts {
        why,
        side: Side::KeyVault,
        subject,
        harm: Harm::None,
        changes: true,
        link: Link::Stays,
        lack: Lack::Key,
        on_the_way: OnTheWay::No,
        right: Some(AzureRight {
            at: Scope::There,
            operation,
            role,
        }),
        uses_grant: false,
        others_go_on: false,
        overridden: &[],
        evidence: None,
    }
}
