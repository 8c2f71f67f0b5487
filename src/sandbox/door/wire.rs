//! Converts between HTTP and messages: reads a whole request, and writes an answer, whole or cut.

use crate::message::{Reply, Request};
use bytes::Bytes;
use futures::StreamExt;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use std::convert::Infallible;
use std::pin::Pin;

/// The header that names the host of a request over plain http. Without it, the request is for the
/// sandbox itself.
pub(super) const PLAYED: &str = "x-cmkctl-host";

pub(super) type Body = http_body_util::combinators::BoxBody<Bytes, std::io::Error>;

/// The connection is closed without an answer.
#[derive(Debug)]
pub(super) struct Reset;

impl std::fmt::Display for Reset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("reset on purpose")
    }
}

impl std::error::Error for Reset {}

pub(super) async fn read(request: hyper::Request<Incoming>) -> Option<Request> {
    let (parts, body) = request.into_parts();
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let forwarded = header(PLAYED);
    let host = if forwarded.is_empty() {
        header("host")
    } else {
        forwarded
    };
    let raw_path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default();
    Some(Request {
        method: parts.method.to_string(),
        host: host.to_ascii_lowercase(),
        path: raw_path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(decode)
            .collect(),
        query: url::form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.into_owned()))
            .collect(),
        raw_path,
        bearer: header("authorization")
            .strip_prefix("Bearer ")
            .map(str::to_owned),
        content_type: header("content-type").to_ascii_lowercase(),
        client_request: (
            header("x-ms-client-request-id"),
            header("x-ms-return-client-request-id").eq_ignore_ascii_case("true"),
        ),
        body: body.collect().await.ok()?.to_bytes(),
    })
}

fn decode(segment: &str) -> String {
    // A plus sign in a path is not a blank.
    let escaped = format!("x={}", segment.replace('+', "%2B"));
    url::form_urlencoded::parse(escaped.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

pub(super) fn whole(mut reply: Reply) -> Result<hyper::Response<Body>, Reset> {
    let bytes = std::mem::take(&mut reply.body);
    let length = bytes.len();
    let body =
        http_body_util::Full::new(Bytes::from(bytes)).map_err(|never: Infallible| match never {});
    build(&reply, length, body.boxed())
}

/// Announces the whole body, sends half of it, and closes the connection.
pub(super) fn cut(reply: Reply) -> Result<hyper::Response<Body>, Reset> {
    let half = Bytes::copy_from_slice(reply.body.get(..reply.body.len() / 2).unwrap_or_default());
    let length = reply.body.len().max(2);
    // Ends after a yield. An immediate end would overtake the half, and nothing would be sent.
    let end = async {
        tokio::task::yield_now().await;
        Err(std::io::Error::other("cut on purpose"))
    };
    let frames = futures::stream::iter([Ok(Frame::data(half))]).chain(futures::stream::once(end));
    let body: Pin<Box<_>> = Box::pin(StreamBody::new(frames));
    build(&reply, length, BodyExt::boxed(body))
}

fn build(reply: &Reply, length: usize, body: Body) -> Result<hyper::Response<Body>, Reset> {
    let mut response = hyper::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    if reply.status != 204 {
        response = response.header("content-length", length);
    }
    response.body(body).map_err(|_| Reset)
}
