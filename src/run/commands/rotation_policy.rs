//! The rotation policy of the key, and nothing else.

use super::command::{Command, Keys, Need, Picks, always, no_more, nothing};
use crate::observe::rotating_itself;
use crate::steps::rotation;

/// The rotation policy of the key, and nothing else.
pub const ROTATION_POLICY: Command = Command {
    name: "rotation-policy set",
    needs: &[Need::Vault, Need::Key],
    picks: Picks::Keyed,
    keys: Keys::AsTheyAre,
    look: rotating_itself,
    look_again: |looking, _| rotating_itself(looking),
    fits: always,
    plan: rotation::plan,
    mends: nothing,
    next: no_more,
    resume: "rotation-policy set",
};
