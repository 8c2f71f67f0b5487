//! What the environments of a policy depend on: the key, its vault, and the grant.

use super::{About, Gathering, Others, unread};
use crate::model::fingerprint::Facts;
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::protection::{Key, KeyReference, Network, Policy, Vault};
use crate::model::seen::Seen;
use crate::steps::rights::Right;
use crate::steps::rights::key::access;
use crate::steps::{key_state, who};

/// What a policy's environments depend on. Vault, key and grant belong to the Key Vault
/// administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Protection {
    key: KeyReference,
    encrypts: bool,
    vault: Others<bool>,
    usable: Others<bool>,
    granted: Others<bool>,
}

impl Protection {
    /// The protection by the policy of the snapshot. `granted`: an earlier step of the same plan
    /// gives a missing grant.
    pub(super) fn of_policy(
        gathering: &mut Gathering,
        observed: &Observed,
        policy: &Policy,
        granted: bool,
    ) -> Option<Self> {
        let (id, name) = (policy.id.to_string(), &policy.id.name);
        let what = format!("Whether the encryption of the policy `{name}` is enabled");
        let encrypts = gathering.holds(
            Verdict::from(&policy.encrypts),
            &about("CMK026", &id, &what),
        );
        let key = match &policy.key {
            Known::Known(key) => Some(key.clone()),
            Known::Unknown(why) => {
                let what = format!("Which key the policy `{name}` references");
                gathering.holds(Verdict::cant_tell(why), &about("CMK026", &id, &what));
                None
            }
        };
        let grant = grant(gathering, observed, policy);
        let granted = match grant {
            Others::Told(false) => Others::Told(granted && may_be_granted(observed)),
            grant @ (Others::Told(true) | Others::Hidden(_)) => grant,
        };
        Some(Self {
            key: key?,
            encrypts,
            vault: vault(gathering, observed),
            usable: usable(gathering, observed),
            granted,
        })
    }

    /// The protection by a policy that an earlier step of the same plan creates for this key, with
    /// its grant.
    pub(super) fn to_come(
        gathering: &mut Gathering,
        observed: &Observed,
        key: KeyReference,
    ) -> Self {
        Self {
            key,
            encrypts: true,
            vault: vault(gathering, observed),
            usable: usable(gathering, observed),
            granted: Others::Told(true),
        }
    }

    /// The conditions, each with its words.
    pub(super) fn invariant(&self) -> [(&'static str, bool); 4] {
        [
            ("the policy's encryption is enabled", self.encrypts),
            (
                "the vault has soft delete and purge protection, and lets trusted Microsoft \
                services in",
                self.vault.passes(),
            ),
            ("the key can be used", self.usable.passes()),
            (
                "the policy's identity may use the key",
                self.granted.passes(),
            ),
        ]
    }

    pub(super) fn facts(&self) -> Facts {
        let version = self.key.version.as_ref();
        let version = version.map_or_else(String::new, |version| format!("/{}", version.as_str()));
        let key = format!("{}/keys/{}{version}", self.key.vault, self.key.key);
        vec![
            ("the policy's key", key.to_ascii_lowercase()),
            ("the state of the vault", self.vault.word()),
            ("the state of the key", self.usable.word()),
            ("the grant on the key", self.granted.word()),
        ]
    }
}

fn about<'a>(code: &'static str, subject: &'a str, what: &'a str) -> About<'a> {
    About {
        code,
        subject,
        what,
        who: who::KEY_VAULT,
    }
}

/// Can a grant help? It can't if a deny assignment applies.
fn may_be_granted(observed: &Observed) -> bool {
    let vault = observed.vault();
    vault.is_some_and(|vault| access(observed, vault) == Right::No)
}

/// Does the vault exist, keep deleted keys, and let Power Platform in?
fn vault(gathering: &mut Gathering, observed: &Observed) -> Others<bool> {
    let subject = observed
        .policy
        .present()
        .and_then(Policy::key_reference)
        .map_or_else(|| "vault".to_owned(), |key| key.vault.to_string());
    let found: &Vault = match &observed.vault {
        Some(Seen::Present(vault)) => vault,
        Some(Seen::Absent) => return Others::Told(false),
        seen => {
            let verdict = Verdict::CantTell(unread(seen.as_ref()));
            return gathering.others(
                verdict,
                &about("CMK011", &subject, "The state of the vault"),
            );
        }
    };
    let name = &found.id.name;
    let network = found.network.clone().map(Network::lets_services_pass);
    let facts = [
        (
            "CMK011",
            &found.soft_delete,
            format!("Whether the vault `{name}` has soft delete"),
        ),
        (
            "CMK011",
            &found.purge_protection,
            format!("Whether the vault `{name}` has purge protection"),
        ),
        (
            "CMK018",
            &network,
            format!("Whether trusted Microsoft services can access `{name}`"),
        ),
    ];
    let mut all = true;
    for (code, fact, what) in facts {
        all &= gathering.holds(Verdict::from(fact), &about(code, &subject, &what));
    }
    Others::Told(all)
}

/// Does the key exist, with a supported type, and is it usable now?
fn usable(gathering: &mut Gathering, observed: &Observed) -> Others<bool> {
    let key: &Key = match &observed.key {
        Some(Seen::Present(key)) => key,
        Some(Seen::Absent) => return Others::Told(false),
        seen => {
            let verdict = Verdict::CantTell(unread(seen.as_ref()));
            return gathering.others(verdict, &about("CMK015", "key", "The state of the key"));
        }
    };
    let what = format!("Whether the key `{}` can be used", key.name);
    let kind = gathering.holds(key_state::works(key), &about("CMK015", &key.name, &what));
    let now = key.validity.usable(observed.at);
    Others::Told(gathering.holds(now, &about("CMK016", &key.name, &what)) && kind)
}

/// May the policy's identity use the key?
fn grant(gathering: &mut Gathering, observed: &Observed, policy: &Policy) -> Others<bool> {
    let what = format!(
        "Whether the identity of `{}` may use the key",
        policy.id.name
    );
    let id = policy.id.to_string();
    if policy.principal_id.is_none() {
        let why = Verdict::cant_tell("the policy has no identity yet");
        return Others::Told(gathering.holds(why, &about("CMK014", &id, &what)));
    }
    let found: &Vault = match &observed.vault {
        Some(Seen::Present(vault)) => vault,
        Some(Seen::Absent) => return Others::Told(false),
        seen => {
            let verdict = Verdict::CantTell(unread(seen.as_ref()));
            return gathering.others(verdict, &about("CMK012", &id, &what));
        }
    };
    let verdict = match access(observed, found) {
        Right::Yes(_) => Verdict::Yes,
        Right::No | Right::Denied(_) => Verdict::No,
        Right::CantTell(doubt) => Verdict::CantTell(doubt.why),
    };
    gathering.others(verdict, &about("CMK012", &id, &what))
}
