//! The dialog for a new key: its vault and its name. It creates nothing: the answers correspond to
//! the flags of `create-key`.

use super::picking::{choose, word};
use super::place::{Place, new_vault};
use super::suggesting::{About, KEY};
use crate::error::{Error, Result};
use crate::model::ids::ArmId;
use crate::model::key_ids::KeyName;
use crate::model::new_key::NewKey;
use crate::model::target::Target;
use crate::observe::{key_names, vaults};
use crate::report::{Entry, Out};
use crate::steps::fit;

/// Asks for everything about a new key that was not given. Returns why this account can't create
/// one, if it can't.
///
/// # Errors
/// The caller stops, or a sign-in is refused.
pub(super) async fn ask(
    about: &About<'_>,
    target: &mut Target,
    out: &mut Out,
) -> Result<Option<String>> {
    let mut wish = target.new_key.clone().unwrap_or_default();
    if target.vault.is_none() {
        match vault(about, &mut wish, out).await? {
            Place::Here(vault) => target.vault = Some(vault),
            Place::MayNot(why) => return Ok(Some(why)),
        }
    }
    if let (None, Some(vault)) = (&target.key, &target.vault) {
        target.key = Some(key(about, vault, out).await?);
    }
    target.new_key = Some(wish);
    Ok(None)
}

/// Asks for an existing vault that fits, or a new one.
async fn vault(about: &About<'_>, wish: &mut NewKey, out: &mut Out) -> Result<Place> {
    let (all, gaps) = vaults(&about.context.reader()).await?;
    if all.is_empty() {
        let why = "Your account sees no key vault. cmkctl can create one, with a key.";
        return new_vault(about, wish, Some(why), out).await;
    }
    let judged = all.iter().map(|vault| {
        let fit = fit::vault(vault, about.environment);
        let id = &vault.id;
        let place = format!("{}/{}", id.subscription, id.group);
        let entry = Entry {
            label: id.name.clone(),
            note: format!("{} {place}", fit.note()).trim().to_owned(),
            does: fit.does(),
            rank: u8::from(fit != fit::Fit::Well),
        };
        (Some(id.clone()), entry)
    });
    let mut listed: Vec<(Option<ArmId>, Entry)> = judged.collect();
    let gap = gaps
        .first()
        .map(|gap| format!(" There may be more vaults: {gap}."));
    let new = Entry {
        label: "A new vault…".to_owned(),
        note: format!("cmkctl creates it.{}", gap.unwrap_or_default()),
        does: true,
        rank: u8::MAX,
    };
    listed.push((None, new));
    match choose("Vault of the new key:", listed, out).await? {
        Some(vault) => Ok(Place::Here(vault)),
        None => new_vault(about, wish, None, out).await,
    }
}

/// Asks for a key name that the vault does not have yet.
async fn key(about: &About<'_>, vault: &ArmId, out: &mut Out) -> Result<KeyName> {
    let there = key_names(&about.context.reader(), vault).await?;
    let taken = |name: &str| {
        there
            .iter()
            .any(|existing| existing.eq_ignore_ascii_case(name))
    };
    let name = about.name(KEY, 60);
    let names = std::iter::once(name.clone()).chain((2..).map(|n| format!("{name}-{n}")));
    let free = { names }.find(|name| !taken(name));
    let read = async |typed: &str| {
        if taken(typed) {
            let what = format!("The vault `{}` already has a key `{typed}`.", vault.name);
            return Err(Error::usage(what).hint("Type another name."));
        }
        KeyName::parse(typed).map_err(|bad| Error::usage(bad.message).hint(bad.fix))
    };
    word("Name of the new key", free.as_deref(), read, out).await
}
