//! A snapshot of the services. It knows what it does not know.

use crate::model::environment::{Environment, Integration};
use crate::model::known::Known;
use crate::model::making::Making;
use crate::model::operation::Operation;
use crate::model::protection::{Key, Policy, Provider, Registration, Vault};
use crate::model::rights::Held;
use crate::model::seen::Seen;
use crate::model::surroundings::Surroundings;
use crate::model::whole::Whole;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Everything one observation saw.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// When, in the cloud's time.
    pub at: Timestamp,
    /// The environment.
    pub environment: Seen<Environment>,
    /// What Dataverse says about the integration with finance and operations; nothing where there
    /// is no such side, or no Dataverse that could be asked.
    pub integration: Option<Seen<Integration>>,
    /// Lifecycle operations of the environment, newest first.
    pub operations: Seen<Whole<Operation>>,
    /// The enterprise policy that was asked for, or else the one that is linked; absent where the
    /// environment says that none is.
    pub policy: Seen<Policy>,
    /// The resource provider in the policy's subscription.
    pub provider: Seen<Provider>,
    /// The key vault or managed HSM; nothing where neither the command line nor a policy that was
    /// read names one.
    pub vault: Option<Seen<Vault>>,
    /// The key; nothing where none is named, or where it is on the data plane of a vault that is
    /// not there or could not be read.
    pub key: Option<Seen<Key>>,
    /// What was read of the right of the policy's identity to use the key.
    pub key_rights: Held,
    /// The same of the right to read the policy, for each of the readers that were asked for, by
    /// the object id as it was given.
    pub policy_rights: BTreeMap<String, Held>,
    /// What lies around: rights, locks, other environments.
    pub around: Surroundings,
    /// What a key that is to be made takes; asked only where one is.
    pub making: Making,
    /// What protects the environment now, where another policy is to take over; asked only for a
    /// swap.
    pub left: Option<Box<Observed>>,
}

impl Observed {
    /// The vault, if it is there.
    pub fn vault(&self) -> Option<&Vault> {
        self.vault.as_ref()?.present()
    }

    /// The key, if it is there.
    pub fn key(&self) -> Option<&Key> {
        self.key.as_ref()?.present()
    }

    /// Is the provider known not to be registered? Then it answers nothing about policies.
    pub fn is_unregistered(&self) -> bool {
        self.provider
            .present()
            .is_some_and(|provider| provider.state != Known::Known(Registration::Registered))
    }

    /// Does the service say that the key is not there?
    pub fn key_is_absent(&self) -> bool {
        self.key.as_ref().is_some_and(Seen::is_absent)
    }
}
