//! A snapshot of the services. It knows what it does not know: [`Seen`] keeps "absent", "not visible to this caller" and "not asked" apart.

use crate::model::ids::{ArmId, KeyName, same_id};
use crate::model::surroundings::Surroundings;
use jiff::Timestamp;

/// What a read found.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Seen<T> {
    /// This command had no reason to read it.
    #[default]
    NotAsked,
    /// The service says that it is not there.
    Absent,
    /// It is there.
    Present(T),
    /// The service did not say: never plans a create, and never means "no".
    Unreadable(Unreadable),
}

/// Why something could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unreadable {
    /// A clause without a full stop, such as `Azure Resource Manager answered 403 AuthorizationFailed`.
    pub why: String,
    /// Is a missing right the reason? Then somebody else may see it.
    pub forbidden: bool,
    /// The code of the finding that says more, where the service said more than "no".
    pub finding: Option<&'static str>,
}

impl<T> Seen<T> {
    /// The value, if it is there.
    pub fn present(&self) -> Option<&T> {
        match self {
            Seen::Present(value) => Some(value),
            _ => None,
        }
    }

    /// Why it could not be read, if so.
    pub fn unreadable(&self) -> Option<&Unreadable> {
        match self {
            Seen::Unreadable(why) => Some(why),
            _ => None,
        }
    }

    /// The service says that it is not there.
    pub fn is_absent(&self) -> bool {
        matches!(self, Seen::Absent)
    }
}

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
}

/// An environment as the Power Platform admin API describes it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Environment {
    /// The environment id: a GUID, or `Default-` and the tenant's.
    pub id: String,
    /// The name administrators see.
    pub display_name: String,
    /// Power Platform geography, such as `europe`.
    pub location: String,
    /// `Production`, `Sandbox`, `Trial`, …
    pub sku: String,
    /// The tenant's default environment?
    pub is_default: bool,
    /// The tenant that owns it.
    pub tenant_id: Option<String>,
    /// `Standard` means Managed Environment, `Basic` means not.
    pub protection_level: Option<String>,
    /// `Ready`, `Running`, …
    pub management_state: Option<String>,
    /// `Enabled`, `AdminMode`, `Disabled`, …
    pub runtime_state: Option<String>,
    /// The Dataverse organization.
    pub dataverse: Option<Dataverse>,
    /// The finance and operations side.
    pub app: Option<AppLink>,
    /// The linked encryption policy.
    pub key_link: Seen<KeyLink>,
    /// The operation that runs now.
    pub ongoing: Option<String>,
    /// `Microsoft`, `Customer`, …; never decided upon alone.
    pub key_managed_by: Option<String>,
    /// Lifecycle operations the service refuses now, with its reason.
    pub disallowed: Vec<(String, Option<String>)>,
    /// Lifecycle operations the service allows now; empty when it did not say.
    pub allowed: Vec<String>,
    /// The page of the tenant's list that it stood on, from 1.
    pub page: Option<usize>,
    /// When it was last modified.
    pub modified: Option<Timestamp>,
    /// The caller's permissions on the environment, when the service listed them.
    pub permissions: Option<Vec<String>>,
}

impl Environment {
    /// Managed Environment? `None` when the service did not say, or said a word that nobody knows: unknown is not "no".
    pub fn managed(&self) -> Option<bool> {
        match self.protection_level.as_deref()?.to_ascii_lowercase().as_str() {
            "standard" => Some(true),
            "basic" => Some(false),
            _ => None,
        }
    }

    /// Management state with the instance's as fallback, as the service documents for `NotSpecified`.
    pub fn state(&self) -> Option<&str> {
        match self.management_state.as_deref() {
            None | Some("NotSpecified") => {
                self.dataverse.as_ref().and_then(|dataverse| dataverse.instance_state.as_deref())
            }
            state => state,
        }
    }

    /// Ready and Enabled: usable, and nothing runs.
    pub fn is_up(&self) -> bool {
        self.state() == Some("Ready") && self.runtime_state.as_deref() == Some("Enabled")
    }
}

/// A Dataverse organization.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dataverse {
    /// Organization id.
    pub organization_id: Option<String>,
    /// `unq…`
    pub unique_name: Option<String>,
    /// First label of the URL.
    pub domain_name: Option<String>,
    /// `https://contoso.crm4.dynamics.com/`
    pub url: Option<String>,
    /// `Ready`, …
    pub instance_state: Option<String>,
}

/// The finance and operations side of an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppLink {
    /// LCS environment id, with or without dashes.
    pub id: Option<String>,
    /// `Linked` (LCS) or `Internal` (unified).
    pub kind: Option<String>,
    /// `https://contoso.operations.dynamics.com`
    pub url: Option<String>,
}

/// The encryption policy that an environment is linked to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyLink {
    /// ARM id.
    pub policy: Option<String>,
    /// The policy's id inside Power Platform.
    pub system_id: Option<String>,
    /// `Linking`, `Unlinking`, `Linked`, `Failed`, …; open.
    pub status: Option<String>,
}

/// The answer of `RetrieveFinanceAndOperationsIntegrationDetails`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Integration {
    /// 200.
    Integrated {
        /// The F&O environment's id.
        id: Option<String>,
        /// The F&O environment's URL.
        url: Option<String>,
    },
    /// 400 whose message says that the instance isn't integrated.
    NotIntegrated,
}

/// A lifecycle operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operation {
    /// GUID.
    pub id: String,
    /// `NewCustomerManagedKey`, …
    pub kind: String,
    /// `NotStarted`, `Running`, `Succeeded`, `Failed`, …; open.
    pub state: String,
    /// When it was created.
    pub created: Option<String>,
    /// The stage that runs or ran last, such as `Run`.
    pub stage: Option<String>,
    /// Did every stage succeed?
    pub all_stages_succeeded: bool,
    /// What it says about its failure.
    pub error: Option<String>,
}

impl Operation {
    /// Terminal states; anything unknown still runs.
    pub fn has_ended(&self) -> bool {
        ["Succeeded", "Failed", "Canceled", "Cancelled", "Completed"]
            .iter()
            .any(|end| end.eq_ignore_ascii_case(&self.state))
    }
}

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
    /// The vault it references.
    pub vault_id: Option<String>,
    /// The key it references.
    pub key_name: Option<String>,
    /// The pinned version, if one is.
    pub key_version: Option<String>,
    /// `Enabled` or `Disabled`.
    pub encryption_state: Option<String>,
}

impl Policy {
    /// Does it reference this key of this vault?
    pub fn references(&self, vault: &ArmId, key: &KeyName) -> bool {
        self.vault_id.as_deref().is_some_and(|own| same_id(own, &vault.to_string()))
            && self.key_name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(key.as_str()))
    }
}

/// A resource provider's registration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provider {
    /// `Registered`, `Registering`, `NotRegistered`, …
    pub state: String,
    /// Locations of `enterprisePolicies`.
    pub locations: Vec<String>,
}

impl Provider {
    /// Is it registered?
    pub fn is_registered(&self) -> bool {
        self.state.eq_ignore_ascii_case("Registered")
    }
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
    pub rbac: bool,
    /// Soft delete.
    pub soft_delete: bool,
    /// Days a deleted key is kept.
    pub retention_days: Option<u32>,
    /// Purge protection.
    pub purge_protection: bool,
    /// Reachable from the internet?
    pub public_access: bool,
    /// Do network rules deny by default?
    pub default_deny: bool,
    /// May trusted Microsoft services pass?
    pub bypass_azure: bool,
    /// Access policies.
    pub access_policies: Vec<AccessPolicy>,
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
    pub kty: String,
    /// Size of an RSA key.
    pub bits: Option<u32>,
    /// The version that was read (the latest one, unless pinned).
    pub version: Option<String>,
    /// Enabled? `None` when the service did not say.
    pub enabled: Option<bool>,
    /// When this version was made.
    pub created: Option<Timestamp>,
    /// Not valid before.
    pub not_before: Option<Timestamp>,
    /// Not valid after.
    pub expires: Option<Timestamp>,
    /// Where it was read: `Key Vault` or `Azure Resource Manager`.
    pub source: &'static str,
}

/// A role assignment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleAssignment {
    /// Its ARM id, where the service said it.
    pub id: Option<String>,
    /// Scope it was made at.
    pub scope: String,
    /// The role definition's last GUID, lower case.
    pub role: String,
    /// Who.
    pub principal_id: String,
    /// When it was made.
    pub created: Option<Timestamp>,
}
