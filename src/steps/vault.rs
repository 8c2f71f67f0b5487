//! The vault of a key: is it there, can what it holds be lost, and does it let the service in?

use super::{finding, quoted, who};
use crate::model::day::day;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::known::Known;
use crate::model::observed::Observed;
use crate::model::protection::{Network, Policy, Vault};
use crate::model::seen::Seen;
use crate::model::surroundings::Deleted;
use crate::model::target::Target;

/// Old keys must outlive 28 days after a rotation and 30 days after a removal; a vault that forgets
/// sooner can lose one (inferred).
const RETENTION_DAYS: u32 = 30;

/// The vault's id, likewise.
pub(super) fn vault_id<'a>(target: &'a Target, observed: &'a Observed) -> Option<&'a ArmId> {
    let named = || {
        observed
            .policy
            .present()
            .and_then(Policy::key_reference)
            .map(|key| &key.vault)
    };
    observed
        .vault
        .present()
        .map(|vault| &vault.id)
        .or(target.vault.as_ref())
        .or_else(named)
}

pub(super) fn absent_vault(target: &Target, observed: &Observed) -> Finding {
    let vault = vault_id(target, observed);
    let id = vault.map_or_else(|| "vault".to_owned(), ToString::to_string);
    let hsm = vault.is_some_and(|vault| vault.kind == ResourceKind::ManagedHsm);
    let deleted = &observed.around.deleted_vault;
    let (message, remedy) = match deleted {
        Seen::Present(deleted) => {
            let flag = if hsm { "--hsm-name" } else { "--name" };
            (
                format!("The vault `{}` is deleted{}.", deleted.name, until(deleted)),
                format!(
                    "Recover it, do not create it anew: `az keyvault recover {flag} {}`.",
                    deleted.name
                ),
            )
        }
        Seen::Absent => (
            format!("There is no vault `{id}`, and no deleted one of that name."),
            "Check the id: `az keyvault list --query [].id`.".to_owned(),
        ),
        _ => (
            format!("There is no vault `{id}`."),
            "Check the id; a deleted vault of that name must be recovered, not created anew: `az \
            keyvault list-deleted`."
                .to_owned(),
        ),
    };
    finding(
        "CMK046",
        Severity::Block,
        id,
        message,
        remedy,
        who::KEY_VAULT,
    )
}

pub(super) fn until(deleted: &Deleted) -> String {
    deleted.purged.map_or(String::new(), |purged| {
        format!("; it is purged for good on {}", day(purged))
    })
}

pub(super) fn check_vault(vault: &Vault, observed: &Observed) -> Vec<Finding> {
    let mut found = Vec::new();
    let id = vault.id.to_string();
    let name = &vault.id.name;
    let noun = if vault.id.kind == ResourceKind::ManagedHsm {
        "managed HSM"
    } else {
        "vault"
    };
    let update = if vault.id.kind == ResourceKind::ManagedHsm {
        "az keyvault update-hsm --hsm-name"
    } else {
        "az keyvault update --name"
    };
    let look = format!("Look at it: `az resource show --ids {}`.", quoted(&id));
    let mut block = |code, severity, message: String, remedy: String| {
        found.push(finding(
            code,
            severity,
            &id,
            message,
            remedy,
            who::KEY_VAULT,
        ));
    };
    match &vault.soft_delete {
        Known::Known(true) => {}
        Known::Known(false) => block(
            "CMK011",
            Severity::Block,
            format!("Soft delete is off on the {noun} `{name}`."),
            format!("{update} {name} --enable-soft-delete true"),
        ),
        Known::Unknown(why) => block(
            "CMK011",
            Severity::Unknown,
            format!("Whether `{name}` has soft delete is not known: {why}."),
            look.clone(),
        ),
    }
    match &vault.purge_protection {
        Known::Known(true) => {}
        Known::Known(false) => block(
            "CMK011",
            Severity::Block,
            format!(
                "Purge protection is off on the {noun} `{name}`; once it is on, it can never be \
                turned off again."
            ),
            format!("{update} {name} --enable-purge-protection true"),
        ),
        Known::Unknown(why) => block(
            "CMK011",
            Severity::Unknown,
            format!("Whether `{name}` has purge protection is not known: {why}."),
            look.clone(),
        ),
    }
    if vault
        .retention_days
        .is_some_and(|days| days < RETENTION_DAYS)
    {
        let days = vault.retention_days.unwrap_or_default();
        block(
            "CMK047",
            Severity::Warn,
            format!(
                "The {noun} `{name}` keeps deleted keys {days} days; old keys must outlive 28 \
                to 30 days."
            ),
            "It can't be changed later: never delete a key version before `cmkctl` or the 30 days \
            allow it."
                .to_owned(),
        );
    }
    match &vault.network {
        Known::Known(network) if network.lets_services_pass() => {}
        Known::Known(Network::Perimeter) => block(
            "CMK018",
            Severity::Block,
            format!(
                "The {noun} `{name}` is in a network security perimeter (`SecuredByPerimeter`), \
                which trusted Microsoft services do not pass: every environment would be locked."
            ),
            format!("{update} {name} --public-network-access Disabled --bypass AzureServices"),
        ),
        Known::Known(_) => block(
            "CMK018",
            Severity::Block,
            format!(
                "The firewall of the {noun} `{name}` does not let trusted Microsoft services \
                pass: every environment would be locked."
            ),
            format!("{update} {name} --bypass AzureServices"),
        ),
        Known::Unknown(why) => block(
            "CMK018",
            Severity::Unknown,
            format!("Whether trusted Microsoft services reach `{name}` is not known: {why}."),
            look.clone(),
        ),
    }
    let tenant = observed
        .environment
        .present()
        .and_then(|environment| environment.tenant_id.as_ref());
    if let (Some(own), Some(other)) = (&vault.tenant_id, tenant)
        && !own.eq_ignore_ascii_case(other)
    {
        block(
            "CMK043",
            Severity::Block,
            format!(
                "The {noun} `{name}` belongs to tenant {own}, the environment to tenant {other}."
            ),
            "Use a vault in the environment's tenant.".to_owned(),
        );
    }
    found
}
