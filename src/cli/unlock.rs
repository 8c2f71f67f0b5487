//! `cmkctl unlock`

use super::global::{Changing, Which};
use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, commands};

/// Restore the key, then enable the locked environments
#[derive(Debug, clap::Args)]
#[command(after_help = "\
An environment locks if its key is deleted, disabled, expired or behind a firewall, or if the grant
is missing. A locked sandbox environment is deleted after 7 days, a production environment after 30.
cmkctl restores a deleted key, a disabled version and the grant, and prints commands for the rest.
Then cmkctl enables ENVIRONMENT, or with --policy all locked environments of the policy. Each
administrator can run the command for their own part.

Examples:
  cmkctl unlock \"Contoso UAT\" --dry-run
  cmkctl unlock --policy ep-cmk --yes
  cmkctl unlock --sandbox --scenario locked --yes")]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
    /// Policy: name or id
    #[arg(long, value_name = "NAME|ID")]
    policy: Option<String>,
    #[command(flatten)]
    changing: Changing,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let mut typed = Typed::of(self.which.typed(), self.policy.as_ref());
        typed.alone = self.changing.ask;
        let mut target = context.target(&typed, out).await?;
        // Only the typed part counts. A policy means all its environments; an environment names its
        // own policy.
        if self.policy.is_some() {
            target.environment = self.which.typed().cloned();
        } else if target.environment.is_some() {
            target.policy = None;
        }
        // Restore the key that the policy references, not the configured one.
        (target.vault, target.key) = (None, None);
        run::change(
            context,
            &commands::UNLOCK,
            &target,
            &self.changing.asked(None),
            out,
        )
        .await
    }
}
