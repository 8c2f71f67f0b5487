//! What decides whether Azure accepts a change: the caller's rights, locks, Azure Policy, deleted
//! resources of the same name, and the tenant's other environments.

use crate::model::alert::Alert;
use crate::model::environment::Environment;
use crate::model::ids::ArmId;
use crate::model::key_ids::KeyVersion;
use crate::model::known::{Known, Verdict};
use crate::model::logs::KeyLogs;
use crate::model::operation::Operation;
use crate::model::protection::{Policy, Validity};
use crate::model::rights::Permission;
use crate::model::rotation::RotationPolicy;
use crate::model::seen::Seen;
use crate::model::whole::Whole;
use crate::model::word::{Vocabulary, Word};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Facts around the resources of a target. Read for commands that check or change, and only the
/// parts that the command's side needs.
#[derive(Debug, Clone, Default)]
pub struct Preconditions {
    /// The caller's object id, if the token contains it.
    pub caller: Option<String>,
    /// The caller's permissions on the policy's resource group.
    pub group_rights: Seen<Whole<Permission>>,
    /// The caller's permissions on the vault.
    pub vault_rights: Seen<Whole<Permission>>,
    /// The caller's permissions on the subscription. Read if the provider is not registered.
    pub subscription_rights: Seen<Whole<Permission>>,
    /// Locks that cover the policy's resource group.
    pub group_locks: Seen<Whole<Lock>>,
    /// Locks that cover the vault's resource group. `None` if it is the same group, or no vault was
    /// named.
    pub vault_locks: Option<Seen<Whole<Lock>>>,
    /// Resource Manager's validation of the policy's creation, without creating it.
    pub validation: Seen<Validation>,
    /// A deleted vault of the same name. Read if the vault does not exist.
    pub deleted_vault: Seen<Deleted>,
    /// A deleted key of the same name. Read if the key does not exist.
    pub deleted_key: Seen<Deleted>,
    /// The activity log alerts of the vault's subscription. Read only for `check`.
    pub alerts: Option<Seen<Whole<Alert>>>,
    /// Every environment that the caller administers.
    pub estate: Seen<Whole<Environment>>,
    /// May the desired policy's identity use the linked policy's key? Read only for a swap.
    pub old_key: Seen<OldKey>,
    /// Every version of the key. Read only to retire or restore a key.
    pub versions: Seen<Whole<Version>>,
    /// The rotation policy of the key; asked only where it is shown or set.
    pub rotation: Seen<RotationPolicy>,
    /// The policies that environments are linked to; asked only where a key is to be retired.
    pub policies: BTreeMap<ArmId, Seen<Policy>>,
    /// The operations of each environment, by environment id. Read only to retire a key.
    pub histories: BTreeMap<String, Seen<Whole<Operation>>>,
    /// The uses of the key in the logs of its vault. Read only if a workspace was named.
    pub key_logs: Seen<KeyLogs>,
    /// Was the whole tenant listed? Read only to retire a key.
    pub whole_tenant: Verdict,
}

/// One version of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Id of the version.
    pub id: KeyVersion,
    /// When it can be used.
    pub validity: Validity,
}

/// A resource lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// ARM id of the locked scope.
    pub scope: String,
    /// What it forbids.
    pub level: Word<LockLevel>,
    /// Name of the lock.
    pub name: String,
}

/// What a lock forbids. The public specification also has `NotSpecified`, which says neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockLevel {
    /// `ReadOnly`: every change.
    ReadOnly,
    /// `CanNotDelete`: deletions.
    CanNotDelete,
}

impl Vocabulary for LockLevel {
    const FIELD: &'static str = "level";

    fn of(word: &str) -> Option<Self> {
        match word {
            "readonly" => Some(LockLevel::ReadOnly),
            "cannotdelete" => Some(LockLevel::CanNotDelete),
            _ => None,
        }
    }
}

/// Resource Manager's answer to a validation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Validation {
    /// Azure would accept the creation.
    Passed,
    /// Azure would refuse the creation.
    Refused {
        /// The innermost code, such as `RequestDisallowedByPolicy`.
        code: String,
        /// The service's message.
        message: String,
        /// Display names of the Azure Policy assignments that forbid it.
        assignments: Vec<String>,
    },
}

/// A deleted vault or key whose name is still taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Name of the deleted vault or key.
    pub name: String,
    /// When the service purges it; `Known(None)` if the service gives no date.
    pub purged: Known<Option<Timestamp>>,
}

/// The environment's present key, and the right of the new policy on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldKey {
    /// ARM id of the vault.
    pub vault: String,
    /// Name of the key.
    pub key: String,
    /// May the new policy's identity use it?
    pub granted: Verdict,
}
