//! Repairs a lock: restores the original key first, then enables each environment, the one with the
//! earliest deletion first.

use super::evidence::{EnableEvidence, EnableVersionEvidence, RecoverEvidence, take};
use super::grant::PolicyAvailability;
use super::key_state::Mends;
use super::lifecycle::KEPT_AFTER_ROTATION;
use super::link::{locked as is_locked, no_environment, unknown_link};
use super::{Whose, danger, finding, grant, key, quoted, unknown, unseen, who};
use crate::model::action::{KeyPlace, Named};
use crate::model::environment::Environment;
use crate::model::estate::in_part;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ArmId;
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::preconditions::Version;
use crate::model::seen::{Seen, Unreadable};
use crate::model::target::Target;
use jiff::Timestamp;

/// The whole command. Each administrator does their own part. Findings about the other
/// administrator's part block nothing.
pub fn plan(target: &Target, observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    let environment = observed.environment.present();
    let Some(id) = target
        .policy
        .clone()
        .or_else(|| environment.and_then(Environment::policy).cloned())
    else {
        plan.findings.push(no_policy(target, observed));
        return plan;
    };
    plan.join(of_key(&id, observed));
    let mut of_environments = enabled_again(target, observed, &id);
    let idle = plan.is_idle() && of_environments.is_idle();
    // While anything is to be done, an unknown fact about one environment must not stop the key or
    // the other environments, so it only warns.
    for finding in &mut of_environments.findings {
        if !idle && finding.severity == Severity::Unknown {
            finding.severity = Severity::Warn;
        }
    }
    if idle {
        // Nothing is sent, so "nothing to do" must be proven: a fact that is not visible counts as
        // unknown.
        for finding in plan
            .findings
            .iter_mut()
            .chain(&mut of_environments.findings)
        {
            if finding.severity == Severity::NotVisible {
                finding.severity = Severity::Unknown;
            }
        }
        if plan.gaps().chain(of_environments.gaps()).next().is_none() {
            plan.already.push(format!(
                "No environment of the policy `{}` is locked",
                id.name
            ));
        }
    }
    plan.join(of_environments);
    plan
}

/// The Key Vault administrator's half: the key, its versions, and the grant on it.
fn of_key(id: &ArmId, observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    let policy = match &observed.policy {
        Seen::Present(policy) => policy,
        Seen::Absent => {
            plan.findings.push(finding(
                "CMK046",
                Severity::Block,
                id.to_string(),
                "The policy no longer exists. Microsoft does not document whether its environments \
                    can be enabled without the policy.",
                "Ask Microsoft support. Do not create another policy before support answers.",
                who::KEY_VAULT,
            ));
            return plan;
        }
        Seen::Unreadable(why) => {
            plan.findings.push(hidden_policy(id, why));
            return plan;
        }
    };
    let key = policy.key_reference();
    let named = Target {
        policy: Some(policy.id.clone()),
        vault: key.map(|key| key.vault.clone()),
        key: key.map(|key| key.key.clone()),
        ..Target::default()
    };
    plan.findings = key::references(policy);
    plan.findings.extend(
        grant::identity(observed, policy)
            .into_iter()
            .filter(|finding| finding.severity == Severity::Unknown),
    );
    plan.join(restore(&named, observed));
    grant::grant(
        &named,
        observed,
        PolicyAvailability::There,
        Whose::Others,
        &mut plan,
    );
    plan
}

/// The finding that an unreadable policy hides whether its key can be used.
fn hidden_policy(id: &ArmId, why: &Unreadable) -> Finding {
    let what = format!("Whether the policy `{}` can use its key", id.name);
    let mut found = unseen(
        "CMK019",
        id.to_string(),
        &what,
        why,
        (who::KEY_VAULT, Whose::Others),
    );
    if found.severity == Severity::NotVisible {
        found.remedy = format!(
            "Ask the Key Vault administrator to restore the key first: `cmkctl unlock --policy \
                {}`.",
            quoted(&id.to_string())
        )
        .into();
    }
    found
}

/// The actions that restore the key, and its other problems. A deleted key is recovered. Each
/// version that environments still need is enabled again: the pinned one, or else the latest and
/// those whose successor is younger than 28 days.
fn restore(named: &Target, observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    // Report key problems as findings, except those that this command repairs (a deleted or
    // disabled key).
    let (Some(vault), Some(name)) = (observed.vault(), &named.key) else {
        plan.findings = key::check(named, observed, Whose::Others);
        return plan;
    };
    if observed.key_is_absent() && observed.preconditions.deleted_key.present().is_some() {
        plan.findings = key::check_but(named, observed, Whose::Others, Mends::Deleted);
        let gathered = RecoverEvidence::gather(observed, name);
        take(&mut plan, gathered, |evidence| Action::RecoverKey {
            place: KeyPlace::of(vault, name),
            evidence,
        });
        return plan;
    }
    let mut found = Vec::new();
    for version in disabled_versions(name, observed, &mut found) {
        let gathered = EnableVersionEvidence::gather(observed, name, &version);
        take(&mut plan, gathered, |evidence| Action::EnableKeyVersion {
            place: KeyPlace::of(vault, name),
            version,
            evidence,
        });
    }
    // Problems of the key besides being disabled.
    let mends = if plan.actions.is_empty() {
        Mends::Nothing
    } else {
        Mends::Disabled
    };
    found.extend(key::check_but(named, observed, Whose::Others, mends));
    plan.findings.extend(found);
    plan
}

/// The versions to enable again. If a version's state is not known, `found` gets a finding.
fn disabled_versions(
    name: &KeyName,
    observed: &Observed,
    found: &mut Vec<Finding>,
) -> Vec<KeyVersion> {
    let what = format!("Which versions of the key `{name}` are enabled");
    match &observed.preconditions.versions {
        Seen::Present(versions) => {
            let pinned = observed
                .policy
                .present()
                .and_then(|policy| policy.key_reference()?.version.as_ref());
            let mut disabled = Vec::new();
            for version in versions
                .iter()
                .filter(|version| needed(version, versions, pinned, observed.at))
            {
                match is_to_be_enabled(version, versions, pinned) {
                    Ok(true) => disabled.push(version.id.clone()),
                    Ok(false) => {}
                    Err(why) => found.push(unknown(
                        "CMK016",
                        name.as_str(),
                        &what,
                        &why,
                        who::KEY_VAULT,
                    )),
                }
            }
            disabled
        }
        Seen::Unreadable(why) => {
            found.push(unseen(
                "CMK016",
                name.as_str(),
                &what,
                why,
                (who::KEY_VAULT, Whose::Others),
            ));
            let key = observed
                .key()
                .filter(|key| key.validity.enabled == Known::Known(false));
            key.and_then(|key| key.version.known().cloned())
                .into_iter()
                .collect()
        }
        Seen::Absent => Vec::new(),
    }
}

/// Is this version disabled although it is needed? `Err`: why that is not known.
fn is_to_be_enabled(
    version: &Version,
    all: &[Version],
    pinned: Option<&KeyVersion>,
) -> Result<bool, String> {
    // Without the creation dates, a version that was disabled on purpose long ago looks the same.
    let undated = || {
        let mut all = all.iter();
        all.find(|version| version.validity.created.known().is_none())
    };
    match &version.validity.enabled {
        Known::Known(true) => Ok(false),
        Known::Known(false) if pinned.is_some() => Ok(true),
        Known::Known(false) => undated().map_or(Ok(true), |undated_version| {
            Err(format!(
                "the creation date of the version {} is unknown",
                undated_version.id.as_str()
            ))
        }),
        Known::Unknown(why) => Err(why.clone()),
    }
}

/// May environments still be encrypted with this version?
fn needed(version: &Version, all: &[Version], pinned: Option<&KeyVersion>, at: Timestamp) -> bool {
    if let Some(pinned) = pinned {
        return version.id == *pinned;
    }
    let made = version.validity.created.known();
    let later = all
        .iter()
        .filter_map(|other| other.validity.created.known())
        .filter(|other| made.is_some_and(|made| *other > made));
    // A version without a successor is the latest one. A version without a date may be the latest.
    later
        .min()
        .is_none_or(|next| at.duration_since(*next) < KEPT_AFTER_ROTATION)
}

/// The finding that the caller named no policy and the environment has none.
fn no_policy(target: &Target, observed: &Observed) -> Finding {
    let environment = match &observed.environment {
        Seen::Present(environment) => environment,
        seen @ (Seen::Absent | Seen::Unreadable(_)) => {
            return no_environment(target, seen);
        }
    };
    match &environment.key_link {
        Seen::Absent => finding(
            "CMK025",
            Severity::Block,
            &environment.id,
            format!(
                "`{}` has no encryption policy, so no customer-managed key can lock it.",
                environment.display_name
            ),
            "Check the environment in the admin center, or run `cmkctl status`.",
            who::POWER_PLATFORM,
        ),
        Seen::Unreadable(why) => unknown_link(environment, why),
        Seen::Present(_) => unknown_link(environment, &Unreadable::default()),
    }
}

/// Enables the locked environments of the policy, or the named environment. cmkctl does not enable
/// an environment with a running operation, and reports an unknown state.
fn enabled_again(target: &Target, observed: &Observed, policy: &ArmId) -> Plan {
    let mut plan = Plan::default();
    let named = observed
        .environment
        .present()
        .filter(|_| target.policy.is_none());
    let hidden = |which: &str, why: &Unreadable| {
        let what = format!("Which {which} of the policy `{}` are locked", policy.name);
        let others = (who::POWER_PLATFORM, Whose::Others);
        unseen("CMK021", policy.to_string(), &what, why, others)
    };
    let all: Vec<&Environment> = match (named, &observed.preconditions.estate) {
        (Some(environment), _) => vec![environment],
        (None, Seen::Present(all)) => all.iter().collect(),
        (None, seen) => {
            let why = seen.unreadable().cloned();
            let why = why.unwrap_or_else(|| {
                Unreadable::because("the service returned no list of environments")
            });
            plan.findings.push(hidden("environments", &why));
            return plan;
        }
    };
    if named.is_none()
        && let Some(why) = in_part(&observed.preconditions.whole_tenant)
    {
        plan.findings.push(hidden("other environments", &why));
    }
    let mut locked = Vec::new();
    for environment in all {
        match lock(environment, policy) {
            Lock::Locked => locked.push((
                danger::deleted(environment, observed.key(), observed.at),
                environment,
            )),
            Lock::Open => {}
            Lock::Said(found) => plan.findings.push(found),
        }
    }
    locked.sort_by(|(left, environment), (right, other)| {
        (left.is_none(), left)
            .cmp(&(right.is_none(), right))
            .then_with(|| environment.display_name.cmp(&other.display_name))
    });
    for (deleted_on, environment) in locked {
        let gathered = EnableEvidence::gather(environment, policy);
        take(&mut plan, gathered, |evidence| Action::EnableEnvironment {
            named: Named::of(environment),
            deleted_on,
            evidence,
        });
    }
    plan
}

/// Is this environment of the policy locked?
enum Lock {
    Locked,
    Open,
    /// Left alone, for this reason.
    Said(Finding),
}

fn lock(environment: &Environment, policy: &ArmId) -> Lock {
    let (id, name) = (&environment.id, &environment.display_name);
    let not_told = |why: &Unreadable| {
        let what = format!("Whether the environment `{name}` is locked");
        let others = (who::POWER_PLATFORM, Whose::Others);
        Lock::Said(unseen("CMK035", id, &what, why, others))
    };
    match &environment.key_link {
        Seen::Present(link) if link.policy == *policy => match is_locked(environment) {
            Verdict::Yes => Lock::Locked,
            Verdict::No
                if environment.ongoing.is_some() && environment.is_running() == Verdict::No =>
            {
                let operation = environment.ongoing.as_deref().unwrap_or_default();
                Lock::Said(finding(
                    "CMK023",
                    Severity::Warn,
                    id,
                    format!(
                        "The lifecycle operation `{operation}` runs on `{name}`. cmkctl does not \
                            enable the environment during the operation."
                    ),
                    "Wait until the operation ends, then run the same command again.",
                    who::POWER_PLATFORM,
                ))
            }
            Verdict::No => Lock::Open,
            Verdict::CantTell(why) => not_told(&why),
        },
        Seen::Present(_) | Seen::Absent => Lock::Open,
        Seen::Unreadable(why) => not_told(why),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{
        Row, hidden, linked, list, listed, odd, on, rows, silent, told, validity, version,
    };
    use super::*;
    use crate::model::rights::PrincipalRights;

    fn locked(observed: &mut Observed) {
        linked(observed, "ep", "Linked");
        on(&mut observed.environment, |e| {
            e.runtime_state = "Disabled".into()
        });
        listed(observed);
        observed.environment = Seen::default();
    }

    fn enabled(observed: &mut Observed, enabled: &Known<bool>) {
        on(&mut observed.key, |key| {
            key.validity.enabled = enabled.clone()
        });
        on(&mut observed.preconditions.versions, |all| {
            all.iter_mut()
                .for_each(|version| version.validity.enabled = enabled.clone());
        });
    }

    const THE_KEY_COMES_BACK_FIRST_AND_THEN_EACH_ENVIRONMENT: &[Row] = &[
        (
            "nothing is locked",
            |_, o| linked(o, "ep", "Linked"),
            &["done", "done"],
        ),
        (
            "locked",
            |_, o| locked(o),
            &["> enable-environment", "done"],
        ),
        (
            "the key is disabled",
            |_, o| {
                locked(o);
                enabled(o, &Known::Known(false));
            },
            &["> enable-key-version", "> enable-environment", "done"],
        ),
        (
            "perhaps disabled",
            |_, o| {
                locked(o);
                enabled(o, &odd());
            },
            &[
                "CMK016 unknown",
                "CMK016 unknown",
                "> enable-environment",
                "done",
            ],
        ),
        (
            "the grant is gone",
            |_, o| {
                locked(o);
                o.key_rights = PrincipalRights::nothing();
            },
            &["> grant-key-by-role", "> enable-environment"],
        ),
        (
            "something runs on it",
            |_, o| {
                locked(o);
                on(&mut o.preconditions.estate, |all| {
                    all[0].ongoing = Some("Copy".into())
                });
            },
            &["CMK023 warn", "done", "done"],
        ),
        (
            "in a new runtime state",
            |_, o| {
                locked(o);
                on(&mut o.preconditions.estate, |all| {
                    all[0].runtime_state = "Wibble".into()
                });
            },
            &["CMK035 unknown", "done"],
        ),
        (
            "a silent link",
            |_, o| {
                locked(o);
                on(&mut o.preconditions.estate, |all| {
                    all[0].key_link = silent()
                });
            },
            &["CMK035 unknown", "done"],
        ),
        (
            "a part of the tenant, and nothing to do",
            |_, o| {
                linked(o, "ep", "Linked");
                o.environment = Seen::default();
                o.preconditions.whole_tenant = Verdict::No;
            },
            &["CMK021 unknown", "done"],
        ),
        (
            "a part of the tenant, and one of it locked",
            |_, o| {
                locked(o);
                o.preconditions.whole_tenant = Verdict::No;
            },
            &["CMK021 warn", "> enable-environment", "done"],
        ),
        (
            "one locked, and another one perhaps",
            |_, o| {
                locked(o);
                list(&mut o.preconditions.estate, |all| {
                    let mut other = all[0].clone();
                    other.id = "f".to_owned();
                    other.runtime_state = "Wibble".into();
                    all.push(other);
                });
            },
            &["CMK035 warn", "> enable-environment", "done"],
        ),
        (
            "disabled, with a successor of no known date",
            |_, o| {
                locked(o);
                enabled(o, &Known::Known(false));
                on(&mut o.key, |key| key.validity.enabled = Known::Known(true));
                on(&mut o.preconditions.versions, |all| {
                    all[1].validity.created = odd();
                    all[1].validity.enabled = Known::Known(true);
                });
            },
            &["CMK016 unknown", "> enable-environment", "done"],
        ),
        (
            "a silent tenant",
            |_, o| o.preconditions.estate = silent(),
            &["CMK021 unknown", "done"],
        ),
        (
            "a hidden tenant and nothing to do for the key",
            |_, o| o.preconditions.estate = hidden(),
            &["CMK021 unknown", "done"],
        ),
        (
            "the policy is gone",
            |_, o| o.policy = Seen::Absent,
            &["CMK046 block", "done"],
        ),
    ];

    #[test]
    fn the_key_comes_back_first_and_then_each_environment() {
        rows(
            THE_KEY_COMES_BACK_FIRST_AND_THEN_EACH_ENVIRONMENT,
            |target, observed| told(&plan(target, observed)),
        );
    }

    #[test]
    fn the_versions_that_environments_may_still_use() {
        let made = |letter, days_ago: i64| Version {
            id: version(letter),
            validity: validity(days_ago),
        };
        let all = [made('a', 200), made('b', 40), made('c', 10)];
        let at = super::super::samples::now();
        let needed = |pinned: Option<&KeyVersion>| -> Vec<bool> {
            all.iter()
                .map(|version| super::needed(version, &all, pinned, at))
                .collect()
        };
        assert_eq!(needed(None), [false, true, true]);
        assert_eq!(needed(Some(&version('a'))), [true, false, false]);
        let mut undated = made('d', 300);
        undated.validity.created = odd();
        assert!(super::needed(&undated, &all, None, at));
    }
}
