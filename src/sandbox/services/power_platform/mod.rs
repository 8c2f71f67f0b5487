//! Power Platform: its two admin APIs, and Dataverse.

pub(super) mod api;
pub(super) mod bap;
mod changes;
pub(super) mod dataverse;
mod enforcement;
mod environments;
mod errors;
mod filter;
mod managers;
mod operations;
mod queries;
mod shape;
mod view;
