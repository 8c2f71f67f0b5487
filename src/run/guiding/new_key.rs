//! A new key: in which vault, and what it is called. Nothing is made here: the answers are what the
//! flags of `create-key` say.

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

/// Asks for everything that a new key takes and was not said. Why this account can't make one,
/// where it can't.
///
/// # Errors
/// Somebody stopped; a sign-in is refused.
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

/// A vault that is there and does, or a new one.
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
        .map(|gap| format!(" There may be more: {gap}."));
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

/// What the key is called: no key of the vault is.
async fn key(about: &About<'_>, vault: &ArmId, out: &mut Out) -> Result<KeyName> {
    let there = key_names(&about.context.reader(), vault).await?;
    let taken = |name: &str| there.iter().any(|own| own.eq_ignore_ascii_case(name));
    let name = about.name(KEY, 60);
    let names = std::iter::once(name.clone()).chain((2..).map(|n| format!("{name}-{n}")));
    let free = { names }.find(|name| !taken(name));
    let read = async |typed: &str| {
        if taken(typed) {
            let what = format!("`{}` has a key `{typed}` already.", vault.name);
            return Err(Error::usage(what).hint("Type another name."));
        }
        KeyName::parse(typed).map_err(|bad| Error::usage(bad.message).hint(bad.fix))
    };
    word("Name of the new key", free.as_deref(), read, out).await
}
