//! `cmkctl doctor`

use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, Side};

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

/// Whose part.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Part {
    /// What the Key Vault administrator needs
    KeyVault,
    /// What the Power Platform administrator needs
    PowerPlatform,
    /// Both
    All,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let part = match self.part {
            Part::KeyVault => Some(Side::KeyVault),
            Part::PowerPlatform => Some(Side::PowerPlatform),
            Part::All => None,
        };
        run::doctor(context, part, out).await
    }
}
