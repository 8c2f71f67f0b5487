//! What an environment says about itself before its key is changed: its kind, its state, and what
//! the service itself allows.

use super::lifecycle::running;
use super::{Whose, finding, unknown, unseen, who};
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::operation::Operation;
use crate::model::remedy::Remedy;
use crate::model::seen::{Seen, Unreadable};

/// Kinds of environments that can't have a customer-managed key.
const UNSUPPORTED: [&str; 4] = ["Trial", "Teams", "Default", "SubscriptionBasedTrial"];

/// What the environment itself says about a change of its key, as facts: whoever asks may leave out
/// one that it waits for, or that it says in other words.
pub(super) struct Readiness<'a> {
    environment: &'a Environment,
    /// The lifecycle operation that is to be started.
    wanted: &'a str,
    /// Why its history is not known, if so.
    history: Option<Unreadable>,
    occupied: Occupied<'a>,
    runtime: Runtime,
}

/// Does something keep it from taking up another operation?
enum Occupied<'a> {
    No,
    /// An operation of this kind runs.
    By(&'a str),
    /// None that is known, and it is in this management state.
    In(&'a str),
    CantTell(Unreadable),
}

/// Do people work in it?
enum Runtime {
    AsUsual,
    /// It is in another runtime state than usual, offline or not.
    Unusual,
    CantTell(Unreadable),
}

/// Everything about the environment itself that forbids a change of its key, or will surprise
/// somebody.
pub(super) fn check(observed: &Observed, environment: &Environment, wanted: &str) -> Vec<Finding> {
    Readiness::of(observed, environment, wanted).findings()
}

impl<'a> Readiness<'a> {
    /// `wanted` is the lifecycle operation that is to be started.
    pub(super) fn of(
        observed: &'a Observed,
        environment: &'a Environment,
        wanted: &'a str,
    ) -> Self {
        let history = match &observed.operations {
            Seen::Present(_) => None,
            Seen::Unreadable(why) => Some(why.clone()),
            Seen::Absent | Seen::NotAsked => Some(Unreadable::because("it was not read")),
        };
        Self {
            environment,
            wanted,
            history,
            occupied: occupied(observed, environment, wanted),
            runtime: runtime(environment),
        }
    }

    /// The operation that runs is waited for before the change: it is in nobody's way. Not knowing
    /// whether one runs is.
    #[must_use]
    pub(super) fn waits_for_what_runs(self) -> Self {
        let occupied = match self.occupied {
            Occupied::No | Occupied::By(_) | Occupied::In(_) => Occupied::No,
            open @ Occupied::CantTell(_) => open,
        };
        Self { occupied, ..self }
    }

    /// Without its runtime state: that it is locked is proven, and said instead.
    #[must_use]
    pub(super) fn without_runtime(self) -> Self {
        Self {
            runtime: Runtime::AsUsual,
            ..self
        }
    }

    /// What the service says comes first; where it and our own rule disagree, both are said.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let found = [
            allowed(self.environment, self.wanted),
            permitted(self.environment),
            self.unread_history(),
            self.busy(),
            self.disturbed(),
        ];
        found.into_iter().flatten().collect()
    }

    fn unread_history(&self) -> Option<Finding> {
        let what = format!(
            "Whether an operation runs on `{}`",
            self.environment.display_name
        );
        let own = (who::POWER_PLATFORM, Whose::Own);
        let why = self.history.as_ref()?;
        Some(unseen("CMK023", &self.environment.id, &what, why, own))
    }

    fn busy(&self) -> Option<Finding> {
        let (id, name) = (&self.environment.id, &self.environment.display_name);
        let block = |message: String, remedy: &str| {
            let (remedy, who) = (Remedy::wait(remedy), who::POWER_PLATFORM);
            finding("CMK023", Severity::Block, id, message, remedy, who)
        };
        match &self.occupied {
            Occupied::No => None,
            Occupied::By(operation) => Some(block(
                format!("The lifecycle operation `{operation}` runs on `{name}`."),
                "Wait until it has ended, then run this again.",
            )),
            Occupied::In(state) => Some(block(
                format!("`{name}` is in the management state `{state}`."),
                "Wait until it is `Ready`, then run this again.",
            )),
            Occupied::CantTell(why) => {
                let what = format!("Whether `{name}` is ready");
                let who = who::POWER_PLATFORM;
                Some(unknown("CMK023", id, &what, &why.why, who))
            }
        }
    }

    fn disturbed(&self) -> Option<Finding> {
        let (id, name) = (&self.environment.id, &self.environment.display_name);
        match &self.runtime {
            Runtime::AsUsual => None,
            Runtime::Unusual => Some(finding(
                "CMK035",
                Severity::Warn,
                id,
                format!(
                    "`{name}` is in the runtime state `{}`.",
                    self.environment
                        .runtime_state
                        .as_deref()
                        .unwrap_or_default()
                ),
                "Finish what put it there first.",
                who::POWER_PLATFORM,
            )),
            Runtime::CantTell(why) => Some(unknown(
                "CMK035",
                id,
                &format!("Whether `{name}` runs"),
                &why.why,
                who::POWER_PLATFORM,
            )),
        }
    }
}

/// Does another operation run on it, as far as history, list and state tell? `wanted` itself is not
/// another one.
fn occupied<'a>(
    observed: &'a Observed,
    environment: &'a Environment,
    wanted: &str,
) -> Occupied<'a> {
    let operation = running(observed)
        .map(Operation::name)
        .or(environment.ongoing.as_deref());
    match (operation, environment.is_ready()) {
        (Some(operation), _) if !operation.eq_ignore_ascii_case(wanted) => Occupied::By(operation),
        (Some(_), _) | (None, Verdict::Yes) => Occupied::No,
        (None, Verdict::No) => Occupied::In(environment.state().unwrap_or_default()),
        (None, Verdict::CantTell(why)) => Occupied::CantTell(why),
    }
}

fn runtime(environment: &Environment) -> Runtime {
    let state = environment.runtime_state.as_deref();
    match environment.is_running() {
        Verdict::Yes if state.is_some_and(|state| state.eq_ignore_ascii_case("Enabled")) => {
            Runtime::AsUsual
        }
        Verdict::Yes | Verdict::No => Runtime::Unusual,
        Verdict::CantTell(why) => Runtime::CantTell(why),
    }
}

/// May the caller change its key, by the permissions that the service lists?
fn permitted(environment: &Environment) -> Option<Finding> {
    let permissions = environment.permissions.as_ref()?;
    let may = permissions
        .iter()
        .any(|permission| permission.eq_ignore_ascii_case("ManageProtectionKeys"));
    (!permissions.is_empty() && !may).then(|| {
        finding(
            "CMK021",
            Severity::Block,
            &environment.id,
            format!(
                "You may not manage the protection keys of `{}` (permission \
                `ManageProtectionKeys`).",
                environment.display_name
            ),
            "Get the role Power Platform Administrator or Dynamics 365 Administrator.",
            who::POWER_PLATFORM,
        )
    })
}

/// May it have a key, by the service's own lists and by the documented kinds?
fn allowed(environment: &Environment, wanted: &str) -> Option<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    let sku = if environment.is_default {
        "Default"
    } else {
        &environment.sku
    };
    let rules = match &environment.rules {
        Known::Known(rules) => rules,
        Known::Unknown(why) => {
            let what = format!("Whether the service allows `{wanted}` on `{name}`");
            return Some(unknown("CMK024", id, &what, why, who::POWER_PLATFORM));
        }
    };
    let is = |operation: &str| operation.eq_ignore_ascii_case(wanted);
    let refusal = rules.disallowed.iter().find(|(operation, _)| is(operation));
    let listed = rules.allowed.iter().any(|operation| is(operation));
    let silent = rules.allowed.is_empty() && rules.disallowed.is_empty();
    let unsupported = UNSUPPORTED
        .iter()
        .any(|kind| kind.eq_ignore_ascii_case(sku));
    let service = match refusal {
        Some((_, Some(reason))) => format!(
            "the service does not allow `{wanted}`: {}",
            reason.trim_end_matches('.')
        ),
        Some((_, None)) => format!("the service does not allow `{wanted}` and gives no reason"),
        None if listed => format!("the service itself lists `{wanted}` as allowed"),
        None if silent => "the service does not say what it allows".to_owned(),
        None => format!("the service does not list `{wanted}` at all"),
    };
    let (severity, message, remedy) = match (unsupported, refusal.is_some()) {
        (true, _) => {
            let rule =
                format!("`{name}` is a {sku} environment; these can't have a customer-managed key");
            (
                Severity::Block,
                format!("{rule} ({service})."),
                "Choose another environment.",
            )
        }
        (false, true) => (
            Severity::Block,
            format!("On `{name}` {service}."),
            "Remove the reason that the service names, or choose another environment.",
        ),
        (false, false) if !listed && !silent => (
            Severity::Warn,
            format!("On `{name}` {service}, and it gives no reason against it."),
            "Look at the environment in the admin center; adding it may be refused.",
        ),
        (false, false) => return None,
    };
    Some(finding(
        "CMK024",
        severity,
        id,
        message,
        remedy,
        who::POWER_PLATFORM,
    ))
}

#[cfg(test)]
mod tests {
    use super::super::lifecycle::ADD;
    use super::super::link::tests::environment;
    use super::*;

    fn observed(operations: Seen<Vec<Operation>>) -> Observed {
        Observed {
            operations,
            ..Observed::default()
        }
    }

    fn copy() -> Seen<Vec<Operation>> {
        Seen::Present(vec![Operation {
            kind: "Copy".to_owned(),
            state: "Running".to_owned(),
            ..Operation::default()
        }])
    }

    fn said(readiness: &Readiness<'_>) -> Vec<(&'static str, Severity, bool)> {
        let found = readiness.findings();
        let one = |one: &Finding| (one.code, one.severity, one.remedy.is_wait());
        found.iter().map(one).collect()
    }

    #[test]
    fn what_is_waited_for_is_in_nobodys_way_and_what_is_not_known_is() {
        use Severity::{Block, Unknown};
        let none = || Seen::Present(Vec::new());
        let unread = || Seen::Unreadable(Unreadable::because("403"));
        let (busy, open) = (("CMK023", Block, true), ("CMK023", Unknown, false));
        let table = [
            ("Ready", none(), vec![], vec![]),
            ("Ready", copy(), vec![busy], vec![]),
            ("Running", none(), vec![busy], vec![]),
            ("Ready", unread(), vec![open], vec![open]),
            ("Ready", Seen::NotAsked, vec![open], vec![open]),
            ("", none(), vec![open], vec![open]),
            ("Running", unread(), vec![open, busy], vec![open]),
        ];
        for (state, operations, expected, waiting) in table {
            let environment = environment(Seen::Absent, state, "Enabled");
            let observed = observed(operations);
            let readiness = Readiness::of(&observed, &environment, ADD);
            assert_eq!(said(&readiness), expected, "{state} {observed:?}");
            let readiness = readiness.waits_for_what_runs();
            assert_eq!(said(&readiness), waiting, "{state} {observed:?}");
        }
    }

    #[test]
    fn a_proven_lock_is_said_in_place_of_the_runtime_state() {
        let observed = observed(Seen::Present(Vec::new()));
        for (runtime, severity) in [("Disabled", Severity::Warn), ("Wibble", Severity::Unknown)] {
            let environment = environment(Seen::Absent, "Ready", runtime);
            let readiness = Readiness::of(&observed, &environment, ADD);
            assert_eq!(said(&readiness), [("CMK035", severity, false)], "{runtime}");
            assert!(said(&readiness.without_runtime()).is_empty(), "{runtime}");
        }
    }
}
