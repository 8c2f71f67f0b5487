//! Entra's OAuth endpoints for users: exchanges codes and refresh tokens for tokens.

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

/// The Azure CLI's public client id, which exists in every tenant.
pub(in crate::cloud::credential) const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// The home tenant of the account that signs in.
pub(in crate::cloud::credential) const ANY_TENANT: &str = "organizations";

/// The tenant and the application of a user's sign-in.
pub(in crate::cloud::credential) struct Endpoint<'a> {
    pub(in crate::cloud::credential) wire: &'a Arc<Wire>,
    pub(in crate::cloud::credential) way: Way,
    pub(in crate::cloud::credential) tenant: &'a str,
    pub(in crate::cloud::credential) client: &'a str,
}

/// A token, and the refresh token for the next one.
#[derive(Clone)]
pub(in crate::cloud::credential) struct Given {
    pub(in crate::cloud::credential) token: Token,
    pub(in crate::cloud::credential) refresh: Option<Secret>,
}

/// The answer to a refresh token.
pub(in crate::cloud::credential) enum Refreshed {
    Given(Given),
    /// The user must sign in again.
    Demand(Demand),
}

/// A demand that only the user can satisfy.
#[derive(Debug, Clone)]
pub(in crate::cloud::credential) struct Demand {
    /// The claims for the next sign-in, as JSON.
    pub(in crate::cloud::credential) claims: Option<String>,
    /// The refusal as an error.
    pub(in crate::cloud::credential) error: Error,
}

impl Endpoint<'_> {
    /// The URL of an endpoint.
    pub(super) fn url(&self, path: &str) -> Result<Url> {
        let host = self.wire.cloud().get("login");
        let url = format!("https://{host}/{}/oauth2/v2.0/{path}", self.tenant);
        Url::parse(&url).map_err(|_| self.failed("The tenant is not a valid id or domain name."))
    }

    /// A sign-in error with this detail.
    pub(in crate::cloud::credential) fn failed(&self, detail: &str) -> Error {
        let what = format!("Sign-in with `{}` failed.", self.way.name());
        let mut error = Error::new(Kind::SignIn, what).detail(detail.to_owned());
        error.cause = Some(Cause::SignIn);
        error
    }

    /// Sends a form to an endpoint and returns its JSON, for success and refusal alike.
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
        let answer = outcome.map_err(|broken| self.failed(broken.text()))?;
        let status = answer.status;
        serde_json::from_slice(&answer.body)
            .map_err(|_| self.failed(&format!("The sign-in service answered {status}.")))
    }

    /// The token in an answer, if any.
    pub(super) fn given(value: &Value) -> Option<Given> {
        // Not read with `json::text`, which would change the token.
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

    /// The error of an answer without a token.
    pub(super) fn refusal(&self, value: &Value, scope: &str) -> Error {
        let description =
            json::text(value, "error_description").or_else(|| json::text(value, "error"));
        let heard = Heard {
            scope,
            tenant: Some(self.tenant).filter(|tenant| *tenant != ANY_TENANT),
            ..Heard::default()
        };
        let description = description.unwrap_or_else(|| "the answer contains no token".to_owned());
        refused(self.way, &description, &heard)
    }

    /// Exchanges a refresh token for a token.
    ///
    /// # Errors
    /// Entra refused the refresh token or did not answer.
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
        let error_code = json::text(&value, "error").unwrap_or_default();
        if !asks.contains(&error_code.as_str()) {
            return Err(error);
        }
        error.cause = Some(Cause::Claims);
        // Not read with `json::text`, because the claims are sent back unchanged.
        let claims = value.get("claims").and_then(Value::as_str);
        let claims = claims.filter(|text| is_object(text)).map(str::to_owned);
        Ok(Refreshed::Demand(Demand { claims, error }))
    }
}

/// Claims are a JSON object.
pub(super) fn is_object(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object())
}
