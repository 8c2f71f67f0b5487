//! Changes the state of a key, and enables environments that had lost access to it. Each change has
//! the same effect if it is sent twice. cmkctl sends a change only if a read shows that the change
//! is missing, and reports it as done only if another read shows it.

use super::applier::{Applier, Outcome};
use super::change::{After, Look, Sending};
use crate::cloud::Writer;
use crate::error::{Error, Result};
use crate::model::action::KeyPlace;
use crate::model::environment::Environment;
use crate::model::ids::ArmId;
use crate::model::key_ids::KeyVersion;
use crate::model::known::Known;
use crate::model::protection::Vault;
use std::time::Duration;

/// A change of a key shows within this time, or was not made.
const KEY_SHOWS: Duration = Duration::from_secs(60);
/// An accepted change of a key shows within this time.
const KEY_TAKES: Duration = Duration::from_secs(600);
/// An environment is documented to be up again in about 5 minutes. Its start shows within this
/// time.
const ENABLING_SHOWS: Duration = Duration::from_secs(600);
/// cmkctl watches the environment for this long.
const ENABLED_WITHIN: Duration = Duration::from_secs(3600);
/// The accounts that can read a key.
const KEY_READERS: &str = "an account with the key permission `get`, or with the role Key Vault \
    Crypto Officer on the vault";

impl Applier<'_> {
    /// Recovers a deleted key. If the key exists again, another caller has recovered it.
    pub(super) async fn recover_key(&mut self, place: &KeyPlace) -> Result<Outcome> {
        let KeyPlace { vault, uri, key } = place;
        let sending = Sending {
            sign: "the recovered key",
            what: format!("The key `{key}` is recovered"),
            failed: format!("The key `{key}` can't be recovered."),
            shows: KEY_SHOWS,
            takes: KEY_TAKES,
            witness: KEY_READERS,
            // 404: the key is no longer deleted. 409: it is being recovered, or still being
            // deleted.
            after: |fault| {
                if matches!(fault.status(), Some(404 | 409)) {
                    After::Look
                } else {
                    After::of(fault)
                }
            },
            advice: |error| {
                error.of_role(
                    "This requires the key permission `recover`, or the role Key Vault Crypto \
                    Officer on the vault.",
                )
            },
        };
        let (reader, found) = (self.reader.clone(), self.vault(vault).await?);
        let look = async || match reader.key(&found, key, None).await {
            Ok(_) => Look::Yes(()),
            Err(fault) if fault.is_absence() => Look::NotYet("not visible yet".to_owned()),
            Err(fault) => Look::Unknown(fault),
        };
        let send = async |writer: &Writer| writer.recover_key(vault, uri, key).await;
        let ((), correlation) = self.send_if_missing(&sending, send, look).await?;
        Ok(Outcome {
            what: sending.what,
            subject: vault.to_string(),
            correlation,
        })
    }

    /// Enables or disables one version.
    pub(super) async fn set_version(
        &mut self,
        place: &KeyPlace,
        version: &KeyVersion,
        enabled: bool,
    ) -> Result<Outcome> {
        let KeyPlace { vault, uri, key } = place;
        let word = if enabled { "enabled" } else { "disabled" };
        let sending = Sending {
            sign: "the version's state",
            what: format!(
                "The version {} of the key `{key}` is {word}",
                version.as_str()
            ),
            failed: format!(
                "The version {} of the key `{key}` can't be {word}.",
                version.as_str()
            ),
            shows: KEY_SHOWS,
            takes: KEY_TAKES,
            witness: KEY_READERS,
            after: After::of,
            advice: |error| {
                error.of_role(
                    "This requires the key permission `update`, or the role Key Vault Crypto \
                    Officer on the vault.",
                )
            },
        };
        let (reader, found) = (self.reader.clone(), self.vault(vault).await?);
        let judged = |state: Option<&Known<bool>>| match state {
            Some(Known::Known(state)) if *state == enabled => Look::Yes(()),
            Some(Known::Known(_)) => Look::NotYet(format!("the version is not {word} yet")),
            Some(Known::Unknown(why)) => Look::Begun(why.clone()),
            None => Look::Begun("the list of versions does not show the version".to_owned()),
        };
        // Read the list first: it also shows disabled versions, which may not be readable alone.
        let look = async || match reader.key_versions(&found, key).await {
            Ok(all) => judged(
                all.iter()
                    .find(|listed| listed.id == *version)
                    .map(|listed| &listed.validity.enabled),
            ),
            Err(fault) if fault.is_forbidden() => {
                match reader.key(&found, key, Some(version)).await {
                    Ok(shown) => judged(Some(&shown.validity.enabled)),
                    Err(_) => Look::Unknown(fault),
                }
            }
            Err(fault) => Look::Unknown(fault),
        };
        let send = async |writer: &Writer| {
            writer
                .enable_key_version((vault, uri), key, version, enabled)
                .await
        };
        let ((), correlation) = self.send_if_missing(&sending, send, look).await?;
        Ok(Outcome {
            what: format!("{} (verified)", sending.what),
            subject: vault.to_string(),
            correlation,
        })
    }

    /// Enables an environment, and waits until it is up.
    pub(super) async fn enable(&mut self, environment: &str, name: &str) -> Result<Outcome> {
        let sign = format!("the start of the environment `{name}`");
        let sending = Sending {
            sign: &sign,
            what: format!("`{name}` is up again"),
            failed: format!("`{name}` can't be enabled."),
            shows: ENABLING_SHOWS,
            takes: ENABLED_WITHIN,
            witness: "an account with the role Power Platform Administrator or Dynamics 365 \
                Administrator",
            after: After::of,
            advice: |error| error,
        };
        let reader = self.reader.clone();
        let look = async || match reader.environment(environment).await {
            Ok(found) if found.is_up().proven() => Look::Yes(()),
            Ok(found) if found.ongoing.is_some() => Look::Begun(state(&found)),
            // The history may show an operation that the environment's own state does not.
            Ok(found) => match reader.operations(environment).await {
                Ok(operations) => {
                    match operations.iter().find(|operation| !operation.has_ended()) {
                        Some(running) => Look::Begun(format!("`{}` runs", running.name())),
                        None => Look::NotYet(state(&found)),
                    }
                }
                Err(fault) => Look::Unknown(fault),
            },
            Err(fault) => Look::Unknown(fault),
        };
        let send = async |writer: &Writer| writer.enable_environment(environment).await;
        let sent = self.send_if_missing(&sending, send, look).await;
        let ((), correlation) = sent.map_err(enable_hints)?;
        let what = format!("{} (verified)", sending.what);
        Ok(Outcome {
            what,
            subject: environment.to_owned(),
            correlation,
        })
    }

    pub(super) async fn vault(&self, vault: &ArmId) -> Result<Vault> {
        self.reader
            .vault(vault)
            .await
            .map_err(|fault| fault.into_error("The vault can't be read, so nothing was sent."))
    }
}

fn state(environment: &Environment) -> String {
    format!(
        "management `{}`, runtime `{}`",
        environment.state().unwrap_or("unknown"),
        environment.runtime_state.shown()
    )
}

fn enable_hints(error: Error) -> Error {
    error
        .hint(
            "Enable the environment in the admin center: open Environments, select the \
            environment, and choose Enable.",
        )
        .hint(
            "The environment stays locked as long as Power Platform can't use the key. To check: \
            `cmkctl status --all`.",
        )
}
