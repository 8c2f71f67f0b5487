//! The key, wherever this caller may read it, and who may use it.

use super::asking::ask;
use crate::cloud::Reader;
use crate::error::Result;
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::known::Known;
use crate::model::observed::Observed;
use crate::model::protection::{Key, Policy, RoleAssignment, Vault};
use crate::model::seen::Seen;
use crate::model::target::Target;

pub(super) async fn key_in_arm(
    reader: &Reader,
    vault: Option<&ArmId>,
    key: Option<&KeyName>,
    version: Option<&KeyVersion>,
    data_plane: bool,
) -> Result<Seen<Key>> {
    match (vault, key) {
        (Some(vault), Some(key)) if vault.kind == ResourceKind::Vault && !data_plane => {
            ask(reader.key_in_arm(vault, key, version).await)
        }
        _ => Ok(Seen::NotAsked),
    }
}

/// The key from its data plane, when it is not known yet; Resource Manager's facts when the data
/// plane is closed to the caller.
pub(super) async fn key_in_vault(
    reader: &Reader,
    observed: &Observed,
    target: &Target,
) -> Result<Seen<Key>> {
    let (Seen::Present(vault), Some(key)) = (&observed.vault, &target.key) else {
        return Ok(observed.key.clone());
    };
    if !matches!(observed.key, Seen::NotAsked | Seen::Unreadable(_)) {
        return Ok(observed.key.clone());
    }
    let version = target.key_version.as_ref();
    let in_vault = ask(reader.key(vault, key, version).await)?;
    if in_vault.unreadable().is_some_and(|why| why.forbidden)
        && vault.id.kind == ResourceKind::Vault
        && observed.key == Seen::NotAsked
    {
        let in_arm = ask(reader.key_in_arm(&vault.id, key, version).await)?;
        return Ok(if in_arm.present().is_some() {
            in_arm
        } else {
            in_vault
        });
    }
    Ok(in_vault)
}

pub(super) async fn key_roles(
    reader: &Reader,
    policy: Option<&Policy>,
    vault_id: Option<&ArmId>,
    vault: Option<&Vault>,
    key: Option<&KeyName>,
) -> Result<Seen<Vec<RoleAssignment>>> {
    match (policy, vault_id, vault, key) {
        (Some(_), Some(id), Some(vault), Some(key)) if id.kind == ResourceKind::ManagedHsm => {
            ask(reader.hsm_roles(&vault.uri, key).await)
        }
        (Some(_), Some(_), Some(vault), _) if vault.rbac == Known::Known(false) => {
            Ok(Seen::NotAsked)
        }
        (Some(policy), _, _, _) => key_roles_in_arm(reader, policy, vault_id).await,
        _ => Ok(Seen::NotAsked),
    }
}

pub(super) async fn key_roles_in_arm(
    reader: &Reader,
    policy: &Policy,
    vault: Option<&ArmId>,
) -> Result<Seen<Vec<RoleAssignment>>> {
    match (vault, &policy.principal_id) {
        (Some(vault), Some(principal)) if vault.kind == ResourceKind::Vault => ask(reader
            .role_assignments(&vault.to_string(), Some(principal))
            .await),
        _ => Ok(Seen::NotAsked),
    }
}
