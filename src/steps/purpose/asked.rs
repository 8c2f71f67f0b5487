//! The question of `check --for`.

use crate::model::alike::Alike;
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::ids::ArmId;
use crate::model::observed::Observed;
use crate::model::purpose::Purpose;
use crate::model::seen::Seen;
use crate::model::target::Target;
use crate::steps::link::no_environment;

/// An environment of the question.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The name or id as typed.
    pub typed: &'a str,
    /// What was read of it.
    pub observed: &'a Observed,
}

/// The question.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What is to be done.
    pub purpose: Purpose,
    /// The environment that is copied, restored, reset, deleted or moved.
    pub source: Place<'a>,
    /// The environment that gets overwritten, if it is another one.
    pub onto: Option<Place<'a>>,
}

impl<'a> Place<'a> {
    /// The environment, or the finding that it was not read.
    pub(super) fn environment(self) -> Result<&'a Environment, Finding> {
        match &self.observed.environment {
            Seen::Present(environment) => Ok(environment),
            unread @ (Seen::Absent | Seen::Unreadable(_)) => {
                let target = Target {
                    environment: Some(self.typed.to_owned()),
                    ..Target::default()
                };
                Err(no_environment(&target, unread))
            }
        }
    }

    /// Its linked policy, or the finding that it was not read.
    fn policy(self) -> Result<Option<&'a ArmId>, Finding> {
        self.environment().map(Environment::policy)
    }

    /// Its name and id, as far as they are known.
    fn named(self) -> (&'a str, &'a str) {
        match &self.observed.environment {
            Seen::Present(environment) => (&environment.display_name, &environment.id),
            Seen::Absent | Seen::Unreadable(_) => (self.typed, self.typed),
        }
    }
}

impl Asked<'_> {
    /// What is to be done, with the names, after "you can".
    pub(super) fn what(&self) -> String {
        let (name, id) = self.source.named();
        let onto = self.onto.map(Place::named);
        let alike = Alike::among(
            [Some(name), onto.map(|(name, _)| name)]
                .into_iter()
                .flatten(),
        );
        let source = format!("`{}`", alike.told_apart(name, id));
        let onto = onto.map_or("the environment itself".to_owned(), |(name, id)| {
            format!("`{}`", alike.told_apart(name, id))
        });
        match self.purpose {
            Purpose::Copy => format!("copy {source} onto {onto}"),
            Purpose::Restore => format!("restore a backup of {source} onto {onto}"),
            Purpose::Reset => format!("reset {source}"),
            Purpose::Delete => format!("delete {source}"),
            Purpose::MoveFromLcs => {
                format!("move {source} from Lifecycle Services to the admin center")
            }
        }
    }

    /// The keys of both environments, if both were read, as a sentence.
    pub(super) fn keys(&self) -> Option<String> {
        let source = self.source.policy().ok()?;
        Some(
            match (source, self.onto.map(Place::policy).transpose().ok()?) {
                (Some(policy), None) => {
                    format!("The environment has the policy `{}`.", policy.name)
                }
                (None, None) => "The environment has no customer-managed key.".to_owned(),
                (None, Some(None)) => "Neither environment has a customer-managed key.".to_owned(),
                (Some(policy), Some(Some(other))) if policy == other => {
                    format!("Both environments have the policy `{}`.", policy.name)
                }
                (Some(_), Some(_)) | (None, Some(Some(_))) => return None,
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::samples::{codes, hidden, linked, on, well};

    #[test]
    fn names_that_look_alike_are_told_apart() {
        let (_, source) = well();
        let (_, mut onto) = well();
        let told = |onto: &Observed| {
            let place = |typed, observed| Place { typed, observed };
            Asked {
                purpose: Purpose::Copy,
                source: place("from", &source),
                onto: Some(place("to", onto)),
            }
            .what()
        };
        on(&mut onto.environment, |it| it.id = "f".to_owned());
        assert_eq!(told(&onto), "copy `E (e)` onto `E (f)`");
        on(&mut onto.environment, |it| it.display_name = "F".to_owned());
        assert_eq!(told(&onto), "copy `E` onto `F`");
        onto.environment = hidden();
        assert_eq!(told(&onto), "copy `E` onto `to`");
    }

    #[test]
    fn the_keys_are_told() {
        let keys = |source: &Observed, onto: Option<&Observed>| {
            let place = |observed| Place {
                typed: "x",
                observed,
            };
            let asked = Asked {
                purpose: Purpose::Copy,
                source: place(source),
                onto: onto.map(place),
            };
            asked.keys().unwrap_or_default()
        };
        let (bare, mut keyed) = (well().1, well().1);
        linked(&mut keyed, "ep", "Linked");
        assert_eq!(
            keys(&bare, None),
            "The environment has no customer-managed key."
        );
        assert_eq!(keys(&keyed, None), "The environment has the policy `ep`.");
        assert_eq!(
            keys(&bare, Some(&bare)),
            "Neither environment has a customer-managed key."
        );
        assert_eq!(
            keys(&keyed, Some(&keyed)),
            "Both environments have the policy `ep`."
        );
        assert_eq!(keys(&keyed, Some(&bare)), "");
    }

    #[test]
    fn an_environment_that_was_not_read_is_a_finding() {
        let found = |observed: &Observed| {
            let place = Place {
                typed: "x",
                observed,
            };
            place.environment().err()
        };
        let (_, mut observed) = well();
        assert_eq!(found(&observed), None);
        for unread in [hidden(), Seen::Absent, Seen::default()] {
            observed.environment = unread;
            let found = found(&observed).unwrap();
            assert_eq!(found.subject, "x");
            assert_eq!(codes(&[found]), ["CMK020 unknown"]);
        }
    }
}
