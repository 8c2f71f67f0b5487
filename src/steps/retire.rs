//! Finds out which environments still need a key or a version, and until when. Disables it only if
//! none does.

use super::evidence::{DisableEvidence, Needs, take, unknown_state};
use super::{Whose, finding, unknown, unseen, who};
use crate::model::action::KeyPlace;
use crate::model::finding::{Finding, Severity};
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::known::Known;
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::preconditions::Version;
use crate::model::seen::{Seen, Unreadable};
use crate::model::target::Target;

/// The whole command: disables the named version, or every version of the key. It deletes nothing.
pub fn plan(target: &Target, observed: &Observed) -> Plan {
    let (vault, key, versions) = match (
        &observed.vault,
        &target.key,
        &observed.preconditions.versions,
    ) {
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
        let why = lacks(target.key_version.as_ref());
        plan.findings.push(not_whole(key, &why));
        return plan;
    }
    if let Some(found) = without_current(key, versions, observed) {
        plan.findings.push(found);
    } else if enabled.is_empty() {
        plan.already
            .push(disabled(key, target.key_version.as_ref()));
        return plan;
    }
    let needs = Needs::of(target, observed, versions, &enabled);
    plan.findings.extend(needs.open.clone());
    plan.findings.extend(needs.users.clone());
    plan.findings.extend(needs.notes.clone());
    let mut days = needs.days.clone();
    if target.override_dates {
        days.iter_mut().for_each(in_nobodys_way);
    }
    plan.findings.extend(days);
    for version in enabled {
        let gathered = DisableEvidence::gather(target, (&vault.id, key), version, &needs);
        let overridden = gathered
            .as_ref()
            .map_or_else(|_| Vec::new(), DisableEvidence::overridden);
        take(&mut plan, gathered, |evidence| Action::DisableKeyVersion {
            place: KeyPlace::of(vault, key),
            version: version.id.clone(),
            overridden,
            evidence,
        });
    }
    plan.findings
        .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    plan
}

/// The versions that are enabled. If a version's state is not known, a finding says so and the
/// version counts as enabled.
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
                found.push(unknown_state(key, version, why));
                enabled.push(*version);
            }
        }
    }
    enabled
}

/// What a list without a version to disable lacks.
fn lacks(asked: Option<&KeyVersion>) -> String {
    match asked {
        Some(version) => format!(
            "the list of versions does not contain `{}`",
            version.as_str()
        ),
        None => "the list of versions is empty".to_owned(),
    }
}

/// The finding that the list of versions is incomplete.
fn not_whole(key: &KeyName, why: &str) -> Finding {
    let what = format!("Which versions the key `{key}` has");
    unknown("CMK033", key.as_str(), &what, why, who::KEY_VAULT)
}

/// The finding for a list without the key's current version.
fn without_current(key: &KeyName, versions: &[Version], observed: &Observed) -> Option<Finding> {
    let open = |why: &str| {
        Some(not_whole(
            key,
            &format!("the current version of the key is unknown: {why}"),
        ))
    };
    let current = match &observed.key {
        Some(Seen::Present(found)) => match &found.version {
            Known::Known(current) => current,
            Known::Unknown(why) => return open(why),
        },
        Some(Seen::Absent) => return open("the service says that the key does not exist"),
        Some(Seen::Unreadable(why)) => return open(&why.why),
        None => return open("the key was not read"),
    };
    versions
        .iter()
        .all(|version| version.id != *current)
        .then(|| {
            let why = format!(
                "the list of versions does not contain the key's current version `{}`",
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

/// The caller overrides this need, so its finding becomes a warning.
fn in_nobodys_way(need: &mut Finding) {
    need.severity = Severity::Warn;
    need.remedy = "You passed `--override-dates`. The audit log records the override.".into();
}

/// The finding for a vault, key or list of versions that was not read or does not exist.
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
    match (
        &observed.vault,
        &observed.key,
        &observed.preconditions.versions,
    ) {
        (Some(Seen::Absent), _, _) => gone("The vault does not exist.".to_owned()),
        (Some(Seen::Unreadable(why)), _, _) => hidden("The state of the vault", why),
        (_, Some(Seen::Absent), _) => gone(format!("There is no key `{name}` in the vault.")),
        (_, _, Seen::Unreadable(why)) => {
            hidden(&format!("Which versions the key `{name}` has"), why)
        }
        _ => unknown(
            "CMK033",
            name,
            &format!("Which versions the key `{name}` has"),
            "cmkctl did not read the list of versions",
            who::KEY_VAULT,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{
        Row, all, hidden, linked, odd, on, operation, rows, silent, told, version,
    };
    use super::*;
    use crate::model::known::Verdict;

    fn enabled(observed: &mut Observed, enabled: &Known<bool>) {
        on(&mut observed.preconditions.versions, |all| {
            all.iter_mut()
                .for_each(|version| version.validity.enabled = enabled.clone());
        });
    }

    const A_KEY_IS_RETIRED_WHERE_NOBODY_NEEDS_IT_FOR_SURE: &[Row] = &[
        (
            "free",
            |_, _| {},
            &["> disable-key-version", "> disable-key-version"],
        ),
        (
            "one version of it",
            |t, _| t.key_version = Some(version('a')),
            &["> disable-key-version"],
        ),
        (
            "disabled",
            |_, o| enabled(o, &Known::Known(false)),
            &["done"],
        ),
        (
            "perhaps disabled",
            |_, o| enabled(o, &odd()),
            &["CMK033 unknown", "CMK033 unknown", "withheld", "withheld"],
        ),
        (
            "in use",
            |_, o| linked(o, "ep", "Linked"),
            &["CMK033 block", "withheld", "withheld"],
        ),
        (
            "an old version of one in use",
            |t, o| {
                linked(o, "ep", "Linked");
                t.key_version = Some(version('a'));
            },
            &["> disable-key-version"],
        ),
        (
            "not the whole tenant",
            |_, o| o.preconditions.whole_tenant = Verdict::No,
            &["CMK020 unknown", "withheld", "withheld"],
        ),
        (
            "deleted environments not looked at",
            |t, _| t.deleted_checked = false,
            &["CMK033 unknown", "withheld", "withheld"],
        ),
        (
            "no such vault",
            |_, o| o.vault = Some(Seen::Absent),
            &["CMK046 block"],
        ),
        (
            "a hidden vault",
            |_, o| o.vault = Some(hidden()),
            &["CMK033 unknown"],
        ),
        (
            "silent versions",
            |_, o| o.preconditions.versions = silent(),
            &["CMK033 unknown"],
        ),
        (
            "a list without the current version",
            |_, o| on(&mut o.key, |key| key.version = Known::Known(version('c'))),
            &[
                "CMK033 unknown",
                "> disable-key-version",
                "> disable-key-version",
            ],
        ),
        (
            "a key that does not answer, and its versions",
            |_, o| o.key = Some(silent()),
            &[
                "CMK033 unknown",
                "> disable-key-version",
                "> disable-key-version",
            ],
        ),
        (
            "no known current version",
            |_, o| on(&mut o.key, |key| key.version = odd()),
            &[
                "CMK033 unknown",
                "> disable-key-version",
                "> disable-key-version",
            ],
        ),
    ];

    #[test]
    fn a_key_is_retired_where_nobody_needs_it_for_sure() {
        rows(
            A_KEY_IS_RETIRED_WHERE_NOBODY_NEEDS_IT_FOR_SURE,
            |target, observed| told(&plan(target, observed)),
        );
    }

    #[test]
    fn days_can_be_overridden_and_users_and_doubts_can_not() {
        let left = |observed: &mut Observed| {
            let history = vec![operation("RevertToMicrosoftKey", "Succeeded", 3)];
            observed
                .preconditions
                .histories
                .insert("e".to_owned(), all(history));
        };
        let (mut target, mut observed) = super::super::samples::well();
        target.key_version = Some(version('a'));
        left(&mut observed);
        assert_eq!(
            told(&plan(&target, &observed)),
            ["CMK033 block", "withheld"]
        );
        target.override_dates = true;
        assert_eq!(
            told(&plan(&target, &observed)),
            ["CMK033 warn", "> disable-key-version"]
        );
        target.key_version = None;
        linked(&mut observed, "ep", "Linked");
        assert!(!plan(&target, &observed).may_start());
        let (_, mut doubtful) = super::super::samples::well();
        doubtful
            .preconditions
            .histories
            .insert("e".to_owned(), silent());
        assert!(!plan(&target, &doubtful).may_start());
    }
}
