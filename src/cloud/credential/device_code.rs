//! Device code: the person signs in with a browser anywhere, once; further scopes come from the
//! refresh token, which is kept in memory only.

use super::source::{self, DevicePrompt, Prompt, Secret, refused};
use super::token::Token;
use crate::cloud::answer::Answer;
use crate::cloud::clock::Clock;
use crate::cloud::json;
use crate::cloud::patient::patiently;
use crate::cloud::wire::Wire;
use crate::error::{Error, Kind, Result};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// The Azure CLI's public client, which every tenant knows.
const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// What a device code sign-in needs.
pub(super) struct Asked<'a> {
    pub(super) wire: &'a Arc<Wire>,
    pub(super) clock: &'a Clock,
    pub(super) tenant: &'a str,
    pub(super) client: Option<&'a str>,
    pub(super) prompt: &'a Prompt,
}

pub(super) async fn token(
    asked: &Asked<'_>,
    scope: &str,
    refresh: &mut Option<Secret>,
) -> Result<Token> {
    if let Some(kept) = refresh.clone() {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", kept.secret()),
            ("scope", scope),
        ];
        let (_, value) = asked.post("token", &form).await?;
        return received(&value, refresh).ok_or_else(|| refusal(&value));
    }
    let (_, value) = asked
        .post(
            "devicecode",
            &[("scope", &format!("{scope} offline_access"))],
        )
        .await?;
    let code = json::text(&value, "device_code")
        .map(Secret::new)
        .ok_or_else(|| refusal(&value))?;
    let message = json::text(&value, "message").unwrap_or_else(|| {
        let part = |name: &str| json::text(&value, name).unwrap_or_default();
        format!(
            "To sign in, open {} and enter the code {}",
            part("verification_uri"),
            part("user_code")
        )
    });
    (asked.prompt)(&DevicePrompt { message });
    let mut pause = Duration::from_secs(
        json::number(&value, "interval")
            .and_then(|seconds| u64::try_from(seconds).ok())
            .unwrap_or(5),
    );
    loop {
        asked.clock.sleep(pause).await;
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", code.secret()),
        ];
        let (_, value) = asked.post("token", &form).await?;
        if let Some(token) = received(&value, refresh) {
            return Ok(token);
        }
        match json::text(&value, "error").as_deref() {
            Some("authorization_pending") => {}
            Some("slow_down") => pause += Duration::from_secs(5),
            _ => return Err(refusal(&value)),
        }
    }
}

impl Asked<'_> {
    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<(Answer, Value)> {
        let url = format!(
            "https://{}/{}/oauth2/v2.0/{path}",
            self.wire.cloud().get("login"),
            self.tenant
        );
        let failed = |words: &str| {
            Error::new(Kind::SignIn, "Sign-in by way of `device-code` failed.")
                .detail(words.to_owned())
        };
        let url = Url::parse(&url).map_err(|_| failed("The tenant is malformed."))?;
        let client = ("client_id", self.client.unwrap_or(AZURE_CLI));
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair(client.0, client.1)
            .extend_pairs(form)
            .finish();
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "application/json"),
        ];
        let body = bytes::Bytes::from(body);
        let send = || {
            self.wire
                .send(Method::POST, &url, &headers, Some(body.clone()))
        };
        let answer = patiently(self.clock, self.wire.cloud().get("login"), send).await;
        let answer = answer.map_err(|broken| failed(broken.words()))?;
        let value = serde_json::from_slice(&answer.body)
            .map_err(|_| failed(&format!("The sign-in service answered {}.", answer.status)))?;
        Ok((answer, value))
    }
}

fn received(value: &Value, refresh: &mut Option<Secret>) -> Option<Token> {
    // Not through `json::text`: a token is taken as it is.
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let secret = Secret::new(text("access_token")?.to_owned());
    if let Some(kept) = text("refresh_token") {
        *refresh = Some(Secret::new(kept.to_owned()));
    }
    let seconds = json::number(value, "expires_in")
        .unwrap_or(0)
        .clamp(0, 86_400);
    Some(Token {
        secret,
        expires: Timestamp::now() + SignedDuration::from_secs(seconds),
    })
}

fn refusal(value: &Value) -> Error {
    let words = json::text(value, "error_description").or_else(|| json::text(value, "error"));
    refused(
        source::Method::DeviceCode,
        &words.unwrap_or_else(|| "the answer holds no token".to_owned()),
        &source::Heard::default(),
    )
}
