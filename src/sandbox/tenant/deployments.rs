//! Deployments of templates to a resource group.

use super::parts::Policy;
use jiff::Timestamp;
use serde_json::Value;

/// A deployment, which runs or has ended.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Deployment {
    /// Its ARM id.
    pub(in crate::sandbox) id: String,
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) began: Timestamp,
    /// Id of the operation that carries it out, whose end is the deployment's.
    pub(in crate::sandbox) operation: String,
    /// Parameters as the service shows them, with their types.
    pub(in crate::sandbox) parameters: Value,
    pub(in crate::sandbox) outputs: Value,
    pub(in crate::sandbox) tags: Value,
    /// Digest of the template.
    pub(in crate::sandbox) digest: String,
    /// What it makes.
    pub(in crate::sandbox) policies: Vec<Policy>,
}
