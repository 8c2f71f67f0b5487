//! `cmkctl apply`

use super::global::{Handing, Offline};
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, ConsentFlags, Context};
use std::path::PathBuf;

/// Apply a desired-state file, ring by ring
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each environment is OFFLINE for up to 4 days, so cmkctl asks you to type each name. It starts
an encryption only in the change window of the environment. After a failure, cmkctl starts nothing
more, and waits for operations in progress. Run the command again at any time: it skips
environments that are done. It never changes environments that are not in the file.

Examples:
  cmkctl apply wanted.toml --dry-run
  cmkctl apply wanted.toml --yes --confirm \"Contoso UAT\" --confirm \"Contoso Sales\"
  cmkctl apply plan.json --yes --confirm \"Contoso UAT\" --no-wait")]
pub(super) struct Args {
    /// File with the desired state, or a plan saved by `plan --out`
    file: PathBuf,
    #[command(flatten)]
    offline: Offline,
    #[command(flatten)]
    handing: Handing,
    /// Show the plan and change nothing
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: exit 3 if there are changes
    #[arg(long, requires = "dry_run")]
    detailed_exitcode: bool,
    /// Accept the plan, but an outage requires --confirm
    #[arg(short, long)]
    yes: bool,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let asked = ConsentFlags {
            dry_run: self.dry_run,
            detailed_exitcode: self.detailed_exitcode,
            yes: self.yes,
            hand_over: self.handing.to(),
            ..self.offline.asked()
        };
        let apply = async |out: &mut Out| {
            Box::pin(run::apply_wanted(context, &self.file, &asked, out)).await
        };
        if self.dry_run {
            return apply(out).await;
        }
        let file = self.file.display().to_string();
        Box::pin(context.notified(("apply", Some(&file)), out, apply)).await
    }
}
