//! Judges the uses of a key in the logs of its vault. The logs can only forbid the retirement of a
//! key. They never prove that it is safe, because they can be incomplete.

use super::{Whose, day, finding, unknown, unseen, who};
use crate::model::finding::{Finding, Severity};
use crate::model::key_ids::KeyVersion;
use crate::model::known::Known;
use crate::model::logs::{KeyLogs, KeyUse};
use crate::model::observed::Observed;
use crate::model::seen::Seen;
use crate::model::target::Target;
use jiff::Timestamp;

/// What the logs say about the versions to retire.
#[derive(Debug, Clone, Default)]
pub(super) struct LogFindings {
    /// Facts that are not known.
    pub open: Vec<Finding>,
    /// Uses of a version after the time in which environments may use it. No override covers them.
    pub users: Vec<Finding>,
    /// The other uses, and what the logs do not show.
    pub notes: Vec<Finding>,
}

/// A version to retire, and until when it may be used.
pub(super) type Limit = (KeyVersion, Known<Timestamp>);

/// What the logs say, if the caller named a workspace.
pub(super) fn findings(target: &Target, observed: &Observed, limits: &[Limit]) -> LogFindings {
    let mut found = LogFindings::default();
    let (Some(workspace), Some(key)) = (&target.evidence, &target.key) else {
        return found;
    };
    let what = format!("Whether the logs show uses of the key `{key}`");
    let open = |why: &str, remedy: &str| {
        let mut open = unknown("CMK033", key.as_str(), &what, why, who::KEY_VAULT);
        open.remedy = format!("{remedy}, or run the command without `--evidence`.").into();
        open
    };
    match &observed.preconditions.key_logs {
        Seen::Present(logs) => {
            // Uses in an incomplete log forbid the retirement, too.
            match logs.since {
                Some(since) => judged(observed, key.as_str(), (logs, since), limits, &mut found),
                None => {
                    let shown = workspace.shown();
                    let why = format!("the workspace {shown} has no log of the vault");
                    let remedy = "Send the vault's audit log to the workspace";
                    found.open.push(open(&why, remedy));
                }
            }
            let part = logs.part.as_ref();
            found
                .open
                .extend(part.map(|why| open(why, "Run the same command again later")));
        }
        Seen::Absent => {
            let why = format!("there is no workspace {}", workspace.shown());
            found.open.push(open(&why, "Correct the workspace's id"));
        }
        Seen::Unreadable(why) => {
            let of = (who::KEY_VAULT, Whose::Own);
            let mut hidden = unseen("CMK033", key.as_str(), &what, why, of);
            if why.lacks_a_role() {
                let remedy = "Get the role Log Analytics Reader on the workspace";
                hidden.remedy = open(&why.why, remedy).remedy;
            } else if why.told.as_ref().is_none_or(|told| told.remedy.is_none()) {
                hidden.remedy = open(&why.why, "Run the same command again later").remedy;
            }
            found.open.push(hidden);
        }
    }
    found
}

fn judged(
    observed: &Observed,
    key: &str,
    (logs, since): (&KeyLogs, Timestamp),
    limits: &[Limit],
    found: &mut LogFindings,
) {
    let mut shown = false;
    for used in &logs.uses {
        let version = match &used.version {
            Known::Known(version) => version,
            Known::Unknown(why) => {
                let what = format!(
                    "Which key version the operation {} at {} used",
                    used.operation,
                    at(used)
                );
                found
                    .open
                    .push(unknown("CMK033", key, &what, why, who::KEY_VAULT));
                continue;
            }
        };
        let Some((_, limit)) = limits.iter().find(|(limited, _)| limited == version) else {
            continue;
        };
        shown = true;
        let sentence = format!(
            "The last {} with the key version {} was sent by {} at {}.",
            used.operation,
            version.as_str(),
            by(observed, used),
            at(used)
        );
        match limit {
            Known::Known(limit) if used.last > *limit => found.users.push(finding(
                "CMK033",
                Severity::Block,
                key,
                format!(
                    "{sentence} Environments should have stopped using this version by {}.",
                    day(*limit)
                ),
                "Find out which environment still uses this version. `cmkctl status --all` shows \
                every policy and its key.",
                who::POWER_PLATFORM,
            )),
            Known::Known(_) => found.notes.push(note(key, sentence)),
            Known::Unknown(why) => {
                let what = format!(
                    "Until when environments may use a version of the key. {sentence} The reason"
                );
                found
                    .open
                    .push(unknown("CMK033", key, &what, why, who::KEY_VAULT));
            }
        }
    }
    if !shown {
        let sentence = format!(
            "The logs show no use of the versions to disable since {}. The logs alone do not prove \
            that no environment needs them.",
            day(since)
        );
        found.notes.push(note(key, sentence));
    }
}

fn note(key: &str, sentence: String) -> Finding {
    finding(
        "CMK033",
        Severity::Acknowledge,
        key,
        sentence,
        "Nothing to do.",
        who::KEY_VAULT,
    )
}

fn at(used: &KeyUse) -> String {
    used.last.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// The policy that the identity belongs to, or else the identity itself.
fn by(observed: &Observed, used: &KeyUse) -> String {
    let identity = match &used.identity {
        Known::Known(identity) => identity,
        Known::Unknown(_) => return "an identity that the log does not name".to_owned(),
    };
    let mut policies = observed.preconditions.policies.values();
    let name = policies.find_map(|policy| {
        let policy = policy.present()?;
        let same = policy
            .principal_id
            .as_ref()
            .is_some_and(|principal| principal.eq_ignore_ascii_case(identity));
        same.then(|| policy.id.name.clone())
    });
    match name {
        Some(policy) => format!("the identity of the policy `{policy}`"),
        None => format!("the identity {identity}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::retire;
    use super::super::samples::{
        IDENTITY, Row, days, hidden, linked, odd, on, rows, silent, told, version, well,
    };
    use super::*;
    use crate::model::logs::Workspace;

    const ASKED: &str = "aaaaaaaa-2222-3333-4444-555555555555";

    fn used(letter: char, days_ago: i64) -> KeyUse {
        KeyUse {
            operation: "KeyUnwrap".to_owned(),
            identity: IDENTITY.into(),
            version: Known::Known(version(letter)),
            last: days(-days_ago),
        }
    }

    /// Logs of a year, with these uses.
    fn logs(target: &mut Target, observed: &mut Observed, uses: Vec<KeyUse>) {
        target.evidence = Workspace::parse(ASKED).ok();
        observed.preconditions.key_logs = Seen::Present(KeyLogs {
            since: Some(days(-365)),
            part: None,
            uses,
        });
    }

    fn cut(observed: &mut Observed) {
        on(&mut observed.preconditions.key_logs, |logs| {
            logs.part = Some("it was cut".to_owned());
        });
    }

    /// The version a was followed 90 days ago, so its days ended 62 days ago.
    const LOGS_CAN_ONLY_REFUSE: &[Row] = &[
        (
            "nothing used it",
            |t, o| logs(t, o, Vec::new()),
            &["> disable-key-version", "> disable-key-version"],
        ),
        (
            "used in its days",
            |t, o| logs(t, o, vec![used('a', 70), used('b', 40)]),
            &["> disable-key-version", "> disable-key-version"],
        ),
        (
            "used after its days",
            |t, o| logs(t, o, vec![used('a', 60)]),
            &["CMK033 block", "withheld", "withheld"],
        ),
        (
            "the latest version, used a week ago",
            |t, o| logs(t, o, vec![used('b', 7)]),
            &["CMK033 block", "withheld", "withheld"],
        ),
        (
            "no override of a use",
            |t, o| {
                logs(t, o, vec![used('b', 7)]);
                t.override_dates = true;
            },
            &["CMK033 block", "withheld", "withheld"],
        ),
        (
            "another version",
            |t, o| {
                logs(t, o, vec![used('b', 7)]);
                t.key_version = Some(version('a'));
            },
            &["> disable-key-version"],
        ),
        (
            "a use of an unknown version",
            |t, o| {
                logs(t, o, vec![used('a', 70)]);
                on(&mut o.preconditions.key_logs, |logs| {
                    logs.uses[0].version = odd()
                });
            },
            &["CMK033 unknown", "withheld", "withheld"],
        ),
        (
            "no logs at all",
            |t, o| {
                logs(t, o, Vec::new());
                o.preconditions.key_logs = Seen::Present(KeyLogs::default());
            },
            &["CMK033 unknown", "withheld", "withheld"],
        ),
        (
            "a part of the logs",
            |t, o| {
                logs(t, o, vec![used('a', 70)]);
                cut(o);
            },
            &["CMK033 unknown", "withheld", "withheld"],
        ),
        (
            "a part of the logs that shows a use",
            |t, o| {
                logs(t, o, vec![used('b', 7)]);
                cut(o);
            },
            &["CMK033 block", "CMK033 unknown", "withheld", "withheld"],
        ),
        (
            "no such workspace",
            |t, o| {
                logs(t, o, Vec::new());
                o.preconditions.key_logs = Seen::Absent;
            },
            &["CMK033 unknown", "withheld", "withheld"],
        ),
        (
            "hidden logs",
            |t, o| {
                logs(t, o, Vec::new());
                o.preconditions.key_logs = hidden();
            },
            &["CMK033 unknown", "withheld", "withheld"],
        ),
        (
            "silent logs, and not asked for",
            |_, o| o.preconditions.key_logs = silent(),
            &["> disable-key-version", "> disable-key-version"],
        ),
        (
            "logs lift no refusal",
            |t, o| {
                logs(t, o, Vec::new());
                linked(o, "ep", "Linked");
            },
            &["CMK033 block", "withheld", "withheld"],
        ),
    ];

    #[test]
    fn logs_can_only_refuse() {
        rows(LOGS_CAN_ONLY_REFUSE, |target, observed| {
            told(&retire::plan(target, observed))
        });
    }

    #[test]
    fn a_use_names_its_policy_its_version_and_its_time() {
        let (mut target, mut observed) = well();
        let mut other = used('b', 7);
        other.identity = Known::Known(ASKED.to_owned());
        let mut nameless = used('b', 8);
        nameless.identity = odd();
        logs(
            &mut target,
            &mut observed,
            vec![used('a', 70), other, nameless],
        );
        let limits = [
            (version('a'), Known::Known(days(-62))),
            (version('b'), Known::Known(days(-30))),
        ];
        let found = findings(&target, &observed, &limits);
        let a = version('a');
        assert_eq!(
            found.notes[0].message,
            format!(
                "The last KeyUnwrap with the key version {} was sent by the identity of the \
                    policy `ep` at 2025-12-22 08:00 UTC.",
                a.as_str()
            )
        );
        let users: Vec<&str> = found
            .users
            .iter()
            .map(|user| user.message.as_str())
            .collect();
        assert!(
            users[0].contains(&format!("by the identity {ASKED} at 2026-02-23")),
            "{users:?}"
        );
        assert!(
            users[0].ends_with("stopped using this version by 2026-01-31."),
            "{users:?}"
        );
        assert!(
            users[1].contains("by an identity that the log does not name"),
            "{users:?}"
        );
        let unlimited = [(version('a'), odd())];
        assert_eq!(findings(&target, &observed, &unlimited).open.len(), 1);
    }
}
