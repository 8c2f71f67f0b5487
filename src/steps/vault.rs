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
        .vault()
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
    let named = Named::of(vault);
    let tenant = observed
        .environment
        .present()
        .and_then(|environment| environment.tenant_id.as_deref());
    let found = [
        named.soft_delete(),
        named.purge_protection(),
        named.retention(),
        named.network(),
        named.tenant(tenant),
    ];
    found.into_iter().flatten().collect()
}

/// A vault, and what it is called.
struct Named<'a> {
    vault: &'a Vault,
    name: &'a str,
    noun: &'static str,
    /// The command that changes it.
    update: String,
}

impl<'a> Named<'a> {
    fn of(vault: &'a Vault) -> Self {
        let name = &vault.id.name;
        let (noun, update) = if vault.id.kind == ResourceKind::ManagedHsm {
            ("managed HSM", "az keyvault update-hsm --hsm-name")
        } else {
            ("vault", "az keyvault update --name")
        };
        Self {
            vault,
            name,
            noun,
            update: format!("{update} {name}"),
        }
    }

    fn say(
        &self,
        code: &'static str,
        severity: Severity,
        message: String,
        remedy: impl Into<String>,
    ) -> Finding {
        let id = self.vault.id.to_string();
        finding(code, severity, id, message, remedy, who::KEY_VAULT)
    }

    fn not_known(&self, code: &'static str, what: &str, why: &str) -> Finding {
        let look = format!(
            "Look at it: `az resource show --ids {}`.",
            quoted(&self.vault.id.to_string())
        );
        let message = format!("{what} is not known: {why}.");
        self.say(code, Severity::Unknown, message, look)
    }

    fn soft_delete(&self) -> Option<Finding> {
        let Self {
            name, noun, update, ..
        } = self;
        match &self.vault.soft_delete {
            Known::Known(true) => None,
            Known::Known(false) => Some(self.say(
                "CMK011",
                Severity::Block,
                format!("Soft delete is off on the {noun} `{name}`."),
                format!("{update} --enable-soft-delete true"),
            )),
            Known::Unknown(why) => {
                let what = format!("Whether `{name}` has soft delete");
                Some(self.not_known("CMK011", &what, why))
            }
        }
    }

    fn purge_protection(&self) -> Option<Finding> {
        let Self {
            name, noun, update, ..
        } = self;
        match &self.vault.purge_protection {
            Known::Known(true) => None,
            Known::Known(false) => Some(self.say(
                "CMK011",
                Severity::Block,
                format!(
                    "Purge protection is off on the {noun} `{name}`; once it is on, it can never \
                    be turned off again."
                ),
                format!("{update} --enable-purge-protection true"),
            )),
            Known::Unknown(why) => {
                let what = format!("Whether `{name}` has purge protection");
                Some(self.not_known("CMK011", &what, why))
            }
        }
    }

    /// Does it forget deleted keys too soon?
    fn retention(&self) -> Option<Finding> {
        let Self { name, noun, .. } = self;
        let days = self.vault.retention_days?;
        (days < RETENTION_DAYS).then(|| {
            self.say(
                "CMK047",
                Severity::Warn,
                format!(
                    "The {noun} `{name}` keeps deleted keys {days} days; old keys must outlive \
                    28 to 30 days."
                ),
                "It can't be changed later: never delete a key version before `cmkctl` or the 30 \
                days allow it.",
            )
        })
    }

    /// Does it let the service in?
    fn network(&self) -> Option<Finding> {
        let Self {
            name, noun, update, ..
        } = self;
        match &self.vault.network {
            Known::Known(network) if network.lets_services_pass() => None,
            Known::Known(Network::Perimeter) => Some(self.say(
                "CMK018",
                Severity::Block,
                format!(
                    "The {noun} `{name}` is in a network security perimeter \
                    (`SecuredByPerimeter`), which trusted Microsoft services do not pass: every \
                    environment would be locked."
                ),
                format!("{update} --public-network-access Disabled --bypass AzureServices"),
            )),
            Known::Known(_) => Some(self.say(
                "CMK018",
                Severity::Block,
                format!(
                    "The firewall of the {noun} `{name}` does not let trusted Microsoft services \
                    pass: every environment would be locked."
                ),
                format!("{update} --bypass AzureServices"),
            )),
            Known::Unknown(why) => {
                let what = format!("Whether trusted Microsoft services reach `{name}`");
                Some(self.not_known("CMK018", &what, why))
            }
        }
    }

    /// Does it belong to the tenant of the environment?
    fn tenant(&self, other: Option<&str>) -> Option<Finding> {
        let Self { name, noun, .. } = self;
        let (own, other) = (self.vault.tenant_id.as_ref()?, other?);
        (!own.eq_ignore_ascii_case(other)).then(|| {
            self.say(
                "CMK043",
                Severity::Block,
                format!(
                    "The {noun} `{name}` belongs to tenant {own}, the environment to tenant \
                    {other}."
                ),
                "Use a vault in the environment's tenant.",
            )
        })
    }
}
