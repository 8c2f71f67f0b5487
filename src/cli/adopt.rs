//! `cmkctl adopt`

use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};
use std::path::PathBuf;

/// Write the file that describes what is there today: every policy with its key and its
/// environments
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Reads only. `cmkctl plan` of that file plans nothing. What is not visible to you, or on its
way, is a comment in the file. A file that is there is never overwritten.

Examples:
  cmkctl adopt > wanted.toml
  cmkctl adopt --out wanted.toml
  cmkctl adopt --sandbox --scenario expiring")]
pub(super) struct Args {
    /// File to write [default: print it]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        Box::pin(run::adopt(context, self.out.as_deref(), out)).await
    }
}
