//! Reads the key, through either plane that this caller may use.

use super::reads::ask;
use crate::cloud::Reader;
use crate::error::Result;
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::observed::Observed;
use crate::model::protection::Key;
use crate::model::seen::Seen;
use crate::model::target::Target;

/// A snapshot of only a vault.
///
/// # Errors
/// A sign-in is refused.
pub async fn observe_vault(reader: &Reader, vault: &ArmId) -> Result<Observed> {
    Ok(Observed {
        vault: Some(ask(reader.vault(vault).await)?),
        ..Observed::default()
    })
}

/// The key through Resource Manager, which needs no read of the vault first. It has no keys of a
/// managed HSM.
pub(super) async fn key_in_arm(
    reader: &Reader,
    vault: Option<&ArmId>,
    key: Option<&KeyName>,
    version: Option<&KeyVersion>,
) -> Result<Option<Seen<Key>>> {
    match (vault, key) {
        (Some(vault), Some(key)) if vault.kind == ResourceKind::Vault => {
            ask(reader.key_in_arm(vault, key, version).await).map(Some)
        }
        _ => Ok(None),
    }
}

/// The key through its data plane, if it is not known yet. If the data plane refuses the caller,
/// the facts of Resource Manager, unless these were already read.
pub(super) async fn key_in_vault(
    reader: &Reader,
    observed: &Observed,
    target: &Target,
) -> Result<Option<Seen<Key>>> {
    let (Some(vault), Some(key)) = (observed.vault(), &target.key) else {
        return Ok(observed.key.clone());
    };
    if !matches!(observed.key, None | Some(Seen::Unreadable(_))) {
        return Ok(observed.key.clone());
    }
    let version = target.key_version.as_ref();
    let in_vault = ask(reader.key(vault, key, version).await)?;
    if in_vault.unreadable().is_some_and(|why| why.forbidden)
        && vault.id.kind == ResourceKind::Vault
        && observed.key.is_none()
    {
        let in_arm = ask(reader.key_in_arm(&vault.id, key, version).await)?;
        return Ok(Some(if in_arm.present().is_some() {
            in_arm
        } else {
            in_vault
        }));
    }
    Ok(Some(in_vault))
}
