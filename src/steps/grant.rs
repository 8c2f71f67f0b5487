//! Step 3's grant: which principal may use the key, by which assignment, and since when.

use super::ready::unusable;
use super::rights::key::{access, denial_open, settling, source_of_key};
use super::rights::{About, Doubt, Right, management_group};
use super::{Whose, finding, moment, quoted, unknown, unseen, who};
use crate::model::finding::{Finding, Severity};
use crate::model::ids::{ArmId, ResourceKind, same_id};
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::known::Known;
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::protection::{Policy, Vault};
use crate::model::rights::{Denial, PrincipalRights, RoleAssignment};
use crate::model::roles::ENCRYPTION_USER;
use crate::model::seen::Seen;
use crate::model::target::Target;
use jiff::Timestamp;

/// Does the policy exist, or does the plan create it?
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PolicyAvailability {
    There,
    Planned,
    No,
}

/// Plans the grant, if it is missing. `whose`: does this step give the grant, or only rely on it?
pub(super) fn grant(
    target: &Target,
    observed: &Observed,
    comes: PolicyAvailability,
    whose: Whose,
    plan: &mut Plan,
) {
    let (Some(policy), Some(vault), Some(key)) = (&target.policy, observed.vault(), &target.key)
    else {
        return;
    };
    match comes {
        PolicyAvailability::No => return,
        // The policy step reports a missing identity.
        PolicyAvailability::There
            if observed
                .policy
                .present()
                .is_some_and(|policy| policy.principal_id.is_none()) =>
        {
            return;
        }
        PolicyAvailability::There => {
            let may = access(observed, vault);
            let beside = beside(observed, vault, &may, whose);
            plan.findings.extend(beside.map(Finding::of_changes));
            match may {
                Right::Yes(by) => {
                    plan.already.push(already(observed, policy, vault, &by));
                    return;
                }
                Right::Denied(_) | Right::CantTell(_) => return,
                Right::No => {}
            }
        }
        PolicyAvailability::Planned => {}
    }
    match giving(policy, vault, key) {
        Ok(action) => plan.actions.push(action),
        Err(found) => plan.findings.push(found.of_changes()),
    }
}

/// The grant action for the vault's permission model, or the finding that the model is not known.
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
        (_, Known::Known(false)) => match &vault.tenant_id {
            Known::Known(tenant) => Ok(Action::GrantKeyByAccessPolicy {
                policy: policy.clone(),
                vault: vault.id.clone(),
                tenant: tenant.clone(),
            }),
            Known::Unknown(why) => not_told(
                format!("Which tenant the vault `{}` belongs to", vault.id.name),
                why,
            ),
        },
        (_, Known::Unknown(why)) => not_told(
            format!(
                "Whether the vault `{}` uses Azure RBAC or access policies",
                vault.id.name
            ),
            why,
        ),
    }
}

/// The sentence that the identity may use the key, and where its right comes from.
fn already(observed: &Observed, policy: &ArmId, vault: &Vault, by: &[&RoleAssignment]) -> String {
    let found = observed.policy.present();
    let by = found
        .zip(found.and_then(Policy::key_reference))
        .filter(|_| !by.is_empty())
        .map_or(String::new(), |(found, key)| {
            format!(
                ", by {}",
                source_of_key(found, key, &observed.key_rights, by)
            )
        });
    format!(
        "The identity of `{}` can use the key of `{}`{by}",
        policy.name, vault.id.name
    )
}

/// A further finding about the right: a deny assignment, or a fact that is not known. If no
/// assignment gives the right, the finding says which problem a grant would not solve.
fn beside(observed: &Observed, vault: &Vault, may: &Right<'_>, whose: Whose) -> Option<Finding> {
    let policy = observed.policy.present()?;
    match may {
        Right::Yes(_) => hidden_denials(vault, &observed.key_rights),
        Right::No => {
            let doubt = denial_open(policy, vault, &observed.key_rights)?;
            Some(in_doubt(policy, vault, &doubt, &observed.key_rights, whose))
        }
        Right::Denied(denial) => Some(denied(policy, vault, denial)),
        Right::CantTell(doubt) => Some(in_doubt(policy, vault, doubt, &observed.key_rights, whose)),
    }
}

fn in_doubt(
    policy: &Policy,
    vault: &Vault,
    doubt: &Doubt,
    rights: &PrincipalRights,
    whose: Whose,
) -> Finding {
    let name = &policy.id.name;
    let what = format!("Whether the identity of `{name}` may use the key");
    let mut found = unseen(
        "CMK012",
        vault.id.to_string(),
        &what,
        &doubt.why,
        (who::KEY_VAULT, whose),
    );
    match doubt.about {
        About::Reading => {}
        About::Condition => {
            found.remedy = without_condition(policy, vault, rights).into();
            found.who = who::GIVES_KEY_ROLE;
        }
        About::Denial => {
            found.remedy = format!(
                "Run `{}` to list the deny assignments. Exclude the policy's identity from each \
                    deny assignment that covers it.",
                denials_command(vault)
            )
            .into();
            found.who = who::OWNER;
        }
    }
    found
}

/// The command that assigns the role again, without a condition. A principal can have a role only
/// once at a scope, with or without a condition. Azure refuses a second assignment
/// (`RoleAssignmentExists`), and the Azure CLI then prints the first as if it were new. So the
/// command names the smallest scope at which the identity lacks the role.
fn without_condition(policy: &Policy, vault: &Vault, rights: &PrincipalRights) -> String {
    let principal = policy.principal_id.as_deref().unwrap_or("PRINCIPAL_ID");
    let encryption_user = |role: &&RoleAssignment| {
        same_id(&role.principal_id, principal) && role.role == ENCRYPTION_USER
    };
    let roles = rights.roles.present().map_or(&[][..], |all| all);
    let at = |scope: &str| {
        let mut assigned = roles.iter().filter(encryption_user);
        assigned.find(|role| same_id(&role.scope, scope))
    };
    let key = policy.key_reference().map_or("KEY", |key| key.key.as_str());
    let (on_key, on_vault) = (format!("{}/keys/{key}", vault.id), vault.id.to_string());
    match (at(&on_key), at(&on_vault)) {
        (Some(bound), Some(_)) => format!(
            "Remove the condition from this role assignment: {}",
            bound.id.as_deref().unwrap_or(&on_key)
        ),
        (taken, _) => {
            let scope = taken.map_or(&on_key, |_| &on_vault);
            let command = grant_command(scope, key, principal);
            format!("Assign the role without a condition: `{command}`.")
        }
    }
}

/// The finding for a deny assignment. A grant can't override it.
fn denied(policy: &Policy, vault: &Vault, denial: &Denial) -> Finding {
    finding(
        "CMK012",
        Severity::Block,
        vault.id.to_string(),
        format!(
            "The deny assignment `{}` prevents the identity of the policy `{}` from using the key \
                of `{}`.",
            denial.name, policy.id.name, vault.id.name
        ),
        format!(
            "A role assignment does not help. A managed application or a deployment stack created \
                the deny assignment. Exclude the identity {} from the deny assignment, or use a \
                key in another vault.",
            policy.principal_id.as_deref().unwrap_or_default()
        ),
        who::OWNER,
    )
}

/// The finding that the service does not show deny assignments to this caller.
fn hidden_denials(vault: &Vault, rights: &PrincipalRights) -> Option<Finding> {
    let why = rights.denials.unreadable().filter(|why| why.forbidden)?;
    Some(finding(
        "CMK012",
        Severity::Acknowledge,
        vault.id.to_string(),
        format!(
            "You can't see the deny assignments at `{}`: {}. cmkctl assumes that no deny \
                assignment blocks the use of the key.",
            vault.id.name, why.why
        ),
        format!(
            "Ask a user with the role Reader on the vault to run: `{}`.",
            denials_command(vault)
        ),
        who::KEY_VAULT,
    ))
}

fn denials_command(vault: &Vault) -> String {
    let address = format!(
        "{}/providers/Microsoft.Authorization/denyAssignments?api-version=2022-04-01",
        vault.id
    );
    format!("az rest --method get --url {}", quoted(&address))
}

/// What a linked policy needs to keep its environments running, if the caller did not ask for it in
/// detail.
pub(super) fn in_use(observed: &Observed, whose: Whose) -> Vec<Finding> {
    let (Seen::Present(policy), Some(vault)) = (&observed.policy, observed.vault()) else {
        return Vec::new();
    };
    let mut found = identity(observed, policy);
    if let Some(version) = policy.key_reference().and_then(|key| key.version.as_ref()) {
        found.push(pinned(policy, version));
    }
    if policy.principal_id.is_some() {
        found.extend(granted(observed, policy, vault, whose));
    }
    found
}

/// The finding if the policy's identity may not use its key.
fn granted(observed: &Observed, policy: &Policy, vault: &Vault, whose: Whose) -> Option<Finding> {
    let may = access(observed, vault);
    if may != Right::No {
        return beside(observed, vault, &may, whose);
    }
    Some(finding(
        "CMK012",
        Severity::Block,
        vault.id.to_string(),
        format!(
            "The identity of the policy `{}` can't use the key of `{}`. The policy's environments \
                go offline.",
            policy.id.name, vault.id.name
        ),
        format!(
            "Grant access again: `cmkctl create-policy --policy {} --vault {} --key {}`.",
            quoted(&policy.id.to_string()),
            quoted(&vault.id.to_string()),
            quoted(policy.key_reference().map_or("KEY", |key| key.key.as_str()))
        ),
        if vault.rbac == Known::Known(true) && vault.id.kind == ResourceKind::Vault {
            who::GIVES_KEY_ROLE
        } else {
            who::KEY_VAULT
        },
    ))
}

/// Is the policy usable, and is its grant old enough to be effective everywhere?
pub(super) fn identity(observed: &Observed, policy: &Policy) -> Vec<Finding> {
    if let Some(found) = unusable(policy) {
        return vec![found];
    }
    settling(observed, policy)
        .map(|(from, slowest)| unsettled(observed, policy, from, slowest))
        .into_iter()
        .collect()
}

fn unsettled(
    observed: &Observed,
    policy: &Policy,
    from: Timestamp,
    slowest: &RoleAssignment,
) -> Finding {
    let (message, remedy) = match management_group(&slowest.scope) {
        Some(group) => (
            format!(
                "The role assignment at the management group `{group}` is new, or its age is \
                    unknown. The assignment may need until {} to take effect.",
                moment(from)
            ),
            format!(
                "Wait until {}, or assign the role on the vault itself. A role on the vault takes \
                    effect within 5 minutes.",
                moment(from)
            ),
        ),
        None => {
            let left = from.duration_since(observed.at).as_secs().max(1);
            (
                format!(
                    "The role assignment on the key is less than 5 minutes old, or its age is \
                        unknown. It may need {left} s more to take effect."
                ),
                format!("Wait {left} s before you add the environment."),
            )
        }
    };
    finding(
        "CMK013",
        Severity::Warn,
        policy.id.to_string(),
        message,
        remedy,
        who::KEY_VAULT,
    )
}

pub(super) fn pinned(policy: &Policy, version: &KeyVersion) -> Finding {
    let version = version.as_str();
    finding(
        "CMK017",
        Severity::Warn,
        policy.id.to_string(),
        format!(
            "The policy `{}` is pinned to version {version}, so a rotation has no effect.",
            policy.id.name
        ),
        "Create a policy without a key version, and move the environments to it.",
        who::KEY_VAULT,
    )
}

/// When the grants of the policy's identity become effective everywhere; `None` if they are.
pub(super) fn effective_from(observed: &Observed, policy: &Policy) -> Option<Timestamp> {
    settling(observed, policy).map(|(from, _)| from)
}

/// The command that gives a policy's identity access to a key.
pub(super) fn grant_command(vault: &str, key: &str, principal: &str) -> String {
    let name = quoted(vault.rsplit('/').next().unwrap_or_default());
    let (vault, key, principal) = (&quoted(vault), &quoted(key), &quoted(principal));
    if vault.to_ascii_lowercase().contains("/managedhsms/") {
        return format!(
            "az keyvault role assignment create --hsm-name {name} --role \"Managed HSM Crypto \
            Service Encryption User\" --assignee-object-id {principal} --assignee-principal-type \
            ServicePrincipal --scope /keys/{key}"
        );
    }
    format!(
        "az role assignment create --role \"Key Vault Crypto Service Encryption User\" \
        --assignee-object-id {principal} --assignee-principal-type ServicePrincipal --scope {vault}"
    )
}

#[cfg(test)]
mod tests {
    use super::super::samples::{
        codes, days, grant as role, hidden, now, odd, on, rows, silent, told, well,
    };
    use super::*;

    fn given(comes: PolicyAvailability) -> impl Fn(&Target, &Observed) -> Vec<String> {
        move |target, observed| {
            let mut plan = Plan::default();
            grant(target, observed, comes, Whose::Own, &mut plan);
            told(&plan)
        }
    }

    #[test]
    fn a_grant_is_given_where_it_is_known_to_be_missing() {
        rows(
            &[
                ("there", |_, _| {}, &["done"]),
                (
                    "missing",
                    |_, o| o.key_rights = PrincipalRights::nothing(),
                    &["> grant-key-by-role"],
                ),
                (
                    "missing, by access policies",
                    |_, o| on(&mut o.vault, |v| v.rbac = Known::Known(false)),
                    &["> grant-key-by-access-policy"],
                ),
                (
                    "missing, by access policies of no known tenant",
                    |_, o| {
                        on(&mut o.vault, |v| {
                            (v.rbac, v.tenant_id) = (Known::Known(false), odd());
                        });
                    },
                    &["CMK012 unknown"],
                ),
                (
                    "by no known model",
                    |_, o| on(&mut o.vault, |v| v.rbac = odd()),
                    &["CMK012 unknown"],
                ),
                (
                    "silent roles",
                    |_, o| o.key_rights.roles = silent(),
                    &["CMK012 unknown"],
                ),
                (
                    "hidden roles",
                    |_, o| o.key_rights.roles = hidden(),
                    &["CMK012 unknown"],
                ),
                (
                    "under a condition",
                    |_, o| on(&mut o.key_rights.roles, |all| all[0].conditional = true),
                    &["CMK012 unknown"],
                ),
                (
                    "silent denials",
                    |_, o| o.key_rights.denials = silent(),
                    &["CMK012 unknown"],
                ),
                ("no vault", |_, o| o.vault = Some(silent()), &[]),
            ],
            given(PolicyAvailability::There),
        );
        rows(
            &[("planned", |_, _| {}, &["> grant-key-by-role"])],
            given(PolicyAvailability::Planned),
        );
        rows(
            &[("no policy", |_, _| {}, &[])],
            given(PolicyAvailability::No),
        );
    }

    #[test]
    fn a_linked_policy_keeps_its_grant() {
        rows(
            &[
                ("well", |_, _| {}, &[]),
                (
                    "no grant",
                    |_, o| o.key_rights = PrincipalRights::nothing(),
                    &["CMK012 block"],
                ),
                (
                    "hidden roles",
                    |_, o| o.key_rights.roles = hidden(),
                    &["CMK012 not-visible"],
                ),
                (
                    "silent roles",
                    |_, o| o.key_rights.roles = silent(),
                    &["CMK012 unknown"],
                ),
                (
                    "no identity",
                    |_, o| on(&mut o.policy, |p| p.principal_id = None),
                    &["CMK014 unknown"],
                ),
                ("no policy", |_, o| o.policy = Seen::Absent, &[]),
            ],
            |_, observed| codes(&in_use(observed, Whose::Others)),
        );
    }

    #[test]
    fn a_young_grant_is_not_effective_yet() {
        for (created, expected) in [
            (Known::Known(days(-1)), &[][..]),
            (Known::Known(now()), &["CMK013 warn"]),
            (odd(), &["CMK013 warn"]),
        ] {
            let (_, mut observed) = well();
            let young = RoleAssignment { created, ..role() };
            observed.key_rights = PrincipalRights::of(vec![young]);
            let policy = observed.policy.present().unwrap();
            assert_eq!(codes(&identity(&observed, policy)), expected);
            assert_eq!(
                effective_from(&observed, policy).is_some(),
                !expected.is_empty()
            );
        }
    }

    #[test]
    fn the_command_fits_the_kind_of_vault() {
        let vault = grant_command("/x/vaults/kv", "k", "p");
        assert!(
            vault.starts_with("az role assignment create")
                && vault.contains("--scope /x/vaults/kv")
        );
        let hsm = grant_command("/x/managedHSMs/h", "k", "p");
        assert!(hsm.contains("--hsm-name h") && hsm.contains("--scope /keys/k"));
    }

    /// A resource group may have them in its name.
    #[test]
    fn brackets_do_not_open_a_shell() {
        let group = "/subscriptions/s/resourceGroups/rg(1)/providers";
        let vault = format!("{group}/Microsoft.KeyVault/vaults/kv");
        let command = grant_command(&vault, "k", "p");
        assert!(command.ends_with(&format!("--scope {}", quoted(&vault))));
        assert_ne!(quoted(&vault), vault);
        let hsm = format!("{group}/Microsoft.KeyVault/managedHSMs/h");
        assert!(grant_command(&hsm, "k", "p").contains("--hsm-name h "));
    }
}
