//! What an irreversible action stands on, as a short name that is the same on every machine.

use serde::{Deserialize, Serialize};

/// Facts in canonical form, in a fixed order: what each is about, and what it is.
pub type Facts = Vec<(&'static str, String)>;

/// What a fact is that the service refuses to the caller.
pub const HIDDEN: &str = "hidden";

/// The name of the facts that allow an action. Only the evidence in `steps` makes one, and only
/// where its facts allow the action; a file may bring one along, to be compared with another.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint {
    name: String,
    /// The facts themselves; a file does not carry them.
    #[serde(skip)]
    facts: Facts,
}

/// Two are equal when they name the same facts.
impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Fingerprint {
    /// The name of these facts; `kind`: of which evidence they are. The house test keeps this to
    /// `steps/evidence`.
    pub(crate) fn of_facts(kind: &str, facts: Facts) -> Self {
        let text = serde_json::to_vec(&(kind, &facts)).unwrap_or_default();
        let name = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, &text);
        Self {
            name: name.hyphenated().to_string(),
            facts,
        }
    }

    /// Of no facts at all: what a file has that was written before there was evidence. It allows
    /// nothing, and differs from every other one.
    pub fn is_empty(&self) -> bool {
        self.name.is_empty()
    }

    /// Is all that differs hidden now? Then nothing is known to have changed.
    pub fn hides(&self, now: &Self) -> bool {
        let mut other = now.facts.iter().filter(|fact| !self.facts.contains(fact));
        other.all(|(_, value)| value == HIDDEN)
    }

    /// What differs, fact by fact: `the key, was: … / is: …`. A fact that was hidden and is told
    /// now is no difference: the new evidence has judged it.
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
        // A file brings the name alone.
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
