//! What lies around an environment, a policy and a vault and decides whether a change would go
//! through: the caller's rights, locks, Azure Policy, deleted things of the same name, and the
//! tenant's other environments.

use crate::model::environment::Environment;
use crate::model::ids::ArmId;
use crate::model::key_ids::KeyVersion;
use crate::model::known::{Known, Verdict};
use crate::model::operation::Operation;
use crate::model::protection::{Policy, Validity};
use crate::model::rights::Permission;
use crate::model::rotation::RotationPolicy;
use crate::model::seen::Seen;
use crate::model::whole::Whole;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What is around. Read for commands that check or change; each part only where the command's own
/// half needs it.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The caller's object id, where the token says it.
    pub caller: Option<String>,
    /// The caller's permissions at the policy's resource group.
    pub group_rights: Seen<Whole<Permission>>,
    /// The caller's permissions at the vault.
    pub vault_rights: Seen<Whole<Permission>>,
    /// The caller's permissions at the subscription, where the provider is not registered.
    pub subscription_rights: Seen<Whole<Permission>>,
    /// Locks at or around the policy's resource group.
    pub group_locks: Seen<Whole<Lock>>,
    /// The same of the vault's; nothing where it is the same group, or no vault was named.
    pub vault_locks: Option<Seen<Whole<Lock>>>,
    /// What Resource Manager says when it is asked to validate the policy's creation, without
    /// creating it.
    pub validation: Seen<Validation>,
    /// A deleted vault of the vault's name, where there is no such vault.
    pub deleted_vault: Seen<Deleted>,
    /// A deleted key of the key's name, where there is no such key.
    pub deleted_key: Seen<Deleted>,
    /// Every environment that the caller administers.
    pub estate: Seen<Whole<Environment>>,
    /// Whether the wanted policy's identity may use the key of the policy that is linked now; asked
    /// only for a swap.
    pub old_key: Seen<OldKey>,
    /// Every version of the key; asked only where one is to be retired or brought back.
    pub versions: Seen<Whole<Version>>,
    /// The rotation policy of the key; asked only where it is shown or set.
    pub rotation: Seen<RotationPolicy>,
    /// The policies that environments are linked to; asked only where a key is to be retired.
    pub policies: BTreeMap<ArmId, Seen<Policy>>,
    /// What happened to each environment, by its id; asked only where a key is to be retired.
    pub histories: BTreeMap<String, Seen<Whole<Operation>>>,
    /// Was the whole tenant listed? Asked only where a key is to be retired.
    pub whole_tenant: Verdict,
}

/// One version of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its id.
    pub id: KeyVersion,
    /// When it may be used.
    pub validity: Validity,
}

/// A resource lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// What it locks.
    pub scope: String,
    /// `ReadOnly` or `CanNotDelete`.
    pub level: String,
    /// Its name.
    pub name: String,
}

/// Resource Manager's word on a creation that was only validated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Validation {
    /// It would be accepted.
    Passed,
    /// It would be refused.
    Refused {
        /// The innermost code, such as `RequestDisallowedByPolicy`.
        code: String,
        /// Its words.
        message: String,
        /// The Azure Policy assignments that forbid it, by their display names.
        assignments: Vec<String>,
    },
}

/// A deleted vault or key that still holds its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Its name.
    pub name: String,
    /// When it goes for good. The service may leave it out: then it says no date.
    pub purged: Known<Option<Timestamp>>,
}

/// The key that an environment is encrypted with now, seen by the policy that shall take over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldKey {
    /// ARM id of the vault.
    pub vault: String,
    /// Name of the key.
    pub key: String,
    /// May the new policy's identity use it?
    pub granted: Verdict,
}
