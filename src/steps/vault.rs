//! The vault of a key: does it exist, does it protect its keys from deletion, and does it let Power
//! Platform in?

use super::{finding, quoted, who};
use crate::model::day::day;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::known::Known;
use crate::model::observed::Observed;
use crate::model::preconditions::Deleted;
use crate::model::protection::{Network, Policy, Vault};
use crate::model::remedy::Remedy;
use crate::model::seen::Seen;
use crate::model::target::Target;

/// Old keys must outlive 28 days after a rotation and 30 days after a removal. A vault with a
/// shorter retention can lose one (inferred).
const RETENTION_DAYS: u32 = 30;

/// The vault's id: the one asked for, or else the policy's.
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
    let deleted = &observed.preconditions.deleted_vault;
    let (message, remedy) = match deleted {
        Seen::Present(deleted) => {
            let flag = if hsm { "--hsm-name" } else { "--name" };
            (
                format!("The vault `{}` is deleted{}.", deleted.name, until(deleted)),
                format!(
                    "Recover the vault, and do not create it again: `az keyvault recover {flag} \
                        {}{}`.",
                    quoted(&deleted.name),
                    in_subscription(vault)
                ),
            )
        }
        Seen::Absent => (
            format!("There is no vault `{id}`, and no deleted vault of that name."),
            format!(
                "Check the id: `az keyvault list --query {}{}`.",
                quoted("[].id"),
                in_subscription(vault)
            ),
        ),
        Seen::Unreadable(_) => (
            format!("There is no vault `{id}`."),
            format!(
                "Check the id. If the vault was deleted, recover it. Do not create it again. List \
                    deleted vaults: `az keyvault list-deleted{}`.",
                in_subscription(vault)
            ),
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

/// ` --subscription ID`. Without it the Azure CLI looks only in its default subscription.
fn in_subscription(vault: Option<&ArmId>) -> String {
    vault.map_or_else(String::new, |vault| {
        format!(" --subscription {}", vault.subscription)
    })
}

pub(super) fn until(deleted: &Deleted) -> String {
    match &deleted.purged {
        Known::Known(Some(purged)) => format!(". Azure purges it permanently on {}", day(*purged)),
        Known::Known(None) => String::new(),
        Known::Unknown(_) => ". cmkctl can't tell when Azure purges it permanently".to_owned(),
    }
}

pub(super) fn check_vault(vault: &Vault, observed: &Observed) -> Vec<Finding> {
    let named = Named::of(vault);
    let tenant = observed
        .environment
        .present()
        .map(|environment| &environment.tenant_id);
    let protects = [
        named.soft_delete(),
        named.purge_protection(),
        named.retention(),
        named.network(),
    ];
    let protects = protects.into_iter().flatten().map(Finding::of_changes);
    protects.chain(named.tenant(tenant)).collect()
}

/// A vault and its names in messages.
struct Named<'a> {
    vault: &'a Vault,
    name: &'a str,
    noun: &'static str,
    /// The `az` command that changes it.
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
            update: format!("{update} {name}{}", in_subscription(Some(&vault.id))),
        }
    }

    fn say(
        &self,
        code: &'static str,
        severity: Severity,
        message: String,
        remedy: impl Into<Remedy>,
    ) -> Finding {
        let id = self.vault.id.to_string();
        finding(code, severity, id, message, remedy, who::KEY_VAULT)
    }

    fn not_known(&self, code: &'static str, what: &str, why: &str) -> Finding {
        let look = format!(
            "Check its properties: `az resource show --ids {}`.",
            quoted(&self.vault.id.to_string())
        );
        let message = crate::model::unknown::unknown(what, why);
        self.say(code, Severity::Unknown, message, look)
    }

    fn soft_delete(&self) -> Option<Finding> {
        let Self { name, noun, .. } = self;
        match &self.vault.soft_delete {
            Known::Known(true) => None,
            Known::Known(false) => Some(self.say(
                "CMK011",
                Severity::Block,
                format!("Soft delete is off on the {noun} `{name}`."),
                // `az keyvault update` has no option for soft delete.
                format!(
                    "az resource update --ids {} --set properties.enableSoftDelete=true",
                    quoted(&self.vault.id.to_string())
                ),
            )),
            Known::Unknown(why) => {
                let what = format!("Whether the {noun} `{name}` has soft delete");
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
                    "Purge protection is off on the {noun} `{name}`. Once you turn it on, you can \
                        never turn it off again."
                ),
                format!("{update} --enable-purge-protection true"),
            )),
            Known::Unknown(why) => {
                let what = format!("Whether the {noun} `{name}` has purge protection");
                Some(self.not_known("CMK011", &what, why))
            }
        }
    }

    /// The finding if the vault keeps deleted keys too briefly.
    fn retention(&self) -> Option<Finding> {
        let Self { name, noun, .. } = self;
        let sentence = match &self.vault.retention_days {
            Known::Known(days) if *days >= RETENTION_DAYS => return None,
            Known::Known(days) => {
                format!("The {noun} `{name}` keeps deleted keys for {days} days")
            }
            Known::Unknown(why) => {
                format!("cmkctl can't tell how long the {noun} `{name}` keeps deleted keys ({why})")
            }
        };
        Some(self.say(
            "CMK047",
            Severity::Warn,
            format!("{sentence}. Backups can need an old key for up to 30 days."),
            "You can't change the retention period later. Do not delete an old key until 30 days \
                after the last environment stopped using it.",
        ))
    }

    /// The finding if the vault's firewall keeps Power Platform out.
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
                        (`SecuredByPerimeter`). The perimeter blocks trusted Microsoft services, \
                        so every environment would be locked."
                ),
                format!("{update} --public-network-access Disabled --bypass AzureServices"),
            )),
            Known::Known(_) => Some(self.say(
                "CMK018",
                Severity::Block,
                format!(
                    "The firewall of the {noun} `{name}` blocks trusted Microsoft services, so \
                        every environment would be locked."
                ),
                format!("{update} --bypass AzureServices"),
            )),
            Known::Unknown(why) => {
                let what = format!("Whether trusted Microsoft services can access `{name}`");
                Some(self.not_known("CMK018", &what, why))
            }
        }
    }

    /// The finding if the vault belongs to another tenant than the environment.
    fn tenant(&self, other: Option<&Known<Option<String>>>) -> Option<Finding> {
        let Self { name, noun, .. } = self;
        let (tenant, other) = match (&self.vault.tenant_id, other?) {
            (Known::Known(tenant), Known::Known(Some(other))) => (tenant, other),
            // If the environment shows no tenant, it is in the sign-in's tenant, like everything
            // that Azure shows.
            (Known::Known(_), Known::Known(None)) => return None,
            (Known::Unknown(why), _) | (_, Known::Unknown(why)) => {
                let what =
                    format!("Whether the {noun} `{name}` belongs to the environment's tenant");
                return Some(self.not_known("CMK043", &what, why));
            }
        };
        (!tenant.eq_ignore_ascii_case(other)).then(|| {
            self.say(
                "CMK043",
                Severity::Block,
                format!(
                    "The {noun} `{name}` belongs to tenant `{tenant}`, but the environment belongs \
                        to tenant `{other}`."
                ),
                "Use a vault in the environment's tenant.",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{Row, codes, days, odd, on, rows, well};
    use super::*;

    const A_VAULT_KEEPS_WHAT_IT_HOLDS_AND_LETS_THE_SERVICE_IN: &[Row] = &[
        ("well", |_, _| {}, &[]),
        (
            "no soft delete",
            |_, o| on(&mut o.vault, |v| v.soft_delete = Known::Known(false)),
            &["CMK011 block"],
        ),
        (
            "perhaps no soft delete",
            |_, o| on(&mut o.vault, |v| v.soft_delete = odd()),
            &["CMK011 unknown"],
        ),
        (
            "no purge protection",
            |_, o| on(&mut o.vault, |v| v.purge_protection = Known::Known(false)),
            &["CMK011 block"],
        ),
        (
            "perhaps no purge protection",
            |_, o| on(&mut o.vault, |v| v.purge_protection = odd()),
            &["CMK011 unknown"],
        ),
        (
            "forgets early",
            |_, o| on(&mut o.vault, |v| v.retention_days = Known::Known(29)),
            &["CMK047 warn"],
        ),
        (
            "may forget early",
            |_, o| on(&mut o.vault, |v| v.retention_days = odd()),
            &["CMK047 warn"],
        ),
        (
            "trusted services pass",
            |_, o| {
                on(&mut o.vault, |v| {
                    v.network = Known::Known(Network::TrustedServices)
                })
            },
            &[],
        ),
        (
            "closed",
            |_, o| on(&mut o.vault, |v| v.network = Known::Known(Network::Closed)),
            &["CMK018 block"],
        ),
        (
            "in a perimeter",
            |_, o| {
                on(&mut o.vault, |v| {
                    v.network = Known::Known(Network::Perimeter)
                })
            },
            &["CMK018 block"],
        ),
        (
            "perhaps closed",
            |_, o| on(&mut o.vault, |v| v.network = odd()),
            &["CMK018 unknown"],
        ),
        (
            "of another tenant",
            |_, o| on(&mut o.vault, |v| v.tenant_id = "other".into()),
            &["CMK043 block"],
        ),
        (
            "of no known tenant",
            |_, o| on(&mut o.vault, |v| v.tenant_id = odd()),
            &["CMK043 unknown"],
        ),
        (
            "the environment's tenant left out",
            |_, o| on(&mut o.environment, |e| e.tenant_id = Known::Known(None)),
            &[],
        ),
        (
            "the environment's tenant not known",
            |_, o| on(&mut o.environment, |e| e.tenant_id = odd()),
            &["CMK043 unknown"],
        ),
        (
            "no environment",
            |_, o| o.environment = Seen::default(),
            &[],
        ),
    ];

    #[test]
    fn a_vault_keeps_what_it_holds_and_lets_the_service_in() {
        rows(
            A_VAULT_KEEPS_WHAT_IT_HOLDS_AND_LETS_THE_SERVICE_IN,
            |_, observed| codes(&check_vault(observed.vault().unwrap(), observed)),
        );
    }

    #[test]
    fn a_vault_that_is_not_there_may_be_a_deleted_one() {
        let (target, mut observed) = well();
        observed.vault = Some(Seen::Absent);
        let deleted = |purged| {
            Seen::Present(Deleted {
                name: "kv".to_owned(),
                purged,
            })
        };
        for (seen, message) in [
            (Seen::Absent, "and no deleted vault of that name"),
            (Seen::default(), "There is no vault `"),
            (deleted(Known::Known(None)), "The vault `kv` is deleted."),
            (deleted(odd()), "can't tell when Azure purges it"),
            (
                deleted(Known::Known(Some(days(7)))),
                "purges it permanently on 2026-03-09",
            ),
        ] {
            observed.preconditions.deleted_vault = seen;
            let found = absent_vault(&target, &observed);
            assert!(found.message.contains(message), "{}", found.message);
            assert_eq!((found.code, found.severity), ("CMK046", Severity::Block));
        }
    }
}
