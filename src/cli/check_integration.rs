//! `cmkctl check-integration`

use super::global::Which;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};

/// Step 1: Check that finance and operations is integrated
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit code 0: integrated. Exit code 6: not integrated, and the output says what to do. Exit code 5
or 1: cmkctl could not read the integration.

Examples:
  cmkctl check-integration \"Contoso UAT\"
  cmkctl check-integration https://contoso-uat.sandbox.operations.dynamics.com
  cmkctl check-integration --sandbox --scenario not-integrated")]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
    /// The environment has no finance and operations apps
    #[arg(long)]
    power_platform_only: bool,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let mut target = context.target_of_environment(self.which.typed())?;
        target.power_platform_only = self.power_platform_only;
        run::check_integration(context, &target, out).await
    }
}
