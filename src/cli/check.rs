//! `cmkctl check`

use super::create_policy::Key;
use super::global::{Part, Which};
use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};
use clap::ValueEnum;
use std::path::PathBuf;

/// Find all blockers and warnings, and change nothing
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Reads everything that you name and may see: environment, policy, vault, key, and what they
depend on. It says what you may not see. Exit 6 if a blocker was found.
`cmkctl explain CODE` says more about a finding.

Examples:
  cmkctl check \"Contoso UAT\"
  cmkctl check \"Contoso UAT\" --vault kv-cmk --key cmk --policy ep-cmk
  cmkctl check \"Contoso UAT\" --policy ep-new --swap
  cmkctl check \"Contoso UAT\" --policy ep-cmk --part key-vault
  cmkctl check \"Contoso UAT\" --fail-on warn -o sarif --out cmkctl.sarif
  cmkctl check --sandbox --scenario messy")]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    key: Key,
    /// Check the move from the linked policy to `--policy`
    #[arg(long)]
    swap: bool,
    /// Policy it moves from, if you can't see it
    #[arg(long, value_name = "ID", requires = "policy")]
    swap_from: Option<String>,
    /// The environment has no finance and operations apps
    #[arg(long)]
    power_platform_only: bool,
    /// Judge one administrator's part only
    #[arg(long, value_enum, value_name = "PART", default_value = "all")]
    part: Part,
    /// What makes it exit 6
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "block")]
    fail_on: FailOn,
    /// Write to this file, or replace it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// How bad a finding must be.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOn {
    Warn,
    Block,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let typed = Typed {
            swap_from: self.swap_from.clone(),
            ..self.key.typed(self.which.typed())
        };
        let mut target = context.target(&typed, out).await?;
        target.swap = self.swap || self.swap_from.is_some();
        target.power_platform_only = self.power_platform_only;
        let part = self.part.side();
        out.goes_to(self.out.as_deref())?;
        run::check(
            context,
            &target,
            part,
            matches!(self.fail_on, FailOn::Warn),
            out,
        )
        .await
    }
}
