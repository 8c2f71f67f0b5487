//! `retire-key`: disables a key or a version that is no longer needed.

use super::command::{Command, Keys, Need, Picks, no_more, nothing};
use crate::error::{Error, Result};
use crate::model::observed::Observed;
use crate::model::target::Target;
use crate::observe::retiring;
use crate::steps::retire;

/// Disables a key or a version that no environment needs any more.
pub const RETIRE_KEY: Command = Command {
    name: "retire-key",
    needs: &[Need::Vault, Need::Key],
    picks: Picks::Keyed,
    keys: Keys::AsTheyAre,
    look: retiring,
    look_again: |looking, _| retiring(looking),
    fits: known_version,
    plan: retire::plan,
    mends: nothing,
    next: no_more,
    resume: "retire-key",
};

/// Does the key have the named version?
fn known_version(target: &Target, observed: &Observed) -> Result<()> {
    let (Some(asked), Some(versions)) = (
        &target.key_version,
        observed.preconditions.versions.present(),
    ) else {
        return Ok(());
    };
    if versions.iter().any(|version| version.id == *asked) {
        return Ok(());
    }
    let known: Vec<&str> = versions.iter().map(|version| version.id.as_str()).collect();
    Err(
        Error::usage(format!("The key has no version {}.", asked.as_str()))
            .hint(format!("Its versions: {}.", known.join(", "))),
    )
}
