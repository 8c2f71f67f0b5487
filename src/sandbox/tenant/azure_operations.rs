//! Long operations of Azure Resource Manager: a change that was accepted and takes its time. Until
//! it has ended well, everything is as it was before (inferred: a `PUT` that answers 202 need not
//! show what it makes earlier).

use super::parts::Policy;
use jiff::Timestamp;
use serde::Deserialize;

/// What is changed when the operation ends well.
#[derive(Debug, Clone)]
pub(in crate::sandbox) enum Pending {
    /// The policy is written as it is here.
    Write(Box<Policy>),
    /// The policy with this ARM id is deleted.
    Delete(String),
    /// The resource group with this ARM id is deleted, with everything in it.
    DeleteGroup(String),
    /// The deployment with this ARM id writes these policies.
    Deploy(String, Vec<Policy>),
}

/// Why an operation fails.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Failing {
    pub(in crate::sandbox) code: String,
    pub(in crate::sandbox) message: String,
    /// One for each resource that stood in its way.
    #[serde(skip)]
    pub(in crate::sandbox) details: Vec<Blocked>,
}

/// A resource that stood in the way of an operation.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Blocked {
    /// Its ARM id.
    pub(in crate::sandbox) target: String,
    pub(in crate::sandbox) code: String,
    pub(in crate::sandbox) message: String,
}

/// A long operation.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct AzureOperation {
    pub(in crate::sandbox) id: String,
    pub(in crate::sandbox) began: Timestamp,
    pub(in crate::sandbox) ended: Option<Timestamp>,
    pub(in crate::sandbox) change: Pending,
    pub(in crate::sandbox) failing: Option<Failing>,
}

impl Pending {
    /// ARM id of what is changed.
    pub(in crate::sandbox) fn target(&self) -> &str {
        match self {
            Pending::Write(policy) => &policy.id,
            Pending::Delete(id) | Pending::DeleteGroup(id) | Pending::Deploy(id, _) => id,
        }
    }

    /// Is it the same change, whenever it was asked for?
    pub(in crate::sandbox) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Pending::Write(own), Pending::Write(other)) => {
                let created = own.created;
                **own
                    == Policy {
                        created,
                        ..(**other).clone()
                    }
            }
            (Pending::Delete(own), Pending::Delete(other))
            | (Pending::DeleteGroup(own), Pending::DeleteGroup(other)) => {
                own.eq_ignore_ascii_case(other)
            }
            _ => false,
        }
    }
}
