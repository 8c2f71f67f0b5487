//! Flags, environment variables and the configuration file, in this order of strength. The only file that reads the environment.

use crate::cloud::clouds::{Cloud, KEYS};
use crate::cloud::credential::{Method, Pipelines, Runner, SandboxUser, Secret, SignIn};
use crate::cloud::wire::Network;
use crate::error::{Error, Result};
use crate::model::ids::{ArmId, BadInput, KeyName, KeyVersion, ResourceKind, parse_guid};
use crate::model::target::Target;
use crate::report::{Format, Style};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What every command takes.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--cloud`
    pub cloud: Option<String>,
    /// `--endpoint KEY=VALUE`
    pub endpoints: Vec<String>,
    /// `--tenant`
    pub tenant: Option<String>,
    /// `--auth`
    pub auth: Option<String>,
    /// `--sandbox-user`
    pub sandbox_user: Option<String>,
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--ca-bundle`
    pub ca_bundle: Option<PathBuf>,
    /// `--audit-log`
    pub audit_log: Option<PathBuf>,
    /// `--output`
    pub output: Option<Format>,
    /// `--quiet`
    pub quiet: bool,
}

/// What a command takes for its target, as typed.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// Environment id, URL or name.
    pub environment: Option<String>,
    /// Policy id, or its name alone.
    pub policy: Option<String>,
    /// Vault or managed HSM.
    pub vault: Option<String>,
    /// Key.
    pub key: Option<String>,
    /// Pinned version.
    pub key_version: Option<String>,
    /// Geography.
    pub location: Option<String>,
    /// Readers of the policy.
    pub readers: Vec<String>,
}

/// The configuration file (TOML).
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct File {
    cloud: Option<String>,
    #[serde(default)]
    endpoints: BTreeMap<String, String>,
    tenant: Option<String>,
    auth: Option<String>,
    ca_bundle: Option<PathBuf>,
    audit_log: Option<PathBuf>,
    environment: Option<String>,
    policy: Option<String>,
    vault: Option<String>,
    key: Option<String>,
}

/// What a sandbox says about itself besides its cloud.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct SandboxFacts {
    #[serde(default)]
    tenant: Option<String>,
    #[serde(default)]
    users: Vec<UserFacts>,
    #[serde(default)]
    defaults: DefaultFacts,
}

#[derive(Debug, Clone, Deserialize)]
struct UserFacts {
    name: String,
    client_id: String,
    object_id: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct DefaultFacts {
    environment: Option<String>,
    policy: Option<String>,
    vault: Option<String>,
    key: Option<String>,
}

/// Everything but the target.
#[derive(Debug)]
pub struct Settings {
    /// The cloud.
    pub cloud: Cloud,
    /// The cloud as it was named, when it was.
    pub cloud_argument: Option<String>,
    /// How to sign in.
    pub sign_in: SignIn,
    /// How to reach the network.
    pub network: Network,
    /// How to write.
    pub style: Style,
    /// Where changes are written down.
    pub audit_log: Option<PathBuf>,
    file: File,
    sandbox: Option<SandboxFacts>,
}

/// Where a job of a sandbox asks for its assertion.
const SANDBOX_RUNNER: &str = "https://token.actions.githubusercontent.com/sandbox?api-version=2.0";

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// How to write, before anything else is known: errors in the configuration must be written, too.
pub fn style(flags: &Flags) -> Style {
    let plain = variable("NO_COLOR").is_some()
        || variable("CI").is_some()
        || variable("TERM").is_some_and(|term| term == "dumb");
    Style {
        format: flags.output.unwrap_or_default(),
        quiet: flags.quiet,
        lively: !plain,
        width: variable("COLUMNS").and_then(|columns| columns.parse().ok()).or_else(terminal_width),
    }
}

fn terminal_width() -> Option<u16> {
    terminal_size::terminal_size().map(|(width, _)| width.0)
}

/// The settings. `sandbox` is the description of a sandbox that this process itself has started.
///
/// # Errors
/// Anything that can't be right is a usage error that names the flag, variable or file it came from.
pub fn load(flags: &Flags, sandbox: Option<String>) -> Result<Settings> {
    let file = read_file(flags)?;
    let chosen = flags.cloud.clone().or_else(|| variable("CMKCTL_CLOUD")).or_else(|| file.cloud.clone());
    let cloud_argument = chosen.clone();
    let (mut cloud, text) = match (sandbox, chosen) {
        (Some(text), _) => (Cloud::from_json(&text, "the sandbox")?, Some(text)),
        (None, Some(name)) if looks_like_a_file(&name) => {
            let text = read(Path::new(&name), "cloud file")?;
            (Cloud::from_json(&text, &name)?, Some(text))
        }
        (None, Some(name)) => (Cloud::named(&name)?, None),
        (None, None) => (Cloud::named("public")?, None),
    };
    if cloud.sandbox.is_none() {
        override_endpoints(&mut cloud, flags, &file)?;
    }
    let facts = match (&cloud.sandbox, text) {
        (Some(_), Some(text)) => Some(
            serde_json::from_str::<SandboxFacts>(&text)
                .map_err(|error| Error::usage("The sandbox's file can't be read.").detail(error.to_string()))?,
        ),
        _ => None,
    };
    let sign_in = sign_in(flags, &file, facts.as_ref())?;
    let path = |flag: &Option<PathBuf>, name: &str, file: &Option<PathBuf>| {
        flag.clone().or_else(|| variable(name).map(PathBuf::from)).or_else(|| file.clone())
    };
    let bundle = path(&flags.ca_bundle, "CMKCTL_CA_BUNDLE", &file.ca_bundle);
    let audit_log = path(&flags.audit_log, "CMKCTL_AUDIT_LOG", &file.audit_log);
    let ca_bundle = bundle.map(|path| read(&path, "CA bundle").map(String::into_bytes)).transpose()?;
    let mut network = Network { ca_bundle, ..Network::default() };
    if let Some(seconds) = variable("CMKCTL_HTTP_TIMEOUT") {
        let seconds: f64 =
            seconds.parse().ok().filter(|seconds: &f64| *seconds > 0.0 && *seconds < 3600.0).ok_or_else(|| {
                Error::usage(format!("`CMKCTL_HTTP_TIMEOUT` is `{}`.", seconds.escape_debug()))
                    .hint("It must be a number of seconds, such as 60.")
            })?;
        network.read_timeout = Duration::from_secs_f64(seconds);
    }
    Ok(Settings { cloud, cloud_argument, sign_in, network, style: style(flags), audit_log, file, sandbox: facts })
}

fn override_endpoints(cloud: &mut Cloud, flags: &Flags, file: &File) -> Result<()> {
    for (key, value) in &file.endpoints {
        cloud.set(key, value)?;
    }
    for key in KEYS {
        let name = format!("CMKCTL_ENDPOINT_{}", key.to_ascii_uppercase().replace('-', "_"));
        if let Some(value) = variable(&name) {
            cloud.set(key, &value)?;
        }
    }
    for pair in &flags.endpoints {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            Error::usage(format!("`--endpoint {pair}` has no `=`."))
                .hint("It looks like `--endpoint bap=api.bap.microsoft.com`.")
        })?;
        cloud.set(key, value)?;
    }
    Ok(())
}

fn looks_like_a_file(name: &str) -> bool {
    name.contains(['/', '\\', '.']) || Path::new(name).is_file()
}

fn read(path: &Path, what: &str) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        Error::usage(format!("The {what} `{}` can't be read.", path.display()))
            .detail(format!("{error}."))
            .hint("Name a text file that is there and that you may read.")
    })
}

fn read_file(flags: &Flags) -> Result<File> {
    let named = flags.config.clone().or_else(|| variable("CMKCTL_CONFIG").map(PathBuf::from));
    let path = match named {
        Some(path) => path,
        None => match default_file().filter(|path| path.is_file()) {
            Some(path) => path,
            None => return Ok(File::default()),
        },
    };
    parse(&read(&path, "configuration file")?, &path)
}

/// The text of a configuration file.
///
/// # Errors
/// What is wrong, and in which line.
pub fn parse(text: &str, path: &Path) -> Result<File> {
    toml::from_str(text).map_err(|error| {
        let line =
            error.span().and_then(|span| text.get(..span.start)).map_or(1, |before| before.matches('\n').count() + 1);
        Error::usage(format!("The configuration file `{}` can't be understood.", path.display()))
            .detail(format!("Line {line}: {}.", error.message().trim_end()))
            .hint("It is TOML with lines such as `tenant = \"…\"` or `vault = \"/subscriptions/…\"`.")
    })
}

fn default_file() -> Option<PathBuf> {
    let base = variable("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| variable("APPDATA").map(PathBuf::from));
    let base = base.or_else(|| variable("HOME").map(|home| Path::new(&home).join(".config")))?;
    Some(base.join("cmkctl").join("config.toml"))
}

fn sign_in(flags: &Flags, file: &File, sandbox: Option<&SandboxFacts>) -> Result<SignIn> {
    let method = match flags.auth.clone().or_else(|| variable("CMKCTL_AUTH")).or_else(|| file.auth.clone()) {
        Some(name) => Some(Method::parse(&name).ok_or_else(|| {
            let known = Method::ALL.map(Method::name).join(", ");
            Error::usage(format!("`{name}` is not a way to sign in.")).hint(format!("Known ways: {known}."))
        })?),
        None => None,
    };
    if let Some(facts) = sandbox {
        return sandbox_sign_in(flags, facts, method);
    }
    let tenant = flags.tenant.clone().or_else(|| variable("AZURE_TENANT_ID")).or_else(|| file.tenant.clone());
    let secret = |name: &str| variable(name).map(Secret::new);
    let github = variable("ACTIONS_ID_TOKEN_REQUEST_URL").zip(secret("ACTIONS_ID_TOKEN_REQUEST_TOKEN"));
    let connection =
        variable("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID").or_else(|| variable("CMKCTL_SERVICE_CONNECTION_ID"));
    let pipelines = variable("SYSTEM_OIDCREQUESTURI").zip(secret("SYSTEM_ACCESSTOKEN")).zip(connection);
    // Azure Pipelines names tenant and client of the service connection in variables of its own.
    let tenant = tenant.or_else(|| variable("AZURESUBSCRIPTION_TENANT_ID"));
    let client_id = variable("AZURE_CLIENT_ID").or_else(|| variable("AZURESUBSCRIPTION_CLIENT_ID"));
    Ok(SignIn {
        method,
        tenant,
        client_id: client_id.clone(),
        client_secret: secret("AZURE_CLIENT_SECRET"),
        federated_token_file: variable("AZURE_FEDERATED_TOKEN_FILE").map(PathBuf::from),
        github: github.map(|(url, token)| Runner { url, token }),
        pipelines: pipelines.map(|((url, token), service_connection)| Pipelines { url, token, service_connection }),
        identity_endpoint: variable("IDENTITY_ENDPOINT").or_else(|| variable("MSI_ENDPOINT")).is_some(),
        managed_identity_client_id: client_id,
        path: std::env::var_os("PATH"),
        sandbox_user: None,
        device_code_client: variable("CMKCTL_DEVICE_CODE_CLIENT_ID"),
    })
}

/// A sandbox gets nothing from the environment but the name of one of its own users.
fn sandbox_sign_in(flags: &Flags, facts: &SandboxFacts, method: Option<Method>) -> Result<SignIn> {
    let wanted = flags.sandbox_user.clone().or_else(|| variable("CMKCTL_SANDBOX_USER"));
    let user = match &wanted {
        None => facts.users.first(),
        Some(name) => facts.users.iter().find(|user| user.name == *name),
    };
    let Some(user) = user else {
        let known = facts.users.iter().map(|user| user.name.as_str()).collect::<Vec<_>>().join(", ");
        let name = wanted.unwrap_or_default();
        return Err(Error::usage(format!("The sandbox has no user `{name}`.")).hint(format!("Its users: {known}.")));
    };
    let user =
        SandboxUser { name: user.name.clone(), client_id: user.client_id.clone(), object_id: user.object_id.clone() };
    // The sandbox plays a job's runner, too.
    let github = (method == Some(Method::Federated))
        .then(|| Runner { url: SANDBOX_RUNNER.to_owned(), token: Secret::new("sandbox-job") });
    let client_id = Some(user.client_id.clone());
    Ok(SignIn {
        method,
        tenant: facts.tenant.clone(),
        client_id,
        github,
        sandbox_user: Some(user),
        ..SignIn::default()
    })
}

impl Settings {
    /// What was asked for, out of flags, environment variables and file; in a sandbox, out of flags and the sandbox's own defaults.
    ///
    /// # Errors
    /// Malformed ids and names are usage errors.
    pub fn target(&self, typed: &Typed) -> Result<Target> {
        let or_else = |flag: &Option<String>, name: &str, file: &Option<String>, default: Option<&String>| {
            let flag = flag.clone();
            if self.sandbox.is_some() {
                flag.or_else(|| default.cloned())
            } else {
                flag.or_else(|| variable(name)).or_else(|| file.clone())
            }
        };
        let defaults = self.sandbox.as_ref().map(|facts| facts.defaults.clone()).unwrap_or_default();
        let environment =
            or_else(&typed.environment, "CMKCTL_ENVIRONMENT", &self.file.environment, defaults.environment.as_ref());
        let vault = or_else(&typed.vault, "CMKCTL_VAULT", &self.file.vault, defaults.vault.as_ref());
        let policy = or_else(&typed.policy, "CMKCTL_POLICY", &self.file.policy, defaults.policy.as_ref());
        let key = or_else(&typed.key, "CMKCTL_KEY", &self.file.key, defaults.key.as_ref());
        let vault = vault
            .map(|id| ArmId::parse(&id, &[ResourceKind::Vault, ResourceKind::ManagedHsm]))
            .transpose()
            .map_err(usage)?;
        let policy = policy.map(|id| policy_id(&id, vault.as_ref())).transpose()?;
        Ok(Target {
            environment,
            policy,
            vault,
            key: key.map(|name| KeyName::parse(&name)).transpose().map_err(usage)?,
            key_version: typed.key_version.as_deref().map(KeyVersion::parse).transpose().map_err(usage)?,
            location: typed.location.as_deref().map(location).transpose()?,
            readers: typed.readers.iter().map(|id| object_id(id)).collect::<Result<_>>()?,
            make_managed: false,
            power_platform_only: false,
            swap: false,
            in_place: false,
            old_key_granted: false,
            override_dates: false,
            again: false,
        })
    }
}

/// A bare name means: beside the vault, in its subscription and resource group.
fn policy_id(text: &str, vault: Option<&ArmId>) -> Result<ArmId> {
    if text.trim().is_empty() {
        return Err(Error::usage("The policy is empty.").hint("Give its id, or its name alone next to `--vault`."));
    }
    match vault {
        Some(vault) if !text.contains('/') => {
            ArmId::new(&vault.subscription, &vault.group, ResourceKind::EnterprisePolicy, text).map_err(usage)
        }
        _ => ArmId::parse(text, &[ResourceKind::EnterprisePolicy]).map_err(usage),
    }
}

fn location(text: &str) -> Result<String> {
    let name: String = text.split_whitespace().collect::<String>().to_ascii_lowercase();
    if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(name);
    }
    Err(Error::usage(format!("`{}` is not a location.", text.escape_debug()))
        .hint("Locations are geographies such as `europe` or `unitedstates`."))
}

fn object_id(text: &str) -> Result<String> {
    parse_guid(text).ok_or_else(|| {
        Error::usage(format!("`{}` is not an object id.", text.escape_debug()))
            .hint("Give the GUID of the user, group or service principal: `az ad signed-in-user show --query id`.")
    })
}

fn usage(bad: BadInput) -> Error {
    Error::usage(bad.message).hint(bad.fix)
}
