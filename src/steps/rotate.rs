//! Makes a new version of a key. Nothing goes offline, environments follow within a day, and the
//! old version must stay for four weeks.

use super::evidence::{RotateEvidence, take};
use super::key_state::Mends;
use super::{Whose, finding, key, moment, unknown, unseen, who};
use crate::model::action::KeyPlace;
use crate::model::finding::{Finding, Severity};
use crate::model::key_ids::KeyName;
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::protection::Policy;
use crate::model::seen::Seen;
use crate::model::target::Target;
use jiff::{SignedDuration, Timestamp};

/// Environments follow a new version within this time.
pub const FOLLOWED_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// A creation date further in the future than this can't be right. Clocks that differ this much are
/// reported elsewhere.
const FUTURE: SignedDuration = SignedDuration::from_mins(15);

/// The findings of the key. Key problems become warnings, because rotating may fix them. A key that
/// is or may be disabled is not rotated. Vault problems stay blockers.
pub(super) fn checked(target: &Target, observed: &Observed) -> Plan {
    let enabled = observed
        .key()
        .is_some_and(|key| key.validity.enabled == Known::Known(true));
    let mends = if enabled {
        Mends::Dates
    } else {
        Mends::Nothing
    };
    Plan {
        findings: key::check_but(target, observed, Whose::Own, mends),
        ..Plan::default()
    }
}

/// The whole command. If the latest version is younger than a day, the key is rotated already,
/// unless the caller asked for another version.
pub fn plan(target: &Target, observed: &Observed) -> Plan {
    let mut plan = checked(target, observed);
    match &observed.policy {
        Seen::Present(policy) => plan.findings.extend(pinned(policy)),
        Seen::Absent | Seen::Unreadable(_) => plan.findings.extend(pin_hidden(target, observed)),
    }
    let (Some(vault), Some(key), Some(name)) = (observed.vault(), observed.key(), &target.key)
    else {
        return plan;
    };
    let due = match latest(&key.validity.created, observed.at) {
        Latest::Young(created) if !target.even_if_young => {
            plan.already.push(rotated(name, created));
            return plan;
        }
        Latest::Young(_) | Latest::Old => Verdict::Yes,
        Latest::Unclear(why) => {
            plan.findings.push(unclear(name, &why));
            Verdict::cant_tell(why)
        }
    };
    if let Known::Unknown(why) = &key.version {
        plan.findings.push(unclear(name, why));
    }
    let gathered = RotateEvidence::gather(observed, name, due);
    take(&mut plan, gathered, |evidence| Action::RotateKey {
        place: KeyPlace::of(vault, name),
        from: key
            .version
            .known()
            .map(|version| version.as_str().to_owned()),
        evidence,
    });
    plan
}

/// The finding for a policy that the caller named, or that its environment uses, and can't read. It
/// may be pinned to a key version.
pub fn pin_hidden(target: &Target, observed: &Observed) -> Option<Finding> {
    let asked = target.policy.is_some() || target.environment.is_some();
    let why = observed.policy.unreadable().filter(|_| asked)?;
    let subject = target.policy.as_ref().map(ToString::to_string);
    let subject = subject.unwrap_or_else(|| "policy".to_owned());
    let what = "Whether the policy is pinned to a version";
    let of = (who::ASSIGNS_ROLES, Whose::Others);
    Some(unseen("CMK017", subject, what, why, of))
}

/// The finding for a policy with a key version: its environments do not use new versions.
pub(super) fn pinned(policy: &Policy) -> Option<Finding> {
    let version = policy.key_reference()?.version.as_ref()?;
    Some(finding(
        "CMK017",
        Severity::Warn,
        policy.id.to_string(),
        format!(
            "The policy `{}` is pinned to version {}, so its environments keep that version.",
            policy.id.name,
            version.as_str()
        ),
        "Create a policy without a key version, and move the environments to it.",
        who::KEY_VAULT,
    ))
}

/// The age of the latest version.
enum Latest {
    /// Less than a day old; holds its creation time.
    Young(Timestamp),
    Old,
    /// The age is not known, for this reason.
    Unclear(String),
}

fn latest(created: &Known<Timestamp>, now: Timestamp) -> Latest {
    match created {
        Known::Known(created) if created.duration_since(now) > FUTURE => Latest::Unclear(format!(
            "the creation date of the version, {}, is in the future",
            moment(*created)
        )),
        Known::Known(created) if now.duration_since(*created) < FOLLOWED_WITHIN => {
            Latest::Young(*created)
        }
        Known::Known(_) => Latest::Old,
        // Without a date, the version may have been made a moment ago.
        Known::Unknown(why) => Latest::Unclear(why.clone()),
    }
}

fn unclear(name: &KeyName, why: &str) -> Finding {
    let what = format!("The latest version of the key `{name}`");
    unknown("CMK016", name.as_str(), &what, why, who::KEY_VAULT)
}

/// The sentence that the key is rotated already.
fn rotated(name: &KeyName, created: Timestamp) -> String {
    let until = created
        .checked_add(FOLLOWED_WITHIN)
        .map_or_else(|_| "tomorrow".to_owned(), moment);
    format!(
        "The key `{name}` got a new version on {}, less than a day ago. Environments switch to \
            the new version by {until}",
        moment(created)
    )
}

#[cfg(test)]
mod tests {
    use super::super::samples::{Row, days, now, odd, on, rows, silent, told, version};
    use super::*;

    fn age(observed: &mut Observed, created: Known<Timestamp>) {
        on(&mut observed.key, |key| key.validity.created = created);
    }

    const A_KEY_IS_ROTATED_ONCE_AND_ONLY_WHERE_ITS_VERSION_IS_KNOWN: &[Row] = &[
        ("an old version", |_, _| {}, &["> rotate-key"]),
        ("a young one", |_, o| age(o, Known::Known(now())), &["done"]),
        (
            "a young one, again",
            |t, o| {
                age(o, Known::Known(now()));
                t.even_if_young = true;
            },
            &["> rotate-key"],
        ),
        (
            "one of tomorrow",
            |_, o| age(o, Known::Known(days(1))),
            &["CMK016 unknown", "withheld"],
        ),
        (
            "of no known age",
            |_, o| age(o, odd()),
            &["CMK016 unknown", "withheld"],
        ),
        (
            "of no known name",
            |_, o| on(&mut o.key, |key| key.version = odd()),
            &["CMK016 unknown", "withheld"],
        ),
        (
            "expired",
            |_, o| {
                on(&mut o.key, |key| {
                    key.validity.expires = Known::Known(Some(now()))
                })
            },
            &["CMK016 warn", "> rotate-key"],
        ),
        (
            "disabled",
            |_, o| on(&mut o.key, |key| key.validity.enabled = Known::Known(false)),
            &["CMK016 block", "withheld"],
        ),
        (
            "a policy that is pinned",
            |_, o| {
                on(&mut o.policy, |policy| {
                    if let Known::Known(key) = &mut policy.key {
                        key.version = Some(version('a'));
                    }
                });
            },
            &["CMK017 warn", "> rotate-key"],
        ),
        (
            "a silent key",
            |_, o| o.key = Some(silent()),
            &["CMK015 unknown"],
        ),
        (
            "a silent vault",
            |_, o| o.vault = Some(silent()),
            &["CMK011 unknown"],
        ),
    ];

    #[test]
    fn a_key_is_rotated_once_and_only_where_its_version_is_known() {
        rows(
            A_KEY_IS_ROTATED_ONCE_AND_ONLY_WHERE_ITS_VERSION_IS_KNOWN,
            |target, observed| told(&plan(target, observed)),
        );
    }
}
