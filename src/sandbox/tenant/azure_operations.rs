//! Long-running operations of Azure Resource Manager. Nothing changes until the operation has
//! succeeded (inferred: a `PUT` that answers 202 need not show its result earlier).

use super::parts::Policy;
use jiff::Timestamp;
use serde::Deserialize;

/// The change that a successful operation makes.
#[derive(Debug, Clone)]
pub(in crate::sandbox) enum Pending {
    /// Writes this policy.
    Write(Box<Policy>),
    /// Deletes the policy with this ARM id.
    Delete(String),
    /// Deletes the resource group with this ARM id and its resources.
    DeleteGroup(String),
    /// Writes these policies for the deployment with this ARM id.
    Deploy(String, Vec<Policy>),
}

/// The failure of an operation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Failing {
    pub(in crate::sandbox) code: String,
    pub(in crate::sandbox) message: String,
    /// One entry for each resource that blocked the operation.
    #[serde(skip)]
    pub(in crate::sandbox) details: Vec<Blocked>,
}

/// A resource that blocked an operation.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Blocked {
    /// Its ARM id.
    pub(in crate::sandbox) target: String,
    pub(in crate::sandbox) code: String,
    pub(in crate::sandbox) message: String,
}

/// A long-running operation.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct AzureOperation {
    pub(in crate::sandbox) id: String,
    pub(in crate::sandbox) began: Timestamp,
    pub(in crate::sandbox) ended: Option<Timestamp>,
    pub(in crate::sandbox) change: Pending,
    pub(in crate::sandbox) failing: Option<Failing>,
}

impl Pending {
    /// ARM id of the changed resource.
    pub(in crate::sandbox) fn target(&self) -> &str {
        match self {
            Pending::Write(policy) => &policy.id,
            Pending::Delete(id) | Pending::DeleteGroup(id) | Pending::Deploy(id, _) => id,
        }
    }

    /// Is it the same change, apart from its time?
    pub(in crate::sandbox) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Pending::Write(policy), Pending::Write(other)) => {
                let created = policy.created;
                **policy
                    == Policy {
                        created,
                        ..(**other).clone()
                    }
            }
            (Pending::Delete(id), Pending::Delete(other))
            | (Pending::DeleteGroup(id), Pending::DeleteGroup(other)) => {
                id.eq_ignore_ascii_case(other)
            }
            _ => false,
        }
    }
}
