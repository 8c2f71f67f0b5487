//! What `auth status` and `sandbox` say.

use super::terminal::Out;
use super::values::Sheet;
use crate::model::day::moment;
use crate::model::system::{System, quoted};
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
    /// How long the token is remembered for the next commands, if it is.
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

/// Whether anything is remembered from one command to the next.
#[derive(Debug, Serialize)]
pub struct Remembered {
    /// `on`, or why not.
    pub state: String,
    /// The sealed file, where one would be.
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
    /// Is anything remembered?
    pub remembered: Remembered,
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

/// Who has signed in for the commands to come.
#[derive(Debug)]
pub struct LoggedIn {
    /// User principal name or application id.
    pub name: Option<String>,
    /// Object id.
    pub object_id: Option<String>,
    /// Tenant id.
    pub tenant: Option<String>,
    /// The application that was signed in to.
    pub client: String,
    /// `browser`, `device-code` or `certificate`.
    pub by: &'static str,
    /// Where it is remembered.
    pub file: String,
    /// Until when.
    pub lasts: &'static str,
}

/// Who is signed in now, and for how long.
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

/// What was forgotten.
#[derive(Debug)]
pub struct LoggedOut {
    /// How many sign-ins.
    pub sign_ins: usize,
    /// How many tokens.
    pub tokens: usize,
    /// The file that is gone, if one was there.
    pub file: Option<String>,
}

/// What is forgotten now.
pub fn logged_out(out: &mut Out, gone: &LoggedOut) {
    let document = json!({
        "schema": "cmkctl/auth-logout/v1",
        "sign_ins": gone.sign_ins,
        "tokens": gone.tokens,
        "file": gone.file,
    });
    out.result(&document, || {
        let count = |number: usize, what: &str| match number {
            1 => format!("1 {what}"),
            number => format!("{number} {what}s"),
        };
        match &gone.file {
            None => "Nothing was remembered.\n".to_owned(),
            Some(file) => format!(
                "Forgotten: {}, {}. `{file}` was deleted.\n",
                count(gone.sign_ins, "sign-in"),
                count(gone.tokens, "token")
            ),
        }
    });
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
        "The sandbox plays the scenario `{scenario}`. In another terminal:"
    ));
    out.say(&format!("  cmkctl --cloud {} status", quoted(file)));
    if let Some(certificate) = certificate {
        let file = certificate.display().to_string();
        out.say("For other clients, under the public host names:");
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
