//! The request id `x-ms-client-request-id`, as the guidelines for Microsoft's REST services
//! describe it. Microsoft support finds a request by this id even without an answer.
//!
//! Each attempt has a new id, because an audit line or an error must name exactly one request.
//! (Microsoft's SDKs keep the id over retries, which they hide from their callers. cmkctl writes
//! down every attempt of a change.) The id is random (UUID version 4), so it reveals nothing about
//! this machine.

use uuid::Uuid;

/// The header's name.
pub(super) const HEADER: &str = "x-ms-client-request-id";

/// A new id in lower case, with hyphens.
pub(super) fn fresh() -> String {
    Uuid::new_v4().hyphenated().to_string()
}
