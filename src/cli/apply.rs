//! `cmkctl apply`

use super::global::Offline;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Asked, Context};
use std::path::PathBuf;

/// Make everything as a file wants it: the policies first, then ring by ring, so many environments
/// at a time
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each environment is OFFLINE meanwhile, for up to 4 days, so each name is asked for. One that
is started is started inside a change window only. After the first failure nothing more is
started; what runs is waited for. Run it again after anything: what is done is skipped, what
runs is waited for. What the file does not name is never touched.

Examples:
  cmkctl apply wanted.toml --dry-run
  cmkctl apply wanted.toml --yes --confirm \"Contoso UAT\" --confirm \"Contoso Sales\"
  cmkctl apply plan.json --yes --confirm \"Contoso UAT\" --no-wait")]
pub(super) struct Args {
    /// File with the wanted state, or a plan that `plan --out` saved
    file: PathBuf,
    #[command(flatten)]
    offline: Offline,
    /// Show the plan and change nothing
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: exit 3 when there is something to do
    #[arg(long, requires = "dry_run")]
    detailed_exitcode: bool,
    /// Consent to the plan without being asked; taking an environment offline still needs --confirm
    #[arg(short, long)]
    yes: bool,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let asked = Asked {
            dry_run: self.dry_run,
            detailed_exitcode: self.detailed_exitcode,
            yes: self.yes,
            ..self.offline.asked()
        };
        Box::pin(run::apply_wanted(context, &self.file, &asked, out)).await
    }
}
