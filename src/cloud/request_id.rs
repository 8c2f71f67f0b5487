//! The id that cmkctl gives to each request (`x-ms-client-request-id`), as the guidelines for
//! Microsoft's REST services describe it. Support finds a request by it even where no answer came.
//!
//! Each attempt has an id of its own. A request that is sent again is another one for the service,
//! and an audit line or an error must name the one it tells of. (Microsoft's SDKs keep an id over
//! repetitions, which they hide from their callers. Nothing is hidden here: every attempt of a
//! change is written down.) It is random (UUID version 4), and so says nothing of this machine.

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
