//! The ways to sign in that the Azure crate has, what each needs, and their order.

use super::assertion::Assertion;
use super::listening::Listening;
use super::source::{Heard, Method, SandboxUser, Secret, SignIn, Source, State, refused};
use super::token::Token;
use crate::cloud::answer::top_line;
use crate::cloud::patient::Patient;
use crate::cloud::request_id::Last;
use crate::cloud::wire::Wire;
use crate::error::{Error, Kind, Result};
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions, Transport};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential,
    AzureDeveloperCliCredentialOptions, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// So many assertions are tried for one token, when each is refused for its age.
const ASSERTIONS: u32 = 5;

/// All ways in their order.
pub(super) fn all(
    sign_in: &SignIn,
    sandbox: bool,
    taken: Option<Method>,
    refused: &HashMap<Method, String>,
) -> Vec<Source> {
    let mut sources: Vec<Source> = Method::ALL
        .into_iter()
        .map(|method| {
            let state = if sandbox {
                in_sandbox(sign_in, method)
            } else {
                outside(sign_in, method)
            };
            let state = match refused.get(&method) {
                Some(why) => State::Refused(why.clone()),
                None => state,
            };
            Source {
                method,
                state,
                chosen: false,
            }
        })
        .collect();
    let would = taken.or_else(|| {
        sources
            .iter()
            .find(|source| source.state == State::Ready)
            .map(|source| source.method)
    });
    for source in &mut sources {
        source.chosen = Some(source.method) == would;
    }
    sources
}

fn in_sandbox(sign_in: &SignIn, method: Method) -> State {
    match (method, sign_in.method) {
        (Method::Environment, None) => State::Ready,
        (Method::DeviceCode, Some(Method::DeviceCode))
        | (Method::Federated, Some(Method::Federated)) => State::Ready,
        _ => State::NotInASandbox,
    }
}

fn outside(sign_in: &SignIn, method: Method) -> State {
    if let Some(asked) = sign_in.method
        && asked != method
    {
        return State::OnlyWhenAsked(format!("left out: `--auth {}` was asked for", asked.name()));
    }
    let missing = |parts: &[(bool, &str)]| {
        let names: Vec<&str> = parts
            .iter()
            .filter(|(there, _)| !there)
            .map(|(_, name)| *name)
            .collect();
        if names.is_empty() {
            State::Ready
        } else {
            State::NotConfigured(format!("{} not set", names.join(", ")))
        }
    };
    let (tenant, client) = (
        (sign_in.tenant.is_some(), "AZURE_TENANT_ID"),
        (sign_in.client_id.is_some(), "AZURE_CLIENT_ID"),
    );
    match method {
        Method::Environment => missing(&[
            tenant,
            client,
            (sign_in.client_secret.is_some(), "AZURE_CLIENT_SECRET"),
        ]),
        Method::Federated => {
            let assertion = sign_in.federated_token_file.is_some()
                || sign_in.github.is_some()
                || sign_in.pipelines.is_some();
            let names = "AZURE_FEDERATED_TOKEN_FILE (or the token endpoint of GitHub Actions or \
                Azure Pipelines)";
            missing(&[tenant, client, (assertion, names)])
        }
        Method::ManagedIdentity => State::Ready,
        Method::AzureCli => on_path(sign_in, "az"),
        Method::AzureDeveloperCli => on_path(sign_in, "azd"),
        Method::DeviceCode if sign_in.method == Some(method) => State::Ready,
        Method::DeviceCode => State::OnlyWhenAsked("only with `--auth device-code`".to_owned()),
    }
}

fn on_path(sign_in: &SignIn, program: &str) -> State {
    let there = sign_in.path.as_ref().is_some_and(|path| {
        std::env::split_paths(path).any(|folder| {
            ["", ".exe", ".cmd", ".bat"]
                .iter()
                .any(|ending| folder.join(format!("{program}{ending}")).is_file())
        })
    });
    if there {
        State::Ready
    } else {
        State::NotConfigured(format!("`{program}` is not installed (not on PATH)"))
    }
}

/// A token by one of the crate's credentials, built for this request.
pub(super) async fn token(
    wire: &Arc<Wire>,
    sign_in: &SignIn,
    method: Method,
    scope: &str,
    explicit: bool,
) -> Result<Token> {
    let mut attempt = 0;
    loop {
        let listening = Arc::new(Listening::default());
        let credential = credential((wire, &listening), sign_in, method, explicit).await?;
        let token = credential.get_token(&[scope], None).await;
        attempt += 1;
        let error = match token {
            Ok(token) => {
                let token = Token::from(token);
                // The crate takes an answer without a token for an empty one.
                if token.secret.secret().is_empty() {
                    let why = "the answer holds no token";
                    return Err(refused(method, why, &Heard::default()));
                }
                return Ok(token);
            }
            Err(error) => {
                let heard = Heard {
                    helps: listening.helps(),
                    scope,
                    tenant: sign_in.tenant.as_deref(),
                };
                refused(method, &told(&error), &heard)
            }
        };
        // An assertion lives for minutes and may end on its way; the next one is fresh.
        let stale = method == Method::Federated && error.code.as_deref() == Some("AADSTS700024");
        if !stale || attempt >= ASSERTIONS {
            return Err(error);
        }
        tracing::info!("The federated token had expired on its way; taking a new one.");
    }
}

/// The top line, and the innermost cause where the top line keeps it to itself ("retry policy
/// expired").
fn told(error: &azure_core::Error) -> String {
    let text = error.to_string();
    let (line, cause) = (
        text.lines()
            .next()
            .unwrap_or_default()
            .trim_end_matches('.'),
        top_line(error),
    );
    if line.contains(cause.trim_end_matches('.')) {
        line.to_owned()
    } else {
        format!("{line}: {cause}")
    }
}

async fn credential(
    (wire, listening): (&Arc<Wire>, &Arc<Listening>),
    sign_in: &SignIn,
    method: Method,
    explicit: bool,
) -> Result<Arc<dyn TokenCredential>> {
    let unusable =
        |error: azure_core::Error| refused(method, &error.to_string(), &Heard::default());
    let client_options = client_options(wire, method);
    let sandbox_user = sign_in.sandbox_user.as_ref();
    if let Some(user) = sandbox_user.filter(|_| method != Method::Federated) {
        let tenant = needed(sign_in.tenant.as_ref(), "the tenant")?;
        return of_sandbox(user, tenant, client_options).map_err(unusable);
    }
    set_up(sign_in, method)?;
    let tenant = || needed(sign_in.tenant.as_ref(), "AZURE_TENANT_ID");
    let client = || needed(sign_in.client_id.as_ref(), "AZURE_CLIENT_ID");
    Ok(match method {
        Method::Environment => {
            let secret = sign_in
                .client_secret
                .clone()
                .unwrap_or_else(|| Secret::new(""));
            let options = ClientSecretCredentialOptions { client_options };
            ClientSecretCredential::new(tenant()?, client()?.to_owned(), secret, Some(options))
                .map_err(unusable)?
        }
        Method::Federated => {
            let assertion = Assertion {
                wire: wire.clone(),
                sign_in: sign_in.clone(),
            };
            let options = ClientAssertionCredentialOptions { client_options };
            ClientAssertionCredential::new(
                tenant()?.to_owned(),
                client()?.to_owned(),
                assertion,
                Some(options),
            )
            .map_err(unusable)?
        }
        Method::ManagedIdentity => {
            if !sign_in.identity_endpoint {
                probe(explicit).await?;
            }
            of_machine(sign_in, client_options).map_err(unusable)?
        }
        Method::AzureCli => {
            let options = AzureCliCredentialOptions {
                tenant_id: sign_in.tenant.clone(),
                executor: Some(listening.clone()),
                ..Default::default()
            };
            AzureCliCredential::new(Some(options)).map_err(unusable)?
        }
        Method::AzureDeveloperCli | Method::DeviceCode => {
            let options = AzureDeveloperCliCredentialOptions {
                tenant_id: sign_in.tenant.clone(),
                executor: Some(listening.clone()),
            };
            AzureDeveloperCliCredential::new(Some(options)).map_err(unusable)?
        }
    })
}

/// Is everything there that a way needs that nobody else can give?
fn set_up(sign_in: &SignIn, method: Method) -> Result<()> {
    match (outside(sign_in, method), method) {
        (State::NotConfigured(why), Method::Environment | Method::Federated) => {
            let name = method.name();
            let what = format!("Sign-in by way of `{name}` is not set up: {why}.");
            Err(Error::new(Kind::SignIn, what))
        }
        _ => Ok(()),
    }
}

/// Every sandbox user has the same secret, and it opens nothing but a sandbox.
fn of_sandbox(
    user: &SandboxUser,
    tenant: &str,
    client_options: ClientOptions,
) -> azure_core::Result<Arc<dyn TokenCredential>> {
    let options = ClientSecretCredentialOptions { client_options };
    let (client, secret) = (user.client_id.clone(), Secret::new("sandbox"));
    Ok(ClientSecretCredential::new(
        tenant,
        client,
        secret,
        Some(options),
    )?)
}

/// The managed identity of this machine, or the one of several that was named.
fn of_machine(
    sign_in: &SignIn,
    client_options: ClientOptions,
) -> azure_core::Result<Arc<dyn TokenCredential>> {
    let client = sign_in.managed_identity_client_id.clone();
    let options = ManagedIdentityCredentialOptions {
        user_assigned_id: client.map(UserAssignedId::ClientId),
        client_options,
    };
    Ok(ManagedIdentityCredential::new(Some(options))?)
}

fn needed<'a>(value: Option<&'a String>, name: &str) -> Result<&'a str> {
    value
        .map(String::as_str)
        .ok_or_else(|| Error::new(Kind::SignIn, format!("{name} is not known.")))
}

fn client_options(wire: &Arc<Wire>, method: Method) -> ClientOptions {
    let mut custom = CustomConfiguration::default();
    custom.authority_host = format!("https://{}", wire.cloud().get("login"));
    let options = match method {
        // The crate knows how the metadata service of a machine wants to be asked again; it would
        // do so for minutes.
        Method::ManagedIdentity => ClientOptions {
            transport: Some(Transport::new(wire.clone())),
            retry: RetryOptions::exponential(ExponentialRetryOptions {
                initial_delay: azure_core::time::Duration::milliseconds(400),
                max_retries: 3,
                max_total_elapsed: azure_core::time::Duration::seconds(30),
                ..Default::default()
            }),
            ..ClientOptions::default()
        },
        _ => Patient::options(wire, Last::default()),
    };
    ClientOptions {
        cloud: Some(Arc::new(CloudConfiguration::Custom(custom))),
        ..options
    }
}

/// Does the metadata service of a virtual machine answer? Asking it for a token elsewhere would
/// take minutes to fail.
async fn probe(explicit: bool) -> Result<()> {
    let limit = Duration::from_millis(if explicit { 2000 } else { 400 });
    let connected =
        tokio::time::timeout(limit, tokio::net::TcpStream::connect("169.254.169.254:80")).await;
    if matches!(connected, Ok(Ok(_))) {
        return Ok(());
    }
    Err(Error::new(
        Kind::SignIn,
        "This machine has no managed identity: its metadata service does not answer.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::credential::source::{Pipelines, Runner};

    fn states(sign_in: &SignIn) -> Vec<(Method, bool, bool)> {
        all(sign_in, false, None, &HashMap::new())
            .iter()
            .map(|source| (source.method, source.state == State::Ready, source.chosen))
            .collect()
    }

    #[test]
    fn the_first_complete_way_is_taken() {
        let mut sign_in = SignIn {
            tenant: Some("t".into()),
            client_id: Some("c".into()),
            ..SignIn::default()
        };
        assert_eq!(states(&sign_in)[0], (Method::Environment, false, false));
        assert_eq!(states(&sign_in)[2], (Method::ManagedIdentity, true, true));
        sign_in.federated_token_file = Some("/x".into());
        assert_eq!(states(&sign_in)[1], (Method::Federated, true, true));
        sign_in.client_secret = Some(Secret::new("s"));
        assert_eq!(states(&sign_in)[0], (Method::Environment, true, true));
        sign_in.method = Some(Method::AzureCli);
        assert!(
            states(&sign_in)[..3]
                .iter()
                .all(|(_, ready, chosen)| !ready && !chosen)
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let sources = all(&SignIn::default(), false, None, &HashMap::new());
        assert_eq!(
            sources[0].state.to_string(),
            "AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET not set"
        );
        assert_eq!(
            sources[5].state.to_string(),
            "only with `--auth device-code`"
        );
        assert!(
            all(&SignIn::default(), true, None, &HashMap::new())[1..]
                .iter()
                .all(|source| source.state == State::NotInASandbox)
        );
    }

    #[test]
    fn nothing_secret_is_printed() {
        let secret = || Secret::new("hunter2");
        let sign_in = SignIn {
            client_secret: Some(secret()),
            github: Some(Runner {
                url: "u".into(),
                token: secret(),
            }),
            pipelines: Some(Pipelines {
                url: "u".into(),
                token: secret(),
                service_connection: "s".into(),
            }),
            ..SignIn::default()
        };
        assert!(!format!("{sign_in:?}").contains("hunter2"));
    }

    #[test]
    fn a_refusal_has_its_code_and_its_help() {
        let error = refused(
            Method::Federated,
            "AADSTS700024: Client assertion is not within its valid time range.\nTrace ID: \
            x\nagain",
            &Heard::default(),
        );
        assert_eq!(error.code.as_deref(), Some("AADSTS700024"));
        assert!(!error.detail.as_ref().unwrap().contains("again"));
        assert!(error.hints[0].contains("AZURE_FEDERATED_TOKEN_FILE"));
        assert_eq!(error.kind, Kind::SignIn);
    }
}
