//! What allows cmkctl to rotate a key, to recover a deleted key, and to enable a version again.

use super::{About, Evidence, Gap, Gathering, unread};
use crate::model::fingerprint::Facts;
use crate::model::ids::ArmId;
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::protection::{Policy, Vault};
use crate::model::seen::Seen;
use crate::steps::who;

/// A key and its vault.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    vault: ArmId,
    key: KeyName,
}

impl Place {
    fn of(vault: &Vault, key: &KeyName) -> Self {
        Self {
            vault: vault.id.clone(),
            key: key.clone(),
        }
    }

    fn facts(&self) -> Facts {
        vec![
            ("the vault", self.vault.to_string().to_ascii_lowercase()),
            ("the key", self.key.as_str().to_ascii_lowercase()),
        ]
    }
}

fn about<'a>(key: &'a KeyName, what: &'a str) -> About<'a> {
    About {
        code: "CMK016",
        subject: key.as_str(),
        what,
        who: who::KEY_VAULT,
    }
}

/// The known facts of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotateEvidence {
    place: Place,
    /// The latest version before the rotation.
    from: KeyVersion,
    enabled: bool,
    /// The latest version is older than a day, or the caller asked for another one anyway.
    due: bool,
}

impl RotateEvidence {
    /// The facts of making a new version of `key`, or the gaps. `due`: does the age of the latest
    /// version allow a new one?
    ///
    /// # Errors
    /// A required fact is not known.
    pub fn gather(observed: &Observed, key: &KeyName, due: Verdict) -> Result<Self, Vec<Gap>> {
        let mut gathering = Gathering::default();
        let what = format!("The latest version of the key `{key}`");
        let (Some(vault), Some(found)) = (observed.vault(), observed.key()) else {
            let why = match &observed.vault {
                Some(Seen::Present(_)) => unread(observed.key.as_ref()),
                seen => unread(seen.as_ref()),
            };
            gathering.gap(&about(key, &what), &why);
            return Err(gathering.gaps);
        };
        let enabled = Verdict::from(&found.validity.enabled);
        let enabled = gathering.holds(
            enabled,
            &about(key, &format!("Whether the key `{key}` is enabled")),
        );
        let due = gathering.holds(due, &about(key, &what));
        if let Known::Unknown(why) = &found.version {
            gathering.holds(Verdict::cant_tell(why), &about(key, &what));
        }
        gathering.end(found.version.known().cloned().map(|from| Self {
            place: Place::of(vault, key),
            from,
            enabled,
            due,
        }))
    }
}

impl Evidence for RotateEvidence {
    const KIND: &'static str = "rotate-key";
    const CODE: (&'static str, &'static str) = ("CMK016", who::KEY_VAULT);

    fn invariant(&self) -> Vec<(&'static str, bool)> {
        vec![
            ("the key is enabled", self.enabled),
            (
                "the latest version of the key is older than a day",
                self.due,
            ),
        ]
    }

    fn facts(&self) -> Facts {
        let mut all = self.place.facts();
        all.push(("the latest version", self.from.as_str().to_owned()));
        all
    }
}

/// The known facts of bringing a deleted key back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoverEvidence {
    place: Place,
    /// The policy references this key.
    needed: bool,
    gone: bool,
    recoverable: bool,
}

impl RecoverEvidence {
    /// The facts of recovering `key`, or the gaps.
    ///
    /// # Errors
    /// A required fact is not known.
    pub fn gather(observed: &Observed, key: &KeyName) -> Result<Self, Vec<Gap>> {
        let mut gathering = Gathering::default();
        let gone = match &observed.key {
            Some(Seen::Absent) => Verdict::Yes,
            Some(Seen::Present(_)) => Verdict::No,
            seen => Verdict::CantTell(unread(seen.as_ref())),
        };
        let gone = gathering.holds(
            gone,
            &about(key, &format!("Whether the key `{key}` exists")),
        );
        let deleted = match &observed.preconditions.deleted_key {
            Seen::Present(_) => Verdict::Yes,
            Seen::Absent => Verdict::No,
            seen => Verdict::CantTell(unread(seen)),
        };
        let what = format!("Whether the key `{key}` can be recovered");
        let recoverable = gathering.holds(deleted, &about(key, &what));
        let needed = needed(&mut gathering, observed, key);
        gathering.end(needed.map(|(place, needed)| Self {
            place,
            needed,
            gone,
            recoverable,
        }))
    }
}

/// The key's vault, and whether the snapshot's policy references the key.
fn needed(gathering: &mut Gathering, observed: &Observed, key: &KeyName) -> Option<(Place, bool)> {
    let what = format!("Whether the policy references the key `{key}`");
    let Some(vault) = observed.vault() else {
        gathering.gap(
            &about(key, "The state of the vault"),
            &unread(observed.vault.as_ref()),
        );
        return None;
    };
    let policy: &Policy = match &observed.policy {
        Seen::Present(policy) => policy,
        seen @ (Seen::Absent | Seen::Unreadable(_)) => {
            gathering.gap(&about(key, &what), &unread(seen));
            return None;
        }
    };
    let needed = gathering.holds(policy.references(&vault.id, key), &about(key, &what));
    Some((Place::of(vault, key), needed))
}

impl Evidence for RecoverEvidence {
    const KIND: &'static str = "recover-key";
    const CODE: (&'static str, &'static str) = ("CMK046", who::KEY_VAULT);

    fn invariant(&self) -> Vec<(&'static str, bool)> {
        vec![
            ("the policy references the key", self.needed),
            ("the key does not exist", self.gone),
            ("the deleted key can be recovered", self.recoverable),
        ]
    }

    fn facts(&self) -> Facts {
        self.place.facts()
    }
}

/// The known facts of enabling a version again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnableVersionEvidence {
    place: Place,
    version: KeyVersion,
    /// The policy references the key.
    needed: bool,
    disabled: bool,
}

impl EnableVersionEvidence {
    /// The facts of enabling `version` of `key`, or the gaps.
    ///
    /// # Errors
    /// A required fact is not known.
    pub fn gather(
        observed: &Observed,
        key: &KeyName,
        version: &KeyVersion,
    ) -> Result<Self, Vec<Gap>> {
        let mut gathering = Gathering::default();
        let what = format!("Whether the version {} is enabled", version.as_str());
        let disabled = gathering.holds(is_disabled(observed, version), &about(key, &what));
        let needed = needed(&mut gathering, observed, key);
        gathering.end(needed.map(|(place, needed)| Self {
            place,
            version: version.clone(),
            needed,
            disabled,
        }))
    }
}

/// Reads the list of versions, or the key itself if the list is hidden.
fn is_disabled(observed: &Observed, version: &KeyVersion) -> Verdict {
    let enabled: Option<&Known<bool>> = match &observed.preconditions.versions {
        Seen::Present(all) => {
            let mut all = all.iter();
            all.find(|listed| listed.id == *version)
                .map(|listed| &listed.validity.enabled)
        }
        Seen::Absent | Seen::Unreadable(_) => observed
            .key()
            .filter(|key| key.version.known() == Some(version))
            .map(|key| &key.validity.enabled),
    };
    match enabled {
        Some(Known::Known(enabled)) => Verdict::of(!enabled),
        Some(Known::Unknown(why)) => Verdict::cant_tell(why),
        None => Verdict::cant_tell("the service does not show the version"),
    }
}

impl Evidence for EnableVersionEvidence {
    const KIND: &'static str = "enable-key-version";
    const CODE: (&'static str, &'static str) = ("CMK016", who::KEY_VAULT);

    fn invariant(&self) -> Vec<(&'static str, bool)> {
        vec![
            ("the policy references the key", self.needed),
            ("the version is disabled", self.disabled),
        ]
    }

    fn facts(&self) -> Facts {
        let mut all = self.place.facts();
        all.push(("the version", self.version.as_str().to_owned()));
        all
    }
}
