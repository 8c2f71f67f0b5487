//! The changes that a plan is made of.

mod answers;
pub mod facts;
mod of_azure;
mod of_environment;
mod words;

use crate::model::fingerprint::Fingerprint;
use crate::model::ids::ArmId;
use crate::model::key_ids::{KeyName, KeyVersion};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One change, with every id, name and value it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Action {
    /// Register `Microsoft.PowerPlatform` in the subscription, and wait until it is.
    RegisterProvider {
        /// Subscription id.
        subscription: String,
    },
    /// Create the enterprise policy. One that is there is never written: while an environment is
    /// linked to it, the service refuses that.
    CreatePolicy {
        /// The policy.
        policy: ArmId,
        /// Power Platform geography.
        location: String,
        /// Vault or managed HSM.
        vault: ArmId,
        /// Key.
        key: KeyName,
        /// Pinned version.
        #[serde(skip_serializing_if = "Option::is_none")]
        version: Option<KeyVersion>,
    },
    /// Let the policy's identity wrap and unwrap with the key, by an Azure role at the vault.
    GrantKeyByRole {
        /// The policy whose identity gets it.
        policy: ArmId,
        /// The vault.
        vault: ArmId,
    },
    /// The same, by an access policy of the vault.
    GrantKeyByAccessPolicy {
        /// The policy whose identity gets it.
        policy: ArmId,
        /// The vault.
        vault: ArmId,
        /// The vault's tenant, which access policies name.
        tenant: String,
    },
    /// The same, by a local role of a managed HSM.
    GrantKeyByHsmRole {
        /// The policy whose identity gets it.
        policy: ArmId,
        /// The managed HSM.
        hsm: ArmId,
        /// Its data plane URL.
        uri: String,
        /// The key.
        key: KeyName,
    },
    /// Let an administrator read the policy: without it, adding an environment fails.
    GrantReader {
        /// The policy.
        policy: ArmId,
        /// Object id of the administrator.
        principal: String,
    },
    /// Make a new version of the key. Nothing goes offline, and environments follow by themselves.
    RotateKey {
        /// Vault or managed HSM.
        vault: ArmId,
        /// Its data plane URL.
        uri: String,
        /// The key.
        key: KeyName,
        /// The version that is the latest one now.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// What allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Turn purge protection on. It can never be turned off again, so consent must repeat the
    /// vault's name.
    ProtectFromPurge {
        /// The vault.
        vault: ArmId,
        /// What allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Make the environment a Managed Environment, and wait until it is.
    MakeManaged {
        /// Environment id.
        environment: String,
        /// Its name.
        name: String,
    },
    /// Add the environment to the policy, wait for the operation, and re-read until it shows.
    AddEnvironment {
        /// Environment id.
        environment: String,
        /// Its name, which consent must repeat.
        name: String,
        /// The policy.
        policy: ArmId,
        /// What allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Bring a deleted key back, with all its versions.
    RecoverKey {
        /// Vault or managed HSM.
        vault: ArmId,
        /// Its data plane URL.
        uri: String,
        /// The key.
        key: KeyName,
        /// What allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Enable a version of a key again.
    EnableKeyVersion {
        /// Vault or managed HSM.
        vault: ArmId,
        /// Its data plane URL.
        uri: String,
        /// The key.
        key: KeyName,
        /// The version.
        version: KeyVersion,
        /// What allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Disable a version of a key; it can be enabled again. Consent must repeat the key's name.
    DisableKeyVersion {
        /// Vault or managed HSM.
        vault: ArmId,
        /// Its data plane URL.
        uri: String,
        /// The key.
        key: KeyName,
        /// The version.
        version: KeyVersion,
        /// What stood against it and was overridden, as sentences.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        overridden: Vec<String>,
        /// What allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Enable an environment that was locked, and wait until it is up.
    EnableEnvironment {
        /// Environment id.
        environment: String,
        /// Its name.
        name: String,
        /// When it is deleted otherwise, at the earliest (inferred); `None` when that can't be
        /// told.
        #[serde(skip_serializing_if = "Option::is_none")]
        deleted_on: Option<Timestamp>,
        /// What allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Take the environment off its policy, back to the Microsoft key; wait for the operation, and
    /// re-read until it shows.
    RemoveEnvironment {
        /// Environment id.
        environment: String,
        /// Its name, which consent must repeat.
        name: String,
        /// The policy that it leaves.
        policy: ArmId,
        /// What allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// It is being taken off already: wait for it, and re-read until it shows. Starts nothing.
    AwaitRemoval {
        /// Environment id.
        environment: String,
        /// Its name.
        name: String,
        /// The policy that it leaves, if the service still names it.
        #[serde(skip_serializing_if = "Option::is_none")]
        policy: Option<ArmId>,
        /// The running operation, if its id is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        operation: Option<String>,
    },
    /// Move the environment to another policy by one link over the old one. That this is one outage
    /// is not proven.
    MoveEnvironment {
        /// Environment id.
        environment: String,
        /// Its name, which consent must repeat.
        name: String,
        /// The policy that it leaves.
        from: ArmId,
        /// The policy that it goes to.
        policy: ArmId,
        /// What allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// The policy is being applied already: wait for it, and re-read until it shows. Starts
    /// nothing.
    AwaitEnvironment {
        /// Environment id.
        environment: String,
        /// Its name.
        name: String,
        /// The policy.
        policy: ArmId,
        /// The running operation, if its id is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        operation: Option<String>,
    },
}

impl Action {
    /// What allows it, if it is one that can't be undone at once.
    pub fn evidence(&self) -> Option<&Fingerprint> {
        match self {
            Action::RotateKey { evidence, .. }
            | Action::ProtectFromPurge { evidence, .. }
            | Action::AddEnvironment { evidence, .. }
            | Action::RecoverKey { evidence, .. }
            | Action::EnableKeyVersion { evidence, .. }
            | Action::DisableKeyVersion { evidence, .. }
            | Action::EnableEnvironment { evidence, .. }
            | Action::RemoveEnvironment { evidence, .. }
            | Action::MoveEnvironment { evidence, .. } => Some(evidence),
            Action::RegisterProvider { .. }
            | Action::CreatePolicy { .. }
            | Action::GrantKeyByRole { .. }
            | Action::GrantKeyByAccessPolicy { .. }
            | Action::GrantKeyByHsmRole { .. }
            | Action::GrantReader { .. }
            | Action::MakeManaged { .. }
            | Action::AwaitRemoval { .. }
            | Action::AwaitEnvironment { .. } => None,
        }
    }

    /// Is it the same step, whatever allows it?
    pub fn is_same_step(&self, other: &Self) -> bool {
        let mut this = self.clone();
        if let (Some(own), Some(others)) = (this.evidence_mut(), other.evidence()) {
            *own = others.clone();
        }
        this == *other
    }

    fn evidence_mut(&mut self) -> Option<&mut Fingerprint> {
        match self {
            Action::RotateKey { evidence, .. }
            | Action::ProtectFromPurge { evidence, .. }
            | Action::AddEnvironment { evidence, .. }
            | Action::RecoverKey { evidence, .. }
            | Action::EnableKeyVersion { evidence, .. }
            | Action::DisableKeyVersion { evidence, .. }
            | Action::EnableEnvironment { evidence, .. }
            | Action::RemoveEnvironment { evidence, .. }
            | Action::MoveEnvironment { evidence, .. } => Some(evidence),
            Action::RegisterProvider { .. }
            | Action::CreatePolicy { .. }
            | Action::GrantKeyByRole { .. }
            | Action::GrantKeyByAccessPolicy { .. }
            | Action::GrantKeyByHsmRole { .. }
            | Action::GrantReader { .. }
            | Action::MakeManaged { .. }
            | Action::AwaitRemoval { .. }
            | Action::AwaitEnvironment { .. } => None,
        }
    }
}
