//! A lifecycle operation of an environment: what it does, and how far it is. Types are those of
//! recorded operations of the Power Platform admin API; that adding a key is called
//! `NewCustomerManagedKey` there is inferred from the list of allowed operations.

use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What an operation does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sandbox) enum Kind {
    /// Add: encrypt with the policy of this ARM id.
    Link(String),
    /// Move to the policy of this ARM id.
    Swap(String),
    /// Remove: back to the Microsoft key.
    Unlink,
    /// Make it a Managed Environment.
    Govern,
    /// Let its users in again. The type is one of those that a recorded environment allows.
    Enable,
    /// Another one, of this type, that has nothing to do with keys: a copy, a restore.
    Other(String),
}

impl Kind {
    pub(in crate::sandbox) fn name(&self) -> &str {
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

/// Does it fail, and because of which key?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Failure {
    No,
    /// What is encrypted with a key must be decrypted before anything else can be done with it.
    OldKey,
    /// The key that is to be applied, or a scripted end.
    Other,
}

/// A lifecycle operation.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Operation {
    pub(in crate::sandbox) id: String,
    pub(in crate::sandbox) environment: String,
    pub(in crate::sandbox) kind: Kind,
    pub(in crate::sandbox) created: Timestamp,
    pub(in crate::sandbox) ended: Option<Timestamp>,
    /// How long it takes, where that is known beforehand.
    pub(in crate::sandbox) takes: Option<SignedDuration>,
    /// The link before it began.
    pub(in crate::sandbox) before: Option<(String, String)>,
    /// Decided when the stage Validate ends.
    pub(in crate::sandbox) fails: Option<Failure>,
    pub(in crate::sandbox) done: bool,
    /// Is the environment back before the operation has ended?
    pub(in crate::sandbox) back: bool,
    pub(in crate::sandbox) requested_by: String,
}

/// Every operation, in the order in which they began. A page of a large tenant asks hundreds of
/// times which operations an environment has: they are found by it.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Operations {
    all: Vec<Operation>,
    of: BTreeMap<String, Vec<usize>>,
    /// Those that have not ended.
    open: BTreeSet<usize>,
}

impl Operations {
    pub(in crate::sandbox) fn len(&self) -> usize {
        self.all.len()
    }

    pub(in crate::sandbox) fn push(&mut self, operation: Operation) {
        let index = self.all.len();
        let of = self.of.entry(operation.environment.clone()).or_default();
        of.push(index);
        if !operation.done {
            self.open.insert(index);
        }
        self.all.push(operation);
    }

    /// All of them, the oldest first.
    pub(in crate::sandbox) fn iter(&self) -> impl DoubleEndedIterator<Item = &Operation> {
        self.all.iter()
    }

    /// Those of an environment, the oldest first.
    pub(in crate::sandbox) fn of(
        &self,
        environment: &str,
    ) -> impl DoubleEndedIterator<Item = &Operation> {
        let own = self.of.get(environment).map(Vec::as_slice);
        own.unwrap_or_default()
            .iter()
            .filter_map(|index| self.all.get(*index))
    }

    /// Those that have not ended, with their places.
    pub(in crate::sandbox) fn open(&self) -> Vec<(usize, Operation)> {
        self.open
            .iter()
            .filter_map(|index| Some((*index, self.all.get(*index)?.clone())))
            .collect()
    }

    /// Puts an operation back to its place.
    pub(in crate::sandbox) fn put(&mut self, index: usize, operation: Operation) {
        if operation.done {
            self.open.remove(&index);
        }
        if let Some(own) = self.all.get_mut(index) {
            *own = operation;
        }
    }
}
