//! `cmkctl sandbox`

use super::global::Global;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Rehearsal};
use std::path::PathBuf;

/// Serve a rehearsal tenant on this machine until stopped, so that several commands share it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Plays sign-in, Resource Manager, Key Vault, Power Platform and Dataverse on 127.0.0.1.
Users: admin, key-vault-admin, power-platform-admin, unregistered, observer.

Examples:
  cmkctl sandbox --cloud-file sandbox.json &
  cmkctl --cloud sandbox.json status
  cmkctl --cloud sandbox.json --sandbox-user key-vault-admin create-policy --location europe --yes")]
pub(super) struct Args {
    /// File that the cloud's description is written to, for `--cloud FILE`; removed at the end
    #[arg(long, value_name = "FILE")]
    cloud_file: Option<PathBuf>,
    /// Port on 127.0.0.1 [default: any free one]
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    port: u16,
}

impl Args {
    pub(super) async fn run(&self, global: &Global, out: &mut Out) -> Result<()> {
        let rehearsal = Rehearsal { scenario: global.scenario.clone(), speed: global.speed, latency: global.latency };
        run::serve(&rehearsal, self.port, self.cloud_file.as_deref(), out).await
    }
}
