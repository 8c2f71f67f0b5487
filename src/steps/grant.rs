//! Step 3's grants: who may use the key, who may read the policy, and since when.

use super::policy::{Comes, pinned};
use super::{finding, not_visible, quoted, who};
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ResourceKind;
use crate::model::observed::{Observed, Policy, RoleAssignment, Seen, Vault};
use crate::model::plan::{Action, Plan};
use crate::model::target::Target;
use jiff::{SignedDuration, Timestamp};

/// Key Vault Crypto Service Encryption User, and the local role of the same purpose of a managed HSM; built-in roles that include what they do.
const KEY_ROLES: [&str; 2] = ["e147488a-f6f5-4113-8e2d-b22465e65bf6", "33413926-3206-4cdd-b39a-83574fe37a17"];
/// Reader, Contributor, Owner: each may read the policy.
pub(super) const READ_ROLES: [&str; 3] = [
    "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
];
/// A role assignment may take this long to be effective everywhere.
pub const ROLE_SETTLES: SignedDuration = SignedDuration::from_mins(5);
/// What the policy's identity does with the key.
const KEY_PERMISSIONS: [&str; 3] = ["get", "wrapkey", "unwrapkey"];

pub(super) fn grant(target: &Target, observed: &Observed, comes: Comes, plan: &mut Plan) {
    let (Some(policy), Seen::Present(vault), Some(key)) = (&target.policy, &observed.vault, &target.key) else {
        return;
    };
    if comes == Comes::No {
        return;
    }
    match access(observed, vault) {
        Seen::Present(()) => {
            plan.already.push(format!("The identity of `{}` may use the key of `{}`", policy.name, vault.id.name));
            return;
        }
        Seen::Unreadable(why) => {
            let what = format!("Whether the identity of `{}` may use the key", policy.name);
            plan.findings.push(not_visible("CMK012", vault.id.to_string(), &what, &why.why, who::KEY_VAULT));
            return;
        }
        Seen::Absent | Seen::NotAsked => {}
    }
    plan.actions.push(match (vault.id.kind, vault.rbac) {
        (ResourceKind::ManagedHsm, _) => Action::GrantKeyByHsmRole {
            policy: policy.clone(),
            hsm: vault.id.clone(),
            uri: vault.uri.clone(),
            key: key.clone(),
        },
        (_, true) => Action::GrantKeyByRole { policy: policy.clone(), vault: vault.id.clone() },
        (_, false) => Action::GrantKeyByAccessPolicy {
            policy: policy.clone(),
            vault: vault.id.clone(),
            tenant: vault.tenant_id.clone().unwrap_or_default(),
        },
    });
}

/// May the policy's identity use the key? By the vault's real permission model, never by what else is lying around.
pub fn access(observed: &Observed, vault: &Vault) -> Seen<()> {
    match &observed.policy {
        Seen::Present(policy) => allows_key(policy, vault, &observed.key_roles),
        _ => Seen::NotAsked,
    }
}

/// The role assignment that lets a policy's identity use the key.
pub fn grant_of<'a>(policy: &Policy, roles: &'a [RoleAssignment]) -> Option<&'a RoleAssignment> {
    let principal = policy.principal_id.as_deref()?;
    roles
        .iter()
        .find(|held| held.principal_id.eq_ignore_ascii_case(principal) && KEY_ROLES.contains(&held.role.as_str()))
}

/// The same, for any policy and vault with the roles that the policy's identity holds there.
pub fn allows_key(policy: &Policy, vault: &Vault, roles: &Seen<Vec<RoleAssignment>>) -> Seen<()> {
    let Some(principal) = &policy.principal_id else { return Seen::Absent };
    let same = |other: &str| other.eq_ignore_ascii_case(principal);
    let yes = |granted: bool| if granted { Seen::Present(()) } else { Seen::Absent };
    if !vault.rbac {
        let complete = |keys: &[String]| {
            keys.iter().any(|key| key == "all") || KEY_PERMISSIONS.iter().all(|need| keys.iter().any(|key| key == need))
        };
        return yes(vault.access_policies.iter().any(|entry| same(&entry.object_id) && complete(&entry.keys)));
    }
    match roles {
        Seen::Present(roles) => {
            yes(roles.iter().any(|role| same(&role.principal_id) && KEY_ROLES.contains(&role.role.as_str())))
        }
        Seen::Unreadable(why) => Seen::Unreadable(why.clone()),
        Seen::Absent | Seen::NotAsked => Seen::NotAsked,
    }
}

pub(super) fn readers(target: &Target, observed: &Observed, comes: Comes, plan: &mut Plan) {
    let Some(policy) = &target.policy else { return };
    if comes == Comes::No {
        return;
    }
    for reader in &target.readers {
        let reads = |role: &RoleAssignment| {
            role.principal_id.eq_ignore_ascii_case(reader) && READ_ROLES.contains(&role.role.as_str())
        };
        match &observed.policy_roles {
            Seen::Present(roles) if roles.iter().any(reads) => {
                plan.already.push(format!("{reader} may read the policy `{}`", policy.name));
            }
            Seen::Unreadable(why) => {
                let what = format!("Whether {reader} may read the policy");
                plan.findings.push(not_visible("CMK019", policy.to_string(), &what, &why.why, who::OWNER));
            }
            _ => plan.actions.push(Action::GrantReader { policy: policy.clone(), principal: reader.clone() }),
        }
    }
}
/// What a policy that is linked, and was not asked for in detail, needs to keep its environments running.
pub(super) fn in_use(observed: &Observed) -> Vec<Finding> {
    let (Seen::Present(policy), Seen::Present(vault)) = (&observed.policy, &observed.vault) else { return Vec::new() };
    let mut found = identity(observed, policy);
    if let Some(version) = &policy.key_version {
        found.push(pinned(policy, version));
    }
    let name = &policy.id.name;
    match access(observed, vault) {
        Seen::Absent if policy.principal_id.is_some() => found.push(finding(
            "CMK012",
            Severity::Block,
            vault.id.to_string(),
            format!(
                "The identity of the policy `{name}` may not use the key of `{}`: its environments go offline.",
                vault.id.name
            ),
            format!(
                "Grant it again: `cmkctl create-policy --policy {} --vault {} --key {}`.",
                policy.id,
                vault.id,
                quoted(policy.key_name.as_deref().unwrap_or("KEY"))
            ),
            who::KEY_VAULT,
        )),
        Seen::Unreadable(why) => {
            let what = format!("Whether the identity of `{name}` may use the key");
            found.push(not_visible("CMK012", vault.id.to_string(), &what, &why.why, who::KEY_VAULT));
        }
        _ => {}
    }
    found
}

/// Is the policy's identity there, and is its grant old enough to be effective everywhere?
pub(super) fn identity(observed: &Observed, policy: &Policy) -> Vec<Finding> {
    let Some(principal) = &policy.principal_id else {
        return vec![finding(
            "CMK014",
            Severity::Warn,
            policy.id.to_string(),
            format!("The policy `{}` has no identity yet: nothing can be granted to it.", policy.id.name),
            "Wait a few minutes, then run this again.",
            who::KEY_VAULT,
        )];
    };
    let Some(from) = effective_from(observed, principal) else { return Vec::new() };
    let left = from.duration_since(observed.at).as_secs().max(1);
    vec![finding(
        "CMK013",
        Severity::Warn,
        policy.id.to_string(),
        format!(
            "The grant on the key was made less than 5 minutes ago; it may not be effective everywhere for another {left} s."
        ),
        format!("Wait {left} s before the environment is added."),
        who::KEY_VAULT,
    )]
}

/// From when on the grants of the policy's identity are effective everywhere, if they are not yet.
pub(super) fn effective_from(observed: &Observed, principal: &str) -> Option<Timestamp> {
    let roles = observed.key_roles.present().map(Vec::as_slice).unwrap_or_default();
    let grants = roles
        .iter()
        .filter(|role| role.principal_id.eq_ignore_ascii_case(principal) && KEY_ROLES.contains(&role.role.as_str()));
    // The oldest one counts: a second grant does not undo the first.
    let from = grants.filter_map(|role| role.created).min()?.checked_add(ROLE_SETTLES).ok()?;
    (from > observed.at).then_some(from)
}
