//! Host login.microsoftonline.com: issues and refuses tokens.

use super::tokens::unsigned;
use crate::message::Reply;
use crate::tenant::ids::guid;
use crate::tenant::parts::User;
use crate::tenant::world::World;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Lifetime of a token in seconds of real time. A client that refreshes early needs more than a few
/// minutes.
pub(super) const LIFETIME: i64 = 3600;
/// The value that `wids` holds beside directory roles, for every user's token and for every
/// application's own token. Both are on record in published tokens.
const PERSON: &str = "b79fbf4d-3ef9-4689-8143-76b194e85509";
const APPLICATION: &str = "0997a1d0-0d1d-4acb-b408-d5ca73121e90";

/// The parameters of a token request.
pub(super) struct Asked<'a> {
    /// The requested host.
    pub(super) host: &'a str,
    pub(super) audience: &'a str,
    /// Client id of the application.
    pub(super) client: &'a str,
    /// Is an id token requested?
    pub(super) openid: bool,
    /// Is a refresh token requested?
    pub(super) offline: bool,
}

/// The answer with a version 1.0 token, which the services of Azure and Power Platform require.
/// `claims` are added to those of every token.
pub(super) fn issue(world: &mut World, user: &User, audience: &str, mut claims: Value) -> Value {
    world.tokens += 1;
    let everybody = if claims["idtyp"] == "app" {
        APPLICATION
    } else {
        PERSON
    };
    let role = user.power_platform.directory_role();
    let wids: Vec<&str> = role.into_iter().chain([everybody]).collect();
    let now = Timestamp::now().as_second();
    let common = json!({
        "aud": audience,
        "iss": format!("https://sts.windows.net/{}/", world.tenant),
        "tid": world.tenant,
        "oid": user.object_id,
        "sub": user.object_id,
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME,
        "ver": "1.0",
        "wids": wids,
        "sandbox_iat": world.clock.now().as_second(),
        "uti": URL_SAFE_NO_PAD.encode(u128::from(world.tokens).to_be_bytes()),
    });
    if let (Some(fields), Value::Object(common)) = (claims.as_object_mut(), common) {
        fields.extend(common);
    }
    json!({
        "token_type": "Bearer",
        "expires_in": LIFETIME,
        "ext_expires_in": LIFETIME,
        "access_token": unsigned(&claims),
    })
}

pub(super) fn refuse(status: u16, error: &str, code: &str, text: &str) -> Reply {
    let number: u64 = code
        .trim_start_matches("AADSTS")
        .parse()
        .unwrap_or_default();
    let description = format!(
        "{code}: {text} Trace ID: {} Correlation ID: {}",
        guid("trace"),
        guid("correlation")
    );
    Reply::json(
        status,
        &json!({
            "error": error,
            "error_description": description,
            "error_codes": [number],
        }),
    )
}
