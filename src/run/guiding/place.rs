//! The dialog for a new vault: subscription, resource group, region, name and network.

use super::picking::{choose, word};
use super::suggesting::About;
use crate::error::{Error, Kind, Result};
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::known::{Known, Verdict};
use crate::model::making::{MAKES_GROUPS, MAKES_KEYS, MAKES_VAULTS};
use crate::model::new_key::{self, NewKey};
use crate::model::subscription::Group;
use crate::observe::{groups, may, regions, subscription_named, subscriptions_shown, taken};
use crate::report::{Entry, Out};
use crate::run::naming::names_a_vault;
use crate::steps::location::region_in;

/// The place of a new key.
pub(super) enum Place {
    /// In this vault, which may be new.
    Here(ArmId),
    /// This account can't create a key, for this reason.
    MayNot(String),
}

/// Asks for the place and the properties of a new vault. Prints `why` the vault must be new, once a
/// subscription is known.
///
/// # Errors
/// The caller stops, or a sign-in is refused.
pub(super) async fn new_vault(
    about: &About<'_>,
    wish: &mut NewKey,
    why: Option<&str>,
    out: &mut Out,
) -> Result<Place> {
    let subscription = match subscription(about, wish, out).await? {
        Ok(subscription) => subscription,
        Err(why) => return Ok(Place::MayNot(why)),
    };
    if let Some(why) = why {
        out.say(why);
    }
    let (group, region) = match group(about, (wish, &subscription), out).await? {
        Ok(found) => found,
        Err(why) => return Ok(Place::MayNot(why)),
    };
    if wish.region.is_none() {
        let near = (&*subscription, region.as_deref());
        wish.region = Some(self::region(about, near, out).await?);
    }
    let vault = name(about, (&subscription, &group), out).await?;
    if !wish.closed {
        wish.closed = choose("Network access to the new vault:", networks(), out).await?;
    }
    Ok(Place::Here(vault))
}

/// The only subscription, or the picked one. Otherwise why there is none.
async fn subscription(
    about: &About<'_>,
    wish: &NewKey,
    out: &mut Out,
) -> Result<std::result::Result<String, String>> {
    let reader = about.context.reader();
    if wish.subscription.is_some() {
        let named = subscription_named(&reader, wish.subscription.as_deref()).await?;
        return Ok(Ok(named));
    }
    let (all, gaps) = subscriptions_shown(&reader).await?;
    Ok(match &all[..] {
        [] => Err(gaps.first().map_or_else(
            || "Your account sees no Azure subscription.".to_owned(),
            |gap| sentence(gap),
        )),
        [subscription] => Ok(subscription.id.clone()),
        several => {
            let listed = several.iter().map(|subscription| {
                let entry = Entry {
                    label: format!("{} ({})", subscription.name, subscription.id),
                    does: true,
                    ..Entry::default()
                };
                (subscription.id.clone(), entry)
            });
            Ok(choose("Subscription of the new vault:", listed.collect(), out).await?)
        }
    })
}

/// A clause as a sentence.
fn sentence(clause: &str) -> String {
    let mut rest = clause.chars();
    let first = rest.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), rest.as_str())
}

/// The resource group, and its region if it exists. Otherwise why nothing can be created.
async fn group(
    about: &About<'_>,
    (wish, subscription): (&NewKey, &str),
    out: &mut Out,
) -> Result<std::result::Result<(String, Option<String>), String>> {
    let reader = about.context.reader();
    let all_of_it = [MAKES_GROUPS, MAKES_VAULTS, MAKES_KEYS];
    let scope = format!("/subscriptions/{subscription}");
    let anywhere = may(&reader, &scope, &all_of_it).await?;
    let (all, gaps) = groups(&reader, subscription).await?;
    let none = format!(
        "You don't have permission to create a key vault in the subscription {subscription}."
    );
    if anywhere == Verdict::No && all.is_empty() {
        return Ok(Err(none));
    }
    let named = match &wish.group {
        Some(name) => Some(name.clone()),
        None if all.is_empty() => None,
        None => {
            let listed = listed(&all, &gaps, &anywhere);
            choose("Resource group of the new vault:", listed, out).await?
        }
    };
    let name = match named {
        Some(name) => name,
        None => new_group(about, subscription, out).await?,
    };
    let there = all
        .iter()
        .find(|group| group.name.eq_ignore_ascii_case(&name));
    let allowed = match there {
        Some(group) if !anywhere.proven() => {
            let scope = format!("{scope}/resourceGroups/{}", group.name);
            may(&reader, &scope, &[MAKES_VAULTS, MAKES_KEYS]).await?
        }
        Some(_) | None => anywhere,
    };
    if allowed == Verdict::No {
        let what = "You don't have permission to create a key vault in the resource group";
        return Ok(Err(
            there.map_or(none, |group| format!("{what} `{}`.", group.name))
        ));
    }
    Ok(Ok((name, there.map(|group| group.region.clone()))))
}

fn listed(all: &[Group], gaps: &[String], anywhere: &Verdict) -> Vec<(Option<String>, Entry)> {
    let there = all.iter().map(|group| {
        let entry = Entry {
            label: group.name.clone(),
            note: format!("In `{}`.", group.region),
            does: true,
            ..Entry::default()
        };
        (Some(group.name.clone()), entry)
    });
    let gap = gaps
        .first()
        .map(|gap| format!(" There may be more resource groups: {gap}."));
    let note = match anywhere {
        Verdict::No => "You can't create a resource group in this subscription.".to_owned(),
        Verdict::Yes | Verdict::CantTell(_) => "cmkctl creates it.".to_owned(),
    };
    let new = Entry {
        label: "A new resource group…".to_owned(),
        note: note + &gap.unwrap_or_default(),
        does: *anywhere != Verdict::No,
        rank: u8::MAX,
    };
    there.chain([(None, new)]).collect()
}

async fn new_group(about: &About<'_>, subscription: &str, out: &mut Out) -> Result<String> {
    let read = async |typed: &str| {
        ArmId::new(subscription, typed, ResourceKind::Vault, "vault")
            .map(|id| id.group)
            .map_err(|bad| Error::usage(bad.message).hint("Type another name."))
    };
    let default = about.name("rg", 60);
    word("Name of the new resource group", Some(&default), read, out).await
}

/// Asks for the region. The region of the group or of the geography is first in the list.
async fn region(
    about: &About<'_>,
    (subscription, group): (&str, Option<&str>),
    out: &mut Out,
) -> Result<String> {
    let geography = about.location.known();
    let near = geography.and_then(|name| region_in(name));
    let (best, why) = match (group, near, geography) {
        (Some(group), _, _) => (Some(group), "The region of the resource group.".to_owned()),
        (None, Some(near), Some(name)) => (Some(near), format!("Near to `{name}`.")),
        (None, _, _) => (None, String::new()),
    };
    let all = regions(&about.context.reader(), subscription).await?;
    if all.is_empty() {
        let read = async |typed: &str| {
            new_key::region(typed).map_err(|bad| Error::usage(bad.message).hint(bad.fix))
        };
        return word("Azure region of the new vault", best, read, out).await;
    }
    let entries = all.into_iter().map(|region| {
        let is_best = best.is_some_and(|best| best.eq_ignore_ascii_case(&region.name));
        let note = format!("{}. {}", region.shown, if is_best { &why } else { "" });
        let entry = Entry {
            label: region.name.clone(),
            note: note.trim_end().to_owned(),
            does: true,
            rank: u8::from(!is_best),
        };
        (region.name, entry)
    });
    choose("Azure region of the new vault:", entries.collect(), out).await
}

/// Asks for a vault name that is free in the whole cloud.
async fn name(
    about: &About<'_>,
    (subscription, group): (&str, &str),
    out: &mut Out,
) -> Result<ArmId> {
    let reader = about.context.reader();
    let id = |name: &str| {
        names_a_vault(name)?;
        let id = ArmId::new(subscription, group, ResourceKind::Vault, name);
        id.map_err(|bad| Error::usage(bad.message).hint(bad.fix))
    };
    let free = async |name: &str| {
        let vault = id(name)?;
        match taken(&reader, &vault).await? {
            Known::Known(Some(why)) => {
                let what = format!("The vault name `{name}` is not available ({why}).");
                Err(Error::usage(what).hint("Type another name."))
            }
            // The plan reports a name that could not be checked.
            Known::Known(None) | Known::Unknown(_) => Ok(vault),
        }
    };
    // Vault names are shared by the whole cloud, so short names are often taken.
    let id_start = subscription.get(..6).unwrap_or_default();
    let mut offer = None;
    for name in [
        about.name("kv", 24),
        format!("{}-{id_start}", about.name("kv", 17)),
    ] {
        match free(&name).await {
            Ok(_) => {
                offer = Some(name);
                break;
            }
            Err(error) if error.kind == Kind::Usage => {}
            Err(error) => return Err(error),
        }
    }
    word("Name of the new key vault", offer.as_deref(), free, out).await
}

/// The choices for the network. The first is the default of `create-key`.
fn networks() -> Vec<(bool, Entry)> {
    let entry = |label: &str, note: &str| Entry {
        label: label.to_owned(),
        note: note.to_owned(),
        does: true,
        ..Entry::default()
    };
    vec![
        (
            false,
            entry("public", "Every network, for accounts that have a role."),
        ),
        (
            true,
            entry("trusted-services", "Only trusted Microsoft services."),
        ),
    ]
}
