//! The ways to sign in, the configuration of each, and whether it can work. All of it is known
//! before any sign-in.

use super::memory::Store;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// How a job signs in.
pub(super) const IN_CI: &str = "In CI: set `AZURE_TENANT_ID` and `AZURE_CLIENT_ID`, and one of \
    `AZURE_FEDERATED_TOKEN_FILE`, `AZURE_CLIENT_CERTIFICATE_PATH` and `AZURE_CLIENT_SECRET`. A job \
    of GitHub Actions or Azure Pipelines can get a federated token without this third variable: \
    `cmkctl help sign-in`.";

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
    /// The stored sign-in of `auth login`.
    Login,
    /// Azure CLI.
    AzureCli,
    /// Azure Developer CLI.
    AzureDeveloperCli,
    /// Azure PowerShell.
    AzurePowerShell,
    /// A browser on this machine; only on request.
    Browser,
    /// A device code, typed into any browser; only on request.
    DeviceCode,
}

impl Method {
    /// Every way in the order of attempts. Browser and device code are used only on request.
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

    /// The name for `--auth`.
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

    /// Does a user sign in through cmkctl itself?
    pub const fn is_own(self) -> bool {
        matches!(self, Method::Login | Method::Browser | Method::DeviceCode)
    }

    /// Did the caller configure this identity on purpose? Then a refusal ends the sign-in, because
    /// the next way could act as another identity.
    pub const fn is_meant(self) -> bool {
        matches!(
            self,
            Method::Environment | Method::Federated | Method::Login
        )
    }

    /// The way with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|method| method.name().eq_ignore_ascii_case(name))
    }
}

/// A prompt that tells the user how to sign in.
#[derive(Debug, Clone)]
pub struct DevicePrompt {
    /// Text with address and code. For a device code, it is the service's own sentence.
    pub message: String,
}

/// Whether a user is present, and how to show a page.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// Is a user at a terminal?
    pub at_terminal: bool,
    /// The programs in `BROWSER`.
    pub browser: Option<String>,
    /// Can this machine probably show windows?
    pub display: bool,
}

impl Person {
    /// Can cmkctl show a page to a user?
    pub const fn can_browse(&self) -> bool {
        self.at_terminal || self.browser.is_some()
    }
}

/// Shows a [`DevicePrompt`]. This room prints nothing.
pub type Prompt = Arc<dyn Fn(&DevicePrompt) + Send + Sync>;

/// The configuration for signing in.
#[derive(Debug, Clone, Default)]
pub struct SignIn {
    /// The requested way, if the caller named one.
    pub method: Option<Method>,
    /// Tenant id or domain.
    pub tenant: Option<String>,
    /// Application id.
    pub client_id: Option<String>,
    /// Client secret.
    pub client_secret: Option<Secret>,
    /// Certificate of the application. It is used before the secret.
    pub certificate: Option<CertificateFile>,
    /// Password of a certificate file that `auth login` or a stored sign-in names.
    pub certificate_password: Option<Secret>,
    /// File with a federated token, read again for every token.
    pub federated_token_file: Option<PathBuf>,
    /// GitHub Actions' token endpoint.
    pub github: Option<Runner>,
    /// Azure Pipelines' token endpoint.
    pub pipelines: Option<Pipelines>,
    /// Do environment variables announce a managed identity?
    pub identity_endpoint: bool,
    /// Client id of a user-assigned managed identity.
    pub managed_identity_client_id: Option<String>,
    /// `PATH`, to find `az`, `azd` and `pwsh` without starting them.
    pub path: Option<OsString>,
    /// The sandbox's user.
    pub sandbox_user: Option<SandboxUser>,
    /// Settings of the store.
    pub remembering: Remembering,
    /// The files of the tools' accounts.
    pub accounts: Accounts,
    /// The public client for browser and device code; the Azure CLI's by default.
    pub device_code_client: Option<String>,
    /// The application that the caller named for this command only.
    pub named_client: Option<String>,
    /// Whether a user is present.
    pub person: Person,
}

/// Settings of the store for sign-ins and tokens.
#[derive(Debug, Clone, Default)]
pub struct Remembering {
    /// The cache folder; `None` turns the store off.
    pub folder: Option<PathBuf>,
    /// The place of the key.
    pub store: Store,
    /// The flag, variable or file that turned the store off.
    pub off: Option<String>,
    /// The command line. The store knows which scopes it needed last time.
    pub line: String,
}

/// The folders in which the tools keep their accounts.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    /// Folder of the Azure CLI.
    pub azure_cli: Option<PathBuf>,
    /// Folder of azd.
    pub azd: Option<PathBuf>,
    /// Folder of Azure PowerShell.
    pub power_shell: Option<PathBuf>,
    /// Environment variables that change the tool's account.
    pub variables: Vec<(&'static str, String)>,
}

/// The certificate of an application.
#[derive(Debug, Clone)]
pub struct CertificateFile {
    /// PEM or PFX with the private key, read again for every token.
    pub path: PathBuf,
    /// Password of the private key.
    pub password: Option<Secret>,
    /// Sends the whole chain, for an application that trusts a subject name and an issuer.
    pub with_chain: bool,
}

/// GitHub Actions: `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
#[derive(Debug, Clone)]
pub struct Runner {
    /// URL of the token endpoint.
    pub url: String,
    /// The runner's token.
    pub token: Secret,
}

/// Azure Pipelines: `SYSTEM_OIDCREQUESTURI`, `SYSTEM_ACCESSTOKEN` and the service connection.
#[derive(Debug, Clone)]
pub struct Pipelines {
    /// URL of the token endpoint.
    pub url: String,
    /// The job's token.
    pub token: Secret,
    /// Service connection id.
    pub service_connection: String,
}

/// A user of a sandbox.
#[derive(Debug, Clone)]
pub struct SandboxUser {
    /// The user's name, such as `admin`.
    pub name: String,
    /// Application id.
    pub client_id: String,
    /// Object id.
    pub object_id: String,
}

/// A way to sign in, with its state.
#[derive(Debug, Clone)]
pub struct Source {
    /// The way.
    pub method: Method,
    /// Whether the way can work.
    pub state: State,
    /// The credential, if the way has several.
    pub by: Option<String>,
    /// Is this the way that is or would be used?
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
    /// The way has everything that it needs.
    Ready,
    /// The way is not configured. Holds what is missing.
    NotConfigured(String),
    /// The way needs a user, or the caller requested another way.
    OnlyWhenAsked(String),
    /// The last attempt failed. Holds the reason.
    Refused(String),
    /// A sandbox has its own users.
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
