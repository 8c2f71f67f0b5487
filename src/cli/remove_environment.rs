//! `cmkctl remove-environment`

use super::global::{Changing, Offline, Which};
use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, commands};

/// Return an environment to the Microsoft-managed key
#[derive(Debug, clap::Args)]
#[command(after_help = "\
For the Power Platform administrator. The environment is OFFLINE during the removal, for up to 4
days. Keep the key, the vault and the policy's access for 30 more days, because backups are
encrypted with the key. cmkctl prints the end date. After a failed add, do not remove the
environment: run the same add again.

Examples:
  cmkctl remove-environment \"Contoso UAT\" --dry-run
  cmkctl remove-environment \"Contoso UAT\" --confirm \"Contoso UAT\" --no-wait
  cmkctl remove-environment --sandbox --scenario expiring \"Contoso UAT\"")]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
    /// Refuse if the environment is in another policy
    #[arg(long, value_name = "NAME|ID")]
    policy: Option<String>,
    #[command(flatten)]
    offline: Offline,
    #[command(flatten)]
    changing: Changing,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let mut typed = Typed::of(self.which.typed(), self.policy.as_ref());
        typed.alone = self.changing.ask;
        let mut target = context.target(&typed, out).await?;
        // The configured policy is the one for adds. This environment may have another.
        target.policy = target.policy.filter(|_| self.policy.is_some());
        run::change(
            context,
            &commands::REMOVE_ENVIRONMENT,
            &target,
            &self.changing.asked(Some(&self.offline)),
            out,
        )
        .await
    }
}
