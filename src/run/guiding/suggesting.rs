//! Suggests names for new resources.

use crate::model::environment::Environment;
use crate::model::known::Known;
use crate::run::Context;
use crate::steps::fit;

/// The start of a key's name.
pub(super) const KEY: &str = "cmk";

/// What is known, as the base of suggested names.
pub(super) struct About<'a> {
    pub(super) context: &'a Context,
    pub(super) environment: Option<&'a Environment>,
    /// The location that the policy must have.
    pub(super) location: Known<String>,
}

impl About<'_> {
    /// A name for a new resource: after the environment, or else after its purpose.
    pub(super) fn name(&self, begins: &str, most: usize) -> String {
        let environment = self.environment;
        let after = environment.map_or("", |environment| environment.display_name.as_str());
        match fit::new_name(begins, after, most) {
            // A vault's name must be longer than its prefix.
            bare if bare == begins && begins != KEY => format!("{begins}-{KEY}"),
            name => name,
        }
    }
}
