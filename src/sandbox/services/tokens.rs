//! Shared parts of tokens and assertions: their encoding, and the audience of an assertion.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The audience that Entra requires of an assertion.
pub(super) const AUDIENCE: &str = "api://AzureADTokenExchange";

/// An unsigned token, which nothing outside a sandbox accepts.
pub(super) fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.sandbox",
        part(&json!({ "typ": "JWT", "alg": "none" })),
        part(claims)
    )
}
