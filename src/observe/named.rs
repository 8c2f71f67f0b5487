//! What an environment and its policy name: the linked policy, its vault, its key and the grant.

use super::keys::{key_in_arm, key_in_vault};
use super::reads::maybe;
use super::rights::{Place, defined, lists, on_key};
use crate::cloud::Reader;
use crate::error::Result;
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::known::Known;
use crate::model::observed::Observed;
use crate::model::seen::{Seen, Unreadable};
use crate::model::target::Target;
use futures::join;

pub(super) fn linked_policy(observed: &Observed) -> Option<ArmId> {
    observed.environment.present()?.policy().cloned()
}

/// Reads what only the linked policy names: its vault, its key and the grant on it.
pub(super) async fn named_by_policy(reader: &Reader, observed: &mut Observed) -> Result<Target> {
    let Some(policy) = observed.policy.present().cloned() else {
        return Ok(Target::default());
    };
    let (vault_id, key_name, version) = match &policy.key {
        Known::Known(key) => (
            Some(key.vault.clone()),
            Some(key.key.clone()),
            key.version.clone(),
        ),
        Known::Unknown(why) => {
            let why = || Unreadable::because(why.clone());
            observed.vault = Some(Seen::Unreadable(why()));
            observed.key = Some(Seen::Unreadable(why()));
            observed.key_rights.roles = Seen::Unreadable(why());
            return Ok(Target::default());
        }
    };
    let place = Place {
        vault: vault_id.as_ref(),
        key: key_name.as_ref(),
    };
    let (vault, key, rights) = join!(
        maybe(vault_id.as_ref().map(|id| reader.vault(id))),
        key_in_arm(
            reader,
            vault_id.as_ref(),
            key_name.as_ref(),
            version.as_ref(),
        ),
        lists(reader, &policy, vault_id.as_ref()),
    );
    (observed.vault, observed.key) = (vault?, key?);
    observed.key_rights = defined(reader, &policy, place, observed.vault(), rights?).await?;
    let target = Target {
        vault: vault_id.clone(),
        key: key_name.clone(),
        key_version: version,
        ..Target::default()
    };
    if vault_id
        .as_ref()
        .is_some_and(|id| id.kind == ResourceKind::ManagedHsm)
    {
        let (key, rights) = join!(
            key_in_vault(reader, observed, &target),
            on_key(reader, Some(&policy), place, observed.vault()),
        );
        (observed.key, observed.key_rights) = (key?, rights?);
    }
    Ok(target)
}
