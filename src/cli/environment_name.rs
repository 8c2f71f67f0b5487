//! `cmkctl environment-name`

use super::global::Which;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};

/// Step 2: Find one environment and print its name and ids
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Accepts an environment id, an LCS environment id, a URL of finance and operations or Dataverse, a
portal link, a unique name or a display name. If several environments match, cmkctl lists them
(exit code 2).

Examples:
  cmkctl environment-name contoso-uat.sandbox.operations.dynamics.com
  cmkctl environment-name \"Contoso UAT\" -o json
  cmkctl environment-name --sandbox \"Contoso UAT\"")]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let target = context.target_of_environment(self.which.typed())?;
        run::environment_name(context, &target, out).await
    }
}
