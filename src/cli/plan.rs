//! `cmkctl plan`

use super::global::Handing;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};
use std::path::PathBuf;

/// Show what a desired-state file would change
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Changes nothing. The file (TOML) names policies with their environments, and how many environments
may be offline at the same time. `cmkctl adopt` writes such a file. With --out, cmkctl saves the
plan. `cmkctl apply` then runs exactly this plan, and refuses if anything else would change.

Examples:
  cmkctl plan wanted.toml
  cmkctl plan wanted.toml --detailed-exitcode
  cmkctl plan wanted.toml --out plan.json
  cmkctl plan wanted.toml --hand-over handover
  cmkctl plan wanted.toml -o ics > change-windows.ics")]
pub(super) struct Args {
    /// File with the desired state
    file: PathBuf,
    /// Save the plan for `cmkctl apply`
    #[arg(long, value_name = "PLAN")]
    out: Option<PathBuf>,
    #[command(flatten)]
    handing: Handing,
    /// Exit 3 if there are changes to make
    #[arg(long)]
    detailed_exitcode: bool,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let wishes = run::Wishes {
            save: self.out.clone(),
            hand_over: self.handing.to(),
            detailed: self.detailed_exitcode,
        };
        Box::pin(run::plan_file(context, &self.file, &wishes, out)).await
    }
}
