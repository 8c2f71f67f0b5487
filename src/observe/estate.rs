//! Reads a whole tenant. The number of requests grows with pages, policies, vaults and keys, never
//! with environments.

use super::alone::looked_at;
use super::reads::{ask, each};
use super::resolve::{environment_error, no_role};
use super::rights::{Place, defined, of_principal, shown};
use super::users::whole_tenant;
use super::visible::visible_policies;
use crate::cloud::{Clock, Reader};
use crate::error::Result;
use crate::model::environment::Environment;
use crate::model::estate::{Estate, Protection};
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::known::{Known, Verdict};
use crate::model::protection::{Key, KeyReference, Policy, Vault};
use crate::model::rights::{Denial, PrincipalRights, RoleAssignment};
use crate::model::seen::{Seen, Unreadable};
use crate::model::whole::Whole;
use crate::steps::rights::key::{allows_key, given_by_us, source_of_key};
use crate::steps::rights::{Need, Right, RightsQuery, key_scope, may_come_by_group};
use futures::join;
use std::collections::{BTreeMap, BTreeSet};

/// A vault, with the role assignments and deny assignments of all principals.
#[derive(Default)]
struct AtVault {
    vault: Seen<Vault>,
    roles: Seen<Whole<RoleAssignment>>,
    denials: Seen<Whole<Denial>>,
}
/// A key and, on a managed HSM, its local role assignments. The key is `None` if its managed HSM
/// does not exist.
type AtKey = (Option<Seen<Key>>, Seen<Whole<RoleAssignment>>);

/// Which policies of a tenant to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policies {
    /// Those that environments are linked to.
    Linked,
    /// Those, and every other encryption policy that the caller may read.
    All,
}

/// Reads every environment of the tenant, and each policy, vault and key that protects some of them
/// once.
///
/// # Errors
/// The environments can't be listed, or the caller is not signed in.
pub async fn observe_estate(reader: &Reader, clock: &Clock, wanted: Policies) -> Result<Estate> {
    let environments = reader.environments().await.map_err(|fault| {
        environment_error("The environments of the tenant can't be listed.", fault)
    })?;
    if environments.is_empty() {
        return Err(no_role("No environment of the tenant is visible to you."));
    }
    let environments = looked_at(reader, environments, Environment::link_in_doubt).await?;
    let linked: BTreeSet<ArmId> = environments
        .iter()
        .filter_map(Environment::policy)
        .cloned()
        .collect();
    let (whole_tenant, found) = join!(
        whole_tenant(reader, &environments),
        policies_of(reader, linked, wanted)
    );
    let (whole_tenant, (policies, not_listed)) = (whole_tenant?, found?);
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
    // A managed HSM has its keys and roles only on the data plane, whose URL comes with the vault.
    let on_hsm = keys
        .into_iter()
        .filter(|key| key.vault.kind == ResourceKind::ManagedHsm);
    at_keys.extend(
        each(on_hsm, async |key: KeyReference| {
            on_hsm_of(reader, &at_vaults, &key).await
        })
        .await?,
    );
    let mut rights = each(policies.keys().cloned(), async |id: ArmId| {
        rights_of(reader, policies.get(&id), &at_vaults, &at_keys).await
    })
    .await?;
    let protections = policies
        .into_iter()
        .map(|(id, policy)| {
            let key_rights = rights.remove(&id).unwrap_or_default();
            (id, protection(policy, key_rights, &at_vaults, &at_keys))
        })
        .collect();
    Ok(Estate {
        at: clock.now(),
        environments,
        whole_tenant,
        protections,
        not_listed,
    })
}

/// The policies as read, and why more may exist.
async fn policies_of(
    reader: &Reader,
    mut ids: BTreeSet<ArmId>,
    wanted: Policies,
) -> Result<(BTreeMap<ArmId, Seen<Policy>>, Vec<String>)> {
    let mut not_listed = Vec::new();
    if wanted == Policies::All {
        let visible = visible_policies(reader).await?;
        ids.extend(visible.all.into_iter().map(|policy| policy.id));
        not_listed = visible.gaps;
    }
    let policies = each(ids, async |id: ArmId| ask(reader.policy(&id).await)).await?;
    Ok((policies, not_listed))
}

async fn at_vault(reader: &Reader, id: &ArmId) -> Result<AtVault> {
    if id.kind == ResourceKind::ManagedHsm {
        return Ok(AtVault {
            vault: ask(reader.vault(id).await)?,
            ..AtVault::default()
        });
    }
    let scope = id.to_string();
    let (vault, roles, denials) = join!(
        reader.vault(id),
        reader.role_assignments(&scope, None),
        reader.denials(&scope)
    );
    Ok(AtVault {
        vault: ask(vault)?,
        roles: ask(roles)?,
        denials: shown(denials)?,
    })
}

async fn in_arm(reader: &Reader, key: &KeyReference) -> Result<AtKey> {
    let found = match key.vault.kind {
        ResourceKind::Vault => Some(ask(reader
            .key_in_arm(&key.vault, &key.key, key.version.as_ref())
            .await)?),
        ResourceKind::EnterprisePolicy | ResourceKind::ManagedHsm => None,
    };
    Ok((found, Seen::default()))
}

async fn on_hsm_of(
    reader: &Reader,
    vaults: &BTreeMap<ArmId, AtVault>,
    key: &KeyReference,
) -> Result<AtKey> {
    let hsm = match vaults.get(&key.vault).map(|at| &at.vault) {
        Some(Seen::Present(hsm)) => hsm,
        Some(Seen::Unreadable(why)) => {
            let hidden = Seen::Unreadable(why.clone());
            return Ok((Some(hidden), Seen::Unreadable(why.clone())));
        }
        Some(Seen::Absent) | None => return Ok((None, Seen::default())),
    };
    let (found, roles) = join!(
        reader.key(hsm, &key.key, key.version.as_ref()),
        reader.hsm_roles(&hsm.uri, &key.key)
    );
    Ok((Some(ask(found)?), ask(roles)?))
}

/// What decides whether the identity of a policy may use its key. A vault's list holds the
/// assignments of all principals, so it is read once for all policies. Group membership is read
/// only if a group could give the right; a role definition only if the answer depends on it.
async fn rights_of(
    reader: &Reader,
    policy: Option<&Seen<Policy>>,
    vaults: &BTreeMap<ArmId, AtVault>,
    keys: &BTreeMap<KeyReference, AtKey>,
) -> Result<PrincipalRights> {
    let policy = policy.and_then(Seen::present);
    let (Some(policy), Some(key)) = (policy, policy.and_then(Policy::key_reference)) else {
        return Ok(PrincipalRights::default());
    };
    let Some(principal) = policy.principal_id.as_deref() else {
        return Ok(PrincipalRights::default());
    };
    if key.vault.kind == ResourceKind::ManagedHsm {
        let local = keys
            .get(key)
            .map(|(_, roles)| of_principal(roles, Some(principal)));
        return Ok(PrincipalRights {
            roles: local.unwrap_or_default(),
            ..PrincipalRights::default()
        });
    }
    let at = vaults.get(&key.vault);
    let Some((at, vault)) = at.and_then(|at| Some((at, at.vault.present()?))) else {
        return Ok(PrincipalRights::default());
    };
    let place = Place {
        vault: Some(&key.vault),
        key: Some(&key.key),
    };
    let key_rights = PrincipalRights {
        roles: of_principal(&at.roles, Some(principal)),
        denials: at.denials.clone(),
        ..PrincipalRights::default()
    };
    let key_rights = defined(reader, policy, place, Some(vault), key_rights).await?;
    let may = allows_key(policy, vault, Some(&key.key), &key_rights);
    let scope = key_scope(&key.vault, Some(&key.key), Need::Key);
    let asked = RightsQuery {
        principal,
        at: &scope,
        need: Need::Key,
    };
    let by_group = at
        .roles
        .present()
        .is_some_and(|all| may_come_by_group(asked, all));
    let open = vault.rbac == Known::Known(true) && !matches!(may, Right::Yes(_) | Right::Denied(_));
    if !(open && by_group) {
        return Ok(key_rights);
    }
    let vault_scope = key.vault.to_string();
    let roles = ask(reader.role_assignments(&vault_scope, Some(principal)).await)?;
    let key_rights = PrincipalRights {
        roles,
        ..key_rights
    };
    defined(reader, policy, place, Some(vault), key_rights).await
}

fn protection(
    policy: Seen<Policy>,
    key_rights: PrincipalRights,
    vaults: &BTreeMap<ArmId, AtVault>,
    keys: &BTreeMap<KeyReference, AtKey>,
) -> Protection {
    let (found, key) = match policy.present().map(|found| (found, &found.key)) {
        Some((found, Known::Known(key))) => (found, key),
        Some((_, Known::Unknown(why))) => {
            let why = Unreadable::because(why.clone());
            return Protection {
                policy,
                vault: Some(Seen::Unreadable(why.clone())),
                key: Some(Seen::Unreadable(why.clone())),
                granted: Verdict::CantTell(why),
                ..Protection::default()
            };
        }
        // Without a key reference nothing more is known; the policy already says why.
        None => {
            return Protection {
                policy,
                ..Protection::default()
            };
        }
    };
    let vault = vaults.get(&key.vault).map(|at| at.vault.clone());
    let vault = vault.unwrap_or_default();
    let seen_key = keys.get(key).map(|(key, _)| key.clone());
    let seen_key = seen_key.unwrap_or_default();
    let right = vault
        .present()
        .map(|vault| allows_key(found, vault, Some(&key.key), &key_rights));
    let granted = match (&vault, &right) {
        (_, Some(right)) => right.verdict(),
        (Seen::Unreadable(why), _) => Verdict::CantTell(why.clone()),
        (Seen::Absent, _) => Verdict::cant_tell("the vault no longer exists"),
        (Seen::Present(_), None) => Verdict::default(),
    };
    let ours = given_by_us(found, key, &key_rights);
    let grant = ours.and_then(|role| role.id.clone());
    let granted_by = match &right {
        Some(Right::Yes(by)) if ours.is_none() && !by.is_empty() => {
            Some(source_of_key(found, key, &key_rights, by))
        }
        _ => None,
    };
    let denied_by = match &right {
        Some(Right::Denied(denial)) => Some(denial.name.clone()),
        _ => None,
    };
    let denials_hidden = key_rights
        .denials
        .unreadable()
        .filter(|why| why.forbidden)
        .cloned();
    Protection {
        policy,
        vault: Some(vault),
        key: seen_key,
        granted,
        grant,
        granted_by,
        denied_by,
        denials_hidden,
    }
}
