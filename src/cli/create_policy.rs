//! `cmkctl create-policy`

use super::global::Changing;
use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, commands};

/// Step 3: create the enterprise policy and let its identity use the key
#[derive(Debug, clap::Args)]
#[command(after_help = "\
For the Key Vault administrator; needs no right in Power Platform when --location is given.
Registers the provider, checks vault and key, creates the policy, grants its identity,
and gives Reader to whoever adds environments. A policy that is there is never rewritten.

Examples:
  cmkctl create-policy --vault /subscriptions/…/vaults/kv --key cmk --policy ep-cmk --location \
  europe \\
      --reader 00000000-0000-0000-0000-000000000000 --dry-run
  cmkctl create-policy --sandbox --yes")]
pub(super) struct Args {
    /// Environment whose geography the policy takes [env: CMKCTL_ENVIRONMENT]
    environment: Option<String>,
    #[command(flatten)]
    key: Key,
    #[command(flatten)]
    changing: Changing,
}

/// Policy, vault and key.
#[derive(Debug, clap::Args)]
pub(super) struct Key {
    /// ARM id of the policy, or its name beside the vault [env: CMKCTL_POLICY]
    #[arg(long, value_name = "ID|NAME")]
    policy: Option<String>,
    /// ARM id of the key vault or managed HSM [env: CMKCTL_VAULT]
    #[arg(long, value_name = "ID")]
    vault: Option<String>,
    /// Name of the key [env: CMKCTL_KEY]
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
    /// Pin this version; rotating the key then changes nothing
    #[arg(long, value_name = "VERSION")]
    key_version: Option<String>,
    /// Geography of the policy, such as europe [default: the environment's]
    #[arg(long, value_name = "NAME")]
    location: Option<String>,
    /// Object id that gets Reader on the policy; repeatable
    #[arg(long = "reader", value_name = "OBJECT_ID")]
    readers: Vec<String>,
}

impl Key {
    pub(super) fn typed(&self, environment: Option<&String>) -> Typed {
        Typed {
            environment: environment.cloned(),
            policy: self.policy.clone(),
            vault: self.vault.clone(),
            key: self.key.clone(),
            key_version: self.key_version.clone(),
            location: self.location.clone(),
            readers: self.readers.clone(),
        }
    }
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let target = context.target(&self.key.typed(self.environment.as_ref()))?;
        run::change(
            context,
            &commands::CREATE_POLICY,
            &target,
            &self.changing.asked(None),
            out,
        )
        .await
    }
}
