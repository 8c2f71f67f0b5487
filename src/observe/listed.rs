//! Everything of one kind that a caller sees. The number of requests grows with pages,
//! subscriptions, vaults and keys, never with environments.

use super::choices::{keys_of, vaults_of};
use super::reads::{ask, each};
use super::resolve::environment_error;
use super::users::whole_tenant;
use super::visible::Visible;
use crate::cloud::Reader;
use crate::error::{Error, Result};
use crate::model::environment::Environment;
use crate::model::estate::in_part;
use crate::model::ids::ArmId;
use crate::model::protection::{Key, Provider, Vault};
use crate::model::seen::Seen;
use crate::model::subscription::Subscription;

/// The tenant's environments as the list shows them, and the error if there is no list.
///
/// # Errors
/// A sign-in is refused.
pub async fn environments_listed(reader: &Reader) -> Result<(Visible<Environment>, Option<Error>)> {
    let all = match reader.environments().await {
        Ok(all) => all,
        Err(fault) => {
            let signed_out = fault.is_sign_in();
            let what = "The environments of the tenant can't be listed.";
            let error = environment_error(what, fault);
            if signed_out {
                return Err(error);
            }
            let (all, gap) = (Vec::new(), "the environments of the tenant can't be listed");
            let gaps = vec![gap.to_owned()];
            return Ok((Visible { all, gaps }, Some(error)));
        }
    };
    let part = in_part(&whole_tenant(reader, &all).await?).map(|why| {
        if all.is_empty() {
            format!(
                "no environment of the tenant is visible to you: {}",
                why.why
            )
        } else {
            why.why
        }
    });
    let gaps = part.into_iter().collect();
    let all = all.to_vec();
    Ok((Visible { all, gaps }, None))
}

/// The keys of all vaults and managed HSMs, or of one, each with its vault.
///
/// # Errors
/// A sign-in is refused. Usage: the vault does not exist.
pub async fn keys_listed(reader: &Reader, only: Option<&ArmId>) -> Result<Visible<(Key, Vault)>> {
    let seen = vaults_of(reader, only).await?.map_err(|_| {
        let named = only.map(ToString::to_string).unwrap_or_default();
        Error::usage(format!("There is no vault or managed HSM `{named}`."))
            .hint("List the vaults that you can see: `cmkctl list vaults`.")
    })?;
    let (mut all, mut gaps) = (Vec::new(), seen.gaps);
    keys_of(reader, seen.all, |found| {
        gaps.extend(found.iter().filter_map(|candidate| candidate.gap()));
        let read = found.into_iter();
        all.extend(read.filter_map(|candidate| Some((candidate.key()?.clone(), candidate.vault))));
    })
    .await?;
    Ok(Visible { all, gaps })
}

/// The subscriptions, each with the registration of the Power Platform provider.
///
/// # Errors
/// A sign-in is refused.
pub async fn subscriptions_listed(
    reader: &Reader,
) -> Result<Visible<(Subscription, Seen<Provider>)>> {
    let mut gaps = Vec::new();
    let found = match ask(reader.subscriptions().await)? {
        Seen::Present(found) => found.to_vec(),
        Seen::Absent => {
            gaps.push("the service returned no list of subscriptions".to_owned());
            Vec::new()
        }
        Seen::Unreadable(why) => {
            gaps.push(format!("the subscriptions can't be listed: {}", why.why));
            Vec::new()
        }
    };
    let ids = found.iter().map(|subscription| subscription.id.clone());
    let mut providers = each(ids, async |id: String| ask(reader.provider(&id).await)).await?;
    let all = found.into_iter().map(|subscription| {
        let provider = providers.remove(&subscription.id).unwrap_or_default();
        if let Some(why) = provider.unreadable() {
            gaps.push(format!(
                "whether `Microsoft.PowerPlatform` is registered in the subscription {}: {}",
                subscription.id, why.why
            ));
        }
        (subscription, provider)
    });
    let all = all.collect();
    Ok(Visible { all, gaps })
}
