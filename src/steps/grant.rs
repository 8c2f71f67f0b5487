//! Step 3's grants: who may use the key, who may read the policy, and since when.

use super::{Whose, finding, quoted, unknown, unseen, who};
use crate::model::finding::{Finding, Severity};
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::protection::{AccessPolicy, Policy, RoleAssignment, Vault};
use crate::model::roles::{KEY_PERMISSIONS, KEY_ROLES, READ_ROLES, ROLE_SETTLES};
use crate::model::seen::{Seen, Unreadable};
use crate::model::target::Target;
use jiff::Timestamp;

/// Is the policy there, or will it be?
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Comes {
    There,
    Planned,
    No,
}

/// `whose`: does the step that asks give the grant, or only rely on it?
pub(super) fn grant(
    target: &Target,
    observed: &Observed,
    comes: Comes,
    whose: Whose,
    plan: &mut Plan,
) {
    let (Some(policy), Seen::Present(vault), Some(key)) =
        (&target.policy, &observed.vault, &target.key)
    else {
        return;
    };
    match comes {
        Comes::No => return,
        // That its identity does not show is said by the step of the policy.
        Comes::There
            if observed
                .policy
                .present()
                .is_some_and(|policy| policy.principal_id.is_none()) =>
        {
            return;
        }
        Comes::There => match access(observed, vault) {
            Verdict::Yes => {
                plan.already.push(format!(
                    "The identity of `{}` may use the key of `{}`",
                    policy.name, vault.id.name
                ));
                return;
            }
            Verdict::No => {}
            Verdict::CantTell(why) => {
                plan.findings
                    .push(hidden_grant(&policy.name, vault, &why, whose));
                return;
            }
        },
        Comes::Planned => {}
    }
    match giving(policy, vault, key) {
        Ok(action) => plan.actions.push(action),
        Err(found) => plan.findings.push(found),
    }
}

/// The grant that the vault's permission model takes, or why it can't be told which that is.
fn giving(policy: &ArmId, vault: &Vault, key: &KeyName) -> Result<Action, Finding> {
    let not_told = |what: String, why: &str| {
        let subject = vault.id.to_string();
        Err(unknown("CMK012", subject, &what, why, who::KEY_VAULT))
    };
    match (vault.id.kind, &vault.rbac) {
        (ResourceKind::ManagedHsm, _) => Ok(Action::GrantKeyByHsmRole {
            policy: policy.clone(),
            hsm: vault.id.clone(),
            uri: vault.uri.clone(),
            key: key.clone(),
        }),
        (_, Known::Known(true)) => Ok(Action::GrantKeyByRole {
            policy: policy.clone(),
            vault: vault.id.clone(),
        }),
        (_, Known::Known(false)) => match vault.tenant_id.clone() {
            Some(tenant) => Ok(Action::GrantKeyByAccessPolicy {
                policy: policy.clone(),
                vault: vault.id.clone(),
                tenant,
            }),
            None => not_told(
                format!("Which tenant `{}` belongs to", vault.id.name),
                "the service does not say it",
            ),
        },
        (_, Known::Unknown(why)) => not_told(
            format!(
                "Whether `{}` works with roles or with access policies",
                vault.id.name
            ),
            why,
        ),
    }
}

fn hidden_grant(policy: &str, vault: &Vault, why: &Unreadable, whose: Whose) -> Finding {
    let what = format!("Whether the identity of `{policy}` may use the key");
    unseen(
        "CMK012",
        vault.id.to_string(),
        &what,
        why,
        (who::KEY_VAULT, whose),
    )
}

/// May the policy's identity use the key? By the vault's real permission model, never by what else
/// is lying around.
pub fn access(observed: &Observed, vault: &Vault) -> Verdict {
    match &observed.policy {
        Seen::Present(policy) => allows_key(policy, vault, &observed.key_roles),
        Seen::Unreadable(why) => Verdict::CantTell(why.clone()),
        Seen::Absent => Verdict::cant_tell("there is no policy"),
        Seen::NotAsked => Verdict::default(),
    }
}

/// The role assignment that lets a policy's identity use the key.
pub fn grant_of<'a>(policy: &Policy, roles: &'a [RoleAssignment]) -> Option<&'a RoleAssignment> {
    let principal = policy.principal_id.as_deref()?;
    roles.iter().find(|held| {
        held.principal_id.eq_ignore_ascii_case(principal) && KEY_ROLES.contains(&held.role.as_str())
    })
}

/// The same, for any policy and vault with the roles that the policy's identity holds there.
pub fn allows_key(policy: &Policy, vault: &Vault, roles: &Seen<Vec<RoleAssignment>>) -> Verdict {
    let Some(principal) = &policy.principal_id else {
        return Verdict::cant_tell("the policy shows no identity");
    };
    match &vault.rbac {
        Known::Unknown(why) => return Verdict::cant_tell(why),
        Known::Known(true) => {}
        Known::Known(false) => {
            let complete = |keys: &[String]| {
                let has = |need: &str| keys.iter().any(|key| key == need);
                has("all") || KEY_PERMISSIONS.iter().all(|need| has(need))
            };
            let mine = |entry: &AccessPolicy| {
                entry.object_id.eq_ignore_ascii_case(principal) && complete(&entry.keys)
            };
            return Verdict::from(
                &vault
                    .access_policies
                    .clone()
                    .map(|all| all.iter().any(mine)),
            );
        }
    }
    match roles {
        Seen::Present(roles) => Verdict::of(grant_of(policy, roles).is_some()),
        Seen::Unreadable(why) => Verdict::CantTell(why.clone()),
        Seen::Absent | Seen::NotAsked => Verdict::default(),
    }
}

pub(super) fn readers(target: &Target, observed: &Observed, comes: Comes, plan: &mut Plan) {
    let Some(policy) = &target.policy else { return };
    for reader in &target.readers {
        let reads = |role: &RoleAssignment| {
            role.principal_id.eq_ignore_ascii_case(reader)
                && READ_ROLES.contains(&role.role.as_str())
        };
        let unread = |why: &Unreadable| {
            let what = format!("Whether {reader} may read the policy");
            unseen(
                "CMK019",
                policy.to_string(),
                &what,
                why,
                (who::OWNER, Whose::Own),
            )
        };
        let give = || Action::GrantReader {
            policy: policy.clone(),
            principal: reader.clone(),
        };
        match (comes, &observed.policy_roles) {
            (Comes::No, _) => {}
            (Comes::Planned, _) => plan.actions.push(give()),
            (Comes::There, Seen::Present(roles)) if roles.iter().any(reads) => {
                plan.already
                    .push(format!("{reader} may read the policy `{}`", policy.name));
            }
            (Comes::There, Seen::Present(_)) => plan.actions.push(give()),
            (Comes::There, Seen::Unreadable(why)) => plan.findings.push(unread(why)),
            (Comes::There, Seen::Absent | Seen::NotAsked) => {
                plan.findings
                    .push(unread(&Unreadable::because("it was not read")));
            }
        }
    }
}

/// What a policy that is linked, and was not asked for in detail, needs to keep its environments
/// running.
pub(super) fn in_use(observed: &Observed, whose: Whose) -> Vec<Finding> {
    let (Seen::Present(policy), Seen::Present(vault)) = (&observed.policy, &observed.vault) else {
        return Vec::new();
    };
    let mut found = identity(observed, policy);
    if let Some(version) = policy.key_reference().and_then(|key| key.version.as_ref()) {
        found.push(pinned(policy, version));
    }
    if policy.principal_id.is_some() {
        found.extend(granted(policy, vault, &access(observed, vault), whose));
    }
    found
}

/// May the identity of a policy use its key?
pub(super) fn granted(
    policy: &Policy,
    vault: &Vault,
    granted: &Verdict,
    whose: Whose,
) -> Option<Finding> {
    let name = &policy.id.name;
    match granted {
        Verdict::Yes => None,
        Verdict::No => Some(finding(
            "CMK012",
            Severity::Block,
            vault.id.to_string(),
            format!(
                "The identity of the policy `{name}` may not use the key of `{}`: its \
                environments go offline.",
                vault.id.name
            ),
            format!(
                "Grant it again: `cmkctl create-policy --policy {} --vault {} --key {}`.",
                policy.id,
                vault.id,
                quoted(policy.key_reference().map_or("KEY", |key| key.key.as_str()))
            ),
            who::KEY_VAULT,
        )),
        Verdict::CantTell(why) => Some(hidden_grant(name, vault, why, whose)),
    }
}

/// Is the policy's identity there, and is its grant old enough to be effective everywhere?
pub(super) fn identity(observed: &Observed, policy: &Policy) -> Vec<Finding> {
    let Some(principal) = &policy.principal_id else {
        return vec![finding(
            "CMK014",
            Severity::Unknown,
            policy.id.to_string(),
            format!(
                "The policy `{}` has no identity yet: nothing can be granted to it.",
                policy.id.name
            ),
            "Wait a few minutes, then run this again.",
            who::KEY_VAULT,
        )];
    };
    let Some(from) = effective_from(observed, principal) else {
        return Vec::new();
    };
    let left = from.duration_since(observed.at).as_secs().max(1);
    vec![finding(
        "CMK013",
        Severity::Warn,
        policy.id.to_string(),
        format!(
            "The grant on the key was made less than 5 minutes ago, or its time is not known; it \
            may not be effective everywhere for another {left} s."
        ),
        format!("Wait {left} s before the environment is added."),
        who::KEY_VAULT,
    )]
}

/// From when on the grants of the policy's identity are effective everywhere, if they are not yet.
/// A grant whose time is not known may be new.
pub(super) fn effective_from(observed: &Observed, principal: &str) -> Option<Timestamp> {
    let roles = observed
        .key_roles
        .present()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let grants = roles.iter().filter(|role| {
        role.principal_id.eq_ignore_ascii_case(principal) && KEY_ROLES.contains(&role.role.as_str())
    });
    // The oldest one counts: a second grant does not undo the first.
    let made = grants
        .map(|role| role.created.known().copied().unwrap_or(observed.at))
        .min();
    let from = made?.checked_add(ROLE_SETTLES).ok()?;
    (from > observed.at).then_some(from)
}

pub(super) fn pinned(policy: &Policy, version: &KeyVersion) -> Finding {
    let version = version.as_str();
    finding(
        "CMK017",
        Severity::Warn,
        policy.id.to_string(),
        format!(
            "The policy `{}` is pinned to version {version}, so rotating the key changes nothing.",
            policy.id.name
        ),
        "Create a policy without a version and move the environments to it.",
        who::KEY_VAULT,
    )
}

/// The command that gives a policy's identity access to a key.
pub(super) fn grant_command(vault: &str, key: &str, principal: &str) -> String {
    let (vault, key, principal) = (&quoted(vault), &quoted(key), &quoted(principal));
    let name = vault.rsplit('/').next().unwrap_or_default();
    if vault.to_ascii_lowercase().contains("/managedhsms/") {
        return format!(
            "az keyvault role assignment create --hsm-name {name} --role \"Managed HSM Crypto \
            Service Encryption User\" --assignee-object-id {principal} --scope /keys/{key}"
        );
    }
    format!(
        "az role assignment create --role \"Key Vault Crypto Service Encryption User\" \
        --assignee-object-id {principal} --assignee-principal-type ServicePrincipal --scope {vault}"
    )
}
