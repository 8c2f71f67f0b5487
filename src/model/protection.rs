//! What protects an environment: policy, vault and key, and who may use them.

use crate::model::ids::ArmId;
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::known::{Known, Verdict};
use crate::model::rotation::RotationPolicy;
use crate::model::word::{Vocabulary, Word};
use jiff::Timestamp;

/// An enterprise policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// ARM id.
    pub id: ArmId,
    /// Power Platform geography, in lower case. The names are open: Microsoft adds regions.
    pub location: Known<String>,
    /// `Encryption` for customer-managed keys.
    pub kind: String,
    /// Object id of its system-assigned identity. Left out while Entra has not made it yet: then
    /// nothing can be granted.
    pub principal_id: Option<String>,
    /// Its id inside Power Platform: `/regions/…/enterprisePolicies/…`. Left out while Power
    /// Platform does not know the policy yet: then nothing can be added to it.
    pub system_id: Option<String>,
    /// The key that it references.
    pub key: Known<KeyReference>,
    /// Does it encrypt? `Enabled`, `Disabled` or `NotConfigured` on the wire.
    pub encrypts: Known<bool>,
    /// What its `provisioningState` says, unless that is `Succeeded`. Without one, which is what
    /// the service was seen to answer, its last change is done.
    pub unfinished: Option<String>,
    /// What the service says about its health. It may leave it out, and then says nothing
    /// (`healthStatus` is optional in the public specification).
    pub health: Option<Word<Health>>,
}

/// Is a policy one that encrypts?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncryptionState {
    /// `Enabled`
    Enabled,
    /// `Disabled`, `NotConfigured`
    Disabled,
}

impl Vocabulary for EncryptionState {
    const FIELD: &'static str = "encryption.state";

    fn of(word: &str) -> Option<Self> {
        match word {
            "enabled" => Some(EncryptionState::Enabled),
            "disabled" | "notconfigured" => Some(EncryptionState::Disabled),
            _ => None,
        }
    }
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
    /// Is it one for customer-managed keys? Policies of other kinds have the same resource type.
    pub fn is_for_encryption(&self) -> bool {
        self.kind.eq_ignore_ascii_case("Encryption")
    }

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
    /// Locations of `enterprisePolicies`, in lower case.
    pub locations: Known<Vec<String>>,
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

impl Vocabulary for Registration {
    const FIELD: &'static str = "registrationState";

    fn of(word: &str) -> Option<Self> {
        match word {
            "registered" => Some(Registration::Registered),
            "registering" => Some(Registration::Registering),
            "notregistered" | "unregistered" | "unregistering" => Some(Registration::NotRegistered),
            _ => None,
        }
    }
}

/// What the service says about the health of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// `Undetermined`
    Undetermined,
    /// `Healthy`
    Healthy,
    /// `Warning`, `Unhealthy`
    Bad,
}

impl Vocabulary for Health {
    const FIELD: &'static str = "healthStatus";

    fn of(word: &str) -> Option<Self> {
        match word {
            "undetermined" => Some(Health::Undetermined),
            "healthy" => Some(Health::Healthy),
            "warning" | "unhealthy" => Some(Health::Bad),
            _ => None,
        }
    }
}

/// A key vault or managed HSM, with absent values already read as the service documents them.
#[derive(Debug, Clone, PartialEq)]
pub struct Vault {
    /// ARM id.
    pub id: ArmId,
    /// The Azure region that it is in, in lower case.
    pub region: Known<String>,
    /// Data plane URL, as the service gives it.
    pub uri: String,
    /// Its tenant.
    pub tenant_id: Known<String>,
    /// Azure RBAC (`true`) or access policies.
    pub rbac: Known<bool>,
    /// Soft delete.
    pub soft_delete: Known<bool>,
    /// Days a deleted key is kept. The service may leave it out: then it is 90 (default of
    /// `softDeleteRetentionInDays` in the public specification).
    pub retention_days: Known<u32>,
    /// Purge protection.
    pub purge_protection: Known<bool>,
    /// Who its network lets in.
    pub network: Known<Network>,
    /// Access policies. The service may leave them out: then there are none (a vault that works
    /// with roles needs none, by the public specification).
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
    /// Its type.
    pub kty: Word<KeyType>,
    /// Size of an RSA key; not known of other types, which have none.
    pub bits: Known<u32>,
    /// The version that was read (the latest one, unless pinned).
    pub version: Known<KeyVersion>,
    /// Since when it is valid, until when, and whether it is enabled.
    pub validity: Validity,
    /// When Key Vault makes a new version of it, where that was read.
    pub rotation: Known<RotationPolicy>,
    /// Where it was read: `Key Vault` or `Azure Resource Manager`.
    pub source: &'static str,
}

/// The type of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// `RSA`, `RSA-HSM`
    Rsa,
    /// `EC`, `EC-HSM`, `oct`, `oct-HSM`: these can't encrypt an environment.
    Other,
}

impl Vocabulary for KeyType {
    const FIELD: &'static str = "kty";

    fn of(word: &str) -> Option<Self> {
        match word {
            "rsa" | "rsa-hsm" => Some(KeyType::Rsa),
            "ec" | "ec-hsm" | "oct" | "oct-hsm" => Some(KeyType::Other),
            _ => None,
        }
    }
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

    /// When a version of this validity gets a successor by this policy, where that is known.
    pub fn next(&self, rotation: &RotationPolicy) -> Option<Timestamp> {
        let next = rotation.next(&self.created, &self.expires);
        next.known().copied().flatten()
    }

    /// The day on which it ends, where one is known.
    pub fn end(&self) -> Option<Timestamp> {
        self.expires.known().copied().flatten()
    }
}
