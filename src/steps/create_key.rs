//! Creates a key that does not exist yet, after its vault and resource group if these are missing.
//! Existing resources are never changed: if one does not fit, a finding says why.

use super::evidence::{NewVaultEvidence, take};
use super::new_key::{differences, ended, sku};
use super::{Whose, finding, key, preconditions, unknown, unseen, who};
use crate::model::finding::{Finding, Severity};
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::key_ids::KeyName;
use crate::model::known::Known;
use crate::model::making::NameCheck;
use crate::model::new_key::{BITS, NewKey, Shape, VAULT_KEEPS, VaultShape};
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::preconditions::Deleted;
use crate::model::protection::{Key, Network, Validity, Vault};
use crate::model::remedy::Setting;
use crate::model::seen::{Seen, Unreadable};
use crate::model::target::Target;

/// The whole step; empty if no key is to be created.
pub fn plan(target: &Target, observed: &Observed) -> Plan {
    let (Some(wish), Some(vault), Some(key)) = (&target.new_key, &target.vault, &target.key) else {
        return Plan::default();
    };
    let mut plan = Plan::default();
    of_vault((wish, vault), observed, &mut plan);
    of_key((wish, vault, key), observed, &mut plan);
    let after = afterwards(target, observed);
    // The findings already explain a vault that neither exists nor gets created.
    let explained = !plan.findings.is_empty() && after.vault().is_none();
    if !explained {
        let found = key::check(target, &after, Whose::Own);
        plan.findings.extend(found);
    }
    let preconditions = preconditions::check(target, &after, &plan.actions);
    plan.findings.extend(preconditions);
    plan
}

/// This step, if a key is to be created, then the steps that depend on it. `rest` plans over the
/// snapshot as it will be.
pub fn first(target: &Target, observed: &Observed, rest: impl FnOnce(&Observed) -> Plan) -> Plan {
    let mut plan = self::plan(target, observed);
    let after = target
        .new_key
        .is_some()
        .then(|| afterwards(target, observed));
    plan.join(rest(after.as_ref().unwrap_or(observed)));
    plan
}

/// The snapshot as it will be after this plan, for the later steps of the same run.
pub fn afterwards(target: &Target, observed: &Observed) -> Observed {
    let mut after = observed.clone();
    let (Some(wish), Some(id), Some(name)) = (&target.new_key, &target.vault, &target.key) else {
        return after;
    };
    // If the vault is not visible, its keys are not known either.
    let seen = matches!(after.vault, Some(Seen::Present(_) | Seen::Absent));
    if !seen && after.key_is_absent() {
        let why = Unreadable::because("the vault of the key is not known");
        after.key = Some(Seen::Unreadable(why));
    }
    if comes(observed, id)
        && let Seen::Present(tenant) = &observed.making.tenant
    {
        after.vault = Some(Seen::Present(made_vault(wish, id, tenant)));
        after.preconditions.vault_rights = observed.making.rights.clone();
    }
    if after.vault().is_some() && key_comes(observed) {
        after.key = Some(Seen::Present(made_key(observed, wish, id, name)));
    }
    if !observed.making.scope.is_empty() {
        // A group that does not exist yet has no rights and no locks: use those of its scope.
        after.preconditions.vault_locks = Some(observed.making.locks.clone());
        let same = |policy: &ArmId| policy.group_scope().eq_ignore_ascii_case(&id.group_scope());
        if observed.making.group.is_absent() && target.policy.as_ref().is_some_and(same) {
            after.preconditions.group_rights = observed.making.rights.clone();
            after.preconditions.group_locks = observed.making.locks.clone();
            // Azure can't validate a creation in a group that does not exist yet.
            after.preconditions.validation = Seen::Absent;
        }
    }
    after
}

/// Will this plan create the vault, according to the service's answers?
fn comes(observed: &Observed, vault: &ArmId) -> bool {
    vault.kind == ResourceKind::Vault
        && matches!(observed.vault, Some(Seen::Absent))
        && observed.making.name == Seen::Present(NameCheck::Free)
        && observed.preconditions.deleted_vault.present().is_none()
}

/// Is there no key of this name, deleted or not? A deleted key is recovered, not created again. If
/// the list of deleted keys is refused, the service itself refuses a duplicate.
fn key_comes(observed: &Observed) -> bool {
    let in_vault = observed.vault().is_some();
    (!in_vault || observed.key_is_absent())
        && observed.preconditions.deleted_key.present().is_none()
}

fn made_vault(wish: &NewKey, id: &ArmId, tenant: &str) -> Vault {
    let network = if wish.closed {
        Network::TrustedServices
    } else {
        Network::Open
    };
    Vault {
        id: id.clone(),
        region: Known::Unknown("the vault does not exist yet".to_owned()),
        uri: String::new(),
        tenant_id: Known::Known(tenant.to_owned()),
        rbac: Known::Known(true),
        soft_delete: Known::Known(true),
        retention_days: Known::Known(VAULT_KEEPS),
        purge_protection: Known::Known(true),
        network: Known::Known(network),
        access_policies: Known::Known(Vec::new()),
    }
}

fn made_key(observed: &Observed, wish: &NewKey, vault: &ArmId, name: &KeyName) -> Key {
    let shape = shape(wish, vault);
    Key {
        name: name.to_string(),
        kty: shape.kty().into(),
        bits: Known::Known(shape.bits),
        version: Known::Unknown("the key does not exist yet".to_owned()),
        validity: Validity {
            enabled: Known::Known(true),
            created: Known::Known(observed.at),
            not_before: Known::Known(None),
            // A past expiry date has a finding already (`CMK051`).
            expires: Known::Known(shape.expires.filter(|end| *end > observed.at)),
        },
        rotation: Known::Unknown("the key does not exist yet".to_owned()),
        source: "this plan",
    }
}

/// A managed HSM holds hardware keys only.
fn shape(wish: &NewKey, vault: &ArmId) -> Shape {
    Shape {
        bits: wish.bits.unwrap_or(BITS),
        hsm: wish.hsm_protected || vault.kind == ResourceKind::ManagedHsm,
        expires: wish.expires,
        tags: wish.tags.clone(),
        rotation: wish.rotation.clone(),
    }
}

fn of_vault((wish, vault): (&NewKey, &ArmId), observed: &Observed, plan: &mut Plan) {
    match &observed.vault {
        Some(Seen::Present(found)) => plan
            .already
            .push(format!("The vault `{}` exists", found.id.name)),
        // cmkctl creates no managed HSM, because people must keep its security domain. The checks
        // of the key report a missing HSM and a deleted vault.
        Some(Seen::Absent) if vault.kind == ResourceKind::Vault => {
            if observed.preconditions.deleted_vault.present().is_none() {
                new_vault((wish, vault), observed, plan);
            }
        }
        Some(Seen::Absent | Seen::Unreadable(_)) | None => {}
    }
}

/// The vault, after its resource group.
fn new_vault((wish, vault): (&NewKey, &ArmId), observed: &Observed, plan: &mut Plan) {
    let found = [
        subscription(vault, observed),
        name(vault, observed),
        unread_group(vault, observed),
        unread_deleted(
            vault.to_string(),
            &format!("Whether a deleted vault has the name `{}`", vault.name),
            &observed.preconditions.deleted_vault,
        ),
    ];
    plan.findings.extend(found.into_iter().flatten());
    let region = wish.region.clone().or_else(|| {
        let group = observed.making.group.present();
        group.cloned()
    });
    let Some(region) = region else {
        if plan.findings.is_empty() {
            plan.findings.push(no_region(vault));
        }
        return;
    };
    if observed.making.group.is_absent() && plan.findings.is_empty() {
        plan.actions.push(Action::CreateGroup {
            subscription: vault.subscription.clone(),
            group: vault.group.clone(),
            region: region.clone(),
        });
    }
    let gathered = NewVaultEvidence::gather(observed, vault);
    let tenant = gathered
        .as_ref()
        .map(|evidence| evidence.tenant().to_owned());
    let shape = VaultShape {
        region,
        tenant: tenant.unwrap_or_default(),
        premium: wish.hsm_protected,
        closed: wish.closed,
    };
    take(plan, gathered, |evidence| Action::CreateVault {
        vault: vault.clone(),
        shape,
        evidence,
    });
}

fn subscription(vault: &ArmId, observed: &Observed) -> Option<Finding> {
    let subject = &vault.subscription;
    match &observed.making.tenant {
        Seen::Present(_) => None,
        Seen::Absent => Some(finding(
            "CMK037",
            Severity::Block,
            subject,
            format!("The subscription {subject} can't be found."),
            "Check the subscription id in the vault's id. Check that you are signed in to the \
                tenant of that subscription.",
            who::KEY_VAULT,
        )),
        Seen::Unreadable(why) => {
            let of = (who::KEY_VAULT, Whose::Own);
            Some(unseen(
                "CMK037",
                subject,
                "The tenant of the subscription",
                why,
                of,
            ))
        }
    }
}

/// A vault name is unique in the whole cloud.
fn name(vault: &ArmId, observed: &Observed) -> Option<Finding> {
    let (id, name) = (vault.to_string(), &vault.name);
    let what = format!("Whether the vault name `{name}` is available");
    let NameCheck::Taken { reason, message } = (match &observed.making.name {
        Seen::Present(check) => check,
        Seen::Unreadable(why) => {
            let of = (who::KEY_VAULT, Whose::Own);
            return Some(unseen("CMK049", id, &what, why, of));
        }
        Seen::Absent => {
            let why = "the service does not offer this check";
            return Some(unknown("CMK049", id, &what, why, who::KEY_VAULT));
        }
    }) else {
        return None;
    };
    // If deleted vaults can't be listed, the name may belong to one of them.
    let deleted = match &observed.preconditions.deleted_vault {
        Seen::Unreadable(_) => format!(
            " If your own deleted vault has this name, recover it: `az keyvault recover --name \
            {name} \
            --subscription {}`.",
            vault.subscription
        ),
        Seen::Absent | Seen::Present(_) => String::new(),
    };
    let reason_text = message.trim_end_matches(['.', ' ']);
    Some(finding(
        "CMK049",
        Severity::Block,
        id,
        format!("The vault name `{name}` can't be used ({reason}: {reason_text})."),
        format!("Choose another name: `--vault NAME`.{deleted}"),
        who::KEY_VAULT,
    ))
}

fn unread_group(vault: &ArmId, observed: &Observed) -> Option<Finding> {
    let why = observed.making.group.unreadable()?;
    let what = format!("Whether the resource group `{}` exists", vault.group);
    let of = (who::KEY_VAULT, Whose::Own);
    Some(unseen("CMK050", vault.group_scope(), &what, why, of))
}

/// A deleted key or vault is recovered, not created again. If this caller may not see it (403), the
/// service refuses the duplicate. Any other failed read is `Unknown`.
fn unread_deleted(subject: String, what: &str, deleted: &Seen<Deleted>) -> Option<Finding> {
    let why = deleted.unreadable().filter(|why| !why.forbidden)?;
    let of = (who::KEY_VAULT, Whose::Own);
    Some(unseen("CMK046", subject, what, why, of))
}

fn no_region(vault: &ArmId) -> Finding {
    finding(
        "CMK050",
        Severity::Block,
        vault.group_scope(),
        format!(
            "The resource group `{}` does not exist, and you did not pass a region for the group \
                and the vault.",
            vault.group
        ),
        Setting::Region,
        who::KEY_VAULT,
    )
}

fn of_key((wish, vault, name): (&NewKey, &ArmId, &KeyName), observed: &Observed, plan: &mut Plan) {
    if let Some(found) = observed.key() {
        let differences = differences((wish, vault), found, observed);
        if differences.is_empty() {
            let what = format!("The key `{name}` exists in `{}`", vault.name);
            plan.already.push(what);
        }
        return plan.findings.extend(differences);
    }
    let vault_comes = comes(observed, vault) && plan.findings.is_empty();
    let vault_is_there = observed.vault().is_some();
    if !key_comes(observed) || !(vault_comes || vault_is_there) {
        return;
    }
    if vault_is_there {
        let what = format!("Whether the key `{name}` is deleted");
        let deleted = unread_deleted(name.to_string(), &what, &observed.preconditions.deleted_key);
        plan.findings.extend(deleted);
        let premium = wish.hsm_protected.then_some(&observed.making.premium);
        plan.findings
            .extend(premium.and_then(|availability| sku(vault, availability)));
    }
    plan.findings.extend(ended(wish, name, observed));
    plan.actions.push(Action::CreateKey {
        vault: vault.clone(),
        key: name.clone(),
        shape: shape(wish, vault),
    });
}

#[cfg(test)]
mod tests {
    use super::super::samples::{Row, all, hidden, id, key, odd, on, rows, silent, told};
    use super::*;
    use crate::model::making::Making;
    use crate::model::new_key::{Period, Rotation};
    use crate::model::rights::Permission;

    /// Nothing exists, but the caller may create everything.
    fn nothing(target: &mut Target, observed: &mut Observed) {
        target.new_key = Some(NewKey {
            region: Some("westeurope".to_owned()),
            ..NewKey::default()
        });
        observed.vault = Some(Seen::Absent);
        observed.key = None;
        observed.preconditions.deleted_vault = Seen::Absent;
        observed.making = Making {
            tenant: Seen::Present("t".to_owned()),
            group: Seen::Absent,
            name: Seen::Present(NameCheck::Free),
            scope: "/subscriptions/s".to_owned(),
            rights: observed.preconditions.vault_rights.clone(),
            locks: all(Vec::new()),
            ..Making::default()
        };
    }

    /// The vault exists, the key does not.
    fn no_key(target: &mut Target, observed: &mut Observed) {
        let vault = observed.vault.clone();
        nothing(target, observed);
        (observed.vault, observed.key) = (vault, Some(Seen::Absent));
        observed.preconditions.deleted_key = Seen::Absent;
        observed.making.premium = Known::Known(false);
    }

    fn wish(target: &mut Target) -> &mut NewKey {
        target.new_key.get_or_insert_default()
    }

    fn yearly() -> Rotation {
        Rotation {
            every: Period::parse("1y").unwrap(),
            lasts: None,
            notify: None,
        }
    }

    const WHAT_IS_NOT_THERE: &[Row] = &[
        (
            "nothing",
            |t, o| nothing(t, o),
            &["> create-group", "> create-vault", "> create-key"],
        ),
        (
            "the group, which says the region",
            |t, o| {
                nothing(t, o);
                wish(t).region = None;
                o.making.group = Seen::Present("westeurope".to_owned());
            },
            &["> create-vault", "> create-key"],
        ),
        (
            "no region",
            |t, o| {
                nothing(t, o);
                wish(t).region = None;
            },
            &["CMK050 block"],
        ),
        (
            "the name is taken",
            |t, o| {
                nothing(t, o);
                o.making.name = Seen::Present(NameCheck::Taken {
                    reason: "AlreadyExists".to_owned(),
                    message: "It is taken.".to_owned(),
                });
            },
            &["CMK049 block", "withheld"],
        ),
        (
            "nobody answers for the name",
            |t, o| {
                nothing(t, o);
                o.making.name = silent();
            },
            &["CMK049 unknown", "withheld"],
        ),
        (
            "a deleted vault",
            |t, o| {
                nothing(t, o);
                o.preconditions.deleted_vault = Seen::Present(Deleted::default());
            },
            &["CMK046 block"],
        ),
        (
            "a hidden list of deleted vaults",
            |t, o| {
                nothing(t, o);
                o.preconditions.deleted_vault = hidden();
            },
            &["> create-group", "> create-vault", "> create-key"],
        ),
        (
            "a silent list of deleted vaults",
            |t, o| {
                nothing(t, o);
                o.preconditions.deleted_vault = silent();
            },
            &["CMK046 unknown", "> create-vault"],
        ),
        (
            "a silent vault",
            |t, o| {
                nothing(t, o);
                o.vault = Some(silent());
            },
            &["CMK011 unknown"],
        ),
        (
            "a silent group",
            |t, o| {
                nothing(t, o);
                o.making.group = silent();
            },
            &["CMK050 unknown", "> create-vault"],
        ),
        (
            "no subscription",
            |t, o| {
                nothing(t, o);
                o.making.tenant = Seen::Absent;
            },
            &["CMK037 block", "withheld"],
        ),
        (
            "no right",
            |t, o| {
                nothing(t, o);
                o.making.rights = all(vec![Permission::default()]);
            },
            &[
                "CMK045 block",
                "CMK045 block",
                "CMK045 block",
                "> create-group",
                "> create-vault",
                "> create-key",
            ],
        ),
        (
            "a managed HSM",
            |t, o| {
                nothing(t, o);
                t.vault = Some(id(ResourceKind::ManagedHsm, "hsm"));
            },
            &["CMK046 block"],
        ),
        (
            "another tenant",
            |t, o| {
                nothing(t, o);
                o.making.tenant = Seen::Present("other".to_owned());
            },
            &[
                "CMK043 block",
                "> create-group",
                "> create-vault",
                "> create-key",
            ],
        ),
    ];

    const WHAT_IS_THERE: &[Row] = &[
        ("nobody asks for a key", |_, _| {}, &[]),
        (
            "all there",
            |t, _| {
                wish(t);
            },
            &["done", "done"],
        ),
        ("no key", no_key, &["> create-key", "done"]),
        (
            "an end that has passed",
            |t, o| {
                no_key(t, o);
                wish(t).expires = Some(o.at);
            },
            &["CMK051 block", "> create-key", "done"],
        ),
        (
            "an end that has passed, of a key that is there",
            |t, o| wish(t).expires = Some(o.at),
            &["done", "done"],
        ),
        (
            "a deleted key",
            |t, o| {
                no_key(t, o);
                o.preconditions.deleted_key = Seen::Present(Deleted::default());
            },
            &["CMK046 block", "done"],
        ),
        (
            "whether it was deleted is hidden",
            |t, o| {
                no_key(t, o);
                o.preconditions.deleted_key = hidden();
            },
            &["> create-key", "done"],
        ),
        (
            "nobody answers whether it was deleted",
            |t, o| {
                no_key(t, o);
                o.preconditions.deleted_key = silent();
            },
            &["CMK046 unknown", "> create-key", "done"],
        ),
        (
            "a hidden key",
            |t, o| {
                no_key(t, o);
                o.key = Some(hidden());
            },
            &["CMK015 unknown", "done"],
        ),
        (
            "hardware in a standard vault",
            |t, o| {
                no_key(t, o);
                wish(t).hsm_protected = true;
            },
            &["CMK051 block", "> create-key", "done"],
        ),
        (
            "hardware in who knows what",
            |t, o| {
                no_key(t, o);
                wish(t).hsm_protected = true;
                o.making.premium = odd();
            },
            &["CMK051 unknown", "> create-key", "done"],
        ),
        (
            "a vault that does not do",
            |t, o| {
                no_key(t, o);
                on(&mut o.vault, |vault| {
                    vault.purge_protection = Known::Known(false)
                });
            },
            &["CMK011 block", "> create-key", "done"],
        ),
        (
            "another size",
            |t, _| wish(t).bits = Some(2048),
            &["CMK051 block", "done"],
        ),
        (
            "software instead of hardware",
            |t, _| wish(t).hsm_protected = true,
            &["CMK051 block", "done"],
        ),
        (
            "the same rotation",
            |t, o| {
                wish(t).rotation = Some(yearly());
                let months = Period::parse("12m").unwrap();
                o.making.rotation = Known::Known(Some(Rotation {
                    every: months,
                    notify: Some(Period::days(30)),
                    ..yearly()
                }));
            },
            &["done", "done"],
        ),
        (
            "no rotation",
            |t, o| {
                wish(t).rotation = Some(yearly());
                o.making.rotation = Known::Known(None);
            },
            &["CMK051 block", "done"],
        ),
        (
            "a rotation that nobody read",
            |t, _| wish(t).rotation = Some(yearly()),
            &["CMK051 unknown", "done"],
        ),
    ];

    #[test]
    fn what_is_not_there_is_made_in_order() {
        rows(WHAT_IS_NOT_THERE, |t, o| told(&plan(t, o)));
    }

    #[test]
    fn what_is_there_is_never_changed() {
        rows(WHAT_IS_THERE, |t, o| told(&plan(t, o)));
    }

    #[test]
    fn the_steps_behind_it_find_what_it_makes() {
        let (mut target, mut observed) = super::super::samples::well();
        nothing(&mut target, &mut observed);
        let after = afterwards(&target, &observed);
        assert_eq!(
            after.key().map(|planned| planned.bits.clone()),
            Some(key().bits)
        );
        assert!(after.vault().is_some());
        observed.making.name = silent();
        assert!(afterwards(&target, &observed).vault().is_none());
    }
}
