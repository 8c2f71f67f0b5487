//! Which keys the backups of an environment need, before a restore.
//!
//! A backup is kept for up to 28 days (Microsoft Learn, Power Platform admin docs,
//! backup-restore-environments, seen 2026-11). It stays encrypted with the key, and the version of
//! the key, with which it was made.

use super::asked::Asked;
use crate::model::day::day;
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ResourceKind;
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::operation::Operation;
use crate::model::preconditions::Version;
use crate::model::protection::{KeyReference, Policy};
use crate::model::seen::{Seen, Unreadable};
use crate::steps::estate::left_keys;
use crate::steps::evidence::{succeeded, unknown_state};
use crate::steps::grant::grant_command;
use crate::steps::lifecycle::{KEPT_AFTER_REMOVAL, applies_key, changes_key};
use crate::steps::rights::key::access;
use crate::steps::{Whose, finding, quoted, unknown, unseen, who};

/// A restore onto the environment itself needs each key that its backups were made with. Onto
/// another environment, such a backup has another key than the target.
pub(super) fn check(asked: &Asked<'_>, environment: &Environment) -> Vec<Finding> {
    let observed = asked.source.observed;
    let mut found = versions(observed, environment);
    found.extend(older(observed, environment, asked.onto.is_none()));
    found
}

/// The finding for backups that were made with a key that the environment no longer uses. The day
/// comes from the newest operation that may have changed the key.
fn older(observed: &Observed, environment: &Environment, itself: bool) -> Option<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    let operations = observed.operations.present()?;
    let what = format!("Which key encrypts the backups of `{name}`");
    let mut changes = Vec::new();
    for left in left_keys(operations, environment) {
        match left.until {
            Known::Known(until) if until <= observed.at => {}
            Known::Known(_) => changes.push(left.operation),
            Known::Unknown(why) => {
                return Some(unknown("CMK034", id, &what, &why, who::POWER_PLATFORM));
            }
        }
    }
    let Some(operation) = changes.first() else {
        return if itself {
            None
        } else {
            added_lately(observed, environment)
        };
    };
    // The caller names only one old policy, so this works only after a single change.
    let may = match &changes[..] {
        [only] if itself && changes_key(&only.kind) => reach(observed, environment),
        _ => None,
    };
    match may {
        Some(Verdict::Yes) => None,
        Some(Verdict::No) => Some(unreachable(observed, environment)),
        Some(Verdict::CantTell(why)) => {
            let what = "Whether the policy's identity can use the old key";
            let of = (who::KEY_VAULT, Whose::Others);
            Some(unseen("CMK034", id, what, &why, of))
        }
        None => Some(finding(
            "CMK034",
            Severity::Unknown,
            id,
            format!(
                "The operation `{}` on `{name}` ended{} and may have changed its key. Older \
                    backups need the old key, and no record says which key that is.",
                operation.name(),
                since(operation)
            ),
            if itself {
                format!(
                    "A newer backup needs only the current key. For an older backup, pass the \
                        policy that the environment had before: `cmkctl check {id} --for restore \
                        --swap-from OLD_POLICY_ID`."
                )
            } else {
                "Restore a backup from after this operation, or restore the older backup onto the \
                    environment that it was made from."
                    .to_owned()
            },
            who::KEY_VAULT,
        )),
    }
}

/// The day on which an operation ended, as words.
fn since(operation: &Operation) -> String {
    let ended = operation.ended().known().copied();
    ended.map_or(String::new(), |ended| format!(" on {}", day(ended)))
}

/// The finding for backups from before the first key, for a restore onto another environment. They
/// are on the Microsoft key. Onto the environment itself, such a restore is allowed.
fn added_lately(observed: &Observed, environment: &Environment) -> Option<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    let operations = observed.operations.present()?;
    let is = |past: &&Operation| applies_key(&past.kind) && past.has_ended() && !past.failed();
    let add = operations.iter().find(is)?;
    let recent = match add.ended() {
        Known::Known(ended) => observed.at.duration_since(ended) < KEPT_AFTER_REMOVAL,
        Known::Unknown(_) => true,
    };
    recent.then(|| {
        finding(
            "CMK053",
            Severity::Unknown,
            id,
            format!(
                "`{name}` got its customer-managed key{}. Older backups use the Microsoft key. \
                    Microsoft's text does not say whether you can restore them onto another \
                    environment.",
                since(add)
            ),
            "Restore a backup that uses the customer-managed key, or restore the older backup onto \
                the environment that it was made from.",
            who::POWER_PLATFORM,
        )
    })
}

/// Can the key of the old policy be used? If a policy is linked, its identity must be able to use
/// the key, or else the old policy's identity. `None` if the caller named no old policy.
fn reach(observed: &Observed, environment: &Environment) -> Option<Verdict> {
    let left = observed.left.as_deref()?;
    if environment.policy().is_some() {
        return Some(match &observed.preconditions.old_key {
            Seen::Present(old) => old.granted.clone(),
            Seen::Absent => Verdict::cant_tell("the old policy or its vault could not be found"),
            Seen::Unreadable(why) => Verdict::CantTell(why.clone()),
        });
    }
    Some(match (&left.policy, &left.vault) {
        (Seen::Present(_), Some(Seen::Present(vault))) => access(left, vault).verdict(),
        (Seen::Unreadable(why), _) | (_, Some(Seen::Unreadable(why))) => {
            Verdict::CantTell(why.clone())
        }
        (Seen::Absent, _) | (_, Some(Seen::Absent) | None) => {
            Verdict::cant_tell("the old policy or its vault could not be found")
        }
    })
}

/// The finding that the old key can't be used.
fn unreachable(observed: &Observed, environment: &Environment) -> Finding {
    let left = observed.left.as_deref();
    let linked = environment.policy().is_some();
    let of = if linked {
        observed.policy.present()
    } else {
        left.and_then(|left| left.policy.present())
    };
    let old = left
        .and_then(|left| left.policy.present())
        .and_then(Policy::key_reference);
    let principal = of.and_then(|policy| policy.principal_id.as_deref());
    let remedy = match (old, principal) {
        (Some(old), Some(principal)) => {
            grant_command(&old.vault.to_string(), old.key.as_str(), principal)
        }
        (None, _) | (_, None) => "Grant the policy's identity access to the old key.".to_owned(),
    };
    finding(
        "CMK034",
        Severity::Block,
        &environment.id,
        format!(
            "The identity of the policy `{}` can't use the old key. You can't restore backups from \
                before the change.",
            of.map_or("unknown", |policy| policy.id.name.as_str())
        ),
        remedy,
        who::KEY_VAULT,
    )
}

/// The findings for versions that backups may still need: 28 days after the next version began.
fn versions(observed: &Observed, environment: &Environment) -> Vec<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    if environment.policy().is_none() {
        return Vec::new();
    }
    let what = format!("Whether all key versions that backups of `{name}` need are enabled");
    let others = (who::KEY_VAULT, Whose::Others);
    let hidden = |why: &Unreadable| vec![unseen("CMK033", id, &what, why, others)];
    let gone = |why: &str| hidden(&Unreadable::because(why));
    match (
        &observed.policy,
        &observed.vault,
        &observed.preconditions.versions,
    ) {
        (Seen::Unreadable(why), _, _)
        | (_, Some(Seen::Unreadable(why)), _)
        | (Seen::Present(_), Some(Seen::Present(_)), Seen::Unreadable(why)) => hidden(why),
        (Seen::Absent, _, _) => gone("the environment's policy does not exist"),
        (_, Some(Seen::Absent), _) => gone("the vault of the key does not exist"),
        (Seen::Present(_), None, _) => gone("cmkctl did not read the vault of the key"),
        (Seen::Present(_), Some(Seen::Present(_)), Seen::Absent) => gone("the key does not exist"),
        (Seen::Present(policy), Some(Seen::Present(_)), Seen::Present(versions)) => {
            let Known::Known(key) = &policy.key else {
                return gone("the policy references no key");
            };
            if versions.is_empty() {
                return gone("the list of key versions is empty");
            }
            let all: &[Version] = versions;
            let each = all.iter();
            let off = each.filter_map(|version| match &version.validity.enabled {
                Known::Known(true) => None,
                Known::Known(false) => disabled(observed, environment, key, (version, all)),
                Known::Unknown(why) => Some(unknown_state(&key.key, version, why)),
            });
            off.collect()
        }
    }
}

/// The finding for a disabled version, unless backups no longer need it.
fn disabled(
    observed: &Observed,
    environment: &Environment,
    key: &KeyReference,
    (version, all): (&Version, &[Version]),
) -> Option<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    let short = version.id.as_str();
    let until = match succeeded(version, all, observed.at) {
        Known::Known(Some(until)) if until <= observed.at => return None,
        Known::Known(Some(until)) => format!("Backups of `{name}` need it until {}.", day(until)),
        Known::Known(None) => format!("`{name}` and its backups need it."),
        Known::Unknown(why) => {
            let what = format!("Until when backups of `{name}` need the key version {short}");
            return Some(unknown("CMK033", id, &what, &why, who::KEY_VAULT));
        }
    };
    Some(finding(
        "CMK033",
        Severity::Block,
        id,
        format!("The key version {short} is disabled. {until}"),
        format!(
            "az keyvault key set-attributes {} {} --name {} --version {short} --enabled true",
            if key.vault.kind == ResourceKind::ManagedHsm {
                "--hsm-name"
            } else {
                "--vault-name"
            },
            quoted(&key.vault.name),
            quoted(key.key.as_str())
        ),
        who::KEY_VAULT,
    ))
}

#[cfg(test)]
mod tests {
    use super::super::asked::Place;
    use super::*;
    use crate::model::preconditions::OldKey;
    use crate::model::purpose::Purpose;
    use crate::model::rights::PrincipalRights;
    use crate::steps::samples::{
        Row, codes, hidden, linked, list, odd, on, operation, rows, silent, well,
    };

    fn told(observed: &Observed, itself: bool) -> Vec<String> {
        let place = Place {
            typed: "x",
            observed,
        };
        let asked = Asked {
            purpose: Purpose::Restore,
            source: place,
            onto: (!itself).then_some(place),
        };
        codes(&check(&asked, observed.environment.present().unwrap()))
    }

    fn happened(observed: &mut Observed, kind: &str, days_ago: i64) {
        let happened = operation(kind, "Succeeded", days_ago);
        list(&mut observed.operations, |all| all.insert(0, happened));
    }

    /// The old policy with the key, and whether its key can be reached.
    fn from(observed: &mut Observed, granted: Verdict) {
        let (_, left) = well();
        observed.left = Some(Box::new(left));
        observed.preconditions.old_key = Seen::Present(OldKey {
            vault: "/x/vaults/v".to_owned(),
            key: "k".to_owned(),
            granted,
        });
    }

    const BACKUPS_NEED_THEIR_KEYS: &[Row] = &[
        ("no key", |_, _| {}, &[]),
        ("a key for long", |_, o| linked(o, "ep", "Linked"), &[]),
        (
            "its first key, a week ago",
            |_, o| {
                linked(o, "ep", "Linked");
                happened(o, "NewCustomerManagedKey", 7);
            },
            &[],
        ),
        (
            "moved a week ago",
            |_, o| {
                linked(o, "ep", "Linked");
                happened(o, "RotateCustomerManagedKey", 7);
            },
            &["CMK034 unknown"],
        ),
        (
            "moved long ago",
            |_, o| {
                linked(o, "ep", "Linked");
                happened(o, "RotateCustomerManagedKey", 40);
            },
            &[],
        ),
        (
            "moved a week ago, and the old key is in reach",
            |_, o| {
                linked(o, "ep", "Linked");
                happened(o, "RotateCustomerManagedKey", 7);
                from(o, Verdict::Yes);
            },
            &[],
        ),
        (
            "moved a week ago, and the old key is out of reach",
            |_, o| {
                linked(o, "ep", "Linked");
                happened(o, "RotateCustomerManagedKey", 7);
                from(o, Verdict::No);
            },
            &["CMK034 block"],
        ),
        (
            "moved a week ago, and the old key is hidden",
            |_, o| {
                linked(o, "ep", "Linked");
                happened(o, "RotateCustomerManagedKey", 7);
                from(o, Verdict::Yes);
                o.preconditions.old_key = hidden();
            },
            &["CMK034 not-visible"],
        ),
        (
            "moved twice, and only one old policy is named",
            |_, o| {
                linked(o, "ep", "Linked");
                happened(o, "RotateCustomerManagedKey", 20);
                happened(o, "RotateCustomerManagedKey", 7);
                from(o, Verdict::Yes);
            },
            &["CMK034 unknown"],
        ),
        (
            "copied onto a week ago, which no policy explains",
            |_, o| {
                linked(o, "ep", "Linked");
                happened(o, "Copy", 7);
                from(o, Verdict::Yes);
            },
            &["CMK034 unknown"],
        ),
        (
            "removed, and the old policy still has its key",
            |_, o| {
                happened(o, "RevertToMicrosoftKey", 7);
                from(o, Verdict::Yes);
            },
            &[],
        ),
        (
            "removed, and the old policy lost its key",
            |_, o| {
                happened(o, "RevertToMicrosoftKey", 7);
                from(o, Verdict::Yes);
                if let Some(left) = &mut o.left {
                    left.key_rights = PrincipalRights::nothing();
                }
            },
            &["CMK034 block"],
        ),
        (
            "removed, and no old policy is named",
            |_, o| happened(o, "RevertToMicrosoftKey", 7),
            &["CMK034 unknown"],
        ),
        (
            "removed at no known time",
            |_, o| {
                happened(o, "RevertToMicrosoftKey", 7);
                list(&mut o.operations, |all| all[0].last_action = odd());
            },
            &["CMK034 unknown"],
        ),
    ];

    #[test]
    fn backups_need_their_keys() {
        rows(BACKUPS_NEED_THEIR_KEYS, |_, o| told(o, true));
    }

    #[test]
    fn elsewhere_an_older_backup_is_no_yes() {
        let (_, mut observed) = well();
        linked(&mut observed, "ep", "Linked");
        assert!(told(&observed, false).is_empty());
        happened(&mut observed, "NewCustomerManagedKey", 7);
        assert_eq!(told(&observed, false), ["CMK053 unknown"]);
        happened(&mut observed, "RotateCustomerManagedKey", 3);
        from(&mut observed, Verdict::Yes);
        assert_eq!(told(&observed, false), ["CMK034 unknown"]);
    }

    #[test]
    fn a_version_stays_enabled_for_four_weeks() {
        let disable = |observed: &mut Observed, nth: usize, enabled: Known<bool>| {
            on(&mut observed.preconditions.versions, |all| {
                all[nth].validity.enabled = enabled;
            });
        };
        type Change<'a> = &'a dyn Fn(&mut Observed);
        let cases: [(&str, Change<'_>, &[&str]); 9] = [
            ("an old one", &|o| disable(o, 0, Known::Known(false)), &[]),
            (
                "the latest",
                &|o| disable(o, 1, Known::Known(false)),
                &["CMK033 block"],
            ),
            (
                "the one before, within its days",
                &|o| {
                    disable(o, 0, Known::Known(false));
                    on(&mut o.preconditions.versions, |all| {
                        all[1].validity.created = Known::Known(crate::steps::samples::days(-9));
                    });
                },
                &["CMK033 block"],
            ),
            (
                "a version in no known state",
                &|o| disable(o, 0, odd()),
                &["CMK033 unknown"],
            ),
            (
                "hidden versions",
                &|o| o.preconditions.versions = hidden(),
                &["CMK033 not-visible"],
            ),
            (
                "a silent vault",
                &|o| o.vault = Some(silent()),
                &["CMK033 unknown"],
            ),
            ("no vault read", &|o| o.vault = None, &["CMK033 unknown"]),
            (
                "a hidden policy",
                &|o| o.policy = hidden(),
                &["CMK033 not-visible"],
            ),
            (
                "a policy that is gone",
                &|o| o.policy = Seen::Absent,
                &["CMK033 unknown"],
            ),
        ];
        for (what, change, expected) in cases {
            let (_, mut observed) = well();
            linked(&mut observed, "ep", "Linked");
            change(&mut observed);
            assert_eq!(told(&observed, true), expected, "{what}");
        }
    }
}
