//! The looks before and after the request that takes people offline: was it started already, is
//! another operation in its way, or is the way clear?

use super::applier::{Applier, START_SHOWS};
use super::waiting::Awaited;
use crate::error::{Error, Kind, Result};
use crate::model::action::facts::Link;
use crate::model::environment::Environment;
use crate::model::ids::ArmId;
use crate::model::operation::Operation;
use crate::model::plan::Action;
use crate::steps::goal::Goal;
use crate::steps::link::Standing;
use std::time::Duration;

/// What is started on an environment.
#[derive(Debug, Clone)]
pub(super) struct Start<'a> {
    /// The action that it is.
    pub(super) action: &'a Action,
    /// Environment id.
    pub(super) environment: &'a str,
    /// Its name.
    pub(super) name: &'a str,
    /// Where it shall end.
    pub(super) goal: Goal,
    /// The policy whose system id the request carries.
    pub(super) policy: &'a ArmId,
    /// The policy that is linked now and left by a move.
    pub(super) over: Option<&'a ArmId>,
}

impl<'a> Start<'a> {
    /// The start that an action is; `None` when it is another one.
    pub(super) fn of(action: &'a Action) -> Option<Self> {
        let facts = action.facts();
        let (goal, policy, over) = match facts.link {
            Link::To { policy, over } => (Goal::Policy(policy.clone()), policy, over),
            Link::Off(policy) => (Goal::NoPolicy, policy, None),
            Link::Stays | Link::Comes(_, _) | Link::Goes(_) => return None,
        };
        let named = facts.subject.environment()?;
        Some(Self {
            action,
            environment: &named.id,
            name: &named.name,
            goal,
            policy,
            over,
        })
    }

    /// Doing it: a noun.
    pub(super) fn what(&self) -> String {
        match (&self.goal, self.over) {
            (Goal::NoPolicy, _) => format!("Removing `{}`", self.name),
            (_, Some(_)) => format!("Moving `{}`", self.name),
            (_, None) => format!("Adding `{}`", self.name),
        }
    }

    /// Why it goes no further. After it was sent once, with an answer that left it open, that it
    /// was not started can't be said any more.
    pub(super) fn left_open(&self, past: &Past, error: Error) -> Error {
        if !past.sent || error.kind.is_interruption() {
            return error;
        }
        let what = self.what();
        Error::new(
            Kind::Unverified,
            format!("{what} was sent, but whether it was started can't be verified."),
        )
        .detail(error.to_string())
        .hint("Run the same command again: it looks first, and starts nothing a second time.")
    }

    /// What is waited for once it was started.
    pub(super) fn awaited(&self, url: Option<String>, pause: Option<Duration>) -> Awaited<'_> {
        Awaited {
            environment: self.environment,
            name: self.name,
            goal: &self.goal,
            url,
            pause,
        }
    }

    /// Nobody knows whether it has a policy.
    fn unread(&self, why: &str) -> Error {
        let what = format!(
            "Whether `{}` has a policy could not be read: {why}.",
            self.name
        );
        Error::new(Kind::Forbidden, what)
    }

    /// Somebody else has linked it.
    fn linked_elsewhere(&self, other: &ArmId) -> Error {
        let what = format!(
            "`{}` has been linked to another policy meanwhile: {other}",
            self.name
        );
        Error::new(Kind::Blocked, what)
    }
}

/// What is known of the time before the first look and since.
#[derive(Default)]
pub(super) struct Past {
    /// The operations before the first start: whatever comes later is ours, even when it has ended
    /// already.
    pub(super) operations: Option<Vec<String>>,
    /// Was a start sent?
    pub(super) sent: bool,
}

/// What a look before the request shows.
pub(super) enum Before {
    /// Its effect does not show, nothing runs; the operations of the past.
    Clear(Vec<String>),
    /// It was started already; the operation, if known.
    Started(Option<String>),
    /// Something else runs.
    Busy(String),
}

impl Past {
    /// Has this operation come since the first look?
    fn lacks(&self, operation: &Operation) -> bool {
        self.operations
            .as_ref()
            .is_some_and(|past| !past.contains(&operation.id))
    }
}

impl Applier<'_> {
    /// A last look before the one request that takes people offline, and the looks after it.
    pub(super) async fn before(&mut self, start: &Start<'_>, past: &Past) -> Result<Before> {
        self.look_at_start(start, past).await.map_err(|error| {
            if past.sent || error.kind.is_interruption() {
                start.left_open(past, error)
            } else {
                error.hint("Nothing was started.")
            }
        })
    }

    async fn look_at_start(&mut self, start: &Start<'_>, past: &Past) -> Result<Before> {
        let look = self.environment(start.environment).await?;
        let what = format!("The operations of `{}` can't be read.", start.name);
        let operations = self
            .reader
            .operations(start.environment)
            .await
            .map_err(|fault| fault.into_error(what))?;
        let running = operations.iter().find(|operation| !operation.has_ended());
        let of_ours = |operation: &&Operation| start.goal.leads(operation);
        let ours = running.filter(of_ours).or_else(|| {
            let mut all = operations.iter().filter(of_ours);
            all.find(|operation| past.lacks(operation))
        });
        match start.goal.standing(&look) {
            Standing::Done | Standing::Under | Standing::Locked => {
                let another = running.filter(|operation| !start.goal.leads(operation));
                // Off its policy by one operation, and occupied by another: that is no start of
                // ours.
                if let (Goal::NoPolicy, Some(another), None) = (&start.goal, another, ours) {
                    return Ok(Before::Busy(another.kind.clone()));
                }
                return Ok(Before::Started(ours.map(|operation| operation.id.clone())));
            }
            Standing::Other(other) if start.over == Some(&other) => {}
            Standing::Other(other) => return Err(start.linked_elsewhere(&other)),
            Standing::Unknown(why) => return Err(start.unread(&why.why)),
            Standing::None | Standing::Failed => {}
        }
        if start.goal == Goal::NoPolicy {
            match look.policy() {
                Some(id) if id == start.policy => {}
                Some(other) => return Err(start.linked_elsewhere(other)),
                None => return Err(start.unread("the service names no policy")),
            }
        }
        Ok(match (ours, running, &look.ongoing) {
            (Some(operation), _, _) => Before::Started(Some(operation.id.clone())),
            (None, Some(operation), _) => Before::Busy(operation.kind.clone()),
            (None, None, Some(kind)) if start.goal.begins(kind) => Before::Started(None),
            (None, None, Some(kind)) => Before::Busy(kind.clone()),
            (None, None, None) => Before::Clear(
                operations
                    .into_iter()
                    .map(|operation| operation.id)
                    .collect(),
            ),
        })
    }

    /// After an answer that leaves it open, or 409: does a start show, within the time in which one
    /// would?
    pub(super) async fn start_shows(
        &mut self,
        start: &Start<'_>,
        clause: &str,
        past: &Past,
    ) -> Result<bool> {
        let mut limit = self.limit(START_SHOWS);
        loop {
            let look = self.before(start, past).await?;
            if let Before::Started(_) | Before::Busy(_) = look {
                return Ok(true);
            }
            if self.over(&mut limit) {
                return Ok(false);
            }
            let sign = format!("a sign that it was started ({clause})");
            self.wait_for(&sign, limit.began, Duration::from_secs(20))
                .await?;
        }
    }

    pub(super) async fn environment(&self, id: &str) -> Result<Environment> {
        self.reader
            .environment(id)
            .await
            .map_err(|fault| fault.into_error("The environment can't be read."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Stop;
    use crate::model::action::Named;
    use crate::model::fingerprint::Fingerprint;
    use crate::model::ids::ResourceKind;

    #[test]
    fn what_was_sent_is_never_said_not_to_be() {
        let policy = ArmId::new(
            "11111111-2222-3333-4444-555555555555",
            "g",
            ResourceKind::EnterprisePolicy,
            "ep",
        );
        let policy = policy.unwrap();
        let action = Action::RemoveEnvironment {
            named: Named {
                id: "e".to_owned(),
                name: "UAT".to_owned(),
            },
            policy,
            evidence: Fingerprint::default(),
        };
        let start = Start::of(&action).unwrap();
        let end = |sent, error| {
            let past = Past {
                sent,
                ..Past::default()
            };
            start.left_open(&past, error).kind
        };
        for kind in [Kind::Busy, Kind::Blocked, Kind::Forbidden, Kind::Refused] {
            assert_eq!(end(false, Error::new(kind, "x.")), kind);
            assert_eq!(end(true, Error::new(kind, "x.")), Kind::Unverified);
        }
        let stopped = Error::stopped(Stop::CtrlC);
        assert_eq!(end(true, stopped.clone()), stopped.kind);
    }
}
