//! What changes between two reads of a tenant. cmkctl reports each danger once when it begins, and
//! once when it ends. A read that does not show a fact changes nothing about that fact.

use super::link::locked;
use crate::model::environment::{Environment, Stage};
use crate::model::estate::{Estate, JudgedEnvironment, Protection, State};
use crate::model::fleet::Named;
use crate::model::known::{Known, Verdict};
use crate::model::notice::Change;
use crate::model::seen::Seen;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// cmkctl reports a service that does not answer for this time. Shorter gaps are normal.
const SILENCE: SignedDuration = SignedDuration::from_hours(1);

/// Why a whole read of the tenant failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// When.
    pub at: Timestamp,
    /// A clause.
    pub why: String,
    /// Is a missing role the reason?
    pub role: bool,
}

/// What was reported and has not ended yet. It comes from the service alone, so another process
/// builds the same.
#[derive(Debug, Clone, Default)]
pub struct Watched {
    dangers: BTreeMap<(String, State), Named>,
    role: Option<Blind>,
    service: Option<Blind>,
}

#[derive(Debug, Clone)]
struct Blind {
    since: Timestamp,
    told: bool,
}

impl Watched {
    /// What a read changed. `wants`: is this state a danger? `roles`: does a missing role count?
    pub fn look(
        &mut self,
        estate: &Estate,
        all: &[JudgedEnvironment<'_>],
        (wants, roles): (impl Fn(&JudgedEnvironment<'_>, State) -> bool, bool),
    ) -> Vec<Change> {
        let mut changes = self.over(estate, all);
        for judged in all {
            let wanted = |state: &State| wants(judged, *state);
            for state in judged.states.iter().copied().filter(wanted) {
                let named = Named::of(judged.environment);
                let key = (named.id.clone(), state);
                if self.dangers.insert(key, named).is_none() {
                    changes.push(Change::danger(judged, state));
                }
            }
        }
        let hidden = |role: bool| {
            let unseen = |judged: &&JudgedEnvironment<'_>| {
                judged.states.contains(&State::NotVisible) && judged.lacks_role == role
            };
            let mut unseen = all.iter().filter(unseen);
            let first = unseen.next()?;
            let why = first.dangers.last().cloned().unwrap_or_default();
            Some(match unseen.count() {
                0 => format!("One environment is only partly visible: {why}"),
                others => format!("{} environments are only partly visible: {why}", others + 1),
            })
        };
        let (role, service) = (hidden(true).filter(|_| roles), hidden(false));
        // While a service does not answer, it is unknown whether the role is back.
        if role.is_some() || service.is_none() {
            changes.extend(blind(
                &mut self.role,
                estate.at,
                role,
                SignedDuration::ZERO,
                ROLE,
            ));
        }
        changes.extend(blind(
            &mut self.service,
            estate.at,
            service,
            SILENCE,
            SERVICE,
        ));
        changes
    }

    /// What a failed read changed. A failed read says nothing about any danger.
    pub fn failed(&mut self, unseen: &Unseen) -> Vec<Change> {
        let why = Some(unseen.why.clone());
        let change = if unseen.role {
            blind(&mut self.role, unseen.at, why, SignedDuration::ZERO, ROLE)
        } else {
            blind(&mut self.service, unseen.at, why, SILENCE, SERVICE)
        };
        change.into_iter().collect()
    }

    /// The dangers that have ended, as far as this read shows.
    fn over(&mut self, estate: &Estate, all: &[JudgedEnvironment<'_>]) -> Vec<Change> {
        let by_id: BTreeMap<&str, &JudgedEnvironment<'_>> = all
            .iter()
            .map(|judged| (judged.environment.id.as_str(), judged))
            .collect();
        let mut changes = Vec::new();
        self.dangers.retain(|(id, state), named| {
            let (is_over, why) = match by_id.get(id.as_str()) {
                Some(judged) => {
                    let protection = estate.protection(judged.environment);
                    (is_over(*state, judged, protection), "the state has ended")
                }
                None => (
                    estate.whole_tenant.proven(),
                    "the environment no longer exists",
                ),
            };
            // If a danger became worse, the report of the worse danger is enough.
            let worse = by_id
                .get(id.as_str())
                .is_some_and(|judged| judged.state < *state);
            let became = worse && matches!(state, State::Expiring | State::Endangered);
            if is_over && !became {
                changes.push(Change {
                    over: true,
                    state: state.word(),
                    environment: Some(named.clone()),
                    why: why.to_owned(),
                });
            }
            !is_over
        });
        changes
    }
}

const ROLE: &str = "not-visible";
const SERVICE: &str = "no-answer";

/// Has a state ended? The facts that decide must have been visible.
fn is_over(state: State, judged: &JudgedEnvironment<'_>, protection: Option<&Protection>) -> bool {
    let environment = judged.environment;
    // Its type was not known before. The state stays, but it is no danger.
    if state == State::NotEncrypted && !environment.supports_key() {
        return true;
    }
    if judged.states.contains(&state) {
        return false;
    }
    let unlinked = environment.key_link.is_absent();
    match state {
        State::Locked => locked(environment) == Verdict::No,
        State::Failed => unlinked || stage_is_known(environment),
        State::Expiring => {
            unlinked || protection.is_some_and(|protection| protection.key().is_some())
        }
        State::NotEncrypted => matches!(environment.key_link, Seen::Present(_)),
        State::Endangered
        | State::Removing
        | State::Encrypting
        | State::NotVisible
        | State::Encrypted => !judged.states.contains(&State::NotVisible),
    }
}

fn stage_is_known(environment: &Environment) -> bool {
    let link = environment.key_link.present();
    link.is_some_and(|link| match link.stage() {
        Known::Known(Stage::Linked | Stage::Linking | Stage::Unlinking | Stage::Failed) => true,
        Known::Unknown(_) => false,
    })
}

/// Something is not visible, or is visible again. It is reported after it has lasted for `least`.
fn blind(
    before: &mut Option<Blind>,
    at: Timestamp,
    why: Option<String>,
    least: SignedDuration,
    state: &'static str,
) -> Option<Change> {
    let change = |over: bool, why: String| Change {
        over,
        state,
        environment: None,
        why,
    };
    let Some(why) = why else {
        let over = before.take().is_some_and(|blind| blind.told);
        return over.then(|| change(true, "the problem has ended".to_owned()));
    };
    let blind = before.get_or_insert(Blind {
        since: at,
        told: false,
    });
    if blind.told || at.duration_since(blind.since) < least {
        return None;
    }
    blind.told = true;
    Some(change(false, why))
}

#[cfg(test)]
mod tests {
    use super::super::danger::judge;
    use super::super::samples::{
        days, environment, hidden, key, link, now, policy, policy_id, silent, vault,
    };
    use super::*;
    use crate::model::whole::Whole;

    type Look = fn(&mut Environment, &mut Protection);

    fn well(_: &mut Environment, _: &mut Protection) {}

    fn seen(minutes: i64, change: Look) -> Estate {
        let mut environment = Environment {
            key_link: link("ep", "Linked"),
            modified: Some(days(-1)),
            ..environment("e")
        };
        let mut protection = Protection {
            policy: Seen::Present(policy("ep")),
            vault: Some(Seen::Present(vault())),
            key: Some(Seen::Present(key())),
            granted: Verdict::Yes,
            ..Protection::default()
        };
        change(&mut environment, &mut protection);
        let at = now().checked_add(SignedDuration::from_mins(minutes));
        Estate {
            at: at.unwrap(),
            environments: Whole::read_to_end(vec![environment]),
            whole_tenant: Verdict::Yes,
            protections: BTreeMap::from([(policy_id("ep"), protection)]),
            not_listed: Vec::new(),
        }
    }

    /// What each look tells, as `+locked` and `-locked`; the looks are half an hour apart.
    fn told(looks: &[Look]) -> Vec<String> {
        let mut watched = Watched::default();
        let mut told = Vec::new();
        for (at, look) in looks.iter().enumerate() {
            let estate = seen(at as i64 * 30, *look);
            let wants = |_: &JudgedEnvironment<'_>, state: State| {
                [
                    State::Locked,
                    State::Endangered,
                    State::Failed,
                    State::Expiring,
                ]
                .contains(&state)
            };
            let all = judge(&estate, None);
            let changes = watched.look(&estate, &all, (wants, true));
            let signed_states = changes.iter().map(|change| {
                let sign = if change.over { '-' } else { '+' };
                format!("{sign}{}", change.state)
            });
            told.push(signed_states.collect::<Vec<_>>().join(" "));
        }
        told
    }

    const LOCKED: Look = |e, _| e.runtime_state = "Disabled".into();
    const NO_GRANT: Look = |_, p| p.granted = Verdict::No;
    const EXPIRES: Look = |_, p| expires(p, 20);
    const EXPIRED: Look = |_, p| expires(p, -1);
    const SILENT: Look =
        |_, p| (p.vault, p.key, p.granted) = (Some(silent()), Some(silent()), Verdict::default());
    const HIDDEN: Look = |_, p| p.vault = Some(hidden());

    fn expires(protection: &mut Protection, count: i64) {
        let mut expiring_key = key();
        expiring_key.validity.expires = Known::Known(Some(days(count)));
        protection.key = Some(Seen::Present(expiring_key));
    }

    fn locks(_: &JudgedEnvironment<'_>, state: State) -> bool {
        state == State::Locked
    }

    #[test]
    fn each_danger_is_told_once_and_once_that_it_is_over() {
        for (looks, expected) in [
            (&[well as Look, well][..], &["", ""][..]),
            (
                &[NO_GRANT, NO_GRANT, well, well],
                &["+endangered", "", "-endangered", ""],
            ),
            (
                &[well, LOCKED, LOCKED, well],
                &["", "+locked", "", "-locked"],
            ),
            // What became worse is told by the worse.
            (
                &[EXPIRES, EXPIRED, EXPIRED],
                &["+expiring", "+endangered", ""],
            ),
            // What is not seen is not over, and no danger either.
            (
                &[NO_GRANT, SILENT, NO_GRANT, well],
                &["+endangered", "", "", "-endangered"],
            ),
            (&[EXPIRES, SILENT, EXPIRES], &["+expiring", "", ""]),
            // A missing role is told at once, a silent service after an hour.
            (
                &[well, HIDDEN, HIDDEN, well],
                &["", "+not-visible", "", "-not-visible"],
            ),
            (
                &[well, SILENT, SILENT, SILENT, SILENT, well, well],
                &["", "", "", "+no-answer", "", "-no-answer", ""],
            ),
            (&[SILENT, SILENT, well], &["", "", ""]),
        ] {
            assert_eq!(told(looks), expected);
        }
    }

    #[test]
    fn a_look_that_fails_says_nothing_about_dangers() {
        let mut watched = Watched::default();
        let mut look = |change: Look, minutes| {
            let estate = seen(minutes, change);
            let all = judge(&estate, None);
            watched.look(&estate, &all, (locks, true)).len()
        };
        assert_eq!(look(LOCKED, 0), 1);
        let fails = |role, minutes: i64| Unseen {
            at: now()
                .checked_add(SignedDuration::from_mins(minutes))
                .unwrap(),
            why: "it did not answer".to_owned(),
            role,
        };
        let mut failed = watched.clone();
        assert_eq!(failed.failed(&fails(false, 10)), []);
        assert_eq!(failed.failed(&fails(false, 80)).len(), 1);
        assert_eq!(failed.failed(&fails(false, 90)), []);
        assert_eq!(failed.failed(&fails(true, 100)).len(), 1);
        let estate = seen(110, LOCKED);
        let all = judge(&estate, None);
        let after = failed.look(&estate, &all, (locks, true));
        assert!(
            after
                .iter()
                .all(|change| change.over && change.environment.is_none())
        );
        assert_eq!(after.len(), 2);
    }

    #[test]
    fn an_environment_that_is_gone_is_over_where_the_list_is_whole() {
        for (whole, count) in [(Verdict::Yes, 1), (Verdict::default(), 0)] {
            let mut watched = Watched::default();
            let first = seen(0, LOCKED);
            assert_eq!(
                watched
                    .look(&first, &judge(&first, None), (locks, true))
                    .len(),
                1
            );
            let gone = Estate {
                environments: Whole::read_to_end(Vec::new()),
                whole_tenant: whole,
                ..seen(30, well)
            };
            assert_eq!(watched.look(&gone, &[], (locks, true)).len(), count);
        }
    }
}
