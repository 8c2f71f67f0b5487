//! What `check --for` is asked about: an operation of the admin center that cmkctl does not start.

/// An operation on a whole environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Copy an environment onto another one.
    Copy,
    /// Restore a backup of an environment, onto itself or onto another one.
    Restore,
    /// Reset an environment.
    Reset,
    /// Delete an environment.
    Delete,
    /// Migrate an environment from Lifecycle Services to the Power Platform admin center.
    MoveFromLcs,
}

impl Purpose {
    /// The purpose as a word, as on the command line and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Purpose::Copy => "copy",
            Purpose::Restore => "restore",
            Purpose::Reset => "reset",
            Purpose::Delete => "delete",
            Purpose::MoveFromLcs => "move-from-lcs",
        }
    }

    /// The type of the lifecycle operation that it starts, if there is one. (`Copy`, `Restore`,
    /// `Reset` and `Delete` are in the recorded lists of allowed operations.)
    pub const fn operation(self) -> Option<&'static str> {
        match self {
            Purpose::Copy => Some("Copy"),
            Purpose::Restore => Some("Restore"),
            Purpose::Reset => Some("Reset"),
            Purpose::Delete => Some("Delete"),
            Purpose::MoveFromLcs => None,
        }
    }

    /// Can it overwrite another environment?
    pub const fn has_target(self) -> bool {
        match self {
            Purpose::Copy | Purpose::Restore => true,
            Purpose::Reset | Purpose::Delete | Purpose::MoveFromLcs => false,
        }
    }
}
