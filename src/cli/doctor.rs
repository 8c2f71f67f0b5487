//! `cmkctl doctor`

use super::global::Part;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};

/// Find problems of this machine, network or account
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Changes nothing. Each line says what cmkctl found, what to do, and who can do it. cmkctl checks
Azure roles only if a policy or a vault is configured. Exit code 4: a problem with the sign-in.
Exit code 5: a problem with a role or the network.

Examples:
  cmkctl doctor
  cmkctl doctor --part key-vault
  cmkctl doctor --profile prod -o json
  cmkctl doctor --sandbox --sandbox-user unregistered")]
pub(super) struct Args {
    /// Check one administrator's part only
    #[arg(long, value_enum, default_value_t = Part::All)]
    part: Part,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        run::doctor(context, self.part.side(), out).await
    }
}
