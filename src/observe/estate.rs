//! A whole tenant, with requests that grow with its pages, policies, vaults and keys, and never
//! with its environments.

use super::asking::{ask, each};
use super::resolve::{environment_error, no_role};
use crate::cloud::environments::contradicts;
use crate::cloud::{Clock, Reader};
use crate::error::Result;
use crate::model::environment::Environment;
use crate::model::estate::{Estate, Protection};
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::known::{Known, Verdict};
use crate::model::protection::{Key, KeyReference, Policy, RoleAssignment, Vault};
use crate::model::seen::{Seen, Unreadable};
use crate::steps::grant::{allows_key, grant_of};
use futures::join;
use std::collections::{BTreeMap, BTreeSet};

/// A vault and who holds roles there.
type AtVault = (Seen<Vault>, Seen<Vec<RoleAssignment>>);
/// A key and, on a managed HSM, who holds local roles on it.
type AtKey = (Seen<Key>, Seen<Vec<RoleAssignment>>);

/// Looks at every environment of the tenant, and once at each policy, vault and key that protects
/// some of them.
///
/// # Errors
/// The environments can't be listed; nobody is signed in.
pub async fn observe_estate(reader: &Reader, clock: &Clock) -> Result<Estate> {
    let environments = reader.environments().await.map_err(|fault| {
        environment_error("The environments of the tenant can't be listed.", fault)
    })?;
    if environments.is_empty() {
        return Err(no_role("The tenant shows you no environment at all."));
    }
    let environments = settled(reader, environments).await?;
    let linked: BTreeSet<ArmId> = environments
        .iter()
        .filter_map(Environment::policy)
        .cloned()
        .collect();
    let policies = each(linked, async |id: ArmId| ask(reader.policy(&id).await)).await?;
    let keys = policies
        .values()
        .filter_map(|policy| policy.present()?.key_reference().cloned());
    let keys: BTreeSet<KeyReference> = keys.collect();
    let vaults: BTreeSet<ArmId> = keys.iter().map(|key| key.vault.clone()).collect();
    let (at_vaults, at_keys) = join!(
        each(vaults, async |id: ArmId| at_vault(reader, &id).await),
        each(keys.clone(), async |key: KeyReference| in_arm(reader, &key)
            .await),
    );
    let (at_vaults, mut at_keys) = (at_vaults?, at_keys?);
    // A managed HSM has keys and roles on its data plane alone, whose address the vault gives.
    let on_hsm = keys
        .into_iter()
        .filter(|key| key.vault.kind == ResourceKind::ManagedHsm);
    at_keys.extend(
        each(on_hsm, async |key: KeyReference| {
            on_hsm_of(reader, &at_vaults, &key).await
        })
        .await?,
    );
    let protections = policies
        .into_iter()
        .map(|(id, policy)| (id, protection(policy, &at_vaults, &at_keys)))
        .collect();
    Ok(Estate {
        at: clock.now(),
        environments,
        protections,
    })
}

/// An environment without a policy whose key a customer manages is looked at by itself: lists were
/// seen without the block.
async fn settled(reader: &Reader, mut environments: Vec<Environment>) -> Result<Vec<Environment>> {
    let doubted = environments
        .iter()
        .filter(|environment| contradicts(environment))
        .map(|environment| environment.id.clone());
    let alone = each(doubted, async |id: String| {
        ask(reader.environment(&id).await)
    })
    .await?;
    for environment in &mut environments {
        if let Some(Seen::Present(found)) = alone.get(&environment.id) {
            environment.key_link = found.key_link.clone();
        }
    }
    Ok(environments)
}

async fn at_vault(reader: &Reader, id: &ArmId) -> Result<AtVault> {
    if id.kind == ResourceKind::ManagedHsm {
        return Ok((ask(reader.vault(id).await)?, Seen::NotAsked));
    }
    let scope = id.to_string();
    let (vault, roles) = join!(reader.vault(id), reader.role_assignments(&scope, None));
    Ok((ask(vault)?, ask(roles)?))
}

async fn in_arm(reader: &Reader, key: &KeyReference) -> Result<AtKey> {
    let found = match key.vault.kind {
        ResourceKind::Vault => ask(reader
            .key_in_arm(&key.vault, &key.key, key.version.as_ref())
            .await)?,
        _ => Seen::NotAsked,
    };
    Ok((found, Seen::NotAsked))
}

async fn on_hsm_of(
    reader: &Reader,
    vaults: &BTreeMap<ArmId, AtVault>,
    key: &KeyReference,
) -> Result<AtKey> {
    let hsm = match vaults.get(&key.vault).map(|(hsm, _)| hsm) {
        Some(Seen::Present(hsm)) => hsm,
        Some(Seen::Unreadable(why)) => {
            return Ok((Seen::Unreadable(why.clone()), Seen::Unreadable(why.clone())));
        }
        Some(Seen::Absent | Seen::NotAsked) | None => return Ok((Seen::NotAsked, Seen::NotAsked)),
    };
    let (found, roles) = join!(
        reader.key(hsm, &key.key, key.version.as_ref()),
        reader.hsm_roles(&hsm.uri, &key.key)
    );
    Ok((ask(found)?, ask(roles)?))
}

fn protection(
    policy: Seen<Policy>,
    vaults: &BTreeMap<ArmId, AtVault>,
    keys: &BTreeMap<KeyReference, AtKey>,
) -> Protection {
    let (found, key) = match policy.present().map(|found| (found, &found.key)) {
        Some((found, Known::Known(key))) => (found, key),
        Some((_, Known::Unknown(why))) => {
            let why = Unreadable::because(why.clone());
            let (vault, key) = (Seen::Unreadable(why.clone()), Seen::Unreadable(why.clone()));
            return Protection {
                policy,
                vault,
                key,
                granted: Verdict::CantTell(why),
                grant: None,
            };
        }
        // What it references is not known, and nothing is: that is said once.
        None => {
            return Protection {
                policy,
                ..Protection::default()
            };
        }
    };
    let (vault, at_vault) = vaults.get(&key.vault).cloned().unwrap_or_default();
    let (key, at_key) = keys.get(key).cloned().unwrap_or_default();
    let roles = if at_key == Seen::NotAsked {
        at_vault
    } else {
        at_key
    };
    let grant = roles
        .present()
        .and_then(|roles| grant_of(found, roles)?.id.clone());
    let granted = match &vault {
        Seen::Present(vault) => allows_key(found, vault, &roles),
        Seen::Unreadable(why) => Verdict::CantTell(why.clone()),
        Seen::Absent => Verdict::cant_tell("the vault is gone"),
        Seen::NotAsked => Verdict::default(),
    };
    Protection {
        policy,
        vault,
        key,
        granted,
        grant,
    }
}
