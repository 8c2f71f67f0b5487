//! Signs a user in with a device code, in a browser on any machine.

use super::super::source::{DevicePrompt, Secret};
use super::asking::Asking;
use super::endpoint::{Endpoint, Given};
use crate::cloud::json;
use crate::error::Result;
use std::time::Duration;

/// Requests a code, shows it, and waits until the user has typed it.
pub(super) async fn sign_in(
    asking: &Asking<'_>,
    scope: &str,
    claims: Option<&str>,
) -> Result<Given> {
    let endpoint = &asking.endpoint;
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
    (asking.prompt)(&DevicePrompt { message });
    let mut pause = Duration::from_secs(
        json::number(&value, "interval")
            .and_then(|seconds| u64::try_from(seconds).ok())
            .unwrap_or(5),
    );
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
            Some("authorization_pending") => {}
            Some("slow_down") => pause += Duration::from_secs(5),
            _ => return Err(endpoint.refusal(&value, scope)),
        }
    }
}
