//! Creates a missing resource group, vault and key. cmkctl reads before every write, also the
//! first: it never writes to an existing vault.

use super::applier::{Applier, Outcome};
use super::change::{After, CREATION_SHOWS, Look, Sending, VAULT_CHANGES};
use crate::cloud::Writer;
use crate::cloud::fault::Reply;
use crate::error::{Error, Result};
use crate::model::ids::ArmId;
use crate::model::key_ids::KeyName;
use crate::model::new_key::{Shape, VaultShape};

/// A creation to send, with its sentences and its witness.
fn sending<'a>(
    sign: &'a str,
    (what, failed): (String, String),
    witness: &'a str,
    advice: fn(Error) -> Error,
) -> Sending<'a> {
    Sending {
        sign,
        what,
        failed,
        shows: CREATION_SHOWS,
        takes: VAULT_CHANGES,
        witness,
        after: After::of,
        advice,
    }
}

/// Does the resource exist?
fn there<T>(reply: Reply<T>, what: &str) -> Look<T> {
    match reply {
        Ok(found) => Look::Yes(found),
        Err(fault) if fault.is_absence() => Look::NotYet(format!("{what} is not visible yet")),
        Err(fault) => Look::Unknown(fault),
    }
}

impl Applier<'_> {
    pub(super) async fn create_group(
        &mut self,
        (subscription, group): (&str, &str),
        region: &str,
    ) -> Result<Outcome> {
        let sentences = (
            format!("The resource group `{group}` exists"),
            format!("The resource group `{group}` can't be created."),
        );
        let witness = "an account with the role Reader on the subscription";
        let sending = sending("the resource group", sentences, witness, |error| {
            error.of_role("Contributor on the subscription is enough to create the resource group.")
        });
        let reader = self.reader.clone();
        let look = async || {
            let reply = reader.region_of(subscription, group).await;
            there(reply, "the resource group")
        };
        let send = async |writer: &Writer| writer.put_group(subscription, group, region).await;
        let (_, correlation) = self.send_if_missing(&sending, send, look).await?;
        Ok(Outcome {
            what: sending.what,
            subject: subscription.to_owned(),
            correlation,
        })
    }

    /// Reads the vault only through Resource Manager, because its firewall may block this machine
    /// at once.
    pub(super) async fn create_vault(
        &mut self,
        vault: &ArmId,
        shape: &VaultShape,
    ) -> Result<Outcome> {
        let name = &vault.name;
        let sentences = (
            format!("The vault `{name}` exists, with purge protection"),
            format!("The vault `{name}` can't be created."),
        );
        let witness = "an account with the role Reader on the vault";
        let sending = sending("the vault", sentences, witness, |error| {
            error.of_role(
                "Key Vault Contributor on the resource group is enough to create the vault.",
            )
        });
        let reader = self.reader.clone();
        let look = async || there(reader.vault(vault).await, "the vault");
        let send = async |writer: &Writer| writer.put_vault(vault, shape).await;
        let (_, correlation) = self.send_if_missing(&sending, send, look).await?;
        Ok(Outcome {
            what: sending.what,
            subject: vault.to_string(),
            correlation,
        })
    }

    pub(super) async fn create_key(
        &mut self,
        (vault, key): (&ArmId, &KeyName),
        shape: &Shape,
    ) -> Result<Outcome> {
        let sentences = (
            format!("The key `{key}` exists in `{}`", vault.name),
            format!("The key `{key}` can't be created."),
        );
        let witness = "an account with the role Reader on the vault or the managed HSM";
        let sending = sending("the key", sentences, witness, |error| {
            error.of_role(
                "Key Vault Contributor on the vault, or Contributor on the managed HSM, is enough \
                to create the key.",
            )
        });
        let reader = self.reader.clone();
        let look = async || there(reader.key_with_rotation(vault, key).await, "the key");
        let send = async |writer: &Writer| writer.put_key(vault, key, shape).await;
        let (_, correlation) = self.send_if_missing(&sending, send, look).await?;
        Ok(Outcome {
            what: sending.what,
            subject: vault.to_string(),
            correlation,
        })
    }
}
