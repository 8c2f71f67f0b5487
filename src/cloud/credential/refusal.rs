//! Turns a refused sign-in into an error: the cause from the text of a service or program, and the
//! remedy.

use super::source::Method;
use crate::cloud::json;
use crate::cloud::obstacle::{Obstacle, SILENCE};
use crate::error::{Error, Kind};
use crate::model::cause::Cause;
use crate::model::service_codes;
use crate::model::system::quoted;
use crate::model::who;

/// Facts about a refused sign-in besides its text.
#[derive(Debug, Default)]
pub(super) struct Heard<'a> {
    /// The command that the program suggested.
    pub(super) helps: Option<String>,
    /// The obstacle between this machine and the sign-in service.
    pub(super) obstacle: Option<Obstacle>,
    /// The scope of the requested token.
    pub(super) scope: &'a str,
    /// The tenant of the request.
    pub(super) tenant: Option<&'a str>,
}

/// Builds the error of a refused sign-in. The crate's text repeats itself, so only the line with
/// the cause counts. The first known remedy wins: for the Entra code, then the program's
/// suggestion, then the default of this way.
pub(super) fn refused(method: Method, text: &str, heard: &Heard<'_>) -> Error {
    if let Some(obstacle) = &heard.obstacle {
        return unreached(method, obstacle);
    }
    let line = json::clean(cause(text));
    let code = line
        .split(|ch: char| !ch.is_ascii_alphanumeric())
        .find(|word| word.starts_with("AADSTS") && word.len() > 6)
        .map(str::to_owned);
    let known = code.as_deref().and_then(service_codes::find);
    let mut error = Error::new(
        Kind::SignIn,
        format!("Sign-in with `{}` failed.", method.name()),
    )
    .detail(line.clone());
    error.cause = Some(Cause::SignIn);
    error.explained = true;
    let barred = known.is_some_and(|known| known.who == who::CONDITIONAL_ACCESS);
    let hint = match (&heard.helps, known) {
        _ if is_old_azure_cli(&line) => "Update the Azure CLI: `az upgrade`.".to_owned(),
        _ if line.contains("unknown flag") => {
            "Update the Azure Developer CLI. This version is too old.".to_owned()
        }
        (Some(command), _) if !barred => command.clone(),
        (_, Some(known)) => {
            let fix = known.fix_with(&[
                ("RESOURCE", heard.scope.strip_suffix("/.default")),
                ("TENANT_ID", heard.tenant),
            ]);
            in_words_of(method, fix)
        }
        _ => of_the_way(method, &line, heard),
    };
    if hint == SILENCE {
        error.cause = Some(Cause::Network);
    } else if code.is_none() && has_fault(&line) {
        error.cause = Some(Cause::Service);
    }
    error.code = code;
    error.correlation = correlation(text);
    error.hint(hint)
}

/// Is this the crate's refusal of an Azure CLI before 2.54.0, whose answer has no `expires_on`?
fn is_old_azure_cli(line: &str) -> bool {
    line.contains("expires_on") && line.contains("Azure CLI 2.54.0 or newer")
}

/// Does the line say that the sign-in service has a fault (RFC 6749, section 4.1.2.1)?
fn has_fault(line: &str) -> bool {
    let mut words = line.split(|ch: char| !ch.is_ascii_alphanumeric() && ch != '_');
    words.any(|word| ["temporarily_unavailable", "server_error"].contains(&word))
}

/// Replaces the command of the Azure CLI with that of the tool that signed in.
fn in_words_of(method: Method, fix: String) -> String {
    let replacements: &[(&str, &str)] = match method {
        Method::AzureDeveloperCli => &[
            ("az logout", "azd auth logout"),
            ("az login --tenant ", "azd auth login --tenant-id "),
            ("az login", "azd auth login"),
        ],
        Method::AzurePowerShell => &[
            ("az logout", "Disconnect-AzAccount"),
            ("az login --tenant ", "Connect-AzAccount -Tenant "),
            ("az login --scope ", "Connect-AzAccount -AuthScope "),
            ("az login", "Connect-AzAccount"),
        ],
        Method::Login | Method::Browser | Method::DeviceCode => &[
            ("`az logout`, then `az login", "`cmkctl auth login"),
            ("az login", "cmkctl auth login"),
        ],
        Method::Environment | Method::Federated | Method::ManagedIdentity | Method::AzureCli => &[],
    };
    let fix = replacements
        .iter()
        .fold(fix, |fix, (az, replacement)| fix.replace(az, replacement));
    // One sign-in of cmkctl covers all services.
    if fix.starts_with("cmkctl auth login --scope") {
        return "cmkctl auth login".to_owned();
    }
    match fix.strip_prefix("Connect-AzAccount -AuthScope ") {
        // `Connect-AzAccount` takes the service instead of the scope.
        Some(scope) => format!(
            "Connect-AzAccount -AuthScope {}",
            scope.trim_end_matches("/.default")
        ),
        None => fix,
    }
}

/// The error if the sign-in service can't be reached. Signing in again does not help.
pub(super) fn unreached(method: Method, obstacle: &Obstacle) -> Error {
    let mut error = Error::new(
        Kind::SignIn,
        format!("Sign-in with `{}` failed.", method.name()),
    )
    .detail(json::clean(&obstacle.clause))
    .hint(obstacle.remedy);
    error.cause = Some(Cause::Network);
    error.explained = true;
    error
}

/// The sentence with the Microsoft Entra code, otherwise the first line.
fn cause(text: &str) -> &str {
    let first = text.lines().next().unwrap_or_default();
    let Some(at) = text.find("AADSTS") else {
        return first;
    };
    let message = text.get(at..).unwrap_or_default();
    let ends = ["\r", "\n", "\\r", "\\n", "\"", " Trace ID:"];
    let end = ends.iter().filter_map(|end| message.find(end)).min();
    message
        .get(..end.unwrap_or(message.len()))
        .unwrap_or(message)
}

/// Microsoft Entra's correlation id.
fn correlation(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("Correlation ID: ")?;
    let end = rest.find(|ch: char| !ch.is_ascii_alphanumeric() && ch != '-');
    let id = rest.get(..end.unwrap_or(rest.len()))?;
    (!id.is_empty()).then(|| id.to_owned())
}

/// A tool that signs a user in.
struct Tool {
    name: &'static str,
    install: &'static str,
    login: String,
    /// The command that shows the tool's own answer.
    shows: String,
}

fn tool(method: Method, heard: &Heard<'_>) -> Option<Tool> {
    let scope = heard.scope;
    Some(match method {
        Method::AzureCli => Tool {
            name: "Azure CLI",
            install: "Install the Azure CLI, then run `az login`.",
            login: "az login".to_owned(),
            shows: format!(
                "az account get-access-token -o none --scope {}",
                quoted(scope)
            ),
        },
        Method::AzureDeveloperCli => Tool {
            name: "Azure Developer CLI",
            install: "Install the Azure Developer CLI, then run `azd auth login`.",
            login: "azd auth login".to_owned(),
            shows: format!("azd auth token --output none --scope {}", quoted(scope)),
        },
        Method::AzurePowerShell => Tool {
            name: "Azure PowerShell module",
            install: "Install-Module Az.Accounts -Scope CurrentUser",
            login: heard.tenant.map_or_else(
                || "Connect-AzAccount".to_owned(),
                |tenant| format!("Connect-AzAccount -Tenant {}", quoted(tenant)),
            ),
            shows: format!(
                "Get-AzAccessToken -ResourceUrl {} | Out-Null",
                scope.trim_end_matches("/.default")
            ),
        },
        Method::Environment
        | Method::Federated
        | Method::ManagedIdentity
        | Method::Login
        | Method::Browser
        | Method::DeviceCode => return None,
    })
}

/// The default remedy. It suggests a new sign-in only if the text is about a sign-in.
fn of_the_way(method: Method, line: &str, heard: &Heard<'_>) -> String {
    if matches!(method, Method::Login | Method::Browser | Method::DeviceCode) {
        return "Sign in again: `cmkctl auth login`.".to_owned();
    }
    let Some(tool) = tool(method, heard) else {
        return "Check the sign-in settings: `cmkctl auth status`.".to_owned();
    };
    let Tool { name, login, .. } = &tool;
    let lower = line.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|word| lower.contains(word));
    if says(&["not found on path", "az.accounts is not installed"]) {
        tool.install.to_owned()
    } else if says(&[
        "certificate_verify_failed",
        "certificate verify failed",
        "sslerror",
        "x509",
    ]) {
        format!(
            "The {name} does not trust the server's certificate. A proxy may have replaced the \
            certificate. Set `REQUESTS_CA_BUNDLE` (az) or `SSL_CERT_FILE` (azd) to the file with \
            the proxy's CA certificate."
        )
    } else if says(&[
        "nameresolution",
        "getaddrinfo",
        "failed to resolve",
        "max retries",
        "no such host",
        "connection refused",
        "timed out",
        "proxyerror",
    ]) {
        SILENCE.to_owned()
    } else if says(&[
        "permission denied",
        "permissionerror",
        "read-only file system",
        "no space left",
    ]) {
        format!(
            "The {name} can't read or write one of its files. Correct what its message names: the \
            permissions, a read-only file system or a full disk. Then run the same command again."
        )
    } else if says(&[
        "log in",
        "login",
        "logged in",
        "sign in",
        "aadsts",
        "expired",
        "no subscription",
        "connect-azaccount",
    ]) {
        format!("Run `{login}`.")
    } else {
        format!(
            "The {name} itself failed. To see its error, run this command: `{}`.",
            tool.shows
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_azure_cli_is_known_by_the_whole_sentence() {
        let update = |line: &str| {
            let error = refused(Method::AzureCli, line, &Heard::default());
            error.hints[0].starts_with("Update the Azure CLI")
        };
        assert!(update(
            "expires_on field not found. Please use Azure CLI 2.54.0 or newer."
        ));
        assert!(!update("AADSTS50076: No. Client 10.2.54.7"));
        assert!(!update("ERROR: 2.54 of 3 files are locked"));
    }

    #[test]
    fn only_trouble_on_the_way_or_at_the_service_passes() {
        for (line, cause) in [
            ("Max retries exceeded with url: /", Cause::Network),
            ("temporarily_unavailable: Try later.", Cause::Service),
            ("Please run 'az login' to setup account.", Cause::SignIn),
            ("Azure CLI not found on path", Cause::SignIn),
            ("AADSTS700082: The refresh token expired.", Cause::SignIn),
        ] {
            let error = refused(Method::AzureCli, line, &Heard::default());
            assert_eq!(error.cause, Some(cause), "{line}");
        }
    }
}
