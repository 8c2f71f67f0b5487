//! Whether this machine has an identity of its own.

use crate::error::{Error, Kind};
use std::time::Duration;

/// Does the metadata service of a virtual machine answer? Asking it for a token elsewhere would
/// take minutes to fail.
pub(super) async fn probe(explicit: bool) -> bool {
    let limit = Duration::from_millis(if explicit { 2000 } else { 400 });
    let connected =
        tokio::time::timeout(limit, tokio::net::TcpStream::connect("169.254.169.254:80")).await;
    matches!(connected, Ok(Ok(_)))
}

/// What is said of a machine without one.
pub(super) fn no_identity() -> Error {
    let what = "This machine has no managed identity: its metadata service does not answer.";
    Error::new(Kind::SignIn, what)
}
