//! What a tenant consists of: users, environments, vaults, keys, policies, roles and locks.

use super::world::guid;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A user's standing in Power Platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Standing {
    /// Power Platform Administrator.
    Admin,
    /// No role.
    #[default]
    None,
    /// Administers environments, but not their protection keys.
    EnvironmentAdmin,
    /// A service principal that nobody registered as a management application.
    Unregistered,
}

impl Standing {
    /// Template ids of the directory roles, as a token's `wids` holds them (Microsoft Entra built-in roles). The last one is everybody's.
    pub(super) fn directory_roles(self) -> &'static [&'static str] {
        match self {
            Standing::Admin => &["11648597-926c-4cf3-9c36-bcebb0ba8dcc", "b79fbf4d-3ef9-4689-8143-76b194e85509"],
            Standing::None | Standing::EnvironmentAdmin | Standing::Unregistered => {
                &["b79fbf4d-3ef9-4689-8143-76b194e85509"]
            }
        }
    }

    /// Does it see the tenant's environments?
    pub(super) fn sees_environments(self) -> bool {
        matches!(self, Standing::Admin | Standing::EnvironmentAdmin)
    }
}

/// Somebody who can sign in.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) client_id: String,
    pub(super) object_id: String,
    pub(super) about: String,
    pub(super) power_platform: Standing,
    pub(super) dataverse: bool,
}

/// An environment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Environment {
    #[serde(default)]
    pub(super) id: String,
    pub(super) name: String,
    pub(super) sku: String,
    pub(super) location: String,
    pub(super) region: String,
    #[serde(default)]
    pub(super) managed: bool,
    #[serde(default)]
    pub(super) is_default: bool,
    /// First label of the Dataverse host; none without Dataverse.
    #[serde(default)]
    pub(super) domain: Option<String>,
    /// Host of finance and operations.
    #[serde(default)]
    pub(super) app_host: Option<String>,
    /// `Linked` or `Internal`.
    #[serde(default)]
    pub(super) app_type: Option<String>,
    /// What Dataverse answers: `integrated`, `not-integrated`, `mismatch`.
    #[serde(default)]
    pub(super) dataverse_says: Option<String>,
    /// Linked from the start, to the policy of this name.
    #[serde(default)]
    pub(super) policy: Option<String>,
    #[serde(default = "enabled")]
    pub(super) runtime: String,
    /// A reason type for which `NewCustomerManagedKey` is disallowed, such as `CdsLink`.
    #[serde(default)]
    pub(super) disallowed: Option<String>,
    /// Encrypted with a customer's key in the retired way, without a policy.
    #[serde(default)]
    pub(super) byok: bool,
    /// Linked, but the last add failed?
    #[serde(default)]
    pub(super) failed: bool,
    /// Management state, when it is not `Ready`.
    #[serde(default)]
    pub(super) management: Option<String>,
    #[serde(skip)]
    pub(super) link: Option<(String, String)>,
    #[serde(skip)]
    pub(super) lag: u32,
    /// Since when its key can't be reached.
    #[serde(skip)]
    pub(super) unreached: Option<Timestamp>,
}

impl Environment {
    /// One of many, linked to a policy.
    pub(super) fn ordinary(number: u32, policy: &str) -> Self {
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
            failed: false,
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

/// A key vault or managed HSM.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vault {
    #[serde(default)]
    pub(super) hsm: bool,
    /// Properties as Azure Resource Manager shows them; what is absent is absent.
    pub(super) properties: Value,
    pub(super) keys: BTreeMap<String, Key>,
    /// Soft-deleted: gone, but its name is held.
    #[serde(default)]
    pub(super) deleted: bool,
    /// Is the data plane's firewall closed to the client?
    #[serde(default)]
    pub(super) firewall: bool,
}

/// A key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    pub(super) kty: String,
    #[serde(default)]
    pub(super) bits: u32,
    #[serde(default = "yes")]
    pub(super) enabled: bool,
    /// Days from the epoch.
    #[serde(default)]
    pub(super) expires_in_days: Option<i64>,
    #[serde(default)]
    pub(super) starts_in_days: Option<i64>,
    #[serde(default)]
    pub(super) deleted: bool,
    #[serde(default = "one")]
    pub(super) versions: u32,
    /// How many days before the sandbox began each version was made, from the first one on; long before, where nothing is said.
    #[serde(default)]
    pub(super) made_days_ago: Vec<f64>,
    /// Versions before the latest one that are disabled.
    #[serde(default)]
    pub(super) disabled: BTreeSet<u32>,
    /// When versions were made after the sandbox began.
    #[serde(skip)]
    pub(super) made: BTreeMap<u32, Timestamp>,
}

impl Key {
    /// Is this version enabled?
    pub(super) fn is_enabled(&self, version: u32) -> bool {
        if version == self.versions { self.enabled } else { !self.disabled.contains(&version) }
    }

    pub(super) fn enable(&mut self, version: u32, enabled: bool) {
        if version == self.versions {
            self.enabled = enabled;
        } else if enabled {
            self.disabled.remove(&version);
        } else {
            self.disabled.insert(version);
        }
    }

    /// One version more, which is enabled.
    pub(super) fn renew(&mut self, now: Timestamp) {
        if !self.enabled {
            self.disabled.insert(self.versions);
        }
        self.versions += 1;
        self.enabled = true;
        self.made.insert(self.versions, now);
    }
}

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}

/// An enterprise policy.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) location: String,
    pub(super) kind: String,
    pub(super) vault_id: String,
    pub(super) key: String,
    pub(super) version: Option<String>,
    pub(super) created: Timestamp,
    pub(super) no_identity: bool,
    pub(super) tags: Value,
}

impl Policy {
    pub(super) fn guid(&self) -> String {
        guid(&format!("policy/{}", self.id.to_ascii_lowercase()))
    }

    pub(super) fn principal(&self) -> String {
        guid(&format!("identity/{}", self.id.to_ascii_lowercase()))
    }

    pub(super) fn system_id(&self) -> String {
        format!("/regions/{}/providers/Microsoft.PowerPlatform/enterprisePolicies/{}", self.location, self.guid())
    }
}

/// A resource lock.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lock {
    pub(super) scope: String,
    pub(super) level: String,
    pub(super) name: String,
}

/// A role assignment.
#[derive(Debug, Clone)]
pub(super) struct Role {
    pub(super) name: String,
    pub(super) scope: String,
    pub(super) role: String,
    pub(super) principal: String,
    pub(super) since: Timestamp,
}
