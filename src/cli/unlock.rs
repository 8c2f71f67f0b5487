//! `cmkctl unlock`

use super::global::Changing;
use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, commands};

/// After a lock: bring the original key back, then enable the environments, the one deleted soonest
/// first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A lock follows when the key can't be reached: deleted, disabled, expired, no grant, a firewall.
A locked sandbox is deleted after 7 days, a production environment after 30. What the Key Vault
administrator can bring back is brought back (a deleted key, a disabled version, the grant); for
the rest the command is printed. Then every locked environment of the policy is enabled again,
one after the other. Each administrator may run it for the half that is theirs.

Examples:
  cmkctl unlock \"Contoso UAT\" --dry-run
  cmkctl unlock --policy POLICY_ID --yes
  cmkctl unlock --sandbox --scenario locked --yes")]
pub(super) struct Args {
    /// The locked environment; with --policy, every locked one of that policy [env:
    /// CMKCTL_ENVIRONMENT]
    environment: Option<String>,
    /// ARM id of the policy [env: CMKCTL_POLICY]
    #[arg(long, value_name = "ID")]
    policy: Option<String>,
    #[command(flatten)]
    changing: Changing,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let typed = Typed::of(self.environment.as_ref(), self.policy.as_ref());
        let mut target = context.target(&typed)?;
        // What was typed counts: a policy stands for all of its environments, and an environment
        // says which policy it is in.
        if self.policy.is_some() {
            target.environment = self.environment.clone();
        } else if target.environment.is_some() {
            target.policy = None;
        }
        // The key that the policy names is the one that must come back.
        (target.vault, target.key) = (None, None);
        run::change(
            context,
            &commands::UNLOCK,
            &target,
            &self.changing.asked(None),
            out,
        )
        .await
    }
}
