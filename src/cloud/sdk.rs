//! Converts requests and answers of the Azure crates, so that these crates also send through
//! [`Wire`].

use crate::cloud::answer::{Answer, Broken};
use crate::cloud::request_id;
use crate::cloud::wire::Wire;
use azure_core::http::headers::{HeaderName, HeaderValue as SdkValue, Headers};
use azure_core::http::{
    AsyncRawResponse, Body, HttpClient, Method as SdkMethod, Request as SdkRequest,
};
use bytes::Bytes;
use reqwest::Method;

#[async_trait::async_trait]
impl HttpClient for Wire {
    async fn execute_request(&self, request: &SdkRequest) -> azure_core::Result<AsyncRawResponse> {
        let (method, headers, body) = sdk_parts(request)?;
        sdk_reply(self.send(method, request.url(), &headers, body).await)
    }
}

/// Method, headers and body of a request.
type Parts<'a> = (Method, Vec<(&'a str, &'a str)>, Option<Bytes>);

/// Converts a request of the Azure crates. It drops their request id, which is the same for several
/// attempts.
pub(super) fn sdk_parts(request: &SdkRequest) -> azure_core::Result<Parts<'_>> {
    let method = match request.method() {
        SdkMethod::Delete => Method::DELETE,
        SdkMethod::Get => Method::GET,
        SdkMethod::Head => Method::HEAD,
        SdkMethod::Patch => Method::PATCH,
        SdkMethod::Post => Method::POST,
        SdkMethod::Put => Method::PUT,
        _ => {
            return Err(sdk_error(
                azure_core::error::ErrorKind::Other,
                "this method is not sent".to_owned(),
            ));
        }
    };
    let body = match request.body() {
        Body::Bytes(bytes) => (!bytes.is_empty()).then(|| bytes.clone()),
        _ => {
            return Err(sdk_error(
                azure_core::error::ErrorKind::Other,
                "streams are not sent".to_owned(),
            ));
        }
    };
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| !name.eq_ignore_ascii_case(request_id::HEADER))
        .collect();
    Ok((method, headers, body))
}

/// Converts an outcome for the Azure crates.
pub(super) fn sdk_reply(
    outcome: std::result::Result<Answer, Broken>,
) -> azure_core::Result<AsyncRawResponse> {
    match outcome {
        Ok(answer) => {
            let mut headers = Headers::new();
            for (name, value) in &answer.headers {
                if let Ok(value) = value.to_str() {
                    headers.insert(
                        HeaderName::from(name.as_str().to_owned()),
                        SdkValue::from(value.to_owned()),
                    );
                }
            }
            Ok(AsyncRawResponse::from_bytes(
                answer.status.into(),
                headers,
                answer.body,
            ))
        }
        Err(Broken::NotSent(words) | Broken::Untrusted(words) | Broken::SandboxGone(words)) => {
            Err(sdk_error(azure_core::error::ErrorKind::Connection, words))
        }
        Err(Broken::Lost(words)) => Err(sdk_error(azure_core::error::ErrorKind::Io, words)),
        Err(Broken::Unusable(words)) => Err(sdk_error(
            azure_core::error::ErrorKind::DataConversion,
            words,
        )),
        Err(Broken::Foreign(words)) => Err(sdk_error(azure_core::error::ErrorKind::Other, words)),
    }
}

fn sdk_error(kind: azure_core::error::ErrorKind, words: String) -> azure_core::Error {
    azure_core::Error::with_message(kind, words)
}
