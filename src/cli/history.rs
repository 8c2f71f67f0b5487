//! `cmkctl history`

use super::global::Which;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};

/// Show what happened to an environment and its key
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Makes no changes. Shows the lifecycle operations in the service's history, newest first: who
requested each operation, when, its duration, its stages and its effect on the key.

Examples:
  cmkctl history \"Contoso UAT\"
  cmkctl history \"Contoso UAT\" -o json
  cmkctl history --sandbox --scenario expiring")]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let target = context.target_of_environment(self.which.typed())?;
        run::history(context, &target, out).await
    }
}
