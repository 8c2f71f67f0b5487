//! What the issuer of tokens and the issuer of assertions share: how a token is written, and for
//! whom an assertion is.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// What Entra wants an assertion to be for.
pub(super) const AUDIENCE: &str = "api://AzureADTokenExchange";

/// A token that nothing outside a sandbox accepts.
pub(super) fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.sandbox",
        part(&json!({ "typ": "JWT", "alg": "none" })),
        part(claims)
    )
}
