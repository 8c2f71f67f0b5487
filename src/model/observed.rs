//! A snapshot of the services. It knows what it does not know.

use crate::model::environment::{Environment, Integration};
use crate::model::operation::Operation;
use crate::model::protection::{Key, Policy, Provider, Vault};
use crate::model::rights::Held;
use crate::model::seen::Seen;
use crate::model::surroundings::Surroundings;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Everything one observation saw.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// When, in the cloud's time.
    pub at: Timestamp,
    /// The environment.
    pub environment: Seen<Environment>,
    /// What Dataverse says about the integration with finance and operations.
    pub integration: Seen<Integration>,
    /// Lifecycle operations of the environment, newest first.
    pub operations: Seen<Vec<Operation>>,
    /// The enterprise policy that was asked for, or else the one that is linked.
    pub policy: Seen<Policy>,
    /// The resource provider in the policy's subscription.
    pub provider: Seen<Provider>,
    /// The key vault or managed HSM.
    pub vault: Seen<Vault>,
    /// The key.
    pub key: Seen<Key>,
    /// What was read of the right of the policy's identity to use the key.
    pub key_rights: Held,
    /// The same of the right to read the policy, for each of the readers that were asked for, by
    /// the object id as it was given.
    pub policy_rights: BTreeMap<String, Held>,
    /// What lies around: rights, locks, other environments.
    pub around: Surroundings,
    /// What protects the environment now, where another policy is to take over; asked only for a
    /// swap.
    pub left: Option<Box<Observed>>,
}
