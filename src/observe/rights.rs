//! Reads what decides which principals may use a key or read a policy. Assignments and deny
//! assignments are read at the same time, then the definitions that the answer depends on.

use super::reads::{ask, each};
use crate::cloud::Reader;
use crate::cloud::fault::Reply;
use crate::error::Result;
use crate::model::ids::{ArmId, ResourceKind, same_id};
use crate::model::key_ids::KeyName;
use crate::model::known::Known;
use crate::model::protection::{Policy, Vault};
use crate::model::rights::{Denial, PrincipalRights, RoleAssignment};
use crate::model::seen::{Seen, Unreadable};
use crate::model::whole::Whole;
use crate::steps::rights::{Need, RightsQuery, key_scope, open_roles};
use futures::join;
use std::collections::BTreeMap;

/// A key and its vault, as a policy names them.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) vault: Option<&'a ArmId>,
    pub(super) key: Option<&'a KeyName>,
}

/// What decides whether the identity of a policy may use a key. `vault` must have been read. A
/// vault with access policies has no roles on its keys, and a managed HSM has its roles on the data
/// plane.
pub(super) async fn on_key(
    reader: &Reader,
    policy: Option<&Policy>,
    place: Place<'_>,
    vault: Option<&Vault>,
) -> Result<PrincipalRights> {
    match (policy, place, vault) {
        (
            Some(policy),
            Place {
                vault: Some(id),
                key: Some(key),
            },
            Some(vault),
        ) if id.kind == ResourceKind::ManagedHsm => on_hsm(reader, policy, vault, key).await,
        (Some(_), _, Some(vault)) if vault.rbac == Known::Known(false) => {
            Ok(PrincipalRights::default())
        }
        (Some(policy), _, vault) => {
            let rights = lists(reader, policy, place.vault).await?;
            defined(reader, policy, place, vault, rights).await
        }
        _ => Ok(PrincipalRights::default()),
    }
}

/// The role assignments of a policy's identity on a vault, and the deny assignments there.
pub(super) async fn lists(
    reader: &Reader,
    policy: &Policy,
    vault: Option<&ArmId>,
) -> Result<PrincipalRights> {
    let (Some(vault), Some(principal)) = (vault, &policy.principal_id) else {
        return Ok(PrincipalRights::default());
    };
    if vault.kind != ResourceKind::Vault {
        return Ok(PrincipalRights::default());
    }
    let scope = vault.to_string();
    let (roles, denials) = join!(
        reader.role_assignments(&scope, Some(principal)),
        reader.denials(&scope)
    );
    Ok(PrincipalRights {
        roles: ask(roles)?,
        denials: shown(denials)?,
        ..PrincipalRights::default()
    })
}

/// Adds the definitions that the answer depends on. For a vault with access policies it returns
/// nothing, because roles and deny assignments do not count there.
pub(super) async fn defined(
    reader: &Reader,
    policy: &Policy,
    place: Place<'_>,
    vault: Option<&Vault>,
    rights: PrincipalRights,
) -> Result<PrincipalRights> {
    let (Some(id), Some(principal)) = (place.vault, &policy.principal_id) else {
        return Ok(rights);
    };
    if vault.is_some_and(|vault| vault.rbac == Known::Known(false)) {
        return Ok(PrincipalRights::default());
    }
    let at = key_scope(id, place.key, Need::Key);
    let asked = RightsQuery {
        principal,
        at: &at,
        need: Need::Key,
    };
    with_definitions(reader, &id.to_string(), asked, rights).await
}

async fn on_hsm(
    reader: &Reader,
    policy: &Policy,
    hsm: &Vault,
    key: &KeyName,
) -> Result<PrincipalRights> {
    let roles = ask(reader.hsm_roles(&hsm.uri, key).await)?;
    Ok(PrincipalRights {
        roles: of_principal(&roles, policy.principal_id.as_deref()),
        ..PrincipalRights::default()
    })
}

/// The assignments of one principal itself, from a list of all principals. Empty for an unknown
/// principal.
pub(super) fn of_principal(
    roles: &Seen<Whole<RoleAssignment>>,
    principal: Option<&str>,
) -> Seen<Whole<RoleAssignment>> {
    let is_own = |role: &RoleAssignment| {
        principal.is_some_and(|principal| same_id(principal, &role.principal_id))
    };
    match roles {
        Seen::Present(all) => Seen::Present(all.only(is_own)),
        Seen::Absent => Seen::Absent,
        Seen::Unreadable(why) => Seen::Unreadable(why.clone()),
    }
}

/// What decides whether each of these principals may read a policy. All share one list of deny
/// assignments.
pub(super) async fn on_policy(
    reader: &Reader,
    policy: &ArmId,
    principals: &[String],
) -> Result<BTreeMap<String, PrincipalRights>> {
    if principals.is_empty() {
        return Ok(BTreeMap::new());
    }
    let scope = policy.to_string();
    let roles = each(principals.to_vec(), async |principal: String| {
        ask(reader.role_assignments(&scope, Some(&principal)).await)
    });
    let (roles, denials) = join!(roles, reader.denials(&scope));
    let denials = shown(denials)?;
    let by_principal = roles?.into_iter().map(|(principal, roles)| {
        let rights = PrincipalRights {
            roles,
            denials: denials.clone(),
            ..PrincipalRights::default()
        };
        (principal, rights)
    });
    let by_principal: BTreeMap<String, PrincipalRights> = by_principal.collect();
    each(by_principal.keys().cloned(), async |principal: String| {
        let asked = RightsQuery {
            principal: &principal,
            at: &scope,
            need: Need::Policy,
        };
        let rights = by_principal.get(&principal).cloned().unwrap_or_default();
        with_definitions(reader, &scope, asked, rights).await
    })
    .await
}

async fn with_definitions(
    reader: &Reader,
    scope: &str,
    asked: RightsQuery<'_>,
    mut rights: PrincipalRights,
) -> Result<PrincipalRights> {
    let more = each(open_roles(asked, &rights), async |role: String| {
        ask(reader.role_definition(scope, &role).await)
    });
    rights.definitions.extend(more.await?);
    Ok(rights)
}

/// Deny assignments, as far as the service shows them to this caller. Any refusal means that this
/// caller can't see them, or that this cloud has no such list. A fault means that they are not
/// known.
pub(super) fn shown(reply: Reply<Whole<Denial>>) -> Result<Seen<Whole<Denial>>> {
    let refused = reply
        .as_ref()
        .err()
        .and_then(|fault| fault.status())
        .is_some_and(|status| matches!(status, 400 | 403..=405));
    Ok(match ask(reply)? {
        Seen::Unreadable(why) if refused => Seen::Unreadable(Unreadable {
            forbidden: true,
            ..why
        }),
        seen @ (Seen::Absent | Seen::Present(_) | Seen::Unreadable(_)) => seen,
    })
}
