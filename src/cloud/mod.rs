//! The wire: which hosts exist, how to sign in, what may be repeated, and what each service's
//! answers mean.

pub mod answer;
pub mod arm;
pub mod arm_operations;
pub mod authorization;
pub mod clock;
pub mod cloud_file;
pub mod clouds;
mod clues;
mod creation;
pub mod credential;
pub mod dataverse;
pub mod environments;
mod exchange;
pub mod fault;
mod graph;
pub mod inventory;
pub mod json;
mod judged;
pub mod key_state;
pub mod keyvault;
mod memo;
pub mod notify;
mod obstacle;
pub mod operations;
mod pages;
mod patient;
pub mod power_platform;
mod power_platform_api;
pub mod probe;
mod request_id;
pub mod retry;
mod rotation;
mod sdk;
mod session;
pub mod vaults;
mod versions;
pub mod wire;
mod words;

pub use clock::Clock;
pub use clouds::{Cloud, Service};
pub use fault::Fault;
pub use session::{NAMES, Reader, Session, Writer};
