//! A snapshot of the services. It knows what it does not know.

use crate::model::environment::{Environment, Integration};
use crate::model::operation::Operation;
use crate::model::protection::{Key, Policy, Provider, RoleAssignment, Vault};
use crate::model::seen::Seen;
use crate::model::surroundings::Surroundings;
use jiff::Timestamp;

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
    /// Role assignments that the policy's identity has at the vault, the key or above.
    pub key_roles: Seen<Vec<RoleAssignment>>,
    /// Role assignments at the policy or above, for the readers that were asked for.
    pub policy_roles: Seen<Vec<RoleAssignment>>,
    /// What lies around: rights, locks, other environments.
    pub around: Surroundings,
    /// What protects the environment now, where another policy is to take over; asked only for a
    /// swap.
    pub left: Option<Box<Observed>>,
}
