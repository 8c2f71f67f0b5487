//! `cmkctl rotate-key`

use super::global::Changing;
use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, commands};

/// Create a new version of the key, without an outage
#[derive(Debug, clap::Args)]
#[command(after_help = "\
For the Key Vault administrator. Environments use the new version within a day, without an outage.
If the latest version is less than a day old, cmkctl rotates again only with --again. Keep
the previous version enabled for 28 days. cmkctl prints the end date.

Examples:
  cmkctl rotate-key --vault kv-cmk --key cmk --dry-run
  cmkctl rotate-key --vault kv-cmk --key cmk --policy ep-cmk --yes
  cmkctl rotate-key --sandbox --yes")]
pub(super) struct Args {
    /// Vault or managed HSM: name, id, URL or portal link
    #[arg(long, value_name = "NAME|ID")]
    vault: Option<String>,
    /// Key: name or key identifier URL
    #[arg(long, value_name = "NAME|ID")]
    key: Option<String>,
    /// Policy that uses the key: check if it pins a version
    #[arg(long, value_name = "ID")]
    policy: Option<String>,
    /// Rotate even if the latest version is under a day old
    #[arg(long = "again")]
    even_if_young: bool,
    #[command(flatten)]
    changing: Changing,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let (vault, key, policy) = (self.vault.clone(), self.key.clone(), self.policy.clone());
        let mut target = context
            .target(
                &Typed {
                    vault,
                    key,
                    policy,
                    alone: self.changing.ask,
                    ..Typed::default()
                },
                out,
            )
            .await?;
        // The command does not use an environment.
        target.environment = None;
        target.even_if_young = self.even_if_young;
        run::change(
            context,
            &commands::ROTATE_KEY,
            &target,
            &self.changing.asked(None),
            out,
        )
        .await
    }
}
