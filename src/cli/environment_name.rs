//! `cmkctl environment-name`

use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};

/// Step 2: resolve what you have to exactly one environment and print its name and ids
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Takes an environment id, an LCS environment id, a finance and operations URL,
a Dataverse URL, a unique name or a display name. Several matches are listed (exit 2).

Examples:
  cmkctl environment-name contoso-uat.sandbox.operations.dynamics.com
  cmkctl environment-name \"Contoso UAT\" -o json
  cmkctl environment-name --sandbox \"Contoso Dev\"")]
pub(super) struct Args {
    /// Environment id, LCS environment id, URL or name [env: CMKCTL_ENVIRONMENT]
    environment: Option<String>,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let target = context.target(&Typed {
            environment: self.environment.clone(),
            ..Typed::default()
        })?;
        run::environment_name(context, &target, out).await
    }
}
