//! The only reads of a command. What does not depend on each other is read at the same time.

// A third answer is never "everything else".
#![deny(clippy::wildcard_enum_match_arm)]

mod alone;
mod asking;
mod doctor;
mod estate;
mod keys;
mod looking;
mod looks;
mod named;
mod resolve;
mod rights;
mod surroundings;
mod users;
mod wanted;

pub use doctor::examine;
pub use estate::observe_estate;
pub use keys::observe_vault;
pub use looking::Looking;
pub use looks::{
    Look, adding, adding_now, checking, creating, enabling, enabling_now, integrating, naming,
    removing, retiring, rotating, standing, unlocking, unlocking_now,
};
pub use resolve::{environment, resolve, unseen};
pub use wanted::{observe_member, observe_readers, observe_wanted};
