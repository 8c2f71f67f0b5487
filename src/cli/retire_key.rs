//! `cmkctl retire-key`

use super::global::Changing;
use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, commands};

/// Disable a key or version that nothing needs any more
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Reads the whole tenant: every policy with environments, and the history of every environment. A
version must stay for 28 days after a rotation or swap, and a key for 30 days after a removal.
cmkctl refuses before these days are over, and if it can't see a required fact. No API lists deleted
environments: check them in the admin center, then pass --deleted-environments-checked. cmkctl
deletes nothing: you can enable a disabled version again. With --evidence, cmkctl also reads the
vault's logs. The logs can only show that the key is still in use, never that it is not.

Examples:
  cmkctl retire-key --vault kv-cmk --key cmk --key-version OLD_VERSION --dry-run
  cmkctl retire-key --vault kv-cmk --key cmk-2024 --deleted-environments-checked \\
      --confirm cmk-2024
  cmkctl retire-key --vault kv-cmk --key cmk-2024 --evidence WORKSPACE_ID --dry-run
  cmkctl retire-key --vault kv-cmk --key cmk-2024 --override-dates --audit-log FILE --dry-run")]
pub(super) struct Args {
    /// Vault or managed HSM: name, id, URL or portal link
    #[arg(long, value_name = "NAME|ID")]
    vault: Option<String>,
    /// Key: name or key identifier URL
    #[arg(long, value_name = "NAME|ID")]
    key: Option<String>,
    /// The version to retire [default: all versions]
    #[arg(long, value_name = "VERSION")]
    key_version: Option<String>,
    /// Ignore the waiting period (requires --audit-log)
    #[arg(long)]
    override_dates: bool,
    /// Confirm that no deleted environment needs the key
    #[arg(long)]
    deleted_environments_checked: bool,
    /// Refuse if the logs in this workspace show later use
    #[arg(long, value_name = "WORKSPACE_ID")]
    evidence: Option<String>,
    /// Confirm with the name of the key
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
    #[command(flatten)]
    changing: Changing,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let (vault, key, key_version) = (
            self.vault.clone(),
            self.key.clone(),
            self.key_version.clone(),
        );
        let mut target = context
            .target(
                &Typed {
                    vault,
                    key,
                    key_version,
                    evidence: self.evidence.clone(),
                    pins: true,
                    alone: self.changing.ask,
                    ..Typed::default()
                },
                out,
            )
            .await?;
        // Ignore the configured environment and policy, because the command reads all of them.
        (target.environment, target.policy) = (None, None);
        target.override_dates = self.override_dates;
        target.deleted_checked = self.deleted_environments_checked;
        if self.override_dates {
            context.must_be_audited("--override-dates")?;
        }
        let mut asked = self.changing.asked(None);
        asked.confirm.extend(self.confirm.clone());
        run::change(context, &commands::RETIRE_KEY, &target, &asked, out).await
    }
}
