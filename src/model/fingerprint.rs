//! The facts behind an irreversible action, as a short name that is the same on every machine.

use serde::{Deserialize, Serialize};

/// Facts in canonical form and fixed order: (what the fact is about, its value).
pub type Facts = Vec<(&'static str, String)>;

/// The value of a fact that the service refuses to the caller.
pub const HIDDEN: &str = "hidden";

/// The name of the facts that allow an action. Only the evidence in `steps` makes one, and only if
/// its facts allow the action. A saved plan may contain one, which cmkctl only compares.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint {
    name: String,
    /// The facts themselves; a saved plan does not contain them.
    #[serde(skip)]
    facts: Facts,
}

/// Two fingerprints are equal if their facts have the same name.
impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Fingerprint {
    /// The name of these facts. `kind`: the kind of evidence. The house test allows calls only in
    /// `steps/evidence`.
    pub(crate) fn of_facts(kind: &str, facts: Facts) -> Self {
        let text = serde_json::to_vec(&(kind, &facts)).unwrap_or_default();
        let name = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, &text);
        Self {
            name: name.hyphenated().to_string(),
            facts,
        }
    }

    /// Is there no evidence? This is the case in plans from versions of cmkctl without evidence. An
    /// empty fingerprint allows nothing, and differs from every other fingerprint.
    pub fn is_empty(&self) -> bool {
        self.name.is_empty()
    }

    /// Are all changed facts hidden now? Then no change is known.
    pub fn hides(&self, now: &Self) -> bool {
        let mut other = now.facts.iter().filter(|fact| !self.facts.contains(fact));
        other.all(|(_, value)| value == HIDDEN)
    }

    /// The changed facts: `the key, was: … / is: …`. A hidden fact that is visible now is not a
    /// difference, because the new evidence has judged the fact.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        if self == now {
            return Vec::new();
        }
        let value = |facts: &Facts, what: &str| {
            let found = facts.iter().find(|(name, _)| *name == what);
            found.map_or("not known".to_owned(), |(_, value)| value.clone())
        };
        let line = |(what, is): &(&'static str, String)| {
            let was = value(&self.facts, what);
            (was != *is && was != HIDDEN).then(|| format!("{what}, was: {was} / is: {is}"))
        };
        if self.facts.is_empty() {
            let name = if self.is_empty() { "none" } else { &self.name };
            return vec![format!("the evidence, was: {name} / is: {}", now.name)];
        }
        now.facts.iter().filter_map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_that_of_the_facts_and_differences_are_named() {
        let of = |key: &str| {
            Fingerprint::of_facts(
                "link",
                vec![("the environment", "e".into()), ("the key", key.into())],
            )
        };
        assert_eq!(of("a"), of("a"));
        assert_ne!(of("a"), of("b"));
        assert_ne!(of("a"), Fingerprint::of_facts("swap", of("a").facts));
        assert!(of("a").differences(&of("a")).is_empty());
        assert_eq!(of("a").differences(&of("b")), ["the key, was: a / is: b"]);
        assert!(of(HIDDEN).differences(&of("b")).is_empty());
        assert_eq!(
            of("a").differences(&of(HIDDEN)),
            ["the key, was: a / is: hidden"]
        );
        assert!(of("a").hides(&of(HIDDEN)) && !of("a").hides(&of("b")));
        // A file contains only the name.
        let text = serde_json::to_string(&of("a")).unwrap();
        let saved: Fingerprint = serde_json::from_str(&text).unwrap();
        assert_eq!(saved, of("a"));
        let told = saved.differences(&of("b"));
        assert!(told[0].starts_with("the evidence, was: "), "{told:?}");
        let older = Fingerprint::default();
        assert!(older.is_empty() && !of("a").is_empty());
        assert!(older.differences(&of("a"))[0].starts_with("the evidence, was: none / is: "));
    }
}
