//! What is read before a key, its vault and its resource group are made.

use crate::model::known::Known;
use crate::model::new_key::Rotation;
use crate::model::rights::Permission;
use crate::model::seen::Seen;
use crate::model::surroundings::Lock;
use crate::model::whole::Whole;

/// What is read for a key that is to be; asked only where one is.
#[derive(Debug, Clone, Default)]
pub struct Making {
    /// The tenant of the subscription; asked only where there is no vault.
    pub tenant: Seen<String>,
    /// The region of the resource group; asked only where there is no vault.
    pub group: Seen<String>,
    /// May the vault be called so? Asked only where there is no vault.
    pub name: Seen<NameCheck>,
    /// The smallest scope of what is there: the vault, its resource group or its subscription.
    pub scope: String,
    /// What the caller may do there.
    pub rights: Seen<Whole<Permission>>,
    /// The locks there.
    pub locks: Seen<Whole<Lock>>,
    /// The rotation policy of the key that is there; nothing where it has none.
    pub rotation: Known<Option<Rotation>>,
    /// Has the vault that is there the premium SKU, or is it a managed HSM?
    pub premium: Known<bool>,
}

/// The service's word on the name of a new vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameCheck {
    /// Nobody has it.
    Free,
    /// It can't be had.
    Taken {
        /// The service's code.
        reason: String,
        /// Its words.
        message: String,
    },
}

/// The right to make a resource group.
pub const MAKES_GROUPS: &str = "Microsoft.Resources/subscriptions/resourceGroups/write";
/// The right to make a vault.
pub const MAKES_VAULTS: &str = "Microsoft.KeyVault/vaults/write";
/// The right to make a key in a vault.
pub const MAKES_KEYS: &str = "Microsoft.KeyVault/vaults/keys/write";
