//! `cmkctl check-integration`

use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};

/// Step 1: tell whether the environment is integrated with finance and operations
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit 0: integrated. 6: not, with what to do. 5 or 1: it could not be read.

Examples:
  cmkctl check-integration https://contoso-uat.sandbox.operations.dynamics.com
  cmkctl check-integration --sandbox --scenario not-integrated")]
pub(super) struct Args {
    /// Environment id, LCS environment id, URL or name [env: CMKCTL_ENVIRONMENT]
    environment: Option<String>,
    /// The environment has no finance and operations and is meant to stay so
    #[arg(long)]
    power_platform_only: bool,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let mut target = context.target(&Typed {
            environment: self.environment.clone(),
            ..Typed::default()
        })?;
        target.power_platform_only = self.power_platform_only;
        run::check_integration(context, &target, out).await
    }
}
