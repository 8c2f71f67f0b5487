//! What flags, variables and the file say about signing in.

use super::file::Layers;
use super::flags::Flags;
use super::reading::variable;
use super::source::{Setting, Shown, Source};
use crate::cloud::cloud_file::SandboxFacts;
use crate::cloud::credential::{Method, Pipelines, Runner, SandboxUser, Secret, SignIn};
use crate::error::{Error, Result};
use crate::model::near::did_you_mean;
use std::path::PathBuf;

/// Where a job of a sandbox asks for its assertion.
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
    // Azure Pipelines names tenant and client of the service connection in variables of its own.
    let tenant = tenant.or_else(|| Setting::variable("AZURESUBSCRIPTION_TENANT_ID"));
    let client = Setting::<String>::variable("AZURE_CLIENT_ID");
    let client = client.or_else(|| Setting::variable("AZURESUBSCRIPTION_CLIENT_ID"));
    shown.push(Shown::of("tenant", tenant.as_ref(), String::clone));
    shown.push(Shown::of("client", client.as_ref(), String::clone));
    let hidden = Setting::<String>::variable("AZURE_CLIENT_SECRET");
    shown.push(Shown::of("client-secret", hidden.as_ref(), |_| {
        "set, not shown".to_owned()
    }));
    let (tenant, client_id) = (
        tenant.map(|tenant| tenant.value),
        client.map(|client| client.value),
    );
    let secret = |name: &str| variable(name).map(Secret::new);
    let github =
        variable("ACTIONS_ID_TOKEN_REQUEST_URL").zip(secret("ACTIONS_ID_TOKEN_REQUEST_TOKEN"));
    let connection = variable("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID")
        .or_else(|| variable("CMKCTL_SERVICE_CONNECTION_ID"));
    let pipelines = variable("SYSTEM_OIDCREQUESTURI")
        .zip(secret("SYSTEM_ACCESSTOKEN"))
        .zip(connection);
    Ok(SignIn {
        method,
        tenant,
        client_id: client_id.clone(),
        client_secret: secret("AZURE_CLIENT_SECRET"),
        federated_token_file: variable("AZURE_FEDERATED_TOKEN_FILE").map(PathBuf::from),
        github: github.map(|(url, token)| Runner { url, token }),
        pipelines: pipelines.map(|((url, token), service_connection)| Pipelines {
            url,
            token,
            service_connection,
        }),
        identity_endpoint: variable("IDENTITY_ENDPOINT")
            .or_else(|| variable("MSI_ENDPOINT"))
            .is_some(),
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
        let mut error = Error::usage(format!("The sandbox has no user `{name}`."));
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
    // The sandbox plays a job's runner, too.
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
