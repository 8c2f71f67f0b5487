//! Who uses a key now, and who left one not long ago: of the whole tenant, because a key that is missed takes environments offline.

use super::ask;
use super::estate::each;
use crate::cloud::Reader;
use crate::error::Result;
use crate::model::ids::{ArmId, ResourceKind, same_id};
use crate::model::observed::{Environment, Observed, Policy, Seen};
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
    let on_key = |environment: &&Environment| {
        policy_of(environment).and_then(|id| policies.get(&id)?.present()).is_some_and(|policy| uses(policy, target))
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

/// Does the policy reference the key that was asked for?
fn uses(policy: &Policy, target: &Target) -> bool {
    let vault = policy.vault_id.as_deref().zip(target.vault.as_ref());
    let key = policy.key_name.as_deref().zip(target.key.as_ref());
    vault.is_some_and(|(own, asked)| same_id(own, &asked.to_string()))
        && key.is_some_and(|(own, asked)| own.eq_ignore_ascii_case(asked.as_str()))
}
