//! The rotation policy of a key.

use super::applier::{Applier, Outcome};
use super::change::{After, Look, Sending};
use crate::cloud::Writer;
use crate::error::Result;
use crate::model::action::KeyPlace;
use crate::model::key_ids::KeyName;
use crate::model::rotation::RotationPolicy;
use std::time::Duration;

/// A new rotation policy is visible within this time, also after an ambiguous answer.
const SHOWS: Duration = Duration::from_secs(60);

impl Applier<'_> {
    /// Sets the whole policy, unless the key already has it. A second read verifies the change.
    pub(super) async fn set_rotation_policy(
        &mut self,
        place: &KeyPlace,
        rotation: &RotationPolicy,
    ) -> Result<Outcome> {
        let KeyPlace { vault, uri, key } = place;
        let found = self.vault(vault).await?;
        let reader = self.reader.clone();
        let look = async || match reader.rotation_policy(&found, key).await {
            Ok(current) if rotation.is_kept_by(&current) => Look::Yes(()),
            Ok(current) => Look::NotYet(format!("the current policy: {}", current.in_words())),
            Err(fault) => Look::Unknown(fault),
        };
        let send = async |writer: &Writer| {
            let place = (vault, uri.as_str());
            writer.set_rotation_policy(place, key, rotation).await
        };
        let ((), correlation) = self.send_if_missing(&sending(key), send, look).await?;
        Ok(Outcome {
            what: format!(
                "The key `{key}` has this rotation policy: {} (verified)",
                rotation.in_words()
            ),
            subject: vault.to_string(),
            correlation,
        })
    }
}

fn sending(key: &KeyName) -> Sending<'static> {
    Sending {
        sign: "the rotation policy",
        what: format!("The key `{key}` has the rotation policy"),
        failed: format!("The rotation policy of the key `{key}` can't be set."),
        shows: SHOWS,
        takes: SHOWS,
        witness: "an account with the key permission `getrotationpolicy`, or with the role Key \
            Vault Crypto Officer on the vault",
        after: After::of,
        advice: |error| {
            error.of_role(
                "This requires the key permission `setrotationpolicy`, or the role Key Vault \
                Crypto Officer on the vault.",
            )
        },
    }
}
