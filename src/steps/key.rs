//! The key and its vault: will they carry the environments, and keep carrying them?

use super::{finding, not_visible, who};
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ResourceKind;
use crate::model::observed::{Key, Observed, Seen, Vault};
use crate::model::surroundings::Deleted;
use crate::model::target::Target;
use jiff::{SignedDuration, Timestamp};

/// A key that expires sooner than this is worth a warning.
pub const EXPIRY_WARNING: SignedDuration = SignedDuration::from_hours(60 * 24);
/// Old keys must outlive 28 days after a rotation and 30 days after a removal; a vault that forgets sooner can lose one (inferred).
const RETENTION_DAYS: u32 = 30;

/// Everything about vault and key that the snapshot shows.
pub fn check(target: &Target, observed: &Observed) -> Vec<Finding> {
    let mut found = Vec::new();
    let vault_name = target.vault.as_ref().map(ToString::to_string).unwrap_or_default();
    match &observed.vault {
        Seen::Present(vault) => found.extend(check_vault(vault, observed)),
        Seen::Absent => found.push(absent_vault(target, &observed.around.deleted_vault)),
        Seen::Unreadable(why) => found.push(not_visible("CMK011", &vault_name, "The vault", &why.why, who::KEY_VAULT)),
        Seen::NotAsked => {}
    }
    let key_name = target.key.as_ref().map(ToString::to_string).unwrap_or_default();
    match &observed.key {
        Seen::Present(key) => found.extend(check_key(key, &at_vault(target, observed), observed.at)),
        Seen::Absent => {
            found.push(absent_key(&key_name, &at_vault(target, observed), &observed.around.deleted_key));
        }
        Seen::Unreadable(why) => found.push(not_visible("CMK015", &key_name, "The key", &why.why, who::KEY_VAULT)),
        Seen::NotAsked => {}
    }
    if let Some(version) = &target.key_version {
        found.push(finding(
            "CMK017",
            Severity::Warn,
            &key_name,
            format!("The policy is pinned to version {}, so rotating the key changes nothing.", version.as_str()),
            "Leave out `--key-version`.",
            who::KEY_VAULT,
        ));
    }
    found
}

/// `--vault-name NAME`, as `az keyvault key` takes it.
fn at_vault(target: &Target, observed: &Observed) -> String {
    let id = observed.vault.present().map(|vault| &vault.id).or(target.vault.as_ref());
    match id {
        Some(id) if id.kind == ResourceKind::ManagedHsm => format!("--hsm-name {}", id.name),
        Some(id) => format!("--vault-name {}", id.name),
        None => "--vault-name VAULT".to_owned(),
    }
}

fn absent_vault(target: &Target, deleted: &Seen<Deleted>) -> Finding {
    let id = target.vault.as_ref().map(ToString::to_string).unwrap_or_default();
    let hsm = target.vault.as_ref().is_some_and(|vault| vault.kind == ResourceKind::ManagedHsm);
    let (message, remedy) = match deleted {
        Seen::Present(deleted) => {
            let flag = if hsm { "--hsm-name" } else { "--name" };
            (
                format!("The vault `{}` is deleted{}.", deleted.name, until(deleted)),
                format!("Recover it, do not create it anew: `az keyvault recover {flag} {}`.", deleted.name),
            )
        }
        Seen::Absent => (
            format!("There is no vault `{id}`, and no deleted one of that name."),
            "Check the id: `az keyvault list --query [].id`.".to_owned(),
        ),
        _ => (
            format!("There is no vault `{id}`."),
            "Check the id; a deleted vault of that name must be recovered, not created anew: `az keyvault list-deleted`.".to_owned(),
        ),
    };
    finding("CMK046", Severity::Block, id, message, remedy, who::KEY_VAULT)
}

fn absent_key(name: &str, at_vault: &str, deleted: &Seen<Deleted>) -> Finding {
    let create = format!("az keyvault key create --kty RSA --size 3072 --name {name} {at_vault}");
    let (message, remedy) = match deleted {
        Seen::Present(deleted) => (
            format!("The key `{name}` is deleted{}.", until(deleted)),
            format!("Recover it: `az keyvault key recover --name {name} {at_vault}`."),
        ),
        Seen::Absent => {
            (format!("There is no key `{name}` in the vault, and no deleted one."), format!("Create it: `{create}`."))
        }
        _ => (
            format!("There is no key `{name}` in the vault."),
            format!(
                "Create it (`{create}`), or recover it if it was deleted: `az keyvault key list-deleted {at_vault}`."
            ),
        ),
    };
    finding("CMK046", Severity::Block, name, message, remedy, who::KEY_VAULT)
}

fn until(deleted: &Deleted) -> String {
    deleted.purged.map_or(String::new(), |purged| format!("; it is purged for good on {}", purged.strftime("%Y-%m-%d")))
}

fn check_vault(vault: &Vault, observed: &Observed) -> Vec<Finding> {
    let mut found = Vec::new();
    let id = vault.id.to_string();
    let name = &vault.id.name;
    let noun = if vault.id.kind == ResourceKind::ManagedHsm { "managed HSM" } else { "vault" };
    let update = if vault.id.kind == ResourceKind::ManagedHsm {
        "az keyvault update-hsm --hsm-name"
    } else {
        "az keyvault update --name"
    };
    let mut block = |code, severity, message: String, remedy: String| {
        found.push(finding(code, severity, &id, message, remedy, who::KEY_VAULT));
    };
    if !vault.soft_delete {
        block(
            "CMK011",
            Severity::Block,
            format!("Soft delete is off on the {noun} `{name}`."),
            format!("{update} {name} --enable-soft-delete true"),
        );
    }
    if !vault.purge_protection {
        block(
            "CMK011",
            Severity::Block,
            format!("Purge protection is off on the {noun} `{name}`; once it is on, it can never be turned off again."),
            format!("{update} {name} --enable-purge-protection true"),
        );
    }
    if vault.retention_days.is_some_and(|days| days < RETENTION_DAYS) {
        let days = vault.retention_days.unwrap_or_default();
        block(
            "CMK047",
            Severity::Warn,
            format!("The {noun} `{name}` keeps deleted keys {days} days; old keys must outlive 28 to 30 days."),
            "It can't be changed later: never delete a key version before `cmkctl` or the 30 days allow it.".to_owned(),
        );
    }
    let closed = !vault.public_access || vault.default_deny;
    if closed && !vault.bypass_azure {
        block(
            "CMK018",
            Severity::Block,
            format!(
                "The firewall of the {noun} `{name}` does not let trusted Microsoft services pass: every environment would be locked."
            ),
            format!("{update} {name} --bypass AzureServices"),
        );
    }
    let tenant = observed.environment.present().and_then(|environment| environment.tenant_id.as_ref());
    if let (Some(own), Some(other)) = (&vault.tenant_id, tenant)
        && !own.eq_ignore_ascii_case(other)
    {
        block(
            "CMK043",
            Severity::Block,
            format!("The {noun} `{name}` belongs to tenant {own}, the environment to tenant {other}."),
            "Use a vault in the environment's tenant.".to_owned(),
        );
    }
    found
}

fn check_key(key: &Key, at_vault: &str, now: Timestamp) -> Vec<Finding> {
    let mut found = Vec::new();
    let name = &key.name;
    let mut add = |code, severity, message: String, remedy: String| {
        found.push(finding(code, severity, name, message, remedy, who::KEY_VAULT));
    };
    let create =
        format!("Create an RSA key: `az keyvault key create --kty RSA --size 3072 --name NEW_NAME {at_vault}`.");
    if !["RSA", "RSA-HSM"].contains(&key.kty.as_str()) {
        add(
            "CMK015",
            Severity::Block,
            format!("The key `{name}` is of type `{}`; only RSA and RSA-HSM work.", key.kty),
            create.clone(),
        );
    } else {
        match key.bits {
            Some(2048 | 3072) => {}
            Some(4096) => add(
                "CMK015",
                Severity::Warn,
                format!(
                    "The key `{name}` has 4096 bits; Microsoft's page for customer-managed keys lists 2048 and 3072 only."
                ),
                "Prefer 3072 bits.".to_owned(),
            ),
            Some(bits) => add(
                "CMK015",
                Severity::Block,
                format!("The key `{name}` has {bits} bits; 2048 or 3072 are needed."),
                create.clone(),
            ),
            None => add(
                "CMK015",
                Severity::NotVisible,
                format!("The size of the key `{name}` is not visible to you: {} did not say.", key.source),
                "Ask the Key Vault administrator for its size.".to_owned(),
            ),
        }
    }
    match key.enabled {
        Some(true) => {}
        Some(false) => add(
            "CMK016",
            Severity::Block,
            format!("The key `{name}` is disabled."),
            format!("az keyvault key set-attributes --name {name} --enabled true {at_vault}"),
        ),
        None => add(
            "CMK016",
            Severity::NotVisible,
            format!("Whether the key `{name}` is enabled is not visible to you: {} did not say.", key.source),
            "Ask the Key Vault administrator.".to_owned(),
        ),
    }
    let rotate = format!("Rotate it: `az keyvault key rotate --name {name} {at_vault}`.");
    match key.expires {
        Some(expires) if expires <= now => {
            add("CMK016", Severity::Block, format!("The key `{name}` expired on {}.", day(expires)), rotate);
        }
        Some(expires) if expires.duration_since(now) < EXPIRY_WARNING => {
            let days = expires.duration_since(now).as_hours() / 24;
            let message = format!(
                "The key `{name}` expires on {}, in {days} days; then every environment of the policy goes offline.",
                day(expires)
            );
            add("CMK016", Severity::Warn, message, rotate);
        }
        _ => {}
    }
    if let Some(start) = key.not_before.filter(|start| *start > now) {
        add(
            "CMK016",
            Severity::Block,
            format!("The key `{name}` is not valid before {}.", day(start)),
            "Wait, or move its activation date.".to_owned(),
        );
    }
    found
}

fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
