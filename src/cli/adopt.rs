//! `cmkctl adopt`

use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};
use std::path::PathBuf;

/// Write the current state as a desired-state file
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Changes nothing. `cmkctl plan` with the new file finds no changes. Environments that are not
visible, or that are changing, become comments. cmkctl never overwrites a file.

Examples:
  cmkctl adopt > wanted.toml
  cmkctl adopt --out wanted.toml
  cmkctl adopt --sandbox --scenario expiring")]
pub(super) struct Args {
    /// Write to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        Box::pin(run::adopt(context, self.out.as_deref(), out)).await
    }
}
