//! `cmkctl create-policy`

use super::create_key::NewKey;
use super::global::{Changing, Handing, Which};
use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, ConsentFlags, Context, commands};

/// Step 3: Create the policy and grant it access to the key
#[derive(Debug, clap::Args)]
#[command(after_help = "\
For the Key Vault administrator. With --location, you need no role in Power Platform. cmkctl
registers the provider, checks vault and key, and creates the policy. It grants the policy's
identity access to the key, and assigns Reader on the policy to the people you name. It never
changes an existing policy.

Examples:
  cmkctl create-policy --vault kv-cmk --key cmk --policy ep-cmk \\
      --location europe --reader power.admin@contoso.com --dry-run
  cmkctl create-policy --create-key --vault kv-cmk --resource-group rg-cmk \\
      --azure-location westeurope --key cmk --policy ep-cmk --location europe
  cmkctl create-policy --sandbox --yes")]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    key: Key,
    /// Do not grant the policy's identity access to the key
    #[arg(long)]
    no_grant: bool,
    /// Create the key first, see `cmkctl help create-key`
    #[arg(long)]
    create_key: bool,
    /// Allow permanent purge protection of this new vault
    #[arg(long, value_name = "NAME")]
    confirm: Vec<String>,
    #[command(flatten)]
    handing: Handing,
    #[command(flatten)]
    changing: Changing,
    // Keep this last: its help heading applies to every argument after it.
    #[command(flatten)]
    new_key: NewKey,
}

/// Policy, vault and key.
#[derive(Debug, clap::Args)]
pub(super) struct Key {
    /// Policy: name or id (a new one: in the vault's group)
    #[arg(long, value_name = "NAME|ID")]
    policy: Option<String>,
    /// Vault or managed HSM: name, id, URL or portal link
    #[arg(long, value_name = "NAME|ID")]
    vault: Option<String>,
    /// Key: name or key identifier URL
    #[arg(long, value_name = "NAME|ID")]
    key: Option<String>,
    /// Pin this version, so that rotations have no effect
    #[arg(long, value_name = "VERSION")]
    key_version: Option<String>,
    /// Geography of the policy [default: the environment's]
    #[arg(long, value_name = "NAME")]
    location: Option<String>,
    /// Who gets the role Reader: name or id, repeatable
    #[arg(long = "reader", value_name = "WHO")]
    readers: Vec<String>,
}

impl Key {
    /// Is a policy named on the command line?
    pub(super) const fn names_policy(&self) -> bool {
        self.policy.is_some()
    }

    pub(super) fn typed(&self, environment: Option<&String>) -> Typed {
        Typed {
            environment: environment.cloned(),
            policy: self.policy.clone(),
            vault: self.vault.clone(),
            key: self.key.clone(),
            key_version: self.key_version.clone(),
            location: self.location.clone(),
            readers: self.readers.clone(),
            ..Typed::default()
        }
    }
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let typed = Typed {
            new_key: self.new_key.asked_for(self.create_key)?,
            alone: self.changing.ask,
            ..self.key.typed(self.which.typed())
        };
        let mut target = context.target(&typed, out).await?;
        target.no_grant = self.no_grant;
        let asked = ConsentFlags {
            hand_over: self.handing.to(),
            confirm: self.confirm.clone(),
            ..self.changing.asked(None)
        };
        run::change(context, &commands::CREATE_POLICY, &target, &asked, out).await
    }
}
