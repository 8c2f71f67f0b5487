//! `cmkctl status`

use super::estate::Estate;
use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};

/// Show where an environment stands at every step, what the key covers and what it does not
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Reads only. What your account may not read is shown as such.

Examples:
  cmkctl status \"Contoso UAT\"
  cmkctl status ENVIRONMENT_ID -o json
  cmkctl status --all --fail-on locked,drift,expiring,unencrypted
  cmkctl status --all --sandbox --scenario locked")]
pub(super) struct Args {
    /// Environment id, LCS environment id, URL or name [env: CMKCTL_ENVIRONMENT]
    environment: Option<String>,
    /// ARM id of the policy: shows its half to who may not see the environment [env: CMKCTL_POLICY]
    #[arg(long, value_name = "ID")]
    policy: Option<String>,
    #[command(flatten)]
    estate: Estate,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        if self.estate.all {
            return run::status_all(context, &self.estate.glance(self.policy.clone()), out).await;
        }
        let (environment, policy) = (self.environment.clone(), self.policy.clone());
        let typed = Typed { environment, policy, ..Typed::default() };
        let target = context.target(&typed)?;
        run::status(context, &target, out).await
    }
}
