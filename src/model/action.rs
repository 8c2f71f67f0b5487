//! The changes that a plan is made of.

use crate::model::ids::{ArmId, KeyName, KeyVersion};
use crate::model::who::Side;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One change, with every id, name and value it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Action {
    /// Register `Microsoft.PowerPlatform` in the subscription, and wait until it is.
    RegisterProvider {
        /// Subscription id.
        subscription: String,
    },
    /// Create the enterprise policy. One that is there is never written: while an environment is linked to it, the service refuses that.
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
    },
    /// Turn purge protection on. It can never be turned off again, so consent must repeat the vault's name.
    ProtectFromPurge {
        /// The vault.
        vault: ArmId,
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
    },
    /// Bring a deleted key back, with all its versions.
    RecoverKey {
        /// Vault or managed HSM.
        vault: ArmId,
        /// Its data plane URL.
        uri: String,
        /// The key.
        key: KeyName,
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
    },
    /// Enable an environment that was locked, and wait until it is up.
    EnableEnvironment {
        /// Environment id.
        environment: String,
        /// Its name.
        name: String,
        /// When it is deleted otherwise, at the earliest (inferred); `None` when that can't be told.
        #[serde(skip_serializing_if = "Option::is_none")]
        deleted_on: Option<Timestamp>,
    },
    /// Take the environment off its policy, back to the Microsoft key; wait for the operation, and re-read until it shows.
    RemoveEnvironment {
        /// Environment id.
        environment: String,
        /// Its name, which consent must repeat.
        name: String,
        /// The policy that it leaves.
        policy: ArmId,
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
    /// Move the environment to another policy by one link over the old one. That this is one outage is not proven.
    MoveEnvironment {
        /// Environment id.
        environment: String,
        /// Its name, which consent must repeat.
        name: String,
        /// The policy that it leaves.
        from: ArmId,
        /// The policy that it goes to.
        policy: ArmId,
    },
    /// The policy is being applied already: wait for it, and re-read until it shows. Starts nothing.
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
    /// Why this is done, in one sentence.
    pub fn why(&self) -> &'static str {
        match self {
            Action::RegisterProvider { .. } => {
                "A subscription knows enterprise policies only after the provider is registered."
            }
            Action::CreatePolicy { .. } => "The enterprise policy tells Power Platform which key to use.",
            Action::GrantKeyByRole { .. }
            | Action::GrantKeyByAccessPolicy { .. }
            | Action::GrantKeyByHsmRole { .. } => "The policy's own identity must wrap and unwrap with the key.",
            Action::GrantReader { .. } => "Who adds an environment must be able to read the policy.",
            Action::RotateKey { .. } => {
                "Environments follow within 24 hours, with nobody offline; the version of now must stay enabled for 28 days."
            }
            Action::ProtectFromPurge { .. } => {
                "Without it a deleted key can be purged, and with it the data. It can never be turned off again."
            }
            Action::MakeManaged { .. } => {
                "Only a Managed Environment takes a customer-managed key; this needs its licences."
            }
            Action::AddEnvironment { .. } => {
                "The environment is offline while its data is encrypted anew: up to 4 days."
            }
            Action::RecoverKey { .. } | Action::EnableKeyVersion { .. } => {
                "Only the original key opens the data that was encrypted with it."
            }
            Action::DisableKeyVersion { .. } => {
                "Whatever still needs it goes offline at once; it can be enabled again, and nothing is deleted."
            }
            Action::EnableEnvironment { .. } => {
                "With the key back, a locked environment is enabled in about 5 minutes."
            }
            Action::RemoveEnvironment { .. } => {
                "The environment is offline while its data goes back to the Microsoft key: up to 4 days."
            }
            Action::MoveEnvironment { .. } => {
                "The environment is offline while its data is encrypted anew: up to 4 days, if the service takes it as one change."
            }
            Action::AwaitRemoval { .. } | Action::AwaitEnvironment { .. } => {
                "It was started before; nothing is sent a second time."
            }
        }
    }

    /// Whose part of the work it is.
    pub fn side(&self) -> Side {
        match self {
            Action::MakeManaged { .. }
            | Action::AddEnvironment { .. }
            | Action::RemoveEnvironment { .. }
            | Action::AwaitRemoval { .. }
            | Action::MoveEnvironment { .. }
            | Action::AwaitEnvironment { .. }
            | Action::EnableEnvironment { .. } => Side::PowerPlatform,
            Action::RegisterProvider { .. }
            | Action::CreatePolicy { .. }
            | Action::GrantKeyByRole { .. }
            | Action::GrantKeyByAccessPolicy { .. }
            | Action::GrantKeyByHsmRole { .. }
            | Action::GrantReader { .. }
            | Action::RotateKey { .. }
            | Action::ProtectFromPurge { .. }
            | Action::RecoverKey { .. }
            | Action::EnableKeyVersion { .. }
            | Action::DisableKeyVersion { .. } => Side::KeyVault,
        }
    }

    /// The id of the environment that it is about, if it is about one.
    pub fn environment(&self) -> Option<&str> {
        match self {
            Action::MakeManaged { environment, .. }
            | Action::AddEnvironment { environment, .. }
            | Action::RemoveEnvironment { environment, .. }
            | Action::AwaitRemoval { environment, .. }
            | Action::MoveEnvironment { environment, .. }
            | Action::AwaitEnvironment { environment, .. }
            | Action::EnableEnvironment { environment, .. } => Some(environment),
            _ => None,
        }
    }

    /// Does it take the environment offline? Then consent must name the environment.
    pub fn takes_offline(&self) -> Option<&str> {
        match self {
            Action::AddEnvironment { name, .. }
            | Action::RemoveEnvironment { name, .. }
            | Action::MoveEnvironment { name, .. } => Some(name),
            _ => None,
        }
    }

    /// The name that consent must repeat, letter by letter, for what can't be undone at once.
    pub fn typed_consent(&self) -> Option<&str> {
        match self {
            Action::ProtectFromPurge { vault } => Some(&vault.name),
            Action::DisableKeyVersion { key, .. } => Some(key.as_str()),
            action => action.takes_offline(),
        }
    }

    /// What happens to what its typed consent names, in one sentence.
    pub(super) fn outage(&self, twice: bool) -> String {
        let name = self.typed_consent().unwrap_or_default();
        match self {
            Action::ProtectFromPurge { .. } => format!("Purge protection of `{name}` can never be turned off again."),
            Action::DisableKeyVersion { .. } => format!("Whatever still needs the key `{name}` goes offline at once."),
            _ if twice => format!("This takes `{name}` offline twice, for up to 4 days each time."),
            _ => format!("This takes `{name}` offline for up to 4 days."),
        }
    }

    /// Can it be done on the way, without harm to anybody, whatever else stands in the way?
    pub fn is_safe(&self) -> bool {
        matches!(
            self,
            Action::RegisterProvider { .. }
                | Action::GrantKeyByRole { .. }
                | Action::GrantKeyByAccessPolicy { .. }
                | Action::GrantKeyByHsmRole { .. }
                | Action::GrantReader { .. }
        )
    }

    /// Does it change something at the service?
    pub fn changes(&self) -> bool {
        !matches!(self, Action::AwaitEnvironment { .. } | Action::AwaitRemoval { .. })
    }
}

/// The preview: an imperative sentence with every name.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::RegisterProvider { subscription } => {
                write!(f, "Register the provider `Microsoft.PowerPlatform` in subscription {subscription}")
            }
            Action::CreatePolicy { policy, location, vault, key, version } => {
                let version = version
                    .as_ref()
                    .map_or(String::new(), |version| format!(", pinned to version {}", version.as_str()));
                write!(
                    f,
                    "Create the enterprise policy `{}` in `{location}` for the key `{key}` of `{}`{version}",
                    policy.name, vault.name
                )
            }
            Action::GrantKeyByRole { policy, vault } => {
                write!(
                    f,
                    "Give the identity of `{}` the role `Key Vault Crypto Service Encryption User` on `{}`",
                    policy.name, vault.name
                )
            }
            Action::GrantKeyByAccessPolicy { policy, vault, .. } => {
                write!(
                    f,
                    "Add an access policy (get, wrapKey, unwrapKey) for the identity of `{}` to `{}`",
                    policy.name, vault.name
                )
            }
            Action::GrantKeyByHsmRole { policy, hsm, key, .. } => {
                write!(
                    f,
                    "Give the identity of `{}` the role `Managed HSM Crypto Service Encryption User` on the key `{key}` of `{}`",
                    policy.name, hsm.name
                )
            }
            Action::GrantReader { policy, principal } => {
                write!(f, "Give {principal} the role `Reader` on the policy `{}`", policy.name)
            }
            Action::RotateKey { vault, key, .. } => {
                write!(f, "Make a new version of the key `{key}` of `{}`", vault.name)
            }
            Action::ProtectFromPurge { vault } => write!(f, "Turn on purge protection of `{}`, for good", vault.name),
            Action::MakeManaged { name, .. } => write!(f, "Make `{name}` a Managed Environment"),
            Action::AddEnvironment { name, policy, .. } => {
                write!(f, "Add the environment `{name}` to the policy `{}`", policy.name)
            }
            Action::RecoverKey { vault, key, .. } => write!(f, "Recover the deleted key `{key}` of `{}`", vault.name),
            Action::EnableKeyVersion { vault, key, version, .. } => {
                write!(f, "Enable the version {} of the key `{key}` of `{}` again", version.as_str(), vault.name)
            }
            Action::DisableKeyVersion { vault, key, version, .. } => {
                write!(f, "Disable the version {} of the key `{key}` of `{}`", version.as_str(), vault.name)
            }
            Action::EnableEnvironment { name, deleted_on, .. } => {
                let clock = deleted_on.map_or(String::new(), |date| {
                    format!(" (or it may be deleted from {} on)", date.strftime("%Y-%m-%d"))
                });
                write!(f, "Enable the environment `{name}` again{clock}")
            }
            Action::RemoveEnvironment { name, policy, .. } => {
                write!(f, "Remove the environment `{name}` from the policy `{}`", policy.name)
            }
            Action::AwaitRemoval { name, .. } => write!(f, "Wait until `{name}` is back on the Microsoft key"),
            Action::MoveEnvironment { name, from, policy, .. } => {
                write!(
                    f,
                    "Move the environment `{name}` from the policy `{}` to `{}` by one link",
                    from.name, policy.name
                )
            }
            Action::AwaitEnvironment { name, policy, .. } => {
                write!(f, "Wait until `{name}` is encrypted with the policy `{}`", policy.name)
            }
        }
    }
}
