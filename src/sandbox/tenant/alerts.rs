//! Activity log alerts.

use serde::Deserialize;

/// An alert on operations of the activity log.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Alert {
    /// An ARM id; in a scenario also `@group`, `@vault:NAME` and the like.
    pub(in crate::sandbox) scope: String,
    pub(in crate::sandbox) operations: Vec<String>,
    #[serde(default = "yes")]
    pub(in crate::sandbox) enabled: bool,
}

fn yes() -> bool {
    true
}
