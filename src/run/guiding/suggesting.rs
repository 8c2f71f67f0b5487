//! What is suggested for something new.

use crate::model::environment::Environment;
use crate::model::known::Known;
use crate::run::Context;
use crate::steps::fit;

/// How a key's name begins.
pub(super) const KEY: &str = "cmk";

/// What is known, and what something new is called after.
pub(super) struct About<'a> {
    pub(super) context: &'a Context,
    pub(super) environment: Option<&'a Environment>,
    /// Where the policy must be.
    pub(super) location: Known<String>,
}

impl About<'_> {
    /// A name for something new: after the environment, or else after what it is for.
    pub(super) fn name(&self, begins: &str, most: usize) -> String {
        let environment = self.environment;
        let after = environment.map_or("", |environment| environment.display_name.as_str());
        match fit::new_name(begins, after, most) {
            // A vault needs more of a name than how it begins.
            bare if bare == begins && begins != KEY => format!("{begins}-{KEY}"),
            name => name,
        }
    }
}
