//! A token, and the claims in its payload.

use super::source::{Method, Secret};
use crate::audit::Who;
use crate::cloud::json;
use azure_core::credentials::AccessToken;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::Value;
use std::time::Instant;

/// A token with its expiry in real time.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) secret: Secret,
    pub(super) expires: Timestamp,
}

impl From<AccessToken> for Token {
    fn from(token: AccessToken) -> Self {
        let expires = Timestamp::from_second(token.expires_on.unix_timestamp())
            .unwrap_or(Timestamp::UNIX_EPOCH);
        Self {
            secret: token.token,
            expires,
        }
    }
}

/// A request for a token.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) scope: &'a str,
    /// The claims of a challenge, as JSON.
    pub(super) claims: Option<&'a str>,
    /// The time at which the caller began to wait. A failure after it counts for this caller too.
    pub(super) waiting_since: Instant,
}

impl<'a> Wanted<'a> {
    /// A request that starts now, without claims.
    pub(super) fn now(scope: &'a str) -> Self {
        Self {
            scope,
            claims: None,
            waiting_since: Instant::now(),
        }
    }
}

/// The identity in a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The way that gave the token.
    pub method: Method,
    /// Tenant id.
    pub tenant: Option<String>,
    /// Object id.
    pub object_id: Option<String>,
    /// User principal name, or application id.
    pub name: Option<String>,
    /// Expiry time.
    pub expires: Option<Timestamp>,
    /// Template ids of a user's directory roles (`wids`).
    pub roles: Vec<String>,
    /// The client id, if the token is an application's own (`idtyp` is `app`).
    pub application: Option<String>,
}

/// Reads the payload of a JWT. For any other token, only the expiry is known.
pub(super) fn identity(token: &Token, method: Method) -> Identity {
    let claims = claims(&token.secret);
    let text = |name: &str| json::text(&claims, name);
    Identity {
        method,
        tenant: text("tid"),
        object_id: text("oid"),
        name: name(&claims),
        expires: Some(token.expires),
        roles: json::texts(&claims, "wids"),
        application: text("appid")
            .or_else(|| text("azp"))
            .filter(|_| text("idtyp").as_deref() == Some("app")),
    }
}

/// The identity in the token, for the audit trail.
pub(super) fn who(secret: &Secret) -> Who {
    let claims = claims(secret);
    Who {
        object_id: json::text(&claims, "oid"),
        name: name(&claims),
        tenant: json::text(&claims, "tid"),
    }
}

fn name(claims: &Value) -> Option<String> {
    ["upn", "unique_name", "app_displayname", "appid"]
        .iter()
        .find_map(|name| json::text(claims, name))
}

fn claims(secret: &Secret) -> Value {
    let payload = secret
        .secret()
        .split('.')
        .nth(1)
        .and_then(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok());
    payload
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_read_and_nonsense_is_survived() {
        let token = |text: &str| Token {
            secret: Secret::new(text.to_owned()),
            expires: Timestamp::UNIX_EPOCH,
        };
        let payload = URL_SAFE_NO_PAD.encode(r#"{"tid":"t","oid":"o","appid":"a"}"#);
        let read = identity(&token(&format!("e30.{payload}.sig")), Method::AzureCli);
        assert_eq!(
            (
                read.tenant.as_deref(),
                read.object_id.as_deref(),
                read.name.as_deref()
            ),
            (Some("t"), Some("o"), Some("a"))
        );
        for odd in ["", "opaque", "a.b.c", "..", "e30.!!!.x", "e30.W10.x"] {
            assert_eq!(
                identity(&token(odd), Method::AzureCli).object_id,
                None,
                "{odd}"
            );
        }
    }
}
