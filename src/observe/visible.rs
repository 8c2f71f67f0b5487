//! Lists what a caller sees without naming it.

use super::reads::{SIDE_BY_SIDE, ask};
use crate::cloud::Reader;
use crate::cloud::fault::Reply;
use crate::error::Result;
use crate::model::at_hand::HOLD_KEYS;
use crate::model::protection::{Policy, Vault};
use crate::model::seen::Seen;
use crate::model::subscription::Subscription;
use crate::model::whole::Whole;
use futures::stream::{self, StreamExt};

/// Everything of one kind that a caller sees.
#[derive(Debug)]
pub struct Visible<T> {
    /// The items, in no order.
    pub all: Vec<T>,
    /// Why more may exist, or what is not known about them, each a clause. Empty if everything was
    /// read.
    pub gaps: Vec<String>,
}

/// The encryption policies that the caller may read, in every subscription in which the caller has
/// a role.
///
/// # Errors
/// The caller is not signed in.
pub async fn visible_policies(reader: &Reader) -> Result<Visible<Policy>> {
    let mut seen = listed(reader, "policies", [()], async |id, ()| {
        reader.policies_in(id).await
    })
    .await?;
    seen.all.retain(Policy::is_for_encryption);
    Ok(seen)
}

/// The vaults and managed HSMs that the caller may read, in the same subscriptions.
///
/// # Errors
/// The caller is not signed in.
pub async fn visible_vaults(reader: &Reader) -> Result<Visible<Vault>> {
    listed(reader, "vaults", HOLD_KEYS, async |id, kind| {
        reader.vaults_in(id, kind).await
    })
    .await
}

/// Lists each kind in each subscription that the caller sees, many at a time.
async fn listed<T: Clone, K: Copy, const N: usize>(
    reader: &Reader,
    what: &str,
    kinds: [K; N],
    read: impl AsyncFn(&str, K) -> Reply<Whole<T>>,
) -> Result<Visible<T>> {
    let (mut all, mut gaps) = (Vec::new(), Vec::new());
    let places = subscriptions(reader, &mut gaps).await?;
    let places = places
        .iter()
        .flat_map(|subscription| kinds.map(|kind| (subscription.id.as_str(), kind)));
    let mut lists = stream::iter(places)
        .map(async |(id, kind)| (id, ask(read(id, kind).await)))
        .buffer_unordered(SIDE_BY_SIDE);
    while let Some((id, list)) = lists.next().await {
        match list? {
            Seen::Present(found) => all.extend(found.iter().cloned()),
            Seen::Absent => {}
            Seen::Unreadable(why) => gaps.push(format!(
                "the {what} of the subscription {id} can't be listed: {}",
                why.why
            )),
        }
    }
    Ok(Visible { all, gaps })
}

/// The subscriptions that the caller sees. Empty if they can't be listed: `gaps` says
/// why.
pub(super) async fn subscriptions(
    reader: &Reader,
    gaps: &mut Vec<String>,
) -> Result<Vec<Subscription>> {
    Ok(match ask(reader.subscriptions().await)? {
        Seen::Present(all) if !all.is_empty() => all.to_vec(),
        Seen::Present(_) | Seen::Absent => {
            gaps.push("no subscription is visible to you".to_owned());
            Vec::new()
        }
        Seen::Unreadable(why) => {
            gaps.push(format!("the subscriptions can't be listed: {}", why.why));
            Vec::new()
        }
    })
}
