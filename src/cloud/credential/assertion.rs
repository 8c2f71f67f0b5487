//! Federated tokens: from a file, or from the token endpoint of a job.

use super::sources::SignIn;
use crate::cloud::json;
use crate::cloud::patient::patiently;
use crate::cloud::wire::Wire;
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;
use reqwest::Method as Http;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use url::Url;

/// A federated token, made anew whenever a token is asked for: such assertions live for minutes.
pub(super) struct Assertion {
    pub(super) wire: Arc<Wire>,
    pub(super) sign_in: SignIn,
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Assertion")
    }
}

#[async_trait::async_trait]
impl ClientAssertion for Assertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        let failed = |words: String| azure_core::Error::with_message(azure_core::error::ErrorKind::Credential, words);
        if let Some(file) = &self.sign_in.federated_token_file {
            let text = std::fs::read_to_string(file);
            let text = text.map_err(|error| {
                failed(format!("the federated token file {} can't be read: {error}", file.display()))
            })?;
            return Ok(text.trim().to_owned());
        }
        let (method, url, token, field) = if let Some(github) = &self.sign_in.github {
            (Http::GET, format!("{}&audience=api://AzureADTokenExchange", github.url), &github.token, "value")
        } else if let Some(pipelines) = &self.sign_in.pipelines {
            let url = format!("{}?api-version=7.1&serviceConnectionId={}", pipelines.url, pipelines.service_connection);
            (Http::POST, url, &pipelines.token, "oidcToken")
        } else {
            return Err(failed("there is no federated token".to_owned()));
        };
        let url = Url::parse(&url)
            .map_err(|_| failed("the address of the runner's token endpoint is malformed".to_owned()))?;
        let bearer = format!("Bearer {}", token.secret());
        let headers = [("authorization", bearer.as_str()), ("accept", "application/json")];
        let clock = self.wire.clock();
        let send = || self.wire.send_to_runner(method.clone(), &url, &headers, None);
        let answer = patiently(clock, url.host_str().unwrap_or_default(), send).await;
        let answer = answer.map_err(|broken| failed(format!("the runner's token endpoint: {}", broken.words())))?;
        let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        json::text(&value, field)
            .ok_or_else(|| failed(format!("the runner's token endpoint answered {} without a token", answer.status)))
    }
}
