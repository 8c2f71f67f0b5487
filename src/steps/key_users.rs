//! Which environments use a key now, or left it recently. The whole tenant must have been read.

use super::estate::left_keys;
use super::lifecycle::{KEYED_LAST, applies_key, changes_key, last_of_key};
use super::{Whose, day, finding, unknown, unseen, who};
use crate::model::environment::{Environment, Stage};
use crate::model::finding::{Finding, Severity};
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::operation::Operation;
use crate::model::protection::Policy;
use crate::model::seen::{Seen, Unreadable};
use crate::model::target::Target;
use jiff::Timestamp;

/// An environment encrypted with the key, and its policy.
pub(super) type User<'a> = (&'a Environment, &'a Policy);

/// Everything that was read of the tenant.
pub(super) struct Tenant<'a> {
    pub(super) target: &'a Target,
    pub(super) observed: &'a Observed,
}

impl<'a> Tenant<'a> {
    /// Findings for parts of the tenant that were not read. No list ever shows deleted
    /// environments.
    pub(super) fn whole(&self) -> Vec<Finding> {
        let preconditions = &self.observed.preconditions;
        let what = "Which environments use the key or used it recently";
        let seen_by = (who::POWER_PLATFORM, Whose::Own);
        let mut found = Vec::new();
        match (&preconditions.estate, &preconditions.whole_tenant) {
            (Seen::Present(_), Verdict::Yes) => {}
            (Seen::Present(_), Verdict::No) => {
                found.push(unknown(
                    "CMK020",
                    "tenant",
                    what,
                    "you do not administer every environment of the tenant",
                    who::POWER_PLATFORM,
                ));
            }
            (Seen::Present(_), Verdict::CantTell(why)) => {
                found.push(unseen("CMK020", "tenant", what, why, seen_by))
            }
            (Seen::Unreadable(why), _) => {
                found.push(unseen("CMK020", "tenant", what, why, seen_by))
            }
            (Seen::Absent, _) => {
                found.push(unknown(
                    "CMK020",
                    "tenant",
                    what,
                    "the service returned no list of environments",
                    who::POWER_PLATFORM,
                ));
            }
        }
        if !self.target.deleted_checked {
            found.push(finding(
                "CMK033",
                Severity::Unknown,
                "deleted environments",
                "The service does not list deleted environments. If a deleted environment is \
                    recovered, the environment and its backups need their key.",
                "Look at Deleted environments in the Power Platform admin center. If none of them \
                needs the key, pass `--deleted-environments-checked`.",
                who::POWER_PLATFORM,
            ));
        }
        found
    }

    fn environments(&self) -> &'a [Environment] {
        self.observed
            .preconditions
            .estate
            .present()
            .map(|all| &**all)
            .unwrap_or_default()
    }

    /// The environments linked to a policy with this key. Possible users are added to `open`.
    pub(super) fn users(&self, open: &mut Vec<Finding>) -> Vec<User<'a>> {
        let mut users = Vec::new();
        for environment in self.environments() {
            let (id, name) = (&environment.id, &environment.display_name);
            let mut cant_tell = |why: &Unreadable| {
                let what = format!("Whether the environment `{name}` uses the key");
                open.push(unseen(
                    "CMK033",
                    id,
                    &what,
                    why,
                    (who::KEY_VAULT, Whose::Own),
                ));
            };
            if let Some(doubt) = self.doubt(environment) {
                cant_tell(&Unreadable::because(doubt));
            }
            let policy = match &environment.key_link {
                Seen::Present(link) => self.observed.preconditions.policies.get(&link.policy),
                Seen::Absent => continue,
                Seen::Unreadable(why) => {
                    cant_tell(why);
                    continue;
                }
            };
            let uses = match policy {
                Some(Seen::Present(policy)) => match (&self.target.vault, &self.target.key) {
                    (Some(vault), Some(key)) => policy.references(vault, key),
                    (None, _) | (_, None) => Verdict::default(),
                },
                Some(Seen::Absent) => {
                    Verdict::cant_tell("the environment's policy no longer exists")
                }
                Some(Seen::Unreadable(why)) => Verdict::CantTell(why.clone()),
                None => Verdict::cant_tell("cmkctl did not read the environment's policy"),
            };
            match (uses, policy.and_then(Seen::present)) {
                (Verdict::Yes, Some(policy)) => users.push((environment, policy)),
                (Verdict::No, _) => {}
                (Verdict::CantTell(why), _) => cant_tell(&why),
                (Verdict::Yes, None) => {}
            }
        }
        users
    }

    /// Why the history or the state contradicts the link; `None` if they agree.
    fn doubt(&self, environment: &Environment) -> Option<String> {
        if let Some(operation) = &environment.ongoing {
            return Some(format!(
                "the operation `{operation}` runs on the environment"
            ));
        }
        if let Some(link) = environment
            .key_link
            .present()
            .filter(|link| *link.stage() != Known::Known(Stage::Linked))
        {
            return Some(format!(
                "the link between the environment and its policy has the status `{}`",
                link.status.shown()
            ));
        }
        if environment.is_ready() != Verdict::Yes {
            return Some(format!(
                "the environment is in the management state `{}`",
                environment.state().unwrap_or_default()
            ));
        }
        let history = self
            .observed
            .preconditions
            .histories
            .get(&environment.id)
            .and_then(Seen::present)?;
        let undated = |operation: &&Operation| {
            changes_key(&operation.kind) && operation.created.known().is_none()
        };
        if let Some(undated) = history.iter().find(undated) {
            return Some(format!(
                "the start time of the operation `{}` is unknown",
                undated.name()
            ));
        }
        if let Some(running) = history.iter().find(|operation| !operation.has_ended()) {
            return Some(format!(
                "the operation `{}` runs on the environment",
                running.name()
            ));
        }
        if !environment.key_link.is_absent() {
            return None;
        }
        // A reset, a restore or a copy replaces or removes the key. A failed one may have put data
        // on the key.
        let last = last_of_key(history, applies_key)?;
        applies_key(&last.kind).then(|| KEYED_LAST.to_owned())
    }

    /// Environments that stopped using a key recently. No history says which key. Unclear histories
    /// are added to `open`.
    pub(super) fn left_behind(&self, open: &mut Vec<Finding>) -> Vec<Finding> {
        let mut days = Vec::new();
        for environment in self.environments() {
            let (id, name) = (&environment.id, &environment.display_name);
            let what = format!("Whether the environment `{name}` stopped using the key recently");
            let seen_by = (who::POWER_PLATFORM, Whose::Own);
            let operations = match self.observed.preconditions.histories.get(id) {
                Some(Seen::Present(operations)) => operations,
                Some(Seen::Unreadable(why)) => {
                    open.push(unseen("CMK033", id, &what, why, seen_by));
                    continue;
                }
                Some(Seen::Absent) | None => {
                    open.push(unknown(
                        "CMK033",
                        id,
                        &what,
                        "cmkctl did not read the environment's history",
                        who::POWER_PLATFORM,
                    ));
                    continue;
                }
            };
            if operations.iter().any(|operation| operation.kind.is_empty()) {
                let why = "the environment's history contains an operation without a type";
                open.push(unknown("CMK033", id, &what, why, who::POWER_PLATFORM));
            }
            let mut last: Option<(Timestamp, String, bool)> = None;
            for left in left_keys(operations, environment) {
                match left.until {
                    Known::Known(date) => {
                        let since = left
                            .operation
                            .ended()
                            .known()
                            .map_or(String::new(), |ended| format!(" on {}", day(*ended)));
                        let sure = changes_key(&left.operation.kind);
                        last = last.max(Some((date, since, sure)));
                    }
                    Known::Unknown(why) => {
                        let why = format!(
                            "the end time of the operation `{}` is unknown ({why})",
                            left.operation.name()
                        );
                        open.push(unknown("CMK033", id, &what, &why, who::POWER_PLATFORM));
                    }
                }
            }
            if let Some((until, since, sure)) = last.filter(|last| last.0 > self.observed.at) {
                let left = if sure { "stopped" } else { "may have stopped" };
                days.push(needed(
                    id,
                    format!(
                        "`{name}` {left} using a key{since}. No record says which key. If it was \
                            this key, the environment's backups need the key until {}",
                        day(until)
                    ),
                ));
            }
        }
        days
    }
}

pub(super) fn needed(subject: &str, message: String) -> Finding {
    let remedy =
        "Wait until that day, or pass `--override-dates`. The audit log records the override.";
    finding(
        "CMK033",
        Severity::Block,
        subject,
        format!("{message}."),
        remedy,
        who::KEY_VAULT,
    )
}

#[cfg(test)]
mod tests {
    use super::super::samples::{
        Row, all, codes, linked, odd, on, operation, policy, policy_id, rows, silent,
    };
    use super::*;
    use crate::model::protection::KeyReference;
    use crate::model::whole::Whole;

    /// The users by name, and the open findings about others.
    fn users(target: &Target, observed: &Observed) -> Vec<String> {
        let mut open = Vec::new();
        let users = Tenant { target, observed }.users(&mut open);
        let names = users
            .iter()
            .map(|(user, by)| format!("{} by {}", user.id, by.id.name));
        names.chain(codes(&open)).collect()
    }

    fn other_key(observed: &mut Observed) {
        let mut other = policy("ep");
        other.key = other.key.map(|key| KeyReference {
            key: crate::model::key_ids::KeyName::parse("other").unwrap(),
            ..key
        });
        let policies = &mut observed.preconditions.policies;
        policies.insert(policy_id("ep"), Seen::Present(other));
    }

    const A_USER_IS_LINKED_TO_A_POLICY_WITH_THIS_KEY_AND_EVERYBODY_ELSE_IS_KNOWN_NOT_TO_BE:
        &[Row] = &[
        ("nobody", |_, _| {}, &[]),
        ("linked", |_, o| linked(o, "ep", "Linked"), &["e by ep"]),
        (
            "linked to another key",
            |_, o| {
                linked(o, "ep", "Linked");
                other_key(o);
            },
            &[],
        ),
        (
            "linking",
            |_, o| linked(o, "ep", "Linking"),
            &["e by ep", "CMK033 unknown"],
        ),
        (
            "a policy that is gone",
            |_, o| {
                linked(o, "ep", "Linked");
                o.preconditions
                    .policies
                    .insert(policy_id("ep"), Seen::Absent);
            },
            &["CMK033 unknown"],
        ),
        (
            "a silent policy",
            |_, o| {
                linked(o, "ep", "Linked");
                o.preconditions.policies.insert(policy_id("ep"), silent());
            },
            &["CMK033 unknown"],
        ),
        (
            "a policy that names no key",
            |_, o| {
                linked(o, "ep", "Linked");
                let mut other = policy("ep");
                other.key = odd();
                o.preconditions
                    .policies
                    .insert(policy_id("ep"), Seen::Present(other));
            },
            &["CMK033 unknown"],
        ),
        (
            "a silent link",
            |_, o| {
                on(&mut o.preconditions.estate, |all| {
                    all[0].key_link = silent()
                })
            },
            &["CMK033 unknown"],
        ),
        (
            "something goes on",
            |_, o| {
                on(&mut o.preconditions.estate, |all| {
                    all[0].ongoing = Some("Copy".into())
                })
            },
            &["CMK033 unknown"],
        ),
        (
            "a history that ends with a key",
            |_, o| {
                let add = operation("NewCustomerManagedKey", "Succeeded", 9);
                o.preconditions.histories.insert("e".into(), all(vec![add]));
            },
            &["CMK033 unknown"],
        ),
        (
            "a history with an operation in a new state",
            |_, o| {
                let copy = operation("Copy", "Wibble", 9);
                o.preconditions
                    .histories
                    .insert("e".into(), all(vec![copy]));
            },
            &["CMK033 unknown"],
        ),
    ];

    #[test]
    fn a_user_is_linked_to_a_policy_with_this_key_and_everybody_else_is_known_not_to_be() {
        rows(
            A_USER_IS_LINKED_TO_A_POLICY_WITH_THIS_KEY_AND_EVERYBODY_ELSE_IS_KNOWN_NOT_TO_BE,
            users,
        );
    }

    #[test]
    fn the_whole_tenant_must_have_been_seen() {
        rows(
            &[
                ("all of it", |_, _| {}, &[]),
                (
                    "not all of it",
                    |_, o| o.preconditions.whole_tenant = Verdict::No,
                    &["CMK020 unknown"],
                ),
                (
                    "perhaps not all of it",
                    |_, o| o.preconditions.whole_tenant = Verdict::cant_tell("x"),
                    &["CMK020 unknown"],
                ),
                (
                    "silent",
                    |_, o| o.preconditions.estate = silent(),
                    &["CMK020 unknown"],
                ),
                (
                    "not listed",
                    |_, o| o.preconditions.estate = Seen::Absent,
                    &["CMK020 unknown"],
                ),
                (
                    "deleted ones not looked at",
                    |t, _| t.deleted_checked = false,
                    &["CMK033 unknown"],
                ),
            ],
            |target, observed| codes(&Tenant { target, observed }.whole()),
        );
    }

    #[test]
    fn who_left_a_key_not_long_ago_may_need_it() {
        let told = |operations: Seen<Whole<Operation>>| {
            let (target, mut observed) = super::super::samples::well();
            observed
                .preconditions
                .histories
                .insert("e".to_owned(), operations);
            let (target, observed) = (&target, &observed);
            let mut open = Vec::new();
            let days = Tenant { target, observed }.left_behind(&mut open);
            (codes(&days), codes(&open))
        };
        let removal = |days| all(vec![operation("RevertToMicrosoftKey", "Succeeded", days)]);
        let (none, open, days): (&[&str], &[&str], &[&str]) =
            (&[], &["CMK033 unknown"], &["CMK033 block"]);
        assert_eq!(
            told(removal(3)),
            (days.iter().map(|s| (*s).to_owned()).collect(), vec![])
        );
        assert_eq!(told(removal(40)).0, none);
        // Operations of any kind that may have replaced or removed a key.
        for kind in ["Reset", "Copy", "Restore", "UnlinkCustomerManagedKey"] {
            let ran = |state, at| told(all(vec![operation(kind, state, at)])).0;
            assert_eq!(ran("Succeeded", 3), days, "{kind}");
            assert_eq!(ran("Succeeded", 40), none, "{kind}");
        }
        assert_eq!(told(all(vec![operation("Backup", "Succeeded", 3)])).0, none);
        for odd in [silent(), Seen::default(), Seen::Absent] {
            assert_eq!(told(odd).1, open);
        }
        let mut undated = operation("RevertToMicrosoftKey", "Succeeded", 3);
        undated.last_action = super::super::samples::odd();
        assert_eq!(told(all(vec![undated])).1, open);
        let unnamed = operation("", "Succeeded", 3);
        assert_eq!(told(all(vec![unnamed])).1, open);
    }
}
