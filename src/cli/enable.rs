//! `cmkctl enable`

use super::add_environment::Making;
use super::create_policy::Key;
use super::global::{Changing, Offline};
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, commands};

/// All four steps, in order; what is done already is skipped
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The environment is OFFLINE while its data is encrypted, for up to 4 days: it asks for the
environment's name before that. Run it again after anything: it sends only what is missing.

Examples:
  cmkctl enable \"Contoso UAT\" --vault VAULT_ID --key cmk --policy ep-cmk --dry-run
  cmkctl enable ENVIRONMENT_ID --vault VAULT_ID --key cmk --policy ep-cmk --yes --confirm \
  \"Contoso UAT\"
  cmkctl enable --sandbox --scenario fresh --make-managed")]
pub(super) struct Args {
    /// Environment id, LCS environment id, URL or name [env: CMKCTL_ENVIRONMENT]
    environment: Option<String>,
    #[command(flatten)]
    key: Key,
    #[command(flatten)]
    making: Making,
    #[command(flatten)]
    offline: Offline,
    #[command(flatten)]
    changing: Changing,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let mut target = context.target(&self.key.typed(self.environment.as_ref()))?;
        target.make_managed = self.making.make_managed;
        target.power_platform_only = self.making.power_platform_only;
        target.limit = self.making.limit;
        run::change(
            context,
            &commands::ENABLE,
            &target,
            &self.changing.asked(Some(&self.offline)),
            out,
        )
        .await
    }
}
