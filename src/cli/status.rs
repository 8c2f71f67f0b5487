//! `cmkctl status`

use super::estate::Estate;
use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};

/// Show where an environment stands at every step, what the key covers and what it does not
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Reads only. What your account may not read is shown as such. With --wait it waits for an
encryption that runs, from any machine, and exits as add-environment does: 0 encrypted,
8 still running, 9 ended without the key.

Examples:
  cmkctl status \"Contoso UAT\"
  cmkctl status ENVIRONMENT_ID -o json
  cmkctl status ENVIRONMENT_ID --wait --timeout 5h
  cmkctl status --all --fail-on locked,drift,expiring,unencrypted
  cmkctl status --all --sandbox --scenario locked")]
pub(super) struct Args {
    /// Environment id, LCS environment id, URL or name [env: CMKCTL_ENVIRONMENT]
    environment: Option<String>,
    /// ARM id of the policy: shows its half to who may not see the environment [env: CMKCTL_POLICY]
    #[arg(long, value_name = "ID")]
    policy: Option<String>,
    /// Wait for the encryption that runs, whoever started it, then report
    #[arg(long)]
    wait: bool,
    /// With --wait: stop waiting after this long (exit 8). Such as 90m, 6h, 4d [default: wait until
    /// it ends]
    #[arg(long, requires = "wait", value_name = "TIME", value_parser = super::global::duration)]
    timeout: Option<std::time::Duration>,
    #[command(flatten)]
    estate: Estate,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        if self.estate.all {
            return run::status_all(context, &self.estate.glance(self.policy.clone()), out).await;
        }
        let (environment, policy) = (self.environment.clone(), self.policy.clone());
        let typed = Typed {
            environment,
            policy,
            ..Typed::default()
        };
        let target = context.target(&typed)?;
        if self.wait {
            return run::status_after_wait(context, &target, self.timeout, out).await;
        }
        run::status(context, &target, out).await
    }
}
