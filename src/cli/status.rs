//! `cmkctl status`

use super::estate::Estate;
use super::global::Which;
use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, StatusRequest};

/// Show the state of an environment, or of all of them
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Changes nothing. The output says what your account can't see. With --wait, the exit codes are those
of add-environment: 0 encrypted, 8 still running, 9 ended without the key.

Examples:
  cmkctl status \"Contoso UAT\"
  cmkctl status \"Contoso UAT\" --coverage
  cmkctl status \"Contoso UAT\" --wait --timeout 5h
  cmkctl status --all
  cmkctl status --all --fail-on locked,drift,expiring,unencrypted
  cmkctl status --all --sandbox --scenario locked")]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
    /// Policy: name or id (requires no access to the environment)
    #[arg(long, value_name = "NAME|ID")]
    policy: Option<String>,
    /// Show what a key covers, and what stays on the Microsoft key
    #[arg(long, conflicts_with = "all")]
    coverage: bool,
    /// Wait until the running operation ends, then report
    #[arg(long)]
    wait: bool,
    /// With --wait: stop after this time: 6h, 4d (exit 8)
    #[arg(
        long,
        requires = "wait",
        value_name = "TIME",
        value_parser = super::global::duration,
        allow_negative_numbers = true
    )]
    timeout: Option<std::time::Duration>,
    #[command(flatten)]
    estate: Estate,
}

impl Args {
    /// Does the command show the whole tenant?
    pub(super) const fn is_of_all(&self) -> bool {
        self.estate.all
    }

    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        if self.estate.all {
            return run::status_all(context, &self.estate.filter(self.policy.clone()), out).await;
        }
        let typed = Typed::of(self.which.typed(), self.policy.as_ref());
        let target = context.target(&typed, out).await?;
        let asks = StatusRequest {
            target: &target,
            typed: self.policy.is_some(),
            coverage: self.coverage,
        };
        if self.wait {
            let about = self.which.typed().map(String::as_str);
            let wait = async |out: &mut Out| {
                run::status_after_wait(context, asks, self.timeout, out).await
            };
            return Box::pin(context.notified(("status --wait", about), out, wait)).await;
        }
        run::status(context, asks, out).await
    }
}
