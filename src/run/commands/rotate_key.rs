//! `rotate-key`: a new version of the key, and nothing else.

use super::command::{Command, Keys, Need, Picks, always, no_more, nothing};
use crate::observe::rotating;
use crate::steps::rotate;

/// Makes a new version of the key, and nothing else.
pub const ROTATE_KEY: Command = Command {
    name: "rotate-key",
    needs: &[Need::Vault, Need::Key],
    picks: Picks::Keyed,
    keys: Keys::AsTheyAre,
    look: rotating,
    look_again: |looking, _| rotating(looking),
    fits: always,
    plan: rotate::plan,
    mends: nothing,
    next: no_more,
    resume: "rotate-key",
};
