//! `cmkctl plan`

use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};
use std::path::PathBuf;

/// Show what differs between a file of policies and environments and what is there
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Reads only. The file (TOML) names policies with their environments, and how many may be
offline at a time; `cmkctl adopt` writes one. With --out the plan is saved: `cmkctl apply`
then runs exactly it, and refuses when anything else would be done.

Examples:
  cmkctl plan wanted.toml
  cmkctl plan wanted.toml --detailed-exitcode
  cmkctl plan wanted.toml --out plan.json
  cmkctl plan wanted.toml --split handover")]
pub(super) struct Args {
    /// File with the wanted state
    file: PathBuf,
    /// Save the plan in this file
    #[arg(long, value_name = "PLAN")]
    out: Option<PathBuf>,
    /// Write into this folder what the Key Vault administrator and the Power Platform
    /// administrator must run: commands, and Bicep for the half of Azure
    #[arg(long, value_name = "DIR")]
    split: Option<PathBuf>,
    /// Exit 3 when there is something to do
    #[arg(long)]
    detailed_exitcode: bool,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let planned = Box::pin(run::planned(context, &self.file, self.out.as_deref())).await?;
        if let Some(folder) = &self.split {
            run::split_plan(context, &planned, folder, out)?;
        }
        run::show_plan(
            context,
            &planned,
            &self.file,
            (self.out.as_deref(), self.detailed_exitcode),
            out,
        )
    }
}
