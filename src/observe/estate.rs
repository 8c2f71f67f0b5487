//! A whole tenant, with requests that grow with its pages, policies, vaults and keys, and never with its environments.

use super::ask;
use super::resolve::{environment_error, no_role};
use crate::cloud::{Clock, Reader};
use crate::error::Result;
use crate::model::estate::{Estate, Protection};
use crate::model::ids::{ArmId, KeyName, KeyVersion, ResourceKind};
use crate::model::observed::{Key, Policy, RoleAssignment, Seen, Vault};
use crate::steps::grant::{allows_key, grant_of};
use futures::join;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

/// Reads at the same time. Resource Manager's bucket holds 250 reads and refills with 25 a second; a tenant with more policies than that waits for
/// it by `Retry-After`, like everybody.
const SIDE_BY_SIDE: usize = 64;
const VAULTS: [ResourceKind; 2] = [ResourceKind::Vault, ResourceKind::ManagedHsm];

/// A vault and who holds roles there.
type AtVault = (Seen<Vault>, Seen<Vec<RoleAssignment>>);
/// A key and, on a managed HSM, who holds local roles on it.
type AtKey = (Seen<Key>, Seen<Vec<RoleAssignment>>);
/// A vault's id, a key's name and its pinned version.
type KeyId = (String, String, Option<String>);

/// Looks at every environment of the tenant, and once at each policy, vault and key that protects some of them.
///
/// # Errors
/// The environments can't be listed; nobody is signed in.
pub async fn observe_estate(reader: &Reader, clock: &Clock) -> Result<Estate> {
    let environments = reader
        .environments()
        .await
        .map_err(|fault| environment_error("The environments of the tenant can't be listed.", fault))?;
    if environments.is_empty() {
        return Err(no_role("The tenant shows you no environment at all."));
    }
    let linked: BTreeSet<String> = environments
        .iter()
        .filter_map(|environment| environment.key_link.present()?.policy.as_deref().map(str::to_ascii_lowercase))
        .collect();
    let policies = each(linked, async |id: String| match ArmId::parse(&id, &[ResourceKind::EnterprisePolicy]) {
        Ok(parsed) => ask(reader.policy(&parsed).await),
        Err(_) => Ok(Seen::NotAsked),
    })
    .await?;
    let key_ids: BTreeSet<KeyId> = policies.values().filter_map(|policy| key_id(policy.present()?)).collect();
    let vault_ids: BTreeSet<String> = key_ids.iter().map(|(vault, _, _)| vault.clone()).collect();
    let (vaults, keys) = join!(
        each(vault_ids, async |id: String| at_vault(reader, &id).await),
        each(key_ids.clone(), async |id: KeyId| in_arm(reader, &id).await),
    );
    let (vaults, mut keys) = (vaults?, keys?);
    // A managed HSM has keys and roles on its data plane alone, whose address the vault gives.
    let on_hsm = key_ids.into_iter().filter(|(vault, _, _)| vault.contains("/managedhsms/"));
    keys.extend(each(on_hsm, async |id: KeyId| on_hsm_of(reader, &vaults, &id).await).await?);
    let protections = policies.into_iter().map(|(id, policy)| (id, protection(policy, &vaults, &keys))).collect();
    Ok(Estate { at: clock.now(), environments, protections })
}

/// One read for each, so many at the same time.
pub(super) async fn each<K: Ord + Clone, V, F: Future<Output = Result<V>>>(
    all: impl IntoIterator<Item = K>,
    read: impl Fn(K) -> F,
) -> Result<BTreeMap<K, V>> {
    let reads = all.into_iter().map(|key| {
        let value = read(key.clone());
        async move { Ok((key, value.await?)) }
    });
    stream::iter(reads).buffer_unordered(SIDE_BY_SIDE).try_collect().await
}

async fn at_vault(reader: &Reader, id: &str) -> Result<AtVault> {
    let Ok(parsed) = ArmId::parse(id, &VAULTS) else { return Ok((Seen::NotAsked, Seen::NotAsked)) };
    if parsed.kind == ResourceKind::ManagedHsm {
        return Ok((ask(reader.vault(&parsed).await)?, Seen::NotAsked));
    }
    let scope = parsed.to_string();
    let (vault, roles) = join!(reader.vault(&parsed), reader.role_assignments(&scope, None));
    Ok((ask(vault)?, ask(roles)?))
}

async fn in_arm(reader: &Reader, id: &KeyId) -> Result<AtKey> {
    let key = match parsed(id) {
        Some((vault, key, version)) if vault.kind == ResourceKind::Vault => {
            ask(reader.key_in_arm(&vault, &key, version.as_ref()).await)?
        }
        _ => Seen::NotAsked,
    };
    Ok((key, Seen::NotAsked))
}

async fn on_hsm_of(reader: &Reader, vaults: &BTreeMap<String, AtVault>, id: &KeyId) -> Result<AtKey> {
    let vault = vaults.get(&id.0).and_then(|(vault, _)| vault.present());
    let (Some(vault), Some((_, key, version))) = (vault, parsed(id)) else {
        return Ok((Seen::NotAsked, Seen::NotAsked));
    };
    let (found, roles) = join!(reader.key(vault, &key, version.as_ref()), reader.hsm_roles(&vault.uri, &key));
    Ok((ask(found)?, ask(roles)?))
}

fn key_id(policy: &Policy) -> Option<KeyId> {
    let vault = policy.vault_id.as_deref()?.to_ascii_lowercase();
    Some((vault, policy.key_name.clone()?, policy.key_version.clone()))
}

fn parsed((vault, key, version): &KeyId) -> Option<(ArmId, KeyName, Option<KeyVersion>)> {
    let version = version.as_deref().and_then(|version| KeyVersion::parse(version).ok());
    Some((ArmId::parse(vault, &VAULTS).ok()?, KeyName::parse(key).ok()?, version))
}

fn protection(policy: Seen<Policy>, vaults: &BTreeMap<String, AtVault>, keys: &BTreeMap<KeyId, AtKey>) -> Protection {
    let Some((found, id)) = policy.present().and_then(|policy| Some((policy, key_id(policy)?))) else {
        return Protection { policy, ..Protection::default() };
    };
    let (vault, at_vault) = vaults.get(&id.0).cloned().unwrap_or_default();
    let (key, at_key) = keys.get(&id).cloned().unwrap_or_default();
    let roles = if at_key == Seen::NotAsked { at_vault } else { at_key };
    let grant = roles.present().and_then(|roles| grant_of(found, roles)?.id.clone());
    let granted = vault.present().map_or(Seen::NotAsked, |vault| allows_key(found, vault, &roles));
    Protection { policy, vault, key, granted, grant }
}
