//! Activity log alerts.

use serde::Deserialize;

/// An alert on operations of the activity log.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Alert {
    /// An ARM id; in a scenario also `@group`, `@vault:NAME` and the like.
    pub(crate) scope: String,
    pub(crate) operations: Vec<String>,
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
}

fn yes() -> bool {
    true
}
