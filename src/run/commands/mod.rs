//! The commands that change something: a value each, in a file each.

mod add_environment;
mod command;
mod create_policy;
mod enable;
mod remove_environment;
mod retire_key;
mod rotate_key;
mod swap_policy;
mod unlock;

pub use add_environment::ADD_ENVIRONMENT;
pub use command::Command;
pub(super) use command::{Ended, protected};
pub use create_policy::CREATE_POLICY;
pub use enable::ENABLE;
pub use remove_environment::REMOVE_ENVIRONMENT;
pub use retire_key::RETIRE_KEY;
pub use rotate_key::ROTATE_KEY;
pub use swap_policy::SWAP_POLICY;
pub use unlock::UNLOCK;
