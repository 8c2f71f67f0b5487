//! `retire-key`: disables a key or a version that is no longer needed.

use super::command::{Command, Keys, Need, Picks, no_more, nothing};
use crate::error::{Error, Result};
use crate::model::observed::Observed;
use crate::model::seen::Seen;
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

/// Is there such a workspace, and does the key have the named version?
fn known_version(target: &Target, observed: &Observed) -> Result<()> {
    if let (Some(asked), Seen::Absent) = (&target.evidence, &observed.preconditions.key_logs) {
        let what = format!("There is no Log Analytics workspace {}.", asked.shown());
        return Err(Error::usage(what).hint(
            "Look up the workspace ID on the workspace's overview page, or with: `az monitor \
            log-analytics workspace list --query \"[].[name,customerId]\" -o tsv`.",
        ));
    }
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
