//! Signs a user in with a device code, in a browser on any machine.

use super::super::source::{DevicePrompt, Secret};
use super::endpoint::{Endpoint, Given};
use super::user_sign_in::UserSignIn;
use crate::cloud::json;
use crate::error::Result;
use std::time::{Duration, Instant};

/// Longest lifetime of a code. Microsoft Entra says 15 minutes.
const LONGEST: i64 = 3600;
/// Lifetime of a code if the service does not say.
const LIFETIME: i64 = 900;
/// Longest pause between two polls that the service may ask for.
const LONGEST_PAUSE: i64 = 60;
/// The pause if the service does not ask for one (RFC 8628, section 3.2), and what `slow_down`
/// adds (section 3.5).
const PAUSE: i64 = 5;

/// Requests a code, shows it, and waits until the user has typed it.
pub(super) async fn sign_in(
    user_sign_in: &UserSignIn<'_>,
    scope: &str,
    claims: Option<&str>,
) -> Result<Given> {
    let endpoint = &user_sign_in.endpoint;
    let wanted = format!("{scope} offline_access");
    let form = [
        ("scope", wanted.as_str()),
        ("claims", claims.unwrap_or_default()),
    ];
    let value = endpoint.post("devicecode", &form).await?;
    let code = json::text(&value, "device_code")
        .map(Secret::new)
        .ok_or_else(|| endpoint.refusal(&value, scope))?;
    let message = json::text(&value, "message").unwrap_or_else(|| {
        let part = |name: &str| json::text(&value, name).unwrap_or_default();
        format!(
            "To sign in, open {} and enter the code {}",
            part("verification_uri"),
            part("user_code")
        )
    });
    (user_sign_in.prompt)(&DevicePrompt { message });
    let seconds = |name: &str, default: i64, longest: i64| {
        let seconds = json::number(&value, name).unwrap_or(default);
        Duration::from_secs(seconds.clamp(1, longest).unsigned_abs())
    };
    let mut pause = seconds("interval", PAUSE, LONGEST_PAUSE);
    // The service counts the lifetime in real time, also in a sandbox.
    let (began, lifetime) = (Instant::now(), seconds("expires_in", LIFETIME, LONGEST));
    loop {
        endpoint.wire.clock().sleep(pause).await;
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", code.secret()),
        ];
        let value = endpoint.post("token", &form).await?;
        if let Some(given) = Endpoint::given(&value) {
            return Ok(given);
        }
        match json::text(&value, "error").as_deref() {
            Some("authorization_pending" | "slow_down") if began.elapsed() >= lifetime => {
                return Err(endpoint
                    .failed("The code expired before you entered it.")
                    .hint("Run the same command again for a new code."));
            }
            Some("authorization_pending") => {}
            Some("slow_down") => pause += Duration::from_secs(PAUSE.unsigned_abs()),
            _ => return Err(endpoint.refusal(&value, scope)),
        }
    }
}
