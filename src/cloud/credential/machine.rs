//! Checks for a managed identity of this machine.

use crate::error::{Error, Kind};
use std::time::Duration;

/// Does the metadata service of a virtual machine answer? Without this check, a token request on
/// another machine takes minutes to fail.
pub(super) async fn probe(explicit: bool) -> bool {
    let limit = Duration::from_millis(if explicit { 2000 } else { 400 });
    let connected =
        tokio::time::timeout(limit, tokio::net::TcpStream::connect("169.254.169.254:80")).await;
    matches!(connected, Ok(Ok(_)))
}

/// The error for a machine without a managed identity.
pub(super) fn no_identity() -> Error {
    let what = "This machine has no managed identity: its metadata service does not answer.";
    Error::new(Kind::SignIn, what)
}
