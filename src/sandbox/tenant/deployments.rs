//! Deployments of templates to a resource group.

use super::parts::Policy;
use jiff::Timestamp;
use serde_json::Value;

/// A deployment, running or ended.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Deployment {
    /// Its ARM id.
    pub(in crate::sandbox) id: String,
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) began: Timestamp,
    /// Id of its operation. Both end together.
    pub(in crate::sandbox) operation: String,
    /// Parameters with their types, in the service's form.
    pub(in crate::sandbox) parameters: Value,
    pub(in crate::sandbox) outputs: Value,
    pub(in crate::sandbox) tags: Value,
    /// Digest of the template.
    pub(in crate::sandbox) digest: String,
    /// The policies that it writes.
    pub(in crate::sandbox) policies: Vec<Policy>,
}
