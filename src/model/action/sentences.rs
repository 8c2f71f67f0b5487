//! The sentences about an action that a plan shows.

use super::{Action, KeyPlace};
use crate::model::day::day;
use crate::model::ids::ArmId;
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::new_key::{Period, Shape, VAULT_KEEPS, VaultShape};
use std::fmt;

/// An imperative sentence with every name.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = match self {
            Action::RegisterProvider { subscription } => registered(subscription),
            Action::CreatePolicy {
                policy,
                location,
                vault,
                key,
                version,
            } => created((policy, location), vault, (key, version.as_ref())),
            Action::CreateGroup {
                subscription,
                group,
                region,
            } => format!(
                "Create the resource group `{group}` in `{region}`, in subscription {subscription}"
            ),
            Action::CreateVault { vault, shape, .. } => new_vault(vault, shape),
            Action::CreateKey { vault, key, shape } => new_key(vault, key, shape),
            Action::GrantKeyByRole { policy, vault } => by_role(policy, vault),
            Action::GrantKeyByAccessPolicy { policy, vault, .. } => by_access_policy(policy, vault),
            Action::GrantKeyByHsmRole {
                policy, hsm, key, ..
            } => by_local_role(policy, hsm, key),
            Action::GrantReader { policy, principal } => readable(policy, principal),
            Action::RotateKey { place, .. } => {
                format!("Make a new version of {}", key_of(&place.vault, &place.key))
            }
            Action::SetRotationPolicy { place, rotation } => format!(
                "Set the rotation policy of {}: {}",
                key_of(&place.vault, &place.key),
                rotation.in_words()
            ),
            Action::ProtectFromPurge { vault, .. } => {
                format!("Turn on purge protection of `{}` permanently", vault.name)
            }
            Action::MakeManaged { named } => format!("Make `{}` a Managed Environment", named.name),
            Action::AddEnvironment { named, policy, .. } => added(&named.name, policy),
            Action::RecoverKey { place, .. } => recovered(place),
            Action::EnableKeyVersion { place, version, .. } => {
                format!("Enable {} again", version_of(place, version))
            }
            Action::DisableKeyVersion { place, version, .. } => {
                format!("Disable {}", version_of(place, version))
            }
            Action::EnableEnvironment {
                named, deleted_on, ..
            } => enabled(&named.name, *deleted_on),
            Action::RemoveEnvironment { named, policy, .. } => removed(&named.name, policy),
            Action::AwaitRemoval { named, .. } => {
                format!("Wait until `{}` is back on the Microsoft key", named.name)
            }
            Action::MoveEnvironment {
                named,
                from,
                policy,
                ..
            } => moved(&named.name, from, policy),
            Action::AwaitEnvironment { named, policy, .. } => awaited(&named.name, policy),
        };
        f.write_str(&sentence)
    }
}

fn registered(subscription: &str) -> String {
    format!("Register the provider `Microsoft.PowerPlatform` in subscription {subscription}")
}

/// The words for a new policy in its location, with its key and version.
fn created(
    (policy, location): (&ArmId, &str),
    vault: &ArmId,
    (key, version): (&KeyName, Option<&KeyVersion>),
) -> String {
    let pinned = version.map_or(String::new(), |version| {
        format!(", pinned to version {}", version.as_str())
    });
    format!(
        "Create the enterprise policy `{}` in `{location}` for {}{pinned}",
        policy.name,
        key_of(vault, key)
    )
}

fn new_vault(vault: &ArmId, shape: &VaultShape) -> String {
    let sku = if shape.premium { "premium" } else { "standard" };
    let reach = if shape.closed {
        "access only for trusted Microsoft services"
    } else {
        "public network"
    };
    format!(
        "Create the {sku} vault `{}` in `{}`, group `{}` (Azure RBAC, permanent purge protection, \
        deleted keys kept {VAULT_KEEPS} days, {reach})",
        vault.name, shape.region, vault.group
    )
}

fn new_key(vault: &ArmId, key: &KeyName, shape: &Shape) -> String {
    let mut sentence = format!(
        "Create {} ({} {}",
        key_of(vault, key),
        shape.kty(),
        shape.bits
    );
    let end = shape.expires.map(|end| format!(", expires {}", day(end)));
    sentence.extend(end);
    if let Some(rotation) = &shape.rotation {
        sentence.push_str(&format!(
            ", a new version every {}",
            rotation.every.in_words()
        ));
        let lasts = rotation
            .lasts
            .map(|period| format!(" that lasts {}", period.in_words()));
        sentence.extend(lasts);
        let notify = rotation.notify.map(Period::in_words);
        sentence.extend(notify.map(|period| format!(", an event {period} before the expiry")));
    }
    let tags = shape
        .tags
        .iter()
        .map(|(name, value)| format!(", tag {name}={value}"));
    sentence.extend(tags);
    sentence.push(')');
    sentence
}

fn by_role(policy: &ArmId, vault: &ArmId) -> String {
    format!(
        "Give the identity of `{}` the role `Key Vault Crypto Service Encryption User` on `{}`",
        policy.name, vault.name
    )
}

fn by_access_policy(policy: &ArmId, vault: &ArmId) -> String {
    format!(
        "Add an access policy (get, wrapKey, unwrapKey) for the identity of `{}` to `{}`",
        policy.name, vault.name
    )
}

fn by_local_role(policy: &ArmId, hsm: &ArmId, key: &KeyName) -> String {
    format!(
        "Give the identity of `{}` the role `Managed HSM Crypto Service Encryption User` on {}",
        policy.name,
        key_of(hsm, key)
    )
}

fn readable(policy: &ArmId, principal: &str) -> String {
    format!(
        "Give {principal} the role `Reader` on the policy `{}`",
        policy.name
    )
}

fn recovered(place: &KeyPlace) -> String {
    let KeyPlace { vault, key, .. } = place;
    format!("Recover the deleted key `{key}` of `{}`", vault.name)
}

fn added(name: &str, policy: &ArmId) -> String {
    format!(
        "Add the environment `{name}` to the policy `{}`",
        policy.name
    )
}

fn removed(name: &str, policy: &ArmId) -> String {
    format!(
        "Remove the environment `{name}` from the policy `{}`",
        policy.name
    )
}

fn moved(name: &str, from: &ArmId, policy: &ArmId) -> String {
    format!(
        "Move the environment `{name}` directly from the policy `{}` to the policy `{}`",
        from.name, policy.name
    )
}

fn awaited(name: &str, policy: &ArmId) -> String {
    format!(
        "Wait until `{name}` is encrypted with the policy `{}`",
        policy.name
    )
}

fn enabled(name: &str, deleted_on: Option<jiff::Timestamp>) -> String {
    let clock = deleted_on.map_or(String::new(), |date| {
        format!(" (the service may delete it from {} on)", day(date))
    });
    format!("Enable the environment `{name}` again{clock}")
}

fn key_of(vault: &ArmId, key: &KeyName) -> String {
    format!("the key `{key}` of `{}`", vault.name)
}

fn version_of(place: &KeyPlace, version: &KeyVersion) -> String {
    let KeyPlace { vault, key, .. } = place;
    format!("the version {} of {}", version.as_str(), key_of(vault, key))
}
