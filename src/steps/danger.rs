//! What threatens encrypted environments now or soon, and how badly, for one or for thousands.

use super::day;
use super::key::EXPIRY_WARNING;
use super::lifecycle::{REMOVE, changes_key};
use super::link::{self, LinkState as Link};
use crate::model::day::away;
use crate::model::environment::{Environment, KeyLink, Sku, Stage};
use crate::model::estate::{Estate, JudgedEnvironment, Protection, State};
use crate::model::known::{Known, Verdict};
use crate::model::protection::{Key, Network, Validity, Vault};
use crate::model::seen::Seen;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// A locked sandbox is deleted this long after it was locked.
const SANDBOX_DELETED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A locked production environment is deleted this long after it was locked.
const PRODUCTION_DELETED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Every environment, worst first, then by name.
pub fn judge(
    estate: &Estate,
    expiring_within: Option<SignedDuration>,
) -> Vec<JudgedEnvironment<'_>> {
    let within = expiring_within.unwrap_or(EXPIRY_WARNING);
    let mut all: Vec<JudgedEnvironment<'_>> = estate
        .environments
        .iter()
        .map(|environment| {
            standing(
                (environment, estate.protection(environment)),
                estate.at,
                within,
            )
        })
        .collect();
    all.sort_by(|left, right| {
        let key = |judged: &JudgedEnvironment<'_>| {
            (judged.state, judged.deleted_on.is_none(), judged.deleted_on)
        };
        key(left)
            .cmp(&key(right))
            .then_with(|| {
                left.environment
                    .display_name
                    .cmp(&right.environment.display_name)
            })
            .then_with(|| left.environment.id.cmp(&right.environment.id))
    });
    all
}

/// The state and the dangers of one environment with its protection. A key that expires sooner than
/// `within` counts as expiring.
pub fn standing<'a>(
    (environment, protection): (&'a Environment, Option<&Protection>),
    at: Timestamp,
    within: SignedDuration,
) -> JudgedEnvironment<'a> {
    let judged = |state, dangers| JudgedEnvironment {
        environment,
        state,
        states: BTreeSet::from([state]),
        dangers,
        lacks_role: false,
        deleted_on: None,
    };
    let link = match &environment.key_link {
        Seen::Present(link) => link,
        Seen::Unreadable(why) => {
            return JudgedEnvironment {
                lacks_role: why.forbidden,
                ..judged(State::NotVisible, vec![why.why.clone()])
            };
        }
        Seen::Absent => return unprotected(environment, judged),
    };
    let Threats {
        threats,
        unseen,
        lacks_role,
    } = match protection {
        Some(protection) => threats(protection, at),
        None => Threats {
            unseen: vec!["the policy was not read".to_owned()],
            ..Threats::default()
        },
    };
    let key = protection.and_then(Protection::key);
    let mut found = Found::default();
    found.of_link(environment, link);
    let locked = found.states.contains(&State::Locked);
    let deleted_on = locked.then(|| deleted(environment, key, at)).flatten();
    if locked && deleted_on.is_none() {
        found.dangers.push(
            "locked since an unknown date: Microsoft may delete the environment any day".to_owned(),
        );
    }
    found.all(State::Endangered, threats);
    if let Some(expires) = key.and_then(|key| key.validity.end())
        && expires > at
        && expires.duration_since(at) < within
    {
        found.say(
            State::Expiring,
            format!("the key expires {}", away(expires, at)),
        );
    }
    found.all(State::NotVisible, unseen);
    let state = found.states.first().copied().unwrap_or(State::Encrypted);
    found.states.insert(state);
    JudgedEnvironment {
        environment,
        state,
        states: found.states,
        dangers: found.dangers,
        lacks_role: lacks_role || found.lacks_role,
        deleted_on,
    }
}

/// An environment without a policy uses the Microsoft key, unless an operation is applying a key.
fn unprotected<'a>(
    environment: &Environment,
    judged: impl Fn(State, Vec<String>) -> JudgedEnvironment<'a>,
) -> JudgedEnvironment<'a> {
    match environment.ongoing.as_deref() {
        Some(kind) if changes_key(kind) => judged(
            moving(kind, false),
            vec![format!("the operation {kind} runs")],
        ),
        Some(_) | None => judged(State::NotEncrypted, Vec::new()),
    }
}

/// The state while a key is applied or removed.
fn moving(kind: &str, unlinking: bool) -> State {
    if kind.eq_ignore_ascii_case(REMOVE) || unlinking {
        State::Removing
    } else {
        State::Encrypting
    }
}

/// The states of one environment. One state does not hide another.
#[derive(Default)]
struct Found {
    states: BTreeSet<State>,
    dangers: Vec<String>,
    lacks_role: bool,
}

impl Found {
    fn say(&mut self, state: State, why: String) {
        self.states.insert(state);
        self.dangers.push(why);
    }

    fn all(&mut self, state: State, whys: Vec<String>) {
        if !whys.is_empty() {
            self.states.insert(state);
            self.dangers.extend(whys);
        }
    }

    /// Adds the states that follow from the link and from the running operation.
    fn of_link(&mut self, environment: &Environment, link: &KeyLink) {
        let status = link.status.shown();
        let unlinking = *link.stage() == Known::Known(Stage::Unlinking);
        let standing = link::standing(environment, &link.policy);
        match (&standing, environment.ongoing.as_deref()) {
            (Link::Done | Link::Failed | Link::Under | Link::Locked, Some(kind)) => {
                self.say(
                    moving(kind, unlinking),
                    format!("the operation {kind} runs"),
                );
            }
            (Link::Locked, None) => self.say(
                State::Locked,
                "offline although no operation runs: the service can't reach the key".to_owned(),
            ),
            (Link::Under, None) => {
                self.say(
                    moving("", unlinking),
                    format!("the link status is `{status}`"),
                );
            }
            (Link::Failed, None) => self.say(
                State::Failed,
                "the link status is `Failed`: run the same add again, do not remove the \
                    environment"
                    .to_owned(),
            ),
            (Link::Unknown(why), _) => {
                self.lacks_role |= why.forbidden;
                self.say(State::NotVisible, why.why.clone());
            }
            (Link::Done | Link::None | Link::Other(_), _) => {}
        }
    }
}

/// What will lock the environments of a policy, and which facts are not known.
#[derive(Default)]
struct Threats {
    threats: Vec<String>,
    unseen: Vec<String>,
    /// Is a missing role the reason why some facts are not known?
    lacks_role: bool,
}

impl Threats {
    /// Sorts one verdict: `threat` if it is `No`, `what` if it can't be told.
    fn sort(&mut self, verdict: Verdict, threat: &str, what: &str) {
        match verdict {
            Verdict::Yes => {}
            Verdict::No => self.threats.push(threat.to_owned()),
            Verdict::CantTell(why) if why.forbidden => {
                self.lacks_role = true;
                self.unseen
                    .push(format!("you can't see {what}: {}", why.why));
            }
            Verdict::CantTell(why) => self
                .unseen
                .push(format!("cmkctl can't tell {what}: {}", why.why)),
        }
    }

    fn of_vault(&mut self, vault: &Vault) {
        self.sort(
            Verdict::from(&vault.network.clone().map(Network::lets_services_pass)),
            "the vault's firewall blocks trusted Microsoft services",
            "whether the vault's firewall blocks trusted Microsoft services",
        );
        self.sort(
            Verdict::from(&vault.soft_delete),
            "the vault has no soft delete",
            "whether the vault has soft delete",
        );
        self.sort(
            Verdict::from(&vault.purge_protection),
            "the vault has no purge protection",
            "whether the vault has purge protection",
        );
    }

    fn of_key(&mut self, validity: &Validity, now: Timestamp) {
        self.sort(
            Verdict::from(&validity.enabled),
            "the key is disabled",
            "whether the key is enabled",
        );
        let end = validity
            .end()
            .map(|end| format!("the key expired on {}", day(end)))
            .unwrap_or_default();
        let lasts = validity
            .expires
            .clone()
            .map(|end| end.is_none_or(|end| end > now));
        self.sort(Verdict::from(&lasts), &end, "when the key expires");
        let start = validity.not_before.known().copied().flatten();
        let start = start
            .map(|start| format!("the key is not valid before {}", day(start)))
            .unwrap_or_default();
        let begun = validity
            .not_before
            .clone()
            .map(|start| start.is_none_or(|start| start <= now));
        self.sort(Verdict::from(&begun), &start, "when the key becomes valid");
    }
}

/// What will lock the environments of a policy, and which facts are not known.
fn threats(protection: &Protection, now: Timestamp) -> Threats {
    let mut found = Threats::default();
    found.sort(
        is_there(Some(&protection.policy)),
        "the policy does not exist",
        "whether the policy exists",
    );
    found.sort(
        is_there(protection.vault.as_ref()),
        "the vault does not exist",
        "whether the vault exists",
    );
    found.sort(
        is_there(protection.key.as_ref()),
        "the key does not exist",
        "whether the key exists",
    );
    found.sort(
        protection.granted.clone(),
        &protection.denied_by.as_ref().map_or_else(
            || "the policy's identity can't use the key".to_owned(),
            |denial| {
                format!(
                    "the deny assignment `{denial}` prevents the policy's identity from using the \
                        key"
                )
            },
        ),
        "whether the policy's identity can use the key",
    );
    if let Some(policy) = protection.policy.present() {
        found.sort(
            Verdict::from(&policy.encrypts),
            "the policy's encryption is disabled",
            "whether the policy's encryption is enabled",
        );
        let finished = match &policy.unfinished {
            None => Verdict::Yes,
            Some(why) => Verdict::cant_tell(why.clone()),
        };
        found.sort(finished, "", "whether the policy can be used");
    }
    if let Some(vault) = protection.vault() {
        found.of_vault(vault);
    }
    if let Some(key) = protection.key() {
        found.of_key(&key.validity, now);
    }
    found
}

/// Does the resource exist?
fn is_there<T>(seen: Option<&Seen<T>>) -> Verdict {
    match seen {
        Some(Seen::Present(_)) => Verdict::Yes,
        Some(Seen::Absent) => Verdict::No,
        Some(Seen::Unreadable(why)) => Verdict::CantTell(why.clone()),
        // No resource that cmkctl read names this resource.
        None => Verdict::default(),
    }
}

/// When the service deletes a locked environment, at the earliest; `None` if that can't be told.
/// The service gives no date of the lock. It can't be earlier than the key's expiry, or else the
/// environment's last modification (inferred).
pub(super) fn deleted(
    environment: &Environment,
    key: Option<&Key>,
    now: Timestamp,
) -> Option<Timestamp> {
    let expired = key
        .and_then(|key| key.validity.end())
        .filter(|expires| *expires <= now);
    let since = expired.or(environment.modified)?;
    let span = if environment.sku.known() == Some(&Sku::Production) {
        PRODUCTION_DELETED
    } else {
        SANDBOX_DELETED
    };
    since.checked_add(span).ok().filter(|date| *date > now)
}

#[cfg(test)]
mod tests {
    use super::super::samples::{
        days, environment, hidden, key, link, now, odd, on, policy, policy_id, silent, vault,
    };
    use super::*;
    use crate::model::whole::Whole;
    use std::collections::BTreeMap;

    fn well() -> (Environment, Protection) {
        let environment = Environment {
            key_link: link("ep", "Linked"),
            modified: Some(days(-1)),
            ..environment("e")
        };
        let protection = Protection {
            policy: Seen::Present(policy("ep")),
            vault: Some(Seen::Present(vault())),
            key: Some(Seen::Present(key())),
            granted: Verdict::Yes,
            ..Protection::default()
        };
        (environment, protection)
    }

    fn state(
        (environment, protection): (Environment, Protection),
    ) -> (State, BTreeSet<State>, Option<Timestamp>) {
        let estate = Estate {
            at: now(),
            environments: Whole::read_to_end(vec![environment]),
            whole_tenant: Verdict::Yes,
            protections: BTreeMap::from([(policy_id("ep"), protection)]),
            not_listed: Vec::new(),
        };
        let found = judge(&estate, None).remove(0);
        (found.state, found.states, found.deleted_on)
    }

    type Change = fn(&mut Environment, &mut Protection);

    const STATES: &[(&str, Change, State)] = &[
        ("well", |_, _| {}, State::Encrypted),
        (
            "no policy",
            |e, _| e.key_link = Seen::Absent,
            State::NotEncrypted,
        ),
        (
            "a silent link",
            |e, _| e.key_link = silent(),
            State::NotVisible,
        ),
        (
            "a link not read",
            |e, _| e.key_link = Seen::default(),
            State::NotVisible,
        ),
        (
            "a link in a new way",
            |e, _| e.key_link = link("ep", "Wibble"),
            State::NotVisible,
        ),
        (
            "failed",
            |e, _| e.key_link = link("ep", "Failed"),
            State::Failed,
        ),
        (
            "linking",
            |e, _| e.key_link = link("ep", "Linking"),
            State::Encrypting,
        ),
        (
            "unlinking",
            |e, _| e.key_link = link("ep", "Unlinking"),
            State::Removing,
        ),
        (
            "locked",
            |e, _| e.runtime_state = "Disabled".into(),
            State::Locked,
        ),
        (
            "in administration mode",
            |e, _| e.runtime_state = "AdminMode".into(),
            State::Encrypted,
        ),
        (
            "in a new runtime state",
            |e, _| e.runtime_state = "Wibble".into(),
            State::NotVisible,
        ),
        (
            "an add runs, and no link shows",
            |e, _| {
                e.key_link = Seen::Absent;
                e.ongoing = Some("NewCustomerManagedKey".into());
            },
            State::Encrypting,
        ),
        (
            "no grant",
            |_, p| p.granted = Verdict::No,
            State::Endangered,
        ),
        (
            "perhaps no grant",
            |_, p| p.granted = Verdict::default(),
            State::NotVisible,
        ),
        (
            "no vault",
            |_, p| p.vault = Some(Seen::Absent),
            State::Endangered,
        ),
        (
            "a hidden vault",
            |_, p| p.vault = Some(hidden()),
            State::NotVisible,
        ),
        (
            "no key",
            |_, p| p.key = Some(Seen::Absent),
            State::Endangered,
        ),
        (
            "a silent key",
            |_, p| p.key = Some(silent()),
            State::NotVisible,
        ),
        (
            "a policy not read",
            |_, p| p.policy = Seen::default(),
            State::NotVisible,
        ),
        (
            "a disabled key",
            |_, p| {
                super::super::samples::on(&mut p.key, |k| k.validity.enabled = Known::Known(false))
            },
            State::Endangered,
        ),
        (
            "a key of no known end",
            |_, p| super::super::samples::on(&mut p.key, |k| k.validity.expires = odd()),
            State::NotVisible,
        ),
        (
            "a key that ends soon",
            |_, p| {
                super::super::samples::on(&mut p.key, |k| {
                    k.validity.expires = Known::Known(Some(days(9)));
                });
            },
            State::Expiring,
        ),
        (
            "a network that may be closed",
            |_, p| super::super::samples::on(&mut p.vault, |v| v.network = odd()),
            State::NotVisible,
        ),
        (
            "a policy that is disabled",
            |_, p| super::super::samples::on(&mut p.policy, |p| p.encrypts = Known::Known(false)),
            State::Endangered,
        ),
    ];

    #[test]
    fn the_worst_is_the_state_and_what_is_not_known_is_never_well() {
        for &(what, change, expected) in STATES {
            let (mut environment, mut protection) = well();
            change(&mut environment, &mut protection);
            let (found, all, _) = state((environment, protection));
            assert_eq!(found, expected, "{what}");
            assert!(all.contains(&found), "{what}");
        }
    }

    #[test]
    fn no_state_hides_another_one() {
        let (environment, mut protection) = well();
        protection.granted = Verdict::No;
        protection.key = Some(silent());
        let (found, all, _) = state((environment, protection));
        assert_eq!(found, State::Endangered);
        assert!(all.contains(&State::NotVisible));
    }

    #[test]
    fn a_locked_environment_is_deleted_after_its_time_at_the_earliest() {
        for (sku, expected) in [
            ("Sandbox", Some(days(6))),
            ("Production", Some(days(29))),
            ("Wibble", Some(days(6))),
        ] {
            let (mut environment, protection) = well();
            (environment.sku, environment.runtime_state) = (sku.into(), "Disabled".into());
            assert_eq!(state((environment, protection)).2, expected, "{sku}");
        }
        let (mut environment, protection) = well();
        (environment.modified, environment.runtime_state) = (None, "Disabled".into());
        assert_eq!(state((environment, protection)).2, None);
    }

    /// Facts that the service may leave out.
    const FORGOTTEN: &[(&str, Change)] = &[
        ("link", |e, _| e.key_link = silent()),
        ("runtime state", |e, _| e.runtime_state = "Wibble".into()),
        ("management state", |e, _| {
            e.management_state = "Wibble".into()
        }),
        ("policy", |_, p| p.policy = silent()),
        ("policy, hidden", |_, p| p.policy = hidden()),
        ("whether it encrypts", |_, p| {
            on(&mut p.policy, |policy| policy.encrypts = odd())
        }),
        ("vault", |_, p| p.vault = Some(silent())),
        ("vault, never read", |_, p| p.vault = None),
        ("network", |_, p| {
            on(&mut p.vault, |vault| vault.network = odd())
        }),
        ("soft delete", |_, p| {
            on(&mut p.vault, |vault| vault.soft_delete = odd())
        }),
        ("purge protection", |_, p| {
            on(&mut p.vault, |vault| vault.purge_protection = odd())
        }),
        ("key", |_, p| p.key = Some(silent())),
        ("key, never read", |_, p| p.key = None),
        ("whether it is enabled", |_, p| {
            on(&mut p.key, |key| key.validity.enabled = odd())
        }),
        ("since when", |_, p| {
            on(&mut p.key, |key| key.validity.not_before = odd())
        }),
        ("until when", |_, p| {
            on(&mut p.key, |key| key.validity.expires = odd())
        }),
        ("grant", |_, p| p.granted = Verdict::default()),
    ];

    /// For every state and every fact left out: the result reports the gap, or stays the same.
    #[test]
    fn what_is_not_told_hides_no_danger() {
        for (row, change, _) in STATES {
            let mut clean = well();
            change(&mut clean.0, &mut clean.1);
            let (_, known, _) = state(clean.clone());
            for (what, forget) in FORGOTTEN {
                let (mut environment, mut protection) = clean.clone();
                let there = protection.policy.present().is_some()
                    && protection
                        .vault
                        .as_ref()
                        .is_some_and(|vault| vault.present().is_some())
                    && protection
                        .key
                        .as_ref()
                        .is_some_and(|key| key.present().is_some());
                if !there {
                    continue;
                }
                forget(&mut environment, &mut protection);
                let (_, told, _) = state((environment, protection));
                assert!(
                    told == known || told.contains(&State::NotVisible),
                    "{row}, without {what}: {told:?}, known: {known:?}"
                );
            }
        }
    }
}
