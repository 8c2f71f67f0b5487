//! The dates of a tenant that a calendar shows: when keys end, when their old versions are no
//! longer needed, and when locked environments are deleted.

use super::lifecycle::KEPT_AFTER_ROTATION;
use super::moment;
use crate::model::alike::Alike;
use crate::model::estate::{Estate, JudgedEnvironment};
use crate::model::event::Event;
use crate::model::known::Known;
use crate::model::protection::{Key, KeyReference};
use std::collections::BTreeMap;

/// How many days before an event the calendar reminds of the event.
const OF_A_KEY: &[u32] = &[60, 30, 7];
const OF_A_DELETION: &[u32] = &[3, 1];

/// A key, and the environments that it encrypts.
struct Used<'a> {
    reference: &'a KeyReference,
    key: &'a Key,
    names: Vec<String>,
}

/// The dates of the environments that were asked for, soonest first.
pub fn events(estate: &Estate, all: &[JudgedEnvironment<'_>]) -> Vec<Event> {
    let alike = Alike::among(
        all.iter()
            .map(|judged| judged.environment.display_name.as_str()),
    );
    let name = |judged: &JudgedEnvironment<'_>| {
        let environment = judged.environment;
        alike.told_apart(&environment.display_name, &environment.id)
    };
    let mut keys: BTreeMap<&KeyReference, Used<'_>> = BTreeMap::new();
    let mut events = Vec::new();
    for judged in all {
        events.extend(deletion(judged, &name(judged)));
        let protection = estate.protection(judged.environment);
        let used = protection.and_then(|protection| {
            let reference = protection.policy.present()?.key_reference()?;
            Some((reference, protection.key()?))
        });
        if let Some((reference, key)) = used {
            let used = keys.entry(reference).or_insert_with(|| Used {
                reference,
                key,
                names: Vec::new(),
            });
            used.names.push(name(judged));
        }
    }
    for used in keys.values() {
        events.extend(used.end());
        events.extend(used.rotation());
        events.extend(used.old_versions());
    }
    events.sort_by(|left, right| (left.at, &left.title).cmp(&(right.at, &right.title)));
    events
}

fn deletion(judged: &JudgedEnvironment<'_>, name: &str) -> Option<Event> {
    let at = judged.deleted_on?;
    Some(Event {
        uid: Event::uid("deletion", &judged.environment.id),
        at,
        title: format!("Locked environment {name} may be deleted"),
        text: format!(
            "The environment is offline because its key is not available. Microsoft deletes \
                the environment on {} at the earliest. `cmkctl unlock {}` shows what is missing.",
            moment(at),
            judged.environment.id
        ),
        reminds: OF_A_DELETION,
        weekly_until: None,
    })
}

impl Used<'_> {
    /// The key in words, and its version as part of a name.
    fn label_and_id(&self) -> (String, String) {
        let version = self.key.version.known().map(|version| version.as_str());
        let (vault, key) = (&self.reference.vault.name, &self.reference.key);
        (
            format!("{key} in {vault}"),
            format!("{vault}/{key}/{}", version.unwrap_or_default()),
        )
    }

    fn end(&self) -> Option<Event> {
        let at = self.key.validity.end()?;
        let (label, of) = self.label_and_id();
        let first = self.names.iter().take(5).map(String::as_str);
        let first = first.collect::<Vec<_>>().join(", ");
        let more = match self.names.len().saturating_sub(5) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let before = moment(at);
        // A newer version does not reach environments whose policy pins this version.
        let todo = match &self.reference.version {
            None => format!("Rotate the key before {before}."),
            Some(_) => format!(
                "The policy pins this version. Move its environments to another policy before \
                    {before}: `cmkctl swap-policy`."
            ),
        };
        Some(Event {
            uid: Event::uid("key-expiry", &of),
            at,
            title: format!("Key {label} expires"),
            text: format!("{todo} Otherwise these environments go offline: {first}{more}"),
            reminds: OF_A_KEY,
            weekly_until: None,
        })
    }

    /// If the policy pins a version, environments do not use a newer one, so there is no date.
    fn rotation(&self) -> Option<Event> {
        let rotation = match (&self.reference.version, &self.key.rotation) {
            (None, Known::Known(rotation)) => rotation,
            (Some(_), _) | (None, Known::Unknown(_)) => return None,
        };
        let at = self.key.validity.next(rotation)?;
        let (label, of) = self.label_and_id();
        Some(Event {
            uid: Event::uid("rotation", &of),
            at,
            title: format!("Key Vault rotates key {label}"),
            text: format!(
                "Key Vault creates a new version on {}. Environments use the new version within 24 \
                    hours. Keep the previous version enabled for at least 28 days.",
                moment(at)
            ),
            reminds: &[],
            weekly_until: None,
        })
    }

    /// If the policy pins a version, cmkctl does not know which of the other versions are old.
    fn old_versions(&self) -> Option<Event> {
        let created = match (&self.reference.version, &self.key.validity.created) {
            (None, Known::Known(created)) => *created,
            (Some(_), _) | (None, Known::Unknown(_)) => return None,
        };
        let at = created.checked_add(KEPT_AFTER_ROTATION).ok()?;
        let (label, of) = self.label_and_id();
        Some(Event {
            uid: Event::uid("old-versions", &of),
            at,
            title: format!("Old versions of key {label} can be disabled"),
            text: format!(
                "If the key has older versions, backups need them until {}. `cmkctl retire-key \
                    --key-version OLD_VERSION` disables an old version after it verifies that no \
                    environment uses the version.",
                moment(at)
            ),
            reminds: &[],
            weekly_until: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::danger::judge;
    use super::super::samples::{
        days, environment, key, link, now, odd, policy, policy_id, vault, version,
    };
    use super::*;
    use crate::model::environment::Environment;
    use crate::model::estate::Protection;
    use crate::model::known::Verdict;
    use crate::model::rotation::{RotationPolicy, Trigger};
    use crate::model::seen::Seen;
    use crate::model::whole::Whole;
    use jiff::Timestamp;

    fn on_policy(id: &str, policy: &str) -> Environment {
        Environment {
            key_link: link(policy, "Linked"),
            modified: Some(days(-1)),
            ..environment(id)
        }
    }

    fn protected(name: &str, key: Key) -> Protection {
        Protection {
            policy: Seen::Present(policy(name)),
            vault: Some(Seen::Present(vault())),
            key: Some(Seen::Present(key)),
            granted: Verdict::Yes,
            ..Protection::default()
        }
    }

    fn seen(all: Vec<Environment>, key: &Key, at: Timestamp) -> Vec<Event> {
        let protections = ["ep", "ep2"].map(|name| (policy_id(name), protected(name, key.clone())));
        let estate = Estate {
            at,
            environments: Whole::read_to_end(all),
            whole_tenant: Verdict::Yes,
            protections: BTreeMap::from(protections),
            not_listed: Vec::new(),
        };
        events(&estate, &judge(&estate, None))
    }

    fn titles(events: &[Event]) -> Vec<&str> {
        events.iter().map(|event| event.title.as_str()).collect()
    }

    #[test]
    fn a_key_is_there_once_with_all_that_it_encrypts() {
        let both = || vec![on_policy("e1", "ep"), on_policy("e2", "ep2")];
        let found = seen(both(), &key(), now());
        assert_eq!(
            titles(&found),
            [
                "Old versions of key cmk in kv can be disabled",
                "Key cmk in kv expires"
            ]
        );
        assert!(found[1].text.ends_with("E1, E2"), "{}", found[1].text);
        assert_eq!(found[1].at, days(300));
        // The same tomorrow, with the same names; another version is another date.
        let tomorrow = seen(both(), &key(), days(1));
        assert_eq!(found, tomorrow);
        let rotated = Key {
            version: Known::Known(version('c')),
            ..key()
        };
        assert_ne!(found[1].uid, seen(both(), &rotated, now())[1].uid);
    }

    #[test]
    fn a_rotation_that_is_known_is_a_date() {
        let period = |text: &str| crate::model::new_key::Period::parse(text).unwrap();
        let rotating_key = |rotates| Key {
            rotation: Known::Known(RotationPolicy {
                rotates: Some(rotates),
                ..RotationPolicy::default()
            }),
            ..key()
        };
        for (rotates, at) in [
            (Trigger::AfterCreation(period("100d")), days(10)),
            (Trigger::BeforeExpiry(period("30d")), days(270)),
        ] {
            let found = seen(vec![on_policy("e", "ep")], &rotating_key(rotates), now());
            let due = found.iter().find(|event| event.title.contains("rotates"));
            assert_eq!(due.map(|event| event.at), Some(at));
        }
    }

    #[test]
    fn what_is_not_known_is_no_date() {
        let mut undated_key = key();
        undated_key.validity.expires = odd();
        undated_key.validity.created = odd();
        assert_eq!(seen(vec![on_policy("e", "ep")], &undated_key, now()), []);
        undated_key.validity.expires = Known::Known(None);
        assert_eq!(seen(vec![on_policy("e", "ep")], &undated_key, now()), []);
        assert_eq!(seen(vec![environment("e")], &key(), now()), []);
    }

    #[test]
    fn a_deletion_is_a_date() {
        let mut locked = on_policy("e", "ep");
        locked.runtime_state = "Disabled".into();
        let found = seen(vec![locked], &key(), now());
        assert!(titles(&found).contains(&"Locked environment E may be deleted"));
    }
}
