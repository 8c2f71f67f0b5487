//! `cmkctl doctor`

use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};

/// Find what keeps this machine or account from working: proxy, names, certificates, clock,
/// sign-in, roles
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each line says what was seen, what helps, and whose turn it is. Changes nothing. Roles in Azure
are looked at when a policy or a vault is configured. Exit 4: sign-in. 5: a role. 1: the rest.

Examples:
  cmkctl doctor
  cmkctl doctor --profile prod -o json
  cmkctl doctor --sandbox --sandbox-user unregistered")]
pub(super) struct Args {}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        run::doctor(context, out).await
    }
}
