//! What `auth status` and `sandbox` say.

use super::terminal::Out;
use super::values::Sheet;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use std::path::Path;

/// One way to sign in.
#[derive(Debug, Serialize)]
pub struct SignInSource {
    /// `environment`, `azure-cli`, …
    pub method: &'static str,
    /// Is it the one that is taken?
    pub chosen: bool,
    /// Ready, or what is missing.
    pub state: String,
}

/// Who is signed in.
#[derive(Debug, Serialize)]
pub struct SignedIn {
    /// By which way.
    pub method: &'static str,
    /// Tenant id.
    pub tenant: Option<String>,
    /// Object id: what `--reader` takes.
    pub object_id: Option<String>,
    /// User principal name or application id.
    pub name: Option<String>,
    /// When the token ends.
    pub expires: Option<Timestamp>,
}

/// Whether a service's token could be had.
#[derive(Debug, Serialize)]
pub struct SignInReach {
    /// The service.
    pub service: &'static str,
    /// The token's scope.
    pub scope: String,
    /// `token received`, or why not.
    pub outcome: String,
}

/// Version 1 of `auth status`.
#[derive(Debug)]
pub struct SignInReport<'a> {
    /// The cloud's name.
    pub cloud: &'a str,
    /// In their order.
    pub sources: Vec<SignInSource>,
    /// Who it is, when a token could be had.
    pub identity: Option<SignedIn>,
    /// Service by service.
    pub services: Vec<SignInReach>,
}

/// How a sign-in goes.
pub fn auth(out: &mut Out, report: &SignInReport<'_>) {
    let mut sheet = Sheet::default()
        .row("Cloud", report.cloud)
        .section("Ways to sign in, in their order");
    for source in &report.sources {
        let mark = if source.chosen { "* " } else { "  " };
        sheet = sheet.row(&format!("{mark}{}", source.method), source.state.clone());
    }
    if let Some(identity) = &report.identity {
        sheet = sheet
            .section("Signed in")
            .row(
                "Name",
                identity
                    .name
                    .clone()
                    .unwrap_or_else(|| "unknown".to_owned()),
            )
            .row(
                "Object id",
                identity
                    .object_id
                    .clone()
                    .unwrap_or_else(|| "unknown".to_owned()),
            )
            .row(
                "Tenant",
                identity
                    .tenant
                    .clone()
                    .unwrap_or_else(|| "unknown".to_owned()),
            )
            .row("By", identity.method);
    }
    sheet = sheet.section("Tokens");
    for service in &report.services {
        sheet = sheet.row(service.service, service.outcome.clone());
    }
    let document = json!({
        "schema": "cmkctl/auth-status/v1",
        "cloud": report.cloud,
        "sources": report.sources,
        "identity": report.identity,
        "services": report.services,
    });
    out.data(&document, &sheet);
}

/// Where a sandbox is served, and how to use it. The address is data; the rest is narration.
pub fn served(out: &mut Out, url: &str, scenario: &str, file: &str, certificate: Option<&Path>) {
    let mut document = json!({ "schema": "cmkctl/sandbox/v1", "url": url, "scenario": scenario,
        "cloud_file": file });
    if let Some(certificate) = certificate {
        document["ca_file"] = json!(certificate.display().to_string());
    }
    out.result(&document, || format!("{url}\n"));
    out.say(&format!(
        "The sandbox plays the scenario `{scenario}`. In another terminal: cmkctl \
        --cloud {file} status"
    ));
    if let Some(certificate) = certificate {
        let file = certificate.display();
        out.say("For other clients, under the public host names:");
        out.say(&format!(
            "  export HTTPS_PROXY={url} REQUESTS_CA_BUNDLE={file} SSL_CERT_FILE={file}"
        ));
    }
}
