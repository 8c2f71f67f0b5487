//! Scenarios: a base tenant and patches over it, all as JSON.

mod building;
mod checks;
mod generate;
mod granting;
mod pointing;
mod rights;
pub(crate) mod rules;
mod setup;

use crate::tenant::world::World;
use rights::RightsSetup;
use serde::Deserialize;
use serde_json::Value;
use setup::Setup;

const BASE: &str = include_str!("../scenarios/base.json");

/// Names of the built-in scenarios, with their patches over the base tenant.
const BUILT_IN: [(&str, &str); 13] = [
    ("ready", include_str!("../scenarios/ready.json")),
    ("fresh", include_str!("../scenarios/fresh.json")),
    ("empty", include_str!("../scenarios/empty.json")),
    (
        "access-policy-vault",
        include_str!("../scenarios/access-policy-vault.json"),
    ),
    ("managed-hsm", include_str!("../scenarios/managed-hsm.json")),
    (
        "not-integrated",
        include_str!("../scenarios/not-integrated.json"),
    ),
    ("messy", include_str!("../scenarios/messy.json")),
    ("expiring", include_str!("../scenarios/expiring.json")),
    ("locked", include_str!("../scenarios/locked.json")),
    ("estate", include_str!("../scenarios/estate.json")),
    (
        "inherited-grants",
        include_str!("../scenarios/inherited-grants.json"),
    ),
    (
        "many-subscriptions",
        include_str!("../scenarios/many-subscriptions.json"),
    ),
    ("paged", include_str!("../scenarios/paged.json")),
];

/// The content of a sandbox at its start.
#[derive(Debug, Clone)]
pub struct Scenario {
    setup: Setup,
    rights: RightsSetup,
    faults: Vec<rules::Rule>,
}

impl Scenario {
    /// The names of the built-in scenarios.
    pub fn names() -> Vec<&'static str> {
        BUILT_IN.iter().map(|(name, _)| *name).collect()
    }

    /// A built-in scenario.
    pub fn built_in(name: &str) -> Option<Self> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Self::parse(text).ok()
    }

    /// Reads a scenario from JSON: a merge patch (RFC 7396) over the base tenant, and `faults`.
    ///
    /// # Errors
    /// The text is not JSON, has a wrong type, or names something that no tenant has. The error
    /// says where.
    pub fn parse(text: &str) -> Result<Self, String> {
        let base: Value = serde_json::from_str(BASE).map_err(|error| error.to_string())?;
        let patch: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if !patch.is_object() {
            return Err("it is not a JSON object".to_owned());
        }
        let read = |patch: &Value| {
            let mut whole = base.clone();
            merge(&mut whole, patch);
            Self::read(whole)
        };
        let scenario = read(&patch).map_err(|error| {
            let at = pointing::culprit(&patch, &error, |less| read(less).map(drop));
            let error = pointing::in_words(&error);
            at.map_or_else(|| error.clone(), |at| format!("`{at}`: {error}"))
        })?;
        scenario.setup.check()?;
        scenario.rights.check(&scenario.setup)?;
        checks::check(&scenario.setup, &scenario.rights)?;
        Ok(scenario)
    }

    /// Reads a whole scenario, without checking it.
    fn read(mut whole: Value) -> Result<Self, String> {
        let faults = whole
            .as_object_mut()
            .and_then(|map| map.shift_remove("faults"))
            .unwrap_or_else(|| Value::Array(Vec::new()));
        let rights = RightsSetup::take(&mut whole)?;
        let setup = Setup::deserialize(&whole).map_err(|error| error.to_string())?;
        Ok(Self {
            setup,
            rights,
            faults: rules::parse(&faults)?,
        })
    }

    /// Its purpose in one sentence.
    pub fn summary(&self) -> &str {
        &self.setup.summary
    }

    /// The tenant of this scenario at its start.
    pub(crate) fn world(&self, speed: f64) -> World {
        building::world(&self.setup, &self.rights, speed)
    }

    pub(crate) fn faults(&self) -> Vec<rules::Rule> {
        self.faults.clone()
    }
}

/// Applies a merge patch (RFC 7396).
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(target) = target {
        for (name, value) in patch {
            if value.is_null() {
                target.shift_remove(name);
            } else {
                merge(target.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_scenario_is_whole() {
        for name in Scenario::names() {
            let scenario = Scenario::built_in(name)
                .unwrap_or_else(|| panic!("{name}: {:?}", Scenario::parse(BUILT_IN[0].1)));
            assert!(scenario.summary().ends_with('.'), "{name}");
        }
        assert_eq!(Scenario::names().len(), BUILT_IN.len());
    }

    #[test]
    fn a_wrong_scenario_says_why() {
        for (text, why) in [
            ("", "EOF"),
            ("[]", "not a JSON object"),
            (r#"{"colour": 1}"#, "unknown field `colour`"),
            (r#"{"target": {"environment": "nowhere"}}"#, "nowhere"),
            (r#"{"faults": [{"do": "explode"}]}"#, "explode"),
            (
                r#"{"faults": [{"do": "silence", "seconds": -1}]}"#,
                "-1 seconds",
            ),
            (r#"{"epoch": "9999-12-01T00:00:00Z"}"#, "two centuries"),
            (r#"{"settings": {"link_seconds": 1e300}}"#, "hundred years"),
            (
                r#"{"vaults": {"kv-contoso-cmk":
                    {"keys": {"cmk-contoso": {"expires_in_days": 9223372036854775807}}}}}"#,
                "hundred years",
            ),
            (
                r#"{"policies": {"p": {"vault": "v", "key": "k", "location": "l",
                    "granted_seconds_ago": 379477461602}}}"#,
                "hundred years",
            ),
            (
                r#"{"history": [{"environment": "uat", "kind": "x", "days_ago": -1e9}]}"#,
                "hundred years",
            ),
        ] {
            let error = Scenario::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
