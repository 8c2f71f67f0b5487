//! `cmkctl config`

use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};

/// Show the configuration
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Config,
}

#[derive(Debug, clap::Subcommand)]
enum Config {
    /// Print every value and where it comes from: flag, variable, profile, file or default
    #[command(after_help = "\
A flag is stronger than a variable, a variable than the profile, a profile than the rest of the
file. Sends nothing, and never prints a secret.

Examples:
  cmkctl config show
  cmkctl config show --profile prod
  cmkctl config show -o json
  cmkctl config show --sandbox")]
    Show,
}

impl Args {
    pub(super) fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        match self.command {
            Config::Show => run::config_show(context, out),
        }
        Ok(())
    }
}
