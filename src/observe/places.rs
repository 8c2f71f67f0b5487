//! The places for a new key: the choices for a person, and the caller's rights there.

use super::reads::ask;
use super::visible::{Visible, subscriptions, visible_vaults};
use crate::cloud::Reader;
use crate::error::Result;
use crate::model::ids::ArmId;
use crate::model::known::{Known, Verdict};
use crate::model::making::NameCheck;
use crate::model::protection::Vault;
use crate::model::rights::{Operation, allows};
use crate::model::seen::Seen;
use crate::model::subscription::{Group, Region, Subscription};

/// The vaults and managed HSMs that the caller sees, by name, and why more may exist.
///
/// # Errors
/// A sign-in is refused.
pub async fn vaults(reader: &Reader) -> Result<(Vec<Vault>, Vec<String>)> {
    let Visible { mut all, gaps } = visible_vaults(reader).await?;
    all.sort_by(|vault, other| vault.id.name.cmp(&other.id.name));
    Ok((all, gaps))
}

/// The subscriptions that the caller sees, and why more may exist.
///
/// # Errors
/// A sign-in is refused.
pub async fn subscriptions_shown(reader: &Reader) -> Result<(Vec<Subscription>, Vec<String>)> {
    let mut gaps = Vec::new();
    let all = subscriptions(reader, &mut gaps).await?;
    Ok((all, gaps))
}

/// The resource groups of a subscription that the caller sees, and why more may exist.
///
/// # Errors
/// A sign-in is refused.
pub async fn groups(reader: &Reader, subscription: &str) -> Result<(Vec<Group>, Vec<String>)> {
    Ok(match ask(reader.groups_in(subscription).await)? {
        Seen::Present(all) => (all.to_vec(), Vec::new()),
        Seen::Absent => (Vec::new(), Vec::new()),
        Seen::Unreadable(why) => {
            let gap = format!("the resource groups can't be listed: {}", why.why);
            (Vec::new(), vec![gap])
        }
    })
}

/// The regions that a subscription may use; empty if they can't be listed.
///
/// # Errors
/// A sign-in is refused.
pub async fn regions(reader: &Reader, subscription: &str) -> Result<Vec<Region>> {
    Ok(match ask(reader.regions_of(subscription).await)? {
        Seen::Present(all) => all.to_vec(),
        Seen::Absent | Seen::Unreadable(_) => Vec::new(),
    })
}

/// Does the caller have all of these rights at a scope?
///
/// # Errors
/// A sign-in is refused.
pub async fn may(reader: &Reader, scope: &str, rights: &[&str]) -> Result<Verdict> {
    let permissions = match ask(reader.permissions(scope).await)? {
        Seen::Present(permissions) => permissions,
        Seen::Unreadable(why) if why.forbidden => return Ok(Verdict::No),
        Seen::Unreadable(why) => return Ok(Verdict::CantTell(why)),
        Seen::Absent => return Ok(Verdict::cant_tell("the service does not know this scope")),
    };
    let also = |so_far: Verdict, right: &&str| {
        so_far.and(|| allows(&permissions, Operation::Control(right)))
    };
    Ok(rights.iter().fold(Verdict::Yes, also))
}

/// Why a vault can't have this name; `Known(None)` if it can. `Unknown` if the service did not
/// answer.
///
/// # Errors
/// A sign-in is refused.
pub async fn taken(reader: &Reader, vault: &ArmId) -> Result<Known<Option<String>>> {
    Ok(match ask(reader.vault_name(vault).await)? {
        Seen::Present(NameCheck::Free) => Known::Known(None),
        Seen::Present(NameCheck::Taken { reason, message }) => {
            let text = message.trim_end_matches(['.', ' ']);
            Known::Known(Some(format!("{reason}: {text}")))
        }
        Seen::Unreadable(why) => Known::Unknown(why.why),
        Seen::Absent => Known::Unknown("the service does not offer this check".to_owned()),
    })
}

/// The names of a vault's keys; empty if they can't be listed.
///
/// # Errors
/// A sign-in is refused.
pub async fn key_names(reader: &Reader, vault: &ArmId) -> Result<Vec<String>> {
    Ok(match ask(reader.keys_in(vault).await)? {
        Seen::Present(all) => all.iter().map(ToString::to_string).collect(),
        Seen::Absent | Seen::Unreadable(_) => Vec::new(),
    })
}
