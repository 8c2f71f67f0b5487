//! Who uses a key now, and who left one not long ago: of the whole tenant, because a key that is missed takes environments offline.

use super::ask;
use super::estate::each;
use crate::cloud::Reader;
use crate::error::Result;
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::observed::{Environment, Observed, Seen};
use crate::model::target::Target;
use std::collections::{BTreeMap, BTreeSet};

/// Reads every linked policy once, and the history of every environment that is not on this key.
pub(super) async fn of_key(reader: &Reader, target: &Target, observed: &mut Observed) -> Result<()> {
    let Seen::Present(all) = &observed.around.estate else { return Ok(()) };
    let linked: BTreeSet<String> = all.iter().filter_map(policy_of).collect();
    let policies = each(linked, async |id: String| match ArmId::parse(&id, &[ResourceKind::EnterprisePolicy]) {
        Ok(parsed) => ask(reader.policy(&parsed).await),
        Err(_) => Ok(Seen::NotAsked),
    })
    .await?;
    let asked = target.vault.as_ref().zip(target.key.as_ref());
    let on_key = |environment: &&Environment| {
        let policy = policy_of(environment).and_then(|id| policies.get(&id)?.present());
        policy.zip(asked).is_some_and(|(policy, (vault, key))| policy.references(vault, key))
    };
    let elsewhere: Vec<String> =
        all.iter().filter(|environment| !on_key(environment)).map(|environment| environment.id.clone()).collect();
    let histories: BTreeMap<_, _> = each(elsewhere, async |id: String| ask(reader.operations(&id).await)).await?;
    observed.around.policies = policies;
    observed.around.histories = histories;
    Ok(())
}

fn policy_of(environment: &Environment) -> Option<String> {
    environment.key_link.present()?.policy.as_deref().map(str::to_ascii_lowercase)
}
