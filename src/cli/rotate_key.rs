//! `cmkctl rotate-key`

use super::global::Changing;
use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, commands};

/// Make a new version of the key: nobody goes offline, and environments follow within a day
#[derive(Debug, clap::Args)]
#[command(after_help = "\
For the Key Vault administrator; makes one version and nothing else. A version that is younger
than a day counts as the rotation that was wanted: run twice, it rotates once. The version
before must stay enabled for 28 days; the day is printed.

Examples:
  cmkctl rotate-key --vault /subscriptions/…/vaults/kv --key cmk --dry-run
  cmkctl rotate-key --vault VAULT_ID --key cmk --policy POLICY_ID --yes
  cmkctl rotate-key --sandbox --yes")]
pub(super) struct Args {
    /// ARM id of the key vault or managed HSM [env: CMKCTL_VAULT]
    #[arg(long, value_name = "ID")]
    vault: Option<String>,
    /// Name of the key [env: CMKCTL_KEY]
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
    /// ARM id of a policy that uses it: says when that is pinned to a version [env: CMKCTL_POLICY]
    #[arg(long, value_name = "ID")]
    policy: Option<String>,
    /// Make another version although the latest one is younger than a day
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    changing: Changing,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let (vault, key, policy) = (self.vault.clone(), self.key.clone(), self.policy.clone());
        let mut target = context.target(&Typed {
            vault,
            key,
            policy,
            ..Typed::default()
        })?;
        // No environment is this command's business.
        target.environment = None;
        target.again = self.again;
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
