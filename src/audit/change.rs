//! What the audit trail is told of a change: who sends it, what is sent, what came of it.

use serde::Serialize;
use serde_json::Value;

/// Who signed in, as far as the token says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Who {
    /// Object id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
    /// User principal name, or application id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Tenant id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

/// A request that is about to be sent.
#[derive(Debug)]
pub struct Intent<'a> {
    /// Who sends it.
    pub who: Who,
    /// HTTP method.
    pub method: &'a str,
    /// Where to.
    pub url: &'a str,
    /// `x-ms-client-request-id` of this attempt.
    pub client_request: &'a str,
    /// The body. Sign-in never passes here, and no change carries a secret.
    pub body: Value,
}

impl Intent<'_> {
    /// Its place in the log, for what comes after its outcome.
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

/// A change in the log, which can be continued.
#[derive(Debug)]
pub struct Entry {
    pub(super) id: String,
    pub(super) who: Who,
    pub(super) method: String,
    pub(super) url: String,
    pub(super) client_request: String,
}

/// How the operation ended that a change was accepted as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct End {
    /// The service's word, such as `Succeeded` or `Failed`.
    pub state: String,
    /// The service's error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The service's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Came {
    /// An answer with this HTTP status.
    Status(u16),
    /// No answer, and certainly no effect.
    NotSent(String),
    /// No answer that can be read: it may have had its effect.
    Unknown(String),
}
