//! The reads before and after a request that takes an environment offline. Was it already started,
//! does another operation run, or can it start?

use super::applier::{Applier, START_SHOWS};
use super::waiting::Awaited;
use crate::error::{Error, Kind, Result};
use crate::model::action::facts::Link;
use crate::model::environment::Environment;
use crate::model::ids::ArmId;
use crate::model::operation::Operation;
use crate::model::plan::Action;
use crate::steps::end_state::EndState;
use crate::steps::link::LinkState;
use std::time::Duration;

/// The start of an operation on an environment.
#[derive(Debug, Clone)]
pub(super) struct Start<'a> {
    /// The action to start.
    pub(super) action: &'a Action,
    /// Environment id.
    pub(super) environment: &'a str,
    /// Display name.
    pub(super) name: &'a str,
    /// The state to reach.
    pub(super) end_state: EndState,
    /// The policy whose system id the request carries.
    pub(super) policy: &'a ArmId,
    /// The linked policy that a move replaces.
    pub(super) over: Option<&'a ArmId>,
}

impl<'a> Start<'a> {
    /// The start of an action; `None` if the action starts no such operation.
    pub(super) fn of(action: &'a Action) -> Option<Self> {
        let facts = action.facts();
        let (end_state, policy, over) = match facts.link {
            Link::To { policy, over } => (EndState::Policy(policy.clone()), policy, over),
            Link::Off(policy) => (EndState::NoPolicy, policy, None),
            Link::Stays | Link::Comes(_, _) | Link::Goes(_) => return None,
        };
        let named = facts.subject.environment()?;
        Some(Self {
            action,
            environment: &named.id,
            name: &named.name,
            end_state,
            policy,
            over,
        })
    }

    /// The action as a noun.
    pub(super) fn what(&self) -> String {
        match (&self.end_state, self.over) {
            (EndState::NoPolicy, _) => format!("Removing `{}`", self.name),
            (_, Some(_)) => format!("Moving `{}`", self.name),
            (_, None) => format!("Adding `{}`", self.name),
        }
    }

    /// Adds to an error that the start may have happened. After a request with an ambiguous answer,
    /// cmkctl can't say that nothing was started.
    pub(super) fn left_open(&self, past: &Past, error: Error) -> Error {
        if !past.sent || error.kind.is_interruption() {
            return error;
        }
        let what = self.what();
        Error::new(
            Kind::Unverified,
            format!("{what}: the request was sent, but cmkctl can't verify the start."),
        )
        .detail(error.to_string())
        .hint(
            "Run the same command again. cmkctl checks the current state first, and starts \
                nothing twice.",
        )
    }

    /// What to wait for after the start.
    pub(super) fn awaited(&self, url: Option<String>, pause: Option<Duration>) -> Awaited<'_> {
        Awaited {
            environment: self.environment,
            name: self.name,
            end_state: &self.end_state,
            url,
            pause,
        }
    }

    /// The error that the environment's link could not be read.
    fn unread(&self, why: &str) -> Error {
        let what = format!(
            "cmkctl could not read whether `{}` has a policy: {why}.",
            self.name
        );
        Error::new(Kind::Forbidden, what)
    }

    /// The error that another caller has linked another policy meanwhile.
    fn linked_elsewhere(&self, other: &ArmId) -> Error {
        let what = format!(
            "Meanwhile, `{}` was linked to another policy: {other}",
            self.name
        );
        Error::new(Kind::Blocked, what)
            .hint("Check the current state: `cmkctl status`.")
            .hint(if self.end_state == EndState::NoPolicy {
                "Before you remove the environment from this policy, find out who linked it."
            } else {
                "To move the environment to your policy, use `cmkctl swap-policy`."
            })
    }
}

/// What was known before the first read, and what was sent since.
#[derive(Default)]
pub(super) struct Past {
    /// Ids of the operations before the first request. A later operation is ours, even if it has
    /// already ended.
    pub(super) operations: Option<Vec<String>>,
    /// Was a request sent?
    pub(super) sent: bool,
}

/// The result of the read before the request.
pub(super) enum Before {
    /// No effect shows and no operation runs. Holds the ids of past operations.
    Clear(Vec<String>),
    /// The operation was already started; holds its id if known.
    Started(Option<String>),
    /// Another operation runs.
    Busy(String),
}

impl Past {
    /// Is this operation newer than the first read?
    fn lacks(&self, operation: &Operation) -> bool {
        self.operations
            .as_ref()
            .is_some_and(|past| !past.contains(&operation.id))
    }
}

impl Applier<'_> {
    /// The last read before the request that takes an environment offline.
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
        let of_ours = |operation: &&Operation| start.end_state.is_started_by(operation);
        let ours = running.filter(of_ours).or_else(|| {
            let mut all = operations.iter().filter(of_ours);
            all.find(|operation| past.lacks(operation))
        });
        match start.end_state.standing(&look) {
            LinkState::Done | LinkState::Under | LinkState::Locked => {
                let another = running.filter(|operation| !start.end_state.is_started_by(operation));
                // The link is already gone but a different operation is running: report busy, do
                // not treat it as our removal.
                if let (EndState::NoPolicy, Some(another), None) = (&start.end_state, another, ours)
                {
                    return Ok(Before::Busy(another.kind.clone()));
                }
                return Ok(Before::Started(ours.map(|operation| operation.id.clone())));
            }
            LinkState::Other(other) if start.over == Some(&other) => {}
            LinkState::Other(other) => return Err(start.linked_elsewhere(&other)),
            LinkState::Unknown(why) => return Err(start.unread(&why.why)),
            LinkState::None | LinkState::Failed => {}
        }
        if start.end_state == EndState::NoPolicy {
            match look.policy() {
                Some(id) if id == start.policy => {}
                Some(other) => return Err(start.linked_elsewhere(other)),
                None => return Err(start.unread("the service does not show the policy")),
            }
        }
        Ok(match (ours, running, &look.ongoing) {
            (Some(operation), _, _) => Before::Started(Some(operation.id.clone())),
            (None, Some(operation), _) => Before::Busy(operation.kind.clone()),
            (None, None, Some(kind)) if start.end_state.is_started_by_kind(kind) => {
                Before::Started(None)
            }
            (None, None, Some(kind)) => Before::Busy(kind.clone()),
            (None, None, None) => Before::Clear(
                operations
                    .into_iter()
                    .map(|operation| operation.id)
                    .collect(),
            ),
        })
    }

    /// After an ambiguous answer or a 409: does a start show within the time in which one would?
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
            let sign = format!("the operation to appear ({clause})");
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
