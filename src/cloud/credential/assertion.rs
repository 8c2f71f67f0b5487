//! Federated tokens, from a file or from the token endpoint of a CI job.

use super::source::SignIn;
use crate::cloud::json;
use crate::cloud::patient::patiently;
use crate::cloud::wire::Wire;
use crate::model::encoding::decoded;
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;
use reqwest::Method as Http;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use url::{Url, form_urlencoded};

/// A federated token, fetched again for every token request, because it expires within minutes.
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
        let failed = |message: String| {
            azure_core::Error::with_message(azure_core::error::ErrorKind::Credential, message)
        };
        if let Some(file) = &self.sign_in.federated_token_file {
            let unread = |why: String| {
                let file = file.display();
                failed(format!(
                    "the federated token file {file} can't be read: {why}"
                ))
            };
            let bytes = std::fs::read(file).map_err(|error| unread(error.to_string()))?;
            let text = decoded(bytes).map_err(|why| unread(why.to_string()))?;
            return Ok(text.trim().to_owned());
        }
        let (method, url, token, field) = if let Some(github) = &self.sign_in.github {
            let audience = self.wire.cloud().get("federated-audience");
            let url = with_query(&github.url, &[("audience", audience)]);
            (Http::GET, url, &github.token, "value")
        } else if let Some(pipelines) = &self.sign_in.pipelines {
            let connection = pipelines.service_connection.as_str();
            let url = with_query(
                &pipelines.url,
                &[("api-version", "7.1"), ("serviceConnectionId", connection)],
            );
            (Http::POST, url, &pipelines.token, "oidcToken")
        } else {
            return Err(failed("no federated token is configured".to_owned()));
        };
        let url = url.ok_or_else(|| {
            failed("the address of the runner's token endpoint is malformed".to_owned())
        })?;
        let bearer = format!("Bearer {}", token.secret());
        let headers = [
            ("authorization", bearer.as_str()),
            ("accept", "application/json"),
        ];
        let clock = self.wire.clock();
        let send = || {
            self.wire
                .send_to_runner(method.clone(), &url, &headers, None)
        };
        let answer = patiently(clock, url.host_str().unwrap_or_default(), send).await;
        let answer = answer.map_err(|broken| {
            failed(format!(
                "the request to the runner's token endpoint failed: {}",
                broken.text()
            ))
        })?;
        let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        json::text(&value, field).ok_or_else(|| {
            failed(format!(
                "the runner's token endpoint answered {} without a token",
                answer.status
            ))
        })
    }
}

/// Adds or replaces query parameters in the runner's address. Every other byte stays the same,
/// because the runner may have signed the address.
fn with_query(address: &str, parameters: &[(&str, &str)]) -> Option<Url> {
    let mut url = Url::parse(address.trim()).ok()?;
    let named = |part: &str| {
        form_urlencoded::parse(part.as_bytes())
            .next()
            .map(|(name, _)| name.into_owned())
    };
    let ours = |part: &str| {
        named(part).is_none_or(|name| {
            parameters
                .iter()
                .any(|(key, _)| key.eq_ignore_ascii_case(&name))
        })
    };
    let query = url.query().unwrap_or_default().to_owned();
    let kept = query
        .split('&')
        .filter(|part| !ours(part))
        .map(str::to_owned);
    // A query may contain an unescaped colon and slash.
    let encoded = |value: &str| {
        form_urlencoded::byte_serialize(value.as_bytes())
            .collect::<String>()
            .replace("%3A", ":")
            .replace("%2F", "/")
    };
    let added = parameters
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)));
    let query: Vec<String> = kept.chain(added).collect();
    url.set_fragment(None);
    url.set_query(Some(&query.join("&")));
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_joined_to_an_address_whatever_its_query_is() {
        let audience = [("audience", "api://AzureADTokenExchange")];
        let added = "audience=api://AzureADTokenExchange";
        for (address, expected) in [
            (
                "https://runner.example/token?api-version=2.0",
                format!("https://runner.example/token?api-version=2.0&{added}"),
            ),
            (
                "https://runner.example/token",
                format!("https://runner.example/token?{added}"),
            ),
            (
                "https://runner.example/token?",
                format!("https://runner.example/token?{added}"),
            ),
            (
                "https://runner.example/token?a=1+2%20&&b#part",
                format!("https://runner.example/token?a=1+2%20&b&{added}"),
            ),
            (
                "https://runner.example?audience=other&b=2",
                format!("https://runner.example/?b=2&{added}"),
            ),
        ] {
            assert_eq!(
                with_query(address, &audience).unwrap().as_str(),
                expected,
                "{address}"
            );
        }
        let connection = with_query(
            "https://dev.azure.example/x?y=1",
            &[("serviceConnectionId", "a&b=c#d")],
        )
        .unwrap();
        assert_eq!(
            connection.as_str(),
            "https://dev.azure.example/x?y=1&serviceConnectionId=a%26b%3Dc%23d"
        );
        assert!(with_query("token", &audience).is_none());
    }
}
