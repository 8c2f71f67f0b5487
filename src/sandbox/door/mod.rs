//! The door of the sandbox: connections, scripted trouble, and the ledger.

mod control;
pub(in crate::sandbox) mod http;
pub(in crate::sandbox) mod ledger;
mod mischief;
mod play;
mod poorer;
pub(in crate::sandbox) mod shared;
pub(in crate::sandbox) mod tls;
pub(in crate::sandbox) mod trouble;
mod visitor;
mod wire;
