//! The parts of an audit line: the sender, the request and its outcome.

use serde::Serialize;
use serde_json::Value;

/// The signed-in identity, read from the access token. A field is `None` if the token lacks the
/// claim.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Who {
    /// Object id (`oid`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
    /// User principal name, or application id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Tenant id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

/// A request that cmkctl is about to send.
#[derive(Debug)]
pub struct Intent<'a> {
    /// The identity that sends it.
    pub who: Who,
    /// HTTP method.
    pub method: &'a str,
    /// The request's address.
    pub url: &'a str,
    /// `x-ms-client-request-id` of this attempt.
    pub client_request: &'a str,
    /// The request body. Sign-in requests are not audited, and no change carries a secret.
    pub body: Value,
}

impl Intent<'_> {
    /// Keeps what a later `ended` line needs. `id` is the id of the intent.
    pub fn entry(&self, id: String) -> Entry {
        Entry {
            id,
            who: self.who.clone(),
            method: self.method.to_owned(),
            url: self.url.to_owned(),
            client_request: self.client_request.to_owned(),
        }
    }
}

/// A change that is in the log, to which the end of its operation can be added.
#[derive(Debug)]
pub struct Entry {
    pub(super) id: String,
    pub(super) who: Who,
    pub(super) method: String,
    pub(super) url: String,
    pub(super) client_request: String,
}

/// The end of a long-running operation that a change started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct End {
    /// The operation's final state as the service calls it, such as `Succeeded` or `Failed`.
    pub state: String,
    /// The service's error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The service's error message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The outcome of a request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestOutcome {
    /// The service answered with this HTTP status.
    Status(u16),
    /// The request was not sent, so it had no effect. Holds the reason.
    NotSent(String),
    /// No readable answer came, so the request may have had its effect. Holds the reason.
    Unknown(String),
}
