//! Azure subscriptions, and what a new resource in them is placed by.

use crate::model::known::Known;
use crate::model::word::{Vocabulary, Word};

/// A subscription that the caller sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Lower-case GUID.
    pub id: String,
    /// What people call it; empty where it has no name.
    pub name: String,
    /// Can things be made in it?
    pub state: Word<Standing>,
    /// Its tenant.
    pub tenant: Known<String>,
    /// The offer that it was bought under, for showing only.
    pub quota: Option<String>,
}

/// How a subscription stands (`SubscriptionState` of `Microsoft.Resources` 2022-12-01).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// `Enabled`
    Enabled,
    /// `Warned`, `PastDue`: it works, and will be disabled unless somebody pays.
    Warned,
    /// `Disabled`, `Deleted`: nothing can be made or changed in it.
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
    /// Its name.
    pub name: String,
    /// The region of Azure, such as `westeurope`.
    pub region: String,
}

/// A region of Azure that a subscription may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Such as `westeurope`.
    pub name: String,
    /// What people call it.
    pub shown: String,
}
