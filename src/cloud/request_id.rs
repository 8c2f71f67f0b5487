//! The request id `x-ms-client-request-id`, as the guidelines for Microsoft's REST services
//! describe it. Microsoft support finds a request by this id even without an answer.
//!
//! Each attempt has a new id, because an audit line or an error must name exactly one request.
//! (Microsoft's SDKs keep the id over retries, which they hide from their callers. cmkctl writes
//! down every attempt of a change.) The id is random (UUID version 4), so it reveals nothing about
//! this machine.

use crate::model::change_id::ChangeId;
use uuid::Uuid;

/// The header's name.
pub(super) const HEADER: &str = "x-ms-client-request-id";

/// The name that every request is sent under: with the change ticket, the logs of the services tell
/// it.
pub(super) fn agent(change: Option<&ChangeId>) -> String {
    let change = change.map(|change| format!(" change/{change}"));
    concat!("cmkctl/", env!("CARGO_PKG_VERSION")).to_owned() + &change.unwrap_or_default()
}

/// An id for one attempt: lower case, with hyphens.
pub(super) fn fresh() -> String {
    Uuid::new_v4().hyphenated().to_string()
}
