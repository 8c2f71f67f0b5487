//! `add-environment`: steps 1, 2 and 4.

use super::command::{Command, Keys, Need, Picks, always, keep, managed};
use crate::observe::{adding, adding_now};
use crate::steps::add;

/// Steps 1, 2 and 4: adds the environment to the policy.
pub const ADD_ENVIRONMENT: Command = Command {
    name: "add-environment",
    needs: &[Need::Environment, Need::Policy],
    picks: Picks::Free,
    keys: Keys::AsTheyAre,
    look: adding,
    look_again: adding_now,
    fits: always,
    plan: |target, observed| add::plan(target, observed, false),
    mends: |observed| managed(observed).into_iter().collect(),
    next: keep,
    resume: "add-environment",
};
