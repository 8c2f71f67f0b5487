//! What is known before anybody signs in: the ways there are, what the configuration found for
//! each, and whether it can work.

use crate::cloud::json;
use crate::error::{Error, Kind};
use crate::model::cause::Cause;
use crate::model::service_codes;
use crate::model::who;
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

/// What a sign-in may be told besides its words.
#[derive(Debug, Default)]
pub(super) struct Heard<'a> {
    /// The command that the program behind it said.
    pub(super) helps: Option<String>,
    /// What the token was to be for.
    pub(super) scope: &'a str,
    /// The tenant that was asked.
    pub(super) tenant: Option<&'a str>,
}

/// The crate's texts repeat themselves down the chain: the line of the cause, the code in it, and
/// what helps. What Microsoft Entra's code says comes before what the program says, and that before
/// what is true of every failure of this way.
pub(super) fn refused(method: Method, text: &str, heard: &Heard<'_>) -> Error {
    let line = json::clean(cause(text));
    let code = line
        .split(|ch: char| !ch.is_ascii_alphanumeric())
        .find(|word| word.starts_with("AADSTS") && word.len() > 6)
        .map(str::to_owned);
    let known = code.as_deref().and_then(service_codes::find);
    let mut error = Error::new(
        Kind::SignIn,
        format!("Sign-in by way of `{}` failed.", method.name()),
    )
    .detail(line.clone());
    error.cause = Some(Cause::SignIn);
    error.explained = true;
    let barred = known.is_some_and(|known| known.who == who::CONDITIONAL_ACCESS);
    let hint = match (&heard.helps, known) {
        (Some(command), _) if !barred => command.clone(),
        (_, Some(known)) => known.fix_with(&[
            ("RESOURCE", heard.scope.strip_suffix("/.default")),
            ("TENANT_ID", heard.tenant),
        ]),
        _ if line.contains("2.54") => "Update the Azure CLI: `az upgrade`.".to_owned(),
        _ => of_the_way(method, &line).to_owned(),
    };
    error.code = code;
    error.correlation = correlation(text);
    error.hint(hint)
}

/// From the code of Microsoft Entra to the end of its sentence; else the first line.
fn cause(text: &str) -> &str {
    let first = text.lines().next().unwrap_or_default();
    let Some(at) = text.find("AADSTS") else {
        return first;
    };
    let said = text.get(at..).unwrap_or_default();
    let ends = ["\r", "\n", "\\r", "\\n", "\"", " Trace ID:"];
    let end = ends.iter().filter_map(|end| said.find(end)).min();
    said.get(..end.unwrap_or(said.len())).unwrap_or(said)
}

/// The id that Microsoft Entra gave the request.
fn correlation(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("Correlation ID: ")?;
    let end = rest.find(|ch: char| !ch.is_ascii_alphanumeric() && ch != '-');
    let id = rest.get(..end.unwrap_or(rest.len()))?;
    (!id.is_empty()).then(|| id.to_owned())
}

fn of_the_way(method: Method, line: &str) -> &'static str {
    let absent = line.contains("not found on PATH");
    match method {
        Method::AzureCli if absent => "Install the Azure CLI, then run `az login`.",
        Method::AzureDeveloperCli if absent => {
            "Install the Azure Developer CLI, then run `azd auth login`."
        }
        Method::AzureCli => "Run `az login`.",
        Method::AzureDeveloperCli => "Run `azd auth login`.",
        Method::Environment | Method::Federated | Method::ManagedIdentity | Method::DeviceCode => {
            "See what is set: `cmkctl auth status`."
        }
    }
}
