//! The parts of a tenant: users, environments, policies, roles and locks.

use super::ids::guid;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// A user's role in Power Platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::sandbox) enum Standing {
    /// Power Platform Administrator.
    Admin,
    /// No role.
    #[default]
    None,
    /// Administers environments, but not their protection keys.
    EnvironmentAdmin,
    /// A service principal that is not registered as a management application.
    Unregistered,
}

impl Standing {
    /// The template id of the directory role, for a token's `wids` (Microsoft Entra built-in
    /// roles).
    pub(in crate::sandbox) fn directory_role(self) -> Option<&'static str> {
        match self {
            Standing::Admin => Some("11648597-926c-4cf3-9c36-bcebb0ba8dcc"),
            Standing::None | Standing::EnvironmentAdmin | Standing::Unregistered => None,
        }
    }

    /// Can this user see the tenant's environments?
    pub(in crate::sandbox) fn sees_environments(self) -> bool {
        matches!(self, Standing::Admin | Standing::EnvironmentAdmin)
    }
}

/// A user who can sign in.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct User {
    pub(in crate::sandbox) client_id: String,
    pub(in crate::sandbox) object_id: String,
    /// DER, as registered with the user's application.
    pub(in crate::sandbox) certificates: Vec<Vec<u8>>,
    pub(in crate::sandbox) about: String,
    pub(in crate::sandbox) power_platform: Standing,
    pub(in crate::sandbox) dataverse: bool,
}

/// The result of the last add operation of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "bool")]
pub(in crate::sandbox) enum LastAdd {
    #[default]
    Succeeded,
    Failed,
}

impl From<bool> for LastAdd {
    fn from(failed: bool) -> Self {
        if failed {
            Self::Failed
        } else {
            Self::Succeeded
        }
    }
}

/// An environment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Environment {
    #[serde(default)]
    pub(in crate::sandbox) id: String,
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) sku: String,
    pub(in crate::sandbox) location: String,
    pub(in crate::sandbox) region: String,
    #[serde(default)]
    pub(in crate::sandbox) managed: bool,
    #[serde(default)]
    pub(in crate::sandbox) is_default: bool,
    /// First label of the Dataverse host; `None` without Dataverse.
    #[serde(default)]
    pub(in crate::sandbox) domain: Option<String>,
    /// Host of finance and operations.
    #[serde(default)]
    pub(in crate::sandbox) app_host: Option<String>,
    /// `Linked` or `Internal`.
    #[serde(default)]
    pub(in crate::sandbox) app_type: Option<String>,
    /// Dataverse's answer: `integrated`, `not-integrated`, `mismatch`.
    #[serde(default)]
    pub(in crate::sandbox) dataverse_says: Option<String>,
    /// Name of the policy that is linked at the start.
    #[serde(default)]
    pub(in crate::sandbox) policy: Option<String>,
    #[serde(default = "enabled")]
    pub(in crate::sandbox) runtime: String,
    /// The reason why `NewCustomerManagedKey` is disallowed, such as `CdsLink`.
    #[serde(default)]
    pub(in crate::sandbox) disallowed: Option<String>,
    /// Encrypted with a customer's key by the retired BYOK feature, without a policy.
    #[serde(default)]
    pub(in crate::sandbox) byok: bool,
    /// The result of the add operation that linked it; `failed` in a scenario.
    #[serde(default, rename = "failed")]
    pub(in crate::sandbox) last_add: LastAdd,
    /// Management state, if it is not `Ready`.
    #[serde(default)]
    pub(in crate::sandbox) management: Option<String>,
    #[serde(skip)]
    pub(in crate::sandbox) link: Option<(String, String)>,
    #[serde(skip)]
    pub(in crate::sandbox) lag: u32,
    /// The time since which its key can't be reached.
    #[serde(skip)]
    pub(in crate::sandbox) unreached: Option<Timestamp>,
}

impl Environment {
    /// One of many similar environments, linked to a policy.
    pub(in crate::sandbox) fn ordinary(number: u32, policy: &str) -> Self {
        Self {
            id: String::new(),
            name: format!("Contoso Team {number:02}"),
            sku: "Production".to_owned(),
            location: "europe".to_owned(),
            region: "westeurope".to_owned(),
            managed: true,
            is_default: false,
            domain: Some(format!("contoso-team-{number:02}")),
            app_host: None,
            app_type: None,
            dataverse_says: None,
            policy: Some(policy.to_owned()),
            runtime: enabled(),
            disallowed: None,
            byok: false,
            last_add: LastAdd::Succeeded,
            management: None,
            link: None,
            lag: 0,
            unreached: None,
        }
    }
}

fn enabled() -> String {
    "Enabled".to_owned()
}

/// An enterprise policy.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sandbox) struct Policy {
    pub(in crate::sandbox) id: String,
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) location: String,
    pub(in crate::sandbox) kind: String,
    pub(in crate::sandbox) vault_id: String,
    pub(in crate::sandbox) key: String,
    pub(in crate::sandbox) version: Option<String>,
    pub(in crate::sandbox) created: Timestamp,
    pub(in crate::sandbox) no_identity: bool,
    /// Usually `Undetermined` (Microsoft's own scripts expect no other value).
    pub(in crate::sandbox) health: String,
    /// State of the encryption: `Enabled`, `Disabled` or `NotConfigured`.
    pub(in crate::sandbox) state: String,
    pub(in crate::sandbox) tags: Value,
}

impl Policy {
    pub(in crate::sandbox) fn guid(&self) -> String {
        guid(&format!("policy/{}", self.id.to_ascii_lowercase()))
    }

    pub(in crate::sandbox) fn principal(&self) -> String {
        guid(&format!("identity/{}", self.id.to_ascii_lowercase()))
    }

    pub(in crate::sandbox) fn system_id(&self) -> String {
        format!(
            "/regions/{}/providers/Microsoft.PowerPlatform/enterprisePolicies/{}",
            self.location,
            self.guid()
        )
    }
}

/// A resource lock.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Lock {
    pub(in crate::sandbox) scope: String,
    pub(in crate::sandbox) level: String,
    pub(in crate::sandbox) name: String,
    #[serde(default)]
    pub(in crate::sandbox) notes: Option<String>,
}

impl Lock {
    /// Its ARM id.
    pub(in crate::sandbox) fn id(&self) -> String {
        format!(
            "{}/providers/Microsoft.Authorization/locks/{}",
            self.scope, self.name
        )
    }
}

/// A role assignment, in Azure RBAC or in the local RBAC of a managed HSM.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Role {
    pub(in crate::sandbox) name: String,
    /// An ARM id, `/`, or a local scope of a managed HSM, which starts with `hsm:`.
    pub(in crate::sandbox) scope: String,
    /// GUID of the role definition.
    pub(in crate::sandbox) role: String,
    pub(in crate::sandbox) principal: String,
    pub(in crate::sandbox) since: Timestamp,
    pub(in crate::sandbox) more: RoleDetails,
}

/// Fields that few role assignments have.
#[derive(Debug, Clone, Default)]
pub(in crate::sandbox) struct RoleDetails {
    pub(in crate::sandbox) condition: Option<String>,
    /// Always `2.0` with a condition.
    pub(in crate::sandbox) condition_version: Option<String>,
    pub(in crate::sandbox) description: Option<String>,
    /// The request's value. For a known principal, its actual type is shown instead.
    pub(in crate::sandbox) principal_type: Option<String>,
    /// Object id of the principal that assigned it; empty for the scenario's own.
    pub(in crate::sandbox) created_by: String,
}
