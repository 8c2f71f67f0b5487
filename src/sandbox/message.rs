//! The messages of a service: a complete request, and its answer.

use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::HashMap;

/// A complete request.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) host: String,
    /// Percent-decoded segments, without the empty ones of doubled and trailing slashes.
    pub(super) path: Vec<String>,
    pub(super) raw_path: String,
    pub(super) query: HashMap<String, String>,
    pub(super) bearer: Option<String>,
    pub(super) content_type: String,
    /// `x-ms-client-request-id` (empty if missing), and whether the client wants it back.
    pub(super) client_request: (String, bool),
    pub(super) body: Bytes,
}

impl Request {
    /// The path's segments in lower case.
    pub(super) fn route(&self) -> Vec<String> {
        self.path
            .iter()
            .map(|segment| segment.to_ascii_lowercase())
            .collect()
    }

    /// The body as JSON; `null` if it is not JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The request's URL, with its parameters in any order.
    pub(super) fn url(&self) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.query)
            .finish();
        format!("https://{}{}?{query}", self.host, self.raw_path)
    }

    pub(super) fn query(&self, name: &str) -> &str {
        self.query
            .get(&name.to_ascii_lowercase())
            .map_or("", String::as_str)
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::bytes(status, body.to_string().into_bytes())
    }

    /// An answer with this JSON text.
    pub(super) fn bytes(status: u16, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json; charset=utf-8".to_owned())],
            body,
        }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// An error in its documented shape.
    pub(super) fn error(status: u16, code: &str, message: impl AsRef<str>) -> Self {
        Self::json(
            status,
            &json!({
                "error": { "code": code, "message": message.as_ref() },
            }),
        )
    }

    pub(super) fn html(status: u16, text: &str) -> Self {
        let body =
            format!("<html><head><title>{text}</title></head><body><h1>{text}</h1></body></html>");
        Self {
            status,
            headers: vec![("content-type", "text/html".to_owned())],
            body: body.into_bytes(),
        }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
