//! The changes that a plan is made of.

mod answers;
pub mod facts;
mod of_azure;
mod of_creation;
mod of_environment;
mod words;

use crate::model::environment::Environment;
use crate::model::fingerprint::Fingerprint;
use crate::model::ids::ArmId;
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::new_key::{Shape, VaultShape};
use crate::model::protection::Vault;
use crate::model::rotation::RotationPolicy;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A key, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPlace {
    /// Vault or managed HSM.
    pub vault: ArmId,
    /// Its data plane URL.
    pub uri: String,
    /// The key.
    pub key: KeyName,
}

impl KeyPlace {
    /// A key of a vault that was read.
    pub fn of(vault: &Vault, key: &KeyName) -> Self {
        Self {
            vault: vault.id.clone(),
            uri: vault.uri.clone(),
            key: key.clone(),
        }
    }
}

/// An environment by its id, and its name for people; where it goes offline, consent must repeat
/// the name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Environment id.
    #[serde(rename = "environment")]
    pub id: String,
    /// Its name.
    pub name: String,
}

impl Named {
    /// An environment that was read.
    pub fn of(environment: &Environment) -> Self {
        Self {
            id: environment.id.clone(),
            name: environment.display_name.clone(),
        }
    }
}

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
    /// Create a resource group for the vault.
    CreateGroup {
        /// Subscription id.
        subscription: String,
        /// Its name.
        group: String,
        /// The region of Azure.
        region: String,
    },
    /// Create a vault that works with roles and keeps what is deleted. Its purge protection can
    /// never be turned off, so consent must repeat the vault's name. One that is there is never
    /// written.
    CreateVault {
        /// The vault.
        vault: ArmId,
        /// How it is made.
        #[serde(flatten)]
        shape: VaultShape,
        /// What allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Create a key at the control plane. One that is there is never written.
    CreateKey {
        /// Vault or managed HSM.
        vault: ArmId,
        /// The key.
        key: KeyName,
        /// How it is made.
        #[serde(flatten)]
        shape: Shape,
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
        /// The key.
        #[serde(flatten)]
        place: KeyPlace,
        /// The version that is the latest one now.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// What allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Set the rotation policy of the key. Nothing goes offline, and it can be set back.
    SetRotationPolicy {
        /// The key.
        #[serde(flatten)]
        place: KeyPlace,
        /// The whole policy, as it shall be.
        rotation: RotationPolicy,
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
        /// The environment.
        #[serde(flatten)]
        named: Named,
    },
    /// Add the environment to the policy, wait for the operation, and re-read until it shows.
    AddEnvironment {
        /// The environment.
        #[serde(flatten)]
        named: Named,
        /// The policy.
        policy: ArmId,
        /// What allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Bring a deleted key back, with all its versions.
    RecoverKey {
        /// The key.
        #[serde(flatten)]
        place: KeyPlace,
        /// What allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Enable a version of a key again.
    EnableKeyVersion {
        /// The key.
        #[serde(flatten)]
        place: KeyPlace,
        /// The version.
        version: KeyVersion,
        /// What allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Disable a version of a key; it can be enabled again. Consent must repeat the key's name.
    DisableKeyVersion {
        /// The key.
        #[serde(flatten)]
        place: KeyPlace,
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
        /// The environment.
        #[serde(flatten)]
        named: Named,
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
        /// The environment.
        #[serde(flatten)]
        named: Named,
        /// The policy that it leaves.
        policy: ArmId,
        /// What allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// It is being taken off already: wait for it, and re-read until it shows. Starts nothing.
    AwaitRemoval {
        /// The environment.
        #[serde(flatten)]
        named: Named,
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
        /// The environment.
        #[serde(flatten)]
        named: Named,
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
        /// The environment.
        #[serde(flatten)]
        named: Named,
        /// The policy.
        policy: ArmId,
        /// The running operation, if its id is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        operation: Option<String>,
    },
}

impl Action {
    /// Is it the same step, whatever allows it?
    pub fn is_same_step(&self, other: &Self) -> bool {
        let step = |action: &Self| {
            let mut fields = serde_json::to_value(action).ok()?;
            fields.as_object_mut()?.remove("evidence");
            Some(fields)
        };
        step(self).is_some_and(|own| step(other) == Some(own))
    }
}
