//! `create-policy`: step 3. If the caller asks for a new key, cmkctl creates the key first.

use super::command::{Command, Ended, Keys, Need, Picks, always, protected};
use crate::model::system::quoted;
use crate::observe::creating;
use crate::steps::{Whose, create_key, policy};

/// Step 3: creates the policy, its grant on the key, and its readers.
pub const CREATE_POLICY: Command = Command {
    name: "create-policy",
    needs: &[Need::Policy, Need::Vault, Need::Key, Need::Location],
    picks: Picks::Free,
    keys: Keys::FitOrNew,
    look: creating,
    look_again: |looking, _| creating(looking),
    fits: always,
    plan: |target, observed| {
        create_key::first(target, observed, |observed| {
            policy::plan(target, observed, Whose::Own)
        })
    },
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
    let seen = ended.observed.environment.present();
    // If this caller can't see the environment, its typed name is passed on.
    let environment = seen
        .map(|environment| &environment.id)
        .or(ended.target.environment.as_ref())
        .map_or_else(|| "ENVIRONMENT".to_owned(), |named| quoted(named));
    let mut next = vec![format!(
        "Next, the Power Platform administrator runs: {} add-environment {environment} --policy \
            {policy}",
        ended.program_of_others
    )];
    if ended.target.readers.is_empty() {
        next.push(
            "The Power Platform administrator must be able to read the policy. To grant Reader, \
            run the same command again with `--reader OBJECT_ID`."
                .to_owned(),
        );
    }
    if ended.changed {
        next.push("A new role assignment takes up to 5 minutes to take effect.".to_owned());
    }
    next
}
