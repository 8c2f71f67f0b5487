//! `cmkctl check`

use super::create_policy::Key;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, Side};
use clap::ValueEnum;

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
  cmkctl check \"Contoso UAT\" --policy POLICY_ID --as power-platform
  cmkctl check ENVIRONMENT_ID --fail-on warn -o sarif > cmkctl.sarif
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
    /// Who you are: shows, and judges, the other administrator's part alone
    #[arg(long = "as", value_enum, value_name = "ROLE")]
    role: Option<Role>,
    /// What makes it fail (exit 6)
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "block")]
    fail_on: FailOn,
}

/// How bad a finding must be.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOn {
    Warn,
    Block,
}

/// Who runs it.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Role {
    /// Administers environments: verifies vault, key, grant and policy
    PowerPlatform,
    /// Administers vault, key and policy: verifies the environment
    KeyVault,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let mut target = context.target(&self.key.typed(self.environment.as_ref()))?;
        target.swap = self.swap;
        target.power_platform_only = self.power_platform_only;
        let others = self.role.map(|role| match role {
            Role::PowerPlatform => Side::KeyVault,
            Role::KeyVault => Side::PowerPlatform,
        });
        run::check(context, &target, others, matches!(self.fail_on, FailOn::Warn), out).await
    }
}
