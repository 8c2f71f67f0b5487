//! `cmkctl retire-key`

use super::global::Changing;
use crate::config::Typed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, commands};

/// Tell who still needs a key or a version, until when, and disable it once nobody does
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Looks at the whole tenant: at every policy that environments are linked to, and at the history of
every environment. A version must stay for 28 days after a rotation or a swap, a key for 30 days
after a removal, and no history says which key was left. cmkctl refuses before these days, and
when anything about the tenant is not known. Deleted environments are in no list: look at them in
the admin center, then pass --deleted-environments-checked. --override-dates overrides dates, and
nothing else. cmkctl disables and deletes nothing: a version can be enabled again.

Examples:
  cmkctl retire-key --vault VAULT_ID --key cmk --key-version OLD_VERSION --dry-run
  cmkctl retire-key --vault VAULT_ID --key cmk-2024 --deleted-environments-checked --confirm \
  cmk-2024
  cmkctl retire-key --vault VAULT_ID --key cmk-2024 --override-dates --audit-log FILE --dry-run")]
pub(super) struct Args {
    /// ARM id of the key vault or managed HSM [env: CMKCTL_VAULT]
    #[arg(long, value_name = "ID")]
    vault: Option<String>,
    /// Name of the key [env: CMKCTL_KEY]
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
    /// The version to retire [default: every version]
    #[arg(long, value_name = "VERSION")]
    key_version: Option<String>,
    /// Retire it although its days are not over; needs --audit-log
    #[arg(long)]
    override_dates: bool,
    /// You have checked that no deleted environment needs the key: none is in any list
    #[arg(long)]
    deleted_environments_checked: bool,
    /// Consent by the key's name
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
        let mut target = context.target(&Typed {
            vault,
            key,
            key_version,
            ..Typed::default()
        })?;
        // No environment and no policy of the configuration is this command's business: it looks at
        // all of them.
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
