//! `cmkctl add-environment`

use super::global::{Changing, Handing, Offline, Which};
use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, ConsentFlags, Context, commands};

/// Step 4: Add the environment to the policy and verify it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
For the Power Platform administrator. Requires Reader on the policy, and no role in Key Vault.
The environment is OFFLINE during the encryption, for up to 4 days. If the encryption is already
running, cmkctl starts nothing and waits for its end. You can wait on any machine.

Examples:
  cmkctl add-environment \"Contoso UAT\" --policy ep-cmk --dry-run
  cmkctl add-environment \"Contoso UAT\" --policy ep-cmk --confirm \"Contoso UAT\"
  cmkctl add-environment --sandbox")]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
    /// Policy: name or id
    #[arg(long, value_name = "NAME|ID")]
    policy: Option<String>,
    #[command(flatten)]
    making: Making,
    #[command(flatten)]
    offline: Offline,
    #[command(flatten)]
    handing: Handing,
    #[command(flatten)]
    changing: Changing,
}

/// What the environment is, and what cmkctl may change about it.
#[derive(Debug, clap::Args)]
pub(super) struct Making {
    /// Turn on Managed Environments (requires licences)
    #[arg(long)]
    pub(super) make_managed: bool,
    /// The environment has no finance and operations apps
    #[arg(long)]
    pub(super) power_platform_only: bool,
    /// Environment limit of the tenant [default: 25]
    #[arg(
        long,
        value_name = "N",
        value_parser = super::global::whole,
        allow_negative_numbers = true
    )]
    pub(super) limit: Option<usize>,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let mut typed = Typed::of(self.which.typed(), self.policy.as_ref());
        typed.alone = self.changing.ask;
        let mut target = context.target(&typed, out).await?;
        target.make_managed = self.making.make_managed;
        target.power_platform_only = self.making.power_platform_only;
        target.limit = self.making.limit;
        let asked = ConsentFlags {
            hand_over: self.handing.to(),
            ..self.changing.asked(Some(&self.offline))
        };
        run::change(context, &commands::ADD_ENVIRONMENT, &target, &asked, out).await
    }
}
