//! The sign-in settings from flags, variables and the file.

use super::file::Layers;
use super::flags::Flags;
use super::reading::variable;
use super::source::{Setting, Shown, Source};
use crate::cloud::cloud_file::SandboxFacts;
use crate::cloud::credential::{
    CertificateFile, Method, Person, Pipelines, Runner, SandboxUser, Secret, SignIn,
};
use crate::error::{Error, Result};
use crate::model::near::did_you_mean;
use std::path::PathBuf;

/// The URL from which a job in a sandbox requests its assertion.
const SANDBOX_RUNNER: &str = "https://token.actions.githubusercontent.com/sandbox?api-version=2.0";

pub(super) fn sign_in(
    flags: &Flags,
    layers: &Layers,
    sandbox: Option<&SandboxFacts>,
    shown: &mut Vec<Shown>,
) -> Result<SignIn> {
    let auth = Setting::of("--auth", &flags.auth, "CMKCTL_AUTH")
        .or_else(|| layers.find(|file| &file.auth));
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
    let tenant = Setting::of("--tenant", &flags.tenant, "AZURE_TENANT_ID")
        .or_else(|| layers.find(|file| &file.tenant));
    // Azure Pipelines sets its own variables for tenant and client of the service connection.
    let tenant = tenant.or_else(|| Setting::variable("AZURESUBSCRIPTION_TENANT_ID"));
    let client = Setting::<String>::variable("AZURE_CLIENT_ID");
    let client = client.or_else(|| Setting::variable("AZURESUBSCRIPTION_CLIENT_ID"));
    shown.push(Shown::of("tenant", tenant.as_ref(), String::clone));
    shown.push(Shown::of("client", client.as_ref(), String::clone));
    let hidden = Setting::<String>::variable("AZURE_CLIENT_SECRET");
    let unseen = |_: &String| "set, not shown".to_owned();
    shown.push(Shown::of("client-secret", hidden.as_ref(), unseen));
    let certificate = certificate(shown);
    let (tenant, client_id) = (
        tenant.map(|tenant| tenant.value),
        client.map(|client| client.value),
    );
    let (github, pipelines) = runners();
    Ok(SignIn {
        method,
        tenant,
        client_id: client_id.clone(),
        client_secret: variable("AZURE_CLIENT_SECRET").map(Secret::new),
        certificate_password: variable("AZURE_CLIENT_CERTIFICATE_PASSWORD").map(Secret::new),
        certificate,
        federated_token_file: variable("AZURE_FEDERATED_TOKEN_FILE").map(PathBuf::from),
        github,
        pipelines,
        identity_endpoint: variable("IDENTITY_ENDPOINT")
            .or_else(|| variable("MSI_ENDPOINT"))
            .is_some(),
        managed_identity_client_id: client_id,
        path: std::env::var_os("PATH"),
        sandbox_user: None,
        device_code_client: own_client(flags, shown),
        named_client: flags.client_id.clone(),
        person: person(),
        ..SignIn::default()
    })
}

/// The endpoints from which a pipeline job requests its assertion.
fn runners() -> (Option<Runner>, Option<Pipelines>) {
    let secret = |name: &str| variable(name).map(Secret::new);
    let github =
        variable("ACTIONS_ID_TOKEN_REQUEST_URL").zip(secret("ACTIONS_ID_TOKEN_REQUEST_TOKEN"));
    let connection = variable("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID")
        .or_else(|| variable("CMKCTL_SERVICE_CONNECTION_ID"));
    let pipelines = variable("SYSTEM_OIDCREQUESTURI")
        .zip(secret("SYSTEM_ACCESSTOKEN"))
        .zip(connection);
    (
        github.map(|(url, token)| Runner { url, token }),
        pipelines.map(|((url, token), service_connection)| Pipelines {
            url,
            token,
            service_connection,
        }),
    )
}

/// The application id for a person's sign-in.
fn own_client(flags: &Flags, shown: &mut Vec<Shown>) -> Option<String> {
    let name = "CMKCTL_DEVICE_CODE_CLIENT_ID";
    let client = Setting::of("--client-id", &flags.client_id, name);
    let name = "device-code-client";
    shown.push(Shown::of(name, client.as_ref(), String::clone));
    client.map(|client| client.value)
}

/// The certificate of an application, from the variables of Microsoft's own libraries.
fn certificate(shown: &mut Vec<Shown>) -> Option<CertificateFile> {
    let path = Setting::<PathBuf>::variable("AZURE_CLIENT_CERTIFICATE_PATH");
    let password = Setting::<String>::variable("AZURE_CLIENT_CERTIFICATE_PASSWORD");
    let chain = Setting::<String>::variable("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN");
    let whole = |path: &PathBuf| path.display().to_string();
    shown.push(Shown::of("client-certificate", path.as_ref(), whole));
    let hidden = |_: &String| "set, not shown".to_owned();
    let name = "client-certificate-password";
    shown.push(Shown::of(name, password.as_ref(), hidden));
    let name = "client-certificate-chain";
    shown.push(Shown::of(name, chain.as_ref(), String::clone));
    Some(CertificateFile {
        path: path?.value,
        password: password.map(|password| Secret::new(password.value)),
        with_chain: chain
            .is_some_and(|chain| chain.value == "1" || chain.value.eq_ignore_ascii_case("true")),
    })
}

/// Can this machine show a page to a person? The terminal is checked elsewhere.
fn person() -> Person {
    let is_set = |name: &str| variable(name).is_some();
    let remote = is_set("SSH_CONNECTION") || is_set("SSH_TTY");
    let desktop = cfg!(windows) || cfg!(target_os = "macos");
    let windows = ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"];
    let browser = variable("BROWSER");
    Person {
        at_terminal: false,
        display: browser.is_some() || (!remote && (desktop || windows.into_iter().any(is_set))),
        browser,
    }
}

/// The sign-in of a sandbox. From the environment it takes only the name of one of its users.
fn sandbox_sign_in(
    flags: &Flags,
    facts: &SandboxFacts,
    method: Option<Method>,
    shown: &mut Vec<Shown>,
) -> Result<SignIn> {
    let wanted = Setting::of("--sandbox-user", &flags.sandbox_user, "CMKCTL_SANDBOX_USER");
    let first = || {
        facts.users.first().map(|user| Setting {
            value: user.name.clone(),
            source: Source::Sandbox,
        })
    };
    shown.push(Shown::of(
        "sandbox-user",
        wanted.clone().or_else(first).as_ref(),
        String::clone,
    ));
    let wanted = wanted.map(|wanted| wanted.value);
    let user = match &wanted {
        None => facts.users.first(),
        Some(name) => facts.users.iter().find(|user| user.name == *name),
    };
    let Some(user) = user else {
        let known: Vec<&str> = facts.users.iter().map(|user| user.name.as_str()).collect();
        let name = wanted.unwrap_or_default();
        let mut error = Error::usage(format!(
            "The simulated tenant of the sandbox has no user `{name}`."
        ));
        error
            .hints
            .extend(did_you_mean(&name, known.iter().copied()));
        return Err(error.hint(format!("Its users: {}.", known.join(", "))));
    };
    let user = SandboxUser {
        name: user.name.clone(),
        client_id: user.client_id.clone(),
        object_id: user.object_id.clone(),
    };
    // The sandbox also acts as the job's runner.
    let github = (method == Some(Method::Federated)).then(|| Runner {
        url: SANDBOX_RUNNER.to_owned(),
        token: Secret::new("sandbox-job"),
    });
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
