//! `cmkctl enable`

use super::add_environment::Making;
use super::create_key::NewKey;
use super::create_policy::Key;
use super::global::{Changing, Handing, Offline, Which};
use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, ConsentFlags, Context, commands};

/// Run all four steps and skip those already done
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The environment is OFFLINE during the encryption, for up to 4 days. Before the encryption, cmkctl
asks you to type the environment's name. Run the command again at any time: it does only what is
missing. At a terminal, cmkctl asks for values that you leave out, and shows lists to choose from.

Examples:
  cmkctl enable
  cmkctl enable \"Contoso UAT\" --vault kv-cmk --key cmk --policy ep-cmk --dry-run
  cmkctl enable \"Contoso UAT\" --vault kv-cmk --key cmk --policy ep-cmk --yes \\
      --confirm \"Contoso UAT\"
  cmkctl enable --sandbox --scenario fresh --ask")]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    key: Key,
    /// Create the key first, see `cmkctl help create-key`
    #[arg(long)]
    create_key: bool,
    #[command(flatten)]
    making: Making,
    #[command(flatten)]
    offline: Offline,
    #[command(flatten)]
    handing: Handing,
    #[command(flatten)]
    changing: Changing,
    // Keep this last: its help heading applies to every argument after it.
    #[command(flatten)]
    new_key: NewKey,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        if self.changing.is_dry_run() {
            return self.enable(context, out).await;
        }
        let about = self.which.typed().map(String::as_str);
        let enable = async |out: &mut Out| self.enable(context, out).await;
        Box::pin(context.notified(("enable", about), out, enable)).await
    }

    async fn enable(&self, context: &Context, out: &mut Out) -> Result<()> {
        let typed = Typed {
            new_key: self.new_key.asked_for(self.create_key)?,
            alone: self.changing.ask,
            ..self.key.typed(self.which.typed())
        };
        let mut target = context.target(&typed, out).await?;
        target.make_managed = self.making.make_managed;
        target.power_platform_only = self.making.power_platform_only;
        target.limit = self.making.limit;
        let asked = ConsentFlags {
            hand_over: self.handing.to(),
            ..self.changing.asked(Some(&self.offline))
        };
        run::change(context, &commands::ENABLE, &target, &asked, out).await
    }
}
