//! Converts requests and answers of the Azure crates, so that these crates also send through
//! [`Wire`].

use crate::cloud::answer::{Answer, Broken};
use crate::cloud::request_id;
use crate::cloud::wire::Wire;
use azure_core::error::ErrorKind;
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
                ErrorKind::Other,
                "cmkctl does not send this HTTP method".to_owned(),
            ));
        }
    };
    let body = match request.body() {
        Body::Bytes(bytes) => (!bytes.is_empty()).then(|| bytes.clone()),
        _ => {
            return Err(sdk_error(
                ErrorKind::Other,
                "cmkctl does not send streams".to_owned(),
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
        Err(broken) => Err(sdk_broken(broken)),
    }
}

/// The failure as an error of the Azure crates, with itself as the source for [`broken_of`].
pub(super) fn sdk_broken(broken: Broken) -> azure_core::Error {
    let kind = match broken {
        Broken::NotSent(_) | Broken::Untrusted(_) | Broken::SandboxGone(_) => ErrorKind::Connection,
        Broken::Lost(_) => ErrorKind::Io,
        Broken::Unusable(_) => ErrorKind::DataConversion,
        Broken::Foreign(_) => ErrorKind::Other,
    };
    azure_core::Error::new(kind, broken)
}

/// cmkctl's own failure in an error of the Azure crates. The kinds of these crates say less, and
/// the crates use them for their own refusals too.
pub(super) fn broken_of(error: &azure_core::Error) -> Option<&Broken> {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if let Some(broken) = inner.downcast_ref() {
            return Some(broken);
        }
        source = inner.source();
    }
    None
}

fn sdk_error(kind: ErrorKind, message: String) -> azure_core::Error {
    azure_core::Error::with_message(kind, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_our_own_is_found_in_an_error_of_the_crates() {
        let cause = || "x".to_owned();
        for broken in [
            Broken::NotSent(cause()),
            Broken::Untrusted(cause()),
            Broken::SandboxGone(cause()),
            Broken::Lost(cause()),
            Broken::Unusable(cause()),
            Broken::Foreign(cause()),
        ] {
            let error = sdk_broken(broken.clone());
            assert_eq!(error.to_string(), "x");
            let error = error.with_context("one").with_context("two");
            assert_eq!(broken_of(&error), Some(&broken));
        }
        assert_eq!(broken_of(&sdk_error(ErrorKind::Other, cause())), None);
    }
}
