//! What `check --for` reads of each environment.

use super::looking::Looking;
use super::preconditions::old_key;
use crate::error::Result;
use crate::model::observed::Observed;
use crate::model::target::Target;

/// An environment with its history, if the caller may see it, and its linked
/// policy.
///
/// # Errors
/// It can't be read, for a reason other than a missing role.
pub async fn keyed(looking: Looking<'_>) -> Result<Observed> {
    let mut seen = looking.begun();
    (seen.environment, seen.operations) = looking.if_visible().await?;
    seen.policy = looking.policy_in_use(&seen).await?;
    Ok(seen)
}

/// The same with what its backups need: the key and every version of it, and the key of the policy
/// `from` of the target.
///
/// # Errors
/// The same.
pub async fn with_backups(looking: Looking<'_>) -> Result<Observed> {
    let mut seen = keyed(looking).await?;
    let named = looking.named_by_policy(&mut seen).await?;
    looking.versions(&mut seen, named.key.as_ref()).await?;
    if let Some(from) = &looking.target.from {
        let swapped = Target {
            swap: true,
            from: Some(from.clone()),
            ..Target::default()
        };
        (seen.preconditions.old_key, seen.left) = old_key(looking.reader, &swapped, &seen).await?;
    }
    Ok(seen)
}

/// The same as [`keyed`], and whether it is integrated with finance and operations.
///
/// # Errors
/// The same.
pub async fn integrated(looking: Looking<'_>) -> Result<Observed> {
    let mut seen = keyed(looking).await?;
    seen.integration = looking.integration(&seen).await?;
    Ok(seen)
}
