//! The environments, keys and policies that a caller can pick from. Each is reported as soon as it
//! is read.

use super::reads::{SIDE_BY_SIDE, ask};
use super::resolve::environment_error;
use super::visible::{Visible, visible_policies, visible_vaults};
use crate::cloud::Reader;
use crate::error::Result;
use crate::model::environment::Environment;
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::key_ids::KeyName;
use crate::model::known::Known;
use crate::model::protection::{Key, Policy, Vault};
use crate::model::seen::Seen;
use futures::stream::{self, StreamExt};

/// A vault, with one of its keys or the reason for none.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The vault or managed HSM.
    pub vault: Vault,
    /// Its key, or why it shows none.
    pub shows: Shown,
}

/// A key of a vault, or why it shows none.
#[derive(Debug, Clone)]
pub enum Shown {
    /// A key that was read.
    Key(Box<Key>),
    /// The vault says that it has no keys.
    None,
    /// The vault does not show its keys, for this reason.
    Hidden(String),
    /// The vault does not show this key, for this reason.
    KeyHidden(KeyName, String),
}

impl Candidate {
    /// The key, if one was read.
    pub fn key(&self) -> Option<&Key> {
        match &self.shows {
            Shown::Key(key) => Some(key),
            Shown::None | Shown::Hidden(_) | Shown::KeyHidden(..) => None,
        }
    }

    /// Why there is no key, as a sentence. Empty if a key was read.
    pub fn why(&self) -> String {
        match &self.shows {
            Shown::Key(_) => String::new(),
            Shown::None => "This vault or managed HSM has no keys.".to_owned(),
            Shown::Hidden(why) => format!("cmkctl can't list its keys: {why}."),
            Shown::KeyHidden(name, why) => format!("cmkctl can't read its key `{name}`: {why}."),
        }
    }

    /// Which keys of the vault could not be read, and why, as a clause.
    pub(super) fn gap(&self) -> Option<String> {
        let vault = &self.vault.id.name;
        match &self.shows {
            Shown::Key(_) | Shown::None => None,
            Shown::Hidden(why) => Some(format!("the keys of `{vault}` can't be listed: {why}")),
            Shown::KeyHidden(name, why) => Some(format!(
                "the key `{name}` of `{vault}` can't be read: {why}"
            )),
        }
    }
}

/// Reads the tenant's environments and reports each as soon as its page is read. Returns their
/// number.
///
/// # Errors
/// The list can't be read.
pub async fn environments_shown(reader: &Reader, shown: impl FnMut(&Environment)) -> Result<usize> {
    let all = reader.environments_as_read(shown).await.map_err(|fault| {
        environment_error("The environments of the tenant can't be listed.", fault)
    })?;
    Ok(all.len())
}

/// Reads the keys that the caller sees, in all subscriptions or in one vault, and reports them as
/// soon as they are read. Returns why more may exist, each a clause.
///
/// # Errors
/// A sign-in is refused.
pub async fn candidates(
    reader: &Reader,
    only: Option<&ArmId>,
    shown: impl FnMut(Vec<Candidate>),
) -> Result<Vec<String>> {
    let Visible { all, gaps } = vaults_of(reader, only)
        .await?
        .unwrap_or_else(|absent| Visible {
            all: Vec::new(),
            gaps: vec![absent],
        });
    keys_of(reader, all, shown).await?;
    Ok(gaps)
}

/// All vaults, or the named one. The inner error is a clause that says why the named one is
/// missing.
pub(super) async fn vaults_of(
    reader: &Reader,
    only: Option<&ArmId>,
) -> Result<std::result::Result<Visible<Vault>, String>> {
    let Some(id) = only else {
        return visible_vaults(reader).await.map(Ok);
    };
    let (all, gaps) = match ask(reader.vault(id).await)? {
        Seen::Present(vault) => (vec![vault], Vec::new()),
        Seen::Absent => return Ok(Err(format!("the vault {id} does not exist"))),
        Seen::Unreadable(why) => {
            let why = format!("the vault `{}` can't be read: {}", id.name, why.why);
            (Vec::new(), vec![why])
        }
    };
    Ok(Ok(Visible { all, gaps }))
}

pub(super) async fn keys_of(
    reader: &Reader,
    vaults: Vec<Vault>,
    mut shown: impl FnMut(Vec<Candidate>),
) -> Result<()> {
    let mut reads = stream::iter(vaults)
        .map(|vault| in_vault(reader, vault))
        .buffer_unordered(SIDE_BY_SIDE);
    while let Some(found) = reads.next().await {
        shown(found?);
    }
    Ok(())
}

/// The keys of one vault.
async fn in_vault(reader: &Reader, vault: Vault) -> Result<Vec<Candidate>> {
    let candidate = |shows: Shown| Candidate {
        vault: vault.clone(),
        shows,
    };
    let names = match ask(reader.keys_in(&vault.id).await)? {
        Seen::Present(names) if !names.is_empty() => names,
        Seen::Present(_) | Seen::Absent => return Ok(vec![candidate(Shown::None)]),
        Seen::Unreadable(why) => return Ok(vec![candidate(Shown::Hidden(why.why))]),
    };
    let mut found = Vec::new();
    let mut reads = stream::iter(names.iter())
        .map(async |name| (name, key_of(reader, &vault, name).await))
        .buffered(SIDE_BY_SIDE);
    while let Some((name, key)) = reads.next().await {
        match key? {
            Seen::Present(key) => found.push(candidate(Shown::Key(Box::new(key)))),
            Seen::Absent => {}
            Seen::Unreadable(why) => {
                found.push(candidate(Shown::KeyHidden(name.clone(), why.why)));
            }
        }
    }
    Ok(found)
}

/// A key as read. Resource Manager shows no keys of a managed HSM, so those come from the data
/// plane.
async fn key_of(reader: &Reader, vault: &Vault, name: &KeyName) -> Result<Seen<Key>> {
    if vault.id.kind == ResourceKind::Vault {
        return ask(reader.key_in_arm(&vault.id, name, None).await);
    }
    ask(reader.key(vault, name, None).await)
}

/// The encryption policies that the caller sees, and why more may exist.
///
/// # Errors
/// A sign-in is refused.
pub async fn policies(reader: &Reader) -> Result<(Vec<Policy>, Vec<String>)> {
    let Visible { mut all, gaps } = visible_policies(reader).await?;
    all.sort_by(|policy, other| policy.id.cmp(&other.id));
    Ok((all, gaps))
}

/// The locations in which a subscription may have policies.
///
/// # Errors
/// A sign-in is refused.
pub async fn locations(reader: &Reader, subscription: &str) -> Result<Vec<String>> {
    Ok(match ask(reader.provider(subscription).await)? {
        Seen::Present(provider) => match provider.locations {
            Known::Known(locations) => locations,
            Known::Unknown(_) => Vec::new(),
        },
        Seen::Absent | Seen::Unreadable(_) => Vec::new(),
    })
}
