//! `cmkctl check`

use super::create_policy::Key;
use super::global::{Part, Which};
use crate::config::Typed;
use crate::error::{Error, Result};
use crate::report::Out;
use crate::run::{self, CheckFor, Context, Purpose};
use clap::ValueEnum;
use std::path::PathBuf;

/// Find all blockers and warnings, and change nothing
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Reads the environment, policy, vault and key that you name, and what they depend on. The output
says what your account can't see. Exit code 6: cmkctl found a blocker.
`cmkctl explain CODE` says more about a finding.
With --for, the first line says yes, no or can't tell (exit code 0, 6 or 5).

Examples:
  cmkctl check \"Contoso UAT\"
  cmkctl check \"Contoso UAT\" --vault kv-cmk --key cmk --policy ep-cmk
  cmkctl check \"Contoso UAT\" --policy ep-new --swap
  cmkctl check \"Contoso UAT\" --policy ep-cmk --part key-vault
  cmkctl check \"Contoso UAT\" --for copy --to \"Contoso Test\"
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
    /// Current or previous policy, if not visible to you
    #[arg(long, value_name = "ID")]
    swap_from: Option<String>,
    /// Answer whether the environment's key allows this
    #[arg(
        long = "for",
        value_enum,
        value_name = "WHAT",
        conflicts_with_all = [
            "policy", "vault", "key", "key_version", "location", "readers", "swap",
            "power_platform_only", "part",
        ]
    )]
    purpose: Option<For>,
    /// With --for: environment that is overwritten
    #[arg(long, value_name = "ENVIRONMENT", requires = "purpose")]
    to: Option<String>,
    /// The environment has no finance and operations apps
    #[arg(long)]
    power_platform_only: bool,
    /// Check one administrator's part only
    #[arg(long, value_enum, value_name = "PART", default_value = "all")]
    part: Part,
    /// Exit 6 if a finding is at least this severe
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "block")]
    fail_on: FailOn,
    /// Write to this file (replaces an existing file)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The lowest severity that changes the exit code.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOn {
    Warn,
    Block,
}

/// What the caller wants to do with an environment.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum For {
    Copy,
    Restore,
    Reset,
    Delete,
    MoveFromLcs,
}

impl For {
    const fn purpose(self) -> Purpose {
        match self {
            For::Copy => Purpose::Copy,
            For::Restore => Purpose::Restore,
            For::Reset => Purpose::Reset,
            For::Delete => Purpose::Delete,
            For::MoveFromLcs => Purpose::MoveFromLcs,
        }
    }
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        if let Some(purpose) = self.purpose {
            return self.run_for(purpose.purpose(), context, out).await;
        }
        if self.swap_from.is_some() && !self.key.names_policy() {
            return Err(Error::usage("`--swap-from` requires the new policy.")
                .hint("Pass `--policy`, or use `--for restore`."));
        }
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

    /// Answers `--for`. The answer is about environments only, so cmkctl ignores the configured
    /// policy, vault and key.
    async fn run_for(&self, purpose: Purpose, context: &Context, out: &mut Out) -> Result<()> {
        let target = context.target_of_leaving(self.which.typed(), self.swap_from.as_ref())?;
        out.goes_to(self.out.as_deref())?;
        let asks = CheckFor {
            purpose,
            to: self.to.clone(),
            warnings_too: matches!(self.fail_on, FailOn::Warn),
        };
        run::check_for(context, &asks, &target, out).await
    }
}
