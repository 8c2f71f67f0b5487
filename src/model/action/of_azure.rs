//! The facts of the actions on provider, policy, vault and key.

use super::KeyPlace;
use super::facts::{AzureRight, Facts, Grant, Harm, Lack, Link, OnTheWay, Scope, Subject};
use crate::model::fingerprint::Fingerprint;
use crate::model::ids::ArmId;
use crate::model::who::Side;

/// The right to assign any Azure role.
const ASSIGN: &str = "Microsoft.Authorization/roleAssignments/write";

pub(super) fn provider(subscription: &str) -> Facts<'_> {
    Facts {
        why: "A subscription supports enterprise policies only after this registration.",
        side: Side::KeyVault,
        subject: Subject::Subscription(subscription),
        harm: Harm::None,
        changes: true,
        link: Link::Stays,
        lack: Lack::Provider(subscription),
        on_the_way: OnTheWay::AtAnyTime,
        right: Some(AzureRight {
            at: Scope::Subscription(subscription),
            operation: "Microsoft.PowerPlatform/register/action",
            role: "Contributor",
        }),
        uses_grant: false,
        others_go_on: false,
        overridden: &[],
        evidence: None,
    }
}

pub(super) fn policy(policy: &ArmId) -> Facts<'_> {
    Facts {
        why: "The enterprise policy tells Power Platform which key to use.",
        side: Side::KeyVault,
        subject: Subject::Policy(policy),
        harm: Harm::None,
        changes: true,
        link: Link::Stays,
        lack: Lack::Policy,
        on_the_way: OnTheWay::No,
        right: Some(AzureRight {
            at: Scope::GroupOf(policy),
            operation: "Microsoft.PowerPlatform/enterprisePolicies/write",
            role: "Contributor",
        }),
        uses_grant: false,
        others_go_on: false,
        overridden: &[],
        evidence: None,
    }
}

pub(super) fn role<'a>(policy: &'a ArmId, vault: &'a ArmId) -> Facts<'a> {
    let right = AzureRight {
        at: Scope::Vault(vault),
        operation: ASSIGN,
        role: "Key Vault Data Access Administrator",
    };
    granted(policy, Grant::Role { policy, vault }, Some(right))
}

pub(super) fn access_policy<'a>(policy: &'a ArmId, vault: &'a ArmId) -> Facts<'a> {
    let right = AzureRight {
        at: Scope::Vault(vault),
        operation: "Microsoft.KeyVault/vaults/accessPolicies/write",
        role: "Key Vault Contributor",
    };
    granted(policy, Grant::AccessPolicy { policy, vault }, Some(right))
}

/// Local roles of a managed HSM are not Azure roles, so no Azure right is checked.
pub(super) fn local_role<'a>(policy: &'a ArmId, hsm: &'a ArmId, key: &'a str) -> Facts<'a> {
    granted(policy, Grant::LocalRole { policy, hsm, key }, None)
}

fn granted<'a>(policy: &'a ArmId, grant: Grant<'a>, right: Option<AzureRight<'a>>) -> Facts<'a> {
    Facts {
        why: "The policy's identity requires permission to wrap and unwrap with the key.",
        side: Side::KeyVault,
        subject: Subject::Policy(policy),
        harm: Harm::None,
        changes: true,
        link: Link::Stays,
        lack: Lack::Grant(grant),
        on_the_way: OnTheWay::OncePolicyIsThere,
        right,
        uses_grant: false,
        others_go_on: false,
        overridden: &[],
        evidence: None,
    }
}

pub(super) fn reader<'a>(policy: &'a ArmId, principal: &'a str) -> Facts<'a> {
    Facts {
        why: "The administrator who adds an environment must be able to read the policy.",
        side: Side::KeyVault,
        subject: Subject::Policy(policy),
        harm: Harm::None,
        changes: true,
        link: Link::Stays,
        lack: Lack::Reader(policy, principal),
        on_the_way: OnTheWay::OncePolicyIsThere,
        right: Some(AzureRight {
            at: Scope::GroupOf(policy),
            operation: ASSIGN,
            role: "Role Based Access Control Administrator",
        }),
        uses_grant: false,
        others_go_on: false,
        overridden: &[],
        evidence: None,
    }
}

pub(super) fn rotation<'a>(place: &'a KeyPlace, evidence: &'a Fingerprint) -> Facts<'a> {
    let why = "Environments use the new version within 24 hours, without an outage. Keep the \
        current version enabled for at least 28 days.";
    of_key(place, why, Some(evidence))
}

pub(super) fn rotates_itself(place: &KeyPlace) -> Facts<'_> {
    let why = "When Key Vault makes a new version by this policy, environments use the new version \
        within 24 hours, without an outage.";
    of_key(place, why, None)
}

/// A deleted key, or a version that was disabled, comes back.
pub(super) fn restored<'a>(place: &'a KeyPlace, evidence: &'a Fingerprint) -> Facts<'a> {
    let why = "Only the original key can decrypt data that was encrypted with this key.";
    of_key(place, why, Some(evidence))
}

pub(super) fn disabled<'a>(
    place: &'a KeyPlace,
    overridden: &'a [String],
    evidence: &'a Fingerprint,
) -> Facts<'a> {
    let why = "Environments that still need this key version go offline immediately. Nothing is \
        deleted, and you can enable the version again.";
    Facts {
        harm: Harm::CutsOff {
            key: place.key.as_str(),
        },
        overridden,
        ..of_key(place, why, Some(evidence))
    }
}

fn of_key<'a>(
    place: &'a KeyPlace,
    why: &'static str,
    evidence: Option<&'a Fingerprint>,
) -> Facts<'a> {
    Facts {
        why,
        side: Side::KeyVault,
        subject: Subject::Key(&place.vault, place.key.as_str()),
        harm: Harm::None,
        changes: true,
        link: Link::Stays,
        lack: Lack::Nothing,
        on_the_way: OnTheWay::No,
        right: None,
        uses_grant: false,
        others_go_on: false,
        overridden: &[],
        evidence,
    }
}

/// `--fix` needs a separate flag for this.
pub(super) fn protected<'a>(vault: &'a ArmId, evidence: &'a Fingerprint) -> Facts<'a> {
    Facts {
        why: "Without purge protection, a deleted key can be purged. Then the data that the key \
            encrypts is lost. You can't turn purge protection off again.",
        side: Side::KeyVault,
        subject: Subject::Vault(vault),
        harm: Harm::Irreversible { vault: &vault.name },
        changes: true,
        link: Link::Stays,
        lack: Lack::Nothing,
        on_the_way: OnTheWay::No,
        right: None,
        uses_grant: false,
        others_go_on: false,
        overridden: &[],
        evidence: Some(evidence),
    }
}
