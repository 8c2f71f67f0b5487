//! What tells the cause of a refusal besides its status, code and words.

use crate::cloud::answer::Answer;
use crate::cloud::credential::Method;
use crate::cloud::json;
use crate::cloud::words::parts;
use crate::model::rights::Lacking;
use serde_json::Value;

/// What tells the cause of a refusal besides its status, code and words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clues {
    /// The body of the answer, when it is JSON.
    pub body: Value,
    /// The claims that the next token must satisfy, as the challenge has them: base64.
    pub claims: Option<String>,
    /// The tenant whose token the service takes.
    pub tenant: Option<String>,
    /// Codes of the error's details.
    pub details: Vec<String>,
    /// The Azure Policy assignment that forbids it.
    pub assignment: Option<String>,
    /// The caller's address, as Key Vault saw it.
    pub address: Option<String>,
    /// The vault, as Key Vault calls it.
    pub vault: Option<String>,
    /// Is the answer a page for people, such as a proxy's?
    pub page: bool,
    /// The right that the caller lacks.
    pub lacking: Option<Lacking>,
    /// How the caller has signed in.
    pub method: Option<Method>,
    /// The tenant that the caller has signed in to.
    pub home: Option<String>,
}

impl Clues {
    /// What an answer holds. Its body is read already, and `words` are those of its error.
    pub(super) fn of(answer: &Answer, body: Value, words: &str) -> Self {
        // As it came: cleaning would take the claims for a token. Each part is checked below.
        let challenge: Vec<&str> = answer
            .headers
            .get_all("www-authenticate")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        let challenge = &challenge.join(", ");
        let error = json::at(&body, "error").unwrap_or(&body);
        let mut details = Vec::new();
        parts(error, &mut details);
        let named = |part: &Value| {
            ["policyAssignmentDisplayName", "policyAssignmentName"]
                .iter()
                .find_map(|name| json::text(part, &format!("info.{name}")))
        };
        Self {
            claims: parameter(challenge, "claims").filter(|claims| is_base64(claims)),
            tenant: tenant(challenge, words),
            details: details
                .into_iter()
                .rev()
                .filter_map(|detail| json::text(detail, "code"))
                .collect(),
            assignment: json::list(error, "additionalInfo").iter().find_map(named),
            address: after(words, "Client address: "),
            vault: after(words, "Vault: "),
            page: answer.body.trim_ascii_start().starts_with(b"<"),
            lacking: lacking(words),
            method: None,
            home: None,
            body,
        }
    }
}

/// A quoted parameter of a challenge (RFC 9110, 11.2).
fn parameter(challenge: &str, name: &str) -> Option<String> {
    challenge.match_indices(name).find_map(|(at, _)| {
        let before = challenge.get(..at)?.chars().next_back();
        if before.is_some_and(|ch| ch.is_ascii_alphanumeric() || ch == '_') {
            return None;
        }
        let rest = challenge.get(at + name.len()..)?.trim_start();
        let value = rest.strip_prefix('=')?.trim_start();
        match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').map(|(value, _)| value.to_owned()),
            None => {
                let value = value.split([',', ' ']).next()?;
                (!value.is_empty()).then(|| value.to_owned())
            }
        }
    })
}

/// Base64 in either alphabet: it is pasted into a shell.
fn is_base64(text: &str) -> bool {
    let fits = |ch: char| ch.is_ascii_alphanumeric() || "+/-_=".contains(ch);
    !text.is_empty() && text.chars().all(fits)
}

/// The tenant of the authority that the challenge names, or that the words ask for.
fn tenant(challenge: &str, words: &str) -> Option<String> {
    let authority = ["authorization_uri", "authorization"]
        .iter()
        .find_map(|name| parameter(challenge, name));
    let quoted = || {
        let (_, rest) = ["authority (URL) '", "match the tenant '"]
            .iter()
            .find_map(|label| words.split_once(label))?;
        rest.split_once('\'').map(|(url, _)| url.to_owned())
    };
    let of = |url: String| {
        let mut parts = url.split('/').skip(3);
        let tenant = parts.next()?.to_owned();
        uuid::Uuid::try_parse(&tenant).ok().map(|_| tenant)
    };
    authority.and_then(of).or_else(|| quoted().and_then(of))
}

/// The right and the scope that Resource Manager and Key Vault name when they refuse.
fn lacking(words: &str) -> Option<Lacking> {
    let quoted = |label: &str| {
        let (_, rest) = words.split_once(label)?;
        rest.split_once('\'').map(|(text, _)| text.to_owned())
    };
    let right = quoted("perform action '").or_else(|| quoted("Action: '"))?;
    let scope = quoted("over scope '").or_else(|| quoted("Resource: '"))?;
    scope.starts_with('/').then_some(Lacking { right, scope })
}

/// The word that follows in Key Vault's sentence.
fn after(words: &str, label: &str) -> Option<String> {
    let (_, rest) = words.split_once(label)?;
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
        let words = "Client address: 203.0.113.7 Caller: x Vault: kv-contoso;location=westeurope";
        assert_eq!(
            after(words, "Client address: ").as_deref(),
            Some("203.0.113.7")
        );
        assert_eq!(after(words, "Vault: ").as_deref(), Some("kv-contoso"));
        assert_eq!(after("Vault: $(reboot)", "Vault: "), None);
        let words = "does not have authorization to perform action 'a/write' over scope '/s/1' or";
        let expected = Lacking {
            right: "a/write".to_owned(),
            scope: "/s/1".to_owned(),
        };
        assert_eq!(lacking(words), Some(expected));
        assert_eq!(lacking("over scope '/s/1'"), None);
    }
}
