//! Lifecycle operations of environments: their type and their progress. Types are those of recorded
//! operations of the Power Platform admin API. The type `NewCustomerManagedKey` for adding a key is
//! inferred from the list of allowed operations.

use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// The type of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Encrypts with the policy with this ARM id.
    Link(String),
    /// Moves to the policy with this ARM id.
    Swap(String),
    /// Returns to the Microsoft-managed key.
    Unlink,
    /// Makes a Managed Environment.
    Govern,
    /// Enables the environment. Recorded environments allow an operation of this type.
    Enable,
    /// Another type that does not concern keys, such as a copy or a restore.
    Other(String),
}

impl Kind {
    pub(crate) fn name(&self) -> &str {
        match self {
            Kind::Link(_) => "NewCustomerManagedKey",
            Kind::Swap(_) => "RotateCustomerManagedKey",
            Kind::Unlink => "RevertToMicrosoftKey",
            Kind::Govern => "EnableGovernanceConfiguration",
            Kind::Enable => "Enable",
            Kind::Other(name) => name,
        }
    }
}

/// The result of an operation, and the key that made it fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    No,
    /// The old key can't be reached, so the data can't be decrypted.
    OldKey,
    /// The new key can't be used, or the scenario makes it fail.
    Other,
}

/// A lifecycle operation.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) environment: String,
    pub(crate) kind: Kind,
    pub(crate) created: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    /// Its duration, if it is fixed in advance.
    pub(crate) takes: Option<SignedDuration>,
    /// The link before the operation.
    pub(crate) before: Option<(String, String)>,
    /// Decided at the end of the stage Validate.
    pub(crate) fails: Option<Failure>,
    pub(crate) done: bool,
    /// Is the environment back before the end of the operation?
    pub(crate) back: bool,
    pub(crate) requested_by: String,
}

/// Every operation in the order of its start. They are indexed by environment, because a page of a
/// large tenant looks them up hundreds of times.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    all: Vec<Operation>,
    of: BTreeMap<String, Vec<usize>>,
    /// Indexes of the operations that have not ended.
    open: BTreeSet<usize>,
}

impl Operations {
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn push(&mut self, operation: Operation) {
        let index = self.all.len();
        let of = self.of.entry(operation.environment.clone()).or_default();
        of.push(index);
        if !operation.done {
            self.open.insert(index);
        }
        self.all.push(operation);
    }

    /// All operations, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Operation> {
        self.all.iter()
    }

    /// The operations of an environment, oldest first.
    pub(crate) fn of(&self, environment: &str) -> impl DoubleEndedIterator<Item = &Operation> {
        let indexes = self.of.get(environment).map(Vec::as_slice);
        indexes
            .unwrap_or_default()
            .iter()
            .filter_map(|index| self.all.get(*index))
    }

    /// The operations that have not ended, with their indexes.
    pub(crate) fn open(&self) -> Vec<(usize, Operation)> {
        self.open
            .iter()
            .filter_map(|index| Some((*index, self.all.get(*index)?.clone())))
            .collect()
    }

    /// Stores an operation at its index.
    pub(crate) fn put(&mut self, index: usize, operation: Operation) {
        if operation.done {
            self.open.remove(&index);
        }
        if let Some(stored) = self.all.get_mut(index) {
            *stored = operation;
        }
    }
}
