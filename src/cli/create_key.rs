//! `cmkctl create-key`

use super::global::{Changing, Which};
use crate::config::{Typed, TypedKey};
use crate::error::{Error, Result};
use crate::report::Out;
use crate::run::{self, Context, commands};

/// Before step 3: Create the key and, if needed, its vault
#[derive(Debug, clap::Args)]
#[command(after_help = "\
For the Key Vault administrator. A new vault uses Azure RBAC, keeps deleted keys for 90 days and
has purge protection. Purge protection is permanent, so cmkctl asks you to type the vault's name.
cmkctl never changes an existing vault or key, and requires no role inside the vault. A managed
HSM must exist already. At a terminal, cmkctl asks for values that you leave out.

Examples:
  cmkctl create-key
  cmkctl create-key --vault kv-cmk --key cmk --yes
  cmkctl create-key --vault kv-cmk --resource-group rg-cmk \\
      --azure-location westeurope --key cmk --rotate-every 1y --dry-run
  cmkctl create-key --sandbox --scenario empty --ask")]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
    /// Vault or managed HSM: name, id, URL or portal link
    #[arg(long, value_name = "NAME|ID")]
    vault: Option<String>,
    /// Name of the key
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
    /// Allow permanent purge protection of this new vault
    #[arg(long, value_name = "NAME")]
    confirm: Vec<String>,
    #[command(flatten)]
    changing: Changing,
    // Keep this last: its help heading applies to every argument after it.
    #[command(flatten)]
    new_key: NewKey,
}

/// The properties of a new key, its vault and the resource group.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = super::help::NEW_KEY)]
pub(super) struct NewKey {
    /// Resource group of a new vault, created if missing
    #[arg(long, value_name = "NAME")]
    resource_group: Option<String>,
    /// Subscription of a new vault [default: the only one]
    #[arg(long, value_name = "ID|NAME")]
    subscription: Option<String>,
    /// Azure region of a new vault [default: its group's]
    #[arg(long, value_name = "REGION")]
    azure_location: Option<String>,
    /// Network [default: public]
    #[arg(long, value_enum, value_name = "NETWORK")]
    network: Option<Network>,
    /// Bits of the key: 3072 or 2048 [default: 3072]
    #[arg(long, value_name = "BITS", value_parser = bits)]
    size: Option<u32>,
    /// Create an RSA-HSM key, in a premium vault
    #[arg(long)]
    hsm_protected: bool,
    /// Expiry of the key: 2y or a date [default: never]
    #[arg(long, value_name = "2y|DATE")]
    expires: Option<String>,
    /// Tag of the new key, repeatable
    #[arg(long = "tag", value_name = "NAME=VALUE")]
    tags: Vec<String>,
    /// Let Key Vault rotate the key this often: 1y
    #[arg(long, value_name = "PERIOD")]
    rotate_every: Option<String>,
    /// Raise an event this long before expiry: 30d
    #[arg(long, value_name = "PERIOD", requires = "rotate_every")]
    notify_before: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Network {
    /// Access from public networks
    Public,
    /// Access only for trusted Microsoft services
    TrustedServices,
}

fn bits(text: &str) -> std::result::Result<u32, String> {
    match text {
        "3072" => Ok(3072),
        "2048" => Ok(2048),
        _ => Err("it must be 3072 or 2048".to_owned()),
    }
}

impl NewKey {
    fn typed(&self) -> TypedKey {
        TypedKey {
            group: self.resource_group.clone(),
            subscription: self.subscription.clone(),
            region: self.azure_location.clone(),
            closed: self.network == Some(Network::TrustedServices),
            bits: self.size,
            hsm_protected: self.hsm_protected,
            expires: self.expires.clone(),
            tags: self.tags.clone(),
            rotate_every: self.rotate_every.clone(),
            notify_before: self.notify_before.clone(),
        }
    }

    /// The typed values, if the caller asked for a new key.
    ///
    /// # Errors
    /// Usage: the caller did not ask for a new key, but passed a flag for it.
    pub(super) fn asked_for(&self, asked: bool) -> Result<Option<TypedKey>> {
        if let Some(flag) = self.first_flag().filter(|_| !asked) {
            let what =
                format!("`{flag}` describes a new key or its vault, and requires `--create-key`.");
            return Err(
                Error::usage(what).hint(format!("Add `--create-key`, or leave out `{flag}`."))
            );
        }
        Ok(asked.then(|| self.typed()))
    }

    /// The first flag that was given.
    fn first_flag(&self) -> Option<&'static str> {
        let flags = [
            (self.resource_group.is_some(), "--resource-group"),
            (self.subscription.is_some(), "--subscription"),
            (self.azure_location.is_some(), "--azure-location"),
            (self.network.is_some(), "--network"),
            (self.size.is_some(), "--size"),
            (self.hsm_protected, "--hsm-protected"),
            (self.expires.is_some(), "--expires"),
            (!self.tags.is_empty(), "--tag"),
            (self.rotate_every.is_some(), "--rotate-every"),
            (self.notify_before.is_some(), "--notify-before"),
        ];
        flags
            .into_iter()
            .find_map(|(given, flag)| given.then_some(flag))
    }
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let typed = Typed {
            environment: self.which.typed().cloned(),
            vault: self.vault.clone(),
            key: self.key.clone(),
            new_key: Some(self.new_key.typed()),
            alone: self.changing.ask,
            ..Typed::default()
        };
        let mut target = context.target(&typed, out).await?;
        // The policy is created later. cmkctl uses an environment only if the caller typed it,
        // because an account that creates keys may see no environment.
        target.policy = None;
        target.environment = target.environment.filter(|_| self.which.typed().is_some());
        let mut asked = self.changing.asked(None);
        asked.confirm.clone_from(&self.confirm);
        run::change(context, &commands::CREATE_KEY, &target, &asked, out).await
    }
}
