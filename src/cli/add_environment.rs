//! `cmkctl add-environment`

use super::global::{Changing, Offline};
use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, commands};

/// Step 4: add the environment to the policy, wait for the encryption and prove it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
For the Power Platform administrator; needs Reader on the policy and no right in Key Vault.
The environment is OFFLINE meanwhile, for up to 4 days. When the encryption already runs,
nothing is started: the command waits for it, from any machine.

Examples:
  cmkctl add-environment \"Contoso UAT\" --policy /subscriptions/…/enterprisePolicies/ep-cmk \
  --dry-run
  cmkctl add-environment ENVIRONMENT_ID --policy POLICY_ID --confirm \"Contoso UAT\" --no-wait
  cmkctl add-environment --sandbox")]
pub(super) struct Args {
    /// Environment id, LCS environment id, URL or name [env: CMKCTL_ENVIRONMENT]
    environment: Option<String>,
    /// ARM id of the policy [env: CMKCTL_POLICY]
    #[arg(long, value_name = "ID")]
    policy: Option<String>,
    #[command(flatten)]
    making: Making,
    #[command(flatten)]
    offline: Offline,
    #[command(flatten)]
    changing: Changing,
}

/// What the environment is, and may be made.
#[derive(Debug, clap::Args)]
pub(super) struct Making {
    /// Make it a Managed Environment first, which changes what licences its users need
    #[arg(long)]
    pub(super) make_managed: bool,
    /// The environment has no finance and operations and is meant to stay so
    #[arg(long)]
    pub(super) power_platform_only: bool,
    /// Environments with a customer-managed key that the tenant may have, where Microsoft has
    /// raised it [default: 25]
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<usize>,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let typed = Typed::of(self.environment.as_ref(), self.policy.as_ref());
        let mut target = context.target(&typed)?;
        target.make_managed = self.making.make_managed;
        target.power_platform_only = self.making.power_platform_only;
        target.limit = self.making.limit;
        run::change(
            context,
            &commands::ADD_ENVIRONMENT,
            &target,
            &self.changing.asked(Some(&self.offline)),
            out,
        )
        .await
    }
}
