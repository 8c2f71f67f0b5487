//! A new version of the key, and nothing else.

use super::command::{Command, Need, always, no_more, nothing};
use crate::observe::Wants;
use crate::steps::rotate;

/// A new version of the key, and nothing else.
pub const ROTATE_KEY: Command = Command {
    name: "rotate-key",
    needs: &[Need::Vault, Need::Key],
    look: |_| Wants {
        environment: true,
        environment_optional: true,
        policy: true,
        key: true,
        data_plane: true,
        ..Wants::default()
    },
    fits: always,
    plan: rotate::plan,
    mends: nothing,
    next: no_more,
    resume: "rotate-key",
};
