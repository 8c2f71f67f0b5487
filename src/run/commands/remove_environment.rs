//! `remove-environment`: back to the Microsoft key.

use super::command::{Command, Ended, Keys, Need, Picks, always, nothing};
use crate::model::day::day;
use crate::observe::removing;
use crate::steps::lifecycle::KEPT_AFTER_REMOVAL;
use crate::steps::remove;

/// Removes the environment from its policy, so that it returns to the Microsoft key.
pub const REMOVE_ENVIRONMENT: Command = Command {
    name: "remove-environment",
    needs: &[Need::Environment],
    picks: Picks::Keyed,
    keys: Keys::AsTheyAre,
    look: removing,
    look_again: |looking, _| removing(looking),
    fits: always,
    plan: remove::plan,
    mends: nothing,
    next,
    resume: "remove-environment",
};

fn next(ended: &Ended<'_>) -> Vec<String> {
    let at = ended.observed.at;
    let until = day(at.checked_add(KEPT_AFTER_REMOVAL).unwrap_or(at));
    let keep = format!(
        "Keep the key, its vault and the policy's access until {until}: older backups are \
        encrypted with this key."
    );
    if ended.changed {
        vec![keep]
    } else {
        Vec::new()
    }
}
