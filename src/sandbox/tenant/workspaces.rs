//! Log Analytics workspaces.

use super::subscriptions::Place;
use serde::Deserialize;
use uuid::Uuid;

/// The table of Key Vault alone.
pub(in crate::sandbox) const OWN: &str = "AZKVAuditLogs";

/// A workspace.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Workspace {
    /// Its own id; derived from the name by default.
    #[serde(default)]
    pub(in crate::sandbox) id: Option<Uuid>,
    #[serde(default)]
    pub(in crate::sandbox) place: Place,
    /// The vaults that send their audit logs here.
    #[serde(default)]
    pub(in crate::sandbox) vaults: Vec<String>,
    /// The table with these logs: `AZKVAuditLogs` or `AzureDiagnostics`. The other one is missing.
    #[serde(default = "own_table")]
    pub(in crate::sandbox) table: String,
    /// Days since the first log, at the start.
    #[serde(default = "ninety")]
    pub(in crate::sandbox) days: f64,
    /// Further uses of keys before the start.
    #[serde(default)]
    pub(in crate::sandbox) uses: Vec<Use>,
    /// Does a query give only a part of its result?
    #[serde(default)]
    pub(in crate::sandbox) partial: bool,
}

/// A use of a key version by the identity of a policy.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Use {
    #[serde(default = "unwrap")]
    pub(in crate::sandbox) operation: String,
    pub(in crate::sandbox) vault: String,
    pub(in crate::sandbox) key: String,
    /// Number of the version, from 1 on.
    pub(in crate::sandbox) version: u32,
    /// The policy; without one, the log does not name the identity.
    #[serde(default)]
    pub(in crate::sandbox) policy: Option<String>,
    pub(in crate::sandbox) days_ago: f64,
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
