//! `unlock`: restores the key and enables the locked environments.

use super::command::{Command, Keys, Need, Picks, always, no_more, nothing};
use crate::observe::{unlocking, unlocking_now};
use crate::steps::unlock;

/// Restores the original key, then enables the locked environments.
pub const UNLOCK: Command = Command {
    name: "unlock",
    needs: &[Need::PolicyOrEnvironment],
    picks: Picks::Keyed,
    keys: Keys::AsTheyAre,
    look: unlocking,
    look_again: unlocking_now,
    fits: always,
    plan: unlock::plan,
    mends: nothing,
    next: no_more,
    resume: "unlock",
};
