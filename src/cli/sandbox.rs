//! `cmkctl sandbox`

use super::global::Global;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Rehearsal, Served};
use std::path::{Path, PathBuf};

/// Serve a rehearsal tenant that commands can share
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Simulates sign-in, Azure Resource Manager, Key Vault, Power Platform and Dataverse on 127.0.0.1.
Stop the sandbox with Ctrl-C.

Users: admin, key-vault-admin, power-platform-admin, unregistered, observer.
Every user's secret is `sandbox`.

With --tls, other tools such as `az` can use the sandbox under Microsoft's public host names.
--sandbox-user sets the user who signs in with a browser or a device code.
More: `cmkctl help sandbox`.

Examples:
  cmkctl sandbox --cloud-file sandbox.json &
  cmkctl --cloud sandbox.json status
  cmkctl --cloud sandbox.json --sandbox-user key-vault-admin create-policy --location europe --yes
  cmkctl sandbox --tls --ca-file ca.pem --port 8443 &
  HTTPS_PROXY=http://127.0.0.1:8443 REQUESTS_CA_BUNDLE=ca.pem az login --service-principal ...")]
pub(super) struct Args {
    /// Write the file for `--cloud` here, and delete it at the end
    #[arg(long, value_name = "FILE")]
    cloud_file: Option<PathBuf>,
    /// Port on 127.0.0.1 [default: any free one]
    #[arg(
        long,
        value_name = "PORT",
        value_parser = super::global::port,
        default_value_t = 0,
        hide_default_value = true
    )]
    port: u16,
    /// Also serve other tools over https, as their HTTPS_PROXY
    #[arg(long)]
    tls: bool,
    /// Write the sandbox's CA certificate here, and delete it at the end [default:
    /// cmkctl-sandbox-ca.pem, beside the cloud file]
    #[arg(long, value_name = "FILE", requires = "tls")]
    ca_file: Option<PathBuf>,
}

impl Args {
    pub(super) async fn run(&self, global: &Global, out: &mut Out) -> Result<()> {
        let rehearsal = Rehearsal {
            scenario: global.scenario.clone(),
            speed: global.speed,
            latency: global.latency,
        };
        let folder = self
            .cloud_file
            .as_deref()
            .and_then(Path::parent)
            .unwrap_or(Path::new(""));
        let file = self
            .ca_file
            .clone()
            .unwrap_or_else(|| folder.join("cmkctl-sandbox-ca.pem"));
        // Other clients may run in other folders, so print the absolute path.
        let file = std::path::absolute(&file).unwrap_or(file);
        let served = Served {
            port: self.port,
            cloud_file: self.cloud_file.clone(),
            ca_file: self.tls.then_some(file),
            person: global.sandbox_user.clone(),
        };
        run::serve(&rehearsal, &served, out).await
    }
}
