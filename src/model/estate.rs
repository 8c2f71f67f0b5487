//! A whole tenant: its environments, and what protects them. Shared policies, vaults and keys are
//! read once.

use crate::model::environment::Environment;
use crate::model::ids::ArmId;
use crate::model::known::Verdict;
use crate::model::protection::{Key, Policy, Vault};
use crate::model::seen::{Seen, Unreadable};
use crate::model::whole::Whole;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One request, as the source of a fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestRecord {
    /// When the service answered, in the cloud's time.
    pub at: Timestamp,
    /// `GET`, mostly.
    pub method: String,
    /// URL, without secrets.
    pub url: String,
    /// HTTP status.
    pub status: u16,
    /// `x-ms-correlation-request-id` or a similar header.
    pub correlation: Option<String>,
}

/// Everything that one read of a tenant returned.
#[derive(Debug, Clone)]
pub struct Estate {
    /// When it was read, in the cloud's time.
    pub at: Timestamp,
    /// Every environment that the caller administers.
    pub environments: Whole<Environment>,
    /// Are these all environments of the tenant? An administrator of some environments sees only
    /// those.
    pub whole_tenant: Verdict,
    /// What protects the environments, by policy id.
    pub protections: BTreeMap<ArmId, Protection>,
    /// Why policies without environments may be missing, each a clause. Empty if the list of
    /// policies is complete, or if the caller did not ask for it.
    pub not_listed: Vec<String>,
}

/// A policy with its vault, its key, and whether its identity may use the key.
#[derive(Debug, Clone, Default)]
pub struct Protection {
    /// The policy as read.
    pub policy: Seen<Policy>,
    /// The vault that the policy references; `None` if no policy was read that names it.
    pub vault: Option<Seen<Vault>>,
    /// The key that the policy references: the pinned version, or else the latest one. `None` if
    /// the managed HSM that should hold it does not exist.
    pub key: Option<Seen<Key>>,
    /// May the policy's identity use the key?
    pub granted: Verdict,
    /// Name of the deny assignment that takes this right away.
    pub denied_by: Option<String>,
    /// ARM id of the role assignment that cmkctl itself would make, if it exists. It is the
    /// encryption role for this identity, on the vault, without a condition.
    pub grant: Option<String>,
    /// The other source of the right, in words.
    pub granted_by: Option<String>,
    /// Why deny assignments are not visible, if they are not.
    pub denials_hidden: Option<Unreadable>,
}

impl Protection {
    /// The vault, if it was read and exists.
    pub fn vault(&self) -> Option<&Vault> {
        self.vault.as_ref()?.present()
    }

    /// The key, if it was read and exists.
    pub fn key(&self) -> Option<&Key> {
        self.key.as_ref()?.present()
    }
}

/// Why a list may not show the whole tenant: an administrator of some environments sees only those.
/// `None` if it is complete.
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
    /// Why environments may be missing from the list; `None` if it is complete.
    pub fn partial(&self) -> Option<String> {
        in_part(&self.whole_tenant).map(|why| why.why)
    }

    /// What protects an environment; `None` if it has no linked policy.
    pub fn protection(&self, environment: &Environment) -> Option<&Protection> {
        self.protections.get(environment.policy()?)
    }
}

/// The state of an environment, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Offline because its key can't be reached. The service will delete it.
    Locked,
    /// Encrypted, but its key, vault or grant will lock it.
    Endangered,
    /// The service says that some of its data does not use the key.
    Failed,
    /// The key expires soon.
    Expiring,
    /// A key is being removed.
    Removing,
    /// A key is being applied or changed.
    Encrypting,
    /// Its policy or protection is not visible to this caller, or not known.
    NotVisible,
    /// Encrypted with the Microsoft key.
    NotEncrypted,
    /// Encrypted with a customer-managed key, and no danger is known.
    Encrypted,
}

impl State {
    /// Must an administrator act, before or after an outage?
    pub const fn needs_attention(self) -> bool {
        match self {
            State::Locked | State::Endangered | State::Failed | State::Expiring => true,
            State::Removing
            | State::Encrypting
            | State::NotVisible
            | State::NotEncrypted
            | State::Encrypted => false,
        }
    }

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

/// One environment with its state and dangers.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedEnvironment<'a> {
    /// The environment.
    pub environment: &'a Environment,
    /// The worst of its states.
    pub state: State,
    /// All states that apply; a worse one does not hide another.
    pub states: BTreeSet<State>,
    /// The dangers, and what is not visible, each a clause.
    pub dangers: Vec<String>,
    /// Is a missing role the reason why a part of the environment is not visible?
    pub lacks_role: bool,
    /// The earliest time at which the service deletes a locked environment; `None` if not known.
    pub deleted_on: Option<Timestamp>,
}

impl JudgedEnvironment<'_> {
    /// Adds `NotVisible` and the reason to the other states.
    pub fn not_seen(&mut self, why: String) {
        self.states.insert(State::NotVisible);
        self.state = self.state.min(State::NotVisible);
        self.dangers.push(why);
    }
}
