//! The ways to sign in that use the Azure crate: their requirements and their order.

use super::assertion::Assertion;
use super::certificate::Signed;
use super::listening::Listening;

use super::power_shell;
use super::refusal::{Heard, refused};
use super::source::{Method, SandboxUser, Secret, SignIn, Source, State};
use super::token::Token;
use crate::cloud::answer::top_line;
use crate::cloud::patient::{Last, Patient};
use crate::cloud::wire::Wire;
use crate::error::{Error, Kind, Result};
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions, Transport};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential,
    AzureDeveloperCliCredentialOptions, ClientAssertion, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
};
use std::collections::HashMap;
use std::sync::Arc;

/// Number of assertions that are tried if each one has expired.
const ASSERTIONS: u32 = 5;

/// The error for a way that the Azure crate does not have.
const NOT_OF_THE_CRATE: &str = "cmkctl can't sign in this way with the Azure SDK.";

/// All ways in their order.
pub(super) fn all(
    sign_in: &SignIn,
    sandbox: bool,
    taken: Option<Method>,
    refused: &HashMap<Method, String>,
    login: impl FnOnce() -> Source,
) -> Vec<Source> {
    let mut login = Some(login);
    let mut sources: Vec<Source> = Method::ALL
        .into_iter()
        .map(|method| {
            let mut state = if sandbox {
                in_sandbox(sign_in, method)
            } else {
                outside(sign_in, method)
            };
            let mut by = None;
            if method == Method::Login
                && state == State::Ready
                && let Some(login) = login.take()
            {
                Source { state, by, .. } = login();
            }
            let state = match refused.get(&method) {
                Some(why) => State::Refused(why.clone()),
                None => state,
            };
            if method == Method::Environment && state == State::Ready && !sandbox {
                by = certificate_of(sign_in);
            }
            Source {
                method,
                state,
                by,
                chosen: false,
            }
        })
        .collect();
    // If the identity that the caller configured is refused, no other way is tried.
    let ends = |source: &&Source| {
        let meant = source.method.is_meant();
        source.state == State::Ready || (meant && matches!(source.state, State::Refused(_)))
    };
    let would = taken.or_else(|| {
        let end = sources.iter().find(ends);
        let end = end.filter(|source| source.state == State::Ready);
        end.map(|source| source.method)
    });
    for source in &mut sources {
        source.chosen = Some(source.method) == would;
    }
    sources
}

/// The certificate, which is used before the secret.
fn certificate_of(sign_in: &SignIn) -> Option<String> {
    let file = sign_in.certificate.as_ref()?.path.display();
    let certificate = format!("certificate `{file}`");
    Some(match sign_in.client_secret {
        Some(_) => format!("{certificate}, AZURE_CLIENT_SECRET is not used"),
        None => certificate,
    })
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
        return State::OnlyWhenAsked(format!("skipped: the chosen method is `{}`", asked.name()));
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
        Method::Environment => {
            let proof = sign_in.certificate.is_some() || sign_in.client_secret.is_some();
            let names = "AZURE_CLIENT_CERTIFICATE_PATH (or AZURE_CLIENT_SECRET)";
            missing(&[tenant, client, (proof, names)])
        }
        Method::Federated => {
            let assertion = sign_in.federated_token_file.is_some()
                || sign_in.github.is_some()
                || sign_in.pipelines.is_some();
            let names = "AZURE_FEDERATED_TOKEN_FILE (or the token endpoint of GitHub Actions or \
                Azure Pipelines)";
            missing(&[tenant, client, (assertion, names)])
        }
        Method::ManagedIdentity => State::Ready,
        // The store decides.
        Method::Login => State::Ready,
        Method::AzureCli => on_path(sign_in, &["az"]),
        Method::AzureDeveloperCli => on_path(sign_in, &["azd"]),
        Method::AzurePowerShell => on_path(sign_in, power_shell::PROGRAMS),
        Method::Browser | Method::DeviceCode if sign_in.method == Some(method) => State::Ready,
        Method::Browser | Method::DeviceCode => {
            State::OnlyWhenAsked(format!("only with `--auth {}`", method.name()))
        }
    }
}

fn on_path(sign_in: &SignIn, programs: &[&str]) -> State {
    match power_shell::program(sign_in.path.as_deref(), programs) {
        Some(_) => State::Ready,
        None => State::NotConfigured(format!(
            "`{}` is not installed (not on PATH)",
            programs.join("` or `")
        )),
    }
}

/// A token from one of the crate's credentials, which is built for this request.
pub(super) async fn token(
    wire: &Arc<Wire>,
    sign_in: &SignIn,
    method: Method,
    scope: &str,
) -> Result<Token> {
    let mut attempt = 0;
    loop {
        let (listening, last) = (Arc::new(Listening::default()), Last::default());
        let options = client_options(wire, method, &last);
        let credential = credential((wire, &listening, options), sign_in, method)?;
        let token = credential.get_token(&[scope], None).await;
        attempt += 1;
        let error = match token {
            Ok(token) => {
                let token = Token::from(token);
                // The crate accepts an answer without a token, and returns an empty one.
                if token.secret.secret().is_empty() {
                    let why = "the answer contains no token";
                    return Err(refused(method, why, &Heard::default()));
                }
                return Ok(token);
            }
            Err(error) => {
                let heard = Heard {
                    helps: listening.helps(),
                    obstacle: last.obstacle(),
                    scope,
                    tenant: sign_in.tenant.as_deref(),
                };
                refused(method, &told(&error), &heard)
            }
        };
        // An assertion may expire before it arrives. The next attempt takes a new one.
        let stale = method == Method::Federated && error.code.as_deref() == Some("AADSTS700024");
        if !stale || attempt >= ASSERTIONS {
            return Err(error);
        }
        tracing::info!("The federated token expired before use. cmkctl requests a new one.");
    }
}

/// The first line, with the innermost cause if the first line omits it (such as `retry policy
/// expired`).
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

fn credential(
    (wire, listening, client_options): (&Arc<Wire>, &Arc<Listening>, ClientOptions),
    sign_in: &SignIn,
    method: Method,
) -> Result<Arc<dyn TokenCredential>> {
    let unusable =
        |error: azure_core::Error| refused(method, &error.to_string(), &Heard::default());
    let sandbox_user = sign_in.sandbox_user.as_ref();
    if let Some(user) = sandbox_user.filter(|_| method != Method::Federated) {
        let tenant = needed(sign_in.tenant.as_ref(), "The tenant of the sandbox")?;
        return of_sandbox(user, tenant, client_options).map_err(unusable);
    }
    set_up(sign_in, method)?;
    let tenant = || needed(sign_in.tenant.as_ref(), "AZURE_TENANT_ID");
    let client = || needed(sign_in.client_id.as_ref(), "AZURE_CLIENT_ID");
    Ok(match method {
        Method::Environment => match &sign_in.certificate {
            Some(certificate) => {
                let login = wire.cloud().get("login");
                let audience = format!("https://{login}/{}/oauth2/v2.0/token", tenant()?);
                let signed = Signed::read(certificate, client()?, audience)?;
                asserting(signed, tenant()?, client()?, client_options).map_err(unusable)?
            }
            None => of_secret(sign_in, tenant()?, client()?, client_options).map_err(unusable)?,
        },
        Method::Federated => {
            let assertion = Assertion {
                wire: wire.clone(),
                sign_in: sign_in.clone(),
            };
            asserting(assertion, tenant()?, client()?, client_options).map_err(unusable)?
        }
        Method::ManagedIdentity => of_machine(sign_in, client_options).map_err(unusable)?,
        Method::AzureCli => {
            let options = AzureCliCredentialOptions {
                tenant_id: sign_in.tenant.clone(),
                executor: Some(listening.clone()),
                ..Default::default()
            };
            AzureCliCredential::new(Some(options)).map_err(unusable)?
        }
        Method::AzureDeveloperCli => {
            let options = AzureDeveloperCliCredentialOptions {
                tenant_id: sign_in.tenant.clone(),
                executor: Some(listening.clone()),
            };
            AzureDeveloperCliCredential::new(Some(options)).map_err(unusable)?
        }
        Method::AzurePowerShell | Method::Login | Method::Browser | Method::DeviceCode => {
            return Err(refused(method, NOT_OF_THE_CRATE, &Heard::default()));
        }
    })
}

/// Checks that the caller has set everything that only the caller can set.
fn set_up(sign_in: &SignIn, method: Method) -> Result<()> {
    match (outside(sign_in, method), method) {
        (State::NotConfigured(why), Method::Environment | Method::Federated) => {
            let name = method.name();
            let what = format!("Sign-in with `{name}` is not set up: {why}.");
            Err(Error::new(Kind::SignIn, what))
        }
        _ => Ok(()),
    }
}

/// A credential of an application that uses assertions.
fn asserting(
    assertion: impl ClientAssertion + 'static,
    tenant: &str,
    client: &str,
    client_options: ClientOptions,
) -> azure_core::Result<Arc<dyn TokenCredential>> {
    let options = ClientAssertionCredentialOptions { client_options };
    let (tenant, client) = (tenant.to_owned(), client.to_owned());
    Ok(ClientAssertionCredential::new(
        tenant,
        client,
        assertion,
        Some(options),
    )?)
}

fn of_secret(
    sign_in: &SignIn,
    tenant: &str,
    client: &str,
    client_options: ClientOptions,
) -> azure_core::Result<Arc<dyn TokenCredential>> {
    let secret = sign_in.client_secret.clone();
    let secret = secret.unwrap_or_else(|| Secret::new(""));
    let options = ClientSecretCredentialOptions { client_options };
    let client = client.to_owned();
    Ok(ClientSecretCredential::new(
        tenant,
        client,
        secret,
        Some(options),
    )?)
}

/// All sandbox users share one secret, which works only in a sandbox.
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

/// The machine's managed identity, or the named one of several.
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
        .ok_or_else(|| Error::new(Kind::SignIn, format!("{name} is not set.")))
}

fn client_options(wire: &Arc<Wire>, method: Method, last: &Last) -> ClientOptions {
    let mut custom = CustomConfiguration::default();
    custom.authority_host = format!("https://{}", wire.cloud().get("login"));
    let options = match method {
        // The crate knows when to repeat a request to the metadata service, but it would repeat it
        // for minutes.
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
        _ => Patient::options(wire, last.clone()),
    };
    ClientOptions {
        cloud: Some(Arc::new(CloudConfiguration::Custom(custom))),
        ..options
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::credential::source::{Pipelines, Runner};

    fn nobody() -> Source {
        Source {
            method: Method::Login,
            state: State::NotConfigured("nobody".to_owned()),
            by: None,
            chosen: false,
        }
    }

    fn states(sign_in: &SignIn) -> Vec<(Method, bool, bool)> {
        all(sign_in, false, None, &HashMap::new(), nobody)
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
        let sources = all(&SignIn::default(), false, None, &HashMap::new(), nobody);
        assert_eq!(
            sources[0].state.to_string(),
            "AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_CERTIFICATE_PATH (or \
            AZURE_CLIENT_SECRET) not set"
        );
        assert_eq!(
            sources[8].state.to_string(),
            "only with `--auth device-code`"
        );
        assert!(
            all(&SignIn::default(), true, None, &HashMap::new(), nobody)[1..]
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
    #[test]
    fn what_helps_is_a_command_of_the_program_that_signed_in() {
        let heard = Heard {
            scope: "https://x.example/.default",
            tenant: Some("t"),
            ..Heard::default()
        };
        for (method, code, command) in [
            (
                Method::AzureCli,
                "AADSTS50076",
                "az login --scope https://x.example/.default",
            ),
            (
                Method::AzureDeveloperCli,
                "AADSTS50076",
                "azd auth login --scope https://x.example/.default",
            ),
            (
                Method::AzurePowerShell,
                "AADSTS50076",
                "Connect-AzAccount -AuthScope https://x.example",
            ),
            (
                Method::AzureDeveloperCli,
                "AADSTS70043",
                "Sign in again: `azd auth logout`, then `azd auth login --tenant-id t`.",
            ),
            (
                Method::AzurePowerShell,
                "AADSTS70043",
                "Sign in again: `Disconnect-AzAccount`, then `Connect-AzAccount -Tenant t`.",
            ),
        ] {
            let error = refused(method, &format!("{code}: No."), &heard);
            assert_eq!(error.hints, [command]);
        }
    }
}
