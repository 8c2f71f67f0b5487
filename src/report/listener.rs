//! Who gets the news of environments while a command runs.

use crate::model::receipt::News;
use std::fmt;

/// Takes the news of environments while a command runs.
pub(super) struct Listener(pub(super) Box<dyn FnMut(&News)>);

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}
