//! Does this principal have this right? One judge for "may use the key" and "may read the policy",
//! over the assignments, definitions and denials that were read.
//!
//! Assignments add up, a deny assignment takes away, and an unknown fact is neither yes nor no
//! (Microsoft Learn, *How Azure RBAC determines if a user has access to a resource*).

mod denied;
mod judge;
pub mod key;
mod query;

pub use judge::{denial_in_doubt, effective, judge, may_come_by_group, open_roles, source};
pub use query::{About, Doubt, Need, Right, RightsQuery, key_scope, management_group};
