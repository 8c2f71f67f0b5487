//! The answer to an HTTP request, or the reason why there is none.

use crate::cloud::{json, request_id};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap};
use std::fmt;
use std::io::Read as _;
use tokio::task::JoinSet;

/// Limit of a decompressed body. A page of a large tenant's environment list is far smaller.
const BODY_LIMIT: usize = 64 << 20;

/// Limit of the buffer that is allocated from `Content-Length`.
const BODY_HINT: usize = 4 << 20;

/// Headers with ids for a support ticket, most useful first.
const IDS: [&str; 4] = [
    "x-ms-correlation-request-id",
    "x-ms-correlation-id",
    "x-ms-request-id",
    "x-ms-service-request-id",
];

/// A complete answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// HTTP headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Bytes,
}

impl Answer {
    /// The value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Is the body an HTML page, for example from a proxy?
    pub fn is_page(&self) -> bool {
        self.body.trim_ascii_start().starts_with(b"<")
    }

    /// The correlation id for Microsoft support.
    pub fn correlation(&self) -> Option<&str> {
        IDS.into_iter().find_map(|name| self.header(name))
    }

    /// The id that cmkctl gave the request. `Wire` adds it to every answer.
    pub fn client_request(&self) -> Option<&str> {
        self.header(request_id::HEADER)
    }

    /// Every id for a support ticket, with its header's name.
    pub fn ids(&self) -> Vec<(String, String)> {
        IDS.into_iter()
            .filter_map(|name| Some((name.to_owned(), self.header(name)?.to_owned())))
            .collect()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// The request was not sent. A retry is safe.
    NotSent(String),
    /// The request was not sent: no trusted authority signed the server's certificate.
    Untrusted(String),
    /// The request was not sent: its sandbox has stopped.
    SandboxGone(String),
    /// The request may have arrived and may have had its effect.
    Lost(String),
    /// The answer is unusable, for example too long. The request may have had its effect.
    Unusable(String),
    /// cmkctl did not send the request, because the host is not in the cloud's table.
    Foreign(String),
}

impl Broken {
    /// The text of the cause.
    pub fn text(&self) -> &str {
        match self {
            Broken::NotSent(text)
            | Broken::Untrusted(text)
            | Broken::SandboxGone(text)
            | Broken::Lost(text)
            | Broken::Unusable(text)
            | Broken::Foreign(text) => text,
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

// The Azure crates carry it as the source of their errors.
impl std::error::Error for Broken {}

/// Sends a request and reads its complete answer.
///
/// Windows asks the certificate's authority within the handshake whether the certificate was
/// revoked, and that blocks a thread for up to 10 seconds. So each request is a task of its own: it
/// then blocks no other request. If the caller stops waiting, the task ends, too.
pub(super) async fn read(request: reqwest::RequestBuilder) -> std::result::Result<Answer, Broken> {
    let mut tasks = JoinSet::new();
    tasks.spawn(whole(request));
    match tasks.join_next().await {
        Some(Ok(answer)) => answer,
        Some(Err(stopped)) => match stopped.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Broken::Lost("the request was stopped".to_owned())),
        },
        None => Err(Broken::NotSent("the request was not started".to_owned())),
    }
}

async fn whole(request: reqwest::RequestBuilder) -> std::result::Result<Answer, Broken> {
    let mut response = request.send().await.map_err(|error| {
        let cause = top_line(&error);
        // rustls starts every certificate error with these words.
        if error.is_connect() && cause.starts_with("invalid peer certificate") {
            Broken::Untrusted(cause)
        } else if error.is_connect() || error.is_builder() {
            Broken::NotSent(cause)
        } else {
            Broken::Lost(top_line(&error))
        }
    })?;
    let (status, mut headers) = (response.status().as_u16(), response.headers().clone());
    // `Content-Length` may be wrong, so it only sizes the first buffer.
    let hint = response
        .content_length()
        .and_then(|length| usize::try_from(length).ok())
        .unwrap_or(0);
    let mut body = Vec::with_capacity(hint.min(BODY_HINT));
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| Broken::Lost(top_line(&error)))?
    {
        if body.len() + chunk.len() > BODY_LIMIT {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    if is_gzip(&headers) && !body.is_empty() {
        body = decompressed(&body)?;
        headers.remove(CONTENT_ENCODING);
        headers.remove(CONTENT_LENGTH);
    }
    Ok(Answer {
        status,
        headers,
        body: json::readable(body.into()),
    })
}

fn is_gzip(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_ENCODING).is_some_and(|coding| {
        [b"gzip".as_slice(), b"x-gzip"]
            .iter()
            .any(|name| coding.as_bytes().eq_ignore_ascii_case(name))
    })
}

/// Decompresses every gzip member of the body (RFC 1952, 2.2). Gateways send a long answer in
/// several members, and reqwest stops after the first.
fn decompressed(body: &[u8]) -> std::result::Result<Vec<u8>, Broken> {
    let mut whole = Vec::new();
    let read = MultiGzDecoder::new(body)
        .take(BODY_LIMIT as u64 + 1)
        .read_to_end(&mut whole);
    match read {
        Ok(length) if length > BODY_LIMIT => Err(too_large()),
        Ok(_) => Ok(whole),
        Err(error) => Err(Broken::Lost(format!(
            "the answer's gzip data is not complete: {error}"
        ))),
    }
}

fn too_large() -> Broken {
    Broken::Unusable(format!(
        "the answer is larger than {} MiB",
        BODY_LIMIT >> 20
    ))
}

/// The innermost cause in one line. The outer texts of reqwest repeat the URL and each other.
pub fn top_line(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost
        .to_string()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write as _;

    fn member(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_member_is_read() {
        let both = [member("{\"value\":"), member("[]}")].concat();
        assert_eq!(decompressed(&both), Ok(b"{\"value\":[]}".to_vec()));
        let cut = both.get(..both.len() - 3).unwrap();
        assert!(matches!(decompressed(cut), Err(Broken::Lost(_))));
        assert!(matches!(decompressed(b"{}"), Err(Broken::Lost(_))));
    }
}
