//! The only reads of a command. Independent reads run at the same time.

// Every match names each case, also those for unknown facts.
#![deny(clippy::wildcard_enum_match_arm)]

mod alone;
mod choices;
mod doctor;
mod estate;
mod found;
mod histories;
mod key_logs;
mod keys;
mod listed;
mod looking;
mod looks;
mod making;
mod named;
mod places;
mod preconditions;
mod purpose;
mod reads;
mod resolve;
mod rights;
mod users;
mod visible;
mod wanted;

pub use choices::{Candidate, Shown, candidates, environments_shown, locations, policies};
pub use doctor::examine;
pub use estate::{Policies, observe_estate};
pub use found::{policy_named, principal_named, subscription_named, vault_if_there, vault_named};
pub use histories::histories;
pub use keys::observe_vault;
pub use listed::{environments_listed, keys_listed, subscriptions_listed};
pub use looking::Looking;
pub use looks::{
    Look, adding, adding_now, checking, creating, creating_key, enabling, enabling_now,
    integrating, naming, removing, retiring, rotating, rotating_itself, standing, unlocking,
    unlocking_now,
};
pub use places::{groups, key_names, may, regions, subscriptions_shown, taken, vaults};
pub use purpose::{integrated, keyed, with_backups};
pub use resolve::{environment, resolve, unseen};
pub use visible::{Visible, visible_policies, visible_vaults};
pub use wanted::{observe_member, observe_readers, observe_wanted};
