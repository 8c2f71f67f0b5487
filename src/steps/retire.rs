//! Who still needs a key or one of its versions, and until when; and only then: disabling it.

use super::estate::kept;
use super::rotate::OLD_VERSION_STAYS;
use super::{finding, who};
use crate::model::finding::{Finding, Severity};
use crate::model::ids::KeyVersion;
use crate::model::observed::{Environment, Observed, Policy, Seen};
use crate::model::plan::{Action, Plan};
use crate::model::surroundings::Version;
use crate::model::target::Target;
use jiff::Timestamp;

/// The whole command: disables the version that was named, or every version of the key. Nothing is deleted.
pub fn plan(target: &Target, observed: &Observed) -> Plan {
    let mut plan = Plan { findings: absent(target, observed).into_iter().collect(), ..Plan::default() };
    let (Seen::Present(vault), Some(key)) = (&observed.vault, &target.key) else { return plan };
    let versions = match &observed.around.versions {
        Seen::Present(versions) => versions,
        Seen::Unreadable(why) => {
            plan.findings
                .push(blocked(key.as_str(), format!("The versions of `{key}` are not visible to you: {}.", why.why)));
            return plan;
        }
        Seen::Absent | Seen::NotAsked => return plan,
    };
    let wanted: Vec<&Version> = versions
        .iter()
        .filter(|one| target.key_version.as_ref().is_none_or(|asked| one.id == asked.as_str()))
        .collect();
    if let (Some(asked), true) = (&target.key_version, wanted.is_empty()) {
        plan.findings.push(blocked(key.as_str(), format!("The key `{key}` has no version {}.", asked.as_str())));
        return plan;
    }
    let enabled: Vec<&Version> = wanted.into_iter().filter(|one| one.enabled != Some(false)).collect();
    if enabled.is_empty() {
        plan.already.push(target.key_version.as_ref().map_or_else(
            || format!("Every version of the key `{key}` is disabled"),
            |version| format!("The version {} of the key `{key}` is disabled", version.as_str()),
        ));
        return plan;
    }
    let latest = newest(versions).is_none_or(|newest| enabled.iter().any(|one| one.id == newest.id));
    let needs = in_use(target, observed, latest);
    let mut days = if latest { Vec::new() } else { followed(target, observed, versions) };
    days.extend(unread(observed));
    days.extend(left_behind(observed));
    let overridden: Vec<String> = if target.override_dates {
        for need in &mut days {
            need.severity = Severity::Warn;
            need.remedy = "Overridden; it is written to the audit log.".to_owned();
        }
        days.iter().map(|need| need.message.clone()).collect()
    } else {
        Vec::new()
    };
    plan.findings.extend(needs);
    plan.findings.extend(days);
    plan.actions.extend(enabled.into_iter().filter_map(|one| {
        Some(Action::DisableKeyVersion {
            vault: vault.id.clone(),
            uri: vault.uri.clone(),
            key: key.clone(),
            version: KeyVersion::parse(&one.id).ok()?,
            overridden: overridden.clone(),
        })
    }));
    plan.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    plan
}

fn absent(target: &Target, observed: &Observed) -> Option<Finding> {
    let name = target.key.as_ref().map(ToString::to_string).unwrap_or_default();
    match (&observed.vault, &observed.around.versions) {
        (Seen::Unreadable(why), _) => Some(blocked(&name, format!("The vault is not visible to you: {}.", why.why))),
        (Seen::Absent, _) => Some(blocked(&name, "There is no such vault.".to_owned())),
        (_, Seen::Absent) => Some(blocked(&name, format!("There is no key `{name}` in the vault."))),
        _ => None,
    }
}

/// What uses it now: no override goes past that.
fn in_use(target: &Target, observed: &Observed, latest: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    for (environment, policy) in users(target, observed) {
        let name = &environment.display_name;
        let pinned = policy.key_version.as_deref();
        let asked = target.key_version.as_ref().map(KeyVersion::as_str);
        let uses = match pinned {
            Some(pinned) => asked.is_none_or(|asked| asked == pinned),
            None => latest,
        };
        if uses {
            let which = pinned.map_or(String::new(), |version| format!(" (pinned to {version})"));
            found.push(finding(
                "CMK033",
                Severity::Block,
                &environment.id,
                format!("`{name}` is encrypted with it by the policy `{}`{which}: it would go offline at once.", policy.id.name),
                "Move the environment to another key first: `cmkctl swap-policy`, or `cmkctl rotate-key` for a version.",
                who::POWER_PLATFORM,
            ));
        }
    }
    found
}

/// Policies that environments are linked to and that can't be read: they may use the key.
fn unread(observed: &Observed) -> Vec<Finding> {
    let unread = observed.around.policies.iter().filter(|(_, policy)| policy.present().is_none());
    unread
        .map(|(id, policy)| {
            let why = policy.unreadable().map_or("it is gone", |why| why.why.as_str());
            let message = format!("Whether the policy {id} uses the key can't be told: {why}.");
            overridable(id, message, "Run it as somebody who may read the policy")
        })
        .collect()
}

/// Environments follow a new version within a day, but the one before must stay for four weeks.
fn followed(target: &Target, observed: &Observed, versions: &[Version]) -> Vec<Finding> {
    let Some(asked) = &target.key_version else { return Vec::new() };
    let Some(own) = versions.iter().find(|one| one.id == asked.as_str()) else { return Vec::new() };
    // It was the latest one until the next was made.
    let next =
        versions.iter().filter_map(|one| one.created).filter(|made| own.created.is_none_or(|own| *made > own)).min();
    let until = next.and_then(|next| next.checked_add(OLD_VERSION_STAYS).ok());
    let users = users(target, observed);
    let follow = users.iter().filter(|(_, policy)| policy.key_version.is_none());
    let said = |(environment, _): &(&Environment, &Policy)| {
        let name = &environment.display_name;
        match until {
            Some(until) if until <= observed.at => None,
            Some(until) => Some(needed(
                &environment.id,
                format!("`{name}` followed the rotation away from it: it is needed until {}", day(until)),
            )),
            None => Some(needed(
                &environment.id,
                format!("`{name}` may still use it: when the next version was made can't be told"),
            )),
        }
    };
    follow.filter_map(said).collect()
}

/// Environments that left some policy not long ago: which one, no history says.
fn left_behind(observed: &Observed) -> Vec<Finding> {
    let all = match &observed.around.estate {
        Seen::Present(all) => all,
        Seen::Unreadable(why) => {
            return vec![overridable(
                "tenant",
                format!("Which environments use the key, or left it not long ago, is not visible to you: {}.", why.why),
                "Run it as somebody who administers the environments, too",
            )];
        }
        Seen::Absent | Seen::NotAsked => return Vec::new(),
    };
    let mut found = Vec::new();
    for (id, history) in &observed.around.histories {
        let name = all.iter().find(|one| one.id == *id).map_or(id.as_str(), |one| one.display_name.as_str());
        match history {
            Seen::Present(operations) => {
                if let Some((operation, until)) = kept(operations, observed.at) {
                    let since =
                        operation.created.as_deref().unwrap_or_default().get(..10).unwrap_or_default().to_owned();
                    found.push(needed(
                        id,
                        format!("`{name}` left a key on {since}, and which one is not on record: if it was this one, its backups need it until {}", day(until)),
                    ));
                }
            }
            Seen::Unreadable(why) => found.push(overridable(
                id,
                format!(
                    "The history of `{name}` can't be read, so whether it left this key is not known: {}.",
                    why.why
                ),
                "Run it again later",
            )),
            Seen::Absent | Seen::NotAsked => {}
        }
    }
    found
}

/// The environments that are linked to a policy with this key.
fn users<'a>(target: &Target, observed: &'a Observed) -> Vec<(&'a Environment, &'a Policy)> {
    let all = observed.around.estate.present().map(Vec::as_slice).unwrap_or_default();
    let linked = |environment: &'a Environment| {
        let id = environment.key_link.present()?.policy.as_deref()?.to_ascii_lowercase();
        let policy = observed.around.policies.get(&id)?.present()?;
        policy.references(target.vault.as_ref()?, target.key.as_ref()?).then_some((environment, policy))
    };
    all.iter().filter_map(linked).collect()
}

fn newest(versions: &[Version]) -> Option<&Version> {
    if versions.iter().any(|one| one.created.is_none()) && versions.len() > 1 {
        return None;
    }
    versions.iter().max_by_key(|one| one.created)
}

fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

fn needed(subject: &str, message: String) -> Finding {
    overridable(subject, format!("{message}."), "Wait until that day")
}

fn overridable(subject: &str, message: String, remedy: &str) -> Finding {
    let remedy = format!("{remedy}; or pass `--override-dates`, which is written to the audit log.");
    finding("CMK033", Severity::Block, subject, message, remedy, who::KEY_VAULT)
}

fn blocked(subject: &str, message: String) -> Finding {
    finding(
        "CMK033",
        Severity::Block,
        subject,
        message,
        "Look at it as somebody who may read vault and key.",
        who::KEY_VAULT,
    )
}
