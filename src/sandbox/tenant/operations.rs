//! A lifecycle operation of an environment: what it does, and how far it is. Types are those of
//! recorded operations of the Power Platform admin API; that adding a key is called
//! `NewCustomerManagedKey` there is inferred from the list of allowed operations.

use jiff::Timestamp;

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
}

impl Kind {
    pub(in crate::sandbox) fn name(&self) -> &'static str {
        match self {
            Kind::Link(_) => "NewCustomerManagedKey",
            Kind::Swap(_) => "RotateCustomerManagedKey",
            Kind::Unlink => "RevertToMicrosoftKey",
            Kind::Govern => "EnableGovernanceConfiguration",
            Kind::Enable => "Enable",
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
    /// The link before it began.
    pub(in crate::sandbox) before: Option<(String, String)>,
    /// Decided when the stage Validate ends.
    pub(in crate::sandbox) fails: Option<Failure>,
    pub(in crate::sandbox) done: bool,
    /// Is the environment back before the operation has ended?
    pub(in crate::sandbox) back: bool,
    pub(in crate::sandbox) requested_by: String,
}
