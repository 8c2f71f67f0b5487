//! The tenant: what is there, who may do what, and how time passes. It knows no service, and
//! nobody's request.

pub(in crate::sandbox) mod azure_changes;
pub(in crate::sandbox) mod azure_operations;
pub(in crate::sandbox) mod clock;
mod conditions;
pub(in crate::sandbox) mod deployments;
pub(in crate::sandbox) mod directory;
pub(in crate::sandbox) mod document;
pub(in crate::sandbox) mod earlier;
pub(in crate::sandbox) mod events;
pub(in crate::sandbox) mod governance;
mod governing;
mod groups;
pub(in crate::sandbox) mod happenings;
pub(in crate::sandbox) mod ids;
mod indexing;
pub(in crate::sandbox) mod keys;
pub(in crate::sandbox) mod lifecycle;
pub(in crate::sandbox) mod local_roles;
mod locks;
pub(in crate::sandbox) mod operations;
pub(in crate::sandbox) mod parts;
pub(in crate::sandbox) mod passing;
pub(in crate::sandbox) mod principals;
pub(in crate::sandbox) mod purging;
pub(in crate::sandbox) mod reach;
pub(in crate::sandbox) mod rights;
pub(in crate::sandbox) mod roles;
pub(in crate::sandbox) mod rotating;
pub(in crate::sandbox) mod rotation;
pub(in crate::sandbox) mod scopes;
pub(in crate::sandbox) mod settings;
pub(in crate::sandbox) mod sign_ins;
pub(in crate::sandbox) mod subscriptions;
pub(in crate::sandbox) mod vaults;
pub(in crate::sandbox) mod world;
