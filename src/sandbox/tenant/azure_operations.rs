//! Long-running operations of Azure Resource Manager. Nothing changes until the operation has
//! succeeded (inferred: a `PUT` that answers 202 need not show its result earlier).

use super::parts::Policy;
use jiff::Timestamp;
use serde::Deserialize;

/// The change that a successful operation makes.
#[derive(Debug, Clone)]
pub(crate) enum Pending {
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
pub(crate) struct Failing {
    pub(crate) code: String,
    pub(crate) message: String,
    /// One entry for each resource that blocked the operation.
    #[serde(skip)]
    pub(crate) details: Vec<Blocked>,
}

/// A resource that blocked an operation.
#[derive(Debug, Clone)]
pub(crate) struct Blocked {
    /// Its ARM id.
    pub(crate) target: String,
    pub(crate) code: String,
    pub(crate) message: String,
}

/// A long-running operation.
#[derive(Debug, Clone)]
pub(crate) struct AzureOperation {
    pub(crate) id: String,
    pub(crate) began: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) change: Pending,
    pub(crate) failing: Option<Failing>,
}

impl Pending {
    /// ARM id of the changed resource.
    pub(crate) fn target(&self) -> &str {
        match self {
            Pending::Write(policy) => &policy.id,
            Pending::Delete(id) | Pending::DeleteGroup(id) | Pending::Deploy(id, _) => id,
        }
    }

    /// Is it the same change, apart from its time?
    pub(crate) fn is(&self, other: &Self) -> bool {
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
