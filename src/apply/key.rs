//! A new version of a key, once.

use super::{Applier, Look, Outcome};
use crate::error::{Error, Kind, Result};
use crate::model::ids::{ArmId, KeyName, KeyVersion};
use crate::steps::rotate::{FOLLOWED_WITHIN, OLD_VERSION_STAYS};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// A new version shows at once, or after a lost answer within this time.
const VERSION_SHOWS: Duration = Duration::from_secs(120);

impl Applier<'_> {
    /// After a lost answer the key tells whether there is a new version; it is never asked for a second one.
    pub(super) async fn rotate_key(
        &mut self,
        vault: &ArmId,
        uri: &str,
        key: &KeyName,
        from: Option<&str>,
    ) -> Result<Outcome> {
        let correlation = match self.writer.rotate_key(vault, uri, key).await {
            Ok(correlation) => correlation,
            Err(fault) if fault.is_ambiguous() => fault.correlation,
            Err(fault) => {
                return Err(fault
                    .into_error(format!("The key `{key}` can't be rotated."))
                    .hint("It takes the key permission *rotate*, or the role Key Vault Crypto Officer on the vault."));
            }
        };
        let reader = self.reader.clone();
        let found = reader.vault(vault).await.map_err(|fault| fault.into_error("The vault can't be read."))?;
        let new = self
            .until("the new version", VERSION_SHOWS, async || match reader.key(&found, key, None).await {
                Ok(look) if look.version.as_ref().map(KeyVersion::as_str) != from => Look::Yes(look),
                Ok(_) => Look::NotYet("the key has the version it had".to_owned()),
                Err(fault) => Look::from(fault),
            })
            .await?;
        let version = new.version.ok_or_else(|| {
            Error::new(Kind::Unverified, format!("The key `{key}` shows no version, so nothing is proven."))
        })?;
        let now = self.clock.now();
        let old = from.unwrap_or("before");
        Ok(Outcome {
            what: format!(
                "The key `{key}` has the new version {}; environments follow until {}, and version {old} must stay enabled until {}",
                version.as_str(),
                after(now, FOLLOWED_WITHIN),
                after(now, OLD_VERSION_STAYS)
            ),
            subject: vault.to_string(),
            correlation,
        })
    }
}

fn after(now: Timestamp, span: SignedDuration) -> String {
    now.checked_add(span).unwrap_or(now).strftime("%Y-%m-%d %H:%M UTC").to_string()
}
