//! `cmkctl doctor`

use super::global::Part;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};

/// Find what keeps this machine or account from working: proxy, names, certificates, clock,
/// sign-in, roles
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each line says what was seen, what helps, and who can do it. Changes nothing. Roles in Azure are
looked at when a policy or a vault is configured. An administrator of one half passes that half
with --part. Exit 4: sign-in. 5: a role, or the network. 1: the rest.

Examples:
  cmkctl doctor
  cmkctl doctor --part key-vault
  cmkctl doctor --profile prod -o json
  cmkctl doctor --sandbox --sandbox-user unregistered")]
pub(super) struct Args {
    /// The administrator's part that is looked at
    #[arg(long, value_enum, default_value_t = Part::All)]
    part: Part,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        run::doctor(context, self.part.side(), out).await
    }
}
