//! `cmkctl config`

use crate::config::{self, Flags};
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};

/// Show and change the configuration
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Config,
}

#[derive(Debug, clap::Subcommand)]
enum Config {
    /// Show every value and where it comes from
    #[command(after_help = "\
Order of precedence: flag, environment variable, profile, rest of the configuration file.
This command sends no request and never prints a secret.

Examples:
  cmkctl config show
  cmkctl config show --profile prod
  cmkctl config show -o json
  cmkctl config show --sandbox")]
    Show,
    /// Write one value into the configuration file
    #[command(after_help = "\
Values: cloud, tenant, auth, ca-bundle, audit-log, plain, remember, environment, policy, vault, key.
With --profile, cmkctl writes the value into that profile. Everything else in the file stays.

Examples:
  cmkctl config set tenant 00000000-0000-0000-0000-000000000000
  cmkctl config set vault kv-contoso-cmk
  cmkctl config set environment \"Contoso Production\" --profile prod")]
    Set {
        /// Name of the value
        #[arg(value_parser = config::VALUES)]
        name: String,
        /// The new value
        value: String,
    },
    /// Write a configuration file to fill in
    #[command(after_help = "\
Never overwrites a file.

Examples:
  cmkctl config init
  cmkctl config init --config ./cmkctl.toml")]
    Init,
}

impl Args {
    /// Runs a command that needs only the file. `None` for `config show`.
    pub(super) fn written(&self, flags: &Flags, out: &mut Out) -> Option<Result<()>> {
        match &self.command {
            Config::Show => None,
            Config::Set { name, value } => Some(run::config_set(flags, (name, value), out)),
            Config::Init => Some(run::config_init(flags, out)),
        }
    }

    pub(super) fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        run::config_show(context, out);
        Ok(())
    }
}
