//! `cmkctl auth`

use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};

/// Show how this command signs in
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Auth,
}

#[derive(Debug, clap::Subcommand)]
enum Auth {
    /// Print the ways to sign in, in their order, which one is taken, and who you are
    #[command(after_help = "\
Order: client secret, federated token, managed identity, Azure CLI, azd.
Device code only with --auth device-code.

Examples:
  cmkctl auth status
  cmkctl auth status --auth azure-cli
  cmkctl auth status --sandbox --sandbox-user key-vault-admin")]
    Status,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        match self.command {
            Auth::Status => run::auth_status(context, out).await,
        }
    }
}
