//! The only reads of a command. What does not depend on each other is read at the same time.

mod asking;
mod doctor;
mod estate;
mod keys;
mod named;
mod resolve;
mod rights;
mod snapshot;
mod surroundings;
mod users;
mod wanted;
mod wants;

pub use doctor::examine;
pub use estate::observe_estate;
pub use keys::observe_vault;
pub use resolve::resolve;
pub use snapshot::{environment, observe, unseen};
pub use wanted::{observe_member, observe_readers, observe_wanted};
pub use wants::Wants;
