//! A snapshot of the services. It records also what is not known.

use crate::model::environment::{Environment, Integration};
use crate::model::known::Known;
use crate::model::making::Making;
use crate::model::operation::Operation;
use crate::model::preconditions::Preconditions;
use crate::model::protection::{Key, Policy, Provider, Registration, Vault};
use crate::model::rights::PrincipalRights;
use crate::model::seen::Seen;
use crate::model::whole::Whole;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Everything that one observation read.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// When it was read, in the cloud's time.
    pub at: Timestamp,
    /// The environment as read.
    pub environment: Seen<Environment>,
    /// What Dataverse says about the integration with finance and operations. `None` without such
    /// an app, or without Dataverse to ask.
    pub integration: Option<Seen<Integration>>,
    /// Lifecycle operations of the environment, newest first.
    pub operations: Seen<Whole<Operation>>,
    /// The policy asked for, or else the linked one. `Absent` if the environment says that none is
    /// linked.
    pub policy: Seen<Policy>,
    /// The resource provider `Microsoft.PowerPlatform` in the policy's subscription.
    pub provider: Seen<Provider>,
    /// The vault or managed HSM. `None` if neither the command line nor a policy names one.
    pub vault: Option<Seen<Vault>>,
    /// The key. `None` if none is named, or if its vault is absent or unreadable.
    pub key: Option<Seen<Key>>,
    /// What was read of the identity's right to use the key.
    pub key_rights: PrincipalRights,
    /// What was read of each requested reader's right to read the policy, by object id as given.
    pub policy_rights: BTreeMap<String, PrincipalRights>,
    /// Rights, locks and other environments around it.
    pub preconditions: Preconditions,
    /// Facts for a key to create. Read only if the plan creates one.
    pub making: Making,
    /// What protects the environment now, under its old policy. Read only for a swap.
    pub left: Option<Box<Observed>>,
}

impl Observed {
    /// The vault, if it was read and exists.
    pub fn vault(&self) -> Option<&Vault> {
        self.vault.as_ref()?.present()
    }

    /// The key, if it was read and exists.
    pub fn key(&self) -> Option<&Key> {
        self.key.as_ref()?.present()
    }

    /// Is the provider known to be unregistered? Then it answers no question about policies.
    pub fn is_unregistered(&self) -> bool {
        self.provider
            .present()
            .is_some_and(|provider| provider.state != Known::Known(Registration::Registered))
    }

    /// Does the service say that the key does not exist?
    pub fn key_is_absent(&self) -> bool {
        self.key.as_ref().is_some_and(Seen::is_absent)
    }
}
