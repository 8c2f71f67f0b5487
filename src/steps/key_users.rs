//! Who uses a key now, and who left it not long ago, in a tenant of which everything must have been
//! seen.

use super::estate::left_keys;
use super::lifecycle::{KEYED_LAST, applies_key, changes_key, harmless};
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

/// An environment that is encrypted with the key, and the policy by which it is.
pub(super) type User<'a> = (&'a Environment, &'a Policy);

/// Everything that was seen of the tenant.
pub(super) struct Tenant<'a> {
    pub(super) target: &'a Target,
    pub(super) observed: &'a Observed,
}

impl<'a> Tenant<'a> {
    /// Was all of it seen? Deleted environments never are.
    pub(super) fn whole(&self) -> Vec<Finding> {
        let around = &self.observed.around;
        let what = "Which environments use the key, or left it not long ago,";
        let own = (who::POWER_PLATFORM, Whose::Own);
        let mut found = Vec::new();
        match (&around.estate, &around.whole_tenant) {
            (Seen::Present(_), Verdict::Yes) => {}
            (Seen::Present(_), Verdict::No) => {
                found.push(unknown(
                    "CMK020",
                    "tenant",
                    what,
                    "the list does not show the whole tenant",
                    who::POWER_PLATFORM,
                ));
            }
            (Seen::Present(_), Verdict::CantTell(why)) => {
                found.push(unseen("CMK020", "tenant", what, why, own))
            }
            (Seen::Unreadable(why), _) => found.push(unseen("CMK020", "tenant", what, why, own)),
            (Seen::Absent, _) => {
                found.push(unknown(
                    "CMK020",
                    "tenant",
                    what,
                    "the environments were not listed",
                    who::POWER_PLATFORM,
                ));
            }
        }
        if !self.target.deleted_checked {
            found.push(finding(
                "CMK033",
                Severity::Unknown,
                "deleted environments",
                "Deleted environments are in no list. One that is recovered, or a backup of it, \
                needs the key that it had.",
                "Look at Deleted environments in the Power Platform admin center. If none of them \
                needs the key, pass `--deleted-environments-checked`.",
                who::POWER_PLATFORM,
            ));
        }
        found
    }

    fn environments(&self) -> &'a [Environment] {
        self.observed
            .around
            .estate
            .present()
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The environments that are linked to a policy with this key. Whoever may be one of them is
    /// said in `open`.
    pub(super) fn users(&self, open: &mut Vec<Finding>) -> Vec<User<'a>> {
        let mut users = Vec::new();
        for environment in self.environments() {
            let (id, name) = (&environment.id, &environment.display_name);
            let mut cant_tell = |why: &Unreadable| {
                let what = format!("Whether `{name}` uses the key");
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
                Seen::Present(link) => self.observed.around.policies.get(&link.policy),
                Seen::Absent => continue,
                Seen::Unreadable(why) => {
                    cant_tell(why);
                    continue;
                }
            };
            let uses = match policy {
                Some(Seen::Present(policy)) => match (&self.target.vault, &self.target.key) {
                    (Some(vault), Some(key)) => policy.references(vault, key),
                    _ => Verdict::default(),
                },
                Some(Seen::Absent) => Verdict::cant_tell("its policy is gone"),
                Some(Seen::Unreadable(why)) => Verdict::CantTell(why.clone()),
                None => Verdict::cant_tell("its policy was not read"),
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

    /// What in its history and state disagrees with what its link says.
    fn doubt(&self, environment: &Environment) -> Option<String> {
        if let Some(operation) = &environment.ongoing {
            return Some(format!("`{operation}` runs on it"));
        }
        if let Some(link) = environment
            .key_link
            .present()
            .filter(|link| link.stage() != Known::Known(Stage::Linked))
        {
            return Some(format!(
                "its link says `{}`",
                link.status.as_deref().unwrap_or_default()
            ));
        }
        if environment.is_ready() != Verdict::Yes {
            return Some(format!(
                "it is in the management state `{}`",
                environment.state().unwrap_or_default()
            ));
        }
        let history = self
            .observed
            .around
            .histories
            .get(&environment.id)
            .and_then(Seen::present)?;
        let undated = |operation: &&Operation| {
            changes_key(&operation.kind) && operation.created.known().is_none()
        };
        if let Some(undated) = history.iter().find(undated) {
            return Some(format!("when `{}` began is not known", undated.name()));
        }
        if let Some(running) = history.iter().find(|operation| !operation.has_ended()) {
            return Some(format!("`{}` runs on it", running.name()));
        }
        if !environment.key_link.is_absent() {
            return None;
        }
        // A reset, a restore or a copy gives it the key of something else, or none.
        // One that failed may have put data on the key.
        let of_keys = |operation: &&Operation| {
            (operation.succeeded() || applies_key(&operation.kind)) && !harmless(operation)
        };
        let last = history.iter().find(of_keys)?;
        applies_key(&last.kind).then(|| KEYED_LAST.to_owned())
    }

    /// Environments that left some key not long ago: which one, no history says. A history that
    /// does not tell is said in `open`.
    pub(super) fn left_behind(&self, open: &mut Vec<Finding>) -> Vec<Finding> {
        let mut days = Vec::new();
        for environment in self.environments() {
            let (id, name) = (&environment.id, &environment.display_name);
            let what = format!("Whether `{name}` left the key not long ago");
            let own = (who::POWER_PLATFORM, Whose::Own);
            let operations = match self.observed.around.histories.get(id) {
                Some(Seen::Present(operations)) => operations,
                Some(Seen::Unreadable(why)) => {
                    open.push(unseen("CMK033", id, &what, why, own));
                    continue;
                }
                Some(Seen::Absent) | None => {
                    open.push(unknown(
                        "CMK033",
                        id,
                        &what,
                        "its history was not read",
                        who::POWER_PLATFORM,
                    ));
                    continue;
                }
            };
            if operations.iter().any(|operation| operation.kind.is_empty()) {
                let why = "its history holds an operation without a type";
                open.push(unknown("CMK033", id, &what, why, who::POWER_PLATFORM));
            }
            let mut last: Option<(Timestamp, String)> = None;
            for left in left_keys(operations, environment) {
                match left.until {
                    Known::Known(date) => {
                        let since = left
                            .operation
                            .ended()
                            .known()
                            .map_or(String::new(), |ended| format!(" on {}", day(*ended)));
                        last = last.max(Some((date, since)));
                    }
                    Known::Unknown(why) => {
                        let why =
                            format!("when `{}` ended is not known: {why}", left.operation.name());
                        open.push(unknown("CMK033", id, &what, &why, who::POWER_PLATFORM));
                    }
                }
            }
            if let Some((until, since)) = last.filter(|(until, _)| *until > self.observed.at) {
                days.push(needed(
                    id,
                    format!(
                        "`{name}` left a key{since}, and which one is not on record: if it \
                        was this one, its backups need it until {}",
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
        "Wait until that day; or pass `--override-dates`, which is written to the audit log.";
    finding(
        "CMK033",
        Severity::Block,
        subject,
        format!("{message}."),
        remedy,
        who::KEY_VAULT,
    )
}
