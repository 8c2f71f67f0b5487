//! Azure subscriptions, and the resource groups and regions for new resources in them.

use crate::model::known::Known;
use crate::model::word::{Vocabulary, Word};

/// A subscription that the caller sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Lower-case GUID.
    pub id: String,
    /// Display name; empty if it has none.
    pub name: String,
    /// Does its state allow new resources?
    pub state: Word<Standing>,
    /// Id of its tenant.
    pub tenant: Known<String>,
    /// The offer (`quotaId`), for display only.
    pub quota: Option<String>,
}

/// The state of a subscription (`SubscriptionState` of `Microsoft.Resources` 2022-12-01).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// `Enabled`
    Enabled,
    /// `Warned`, `PastDue`. It works, but Microsoft disables it if it stays unpaid.
    Warned,
    /// `Disabled`, `Deleted`. Nothing can be created or changed in it.
    Disabled,
}

impl Vocabulary for Standing {
    const FIELD: &'static str = "state";

    fn of(word: &str) -> Option<Self> {
        match word {
            "enabled" => Some(Standing::Enabled),
            "warned" | "pastdue" => Some(Standing::Warned),
            "disabled" | "deleted" => Some(Standing::Disabled),
            _ => None,
        }
    }
}

/// A resource group that the caller sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Name of the resource group.
    pub name: String,
    /// Azure region, such as `westeurope`.
    pub region: String,
}

/// An Azure region that a subscription may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Such as `westeurope`.
    pub name: String,
    /// Display name.
    pub shown: String,
}
