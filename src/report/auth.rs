//! The output of `auth login`, `auth logout`, `auth status` and `sandbox`.

use super::terminal::Out;
use super::values::Sheet;
use crate::model::count::counted;
use crate::model::day::moment;
use crate::model::system::{System, quoted};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use std::path::Path;

/// One sign-in method.
#[derive(Debug, Serialize)]
pub struct SignInSource {
    /// `environment`, `azure-cli`, …
    pub method: &'static str,
    /// Does cmkctl use this one?
    pub chosen: bool,
    /// `ready`, or what is missing.
    pub state: String,
}

/// The signed-in account.
#[derive(Debug, Serialize)]
pub struct SignedIn {
    /// The method that signed it in.
    pub method: &'static str,
    /// Tenant id, a GUID.
    pub tenant: Option<String>,
    /// Object id, as `--reader` accepts it.
    pub object_id: Option<String>,
    /// User principal name or application id.
    pub name: Option<String>,
    /// Expiry of the token.
    pub expires: Option<Timestamp>,
}

/// Whether a service gave a token.
#[derive(Debug, Serialize)]
pub struct SignInReach {
    /// Name of the service.
    pub service: &'static str,
    /// The token's scope.
    pub scope: String,
    /// `token received`, or why not.
    pub outcome: String,
    /// Until when the token is remembered for later commands, if it is.
    pub remembered_until: Option<Timestamp>,
}

impl SignInReach {
    fn told(&self) -> String {
        let outcome = &self.outcome;
        match self.remembered_until {
            Some(until) => format!("{outcome}, remembered until {}", moment(until)),
            None => outcome.clone(),
        }
    }
}

/// Whether cmkctl remembers anything between commands.
#[derive(Debug, Serialize)]
pub struct Remembered {
    /// `on`, or why not.
    pub state: String,
    /// Path of the sealed file, also if it does not exist.
    pub file: Option<String>,
}

impl Remembered {
    fn told(&self) -> String {
        match self.file.as_ref().filter(|_| self.state == "on") {
            Some(file) => format!("sealed in `{file}`"),
            None => self.state.clone(),
        }
    }
}

/// Version 1 of the `auth status` document.
#[derive(Debug)]
pub struct SignInReport<'a> {
    /// The cloud's name.
    pub cloud: &'a str,
    /// The methods, in the order of their priority.
    pub sources: Vec<SignInSource>,
    /// The account, if a token was received.
    pub identity: Option<SignedIn>,
    /// The services, each with its result.
    pub services: Vec<SignInReach>,
    /// What cmkctl remembers.
    pub remembered: Remembered,
}

/// Prints how the sign-in works.
pub fn auth(out: &mut Out, report: &SignInReport<'_>) {
    let mut sheet = Sheet::default()
        .row("Cloud", report.cloud)
        .section("Sign-in methods, in the order of their priority");
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
        sheet = sheet.row(service.service, service.told());
    }
    sheet = sheet
        .section("Remembered for the next commands")
        .row("Tokens", report.remembered.told());
    let document = json!({
        "schema": "cmkctl/auth-status/v1",
        "cloud": report.cloud,
        "sources": report.sources,
        "identity": report.identity,
        "services": report.services,
        "remembered": report.remembered,
    });
    out.data(&document, &sheet);
}

/// A sign-in for later commands.
#[derive(Debug)]
pub struct LoggedIn {
    /// User principal name or application id.
    pub name: Option<String>,
    /// Object id, a GUID.
    pub object_id: Option<String>,
    /// Tenant id, a GUID.
    pub tenant: Option<String>,
    /// The application id that the account signed in to.
    pub client: String,
    /// `browser`, `device-code` or `certificate`.
    pub by: &'static str,
    /// Path of the file that remembers it.
    pub file: String,
    /// How long it lasts.
    pub lasts: &'static str,
}

/// Prints the new sign-in and how long it lasts.
pub fn logged_in(out: &mut Out, done: &LoggedIn) {
    let or_unknown = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    let sheet = Sheet::default()
        .section("Signed in")
        .row("Name", or_unknown(&done.name))
        .row("Object id", or_unknown(&done.object_id))
        .row("Tenant", or_unknown(&done.tenant))
        .row("By", done.by)
        .row("Remembered", done.lasts)
        .row("In", format!("`{}`, sealed", done.file));
    let document = json!({
        "schema": "cmkctl/auth-login/v1",
        "name": done.name,
        "object_id": done.object_id,
        "tenant": done.tenant,
        "client": done.client,
        "by": done.by,
        "file": done.file,
    });
    out.data(&document, &sheet);
}

/// What `auth logout` removed.
#[derive(Debug)]
pub struct LoggedOut {
    /// Number of sign-ins.
    pub sign_ins: usize,
    /// Number of tokens.
    pub tokens: usize,
    /// The removed file, if one existed.
    pub file: Option<String>,
}

/// Prints what was removed.
pub fn logged_out(out: &mut Out, gone: &LoggedOut) {
    let document = json!({
        "schema": "cmkctl/auth-logout/v1",
        "sign_ins": gone.sign_ins,
        "tokens": gone.tokens,
        "file": gone.file,
    });
    out.result(&document, || match &gone.file {
        None => "Nothing was remembered.\n".to_owned(),
        Some(file) => format!(
            "Removed: {}, {}. cmkctl deleted the file `{file}`.\n",
            counted(gone.sign_ins, "sign-in"),
            counted(gone.tokens, "token")
        ),
    });
}

/// Prints where a sandbox is served, and how to use it. The address is the result (stdout).
/// The rest is explanation (stderr).
pub fn served(out: &mut Out, url: &str, scenario: &str, file: &str, certificate: Option<&Path>) {
    let mut document = json!({ "schema": "cmkctl/sandbox/v1", "url": url, "scenario": scenario,
        "cloud_file": file });
    if let Some(certificate) = certificate {
        document["ca_file"] = json!(certificate.display().to_string());
    }
    out.result(&document, || format!("{url}\n"));
    out.say(&format!(
        "The sandbox simulates the scenario `{scenario}`. Run cmkctl in another terminal:"
    ));
    out.say(&format!("  cmkctl --cloud {} status", quoted(file)));
    if let Some(certificate) = certificate {
        let file = certificate.display().to_string();
        out.say("For other clients that call the public host names, set these variables:");
        let variables = [
            ("HTTPS_PROXY", url),
            ("REQUESTS_CA_BUNDLE", &file),
            ("SSL_CERT_FILE", &file),
        ];
        for line in System::HERE.shell().setting(&variables) {
            out.say(&format!("  {line}"));
        }
    }
}
