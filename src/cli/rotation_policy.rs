//! `cmkctl rotation-policy`

use super::global::Changing;
use crate::config::{self, Typed};
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, commands};

/// Show or set when Key Vault rotates the key
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: RotationPolicy,
}

#[derive(Debug, clap::Subcommand)]
enum RotationPolicy {
    /// Show the rotation policy and its gaps
    #[command(after_help = "\
Changes nothing. Exit code 5: the rotation policy is not visible.

Examples:
  cmkctl rotation-policy show --vault kv-cmk --key cmk
  cmkctl rotation-policy show --vault kv-cmk --key cmk --policy ep-cmk
  cmkctl rotation-policy show --sandbox")]
    Show(Of),
    /// Set the rotation policy, without an outage
    #[command(after_help = "\
For the Key Vault administrator. Settings that you do not name stay as they are. cmkctl refuses a
rotation policy whose key versions would expire before a new version exists. If a new version is
already due, Key Vault creates the version soon.

Examples:
  cmkctl rotation-policy set --vault kv-cmk --key cmk --rotate-every 1y --dry-run
  cmkctl rotation-policy set --vault kv-cmk --key cmk --rotate-every 1y \\
      --expires-after 2y --notify-before 60d --yes
  cmkctl rotation-policy set --sandbox --rotate-every 1y --yes")]
    Set(Set),
}

/// Which key.
#[derive(Debug, clap::Args)]
struct Of {
    /// Vault or managed HSM: name, id, URL or portal link
    #[arg(long, value_name = "NAME|ID")]
    vault: Option<String>,
    /// Key: name or key identifier URL
    #[arg(long, value_name = "NAME|ID")]
    key: Option<String>,
    /// Policy that uses the key: check if it pins a version
    #[arg(long, value_name = "ID")]
    policy: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Set {
    #[command(flatten)]
    of: Of,
    /// Create a new version at this interval: 1y
    #[arg(long, value_name = "PERIOD")]
    rotate_every: Option<String>,
    /// New versions expire after this time: 2y
    #[arg(long, value_name = "PERIOD")]
    expires_after: Option<String>,
    /// Raise an event this long before expiry: 30d
    #[arg(long, value_name = "PERIOD")]
    notify_before: Option<String>,
    #[command(flatten)]
    changing: Changing,
}

impl Of {
    fn typed(&self, alone: bool) -> Typed {
        Typed {
            vault: self.vault.clone(),
            key: self.key.clone(),
            policy: self.policy.clone(),
            alone,
            ..Typed::default()
        }
    }
}

impl Set {
    async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let wish = config::rotation(
            self.rotate_every.as_deref(),
            self.expires_after.as_deref(),
            self.notify_before.as_deref(),
        )?;
        let typed = self.of.typed(self.changing.ask);
        let mut target = context.target(&typed, out).await?;
        // The command does not use an environment.
        target.environment = None;
        target.rotation = Some(wish);
        let asked = self.changing.asked(None);
        run::change(context, &commands::ROTATION_POLICY, &target, &asked, out).await
    }
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        match &self.command {
            RotationPolicy::Show(of) => {
                let mut target = context.target(&of.typed(false), out).await?;
                target.environment = None;
                run::rotation_policy(context, &target, out).await
            }
            RotationPolicy::Set(set) => set.run(context, out).await,
        }
    }
}
