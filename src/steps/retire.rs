//! Who still needs a key or one of its versions, and until when; and only then: disabling it.
//!
//! A key that is missed takes environments offline, and it can't be told from the key who uses it:
//! so the whole tenant must have been seen, and every fact that speaks for a user counts. Dates can
//! be overridden; what is not known can't.

use super::key_users::{Tenant, User, needed};
use super::lifecycle::KEPT_AFTER_ROTATION;
use super::{Whose, day, finding, unknown, unseen, who};
use crate::model::finding::{Finding, Severity};
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::seen::{Seen, Unreadable};
use crate::model::surroundings::Version;
use crate::model::target::Target;
use jiff::Timestamp;

/// The whole command: disables the version that was named, or every version of the key. Nothing is
/// deleted.
pub fn plan(target: &Target, observed: &Observed) -> Plan {
    let (vault, key, versions) = match (&observed.vault, &target.key, &observed.around.versions) {
        (Some(Seen::Present(vault)), Some(key), Seen::Present(versions)) => (vault, key, versions),
        _ => {
            return Plan {
                findings: vec![unread(target, observed)],
                ..Plan::default()
            };
        }
    };
    let mut plan = Plan::default();
    let asked = |version: &&Version| {
        target
            .key_version
            .as_ref()
            .is_none_or(|asked| version.id == *asked)
    };
    let wanted: Vec<&Version> = versions.iter().filter(asked).collect();
    let enabled = not_disabled(key, &wanted, &mut plan.findings);
    if wanted.is_empty() {
        plan.findings.push(not_whole(key, "the list is empty"));
        return plan;
    }
    if let Some(found) = without_current(key, versions, observed) {
        plan.findings.push(found);
    } else if enabled.is_empty() {
        plan.already
            .push(disabled(key, target.key_version.as_ref()));
        return plan;
    }
    let tenant = Tenant { target, observed };
    plan.findings.extend(tenant.whole());
    let users = tenant.users(&mut plan.findings);
    plan.findings
        .extend(in_use(&users, versions, &enabled, observed.at));
    let mut days = followed(&users, versions, &enabled, observed.at, &mut plan.findings);
    days.extend(tenant.left_behind(&mut plan.findings));
    let overridden = if target.override_dates {
        overridden(&mut days)
    } else {
        Vec::new()
    };
    plan.findings.extend(days);
    plan.actions.extend(
        enabled
            .into_iter()
            .map(|version| Action::DisableKeyVersion {
                vault: vault.id.clone(),
                uri: vault.uri.clone(),
                key: key.clone(),
                version: version.id.clone(),
                overridden: overridden.clone(),
            }),
    );
    plan.findings
        .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    plan
}

/// The versions that are enabled. One of which that is not known is said, and counts as enabled.
fn not_disabled<'a>(
    key: &KeyName,
    versions: &[&'a Version],
    found: &mut Vec<Finding>,
) -> Vec<&'a Version> {
    let mut enabled = Vec::new();
    for version in versions {
        match &version.validity.enabled {
            Known::Known(false) => {}
            Known::Known(true) => enabled.push(*version),
            Known::Unknown(why) => {
                let what = format!("Whether the version {} is enabled", version.id.as_str());
                found.push(unknown("CMK033", key.as_str(), &what, why, who::KEY_VAULT));
                enabled.push(*version);
            }
        }
    }
    enabled
}

/// The list of versions can't be the whole one.
fn not_whole(key: &KeyName, why: &str) -> Finding {
    let what = format!("Which versions the key `{key}` has");
    unknown("CMK033", key.as_str(), &what, why, who::KEY_VAULT)
}

/// The list lacks the version that is current.
fn without_current(key: &KeyName, versions: &[Version], observed: &Observed) -> Option<Finding> {
    let current = observed.key()?.version.as_ref()?;
    versions
        .iter()
        .all(|version| version.id != *current)
        .then(|| {
            let why = format!(
                "the list does not hold its current version {}",
                current.as_str()
            );
            not_whole(key, &why)
        })
}

fn disabled(key: &KeyName, version: Option<&KeyVersion>) -> String {
    version.map_or_else(
        || format!("Every version of the key `{key}` is disabled"),
        |version| {
            format!(
                "The version {} of the key `{key}` is disabled",
                version.as_str()
            )
        },
    )
}

/// The days for which it must be kept stand in nobody's way any more; returns what they say.
fn overridden(days: &mut [Finding]) -> Vec<String> {
    for need in &mut *days {
        need.severity = Severity::Warn;
        need.remedy = "Overridden; it is written to the audit log.".to_owned();
    }
    days.iter().map(|need| need.message.clone()).collect()
}

/// Vault, key or versions were not read, or are not there.
fn unread(target: &Target, observed: &Observed) -> Finding {
    let name = target.key.as_ref().map_or("key", |key| key.as_str());
    let gone = |message: String| {
        finding(
            "CMK046",
            Severity::Block,
            name,
            message,
            "Check the vault's id and the key's name.",
            who::KEY_VAULT,
        )
    };
    let hidden = |what: &str, why: &Unreadable| {
        unseen("CMK033", name, what, why, (who::KEY_VAULT, Whose::Own))
    };
    match (&observed.vault, &observed.key, &observed.around.versions) {
        (Some(Seen::Absent), _, _) => gone("There is no such vault.".to_owned()),
        (Some(Seen::Unreadable(why)), _, _) => hidden("The vault", why),
        (_, Some(Seen::Absent), _) => gone(format!("There is no key `{name}` in the vault.")),
        (_, _, Seen::Unreadable(why)) => {
            hidden(&format!("Which versions the key `{name}` has"), why)
        }
        _ => unknown(
            "CMK033",
            name,
            &format!("Which versions the key `{name}` has"),
            "they were not read",
            who::KEY_VAULT,
        ),
    }
}

/// What uses it now: no override goes past that. Who follows the key's rotation uses its latest
/// version, and needs one that is enabled, begun and unexpired afterwards.
fn in_use(
    users: &[User<'_>],
    versions: &[Version],
    disabled: &[&Version],
    at: Timestamp,
) -> Vec<Finding> {
    let goes = |version: &KeyVersion| disabled.iter().any(|gone| gone.id == *version);
    let followed = stays_latest(versions, &goes).and(|| {
        Verdict::any(
            versions
                .iter()
                .filter(|version| !goes(&version.id))
                .map(|left| left.validity.usable(at)),
        )
    });
    let mut found = Vec::new();
    for (environment, policy) in users {
        let (id, name) = (&environment.id, &environment.display_name);
        let pinned = policy.key_reference().and_then(|key| key.version.as_ref());
        let which = pinned.map_or(String::new(), |version| {
            format!(" (pinned to {})", version.as_str())
        });
        match pinned.map_or_else(|| followed.clone(), |pinned| Verdict::of(!goes(pinned))) {
            Verdict::Yes => {}
            Verdict::No => found.push(finding(
                "CMK033",
                Severity::Block,
                id,
                format!(
                    "`{name}` is encrypted with it by the policy `{}`{which}: it would go \
                    offline at once.",
                    policy.id.name
                ),
                "Move the environment to another key first: `cmkctl swap-policy`, or `cmkctl \
                rotate-key` for a version.",
                who::POWER_PLATFORM,
            )),
            Verdict::CantTell(why) => {
                let what = format!("Whether `{name}` keeps a version that it can use");
                found.push(unseen(
                    "CMK033",
                    id,
                    &what,
                    &why,
                    (who::KEY_VAULT, Whose::Own),
                ));
            }
        }
    }
    found
}

/// Does the latest version stay?
fn stays_latest(versions: &[Version], goes: &impl Fn(&KeyVersion) -> bool) -> Verdict {
    if versions.iter().all(|version| goes(&version.id)) {
        return Verdict::No;
    }
    let undated = |version: &Version| version.validity.created.unknown().map(str::to_owned);
    if let Some(why) = versions.iter().find_map(undated) {
        return Verdict::cant_tell(format!(
            "which version is the latest one is not known: {why}"
        ));
    }
    let made = |version: &Version| version.validity.created.known().copied();
    let last = versions.iter().filter_map(made).max();
    let mut latest = versions
        .iter()
        .filter(|version| made(version) == last)
        .map(|version| goes(&version.id));
    let first = latest.next().unwrap_or(true);
    if latest.any(|other| other != first) {
        return Verdict::cant_tell(
            "which version is the latest one is not known: two were made at the same time",
        );
    }
    Verdict::of(!first)
}

/// Environments follow a new version within a day, but the one before must stay for four weeks.
fn followed(
    users: &[User<'_>],
    versions: &[Version],
    disabled: &[&Version],
    at: Timestamp,
    open: &mut Vec<Finding>,
) -> Vec<Finding> {
    let mut until: Option<Timestamp> = None;
    let mut dates = Vec::new();
    for version in disabled {
        match succeeded(version, versions, at) {
            Known::Known(date) => until = until.max(date),
            Known::Unknown(why) => dates.push(why),
        }
    }
    let mut days = Vec::new();
    for (environment, _) in users.iter().filter(|(_, policy)| {
        policy
            .key_reference()
            .is_some_and(|key| key.version.is_none())
    }) {
        let (id, name) = (&environment.id, &environment.display_name);
        let what = format!("Until when `{name}` may still use it");
        open.extend(
            dates
                .iter()
                .map(|why| unknown("CMK033", id, &what, why, who::KEY_VAULT)),
        );
        if let Some(until) = until.filter(|until| *until > at) {
            days.push(needed(
                id,
                format!(
                    "`{name}` followed the rotation away from it: it is needed until {}",
                    day(until)
                ),
            ));
        }
    }
    days
}

/// Until when a version must stay: 28 days after the first later one that can be used began.
/// Nothing for the latest one, which is in use.
fn succeeded(version: &Version, all: &[Version], at: Timestamp) -> Known<Option<Timestamp>> {
    let made = match &version.validity.created {
        Known::Known(made) => *made,
        Known::Unknown(why) => return Known::Unknown(why.clone()),
    };
    let mut first: Option<Timestamp> = None;
    for other in all.iter().filter(|other| other.id != version.id) {
        let begun = match (&other.validity.created, &other.validity.not_before) {
            (Known::Known(created), _) if *created <= made => continue,
            (Known::Known(created), Known::Known(start)) => start.unwrap_or(*created).max(*created),
            (Known::Unknown(why), _) | (_, Known::Unknown(why)) => {
                return Known::Unknown(why.clone());
            }
        };
        if other.validity.usable(at) != Verdict::No {
            first = Some(first.map_or(begun, |first| first.min(begun)));
        }
    }
    match first
        .map(|begun| begun.checked_add(KEPT_AFTER_ROTATION))
        .transpose()
    {
        Ok(until) => Known::Known(until),
        Err(error) => Known::Unknown(error.to_string()),
    }
}
