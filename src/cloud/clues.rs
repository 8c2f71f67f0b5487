//! Facts of a refusal that show its cause, besides status, code and message.

use crate::cloud::answer::Answer;
use crate::cloud::credential::Method;
use crate::cloud::json;
use crate::cloud::service_errors::{code_of, error_in, parts, quoted};
use crate::model::rights::Lacking;
use serde_json::Value;

/// Facts of a refusal that show its cause, besides status, code and message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clues {
    /// The answer's body, if it is JSON.
    pub body: Value,
    /// The claims that the next token must satisfy, in base64 as in the challenge.
    pub claims: Option<String>,
    /// The tenant whose tokens the service accepts.
    pub tenant: Option<String>,
    /// Codes of the error's details.
    pub details: Vec<String>,
    /// Does the service quote an error of another service behind it?
    pub quoted: bool,
    /// Display name of the Azure Policy assignment that forbids the request.
    pub assignment: Option<String>,
    /// ARM id of that assignment.
    pub assignment_id: Option<String>,
    /// The caller's IP address as Key Vault saw it.
    pub address: Option<String>,
    /// The vault's name in Key Vault's message.
    pub vault: Option<String>,
    /// Is the answer an HTML page, for example from a proxy?
    pub page: bool,
    /// The right that the caller lacks.
    pub lacking: Option<Lacking>,
    /// The caller's way of signing in.
    pub method: Option<Method>,
    /// The tenant of the caller's sign-in.
    pub home: Option<String>,
}

impl Clues {
    /// Collects the facts of an answer. `body` is its parsed body and `message` its error message.
    pub(super) fn of(answer: &Answer, body: Value, message: &str) -> Self {
        let challenge = &challenge_of(answer);
        let error = error_in(&body);
        let mut details = Vec::new();
        parts(error, &mut details);
        let quoted = quoted(error);
        if let Some(quoted) = &quoted {
            details.push(quoted);
            parts(quoted, &mut details);
        }
        // The assignment is in `additionalInfo`, or as JSON inside the message (Policy
        // identifiers).
        let identifiers = assignment(message).unwrap_or_default();
        let info = |names: &[&str]| {
            let parts = json::list(error, "additionalInfo").iter();
            let mut parts = parts.filter_map(|part| json::at(part, "info"));
            parts.find_map(|info| names.iter().find_map(|name| json::text(info, name)))
        };
        Self {
            claims: claims_of(answer),
            tenant: tenant(challenge, message),
            details: details.into_iter().rev().filter_map(code_of).collect(),
            quoted: quoted.is_some(),
            assignment: info(&["policyAssignmentDisplayName", "policyAssignmentName"])
                .or_else(|| json::text(&identifiers, "name")),
            assignment_id: info(&["policyAssignmentId"]).or_else(|| json::text(&identifiers, "id")),
            address: after(message, "Client address: "),
            vault: after(message, "Vault: "),
            page: answer.is_page(),
            lacking: lacking(message),
            method: None,
            home: None,
            body,
        }
    }
}

/// The raw header. `clean` would remove the claims as a token, so each extracted part is checked
/// instead.
fn challenge_of(answer: &Answer) -> String {
    let values = answer.headers.get_all("www-authenticate").iter();
    let texts: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    texts.join(", ")
}

/// The claims that a challenge asks for, in base64.
pub(super) fn claims_of(answer: &Answer) -> Option<String> {
    parameter(&challenge_of(answer), "claims").filter(|claims| is_base64(claims))
}

/// The policy assignment that is embedded as JSON in the message.
fn assignment(message: &str) -> Option<Value> {
    let (_, rest) = message.split_once("\"policyAssignment\":")?;
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
    values.next()?.ok()
}

/// A parameter of a challenge. Names are compared without case (RFC 9110, 11.2 and 5.6.4).
fn parameter(challenge: &str, name: &str) -> Option<String> {
    let mut rest = challenge;
    loop {
        let (before, after) = rest.split_once('=')?;
        let part = |ch: char| ch.is_ascii_alphanumeric() || ch == '_' || ch == '-';
        let candidate = before.trim_end().rsplit(|ch| !part(ch)).next()?;
        let after = after.trim_start();
        let (value, behind) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let (value, behind) = after.split_at(after.find([',', ' ']).unwrap_or(after.len()));
                (value.to_owned(), behind)
            }
        };
        if candidate.eq_ignore_ascii_case(name) && !value.is_empty() {
            return Some(value);
        }
        rest = behind;
    }
}

/// Splits at the closing quote: the unescaped value, and the rest.
fn unquoted(quoted: &str) -> (String, &str) {
    let (mut value, mut escaped) = (String::new(), false);
    for (at, ch) in quoted.char_indices() {
        match ch {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return (value, quoted.get(at + 1..).unwrap_or_default()),
            ch => {
                escaped = false;
                value.push(ch);
            }
        }
    }
    (value, "")
}

/// Is the text base64, in either alphabet? Users paste it into a shell, so nothing else passes.
fn is_base64(text: &str) -> bool {
    let fits = |ch: char| ch.is_ascii_alphanumeric() || "+/-_=".contains(ch);
    !text.is_empty() && text.chars().all(fits)
}

/// The tenant of the authority in the challenge or in the message.
fn tenant(challenge: &str, message: &str) -> Option<String> {
    let authority = ["authorization_uri", "authorization"]
        .iter()
        .find_map(|name| parameter(challenge, name));
    let quoted = || {
        let (_, rest) = ["authority (URL) '", "match the tenant '"]
            .iter()
            .find_map(|label| message.split_once(label))?;
        rest.split_once('\'').map(|(url, _)| url.to_owned())
    };
    let of = |url: String| {
        let mut parts = url.split('/').skip(3);
        let tenant = parts.next()?.to_owned();
        uuid::Uuid::try_parse(&tenant).ok().map(|_| tenant)
    };
    authority.and_then(of).or_else(|| quoted().and_then(of))
}

/// The right and the scope that Resource Manager or Key Vault names in a refusal.
fn lacking(message: &str) -> Option<Lacking> {
    let quoted = |label: &str| {
        let (_, rest) = message.split_once(label)?;
        rest.split_once('\'').map(|(text, _)| text.to_owned())
    };
    let right = quoted("perform action '").or_else(|| quoted("Action: '"))?;
    let scope = quoted("over scope '").or_else(|| quoted("Resource: '"))?;
    scope.starts_with('/').then_some(Lacking { right, scope })
}

/// The word after `label` in Key Vault's message.
fn after(message: &str, label: &str) -> Option<String> {
    let (_, rest) = message.split_once(label)?;
    let end = rest.find(|ch: char| ch.is_whitespace() || ch == ';');
    let word = rest.get(..end.unwrap_or(rest.len()))?;
    let fits = |ch: char| ch.is_ascii_alphanumeric() || "-.:".contains(ch);
    (!word.is_empty() && word.chars().all(fits)).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_read() {
        let challenge = "Bearer realm=\"\", authorization_uri=\"https://login.windows.net/\
            dddddddd-0000-4000-8000-000000000001\", error=\"insufficient_claims\", \
            claims=\"eyJhIjp7fX0=\"";
        assert_eq!(
            parameter(challenge, "claims").as_deref(),
            Some("eyJhIjp7fX0=")
        );
        assert_eq!(
            tenant(challenge, "").as_deref(),
            Some("dddddddd-0000-4000-8000-000000000001")
        );
        for odd in [
            "",
            "claims",
            "claims=",
            "claims=\"",
            "xclaims=\"a\"",
            "Bearer authorization_uri=\"https://login.windows.net/common\"",
        ] {
            assert_eq!(parameter(odd, "claims"), None, "{odd}");
            assert_eq!(tenant(odd, ""), None, "{odd}");
        }
        assert!(!is_base64("a\"; reboot"));
    }

    #[test]
    fn key_vault_names_address_and_vault() {
        let message = "Client address: 203.0.113.7 Caller: x Vault: kv-contoso;location=westeurope";
        assert_eq!(
            after(message, "Client address: ").as_deref(),
            Some("203.0.113.7")
        );
        assert_eq!(after(message, "Vault: ").as_deref(), Some("kv-contoso"));
        assert_eq!(after("Vault: $(reboot)", "Vault: "), None);
        let message =
            "does not have authorization to perform action 'a/write' over scope '/s/1' or";
        let expected = Lacking {
            right: "a/write".to_owned(),
            scope: "/s/1".to_owned(),
        };
        assert_eq!(lacking(message), Some(expected));
        assert_eq!(lacking("over scope '/s/1'"), None);
    }
}
