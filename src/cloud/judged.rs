//! Judges a fault: a pure function from the service's answer to the cause and the remedies.

use crate::cloud::credential::Method;
use crate::cloud::fault::{Fault, Happened};
use crate::cloud::obstacle;
use crate::error::Kind;
use crate::model::catalogue;
use crate::model::cause::Cause;
use crate::model::seen::Told;
use crate::model::service_codes::{self, ServiceCode};
use crate::model::system::quoted;
use crate::model::who;

/// Length limit of a service's message beside other findings.
const LONGEST: usize = 300;

/// The meaning of a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The cause.
    pub cause: Cause,
    /// The table entry of the code that decided the cause, if any.
    pub known: Option<&'static ServiceCode>,
    /// The remedies; empty if they depend on the request.
    pub remedy: Vec<String>,
}

impl Judged {
    /// The error kind of the cause.
    pub(super) const fn kind(&self) -> Kind {
        Kind::of(self.cause)
    }

    /// Does cmkctl know more about the cause than the HTTP status tells?
    pub const fn is_told(&self) -> bool {
        !self.remedy.is_empty()
    }

    /// Who can apply the remedy.
    pub fn who(&self) -> &'static str {
        match (self.known, self.cause) {
            (Some(known), _) => known.who,
            (None, Cause::Network) => who::NETWORK,
            (None, _) => who::CALLER,
        }
    }

    fn of_network(remedy: &str) -> Self {
        Self {
            remedy: vec![remedy.to_owned()],
            ..Self::bare(Cause::Network)
        }
    }

    const fn bare(cause: Cause) -> Self {
        Self {
            cause,
            known: None,
            remedy: Vec::new(),
        }
    }
}

impl Fault {
    /// Finds the cause and the remedies.
    pub fn judged(&self) -> Judged {
        match self.happened {
            Happened::SignIn(_) => Judged::bare(Cause::SignIn),
            Happened::Untrusted => Judged::of_network(obstacle::certificate(&self.message)),
            Happened::NotSent => Judged::of_network(obstacle::SILENCE),
            Happened::SandboxGone => Judged::of_network(obstacle::SANDBOX),
            Happened::Shape if self.clues.page => Judged::of_network(obstacle::PAGE),
            Happened::Status(status) => self.refused(status),
            Happened::Lost | Happened::Foreign | Happened::Shape | Happened::Unwritten(_) => {
                Judged::bare(Cause::Service)
            }
        }
    }

    /// The service's message and remedy, for a fact that could not be read.
    pub(super) fn told(&self, judged: &Judged) -> Option<Told> {
        let remedy = judged.remedy.last().cloned();
        if self.status().is_none() && remedy.is_none() {
            return None;
        }
        let id = self.correlation.as_deref();
        let id = id.map_or_else(String::new, |id| format!(" (correlation id {id})"));
        // The text of an HTML page does not help the reader.
        let text = Some(&self.message).filter(|_| self.status().is_some() && !self.clues.page);
        let text = text.into_iter().flat_map(|text| text.chars());
        let text: String = text.take(LONGEST).collect();
        Some(Told {
            text: format!("{text}{id}"),
            remedy: remedy.map(|remedy| (remedy, judged.who())),
        })
    }

    fn refused(&self, status: u16) -> Judged {
        let known = self.known();
        if status == 401 || self.wants_more() {
            return self.signed_out(known);
        }
        match known.and_then(|known| Some((known, known.means?))) {
            Some((known, cause)) => Judged {
                cause,
                known: Some(known),
                remedy: vec![self.filled(known)],
            },
            None if status == 407 => Judged::of_network(obstacle::PROXY),
            None if self.clues.page && (400..500).contains(&status) => {
                Judged::of_network(obstacle::PAGE)
            }
            // The services use different codes for 429.
            None if status == 429 => {
                let known = service_codes::find("TooManyRequests");
                Judged {
                    known,
                    remedy: known
                        .map(|known| known.fix.to_owned())
                        .into_iter()
                        .collect(),
                    ..Judged::bare(Cause::Service)
                }
            }
            // A service behind this one failed, whatever status this one returns.
            None if self.code_is_a_failure() => Judged {
                remedy: vec![
                    "Another service that this service calls failed. Run the same command again in \
                    a few minutes."
                        .to_owned(),
                ],
                ..Judged::bare(Cause::Service)
            },
            None => Judged::bare(Cause::of_status(status)),
        }
    }

    /// The table entry of the most specific code. Some gateways put the code into the message.
    fn known(&self) -> Option<&'static ServiceCode> {
        let details = self.clues.details.iter();
        let codes = self.inner_code.iter().chain(details).chain(&self.code);
        let all: Vec<_> = codes.filter_map(|code| service_codes::find(code)).collect();
        let told = all.iter().find(|known| known.means.is_some()).copied();
        let in_words = || service_codes::named_in(&self.message).into_iter().next();
        told.or_else(in_words).or(all.first().copied())
    }

    /// The most informative code: a known code, otherwise the innermost.
    pub fn telling(&self) -> Option<&str> {
        let codes = || {
            let details = self.clues.details.iter();
            self.inner_code.iter().chain(details).chain(&self.code)
        };
        let known = self.known();
        let is_it = |code: &&String| known.is_some() && service_codes::find(code) == known;
        let innermost = || self.inner_code.as_ref().or(self.code.as_ref());
        codes().find(is_it).or_else(innermost).map(String::as_str)
    }

    /// Is the code a 5xx status?
    fn code_is_a_failure(&self) -> bool {
        let code = self.code.as_deref().and_then(|code| code.parse().ok());
        code.is_some_and(|code: u16| (500..600).contains(&code))
    }

    /// Does the service require multifactor authentication? Azure Policy also refuses for this
    /// reason.
    fn wants_more(&self) -> bool {
        const POLICY: &str = "RequestDisallowedByPolicy";
        let by_policy = self.is(POLICY) || self.clues.details.iter().any(|code| code == POLICY);
        // The text before these words may contain resource names.
        let message = self.message.to_ascii_lowercase();
        let (_, reasons) = message
            .split_once("disallowed by policy")
            .unwrap_or(("", &message));
        let is_word = |word: &str| ["multifactor", "mfa"].contains(&word);
        let named = reasons.contains("multi-factor")
            || reasons
                .split(|ch: char| !ch.is_ascii_alphanumeric() && ch != '-')
                .any(is_word);
        self.clues.claims.is_some() || (by_policy && named)
    }

    /// The caller must sign in again: to another tenant, with more factors, or in the same way.
    fn signed_out(&self, known: Option<&'static ServiceCode>) -> Judged {
        let means = known.and_then(|known| known.means);
        let (cause, remedy) = match (&self.clues.claims, &self.clues.tenant, means) {
            (Some(claims), ..) => (Cause::Claims, self.challenged(claims)),
            (None, Some(tenant), Some(Cause::WrongTenant)) => (
                Cause::WrongTenant,
                vec![
                    format!("The service accepts only tokens of the tenant {tenant}."),
                    self.log_in(Some(tenant)),
                ],
            ),
            _ if self.wants_more() => {
                let home = self.clues.home.as_deref();
                let why = "The service requires multi-factor authentication. Sign in again with a \
                    second factor.";
                (Cause::Claims, vec![why.to_owned(), self.log_in(home)])
            }
            _ => (
                Cause::SignIn,
                vec![
                    "Sign in again, or check the account and the tenant: `cmkctl auth status`."
                        .to_owned(),
                ],
            ),
        };
        Judged {
            cause,
            known: known.filter(|known| known.means.is_some_and(Cause::is_sign_in)),
            remedy,
        }
    }

    /// The commands that answer a claims challenge (Microsoft identity platform).
    fn challenged(&self, claims: &str) -> Vec<String> {
        let tenant = self.clues.home.as_ref();
        let tenant = tenant.map_or_else(String::new, |tenant| {
            format!("--tenant {} ", quoted(tenant))
        });
        match self.clues.method {
            Some(Method::AzureDeveloperCli) => {
                vec![format!("azd auth login --claims-challenge \"{claims}\"")]
            }
            Some(Method::AzurePowerShell) => {
                let tenant = tenant.replace("--tenant", "-Tenant");
                vec![format!(
                    "Connect-AzAccount {tenant}-ClaimsChallenge \"{claims}\""
                )]
            }
            Some(method) if method.is_own() => vec![format!(
                "cmkctl auth login {tenant}--claims-challenge \"{claims}\""
            )],
            Some(Method::ManagedIdentity | Method::Federated) => vec![
                "A Conditional Access policy blocks this identity. Ask the Conditional Access \
                administrator."
                    .to_owned(),
            ],
            _ => vec![format!("az login {tenant}--claims-challenge \"{claims}\"")],
        }
    }

    fn log_in(&self, tenant: Option<&str>) -> String {
        let tool = match self.clues.method {
            Some(Method::AzureDeveloperCli) => "azd auth login --tenant-id",
            Some(Method::AzurePowerShell) => "Connect-AzAccount -Tenant",
            Some(method) if method.is_own() => "cmkctl auth login --tenant",
            _ => "az login --tenant",
        };
        let tenant = tenant.map_or_else(|| "TENANT_ID".to_owned(), quoted);
        format!("{tool} {tenant}")
    }

    /// The remedy of a code, with the facts of this answer filled in.
    fn filled(&self, known: &ServiceCode) -> String {
        let clues = &self.clues;
        let entry = known.belongs_to.and_then(catalogue::entry);
        if let Some(entry) = entry.filter(|_| clues.quoted && known.means == Some(Cause::Network)) {
            return format!(
                "The vault's network rules block the service itself. Change these rules: `{}`.",
                entry.fix
            );
        }
        let text = known.fix_with(&[
            ("VAULT", clues.vault.as_deref()),
            ("ADDRESS", clues.address.as_deref()),
            ("TENANT_ID", clues.tenant.as_deref()),
            ("CLAIMS", clues.claims.as_deref()),
            ("ASSIGNMENT_ID", clues.assignment_id.as_deref()),
        ]);
        match &clues.assignment {
            Some(name) if known.means == Some(Cause::AzurePolicy) => {
                format!("The Azure Policy assignment `{name}` blocks this change. {text}")
            }
            _ => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::Service;
    use crate::cloud::answer::Answer;
    use reqwest::header::{HeaderMap, HeaderValue};
    use serde_json::json;

    fn fault(status: u16, body: &serde_json::Value, challenge: Option<&str>) -> Fault {
        let mut headers = HeaderMap::new();
        if let Some(challenge) = challenge {
            let value = HeaderValue::from_str(challenge).unwrap();
            headers.insert("www-authenticate", value);
        }
        let body = body.to_string().into();
        let answer = Answer {
            status,
            headers,
            body,
        };
        Fault::answered(Service::Arm, &answer)
    }

    fn error(code: &str, message: &str) -> serde_json::Value {
        json!({ "error": { "code": code, "message": message } })
    }

    #[test]
    fn every_known_code_has_its_cause_and_its_remedy() {
        for known in service_codes::all() {
            let judged = fault(400, &error(known.code, "m"), None).judged();
            match known.means {
                Some(cause) => {
                    assert_eq!(judged.cause, cause, "{}", known.code);
                    assert_eq!(judged.remedy, [known.fix], "{}", known.code);
                    assert_eq!(judged.kind(), Kind::of(cause));
                }
                None => assert!(!judged.is_told(), "{}", known.code),
            }
            // A 401 is always a sign-in error, whatever its code.
            let judged = fault(401, &error(known.code, "m"), None).judged();
            assert_eq!(judged.kind(), Kind::SignIn, "{}", known.code);
        }
    }

    #[test]
    fn the_most_specific_code_decides() {
        let body = json!({ "error": { "code": "Forbidden", "message": "m",
            "innererror": { "code": "ForbiddenByFirewall" } } });
        assert_eq!(fault(403, &body, None).judged().cause, Cause::Network);
        // The service before the vault quotes the vault's error like this.
        let quoted = error("LinkFailed", &format!("The vault said: {body}"));
        let judged = fault(400, &quoted, None).judged();
        assert_eq!(judged.cause, Cause::Network);
        assert!(judged.remedy[0].contains("--bypass AzureServices"));
        let body = json!({ "error": { "code": "DeploymentFailed", "message": "m",
            "details": [{ "code": "RequestDisallowedByPolicy", "message": "d" }] } });
        let judged = fault(400, &body, None).judged();
        assert_eq!(judged.cause, Cause::AzurePolicy);
        for (status, cause) in [
            (403, Cause::Role),
            (404, Cause::Gone),
            (409, Cause::Conflict),
            (503, Cause::Service),
        ] {
            let judged = fault(status, &error("Unheard", "m"), None).judged();
            assert_eq!((judged.cause, judged.is_told()), (cause, false), "{status}");
        }
    }

    #[test]
    fn a_challenge_is_answered_by_the_tool_that_signed_in() {
        let challenge = "Bearer error=\"insufficient_claims\", claims=\"eyJhIjp7fX0=\"";
        let mut asked = fault(401, &error("Unauthorized", "m"), Some(challenge));
        asked.clues.home = Some("T".to_owned());
        let judged = asked.judged();
        assert_eq!(judged.cause, Cause::Claims);
        let command = "az login --tenant T --claims-challenge \"eyJhIjp7fX0=\"";
        assert_eq!(judged.remedy, [command]);
        asked.clues.method = Some(Method::AzureDeveloperCli);
        assert!(asked.judged().remedy[0].starts_with("azd auth login --claims-challenge"));
        asked.clues.method = Some(Method::AzurePowerShell);
        let remedy = &asked.judged().remedy[0];
        assert!(remedy.starts_with("Connect-AzAccount ") && remedy.contains("-ClaimsChallenge"));
        asked.clues.method = Some(Method::Federated);
        assert!(asked.judged().remedy[0].contains("Conditional Access"));
    }

    #[test]
    fn a_second_factor_and_a_wrong_tenant_are_sign_ins() {
        let refusal = "you must use multi-factor authentication";
        let judged = fault(403, &error("RequestDisallowedByPolicy", refusal), None).judged();
        assert_eq!((judged.cause, judged.kind()), (Cause::Claims, Kind::SignIn));
        let inside = json!({ "error": { "code": "InvalidTemplateDeployment", "message": "m",
            "details": [{ "code": "RequestDisallowedByPolicy", "message": refusal }] } });
        assert_eq!(fault(400, &inside, None).judged().cause, Cause::Claims);
        for name in ["ep-samfarm", "ep-mfa"] {
            let refusal = format!("Resource '{name}' was disallowed by policy. Reasons: 'Europe.'");
            let judged = fault(403, &error("RequestDisallowedByPolicy", &refusal), None).judged();
            assert_eq!(judged.cause, Cause::AzurePolicy, "{name}");
        }
        let tenant = "dddddddd-0000-4000-8000-000000000001";
        let challenge = format!("Bearer authorization_uri=\"https://login.windows.net/{tenant}\"");
        let body = error("InvalidAuthenticationTokenTenant", "m");
        let judged = fault(401, &body, Some(&challenge)).judged();
        assert_eq!(judged.cause, Cause::WrongTenant);
        assert!(judged.remedy.iter().all(|line| line.contains(tenant)));
    }

    #[test]
    fn words_and_codes_of_every_depth_are_heard() {
        let deep = json!({ "error": { "code": "DeploymentFailed", "message": "It failed.",
            "details": [{ "code": "BadRequest", "message": "One part failed.", "details": [
                { "code": "RequestDisallowedByPolicy", "message": "Not in this country." },
            ] }],
            "innererror": { "message": "Deeper.", "innererror": { "message": "Deepest." } } } });
        let deep = fault(400, &deep, None);
        for part in [
            "It failed.",
            "One part failed.",
            "Not in this country.",
            "Deepest.",
        ] {
            assert!(deep.message.contains(part), "{part}: {}", deep.message);
        }
        assert_eq!(deep.judged().cause, Cause::AzurePolicy);
        let text = fault(403, &json!({ "error": "You may not do this." }), None);
        assert_eq!(
            (text.code, text.message.as_str()),
            (None, "You may not do this.")
        );
    }

    #[test]
    fn a_page_and_a_broken_gateway_are_no_missing_role() {
        for status in [400, 403, 404, 407] {
            let page = Answer {
                status,
                headers: HeaderMap::new(),
                body: "<html><title>Blocked by the web filter</title></html>".into(),
            };
            let page = Fault::answered(Service::Arm, &page);
            let judged = page.judged();
            assert_eq!((judged.cause, judged.is_told()), (Cause::Network, true));
            assert!(!page.is_absence() && page.is_ambiguous() && !page.unreadable().forbidden);
        }
        let body = json!({ "error": { "code": 500, "message": "BadGateway" } });
        let behind = fault(403, &body, None);
        assert_eq!(behind.code.as_deref(), Some("500"));
        assert_eq!(behind.judged().cause, Cause::Service);
        let odata = json!({ "odata.error": { "code": "0x80072560",
            "message": { "lang": "en-US", "value": "The user is not a member." } } });
        let odata = fault(403, &odata, None);
        assert_eq!(odata.message, "The user is not a member.");
        assert_eq!(odata.judged().cause, Cause::Role);
    }

    #[test]
    fn the_assignment_of_azure_policy_is_named() {
        let body = json!({ "error": { "code": "RequestDisallowedByPolicy", "message": "m",
            "additionalInfo": [{ "info": { "policyAssignmentDisplayName": "Only Europe" } }] } });
        let judged = fault(403, &body, None).judged();
        assert!(
            judged.remedy[0].contains("`Only Europe`"),
            "{:?}",
            judged.remedy
        );
    }
}
