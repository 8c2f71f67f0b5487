//! Do the settings for a new key fit its vault, the current time, and an existing key?

use super::{finding, unknown, who};
use crate::model::day::day;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::key_ids::KeyName;
use crate::model::known::Known;
use crate::model::new_key::NewKey;
use crate::model::observed::Observed;
use crate::model::protection::{Key, KeyType};
use crate::model::remedy::{Remedy, Setting};

/// The finding for an expiry date that has passed since it was written down.
pub(super) fn ended(wish: &NewKey, name: &KeyName, observed: &Observed) -> Option<Finding> {
    let end = wish.expires.filter(|end| *end <= observed.at)?;
    Some(finding(
        "CMK051",
        Severity::Block,
        name.to_string(),
        format!(
            "The new key `{name}` would expire on {}, but that date is in the past.",
            day(end)
        ),
        "Set a later expiry date, or a period such as `2y`.",
        who::KEY_VAULT,
    ))
}

/// The finding for a hardware key in a vault without the premium SKU.
pub(super) fn sku(vault: &ArmId, premium: &Known<bool>) -> Option<Finding> {
    let (id, name) = (vault.to_string(), &vault.name);
    match premium {
        Known::Known(true) => None,
        Known::Known(false) => Some(finding(
            "CMK051",
            Severity::Block,
            id,
            format!("The vault `{name}` has the standard SKU, which can't create RSA-HSM keys."),
            Setting::NoHardware,
            who::KEY_VAULT,
        )),
        Known::Unknown(why) => {
            let what = format!("Whether the vault `{name}` has the premium SKU");
            Some(unknown("CMK051", id, &what, why, who::KEY_VAULT))
        }
    }
}

/// How an existing key differs from the settings. cmkctl never changes an existing key.
pub(super) fn differences(
    (wish, vault): (&NewKey, &ArmId),
    found: &Key,
    observed: &Observed,
) -> Vec<Finding> {
    let name = &found.name;
    let differs = |message: String, remedy: Remedy| {
        finding(
            "CMK051",
            Severity::Block,
            name,
            message,
            remedy,
            who::KEY_VAULT,
        )
    };
    let mut all = Vec::new();
    // The checks of the key report a type or size that is unknown or unsupported.
    if let (Some(wanted), Known::Known(bits)) = (wish.bits, &found.bits)
        && wanted != *bits
    {
        let what = format!("The key `{name}` exists and has {bits} bits, not {wanted}.");
        all.push(differs(what, Setting::OtherKey.into()));
    }
    let soft = found
        .kty
        .text()
        .is_some_and(|kty| kty.eq_ignore_ascii_case("RSA"));
    if wish.hsm_protected && soft && found.kty.known() == Some(&KeyType::Rsa) {
        let what =
            format!("The key `{name}` exists and is protected by software, not by hardware.");
        all.push(differs(what, Setting::OtherKey.into()));
    }
    if let Some(wanted) = &wish.rotation {
        let what = format!("The rotation policy of the key `{name}`");
        match &observed.making.rotation {
            Known::Known(Some(current)) if wanted.is_kept_by(current) => {}
            Known::Known(_) => all.push(differs(
                format!("The key `{name}` exists, but with another rotation policy or none."),
                format!(
                    "Leave out the rotation settings, or set the key's rotation policy: `az \
                    keyvault key rotation-policy update --name {name} {} --value FILE`.",
                    at(vault)
                )
                .into(),
            )),
            Known::Unknown(why) => {
                all.push(unknown("CMK051", name, &what, why, who::KEY_VAULT));
            }
        }
    }
    all
}

fn at(vault: &ArmId) -> String {
    match vault.kind {
        ResourceKind::ManagedHsm => format!("--hsm-name {}", vault.name),
        ResourceKind::Vault | ResourceKind::EnterprisePolicy => {
            format!("--vault-name {}", vault.name)
        }
    }
}
