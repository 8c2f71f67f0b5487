//! The original key back, and the locked environments with it.

use super::command::{Command, Need, always, no_more, nothing};
use crate::observe::Wants;
use crate::steps::unlock;

/// The original key back, and the locked environments with it.
pub const UNLOCK: Command = Command {
    name: "unlock",
    needs: &[Need::PolicyOrEnvironment],
    look: |_| Wants {
        environment: true,
        environment_optional: true,
        policy: true,
        key: true,
        estate: true,
        deleted: true,
        versions: true,
        ..Wants::default()
    },
    fits: always,
    plan: unlock::plan,
    mends: nothing,
    next: no_more,
    resume: "unlock",
};
