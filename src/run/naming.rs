//! Resolves names to ids.

use crate::cloud::Reader;
use crate::config::{AboutWhat, Typed, TypedKey};
use crate::error::{Error, Result};
use crate::model::at_hand::Named;
use crate::model::ids::{ArmId, ResourceKind, parse_guid};
use crate::observe::{
    policy_named, principal_named, subscription_named, vault_if_there, vault_named,
};
use crate::report::Out;

/// The ids of the names.
#[derive(Debug, Default)]
pub(super) struct Understood {
    pub(super) policy: Option<ArmId>,
    pub(super) vault: Option<ArmId>,
    pub(super) readers: Vec<String>,
}

/// Looks up what the caller gave by name only. A new policy goes into the vault's resource group.
pub(super) async fn named(
    reader: &Reader,
    about: &AboutWhat,
    typed: &Typed,
    out: &mut Out,
) -> Result<Understood> {
    let without_vault = typed.without_vault;
    let (mut policy, mut new) = (None, None);
    match &about.policy {
        None => {}
        Some(Named::Id(id)) => policy = Some(id.clone()),
        Some(Named::Name(name)) => match policy_named(reader, name).await? {
            Ok(id) => {
                out.say(&format!("`--policy {name}` is {id}"));
                policy = Some(id);
            }
            Err(error) if without_vault => return Err(error),
            Err(error) => new = Some((name, error)),
        },
    }
    let vault = match &about.vault {
        None => None,
        Some(Named::Id(id)) => {
            if let Some(key) = &typed.new_key {
                fits(id, key)?;
            }
            Some(id.clone())
        }
        Some(Named::Name(_)) if without_vault => None,
        Some(Named::Name(name)) => {
            let id = match &typed.new_key {
                Some(key) => to_be(reader, name, key).await?,
                None => vault_named(reader, name).await?,
            };
            out.say(&format!("`--vault {name}` is {id}"));
            Some(id)
        }
    };
    let policy = match new {
        None => policy,
        Some((name, error)) => Some(beside(name, vault.as_ref(), error)?),
    };
    let mut readers = Vec::new();
    for typed in &about.readers {
        readers.push(reader_id(reader, typed, out).await?);
    }
    Ok(Understood {
        policy,
        vault,
        readers,
    })
}

/// The object id of a reader. Prints how it understood a name.
///
/// # Errors
/// No principal has the name, several have it, or the lookup fails.
pub(super) async fn reader_id(reader: &Reader, typed: &str, out: &mut Out) -> Result<String> {
    if let Some(id) = parse_guid(typed) {
        return Ok(id);
    }
    let (id, name) = principal_named(reader, typed).await?;
    out.say(&format!("`--reader {typed}` is {id} ({name})"));
    Ok(id)
}

/// The id of an existing vault, or of a new one in its place.
async fn to_be(reader: &Reader, name: &str, key: &TypedKey) -> Result<ArmId> {
    if let Some(id) = vault_if_there(reader, name).await? {
        fits(&id, key)?;
        return Ok(id);
    }
    names_a_vault(name)?;
    let Some(group) = &key.group else {
        let what = format!("No vault with the name `{name}` is visible to you.");
        return Err(Error::usage(what)
            .hint("To create the vault, pass `--resource-group NAME`.")
            .hint("cmkctl also creates a missing resource group."));
    };
    let subscription = subscription_named(reader, key.subscription.as_deref()).await?;
    let id = ArmId::new(&subscription, group, ResourceKind::Vault, name);
    id.map_err(|bad| Error::usage(bad.message).hint(bad.fix))
}

/// Is this a valid vault name? It may be taken.
///
/// # Errors
/// Usage: no vault can have this name.
pub(super) fn names_a_vault(name: &str) -> Result<()> {
    let is_name = |ch: char| ch.is_ascii_alphanumeric() || ch == '-';
    if (3..=24).contains(&name.len()) && name.chars().all(is_name) {
        return Ok(());
    }
    let what = format!("`{}` is not a valid vault name.", name.escape_debug());
    Err(Error::usage(what)
        .hint("A vault name has 3 to 24 letters, digits and hyphens, and begins with a letter."))
}

/// Is the vault in the given group and subscription? A subscription given by name is not looked up
/// for this.
fn fits(vault: &ArmId, key: &TypedKey) -> Result<()> {
    let group = key.group.as_ref();
    let subscription = key.subscription.as_deref().and_then(parse_guid);
    let elsewhere = group.is_some_and(|group| !group.eq_ignore_ascii_case(&vault.group))
        || subscription.is_some_and(|subscription| subscription != vault.subscription);
    if !elsewhere {
        return Ok(());
    }
    let what = format!(
        "The vault `{}` is in another resource group or subscription: {vault}",
        vault.name
    );
    Err(Error::usage(what).hint(
        "To use this vault, leave out `--resource-group` and `--subscription`. To create a vault, \
        pass another name.",
    ))
}

/// The id of a new policy, in the vault's subscription and resource group.
fn beside(name: &str, vault: Option<&ArmId>, error: Error) -> Result<ArmId> {
    let Some(vault) = vault else {
        let place = "To create a policy, pass the policy's id, or pass its name and `--vault`.";
        return Err(error.hint(place));
    };
    let kind = ResourceKind::EnterprisePolicy;
    let id = ArmId::new(&vault.subscription, &vault.group, kind, name);
    id.map_err(|bad| Error::usage(bad.message).hint(bad.fix))
}
