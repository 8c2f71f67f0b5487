//! `cmkctl adopt`

use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};
use std::path::PathBuf;

/// Write the file that describes the current state
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Changes nothing. `cmkctl plan` of the new file finds nothing to do. Environments that you can't
see, or that are changing, become comments. cmkctl never overwrites a file.

Examples:
  cmkctl adopt > wanted.toml
  cmkctl adopt --out wanted.toml
  cmkctl adopt --sandbox --scenario expiring")]
pub(super) struct Args {
    /// Write to this file instead
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        Box::pin(run::adopt(context, self.out.as_deref(), out)).await
    }
}
