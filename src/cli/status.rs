//! `cmkctl status`

use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};

/// Show where an environment stands at every step, what the key covers and what it does not
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Reads only. What your account may not read is shown as such.

Examples:
  cmkctl status \"Contoso UAT\"
  cmkctl status ENVIRONMENT_ID -o json
  cmkctl status --sandbox")]
pub(super) struct Args {
    /// Environment id, LCS environment id, URL or name [env: CMKCTL_ENVIRONMENT]
    environment: Option<String>,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let target = context.target(&Typed { environment: self.environment.clone(), ..Typed::default() })?;
        run::status(context, &target, out).await
    }
}
