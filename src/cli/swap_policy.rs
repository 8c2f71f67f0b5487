//! `cmkctl swap-policy`

use super::global::{Changing, Handing, Offline, Which};
use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, ConsentFlags, Context, commands};

/// Move an environment to another policy and key
#[derive(Debug, clap::Args)]
#[command(after_help = "\
For the Power Platform administrator. As Microsoft documents, cmkctl removes the environment from
the old policy and adds it to the new one. The environment is OFFLINE TWICE, for up to 4 days each
time. To restore older backups, the new policy's identity must have access to the old key, so cmkctl
checks this access first. Run the command again at any time: it continues where it stopped.

Examples:
  cmkctl swap-policy \"Contoso UAT\" --policy ep-new --dry-run
  cmkctl swap-policy \"Contoso UAT\" --policy ep-new --yes --confirm \"Contoso UAT\"
  cmkctl swap-policy \"Contoso UAT\" --policy ep-new --in-place --dry-run")]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
    /// Policy to move to: name or id
    #[arg(long, value_name = "NAME|ID")]
    policy: Option<String>,
    /// Link the new policy over the old one (unproven)
    #[arg(long)]
    in_place: bool,
    /// The Key Vault administrator has checked that the new policy can use the old key
    #[arg(long)]
    old_key_granted: bool,
    /// With --fix: turn on Managed Environments
    #[arg(long, requires = "fix")]
    make_managed: bool,
    /// Environment limit of the tenant [default: 25]
    #[arg(
        long,
        value_name = "N",
        value_parser = super::global::whole,
        allow_negative_numbers = true
    )]
    limit: Option<usize>,
    #[command(flatten)]
    offline: Offline,
    #[command(flatten)]
    handing: Handing,
    #[command(flatten)]
    changing: Changing,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let mut typed = Typed::of(self.which.typed(), self.policy.as_ref());
        typed.alone = self.changing.ask;
        let mut target = context.target(&typed, out).await?;
        target.swap = true;
        target.make_managed = self.make_managed;
        target.limit = self.limit;
        target.in_place = self.in_place;
        target.old_key_granted = self.old_key_granted;
        // A linked environment has already passed the integration check.
        target.power_platform_only = true;
        let asked = ConsentFlags {
            hand_over: self.handing.to(),
            ..self.changing.asked(Some(&self.offline))
        };
        run::change(context, &commands::SWAP_POLICY, &target, &asked, out).await
    }
}
