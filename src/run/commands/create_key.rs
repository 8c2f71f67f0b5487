//! `create-key`: before step 3, the key and its vault.

use super::command::{Command, Ended, Keys, Need, Picks, always, nothing};
use crate::observe::creating_key;
use crate::steps::create_key;

/// Creates the key, its vault and the resource group, as far as they are missing.
pub const CREATE_KEY: Command = Command {
    name: "create-key",
    needs: &[Need::Vault, Need::Key],
    picks: Picks::Free,
    keys: Keys::New,
    look: creating_key,
    look_again: |looking, _| creating_key(looking),
    fits: always,
    plan: create_key::plan,
    mends: nothing,
    next,
    resume: "create-key",
};

fn next(ended: &Ended<'_>) -> Vec<String> {
    let (Some(vault), Some(key)) = (&ended.target.vault, &ended.target.key) else {
        return Vec::new();
    };
    let environment = ended.observed.environment.present();
    let place = environment.map_or_else(
        || "--location GEOGRAPHY".to_owned(),
        |environment| environment.id.clone(),
    );
    vec![format!(
        "Next, create the policy: {} create-policy {place} --vault {vault} --key {key} --policy \
            NAME",
        ended.program_of_others
    )]
}
