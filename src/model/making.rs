//! Facts that cmkctl reads before it creates a key, its vault and its resource group.

use crate::model::known::Known;
use crate::model::new_key::Rotation;
use crate::model::preconditions::Lock;
use crate::model::rights::Permission;
use crate::model::seen::Seen;
use crate::model::whole::Whole;

/// Facts for a key to create. Read only if the plan creates one.
#[derive(Debug, Clone, Default)]
pub struct Making {
    /// Id of the subscription's tenant. Read only if the vault does not exist.
    pub tenant: Seen<String>,
    /// Region of the resource group. Read only if the vault does not exist.
    pub group: Seen<String>,
    /// Is the vault's name free? Read only if the vault does not exist.
    pub name: Seen<NameCheck>,
    /// The smallest existing scope: the vault, its resource group or its subscription.
    pub scope: String,
    /// The caller's permissions at `scope`.
    pub rights: Seen<Whole<Permission>>,
    /// The locks at `scope`.
    pub locks: Seen<Whole<Lock>>,
    /// The rotation policy of an existing key; `Known(None)` if it has none.
    pub rotation: Known<Option<Rotation>>,
    /// Does the existing vault have the premium SKU, or is it a managed HSM?
    pub premium: Known<bool>,
}

/// The service's answer about the name of a new vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameCheck {
    /// The name is free.
    Free,
    /// The name can't be used.
    Taken {
        /// The service's code.
        reason: String,
        /// The service's message.
        message: String,
    },
}

/// The right to create a resource group.
pub const MAKES_GROUPS: &str = "Microsoft.Resources/subscriptions/resourceGroups/write";
/// The right to create a vault.
pub const MAKES_VAULTS: &str = "Microsoft.KeyVault/vaults/write";
/// The right to create a key in a vault.
pub const MAKES_KEYS: &str = "Microsoft.KeyVault/vaults/keys/write";
