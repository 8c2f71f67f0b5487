//! May the identity of a policy use the key? The single definition for roles, access policies and
//! local roles of a managed HSM.

use super::judge::{denial_in_doubt, effective, judge, source};
use super::query::{Doubt, Need, Right, RightsQuery, key_scope};
use crate::model::ids::{ResourceKind, same_id};
use crate::model::key_ids::KeyName;
use crate::model::known::Known;
use crate::model::observed::Observed;
use crate::model::protection::{AccessPolicy, KeyReference, Policy, Vault};
use crate::model::rights::{PrincipalRights, RoleAssignment};
use crate::model::roles::{ENCRYPTION_USER, KEY_PERMISSIONS};
use crate::model::seen::{Seen, Unreadable};
use jiff::Timestamp;

/// May the policy's identity use the key? Only the vault's active permission model counts.
pub fn access<'a>(observed: &'a Observed, vault: &Vault) -> Right<'a> {
    let unread = |why: Unreadable| Right::CantTell(Doubt::unread(why));
    match &observed.policy {
        Seen::Present(policy) => allows_key(
            policy,
            vault,
            named_key(policy, vault),
            &observed.key_rights,
        ),
        Seen::Unreadable(why) => unread(why.clone()),
        Seen::Absent => unread(Unreadable::because("the policy does not exist")),
    }
}

/// The key that a policy references, if it is in this vault.
fn named_key<'a>(policy: &'a Policy, vault: &Vault) -> Option<&'a KeyName> {
    policy
        .key_reference()
        .filter(|key| key.vault.is_same_vault(&vault.id))
        .map(|key| &key.key)
}

/// The same for any policy, vault and key, by the identity's rights that were read there. Without a
/// key, only rights on the whole vault count.
pub fn allows_key<'a>(
    policy: &Policy,
    vault: &Vault,
    key: Option<&KeyName>,
    rights: &'a PrincipalRights,
) -> Right<'a> {
    let unread = |why: &str| Right::CantTell(Doubt::unread(Unreadable::because(why)));
    let Some(principal) = policy.principal_id.as_deref() else {
        return unread("the service shows no identity for the policy");
    };
    match &vault.rbac {
        Known::Unknown(why) => unread(why),
        Known::Known(false) => match &vault.access_policies {
            Known::Known(all) if all.iter().any(|entry| gives_key(entry, principal)) => {
                Right::Yes(Vec::new())
            }
            Known::Known(_) => Right::No,
            Known::Unknown(why) => unread(why),
        },
        Known::Known(true) => {
            let need = need(vault.id.kind);
            let at = key_scope(&vault.id, key, need);
            let asked = RightsQuery {
                principal,
                at: &at,
                need,
            };
            judge(asked, rights)
        }
    }
}

/// Does this access policy give this principal the key permissions?
fn gives_key(entry: &AccessPolicy, principal: &str) -> bool {
    let has = |need: &str| entry.keys.iter().any(|key| key == need);
    entry.object_id.eq_ignore_ascii_case(principal)
        && (has("all") || KEY_PERMISSIONS.iter().all(|need| has(need)))
}

fn need(kind: ResourceKind) -> Need {
    match kind {
        ResourceKind::ManagedHsm => Need::HsmKey,
        ResourceKind::Vault | ResourceKind::EnterprisePolicy => Need::Key,
    }
}

/// If nothing gives the right: why a grant may not help either, because the deny assignments are
/// not known.
pub fn denial_open(policy: &Policy, vault: &Vault, rights: &PrincipalRights) -> Option<Doubt> {
    if vault.rbac != Known::Known(true) {
        return None;
    }
    let at = scope_in(policy, vault);
    denial_in_doubt(asked(policy, vault, &at)?, rights)
}

/// The scope of the key that the policy references.
fn scope_in(policy: &Policy, vault: &Vault) -> String {
    key_scope(&vault.id, named_key(policy, vault), need(vault.id.kind))
}

fn asked<'a>(policy: &'a Policy, vault: &Vault, at: &'a str) -> Option<RightsQuery<'a>> {
    Some(RightsQuery {
        principal: policy.principal_id.as_deref()?,
        at,
        need: need(vault.id.kind),
    })
}

/// The assignment that cmkctl itself would make for a policy, if it exists: the encryption role for
/// its identity, on the vault, without a condition.
pub fn given_by_us<'a>(
    policy: &Policy,
    key: &KeyReference,
    rights: &'a PrincipalRights,
) -> Option<&'a RoleAssignment> {
    let principal = policy.principal_id.as_deref()?;
    rights.roles.present()?.iter().find(|role| {
        same_id(&role.principal_id, principal)
            && role.role == ENCRYPTION_USER
            && same_id(&role.scope, &key.vault.to_string())
            && !role.conditional
    })
}

/// The source of the right of a policy's identity, in words.
pub fn source_of_key(
    policy: &Policy,
    key: &KeyReference,
    rights: &PrincipalRights,
    by: &[&RoleAssignment],
) -> String {
    let need = need(key.vault.kind);
    let at = key_scope(&key.vault, Some(&key.key), need);
    let asked = RightsQuery {
        principal: policy.principal_id.as_deref().unwrap_or_default(),
        at: &at,
        need,
    };
    source(asked, rights, by)
}

/// When the grants of the policy's identity become effective everywhere, with the assignment that
/// takes longest. `None` if they are effective.
pub fn settling<'a>(
    observed: &'a Observed,
    policy: &Policy,
) -> Option<(Timestamp, &'a RoleAssignment)> {
    let vault = observed
        .vault()
        .filter(|vault| vault.rbac == Known::Known(true))?;
    let at = scope_in(policy, vault);
    let asked = asked(policy, vault, &at)?;
    effective(asked, &observed.key_rights, observed.at).filter(|(from, _)| *from > observed.at)
}

#[cfg(test)]
mod tests {
    use super::super::super::samples::{IDENTITY, grant, key_name, odd, policy, silent, vault};
    use super::*;

    fn entry(keys: &[&str]) -> AccessPolicy {
        AccessPolicy {
            object_id: IDENTITY.to_uppercase(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        }
    }

    #[test]
    fn the_model_of_the_vault_decides_which_rights_count() {
        let by_policies = |all: Known<Vec<AccessPolicy>>| Vault {
            rbac: Known::Known(false),
            access_policies: all,
            ..vault()
        };
        let known = |keys: &[&str]| by_policies(Known::Known(vec![entry(keys)]));
        let (roles, none) = (
            PrincipalRights::of(vec![grant()]),
            PrincipalRights::nothing(),
        );
        let unread = PrincipalRights {
            roles: silent(),
            ..PrincipalRights::nothing()
        };
        let model_unknown = Vault {
            rbac: odd(),
            ..vault()
        };
        let (yes, no, open) = ("yes", "no", "open");
        for (vault, rights, expected) in [
            (vault(), &roles, yes),
            (vault(), &none, no),
            (vault(), &unread, open),
            (model_unknown, &roles, open),
            (known(&["get", "wrapkey", "unwrapkey"]), &none, yes),
            (known(&["all"]), &none, yes),
            (known(&["get", "wrapkey"]), &roles, no),
            (by_policies(odd()), &roles, open),
        ] {
            let protecting = policy("ep");
            let found = match allows_key(&protecting, &vault, Some(&key_name()), rights) {
                Right::Yes(_) => yes,
                Right::No | Right::Denied(_) => no,
                Right::CantTell(_) => open,
            };
            assert_eq!(found, expected, "{vault:?} {rights:?}");
        }
        let mut without = policy("ep");
        without.principal_id = None;
        let found = allows_key(&without, &vault(), Some(&key_name()), &roles);
        assert!(matches!(found, Right::CantTell(_)));
    }

    #[test]
    fn what_cmkctl_gave_is_on_the_vault_and_without_a_condition() {
        let protecting = policy("ep");
        let reference = protecting.key_reference().unwrap();
        let ours = |role: RoleAssignment| {
            given_by_us(&protecting, reference, &PrincipalRights::of(vec![role])).is_some()
        };
        assert!(ours(grant()));
        let conditional = RoleAssignment {
            conditional: true,
            ..grant()
        };
        let above = RoleAssignment {
            scope: "/subscriptions/x".to_owned(),
            ..grant()
        };
        assert!(!ours(conditional) && !ours(above));
    }
}
