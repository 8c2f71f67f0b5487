//! A key's state, and that of an environment which had lost it: each change can be sent again without harm, and counts only when a re-read
//! shows it.

use super::{Applier, Look, Outcome, SENT_AT_MOST};
use crate::cloud::fault::Reply;
use crate::error::{Error, Result};
use crate::model::ids::{ArmId, KeyName, KeyVersion};
use crate::model::known::Known;
use crate::model::observed::Vault;
use std::time::Duration;

/// A change of a key shows within this time.
const KEY_SHOWS: Duration = Duration::from_secs(600);
/// An environment is documented to be up again in about 5 minutes; it is watched much longer.
const ENABLED_WITHIN: Duration = Duration::from_secs(3600);

impl Applier<'_> {
    /// Brings a deleted key back. One that is there again already was recovered by somebody: that is fine.
    pub(super) async fn recover_key(&mut self, vault: &ArmId, uri: &str, key: &KeyName) -> Result<Outcome> {
        let what = format!("The key `{key}` can't be recovered.");
        let correlation = match self.writer.recover_key(vault, uri, key).await {
            Ok(correlation) => correlation,
            Err(fault) if fault.is_ambiguous() || fault.status() == Some(404) || fault.status() == Some(409) => {
                fault.correlation
            }
            Err(fault) => {
                return Err(fault.into_error(what).hint(
                    "It takes the key permission *recover*, or the role Key Vault Crypto Officer on the vault.",
                ));
            }
        };
        let (reader, found) = (self.reader.clone(), self.vault(vault).await?);
        self.until("the recovered key", KEY_SHOWS, async || match reader.key(&found, key, None).await {
            Ok(_) => Look::Yes(()),
            Err(fault) if fault.status() == Some(404) => Look::NotYet("it is not there yet".to_owned()),
            Err(fault) => Look::from(fault),
        })
        .await?;
        Ok(Outcome { what: format!("The key `{key}` is recovered"), subject: vault.to_string(), correlation })
    }

    /// Enables or disables one version.
    pub(super) async fn set_version(
        &mut self,
        vault: &ArmId,
        uri: &str,
        key: &KeyName,
        version: &KeyVersion,
        enabled: bool,
    ) -> Result<Outcome> {
        let word = if enabled { "enabled" } else { "disabled" };
        let what = format!("The version {} of the key `{key}` can't be {word}.", version.as_str());
        let send = async |this: &Self| this.writer.enable_key_version((vault, uri), key, version, enabled).await;
        let correlation = self.again(send).await.map_err(|fault| {
            fault
                .into_error(what)
                .hint("It takes the key permission *update*, or the role Key Vault Crypto Officer on the vault.")
        })?;
        let (reader, found) = (self.reader.clone(), self.vault(vault).await?);
        self.until("the version's state", KEY_SHOWS, async || match reader.key(&found, key, Some(version)).await {
            Ok(look) if look.validity.enabled == Known::Known(enabled) => Look::Yes(()),
            Ok(_) => Look::NotYet(format!("it is not {word} yet")),
            // A key that is disabled may be refused to whoever asks for it: the list says its state, too.
            Err(fault) if !enabled && fault.is_forbidden() => match reader.key_versions(&found, key).await {
                Ok(all) if all.iter().any(|one| one.id == *version && one.validity.enabled == Known::Known(false)) => {
                    Look::Yes(())
                }
                Ok(_) => Look::NotYet(format!("it is not {word} yet")),
                Err(fault) => Look::from(fault),
            },
            Err(fault) => Look::from(fault),
        })
        .await?;
        let what = format!("The version {} of the key `{key}` is {word}, shown by a re-read", version.as_str());
        Ok(Outcome { what, subject: vault.to_string(), correlation })
    }

    /// Enables an environment, and waits until it is up.
    pub(super) async fn enable(&mut self, environment: &str, name: &str) -> Result<Outcome> {
        let look = self.environment(environment).await?;
        let mut correlation = None;
        if !look.is_up().proven() {
            let send = async |this: &Self| this.writer.enable_environment(environment).await;
            correlation = self
                .again(send)
                .await
                .map_err(|fault| enable_hints(fault.into_error(format!("`{name}` can't be enabled."))))?;
        }
        let reader = self.reader.clone();
        let what = format!("`{name}` to be up again");
        self.until(&what, ENABLED_WITHIN, async || match reader.environment_once(environment).await.0 {
            Ok(found) if found.is_up().proven() => Look::Yes(()),
            Ok(found) => Look::NotYet(format!(
                "management `{}`, runtime `{}`",
                found.state().unwrap_or("unknown"),
                found.runtime_state.as_deref().unwrap_or("unknown")
            )),
            Err(fault) => Look::from(fault),
        })
        .await
        .map_err(enable_hints)?;
        let what = format!("`{name}` is up again, shown by a re-read");
        Ok(Outcome { what, subject: environment.to_owned(), correlation })
    }

    async fn vault(&self, vault: &ArmId) -> Result<Vault> {
        self.reader.vault(vault).await.map_err(|fault| fault.into_error("The vault can't be read."))
    }

    /// What does the same when it is sent twice is sent again when its answer was lost.
    async fn again(&self, send: impl AsyncFn(&Self) -> Reply<Option<String>>) -> Reply<Option<String>> {
        let mut sent = 0;
        loop {
            sent += 1;
            match send(self).await {
                Err(fault) if fault.is_ambiguous() && sent < SENT_AT_MOST => {
                    tracing::info!("{}; it is sent once more, which changes nothing twice.", fault.clause());
                }
                reply => return reply,
            }
        }
    }
}

fn enable_hints(error: Error) -> Error {
    error
        .hint("Enable it in the admin center: Environments, the environment, Enable.")
        .hint("As long as the key can't be reached, it stays locked: look with `cmkctl status --all`.")
}
