//! What is known before anybody signs in: the ways there are, what the configuration found for
//! each, and whether it can work.

use super::memory::Store;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A text that can't be printed.
pub type Secret = azure_core::credentials::Secret;

/// The ways to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Certificate or client secret of an application, from environment variables.
    Environment,
    /// Federated token: a workload identity file, GitHub Actions, Azure Pipelines.
    Federated,
    /// Managed identity of the machine.
    ManagedIdentity,
    /// What `auth login` remembered.
    Login,
    /// Azure CLI.
    AzureCli,
    /// Azure Developer CLI.
    AzureDeveloperCli,
    /// Azure PowerShell.
    AzurePowerShell,
    /// A browser on this machine; only when asked for.
    Browser,
    /// A code that a person types into a browser; only when asked for.
    DeviceCode,
}

impl Method {
    /// Every way, in the order in which they are tried; browser and device code never without being
    /// asked for.
    pub const ALL: [Method; 9] = [
        Method::Environment,
        Method::Federated,
        Method::ManagedIdentity,
        Method::Login,
        Method::AzureCli,
        Method::AzureDeveloperCli,
        Method::AzurePowerShell,
        Method::Browser,
        Method::DeviceCode,
    ];

    /// As `--auth` spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Environment => "environment",
            Method::Federated => "federated",
            Method::ManagedIdentity => "managed-identity",
            Method::Login => "login",
            Method::AzureCli => "azure-cli",
            Method::AzureDeveloperCli => "azd",
            Method::AzurePowerShell => "azure-powershell",
            Method::Browser => "browser",
            Method::DeviceCode => "device-code",
        }
    }

    /// Does a person sign in by cmkctl itself?
    pub const fn is_own(self) -> bool {
        matches!(self, Method::Login | Method::Browser | Method::DeviceCode)
    }

    /// Did somebody mean this very identity? Then a refusal ends the sign-in: to fall through to
    /// another one would act in the wrong name.
    pub const fn is_meant(self) -> bool {
        matches!(
            self,
            Method::Environment | Method::Federated | Method::Login
        )
    }

    /// The way of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|method| method.name().eq_ignore_ascii_case(name))
    }
}

/// What a person must do to sign in.
#[derive(Debug, Clone)]
pub struct DevicePrompt {
    /// With address and code; for a device code the service's own sentence.
    pub message: String,
}

/// Whether a person is there, and what can show them a page.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// Is somebody at a terminal?
    pub at_terminal: bool,
    /// The programs that `BROWSER` names.
    pub browser: Option<String>,
    /// Can this machine show windows, as far as one knows?
    pub display: bool,
}

impl Person {
    /// Can a page be shown to somebody?
    pub const fn can_browse(&self) -> bool {
        self.at_terminal || self.browser.is_some()
    }
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
    /// Certificate of the application; it comes before the secret.
    pub certificate: Option<CertificateFile>,
    /// Password of a certificate that is named elsewhere.
    pub certificate_password: Option<Secret>,
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
    /// `PATH`, to look for `az`, `azd` and `pwsh` without starting them.
    pub path: Option<OsString>,
    /// The sandbox's user.
    pub sandbox_user: Option<SandboxUser>,
    /// What is remembered from one command to the next.
    pub remembering: Remembering,
    /// Who the tools are signed in as.
    pub accounts: Accounts,
    /// The public client that browser and device code sign in to; the Azure CLI's by default.
    pub device_code_client: Option<String>,
    /// The application that was named for this command alone.
    pub named_client: Option<String>,
    /// Who is there.
    pub person: Person,
}

/// What is remembered from one command to the next.
#[derive(Debug, Clone, Default)]
pub struct Remembering {
    /// The folder of what this program keeps; without one nothing is remembered.
    pub folder: Option<PathBuf>,
    /// Where the key lies.
    pub store: Store,
    /// Who said that nothing is remembered: a flag, a variable or a file.
    pub off: Option<String>,
    /// The command line: what it needed is known when it comes again.
    pub line: String,
}

/// Where the tools keep who is signed in.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    /// The folder of the Azure CLI.
    pub azure_cli: Option<PathBuf>,
    /// The folder of azd.
    pub azd: Option<PathBuf>,
    /// The folder of Azure PowerShell.
    pub power_shell: Option<PathBuf>,
    /// Variables that change who it is.
    pub variables: Vec<(&'static str, String)>,
}

/// The certificate that an application signs in with.
#[derive(Debug, Clone)]
pub struct CertificateFile {
    /// PEM or PFX, with the private key; read anew for every token.
    pub path: PathBuf,
    /// What the private key is encrypted with.
    pub password: Option<Secret>,
    /// Is the chain sent along, for applications that trust a subject name and an issuer?
    pub with_chain: bool,
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
    /// What it signs in with, where it has a choice.
    pub by: Option<String>,
    /// Is it the one that is, or would be, taken?
    pub chosen: bool,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.by {
            Some(by) => write!(f, "{} ({by})", self.state),
            None => self.state.fmt(f),
        }
    }
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
