//! `cmkctl swap-policy`

use super::global::{Changing, Offline};
use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, commands};

/// Move the environment from its policy to another one: another key, checked first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
For the Power Platform administrator. The documented way is a removal and an add: the
environment is OFFLINE TWICE, for up to 4 days each. Restores of older backups need the old
key, so the new policy's identity must be granted access to it first; without that nothing
is started. Run it again after anything: it goes on from where it stands.

Examples:
  cmkctl swap-policy \"Contoso UAT\" --policy NEW_POLICY_ID --dry-run
  cmkctl swap-policy ENVIRONMENT_ID --policy NEW_POLICY_ID --yes --confirm \"Contoso UAT\"
  cmkctl swap-policy ENVIRONMENT_ID --policy NEW_POLICY_ID --in-place --dry-run")]
pub(super) struct Args {
    /// Environment id, LCS environment id, URL or name [env: CMKCTL_ENVIRONMENT]
    environment: Option<String>,
    /// ARM id of the policy to move to [env: CMKCTL_POLICY]
    #[arg(long, value_name = "ID")]
    policy: Option<String>,
    /// Link the new policy over the old one, as Microsoft's script does: not documented, and not
    /// proven to be one outage
    #[arg(long)]
    in_place: bool,
    /// Whoever sees the vaults has checked that the new policy's identity may use the old key; for
    /// accounts that can't see it
    #[arg(long)]
    old_key_granted: bool,
    /// Environments with a customer-managed key that the tenant may have, where Microsoft has
    /// raised it [default: 25]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    offline: Offline,
    #[command(flatten)]
    changing: Changing,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let typed = Typed::of(self.environment.as_ref(), self.policy.as_ref());
        let mut target = context.target(&typed)?;
        target.swap = true;
        target.limit = self.limit;
        target.in_place = self.in_place;
        target.old_key_granted = self.old_key_granted;
        // What is linked shows that the integration is no question any more.
        target.power_platform_only = true;
        run::change(
            context,
            &commands::SWAP_POLICY,
            &target,
            &self.changing.asked(Some(&self.offline)),
            out,
        )
        .await
    }
}
