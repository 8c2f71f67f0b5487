//! The changes that a plan is made of.

mod answers;
pub mod facts;
mod of_azure;
mod of_creation;
mod of_environment;
mod sentences;

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
    /// Id of the vault or managed HSM.
    pub vault: ArmId,
    /// URL of its data plane.
    pub uri: String,
    /// Name of the key.
    pub key: KeyName,
}

impl KeyPlace {
    /// The place of a key in a vault that was read.
    pub fn of(vault: &Vault, key: &KeyName) -> Self {
        Self {
            vault: vault.id.clone(),
            uri: vault.uri.clone(),
            key: key.clone(),
        }
    }
}

/// An environment's id, and its display name for people. If an action takes the environment
/// offline, consent must repeat the name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Environment id: a GUID, or `Default-` and the tenant's.
    #[serde(rename = "environment")]
    pub id: String,
    /// Display name.
    pub name: String,
}

impl Named {
    /// Id and name of an environment that was read.
    pub fn of(environment: &Environment) -> Self {
        Self {
            id: environment.id.clone(),
            name: environment.display_name.clone(),
        }
    }
}

/// One change, with every id, name and value that it needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Action {
    /// Register `Microsoft.PowerPlatform` in the subscription, and wait for the registration.
    RegisterProvider {
        /// Subscription id, a GUID.
        subscription: String,
    },
    /// Create the enterprise policy. cmkctl never writes to an existing policy: the service refuses
    /// that while an environment is linked to it.
    CreatePolicy {
        /// Id of the new policy.
        policy: ArmId,
        /// Power Platform geography.
        location: String,
        /// Id of the vault or managed HSM.
        vault: ArmId,
        /// Name of the key.
        key: KeyName,
        /// The pinned version; `None` follows the latest one.
        #[serde(skip_serializing_if = "Option::is_none")]
        version: Option<KeyVersion>,
    },
    /// Create a resource group for the vault.
    CreateGroup {
        /// Subscription id, a GUID.
        subscription: String,
        /// Name of the resource group.
        group: String,
        /// Azure region, such as `westeurope`.
        region: String,
    },
    /// Create a vault that uses roles (RBAC) and protects deleted keys. Its purge protection can
    /// never be turned off, so consent must repeat the vault's name. cmkctl never writes to an
    /// existing vault.
    CreateVault {
        /// Id of the new vault.
        vault: ArmId,
        /// Its region, SKU and network access.
        #[serde(flatten)]
        shape: VaultShape,
        /// The evidence that allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Create a key through the control plane. cmkctl never writes to an existing key.
    CreateKey {
        /// Id of the vault or managed HSM.
        vault: ArmId,
        /// Name of the new key.
        key: KeyName,
        /// Its type, size, expiry, tags and rotation policy.
        #[serde(flatten)]
        shape: Shape,
    },
    /// Allow the policy's identity to wrap and unwrap with the key, by an Azure role on the vault.
    GrantKeyByRole {
        /// The policy whose identity gets the role.
        policy: ArmId,
        /// Id of the vault.
        vault: ArmId,
    },
    /// Allow the same by an access policy of the vault.
    GrantKeyByAccessPolicy {
        /// The policy whose identity gets the permissions.
        policy: ArmId,
        /// Id of the vault.
        vault: ArmId,
        /// Id of the vault's tenant; an access policy requires it.
        tenant: String,
    },
    /// Allow the same by a local role of a managed HSM.
    GrantKeyByHsmRole {
        /// The policy whose identity gets the role.
        policy: ArmId,
        /// Id of the managed HSM.
        hsm: ArmId,
        /// URL of its data plane.
        uri: String,
        /// Name of the key.
        key: KeyName,
    },
    /// Allow an administrator to read the policy. Without that, the service refuses an add.
    GrantReader {
        /// Id of the policy.
        policy: ArmId,
        /// Object id of the administrator, a GUID.
        principal: String,
    },
    /// Make a new version of the key. Nothing goes offline, and environments follow the new version
    /// without any action.
    RotateKey {
        /// The key and its vault.
        #[serde(flatten)]
        place: KeyPlace,
        /// The latest version before the rotation.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// The evidence that allows it.
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
        /// Id of the vault.
        vault: ArmId,
        /// The evidence that allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Make the environment a Managed Environment, and wait for the operation.
    MakeManaged {
        /// The environment's id and name.
        #[serde(flatten)]
        named: Named,
    },
    /// Add the environment to the policy, wait for the operation, and re-read until the link shows.
    AddEnvironment {
        /// The environment's id and name.
        #[serde(flatten)]
        named: Named,
        /// Id of the policy.
        policy: ArmId,
        /// The evidence that allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Recover a deleted key, with all its versions.
    RecoverKey {
        /// The key and its vault.
        #[serde(flatten)]
        place: KeyPlace,
        /// The evidence that allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Enable a version of a key again.
    EnableKeyVersion {
        /// The key and its vault.
        #[serde(flatten)]
        place: KeyPlace,
        /// The version to enable.
        version: KeyVersion,
        /// The evidence that allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Disable a version of a key. It can be enabled again. Consent must repeat the key's name.
    DisableKeyVersion {
        /// The key and its vault.
        #[serde(flatten)]
        place: KeyPlace,
        /// The version to disable.
        version: KeyVersion,
        /// The objections that the caller has overridden, as sentences.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        overridden: Vec<String>,
        /// The evidence that allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Enable a locked environment, and wait until it is up.
    EnableEnvironment {
        /// The environment's id and name.
        #[serde(flatten)]
        named: Named,
        /// When the service would otherwise delete it, at the earliest (inferred). `None` if that
        /// can't be told.
        #[serde(skip_serializing_if = "Option::is_none")]
        deleted_on: Option<Timestamp>,
        /// The evidence that allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Remove the environment from its policy, so that it returns to the Microsoft key. Wait for
    /// the operation, and re-read until the link is gone.
    RemoveEnvironment {
        /// The environment's id and name.
        #[serde(flatten)]
        named: Named,
        /// The policy that it leaves.
        policy: ArmId,
        /// The evidence that allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Wait for a removal that already runs, and re-read until the link is gone. Starts nothing.
    AwaitRemoval {
        /// The environment's id and name.
        #[serde(flatten)]
        named: Named,
        /// The policy that it leaves, if the service still names it.
        #[serde(skip_serializing_if = "Option::is_none")]
        policy: Option<ArmId>,
        /// Id of the running operation, if it is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        operation: Option<String>,
    },
    /// Move the environment to another policy with one link over the old one. It is not proven that
    /// this is a single outage.
    MoveEnvironment {
        /// The environment's id and name.
        #[serde(flatten)]
        named: Named,
        /// The policy that it leaves.
        from: ArmId,
        /// The policy that it gets.
        policy: ArmId,
        /// The evidence that allows it.
        #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
        evidence: Fingerprint,
    },
    /// Wait for an add that already runs, and re-read until the link shows. Starts nothing.
    AwaitEnvironment {
        /// The environment's id and name.
        #[serde(flatten)]
        named: Named,
        /// Id of the policy.
        policy: ArmId,
        /// Id of the running operation, if it is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        operation: Option<String>,
    },
}

impl Action {
    /// Are both the same step, with the evidence left out?
    pub fn is_same_step(&self, other: &Self) -> bool {
        let step = |action: &Self| {
            let mut fields = serde_json::to_value(action).ok()?;
            fields.as_object_mut()?.remove("evidence");
            Some(fields)
        };
        step(self).is_some_and(|fields| step(other) == Some(fields))
    }
}
