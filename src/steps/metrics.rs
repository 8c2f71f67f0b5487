//! The metrics of a tenant for a monitoring system. An unknown fact has no sample, because a zero
//! would mean that all is well.

use super::link::locked;
use crate::model::estate::{Estate, JudgedEnvironment, Protection, State};
use crate::model::ids::ArmId;
use crate::model::known::{Known, Verdict};
use crate::model::metric::{Label, Metric, Sample};
use crate::model::protection::Key;
use crate::model::seen::Seen;
use jiff::Timestamp;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Every state. A state without environments has the value zero.
const STATES: [State; 9] = [
    State::Locked,
    State::Endangered,
    State::Failed,
    State::Expiring,
    State::Removing,
    State::Encrypting,
    State::NotVisible,
    State::NotEncrypted,
    State::Encrypted,
];

/// The judged environments that the caller asked for.
#[derive(Clone, Copy)]
struct Judged<'a> {
    estate: &'a Estate,
    all: &'a [JudgedEnvironment<'a>],
}

/// The metrics of the environments that the caller asked for, one after the other. The metrics of
/// ten thousand environments are never all in memory at once.
pub fn metrics<'a>(
    estate: &'a Estate,
    all: &'a [JudgedEnvironment<'a>],
) -> impl Iterator<Item = Metric<'a>> {
    let judged = Judged { estate, all };
    let makers: [fn(Judged<'a>) -> Metric<'a>; 13] = [
        Judged::last_look,
        Judged::complete,
        Judged::count,
        Judged::info,
        Judged::state,
        Judged::locked,
        Judged::linked,
        Judged::not_visible,
        Judged::deletion,
        Judged::granted,
        Judged::expires_in,
        Judged::expires_at,
        Judged::rotates_at,
    ];
    makers.into_iter().map(move |make| make(judged))
}

impl<'a> Judged<'a> {
    fn last_look(self) -> Metric<'a> {
        let help = "Time of the last successful read of the tenant, in seconds since 1970.";
        alone(
            "cmkctl_last_success_timestamp_seconds",
            help,
            seconds(self.estate.at),
        )
    }

    fn complete(self) -> Metric<'a> {
        let help = "1 if the account administers every environment of the tenant, else 0.";
        let whole = self.estate.whole_tenant.proven();
        alone("cmkctl_list_complete", help, flag(whole))
    }

    fn count(self) -> Metric<'a> {
        let sample = |state: State| Sample {
            labels: vec![("state", Cow::Borrowed(state.word()))],
            value: self
                .all
                .iter()
                .filter(|judged| judged.state == state)
                .count() as f64,
        };
        Metric {
            name: "cmkctl_environments",
            help: "Number of environments, each counted once with its worst state.",
            samples: STATES.into_iter().map(sample).collect(),
        }
    }

    fn info(self) -> Metric<'a> {
        self.each(
            "cmkctl_environment_info",
            "Always 1. The labels describe the environment.",
            |judged| {
                let environment = judged.environment;
                let link = environment.key_link.present();
                let status = link.and_then(|link| link.status.text());
                let policy = environment.policy().map(ToString::to_string);
                let more = [
                    ("sku", environment.sku.text().unwrap_or_default().into()),
                    ("location", environment.location.shown().into()),
                    ("policy", policy.unwrap_or_default().into()),
                    ("link_status", status.unwrap_or_default().into()),
                ];
                vec![(more.to_vec(), 1.0)]
            },
        )
    }

    fn state(self) -> Metric<'a> {
        self.each(
            "cmkctl_environment_state",
            "Always 1. One sample for each state that the environment is in.",
            |judged| {
                let sample = |state: &State| (vec![("state", state.word().into())], 1.0);
                judged.states.iter().map(sample).collect()
            },
        )
    }

    fn locked(self) -> Metric<'a> {
        self.each(
            "cmkctl_environment_locked",
            "1 if the environment is offline because its key is not available, else 0.",
            |judged| verdict(&locked(judged.environment)),
        )
    }

    fn linked(self) -> Metric<'a> {
        self.each(
            "cmkctl_environment_linked",
            "1 if the environment is linked to an encryption policy, else 0.",
            |judged| match &judged.environment.key_link {
                Seen::Present(_) => vec![(Vec::new(), 1.0)],
                Seen::Absent => vec![(Vec::new(), 0.0)],
                Seen::Unreadable(_) => Vec::new(),
            },
        )
    }

    fn not_visible(self) -> Metric<'a> {
        self.each(
            "cmkctl_environment_not_visible",
            "1 if cmkctl can't see everything that protects the environment, else 0.",
            |judged| {
                let hidden = judged.states.contains(&State::NotVisible);
                vec![(Vec::new(), flag(hidden))]
            },
        )
    }

    fn deletion(self) -> Metric<'a> {
        self.each(
            "cmkctl_environment_deletion_timestamp_seconds",
            "Earliest time when the service deletes the locked environment, in seconds since 1970.",
            |judged| {
                let at = judged.deleted_on.map(|at| (Vec::new(), seconds(at)));
                at.into_iter().collect()
            },
        )
    }

    fn granted(self) -> Metric<'a> {
        let samples = self.policies().into_iter().filter_map(|(id, protection)| {
            let granted = protection.granted.flag()?;
            let labels = vec![("policy", Cow::Owned(id.to_string()))];
            let value = flag(granted);
            Some(Sample { labels, value })
        });
        Metric {
            name: "cmkctl_policy_grant",
            help: "1 if the identity of the policy may use its key, else 0.",
            samples: samples.collect(),
        }
    }

    fn expires_in(self) -> Metric<'a> {
        let now = seconds(self.estate.at);
        Metric {
            name: "cmkctl_key_expiry_seconds",
            help: "Seconds from the last read until the key expires, +Inf if it never expires.",
            samples: self.ends(|end| seconds(end) - now),
        }
    }

    fn expires_at(self) -> Metric<'a> {
        Metric {
            name: "cmkctl_key_expiry_timestamp_seconds",
            help: "Time when the key expires, in seconds since 1970, +Inf if it never expires.",
            samples: self.ends(seconds),
        }
    }

    fn rotates_at(self) -> Metric<'a> {
        Metric {
            name: "cmkctl_key_rotation_timestamp_seconds",
            help: "Time when Key Vault makes the next version of the key, in seconds since 1970.",
            samples: self.keys(|key| {
                let rotation = key.rotation.known()?;
                key.validity.next(rotation).map(seconds)
            }),
        }
    }

    /// The policies of the environments that were asked for.
    fn policies(self) -> BTreeMap<&'a ArmId, &'a Protection> {
        let of = |judged: &'a JudgedEnvironment<'a>| {
            let id = judged.environment.policy()?;
            Some((id, self.estate.protections.get(id)?))
        };
        self.all.iter().filter_map(of).collect()
    }

    /// When their keys expire.
    fn ends(self, told: impl Fn(Timestamp) -> f64) -> Vec<Sample<'a>> {
        self.keys(|key| match &key.validity.expires {
            Known::Known(Some(end)) => Some(told(*end)),
            Known::Known(None) => Some(f64::INFINITY),
            Known::Unknown(_) => None,
        })
    }

    /// One value for each of their keys, if it is known.
    fn keys(self, value: impl Fn(&Key) -> Option<f64>) -> Vec<Sample<'a>> {
        let sample = |(id, protection): (&'a ArmId, &'a Protection)| {
            let key = protection.key()?;
            let reference = protection.policy.present()?.key_reference()?;
            let value = value(key)?;
            let version = key.version.known().map(|version| version.as_str());
            let labels = vec![
                ("policy", Cow::Owned(id.to_string())),
                ("vault", reference.vault.name.as_str().into()),
                ("key", reference.key.as_str().into()),
                ("key_version", version.unwrap_or_default().into()),
            ];
            Some(Sample { labels, value })
        };
        self.policies().into_iter().filter_map(sample).collect()
    }

    /// One value for each environment. The id is a label too, because the name can change.
    fn each(
        self,
        name: &'static str,
        help: &'static str,
        values: impl Fn(&'a JudgedEnvironment<'a>) -> Vec<(Vec<Label<'a>>, f64)>,
    ) -> Metric<'a> {
        let sample = |judged: &'a JudgedEnvironment<'a>| {
            let labelled = move |(more, value): (Vec<Label<'a>>, f64)| {
                let environment = judged.environment;
                let mut labels = vec![
                    ("environment_id", environment.id.as_str().into()),
                    ("environment", environment.display_name.as_str().into()),
                ];
                labels.extend(more);
                Sample { labels, value }
            };
            values(judged).into_iter().map(labelled)
        };
        Metric {
            name,
            help,
            samples: self.all.iter().flat_map(sample).collect(),
        }
    }
}

fn alone(name: &'static str, help: &'static str, value: f64) -> Metric<'static> {
    let labels = Vec::new();
    Metric {
        name,
        help,
        samples: vec![Sample { labels, value }],
    }
}

fn verdict<'a>(verdict: &Verdict) -> Vec<(Vec<Label<'a>>, f64)> {
    let known = verdict.flag().map(|known| (Vec::new(), flag(known)));
    known.into_iter().collect()
}

fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}

fn seconds(at: Timestamp) -> f64 {
    at.as_second() as f64
}

#[cfg(test)]
mod tests {
    use super::super::danger::judge;
    use super::super::samples::{
        days, environment, key, link, now, odd, policy, policy_id, silent, vault,
    };
    use super::*;
    use crate::model::environment::Environment;

    use crate::model::whole::Whole;

    type Change = fn(&mut Environment, &mut Protection);

    /// `name value` of each sample of these figures.
    fn told(change: Change, names: &[&str]) -> Vec<String> {
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
        let estate = Estate {
            at: now(),
            environments: Whole::read_to_end(vec![environment]),
            whole_tenant: Verdict::Yes,
            protections: BTreeMap::from([(policy_id("ep"), protection)]),
            not_listed: Vec::new(),
        };
        let all = judge(&estate, None);
        let told: Vec<String> = metrics(&estate, &all)
            .flat_map(|metric| {
                let short = metric.name.strip_prefix("cmkctl_").unwrap().to_owned();
                let value = move |sample: Sample<'_>| format!("{short} {}", sample.value);
                metric.samples.into_iter().map(value).collect::<Vec<_>>()
            })
            .filter(|line| names.iter().any(|name| line.starts_with(name)))
            .collect();
        told
    }

    const NAMES: [&str; 6] = [
        "environment_locked",
        "environment_linked",
        "environment_not_visible",
        "environment_deletion",
        "policy_grant",
        "key_expiry_seconds",
    ];

    const WHAT_IS_NOT_KNOWN_HAS_NO_SAMPLE: &[(&str, Change, &[&str])] = &[
        (
            "well",
            |_, _| {},
            &[
                "environment_locked 0",
                "environment_linked 1",
                "environment_not_visible 0",
                "policy_grant 1",
                "key_expiry_seconds 25920000",
            ],
        ),
        (
            "on the Microsoft key",
            |e, _| e.key_link = Seen::Absent,
            &[
                "environment_locked 0",
                "environment_linked 0",
                "environment_not_visible 0",
            ],
        ),
        (
            "a link that was not read",
            |e, _| e.key_link = silent(),
            &["environment_not_visible 1"],
        ),
        (
            "locked, and to be deleted",
            |e, _| e.runtime_state = "Disabled".into(),
            &[
                "environment_locked 1",
                "environment_linked 1",
                "environment_not_visible 0",
                "environment_deletion_timestamp_seconds 1772956800",
                "policy_grant 1",
                "key_expiry_seconds 25920000",
            ],
        ),
        (
            "a state that nobody knows",
            |e, _| e.runtime_state = "Wibble".into(),
            &[
                "environment_linked 1",
                "environment_not_visible 1",
                "policy_grant 1",
                "key_expiry_seconds 25920000",
            ],
        ),
        (
            "no grant, and a key for ever",
            |_, p| {
                p.granted = Verdict::No;
                let mut endless_key = key();
                endless_key.validity.expires = Known::Known(None);
                p.key = Some(Seen::Present(endless_key));
            },
            &[
                "environment_locked 0",
                "environment_linked 1",
                "environment_not_visible 0",
                "policy_grant 0",
                "key_expiry_seconds inf",
            ],
        ),
        (
            "a grant and an end that nobody read",
            |_, p| {
                p.granted = Verdict::default();
                let mut undated_key = key();
                undated_key.validity.expires = odd();
                p.key = Some(Seen::Present(undated_key));
            },
            &[
                "environment_locked 0",
                "environment_linked 1",
                "environment_not_visible 1",
            ],
        ),
    ];

    #[test]
    fn what_is_not_known_has_no_sample() {
        for (what, change, expected) in WHAT_IS_NOT_KNOWN_HAS_NO_SAMPLE {
            assert_eq!(told(*change, &NAMES), *expected, "{what}");
        }
    }

    #[test]
    fn every_state_is_counted_once() {
        let counted = told(|_, _| {}, &["environments "]);
        assert_eq!(counted.len(), STATES.len());
        assert_eq!(
            counted.iter().filter(|line| line.ends_with(" 1")).count(),
            1
        );
        let states = told(
            |e, _| e.runtime_state = "Disabled".into(),
            &["environment_state"],
        );
        assert_eq!(states, ["environment_state 1"]);
    }
}
