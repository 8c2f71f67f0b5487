//! Host management.azure.com, provider `Microsoft.KeyVault`: names of vaults and managed HSMs. They
//! are unique in the whole cloud, deleted vaults included. Imitated after the public REST
//! reference.

use super::errors::invalid_value;
use super::fields::{Fields, Wrong};
use super::scope::Scope;
use crate::message::{Reply, Request};
use crate::tenant::world::World;
use serde_json::json;

/// Is this a valid vault name?
pub(super) fn is_name(name: &str) -> bool {
    let good = |ch: char| ch.is_ascii_alphanumeric() || ch == '-';
    (3..=24).contains(&name.len())
        && name.chars().all(good)
        && name.starts_with(|ch: char| ch.is_ascii_alphabetic())
        && !name.ends_with('-')
        && !name.contains("--")
}

fn rule(name: &str) -> String {
    format!(
        "The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric \
        characters. The name must begin with a letter, end with a letter or digit, and not \
        contain consecutive hyphens."
    )
}

pub(super) fn invalid_name(name: &str) -> Reply {
    Reply::error(400, "VaultNameNotValid", rule(name))
}

/// The refusal of a taken name. It names a deleted vault only in the same subscription.
pub(super) fn in_use(world: &World, scope: &Scope, name: &str) -> Reply {
    let id = world.vault_id(name);
    let prefix = format!("{}/", scope.subscription_id()).to_ascii_lowercase();
    let deleted = world.vaults.get(name).is_some_and(|vault| vault.deleted);
    if deleted && id.to_ascii_lowercase().starts_with(&prefix) {
        return recoverable();
    }
    Reply::error(409, "VaultAlreadyExists", taken(name))
}

/// The refusal because a deleted vault in this place has the name.
pub(super) fn recoverable() -> Reply {
    let text = "A vault with the same name already exists in deleted state. You need to either \
        recover or purge existing key vault.";
    Reply::error(409, "ConflictError", text)
}

fn taken(name: &str) -> String {
    format!(
        "The vault name '{name}' is already in use. Vault names are globally unique so it is \
        possible that the name is already taken. A vault with the same name may have been deleted \
        and not purged."
    )
}

/// Is the name free for a new vault? `kind` is the resource type that the request must name.
pub(super) fn available(world: &World, request: &Request, kind: &str) -> Reply {
    let body = request.json();
    let asked = Fields::of(&body, "body", &["name", "type"]).and_then(|fields| {
        let name = fields.text("name")?;
        let hsm = kind == "Microsoft.KeyVault/managedHSMs";
        let stated = fields.text("type")?;
        let right = stated.map_or(hsm, |text| text.eq_ignore_ascii_case(kind));
        right
            .then_some(())
            .ok_or_else(|| Wrong("type".to_owned()))?;
        name.ok_or_else(|| Wrong("name".to_owned()))
    });
    let name = match asked {
        Ok(name) => name,
        Err(Wrong(field)) => return invalid_value(&field),
    };
    let (reason, message) = if !is_name(name) {
        ("AccountNameInvalid", rule(name))
    } else if world.vaults.contains_key(&name.to_ascii_lowercase()) {
        ("AlreadyExists", taken(name))
    } else {
        return Reply::json(200, &json!({ "nameAvailable": true }));
    };
    let body = json!({ "nameAvailable": false, "reason": reason, "message": message });
    Reply::json(200, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_of_letters_digits_and_single_hyphens() {
        for (name, good) in [
            ("kv-contoso-cmk", true),
            ("abc", true),
            ("ab", false),
            ("1ab", false),
            ("a--b", false),
            ("ab-", false),
            ("a_b", false),
            ("abcdefghijklmnopqrstuvwxy", false),
        ] {
            assert_eq!(is_name(name), good, "{name}");
        }
    }
}
