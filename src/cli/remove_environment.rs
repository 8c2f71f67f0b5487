//! `cmkctl remove-environment`

use super::global::{Changing, Offline};
use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, commands};

/// Remove the environment from its policy: its data goes back to the Microsoft key
#[derive(Debug, clap::Args)]
#[command(after_help = "\
For the Power Platform administrator. The environment is OFFLINE meanwhile, for up to 4 days.
Key, vault and the policy's access must stay for 30 days more: backups are encrypted with
them; the day is printed. After a failed add, run the same add again instead.

Examples:
  cmkctl remove-environment \"Contoso UAT\" --dry-run
  cmkctl remove-environment ENVIRONMENT_ID --policy POLICY_ID --confirm \"Contoso UAT\" --no-wait
  cmkctl remove-environment --sandbox --scenario expiring \"Contoso UAT\"")]
pub(super) struct Args {
    /// Environment id, LCS environment id, URL or name [env: CMKCTL_ENVIRONMENT]
    environment: Option<String>,
    /// ARM id of the policy that it must be in; refused when it is in another one
    #[arg(long, value_name = "ID")]
    policy: Option<String>,
    #[command(flatten)]
    offline: Offline,
    #[command(flatten)]
    changing: Changing,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let typed = Typed::of(self.environment.as_ref(), self.policy.as_ref());
        let mut target = context.target(&typed)?;
        // A policy out of the configuration says where environments go, not where this one is.
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
