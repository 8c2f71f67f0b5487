//! Power Platform: its two admin APIs, and Dataverse.

pub(super) mod api;
pub(super) mod bap;
mod changes;
pub(super) mod dataverse;
mod enforcement;
mod errors;
mod managers;
mod operations;
mod view;
