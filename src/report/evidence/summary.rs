//! The summary of the report: how many environments need attention, which ones, why, and until
//! when. Environments that share a policy and a reason are one case.

use super::document::{ReportV1, name};
use crate::model::count::{counted, counted_as};
use crate::model::day::{away, day};
use crate::model::estate::{JudgedEnvironment, State};
use crate::report::estate::{EnvironmentV1, sentences};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The summary at the top of the report.
pub(super) struct Summary<'a> {
    /// How many environments there are.
    pub(super) all: usize,
    /// How many need attention.
    pub(super) attention: usize,
    /// The number of environments that are not visible in full.
    pub(super) hidden: usize,
    /// The cases, worst first.
    pub(super) cases: Vec<Case<'a>>,
}

/// Environments with one policy and one reason.
pub(super) struct Case<'a> {
    pub(super) state: State,
    /// Why, each a clause.
    pub(super) dangers: &'a [String],
    /// The first day on which something happens.
    pub(super) until: Option<Timestamp>,
    /// The policy's name.
    pub(super) policy: &'a str,
    /// The key's name.
    pub(super) key: Option<&'a str>,
    /// Production environments come first, then by name.
    pub(super) environments: Vec<&'a EnvironmentV1<'a>>,
}

impl<'a> Summary<'a> {
    pub(super) fn of(report: &'a ReportV1<'_>) -> Self {
        let lines = report
            .data
            .environments
            .iter()
            .map(|line| &line.environment);
        let mut cases: Vec<Case<'a>> = Vec::new();
        let mut places = BTreeMap::new();
        for (environment, judged) in lines.zip(report.standings) {
            if !judged.state.needs_attention() {
                continue;
            }
            let policy = environment.policy.as_deref();
            let until = until(environment, judged);
            let place = *places
                .entry((judged.state, policy, &judged.dangers))
                .or_insert_with(|| {
                    cases.push(Case {
                        state: judged.state,
                        dangers: &judged.dangers,
                        until,
                        policy: name(policy),
                        key: environment.key,
                        environments: Vec::new(),
                    });
                    cases.len() - 1
                });
            if let Some(case) = cases.get_mut(place) {
                case.until = [case.until, until].into_iter().flatten().min();
                case.environments.push(environment);
            }
        }
        cases.sort_by_key(|case| (case.state, case.until.is_none(), case.until));
        for case in &mut cases {
            case.environments
                .sort_by_key(|environment| (!is_production(environment), environment.name));
        }
        let count = |so: &dyn Fn(&JudgedEnvironment<'_>) -> bool| {
            report.standings.iter().filter(|judged| so(judged)).count()
        };
        Self {
            all: report.standings.len(),
            attention: count(&|judged| judged.state.needs_attention()),
            hidden: count(&|judged| judged.states.contains(&State::NotVisible)),
            cases,
        }
    }

    /// How many environments need attention. "None" means none of those that are visible in full.
    pub(super) fn headline(&self) -> String {
        match (self.attention, self.all, self.hidden) {
            (_, 0, _) => "No environment is visible.".to_owned(),
            (0, all, 0) => format!("None of {} needs attention.", counted(all, "environment")),
            (0, all, hidden) if hidden == all => {
                "You can't see whether an environment needs attention.".to_owned()
            }
            (0, all, hidden) => format!(
                "None of the {} that are visible in full needs attention.",
                counted(all - hidden, "environment")
            ),
            (1, all, _) => format!("1 of {} needs attention.", counted(all, "environment")),
            (some, all, _) => format!("{some} of {} need attention.", counted(all, "environment")),
        }
    }

    /// The number of environments that the headline does not cover, as a sentence.
    pub(super) fn left_open(&self) -> Option<String> {
        match self.hidden {
            0 => None,
            hidden => Some(format!(
                "{} not visible in full.",
                counted_as(hidden, "environment is", "environments are")
            )),
        }
    }
}

impl Case<'_> {
    /// How many environments, and how many of them are for production.
    pub(super) fn size(&self) -> String {
        let all = self.environments.len();
        let production = self
            .environments
            .iter()
            .filter(|environment| is_production(environment));
        match production.count() {
            0 => counted(all, "environment"),
            some if some == all && all == 1 => "1 production environment".to_owned(),
            some if some == all => format!("{all} production environments"),
            some => format!("{}, {some} for production", counted(all, "environment")),
        }
    }

    /// The first names, and how many more there are.
    pub(super) fn names(&self, most: usize) -> String {
        let names = self
            .environments
            .iter()
            .take(most)
            .map(|environment| environment.name);
        let names = names.collect::<Vec<_>>().join(", ");
        match self.environments.len().saturating_sub(most) {
            0 => names,
            more => format!("{names} and {more} more"),
        }
    }

    /// Why, as sentences.
    pub(super) fn why(&self) -> String {
        sentences(self.dangers)
    }

    /// What happens to the environments, and when, relative to `at`.
    pub(super) fn deadline(&self, at: Timestamp) -> Option<String> {
        let until = self.until;
        let when = || until.map(|until| format!("{} ({})", day(until), away(until, at)));
        match self.state {
            State::Locked => when().map(|when| format!("Earliest deletion: {when}")),
            State::Expiring => when().map(|when| format!("Goes offline on {when}")),
            State::Endangered => Some("At risk of going offline".to_owned()),
            State::Failed
            | State::Removing
            | State::Encrypting
            | State::NotVisible
            | State::NotEncrypted
            | State::Encrypted => None,
        }
    }

    /// What to do.
    pub(super) const fn remedy(&self) -> &'static str {
        match self.state {
            State::Locked => {
                "Restore the key and the policy's access to the key. Then run `cmkctl unlock`."
            }
            State::Endangered => {
                "Fix the cause before the environment goes offline. `cmkctl status` shows the fix."
            }
            State::Failed => {
                "Run the same `cmkctl add-environment` again. Do not remove the environment."
            }
            State::Expiring => "Rotate the key before it expires: `cmkctl rotate-key`.",
            State::Removing
            | State::Encrypting
            | State::NotVisible
            | State::NotEncrypted
            | State::Encrypted => "",
        }
    }
}

fn is_production(environment: &EnvironmentV1<'_>) -> bool {
    environment.sku.eq_ignore_ascii_case("production")
}

/// The day on which the environment goes offline or is deleted.
fn until(environment: &EnvironmentV1<'_>, judged: &JudgedEnvironment<'_>) -> Option<Timestamp> {
    match judged.state {
        State::Locked => judged.deleted_on,
        State::Expiring => environment.key_expires,
        State::Endangered
        | State::Failed
        | State::Removing
        | State::Encrypting
        | State::NotVisible
        | State::NotEncrypted
        | State::Encrypted => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(all: usize, attention: usize, hidden: usize) -> Summary<'static> {
        Summary {
            all,
            attention,
            hidden,
            cases: Vec::new(),
        }
    }

    #[test]
    fn that_none_needs_attention_is_said_only_of_what_was_seen() {
        let cases = [
            ((41, 3, 0), "3 of 41 environments need attention."),
            ((41, 1, 5), "1 of 41 environments needs attention."),
            ((41, 0, 0), "None of 41 environments needs attention."),
            (
                (41, 0, 5),
                "None of the 36 environments that are visible in full needs attention.",
            ),
            (
                (5, 0, 5),
                "You can't see whether an environment needs attention.",
            ),
            ((0, 0, 0), "No environment is visible."),
        ];
        for ((all, attention, hidden), expected) in cases {
            assert_eq!(summary(all, attention, hidden).headline(), expected);
        }
        assert_eq!(summary(5, 0, 0).left_open(), None);
        let open = summary(5, 0, 2).left_open();
        assert_eq!(
            open.as_deref(),
            Some("2 environments are not visible in full.")
        );
    }
}
