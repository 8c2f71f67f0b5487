//! `cmkctl check`

use super::create_policy::Key;
use super::global::Part;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};
use clap::ValueEnum;
use std::path::PathBuf;

/// Find every blocker and warning at once, each with its fix and who can do it; changes nothing
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Looks at whatever you name and may see: the environment, the policy, vault and key, and what
lies around them. What you may not see is said as such. Exit 6 when something is in the way.
`cmkctl explain CODE` says more about a finding.

Examples:
  cmkctl check \"Contoso UAT\"
  cmkctl check \"Contoso UAT\" --vault VAULT_ID --key cmk --policy ep-cmk
  cmkctl check \"Contoso UAT\" --policy NEW_POLICY_ID --swap
  cmkctl check \"Contoso UAT\" --policy POLICY_ID --part key-vault
  cmkctl check ENVIRONMENT_ID --fail-on warn -o sarif --out cmkctl.sarif
  cmkctl check --sandbox --scenario messy")]
pub(super) struct Args {
    /// Environment id, LCS environment id, URL or name [env: CMKCTL_ENVIRONMENT]
    environment: Option<String>,
    #[command(flatten)]
    key: Key,
    /// The environment is to move from the policy that is linked now to `--policy`
    #[arg(long)]
    swap: bool,
    /// The environment has no finance and operations and is meant to stay so
    #[arg(long)]
    power_platform_only: bool,
    /// The part to judge: findings of the other administrator's part are left out
    #[arg(long, value_enum, value_name = "PART", default_value = "all")]
    part: Part,
    /// What makes it fail (exit 6)
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "block")]
    fail_on: FailOn,
    /// File to write, whole or not at all; one that is there is replaced [default: print it]
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
        let mut target = context.target(&self.key.typed(self.environment.as_ref()))?;
        target.swap = self.swap;
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
