//! Step 3.

use super::command::{Command, Ended, Need, always, protected};
use crate::observe::creating;
use crate::steps::{Whose, policy};

/// Step 3: the policy, its grant on the key, and its readers.
pub const CREATE_POLICY: Command = Command {
    name: "create-policy",
    needs: &[Need::Policy, Need::Vault, Need::Key, Need::Location],
    look: creating,
    look_again: |looking, _| creating(looking),
    fits: always,
    plan: |target, observed| policy::plan(target, observed, Whose::Own),
    mends: |observed| protected(observed).into_iter().collect(),
    next,
    resume: "create-policy",
};

fn next(ended: &Ended<'_>) -> Vec<String> {
    let policy = ended
        .target
        .policy
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    let environment = ended
        .observed
        .environment
        .present()
        .map_or("ENVIRONMENT", |environment| environment.id.as_str());
    let mut next = vec![format!(
        "The Power Platform administrator goes on with: {} add-environment {environment} --policy \
        {policy}",
        ended.program
    )];
    if ended.target.readers.is_empty() {
        next.push(
            "They must be able to read the policy: run this again with `--reader OBJECT_ID` if \
            they can't."
                .to_owned(),
        );
    }
    if ended.changed {
        next.push("A new grant takes up to 5 minutes to be effective.".to_owned());
    }
    next
}
