//! A new version of a key: nothing goes offline, environments follow within a day, and the old
//! version must stay for four weeks.

use super::{Whose, finding, key, moment, unknown, who};
use crate::model::finding::{Finding, Severity};
use crate::model::key_ids::KeyName;
use crate::model::known::Known;
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::protection::Policy;
use crate::model::target::Target;
use jiff::{SignedDuration, Timestamp};

/// Environments follow a new version within this time.
pub const FOLLOWED_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// What was made later than this from now was not made at that time. Clocks that are further apart
/// are said anyway.
const FUTURE: SignedDuration = SignedDuration::from_mins(15);

/// The whole command. A version that is younger than a day is the rotation that was wanted, unless
/// another one was asked for.
pub fn plan(target: &Target, observed: &Observed) -> Plan {
    // Key problems become warnings, because rotating may fix them; a key that is disabled, or may
    // be, is not rotated. Vault problems stay.
    let mut plan = Plan {
        findings: key::check(target, observed, Whose::Own),
        ..Plan::default()
    };
    let enabled = observed
        .key()
        .is_some_and(|key| key.validity.enabled == Known::Known(true));
    for finding in &mut plan.findings {
        if finding.code == "CMK016" && finding.severity == Severity::Block && enabled {
            finding.severity = Severity::Warn;
        }
    }
    plan.findings
        .extend(observed.policy.present().and_then(pinned));
    let (Some(vault), Some(key), Some(name)) = (observed.vault(), observed.key(), &target.key)
    else {
        return plan;
    };
    match latest(name, &key.validity.created, observed.at) {
        Latest::Young(created) if !target.again => {
            plan.already.push(rotated(name, created));
            return plan;
        }
        Latest::Young(_) | Latest::Old => {}
        Latest::Unclear(found) => plan.findings.push(found),
    }
    if key.version.is_none() {
        let why = format!("{} did not say which one it is", key.source);
        plan.findings.push(unclear(name, &why));
    }
    plan.actions.push(Action::RotateKey {
        vault: vault.id.clone(),
        uri: vault.uri.clone(),
        key: name.clone(),
        from: key
            .version
            .as_ref()
            .map(|version| version.as_str().to_owned()),
    });
    plan
}

/// A policy with a version stays with it.
fn pinned(policy: &Policy) -> Option<Finding> {
    let version = policy.key_reference()?.version.as_ref()?;
    Some(finding(
        "CMK017",
        Severity::Warn,
        policy.id.to_string(),
        format!(
            "The policy `{}` is pinned to version {}: its environments do not follow.",
            policy.id.name,
            version.as_str()
        ),
        "Create a policy without a version and move the environments to it.",
        who::KEY_VAULT,
    ))
}

/// How old the latest version is.
enum Latest {
    /// Less than a day: made at that time.
    Young(Timestamp),
    Old,
    Unclear(Finding),
}

fn latest(name: &KeyName, created: &Known<Timestamp>, now: Timestamp) -> Latest {
    match created {
        Known::Known(created) if created.duration_since(now) > FUTURE => {
            let why = format!("it says that it was made on {}", moment(*created));
            Latest::Unclear(unclear(name, &why))
        }
        Known::Known(created) if now.duration_since(*created) < FOLLOWED_WITHIN => {
            Latest::Young(*created)
        }
        Known::Known(_) => Latest::Old,
        // It may have been rotated a moment ago.
        Known::Unknown(why) => Latest::Unclear(unclear(name, why)),
    }
}

fn unclear(name: &KeyName, why: &str) -> Finding {
    let what = format!("The latest version of the key `{name}`");
    unknown("CMK016", name.as_str(), &what, why, who::KEY_VAULT)
}

/// The rotation that was wanted has been.
fn rotated(name: &KeyName, created: Timestamp) -> String {
    let until = created
        .checked_add(FOLLOWED_WITHIN)
        .map_or_else(|_| "tomorrow".to_owned(), moment);
    format!(
        "The key `{name}` has a version of {}, less than a day old; environments follow it until \
        {until}",
        moment(created)
    )
}
