//! Log Analytics workspaces.

use super::subscriptions::Place;
use serde::Deserialize;
use uuid::Uuid;

/// The table of Key Vault alone.
pub(crate) const OWN: &str = "AZKVAuditLogs";

/// A workspace.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Workspace {
    /// Its own id; derived from the name by default.
    #[serde(default)]
    pub(crate) id: Option<Uuid>,
    #[serde(default)]
    pub(crate) place: Place,
    /// The vaults that send their audit logs here.
    #[serde(default)]
    pub(crate) vaults: Vec<String>,
    /// The table with these logs: `AZKVAuditLogs` or `AzureDiagnostics`. The other one is missing.
    #[serde(default = "own_table")]
    pub(crate) table: String,
    /// Days since the first log, at the start.
    #[serde(default = "ninety")]
    pub(crate) days: f64,
    /// Further uses of keys before the start.
    #[serde(default)]
    pub(crate) uses: Vec<Use>,
    /// Does a query give only a part of its result?
    #[serde(default)]
    pub(crate) partial: bool,
}

/// A use of a key version by the identity of a policy.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Use {
    #[serde(default = "unwrap")]
    pub(crate) operation: String,
    pub(crate) vault: String,
    pub(crate) key: String,
    /// Number of the version, from 1 on.
    pub(crate) version: u32,
    /// The policy; without one, the log does not name the identity.
    #[serde(default)]
    pub(crate) policy: Option<String>,
    pub(crate) days_ago: f64,
}

fn own_table() -> String {
    OWN.to_owned()
}

fn ninety() -> f64 {
    90.0
}

fn unwrap() -> String {
    "KeyUnwrap".to_owned()
}
