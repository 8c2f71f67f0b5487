//! Deployments of templates to a resource group.

use super::parts::Policy;
use jiff::Timestamp;
use serde_json::Value;

/// A deployment, running or ended.
#[derive(Debug, Clone)]
pub(crate) struct Deployment {
    /// Its ARM id.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) began: Timestamp,
    /// Id of its operation. Both end together.
    pub(crate) operation: String,
    /// Parameters with their types, in the service's form.
    pub(crate) parameters: Value,
    pub(crate) outputs: Value,
    pub(crate) tags: Value,
    /// Digest of the template.
    pub(crate) digest: String,
    /// The policies that it writes.
    pub(crate) policies: Vec<Policy>,
}
