//! What protects an environment: policy, vault and key, and who may use them.

use crate::model::ids::ArmId;
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::known::{Known, Verdict};
use jiff::Timestamp;

/// An enterprise policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// ARM id.
    pub id: ArmId,
    /// Power Platform geography.
    pub location: String,
    /// `Encryption` for customer-managed keys.
    pub kind: String,
    /// Object id of its system-assigned identity.
    pub principal_id: Option<String>,
    /// Its id inside Power Platform: `/regions/…/enterprisePolicies/…`
    pub system_id: Option<String>,
    /// The key that it references.
    pub key: Known<KeyReference>,
    /// Does it encrypt? `Enabled` or `Disabled` on the wire.
    pub encrypts: Known<bool>,
    /// What its `provisioningState` says, unless that is `Succeeded`. Without one, which is what
    /// the service was seen to answer, its last change is done.
    pub unfinished: Option<String>,
}

/// The key that a policy references.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyReference {
    /// Key vault or managed HSM.
    pub vault: ArmId,
    /// The key in it.
    pub key: KeyName,
    /// The pinned version; without one the policy follows the key's rotation.
    pub version: Option<KeyVersion>,
}

impl Policy {
    /// Does it reference this key of this vault? Names of vaults are unique, and a vault can be
    /// moved to another group.
    pub fn references(&self, vault: &ArmId, key: &KeyName) -> Verdict {
        match &self.key {
            Known::Known(own) => Verdict::of(own.vault.is_same_vault(vault) && own.key.is(key)),
            Known::Unknown(why) => Verdict::cant_tell(why),
        }
    }

    /// The key that it references, for showing.
    pub fn key_reference(&self) -> Option<&KeyReference> {
        self.key.known()
    }
}

/// A resource provider's registration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provider {
    /// How far it is.
    pub state: Known<Registration>,
    /// Locations of `enterprisePolicies`.
    pub locations: Vec<String>,
}

/// How far the registration of a resource provider is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// `Registered`
    Registered,
    /// `Registering`
    Registering,
    /// `NotRegistered`, `Unregistered`, `Unregistering`
    NotRegistered,
}

/// A key vault or managed HSM, with absent values already read as the service documents them.
#[derive(Debug, Clone, PartialEq)]
pub struct Vault {
    /// ARM id.
    pub id: ArmId,
    /// Data plane URL, as the service gives it.
    pub uri: String,
    /// Its tenant.
    pub tenant_id: Option<String>,
    /// Azure RBAC (`true`) or access policies.
    pub rbac: Known<bool>,
    /// Soft delete.
    pub soft_delete: Known<bool>,
    /// Days a deleted key is kept.
    pub retention_days: Option<u32>,
    /// Purge protection.
    pub purge_protection: Known<bool>,
    /// Who its network lets in.
    pub network: Known<Network>,
    /// Access policies.
    pub access_policies: Known<Vec<AccessPolicy>>,
}

/// Who the network of a vault lets in, as far as Power Platform is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Everybody.
    Open,
    /// Closed, but trusted Microsoft services pass.
    TrustedServices,
    /// Closed to everybody who comes by no private link.
    Closed,
    /// A network security perimeter (`SecuredByPerimeter`): in enforced mode trusted services do
    /// not pass.
    Perimeter,
}

impl Network {
    /// Does it let Power Platform reach the key?
    pub const fn lets_services_pass(self) -> bool {
        match self {
            Network::Open | Network::TrustedServices => true,
            Network::Closed | Network::Perimeter => false,
        }
    }
}

/// One access policy of a vault.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessPolicy {
    /// Who.
    pub object_id: String,
    /// Key permissions, lower case.
    pub keys: Vec<String>,
}

/// A key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Key {
    /// Name.
    pub name: String,
    /// `RSA`, `RSA-HSM`, `EC`, …
    pub kty: Known<String>,
    /// Size of an RSA key.
    pub bits: Option<u32>,
    /// The version that was read (the latest one, unless pinned).
    pub version: Option<KeyVersion>,
    /// Since when it is valid, until when, and whether it is enabled.
    pub validity: Validity,
    /// Where it was read: `Key Vault` or `Azure Resource Manager`.
    pub source: &'static str,
}

/// When a version of a key may be used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validity {
    /// Enabled?
    pub enabled: Known<bool>,
    /// When this version was made.
    pub created: Known<Timestamp>,
    /// Not valid before; nothing means at once.
    pub not_before: Known<Option<Timestamp>>,
    /// Not valid after; nothing means for ever.
    pub expires: Known<Option<Timestamp>>,
}

impl Validity {
    /// Can it be used at this time: enabled, begun and unexpired?
    pub fn usable(&self, at: Timestamp) -> Verdict {
        let within = |time: &Known<Option<Timestamp>>, fits: &dyn Fn(Timestamp) -> bool| match time
        {
            Known::Known(time) => Verdict::of(time.is_none_or(fits)),
            Known::Unknown(why) => Verdict::cant_tell(why),
        };
        Verdict::from(&self.enabled)
            .and(|| within(&self.not_before, &|start| start <= at))
            .and(|| within(&self.expires, &|end| end > at))
    }

    /// The day on which it ends, where one is known.
    pub fn end(&self) -> Option<Timestamp> {
        self.expires.known().copied().flatten()
    }
}
