//! What an action does and why, in the words that a plan shows.

use super::Action;
use crate::model::day::day;
use std::fmt;

impl Action {
    /// Why this is done, in one sentence.
    pub fn why(&self) -> &'static str {
        match self {
            Action::RegisterProvider { .. } => {
                "A subscription knows enterprise policies only after the provider is registered."
            }
            Action::CreatePolicy { .. } => {
                "The enterprise policy tells Power Platform which key to use."
            }
            Action::GrantKeyByRole { .. }
            | Action::GrantKeyByAccessPolicy { .. }
            | Action::GrantKeyByHsmRole { .. } => {
                "The policy's own identity must wrap and unwrap with the key."
            }
            Action::GrantReader { .. } => {
                "Who adds an environment must be able to read the policy."
            }
            Action::RotateKey { .. } => {
                "Environments follow within 24 hours, with nobody offline; the version of now \
                must stay enabled for 28 days."
            }
            Action::ProtectFromPurge { .. } => {
                "Without it a deleted key can be purged, and with it the data. It can never be \
                turned off again."
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
                "Whatever still needs it goes offline at once; it can be enabled again, and \
                nothing is deleted."
            }
            Action::EnableEnvironment { .. } => {
                "With the key back, a locked environment is enabled in about 5 minutes."
            }
            Action::RemoveEnvironment { .. } => {
                "The environment is offline while its data goes back to the Microsoft key: up to \
                4 days."
            }
            Action::MoveEnvironment { .. } => {
                "The environment is offline while its data is encrypted anew: up to 4 days, if \
                the service takes it as one change."
            }
            Action::AwaitRemoval { .. } | Action::AwaitEnvironment { .. } => {
                "It was started before; nothing is sent a second time."
            }
        }
    }

    /// What happens to what its typed consent names, in one sentence.
    pub(in crate::model) fn outage(&self, twice: bool) -> String {
        let name = self.typed_consent().unwrap_or_default();
        match self {
            Action::ProtectFromPurge { .. } => {
                format!("Purge protection of `{name}` can never be turned off again.")
            }
            Action::DisableKeyVersion { .. } => {
                format!("Whatever still needs the key `{name}` goes offline at once.")
            }
            _ if twice => format!("This takes `{name}` offline twice, for up to 4 days each time."),
            _ => format!("This takes `{name}` offline for up to 4 days."),
        }
    }
}

/// The preview: an imperative sentence with every name.
impl fmt::Display for Action {
    #[expect(
        clippy::too_many_lines,
        reason = "one match over all actions, each with its sentence: the issue *Evidence as types*"
    )]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::RegisterProvider { subscription } => {
                write!(
                    f,
                    "Register the provider `Microsoft.PowerPlatform` in subscription {subscription}"
                )
            }
            Action::CreatePolicy {
                policy,
                location,
                vault,
                key,
                version,
            } => {
                let version = version.as_ref().map_or(String::new(), |version| {
                    format!(", pinned to version {}", version.as_str())
                });
                write!(
                    f,
                    "Create the enterprise policy `{}` in `{location}` for the key `{key}` of \
                    `{}`{version}",
                    policy.name, vault.name
                )
            }
            Action::GrantKeyByRole { policy, vault } => {
                write!(
                    f,
                    "Give the identity of `{}` the role `Key Vault Crypto Service Encryption \
                    User` on `{}`",
                    policy.name, vault.name
                )
            }
            Action::GrantKeyByAccessPolicy { policy, vault, .. } => {
                write!(
                    f,
                    "Add an access policy (get, wrapKey, unwrapKey) for the identity of `{}` to \
                    `{}`",
                    policy.name, vault.name
                )
            }
            Action::GrantKeyByHsmRole {
                policy, hsm, key, ..
            } => {
                write!(
                    f,
                    "Give the identity of `{}` the role `Managed HSM Crypto Service Encryption \
                    User` on the key `{key}` of `{}`",
                    policy.name, hsm.name
                )
            }
            Action::GrantReader { policy, principal } => {
                write!(
                    f,
                    "Give {principal} the role `Reader` on the policy `{}`",
                    policy.name
                )
            }
            Action::RotateKey { vault, key, .. } => {
                write!(
                    f,
                    "Make a new version of the key `{key}` of `{}`",
                    vault.name
                )
            }
            Action::ProtectFromPurge { vault, .. } => {
                write!(f, "Turn on purge protection of `{}`, for good", vault.name)
            }
            Action::MakeManaged { name, .. } => write!(f, "Make `{name}` a Managed Environment"),
            Action::AddEnvironment { name, policy, .. } => {
                write!(
                    f,
                    "Add the environment `{name}` to the policy `{}`",
                    policy.name
                )
            }
            Action::RecoverKey { vault, key, .. } => {
                write!(f, "Recover the deleted key `{key}` of `{}`", vault.name)
            }
            Action::EnableKeyVersion {
                vault,
                key,
                version,
                ..
            } => {
                write!(
                    f,
                    "Enable the version {} of the key `{key}` of `{}` again",
                    version.as_str(),
                    vault.name
                )
            }
            Action::DisableKeyVersion {
                vault,
                key,
                version,
                ..
            } => {
                write!(
                    f,
                    "Disable the version {} of the key `{key}` of `{}`",
                    version.as_str(),
                    vault.name
                )
            }
            Action::EnableEnvironment {
                name, deleted_on, ..
            } => {
                let clock = deleted_on.map_or(String::new(), |date| {
                    format!(" (or it may be deleted from {} on)", day(date))
                });
                write!(f, "Enable the environment `{name}` again{clock}")
            }
            Action::RemoveEnvironment { name, policy, .. } => {
                write!(
                    f,
                    "Remove the environment `{name}` from the policy `{}`",
                    policy.name
                )
            }
            Action::AwaitRemoval { name, .. } => {
                write!(f, "Wait until `{name}` is back on the Microsoft key")
            }
            Action::MoveEnvironment {
                name, from, policy, ..
            } => {
                write!(
                    f,
                    "Move the environment `{name}` from the policy `{}` to `{}` by one link",
                    from.name, policy.name
                )
            }
            Action::AwaitEnvironment { name, policy, .. } => {
                write!(
                    f,
                    "Wait until `{name}` is encrypted with the policy `{}`",
                    policy.name
                )
            }
        }
    }
}
