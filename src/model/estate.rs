//! A whole tenant at a glance: its environments, and what protects them, read once for all that
//! share it.

use crate::model::environment::Environment;
use crate::model::ids::ArmId;
use crate::model::known::Verdict;
use crate::model::protection::{Key, Policy, Vault};
use crate::model::seen::{Seen, Unreadable};
use crate::model::whole::Whole;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One request of a look, as evidence of where a fact comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// When it was answered, in the cloud's time.
    pub at: Timestamp,
    /// `GET`, mostly.
    pub method: String,
    /// Address, without anything secret.
    pub url: String,
    /// HTTP status.
    pub status: u16,
    /// `x-ms-correlation-request-id` or its like.
    pub correlation: Option<String>,
}

/// Everything that one look at a tenant saw.
#[derive(Debug, Clone)]
pub struct Estate {
    /// When, in the cloud's time.
    pub at: Timestamp,
    /// Every environment that the caller administers.
    pub environments: Whole<Environment>,
    /// Are these all of the tenant? Somebody who administers a part of it sees that part.
    pub whole_tenant: Verdict,
    /// What protects them, by the policy.
    pub protections: BTreeMap<ArmId, Protection>,
    /// Why policies without environments may be missing, each a clause. Nothing where all that the
    /// caller may read are there, or where nobody asked for them.
    pub not_listed: Vec<String>,
}

/// A policy with its vault, its key, and whether its identity may use the key.
#[derive(Debug, Clone, Default)]
pub struct Protection {
    /// The policy.
    pub policy: Seen<Policy>,
    /// The vault that it references; nothing where no policy was read that says which.
    pub vault: Option<Seen<Vault>>,
    /// The key that it references: the latest version, unless one is pinned. Nothing where it is on
    /// the data plane of a managed HSM that is not there.
    pub key: Option<Seen<Key>>,
    /// May the policy's identity use it?
    pub granted: Verdict,
    /// The name of the deny assignment that takes it away, if one does.
    pub denied_by: Option<String>,
    /// ARM id of the role assignment that cmkctl itself would have made, where it is there: the
    /// encryption role for this identity, on the vault, without a condition.
    pub grant: Option<String>,
    /// Where else the right comes from, in words, if it does.
    pub granted_by: Option<String>,
    /// Why deny assignments are not visible, where they are not.
    pub denials_hidden: Option<Unreadable>,
}

impl Protection {
    /// The vault, if it is there.
    pub fn vault(&self) -> Option<&Vault> {
        self.vault.as_ref()?.present()
    }

    /// The key, if it is there.
    pub fn key(&self) -> Option<&Key> {
        self.key.as_ref()?.present()
    }
}

/// Why a list may not be the whole tenant's, if so: somebody who administers a part of it sees that
/// part.
pub fn in_part(whole_tenant: &Verdict) -> Option<Unreadable> {
    match whole_tenant {
        Verdict::Yes => None,
        Verdict::No => Some(Unreadable::because(
            "you do not administer every environment of the tenant",
        )),
        Verdict::CantTell(why) => Some(why.clone()),
    }
}

impl Estate {
    /// Why there may be environments that are not shown, if so.
    pub fn partial(&self) -> Option<String> {
        in_part(&self.whole_tenant).map(|why| why.why)
    }

    /// What protects an environment; `None` without a linked policy.
    pub fn protection(&self, environment: &Environment) -> Option<&Protection> {
        self.protections.get(environment.policy()?)
    }
}

/// How an environment stands, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Offline because its key can't be reached; it will be deleted.
    Locked,
    /// Encrypted, but key, vault or grant are such that it will be locked.
    Endangered,
    /// The service says that not everything uses the key.
    Failed,
    /// The key expires soon.
    Expiring,
    /// A key is being removed.
    Removing,
    /// A key is being applied or changed.
    Encrypting,
    /// Its policy, or something that protects it, is not visible to this caller or not known.
    NotVisible,
    /// On the Microsoft key.
    NotEncrypted,
    /// Encrypted, and nothing threatens it.
    Encrypted,
}

impl State {
    /// The word for it, as in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            State::Locked => "locked",
            State::Endangered => "endangered",
            State::Failed => "failed",
            State::Expiring => "expiring",
            State::NotVisible => "not-visible",
            State::Removing => "removing",
            State::Encrypting => "encrypting",
            State::NotEncrypted => "not-encrypted",
            State::Encrypted => "encrypted",
        }
    }
}

/// One environment, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing<'a> {
    /// The environment.
    pub environment: &'a Environment,
    /// How it stands: the worst of all that holds.
    pub state: State,
    /// Everything that holds: a worse state does not hide another one.
    pub states: BTreeSet<State>,
    /// What threatens it, each a clause; what is not visible is said as such.
    pub dangers: Vec<String>,
    /// Is a missing role the reason why something of it is not visible?
    pub lacks_role: bool,
    /// When a locked environment is deleted, at the earliest; `None` when that can't be known.
    pub deleted_on: Option<Timestamp>,
}

impl Standing<'_> {
    /// Something of it is not visible, or not known, beside all that holds.
    pub fn not_seen(&mut self, why: String) {
        self.states.insert(State::NotVisible);
        self.state = self.state.min(State::NotVisible);
        self.dangers.push(why);
    }
}
