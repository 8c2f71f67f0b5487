//! `cmkctl auth`

use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};
use std::path::PathBuf;

/// Sign in and out, and show how cmkctl signs in
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Auth,
}

#[derive(Debug, clap::Subcommand)]
enum Auth {
    /// Show the ways to sign in, and who you are
    #[command(after_help = "\
cmkctl tries in this order: certificate or client secret, federated token, managed identity,
`cmkctl auth login`, Azure CLI, azd, Azure PowerShell.
To use a browser or a device code, pass --auth browser or --auth device-code.
cmkctl stores tokens of the Azure CLI, azd and Azure PowerShell, encrypted, until 5 minutes before
they expire. With --no-remember, cmkctl stores no tokens.

Examples:
  cmkctl auth status
  cmkctl auth status --auth azure-cli
  cmkctl auth status --sandbox --sandbox-user key-vault-admin")]
    Status,
    /// Sign in once for all later commands
    #[command(after_help = "\
By default you sign in with a browser, or with a device code if no browser is available.
cmkctl stores the sign-in in an encrypted file. The encryption key is in the system's credential
store. cmkctl does not copy a certificate: it remembers the path, and reads the password from
AZURE_CLIENT_CERTIFICATE_PASSWORD each time.

Examples:
  cmkctl auth login
  cmkctl auth login --tenant 11111111-2222-3333-4444-555555555555
  cmkctl auth login --device-code
  cmkctl auth login --certificate app.pem --client-id ID --tenant ID")]
    Login(Login),
    /// Forget the sign-in and all remembered tokens
    #[command(after_help = "\
The Azure CLI, azd and Azure PowerShell stay signed in.

Examples:
  cmkctl auth logout")]
    Logout,
}

#[derive(Debug, clap::Args)]
struct Login {
    /// Sign in with a browser on this machine
    #[arg(long, conflicts_with_all = ["device_code", "certificate"])]
    browser: bool,
    /// Sign in with a code that you type into any browser
    #[arg(long, conflicts_with = "certificate")]
    device_code: bool,
    /// Certificate with private key, PEM or PFX
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Claims challenge that cmkctl printed
    #[arg(long, value_name = "BASE64", conflicts_with = "certificate")]
    claims_challenge: Option<String>,
}

impl Login {
    fn asked(&self) -> run::Login {
        let flow = match (self.browser, self.device_code) {
            (true, _) => Some(run::Flow::Browser),
            (_, true) => Some(run::Flow::DeviceCode),
            _ => None,
        };
        run::Login {
            flow,
            certificate: self.certificate.clone(),
            challenge: self.claims_challenge.clone(),
        }
    }
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        match &self.command {
            Auth::Status => run::auth_status(context, out).await,
            Auth::Login(login) => run::auth_login(context, &login.asked(), out).await,
            Auth::Logout => run::auth_logout(context, out),
        }
    }
}
