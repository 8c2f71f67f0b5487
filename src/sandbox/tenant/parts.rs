//! The parts of a tenant: users, environments, policies, roles and locks.

use super::ids::guid;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// A user's role in Power Platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Standing {
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
    pub(crate) fn directory_role(self) -> Option<&'static str> {
        match self {
            Standing::Admin => Some("11648597-926c-4cf3-9c36-bcebb0ba8dcc"),
            Standing::None | Standing::EnvironmentAdmin | Standing::Unregistered => None,
        }
    }

    /// Can this user see the tenant's environments?
    pub(crate) fn sees_environments(self) -> bool {
        matches!(self, Standing::Admin | Standing::EnvironmentAdmin)
    }
}

/// A user who can sign in.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) client_id: String,
    pub(crate) object_id: String,
    /// DER, as registered with the user's application.
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) about: String,
    pub(crate) power_platform: Standing,
    pub(crate) dataverse: bool,
}

/// The result of the last add operation of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "bool")]
pub(crate) enum LastAdd {
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
pub(crate) struct Environment {
    #[serde(default)]
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) sku: String,
    pub(crate) location: String,
    pub(crate) region: String,
    #[serde(default)]
    pub(crate) managed: bool,
    #[serde(default)]
    pub(crate) is_default: bool,
    /// First label of the Dataverse host; `None` without Dataverse.
    #[serde(default)]
    pub(crate) domain: Option<String>,
    /// Host of finance and operations.
    #[serde(default)]
    pub(crate) app_host: Option<String>,
    /// `Linked` or `Internal`.
    #[serde(default)]
    pub(crate) app_type: Option<String>,
    /// Dataverse's answer: `integrated`, `not-integrated`, `mismatch`.
    #[serde(default)]
    pub(crate) dataverse_says: Option<String>,
    /// Name of the policy that is linked at the start.
    #[serde(default)]
    pub(crate) policy: Option<String>,
    #[serde(default = "enabled")]
    pub(crate) runtime: String,
    /// The reason why `NewCustomerManagedKey` is disallowed, such as `CdsLink`.
    #[serde(default)]
    pub(crate) disallowed: Option<String>,
    /// Encrypted with a customer's key by the retired BYOK feature, without a policy.
    #[serde(default)]
    pub(crate) byok: bool,
    /// The result of the add operation that linked it; `failed` in a scenario.
    #[serde(default, rename = "failed")]
    pub(crate) last_add: LastAdd,
    /// Management state, if it is not `Ready`.
    #[serde(default)]
    pub(crate) management: Option<String>,
    #[serde(skip)]
    pub(crate) link: Option<(String, String)>,
    #[serde(skip)]
    pub(crate) lag: u32,
    /// The time since which its key can't be reached.
    #[serde(skip)]
    pub(crate) unreached: Option<Timestamp>,
}

impl Environment {
    /// One of many similar environments, linked to a policy.
    pub(crate) fn ordinary(number: u32, policy: &str) -> Self {
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
pub(crate) struct Policy {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) location: String,
    pub(crate) kind: String,
    pub(crate) vault_id: String,
    pub(crate) key: String,
    pub(crate) version: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) no_identity: bool,
    /// Usually `Undetermined` (Microsoft's own scripts expect no other value).
    pub(crate) health: String,
    /// State of the encryption: `Enabled`, `Disabled` or `NotConfigured`.
    pub(crate) state: String,
    pub(crate) tags: Value,
}

impl Policy {
    pub(crate) fn guid(&self) -> String {
        guid(&format!("policy/{}", self.id.to_ascii_lowercase()))
    }

    pub(crate) fn principal(&self) -> String {
        guid(&format!("identity/{}", self.id.to_ascii_lowercase()))
    }

    pub(crate) fn system_id(&self) -> String {
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
pub(crate) struct Lock {
    pub(crate) scope: String,
    pub(crate) level: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) notes: Option<String>,
}

impl Lock {
    /// Its ARM id.
    pub(crate) fn id(&self) -> String {
        format!(
            "{}/providers/Microsoft.Authorization/locks/{}",
            self.scope, self.name
        )
    }
}

/// A role assignment, in Azure RBAC or in the local RBAC of a managed HSM.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    pub(crate) name: String,
    /// An ARM id, `/`, or a local scope of a managed HSM, which starts with `hsm:`.
    pub(crate) scope: String,
    /// GUID of the role definition.
    pub(crate) role: String,
    pub(crate) principal: String,
    pub(crate) since: Timestamp,
    pub(crate) more: RoleDetails,
}

/// Fields that few role assignments have.
#[derive(Debug, Clone, Default)]
pub(crate) struct RoleDetails {
    pub(crate) condition: Option<String>,
    /// Always `2.0` with a condition.
    pub(crate) condition_version: Option<String>,
    pub(crate) description: Option<String>,
    /// The request's value. For a known principal, its actual type is shown instead.
    pub(crate) principal_type: Option<String>,
    /// Object id of the principal that assigned it; empty for the scenario's own.
    pub(crate) created_by: String,
}
