//! `swap-policy`: from one policy to another.

use super::command::{Command, Keys, Need, Picks, always, keep, managed};
use crate::observe::{adding, adding_now};
use crate::steps::swap;

/// Moves the environment from one policy to another.
pub const SWAP_POLICY: Command = Command {
    name: "swap-policy",
    needs: &[Need::Environment, Need::Policy],
    picks: Picks::Keyed,
    keys: Keys::AsTheyAre,
    look: adding,
    look_again: adding_now,
    fits: always,
    plan: swap::plan,
    mends: |observed| managed(observed).into_iter().collect(),
    next: keep,
    resume: "swap-policy",
};
