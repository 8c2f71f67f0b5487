//! The rotation policy of a key. With a rotation policy, Key Vault makes a new version in time.
//! Without one, the version can expire, and the environments go offline.

use super::rotate::{checked, pinned};
use super::{Whose, day, finding, unseen, who};
use crate::model::action::KeyPlace;
use crate::model::finding::{Finding, Severity};
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::protection::{Key, KeyReference};
use crate::model::rotation::RotationPolicy;
use crate::model::seen::{Seen, Unreadable};
use crate::model::target::Target;
use jiff::Timestamp;

/// The whole command. Settings that the caller did not name stay unchanged, so they must be known.
pub fn plan(target: &Target, observed: &Observed) -> Plan {
    let mut plan = checked(target, observed);
    plan.findings
        .extend(observed.policy.present().and_then(pinned));
    let (Some(vault), Some(key), Some(name)) = (observed.vault(), observed.key(), &target.key)
    else {
        return plan;
    };
    let before = match &observed.preconditions.rotation {
        Seen::Present(before) => before,
        Seen::Absent => {
            plan.findings.push(unread(
                key,
                &Unreadable::because("Key Vault says that it does not exist"),
            ));
            return plan;
        }
        Seen::Unreadable(why) => {
            plan.findings.push(unread(key, why));
            return plan;
        }
    };
    let after = target.rotation.unwrap_or_default().over(before);
    if let Err(bad) = after.fitting() {
        plan.findings.push(finding(
            "CMK052",
            Severity::Block,
            name.as_str(),
            bad.message,
            bad.fix,
            who::KEY_VAULT,
        ));
        return plan;
    }
    if after.is_kept_by(before) {
        let already = format!(
            "The key `{name}` already has this rotation policy: {}",
            before.in_words()
        );
        plan.already.push(already);
        return plan;
    }
    plan.findings.extend(soon(key, &after, observed.at));
    plan.findings.extend(late(key, &after));
    plan.actions.push(Action::SetRotationPolicy {
        place: KeyPlace::of(vault, name),
        rotation: after,
    });
    plan
}

/// The problems of a rotation policy. `reference`: what the policy of the environments references,
/// if it was read.
pub fn check(
    key: &Key,
    rotation: &Seen<RotationPolicy>,
    reference: Option<&KeyReference>,
) -> Vec<Finding> {
    let rotation = match rotation {
        Seen::Present(rotation) => rotation,
        Seen::Absent => {
            let why = Unreadable::because("Key Vault says that it does not exist");
            return vec![unread(key, &why)];
        }
        Seen::Unreadable(why) => return vec![unread(key, why)],
    };
    let mut found: Vec<Finding> = ends(key, rotation).into_iter().collect();
    found.extend(late(key, rotation));
    let pin = reference.and_then(|reference| reference.version.as_ref());
    if let Some(version) = pin.filter(|_| rotation.rotates.is_some()) {
        found.push(gap(
            key,
            format!(
                "The key `{}` rotates, but the policy is pinned to version {}. Its environments \
                    do not use new versions.",
                key.name,
                version.as_str()
            ),
            "Create a policy without a key version, and move the environments to it.".to_owned(),
        ));
    }
    found
}

fn unread(key: &Key, why: &Unreadable) -> Finding {
    let what = format!("The rotation policy of the key `{}`", key.name);
    unseen(
        "CMK052",
        &key.name,
        &what,
        why,
        (who::KEY_VAULT, Whose::Own),
    )
}

fn gap(key: &Key, message: String, remedy: String) -> Finding {
    finding(
        "CMK052",
        Severity::Warn,
        &key.name,
        message,
        remedy,
        who::KEY_VAULT,
    )
}

/// The finding for a key that Key Vault does not rotate: its current version ends, or the next
/// version that a person makes will.
fn ends(key: &Key, rotation: &RotationPolicy) -> Option<Finding> {
    if rotation.rotates.is_some() {
        return None;
    }
    let message = match (rotation.lasts, key.validity.end()) {
        (_, Some(end)) => format!(
            "The key `{}` expires on {}, but Key Vault does not rotate the key automatically.",
            key.name,
            day(end)
        ),
        (Some(lasts), None) => format!(
            "New versions of the key `{}` expire after {}, but Key Vault does not rotate the key \
                automatically.",
            key.name,
            lasts.in_words()
        ),
        (None, None) => {
            return Some(Finding {
                severity: Severity::Acknowledge,
                ..gap(key, no_rotation(key), set())
            });
        }
    };
    Some(gap(key, message, set()))
}

fn no_rotation(key: &Key) -> String {
    format!(
        "Key Vault does not rotate the key `{}` automatically.",
        key.name
    )
}

fn set() -> String {
    "Set a rotation policy: `cmkctl rotation-policy set --rotate-every 1y --expires-after \
        2y`."
        .to_owned()
}

/// The next version comes after the end of the current version.
fn late(key: &Key, rotation: &RotationPolicy) -> Option<Finding> {
    let next = key.validity.next(rotation)?;
    let end = key.validity.end().filter(|end| *end <= next)?;
    Some(gap(
        key,
        format!(
            "The key `{}` expires on {}, before Key Vault makes the next version on {}.",
            key.name,
            day(end),
            day(next)
        ),
        "Rotate the key before it expires: `cmkctl rotate-key`.".to_owned(),
    ))
}

/// A rotation that is already due starts soon.
fn soon(key: &Key, rotation: &RotationPolicy, now: Timestamp) -> Option<Finding> {
    let next = key.validity.next(rotation)?;
    if next > now {
        return None;
    }
    let message = format!(
        "Key Vault makes a new version of the key `{}` soon, because a rotation was due on {}.",
        key.name,
        day(next)
    );
    let remedy = "Keep the current version enabled for 28 days after the rotation.".to_owned();
    Some(Finding {
        severity: Severity::Acknowledge,
        ..gap(key, message, remedy)
    })
}

#[cfg(test)]
mod tests {
    use super::super::samples::{
        Row, codes, days, hidden, key, odd, on, rows, silent, told, version,
    };
    use super::*;
    use crate::model::known::Known;
    use crate::model::new_key::Period;
    use crate::model::rotation::{RotationWish, Trigger};

    fn period(text: &str) -> Option<Period> {
        (!text.is_empty()).then(|| Period::parse(text).unwrap())
    }

    fn policy(every: &str, lasts: &str) -> RotationPolicy {
        RotationPolicy {
            rotates: period(every).map(Trigger::AfterCreation),
            lasts: period(lasts),
            notifies: period("30d"),
        }
    }

    fn wish(target: &mut Target, every: &str, lasts: &str) {
        target.rotation = Some(RotationWish {
            every: period(every),
            lasts: period(lasts),
            notify: None,
        });
    }

    const A_POLICY_IS_SET_WHERE_THE_ONE_BEFORE_IS_KNOWN: &[Row] = &[
        (
            "none before",
            |t, o| {
                wish(t, "1y", "2y");
                o.preconditions.rotation = Seen::Present(policy("", ""));
            },
            &["> set-rotation-policy"],
        ),
        (
            "the same",
            |t, o| {
                wish(t, "12m", "");
                o.preconditions.rotation = Seen::Present(policy("1y", "2y"));
            },
            &["done"],
        ),
        (
            "one that is not visible",
            |t, o| {
                wish(t, "1y", "");
                o.preconditions.rotation = hidden();
            },
            &["CMK052 unknown"],
        ),
        (
            "one that nobody read",
            |t, _| wish(t, "1y", ""),
            &["CMK052 unknown"],
        ),
        (
            "versions that end, and none that follows",
            |t, o| {
                wish(t, "", "1y");
                o.preconditions.rotation = Seen::Present(policy("", ""));
            },
            &["CMK052 block"],
        ),
        (
            "the end that is there is too soon for it",
            |t, o| {
                wish(t, "1y", "");
                o.preconditions.rotation = Seen::Present(policy("", "90d"));
            },
            &["CMK052 block"],
        ),
        (
            "the version that is there ends before the next one",
            |t, o| {
                wish(t, "2y", "");
                o.preconditions.rotation = Seen::Present(policy("", ""));
            },
            &["CMK052 warn", "> set-rotation-policy"],
        ),
        (
            "a key that is disabled",
            |t, o| {
                wish(t, "1y", "");
                o.preconditions.rotation = Seen::Present(policy("", ""));
                on(&mut o.key, |key| key.validity.enabled = Known::Known(false));
            },
            &["CMK016 block", "> set-rotation-policy"],
        ),
        (
            "a silent key",
            |_, o| o.key = Some(silent()),
            &["CMK015 unknown"],
        ),
    ];

    #[test]
    fn a_policy_is_set_where_the_one_before_is_known() {
        rows(A_POLICY_IS_SET_WHERE_THE_ONE_BEFORE_IS_KNOWN, |t, o| {
            told(&plan(t, o))
        });
    }

    #[test]
    fn what_is_due_is_said_before() {
        let (mut target, mut observed) = super::super::samples::well();
        wish(&mut target, "30d", "");
        observed.preconditions.rotation = Seen::Present(policy("", ""));
        let plan = plan(&target, &observed);
        assert!(
            plan.findings
                .iter()
                .any(|finding| finding.message.contains("soon"))
        );
    }

    #[test]
    fn what_a_policy_leaves_open_is_found() {
        let pinned = KeyReference {
            vault: super::super::samples::vault().id,
            key: super::super::samples::key_name(),
            version: Some(version('a')),
        };
        let ends = |end: Known<Option<Timestamp>>| {
            let mut candidate = key();
            candidate.validity.expires = end;
            candidate
        };
        let forever = || ends(Known::Known(None));
        const WARN: &[&str] = &["CMK052 warn"];
        let pin = Some(&pinned);
        for (key, every, lasts, reference, expected) in [
            // In time; none, and it ends; none, for ever.
            (key(), "6m", "1y", None, &[][..]),
            (key(), "", "", None, WARN),
            (forever(), "", "", None, &[]),
            // An end without a rotation; too late; an unknown end.
            (forever(), "", "1y", None, WARN),
            (key(), "2y", "3y", None, WARN),
            (ends(odd()), "2y", "3y", None, &[]),
            // Pinned, with a rotation and without one.
            (key(), "6m", "1y", pin, WARN),
            (forever(), "", "", pin, &[]),
        ] {
            let rotation = Seen::Present(policy(every, lasts));
            let found = check(&key, &rotation, reference);
            assert_eq!(codes(&found), expected, "{every} {lasts}");
        }
        assert_eq!(codes(&check(&key(), &silent(), None)), ["CMK052 unknown"]);
        assert!(key().validity.end() > Some(days(200)));
    }
}
