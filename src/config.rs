//! Flags, environment variables and the configuration file, in this order of strength. The only room that reads the environment.

mod file;
mod show;
mod source;
mod variables;

pub use file::{File, completing, names_file, parse};
pub use source::{Setting, Shown, Source};
pub use variables::VARIABLES;

mod terminal;
mod wanted;

pub use terminal::{ci, log_is_read, style};
pub use wanted::{Given, given, wanted};

use crate::cloud::cloud_file::SandboxFacts;
use crate::cloud::clouds::{Cloud, KEYS};
use crate::cloud::credential::{Method, Pipelines, Runner, SandboxUser, Secret, SignIn};
use crate::cloud::wire::Network;
use crate::error::{Error, Result};
use crate::model::ids::{ArmId, BadInput, KeyName, KeyVersion, ResourceKind, parse_guid};
use crate::model::near::did_you_mean;
use crate::model::target::Target;
use crate::report::{Format, Style};
use file::Layers;
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
    /// `--profile`
    pub profile: Option<String>,
    /// `--ca-bundle`
    pub ca_bundle: Option<PathBuf>,
    /// `--audit-log`
    pub audit_log: Option<PathBuf>,
    /// `--output`
    pub output: Option<Format>,
    /// `--quiet`
    pub quiet: bool,
    /// `--no-ci`
    pub no_ci: bool,
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
    /// The proxy that https goes through, without its password.
    pub proxy: Option<Setting<String>>,
    layers: Layers,
    /// Everything but the target, for `config show`.
    shown: Vec<Shown>,
    sandbox: Option<SandboxFacts>,
}

/// Where a job of a sandbox asks for its assertion.
const SANDBOX_RUNNER: &str = "https://token.actions.githubusercontent.com/sandbox?api-version=2.0";

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// The settings. `sandbox` is the description of a sandbox that this process itself has started.
///
/// # Errors
/// Anything that can't be right is a usage error that names the flag, variable or file it came from.
pub fn load(flags: &Flags, sandbox: Option<String>) -> Result<Settings> {
    let layers = Layers::read(flags)?;
    let named = Setting::of("--cloud", &flags.cloud, "CMKCTL_CLOUD").or_else(|| layers.find(|file| &file.cloud));
    let named = named.filter(|_| sandbox.is_none());
    let chosen = named.as_ref().map(|named| named.value.clone());
    let cloud_argument = chosen.clone();
    let (mut cloud, facts) = match (sandbox, chosen) {
        (Some(text), _) => Cloud::from_json(&text, "the sandbox")?,
        (None, Some(name)) if is_a_file(&name) => Cloud::from_json(&read(Path::new(&name), "cloud file")?, &name)?,
        (None, Some(name)) => (Cloud::named(&name)?, None),
        (None, None) => (Cloud::named("public")?, None),
    };
    let mut shown = show::origins(flags, &layers, named.as_ref(), &cloud);
    if cloud.sandbox.is_none() {
        for (key, endpoint) in endpoints(flags, &layers)? {
            cloud.set(&key, &endpoint.value)?;
            shown.push(Shown::of(&format!("endpoints.{key}"), Some(&endpoint), String::clone));
        }
    }
    let sign_in = sign_in(flags, &layers, facts.as_ref(), &mut shown)?;
    let bundle = Setting::of("--ca-bundle", &flags.ca_bundle, "CMKCTL_CA_BUNDLE");
    let bundle = bundle.or_else(|| layers.find(|file| &file.ca_bundle));
    let audit_log = Setting::of("--audit-log", &flags.audit_log, "CMKCTL_AUDIT_LOG");
    let audit_log = audit_log.or_else(|| layers.find(|file| &file.audit_log));
    let proxy = show::proxy();
    let timeout = Setting::<String>::variable("CMKCTL_HTTP_TIMEOUT");
    let path = |path: &PathBuf| path.display().to_string();
    shown.push(Shown::of("ca-bundle", bundle.as_ref(), path));
    shown.push(Shown::of("audit-log", audit_log.as_ref(), path));
    shown.push(Shown::of("proxy", proxy.as_ref(), String::clone));
    shown.push(Shown::of("http-timeout", timeout.as_ref(), String::clone));
    let (bundle, audit_log) = (bundle.map(|path| path.value), audit_log.map(|path| path.value));
    let ca_bundle = bundle.map(|path| read(&path, "CA bundle").map(String::into_bytes)).transpose()?;
    let mut network = Network { ca_bundle, ..Network::default() };
    if let Some(Setting { value: seconds, .. }) = timeout {
        let seconds: f64 =
            seconds.parse().ok().filter(|seconds: &f64| *seconds > 0.0 && *seconds < 3600.0).ok_or_else(|| {
                Error::usage(format!("`CMKCTL_HTTP_TIMEOUT` is `{}`.", seconds.escape_debug()))
                    .hint("It must be a number of seconds, such as 60.")
            })?;
        network.answer_timeout = Duration::from_secs_f64(seconds);
    }
    Ok(Settings {
        cloud,
        cloud_argument,
        sign_in,
        network,
        style: style(flags),
        audit_log,
        proxy,
        layers,
        shown,
        sandbox: facts,
    })
}

/// Single values of the cloud that differ, the stronger ones last.
fn endpoints(flags: &Flags, layers: &Layers) -> Result<Vec<(String, Setting<String>)>> {
    let own = layers.endpoints().into_iter();
    let own = own.map(|(key, Setting { value, source })| (key.to_owned(), Setting { value: value.to_owned(), source }));
    let mut all: Vec<_> = own.collect();
    for key in KEYS {
        let name = format!("CMKCTL_ENDPOINT_{}", key.to_ascii_uppercase().replace('-', "_"));
        all.extend(Setting::variable(&name).map(|setting| (key.to_owned(), setting)));
    }
    for pair in &flags.endpoints {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            Error::usage(format!("`--endpoint {pair}` has no `=`."))
                .hint("It looks like `--endpoint bap=api.bap.microsoft.com`.")
        })?;
        all.push((key.to_owned(), Setting { value: value.to_owned(), source: Source::Flag("--endpoint") }));
    }
    Ok(all)
}

/// A name never stands for a file: a file of that name in the current folder would decide where secrets go.
fn is_a_file(cloud: &str) -> bool {
    cloud.contains(['/', '\\']) || cloud.to_ascii_lowercase().ends_with(".json")
}

fn read(path: &Path, what: &str) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        Error::usage(format!("The {what} `{}` can't be read.", path.display()))
            .detail(format!("{error}."))
            .hint("Name a text file that is there and that you may read.")
    })
}

fn line_of(text: &str, span: Option<std::ops::Range<usize>>) -> usize {
    span.and_then(|span| text.get(..span.start)).map_or(1, |before| before.matches('\n').count() + 1)
}

fn sign_in(flags: &Flags, layers: &Layers, sandbox: Option<&SandboxFacts>, shown: &mut Vec<Shown>) -> Result<SignIn> {
    let auth = Setting::of("--auth", &flags.auth, "CMKCTL_AUTH").or_else(|| layers.find(|file| &file.auth));
    shown.push(Shown::of("auth", auth.as_ref(), String::clone));
    let method = match auth.map(|auth| auth.value) {
        Some(name) => Some(Method::parse(&name).ok_or_else(|| {
            let known = Method::ALL.map(Method::name);
            let mut error = Error::usage(format!("`{name}` is not a way to sign in."));
            error.hints.extend(did_you_mean(&name, known));
            error.hint(format!("Known ways: {}.", known.join(", ")))
        })?),
        None => None,
    };
    if let Some(facts) = sandbox {
        return sandbox_sign_in(flags, facts, method, shown);
    }
    let tenant = Setting::of("--tenant", &flags.tenant, "AZURE_TENANT_ID").or_else(|| layers.find(|file| &file.tenant));
    // Azure Pipelines names tenant and client of the service connection in variables of its own.
    let tenant = tenant.or_else(|| Setting::variable("AZURESUBSCRIPTION_TENANT_ID"));
    let client = Setting::<String>::variable("AZURE_CLIENT_ID");
    let client = client.or_else(|| Setting::variable("AZURESUBSCRIPTION_CLIENT_ID"));
    shown.push(Shown::of("tenant", tenant.as_ref(), String::clone));
    shown.push(Shown::of("client", client.as_ref(), String::clone));
    let hidden = Setting::<String>::variable("AZURE_CLIENT_SECRET");
    shown.push(Shown::of("client-secret", hidden.as_ref(), |_| "set, not shown".to_owned()));
    let (tenant, client_id) = (tenant.map(|tenant| tenant.value), client.map(|client| client.value));
    let secret = |name: &str| variable(name).map(Secret::new);
    let github = variable("ACTIONS_ID_TOKEN_REQUEST_URL").zip(secret("ACTIONS_ID_TOKEN_REQUEST_TOKEN"));
    let connection =
        variable("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID").or_else(|| variable("CMKCTL_SERVICE_CONNECTION_ID"));
    let pipelines = variable("SYSTEM_OIDCREQUESTURI").zip(secret("SYSTEM_ACCESSTOKEN")).zip(connection);
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
fn sandbox_sign_in(
    flags: &Flags,
    facts: &SandboxFacts,
    method: Option<Method>,
    shown: &mut Vec<Shown>,
) -> Result<SignIn> {
    let wanted = Setting::of("--sandbox-user", &flags.sandbox_user, "CMKCTL_SANDBOX_USER");
    let first = || facts.users.first().map(|user| Setting { value: user.name.clone(), source: Source::Sandbox });
    shown.push(Shown::of("sandbox-user", wanted.clone().or_else(first).as_ref(), String::clone));
    let wanted = wanted.map(|wanted| wanted.value);
    let user = match &wanted {
        None => facts.users.first(),
        Some(name) => facts.users.iter().find(|user| user.name == *name),
    };
    let Some(user) = user else {
        let known: Vec<&str> = facts.users.iter().map(|user| user.name.as_str()).collect();
        let name = wanted.unwrap_or_default();
        let mut error = Error::usage(format!("The sandbox has no user `{name}`."));
        error.hints.extend(did_you_mean(&name, known.iter().copied()));
        return Err(error.hint(format!("Its users: {}.", known.join(", "))));
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
        let text = |setting: Option<Setting<String>>| setting.map(|setting| setting.value);
        let environment = text(self.environment(&typed.environment));
        let vault = text(self.vault(&typed.vault));
        let policy = text(self.policy(&typed.policy));
        let key = text(self.key(&typed.key));
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
            ..Target::default()
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
