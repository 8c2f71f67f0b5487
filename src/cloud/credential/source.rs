//! What is known before anybody signs in: the ways there are, what the configuration found for
//! each, and whether it can work.

use crate::cloud::json;
use crate::error::{Error, Kind};
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A text that can't be printed.
pub type Secret = azure_core::credentials::Secret;

/// The ways to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Client secret from environment variables.
    Environment,
    /// Federated token: a workload identity file, GitHub Actions, Azure Pipelines.
    Federated,
    /// Managed identity of the machine.
    ManagedIdentity,
    /// Azure CLI.
    AzureCli,
    /// Azure Developer CLI.
    AzureDeveloperCli,
    /// A code that a person types into a browser; only when asked for.
    DeviceCode,
}

impl Method {
    /// Every way, in the order in which they are tried; device code never without being asked for.
    pub const ALL: [Method; 6] = [
        Method::Environment,
        Method::Federated,
        Method::ManagedIdentity,
        Method::AzureCli,
        Method::AzureDeveloperCli,
        Method::DeviceCode,
    ];

    /// As `--auth` spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Environment => "environment",
            Method::Federated => "federated",
            Method::ManagedIdentity => "managed-identity",
            Method::AzureCli => "azure-cli",
            Method::AzureDeveloperCli => "azd",
            Method::DeviceCode => "device-code",
        }
    }

    /// The way of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|method| method.name().eq_ignore_ascii_case(name))
    }
}

/// What a person must do for device code.
#[derive(Debug, Clone)]
pub struct DevicePrompt {
    /// The service's own sentence, with address and code.
    pub message: String,
}

/// Shows a [`DevicePrompt`]; this room prints nothing.
pub type Prompt = Arc<dyn Fn(&DevicePrompt) + Send + Sync>;

/// What the configuration found for signing in.
#[derive(Debug, Clone, Default)]
pub struct SignIn {
    /// Exactly this way.
    pub method: Option<Method>,
    /// Tenant.
    pub tenant: Option<String>,
    /// Application id.
    pub client_id: Option<String>,
    /// Client secret.
    pub client_secret: Option<Secret>,
    /// File with a federated token; read anew for every token.
    pub federated_token_file: Option<PathBuf>,
    /// GitHub Actions' token endpoint.
    pub github: Option<Runner>,
    /// Azure Pipelines' token endpoint.
    pub pipelines: Option<Pipelines>,
    /// Is a managed identity announced by the machine's own variables?
    pub identity_endpoint: bool,
    /// A user-assigned managed identity.
    pub managed_identity_client_id: Option<String>,
    /// `PATH`, to look for `az` and `azd` without starting them.
    pub path: Option<OsString>,
    /// The sandbox's user.
    pub sandbox_user: Option<SandboxUser>,
    /// The public client that device code signs in as; the Azure CLI's by default.
    pub device_code_client: Option<String>,
}

/// `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
#[derive(Debug, Clone)]
pub struct Runner {
    /// Where to ask.
    pub url: String,
    /// The runner's own token.
    pub token: Secret,
}

/// `SYSTEM_OIDCREQUESTURI`, `SYSTEM_ACCESSTOKEN` and the service connection.
#[derive(Debug, Clone)]
pub struct Pipelines {
    /// Where to ask.
    pub url: String,
    /// The job's own token.
    pub token: Secret,
    /// Service connection id.
    pub service_connection: String,
}

/// A user of a sandbox.
#[derive(Debug, Clone)]
pub struct SandboxUser {
    /// `admin`, …
    pub name: String,
    /// Application id.
    pub client_id: String,
    /// Object id.
    pub object_id: String,
}

/// One way to sign in, and whether it can work.
#[derive(Debug, Clone)]
pub struct Source {
    /// Which.
    pub method: Method,
    /// Can it work?
    pub state: State,
    /// Is it the one that is, or would be, taken?
    pub chosen: bool,
}

/// Whether a way to sign in can work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Everything it needs is there.
    Ready,
    /// What is missing.
    NotConfigured(String),
    /// Needs a person, or another way was asked for.
    OnlyWhenAsked(String),
    /// It was tried, and why it did not work.
    Refused(String),
    /// A sandbox has users of its own.
    NotInASandbox,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            State::Ready => f.write_str("ready"),
            State::NotConfigured(why) | State::OnlyWhenAsked(why) | State::Refused(why) => {
                f.write_str(why)
            }
            State::NotInASandbox => f.write_str("not used in a sandbox"),
        }
    }
}

/// The crate's texts repeat themselves down the chain: the first line, the code in it, and what
/// helps.
pub(super) fn refused(method: Method, text: &str) -> Error {
    let line = json::clean(text.lines().next().unwrap_or_default());
    let code = line
        .split(|ch: char| !ch.is_ascii_alphanumeric())
        .find(|word| word.starts_with("AADSTS") && word.len() > 6)
        .map(str::to_owned);
    let mut error = Error::new(
        Kind::SignIn,
        format!("Sign-in by way of `{}` failed.", method.name()),
    )
    .detail(line.clone());
    let hint = match code.as_deref() {
        Some("AADSTS700024") => {
            "The federated token had expired: check the clock, and that the file is renewed."
        }
        Some("AADSTS7000215") => "The client secret is wrong: give the secret's value, not its id.",
        Some("AADSTS7000222") => "The client secret has expired: create a new one.",
        Some("AADSTS700016") => {
            "The tenant does not know this application: check AZURE_CLIENT_ID and AZURE_TENANT_ID."
        }
        Some("AADSTS90002") => {
            "There is no such tenant in this cloud: check AZURE_TENANT_ID and `--cloud`."
        }
        Some("AADSTS50076" | "AADSTS50158") => {
            "A second factor is asked for: sign in again with `az login`, or `--auth device-code`."
        }
        Some("AADSTS70021" | "AADSTS700213") => {
            "No federated credential of the application matches this job: check issuer, subject \
            and audience."
        }
        _ => match method {
            Method::AzureCli if line.contains("not found on PATH") => {
                "Install the Azure CLI, then run `az login`."
            }
            Method::AzureDeveloperCli if line.contains("not found on PATH") => {
                "Install the Azure Developer CLI, then run `azd auth login`."
            }
            Method::AzureCli => "Run `az login`.",
            Method::AzureDeveloperCli => "Run `azd auth login`.",
            _ => "See what is set: `cmkctl auth status`.",
        },
    };
    error.code = code;
    error.hint(hint)
}
