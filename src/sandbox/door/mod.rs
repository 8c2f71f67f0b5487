//! The door of the sandbox: connections, scripted trouble, and the ledger.

mod control;
pub(crate) mod http;
pub(crate) mod ledger;
mod mischief;
mod play;
mod poorer;
pub(crate) mod shared;
pub(crate) mod tls;
pub(crate) mod trouble;
mod visitor;
mod wire;
