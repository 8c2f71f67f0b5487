//! What protects an environment: policy, vault and key, and which principals may use them.

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
    /// The `kind` field: `Encryption` for customer-managed keys.
    pub kind: String,
    /// Object id of its system-assigned identity. The service leaves it out until Entra has made
    /// the identity. Until then nothing can be granted.
    pub principal_id: Option<String>,
    /// Its id inside Power Platform: `/regions/…/enterprisePolicies/…`. The service leaves it out
    /// until Power Platform knows the policy. Until then no environment can be added.
    pub system_id: Option<String>,
    /// The key that it references.
    pub key: Known<KeyReference>,
    /// Does it encrypt? `Enabled`, `Disabled` or `NotConfigured` on the wire.
    pub encrypts: Known<bool>,
    /// Why it is not finished: a clause with its `provisioningState`, unless that is `Succeeded`.
    /// The service was seen to leave it out after the last change is done. So `None` means
    /// finished.
    pub unfinished: Option<String>,
    /// The service's health state. `None` if the service leaves it out (`healthStatus` is optional
    /// in the public specification).
    pub health: Option<Word<Health>>,
}

/// Does a policy encrypt?
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
    /// Id of the vault or managed HSM.
    pub vault: ArmId,
    /// Name of the key.
    pub key: KeyName,
    /// The pinned version; `None` follows the key's rotation.
    pub version: Option<KeyVersion>,
}

impl Policy {
    /// Is it a policy for customer-managed keys? Other kinds of policy have the same resource type.
    pub fn is_for_encryption(&self) -> bool {
        self.kind.eq_ignore_ascii_case("Encryption")
    }

    /// Does it reference this key of this vault? Vault names are unique, and a vault can be moved
    /// to another group.
    pub fn references(&self, vault: &ArmId, key: &KeyName) -> Verdict {
        match &self.key {
            Known::Known(reference) => {
                Verdict::of(reference.vault.is_same_vault(vault) && reference.key.is(key))
            }
            Known::Unknown(why) => Verdict::cant_tell(why),
        }
    }

    /// The key that it references, for display.
    pub fn key_reference(&self) -> Option<&KeyReference> {
        self.key.known()
    }
}

/// A resource provider's registration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provider {
    /// Its state in this subscription.
    pub state: Known<Registration>,
    /// Locations of `enterprisePolicies`, in lower case.
    pub locations: Known<Vec<String>>,
}

/// The state of a resource provider's registration.
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

/// The health that the service states for a policy.
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

/// A key vault or managed HSM. Missing values are already replaced by the service's documented
/// defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Vault {
    /// ARM id.
    pub id: ArmId,
    /// Its Azure region, in lower case.
    pub region: Known<String>,
    /// Data plane URL, as the service gives it.
    pub uri: String,
    /// Id of its tenant.
    pub tenant_id: Known<String>,
    /// `true` for Azure RBAC, `false` for access policies.
    pub rbac: Known<bool>,
    /// Is soft delete on?
    pub soft_delete: Known<bool>,
    /// Days for which it keeps a deleted key. If the service leaves it out, it is 90 (default of
    /// `softDeleteRetentionInDays` in the public specification).
    pub retention_days: Known<u32>,
    /// Is purge protection on?
    pub purge_protection: Known<bool>,
    /// What its firewall admits.
    pub network: Known<Network>,
    /// Access policies. If the service leaves them out, there are none (a vault with RBAC needs
    /// none, by the public specification).
    pub access_policies: Known<Vec<AccessPolicy>>,
}

/// What a vault's firewall admits, with regard to Power Platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// All networks.
    Open,
    /// Public access is restricted, but trusted Microsoft services are admitted.
    TrustedServices,
    /// Only private links are admitted.
    Closed,
    /// A network security perimeter (`SecuredByPerimeter`). In enforced mode it does not admit
    /// trusted services.
    Perimeter,
}

impl Network {
    /// Can Power Platform reach the key?
    pub const fn lets_services_pass(self) -> bool {
        match self {
            Network::Open | Network::TrustedServices => true,
            Network::Closed | Network::Perimeter => false,
        }
    }
}

/// One access policy of a vault, for a principal of the vault's tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessPolicy {
    /// Object id of the principal.
    pub object_id: String,
    /// Its key permissions, in lower case.
    pub keys: Vec<String>,
}

/// A key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Key {
    /// Name.
    pub name: String,
    /// Its type.
    pub kty: Word<KeyType>,
    /// Size of an RSA key. `Unknown` for other types, which have none.
    pub bits: Known<u32>,
    /// The version that was read: the pinned one, or else the latest.
    pub version: Known<KeyVersion>,
    /// When it is valid, and whether it is enabled.
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
    /// `EC`, `EC-HSM`, `oct`, `oct-HSM`. These can't encrypt an environment.
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

/// When a key version can be used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validity {
    /// Is it enabled?
    pub enabled: Known<bool>,
    /// When this version was made.
    pub created: Known<Timestamp>,
    /// Not valid before; `Known(None)` means valid at once.
    pub not_before: Known<Option<Timestamp>>,
    /// Not valid after; `Known(None)` means without expiry.
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
