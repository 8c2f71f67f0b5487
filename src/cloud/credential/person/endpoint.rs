//! The sign-in service's own endpoints for a person: codes and refresh tokens become tokens.

use super::super::refusal::{Heard, refused, unreached};
use super::super::source::{Method as Way, Secret};
use super::super::token::{Token, Wanted};
use crate::cloud::json;
use crate::cloud::obstacle::Obstacle;
use crate::cloud::patient::patiently;
use crate::cloud::wire::Wire;
use crate::error::{Error, Kind, Result};
use crate::model::cause::Cause;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::Value;
use std::sync::Arc;
use url::Url;

/// The Azure CLI's public client, which every tenant knows.
pub(in crate::cloud::credential) const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// The tenant of whoever signs in.
pub(in crate::cloud::credential) const ANY_TENANT: &str = "organizations";

/// Where a person signs in, and to which application.
pub(in crate::cloud::credential) struct Endpoint<'a> {
    pub(in crate::cloud::credential) wire: &'a Arc<Wire>,
    pub(in crate::cloud::credential) way: Way,
    pub(in crate::cloud::credential) tenant: &'a str,
    pub(in crate::cloud::credential) client: &'a str,
}

/// A token, and what gives the next one.
#[derive(Clone)]
pub(in crate::cloud::credential) struct Given {
    pub(in crate::cloud::credential) token: Token,
    pub(in crate::cloud::credential) refresh: Option<Secret>,
}

/// What came of a refresh token.
pub(in crate::cloud::credential) enum Refreshed {
    Given(Given),
    /// Only the person can go on.
    Asks(Asks),
}

/// What only the person can satisfy.
#[derive(Debug, Clone)]
pub(in crate::cloud::credential) struct Asks {
    /// The claims that the next sign-in must bring, as JSON.
    pub(in crate::cloud::credential) claims: Option<String>,
    /// The refusal as an error.
    pub(in crate::cloud::credential) error: Error,
}

impl Endpoint<'_> {
    /// The address of an endpoint.
    pub(super) fn url(&self, path: &str) -> Result<Url> {
        let host = self.wire.cloud().get("login");
        let url = format!("https://{host}/{}/oauth2/v2.0/{path}", self.tenant);
        Url::parse(&url).map_err(|_| self.failed("The tenant is malformed."))
    }

    /// An error with this detail.
    pub(in crate::cloud::credential) fn failed(&self, words: &str) -> Error {
        let what = format!("Sign-in by way of `{}` failed.", self.way.name());
        let mut error = Error::new(Kind::SignIn, what).detail(words.to_owned());
        error.cause = Some(Cause::SignIn);
        error
    }

    /// Asks an endpoint; the answer is JSON, whatever it says.
    pub(super) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Value> {
        let url = self.url(path)?;
        let form = form.iter().filter(|(_, value)| !value.is_empty());
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", self.client)
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
        let host = self.wire.cloud().get("login");
        let outcome = patiently(self.wire.clock(), host, send).await;
        if let Some(obstacle) = Obstacle::of(&outcome, host) {
            return Err(unreached(self.way, &obstacle));
        }
        let answer = outcome.map_err(|broken| self.failed(broken.words()))?;
        let status = answer.status;
        serde_json::from_slice(&answer.body)
            .map_err(|_| self.failed(&format!("The sign-in service answered {status}.")))
    }

    /// The token in an answer, if there is one.
    pub(super) fn given(value: &Value) -> Option<Given> {
        // Not through `json::text`: a token is taken as it is.
        let text = |name: &str| {
            let text = value.get(name).and_then(Value::as_str);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let secret = Secret::new(text("access_token")?);
        let seconds = json::number(value, "expires_in")
            .unwrap_or(0)
            .clamp(0, 86_400);
        Some(Given {
            token: Token {
                secret,
                expires: Timestamp::now() + SignedDuration::from_secs(seconds),
            },
            refresh: text("refresh_token").map(Secret::new),
        })
    }

    /// What an answer without a token says.
    pub(super) fn refusal(&self, value: &Value, scope: &str) -> Error {
        let words = json::text(value, "error_description").or_else(|| json::text(value, "error"));
        let heard = Heard {
            scope,
            tenant: Some(self.tenant).filter(|tenant| *tenant != ANY_TENANT),
            ..Heard::default()
        };
        let words = words.unwrap_or_else(|| "the answer holds no token".to_owned());
        refused(self.way, &words, &heard)
    }

    /// A token by a refresh token.
    ///
    /// # Errors
    /// The refresh token was refused, or nobody answered.
    pub(in crate::cloud::credential) async fn refreshed(
        &self,
        refresh: &Secret,
        wanted: Wanted<'_>,
    ) -> Result<Refreshed> {
        let scope = format!("{} offline_access", wanted.scope);
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.secret()),
            ("scope", &scope),
            ("claims", wanted.claims.unwrap_or_default()),
        ];
        let value = self.post("token", &form).await?;
        if let Some(given) = Self::given(&value) {
            return Ok(Refreshed::Given(given));
        }
        let mut error = self.refusal(&value, wanted.scope);
        let asks = ["interaction_required", "login_required", "consent_required"];
        let said = json::text(&value, "error").unwrap_or_default();
        if !asks.contains(&said.as_str()) {
            return Err(error);
        }
        error.cause = Some(Cause::Claims);
        // Not through `json::text`: it is sent back as it is.
        let claims = value.get("claims").and_then(Value::as_str);
        let claims = claims.filter(|text| is_object(text)).map(str::to_owned);
        Ok(Refreshed::Asks(Asks { claims, error }))
    }
}

/// Claims are an object of JSON.
pub(super) fn is_object(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object())
}
