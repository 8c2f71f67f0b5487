//! What an environment says about itself before its key changes: its kind, its state, and what the
//! service allows.

use super::{Whose, finding, unknown, unseen, who};
use crate::model::environment::{Environment, Runtime as State};
use crate::model::finding::{Finding, Severity};
use crate::model::known::{Known, Verdict};
use crate::model::lifecycle_rules::Listed;
use crate::model::observed::Observed;
use crate::model::operation::Operation;
use crate::model::remedy::Remedy;
use crate::model::seen::{Seen, Unreadable};
use crate::model::unknown::unknown as unknown_fact;

/// The environment's own facts for a change of its key. A caller may leave out a fact that it waits
/// for or reports in other words.
pub(super) struct Readiness<'a> {
    environment: &'a Environment,
    /// The lifecycle operation that is to be started.
    wanted: &'a str,
    /// The finding that its history is not known.
    history: Option<Finding>,
    /// The finding for an operation that may be running.
    open: Option<Finding>,
    occupied: Occupied<'a>,
    runtime: Runtime,
}

/// Does something keep the environment from starting another operation?
enum Occupied<'a> {
    No,
    /// An operation of this kind runs.
    By(&'a str),
    /// No running operation is known, but it is in this management state.
    In(&'a str),
    CantTell(Unreadable),
}

/// Is the environment open for users?
enum Runtime {
    AsUsual,
    /// Another runtime state than the usual one, offline or not.
    Unusual,
    CantTell(Unreadable),
}

/// Everything about the environment itself that forbids a change of its key, or may surprise its
/// users.
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
        Self {
            environment,
            wanted,
            history: unread_history(observed, environment),
            open: may_run(observed, environment, |_| true),
            occupied: occupied(observed, environment, wanted),
            runtime: runtime(environment),
        }
    }

    /// Without the running operation, because the caller waits for it before the change. It still
    /// blocks if cmkctl can't tell whether an operation runs.
    #[must_use]
    pub(super) fn waits_for_what_runs(self) -> Self {
        let occupied = match self.occupied {
            Occupied::No | Occupied::By(_) | Occupied::In(_) => Occupied::No,
            open @ Occupied::CantTell(_) => open,
        };
        Self { occupied, ..self }
    }

    /// Without the runtime state, because the caller has proven the lock and reports it instead.
    #[must_use]
    pub(super) fn without_runtime(self) -> Self {
        Self {
            runtime: Runtime::AsUsual,
            ..self
        }
    }

    /// The findings, the service's own answers first. If these contradict cmkctl's rules, both
    /// appear.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let found = [
            allowed(self.environment, self.wanted),
            kind(self.environment),
            permitted(self.environment),
            self.history.clone(),
            self.open.clone(),
            self.busy(),
            self.disturbed(),
        ];
        found.into_iter().flatten().collect()
    }

    /// Only what keeps the environment from starting any lifecycle operation, and its runtime
    /// state.
    pub(super) fn of_any_operation(&self) -> Vec<Finding> {
        let found = [
            self.history.clone(),
            self.open.clone(),
            self.busy(),
            self.disturbed(),
        ];
        found.into_iter().flatten().collect()
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
                "Wait until the operation ends, then run the same command again.",
            )),
            Occupied::In(state) => Some(block(
                format!("`{name}` is in the management state `{state}`."),
                "Wait until the state is `Ready`, then run the same command again.",
            )),
            Occupied::CantTell(why) => {
                let what = format!("Whether the environment `{name}` is ready");
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
                    self.environment.runtime_state.shown()
                ),
                "Check in the admin center why the environment is in this state, and finish that \
                    work first.",
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

/// Does another operation run, by history, list and state? `wanted` itself does not count.
fn occupied<'a>(
    observed: &'a Observed,
    environment: &'a Environment,
    wanted: &str,
) -> Occupied<'a> {
    // An operation that certainly runs decides, even if others may run, too.
    let all = observed.operations.present().into_iter().flatten();
    let mut runs = all
        .filter(|operation| operation.runs())
        .map(Operation::name)
        .chain(environment.ongoing.as_deref());
    let other = |operation: &&str| !operation.eq_ignore_ascii_case(wanted);
    let operation = runs.clone().find(other).or_else(|| runs.next());
    match (operation, environment.is_ready()) {
        (Some(operation), _) if other(&operation) => Occupied::By(operation),
        (Some(_), _) | (None, Verdict::Yes) => Occupied::No,
        (None, Verdict::No) => Occupied::In(environment.state().unwrap_or_default()),
        (None, Verdict::CantTell(why)) => Occupied::CantTell(why),
    }
}

fn runtime(environment: &Environment) -> Runtime {
    match environment.is_running() {
        Verdict::Yes if environment.runtime_state.known() == Some(&State::Enabled) => {
            Runtime::AsUsual
        }
        Verdict::Yes | Verdict::No => Runtime::Unusual,
        Verdict::CantTell(why) => Runtime::CantTell(why),
    }
}

/// The finding that the history was not read, so running operations are not known.
pub(super) fn unread_history(observed: &Observed, environment: &Environment) -> Option<Finding> {
    let why = match &observed.operations {
        Seen::Present(_) => return None,
        Seen::Unreadable(why) => why.clone(),
        Seen::Absent => Unreadable::because("cmkctl did not read its history"),
    };
    let what = format!(
        "Whether an operation runs on `{}`",
        environment.display_name
    );
    let seen_by = (who::POWER_PLATFORM, Whose::Own);
    Some(unseen("CMK023", &environment.id, &what, &why, seen_by))
}

/// The finding for an operation of such a kind that may be running: cmkctl does not know the state
/// that the service gives.
pub(super) fn may_run(
    observed: &Observed,
    environment: &Environment,
    of_kind: impl Fn(&Operation) -> bool,
) -> Option<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    let mut all = observed.operations.present()?.iter();
    let operation =
        all.find(|operation| of_kind(operation) && operation.state.known().is_none())?;
    let why = operation.state.means.unknown().unwrap_or_default();
    let what = format!(
        "Whether the operation `{}` runs on the environment `{name}`",
        operation.name()
    );
    Some(unknown("CMK023", id, &what, why, who::POWER_PLATFORM))
}

/// The finding if the service's list of permissions denies the caller a change of the key.
fn permitted(environment: &Environment) -> Option<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    let permissions = match &environment.permissions {
        Known::Known(Some(permissions)) => permissions,
        Known::Known(None) => return None,
        Known::Unknown(why) => {
            let what = format!("Whether you may manage the protection keys of `{name}`");
            return Some(unknown("CMK021", id, &what, why, who::POWER_PLATFORM));
        }
    };
    let is = |permission: &String| permission.eq_ignore_ascii_case("ManageProtectionKeys");
    // The service shows an empty list if it lists no permissions at all.
    (!permissions.is_empty() && !permissions.iter().any(is)).then(|| {
        finding(
            "CMK021",
            Severity::Block,
            id,
            format!(
                "You can't manage the protection keys of `{name}` (permission \
                `ManageProtectionKeys`)."
            ),
            "Get the role Power Platform Administrator or Dynamics 365 Administrator.",
            who::POWER_PLATFORM,
        )
    })
}

/// The finding if the environment's kind is not known. An unfamiliar kind may support a key, so it
/// only warns. A missing kind is `Unknown`.
fn kind(environment: &Environment) -> Option<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    if let Known::Unknown(why) = &environment.is_default {
        let what = format!("Whether the environment `{name}` is the tenant's default environment");
        return Some(unknown("CMK024", id, &what, why, who::POWER_PLATFORM));
    }
    let why = environment.sku.means.unknown()?;
    if environment.sku.text().is_none() {
        let what = format!("What kind of environment `{name}` is");
        return Some(unknown("CMK024", id, &what, why, who::POWER_PLATFORM));
    }
    Some(finding(
        "CMK024",
        Severity::Warn,
        id,
        unknown_fact(
            &format!("whether the type of `{name}` supports a customer-managed key"),
            why,
        ),
        "Check the environment in the admin center. The service may refuse the operation.",
        who::POWER_PLATFORM,
    ))
}

/// The finding if the environment can't have a key, by the service's own lists and by the
/// documented kinds.
fn allowed(environment: &Environment, wanted: &str) -> Option<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    let rules = match &environment.rules {
        Known::Known(rules) => rules,
        Known::Unknown(why) => {
            let what = format!("Whether the service allows `{wanted}` on `{name}`");
            return Some(unknown("CMK024", id, &what, why, who::POWER_PLATFORM));
        }
    };
    let listed = rules.of(wanted);
    let service = match listed {
        Listed::Refused(Some(reason)) => format!(
            "the service does not allow `{wanted}`: {}",
            reason.trim_end_matches('.')
        ),
        Listed::Refused(None) => {
            format!("the service does not allow `{wanted}` and gives no reason")
        }
        Listed::Allowed => format!("although the service lists `{wanted}` as allowed"),
        Listed::Silent => "the service does not say what it allows".to_owned(),
        Listed::Missing => format!("the service does not say whether it allows `{wanted}`"),
    };
    let (severity, message, remedy) = match (environment.supports_key(), listed) {
        (false, _) => {
            let sku = environment.kind();
            let rule = "This type can't have a customer-managed key";
            (
                Severity::Block,
                format!("`{name}` is a {sku} environment. {rule} ({service})."),
                "Choose another environment.",
            )
        }
        (true, Listed::Refused(_)) => (
            Severity::Block,
            format!("For `{name}`, {service}."),
            "Resolve the problem that the service names, or choose another environment.",
        ),
        (true, Listed::Missing) => (
            Severity::Warn,
            format!("For `{name}`, {service}."),
            "Check the environment in the admin center. The service may refuse the operation.",
        ),
        (true, Listed::Allowed | Listed::Silent) => return None,
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
    use super::super::samples::{
        Row, all, codes as told, hidden, list, odd, on, operation, rows, silent,
    };
    use super::*;
    use crate::model::lifecycle_rules::Rules;
    use crate::model::whole::Whole;
    use crate::model::word::Word;

    fn observed(operations: Seen<Whole<Operation>>) -> Observed {
        Observed {
            operations,
            ..Observed::default()
        }
    }

    fn copy() -> Seen<Whole<Operation>> {
        all(vec![Operation {
            kind: "Copy".to_owned(),
            state: "Running".into(),
            ..Operation::default()
        }])
    }

    fn answers(readiness: &Readiness<'_>) -> Vec<(&'static str, Severity, bool)> {
        let found = readiness.findings();
        let answer = |answer: &Finding| (answer.code, answer.severity, answer.remedy.is_wait());
        found.iter().map(answer).collect()
    }

    #[test]
    fn what_is_waited_for_is_in_nobodys_way_and_what_is_not_known_is() {
        use Severity::{Block, Unknown};
        let none = || all(Vec::new());
        let unread = || Seen::Unreadable(Unreadable::because("403"));
        let (busy, open) = (("CMK023", Block, true), ("CMK023", Unknown, false));
        let table = [
            ("Ready", none(), vec![], vec![]),
            ("Ready", copy(), vec![busy], vec![]),
            ("Running", none(), vec![busy], vec![]),
            ("Ready", unread(), vec![open], vec![open]),
            ("Ready", Seen::default(), vec![open], vec![open]),
            ("", none(), vec![open], vec![open]),
            ("Running", unread(), vec![open, busy], vec![open]),
        ];
        for (state, operations, expected, waiting) in table {
            let environment = environment(Seen::Absent, state, "Enabled");
            let observed = observed(operations);
            let readiness = Readiness::of(&observed, &environment, ADD);
            assert_eq!(answers(&readiness), expected, "{state} {observed:?}");
            let readiness = readiness.waits_for_what_runs();
            assert_eq!(answers(&readiness), waiting, "{state} {observed:?}");
        }
    }

    #[test]
    fn a_proven_lock_is_said_in_place_of_the_runtime_state() {
        let observed = observed(all(Vec::new()));
        for (runtime, severity) in [("Disabled", Severity::Warn), ("Wibble", Severity::Unknown)] {
            let environment = environment(Seen::Absent, "Ready", runtime);
            let readiness = Readiness::of(&observed, &environment, ADD);
            assert_eq!(
                answers(&readiness),
                [("CMK035", severity, false)],
                "{runtime}"
            );
            assert!(
                answers(&readiness.without_runtime()).is_empty(),
                "{runtime}"
            );
        }
    }

    fn rules(allowed: &[&str], disallowed: &[&str]) -> Known<Rules> {
        Known::Known(Rules {
            allowed: allowed.iter().map(|name| (*name).to_owned()).collect(),
            disallowed: disallowed
                .iter()
                .map(|name| ((*name).to_owned(), None))
                .collect(),
        })
    }

    const STATE_OPERATIONS_AND_PERMISSIONS_DECIDE: &[Row] = &[
        ("well", |_, _| {}, &[]),
        (
            "permitted",
            |_, o| {
                on(&mut o.environment, |e| {
                    e.permissions = Known::Known(Some(vec!["manageprotectionkeys".into()]));
                });
            },
            &[],
        ),
        (
            "not permitted",
            |_, o| {
                on(&mut o.environment, |e| {
                    e.permissions = Known::Known(Some(vec!["Other".into()]));
                });
            },
            &["CMK021 block"],
        ),
        (
            "perhaps permitted",
            |_, o| on(&mut o.environment, |e| e.permissions = odd()),
            &["CMK021 unknown"],
        ),
        (
            "a copy goes on",
            |_, o| on(&mut o.environment, |e| e.ongoing = Some("Copy".into())),
            &["CMK023 block"],
        ),
        (
            "a copy runs",
            |_, o| {
                list(&mut o.operations, |all| {
                    all.push(operation("Copy", "Running", 0))
                })
            },
            &["CMK023 block"],
        ),
        (
            "a copy that runs beside the add",
            |_, o| {
                list(&mut o.operations, |all| {
                    all.extend([
                        operation(ADD, "Running", 0),
                        operation("Copy", "Running", 0),
                    ]);
                });
            },
            &["CMK023 block"],
        ),
        (
            "the add itself",
            |_, o| {
                list(&mut o.operations, |all| {
                    all.push(operation(ADD, "Running", 0))
                })
            },
            &[],
        ),
        (
            "a copy that ended",
            |_, o| {
                list(&mut o.operations, |all| {
                    all.push(operation("Copy", "Failed", 0))
                })
            },
            &[],
        ),
        (
            "a copy in a new state",
            |_, o| {
                list(&mut o.operations, |all| {
                    all.push(operation("Copy", "Wibble", 0))
                })
            },
            &["CMK023 unknown"],
        ),
        (
            "a silent history",
            |_, o| o.operations = silent(),
            &["CMK023 unknown"],
        ),
        (
            "a hidden history",
            |_, o| o.operations = hidden(),
            &["CMK023 unknown"],
        ),
        (
            "a history not read",
            |_, o| o.operations = Seen::default(),
            &["CMK023 unknown"],
        ),
        (
            "busy",
            |_, o| {
                on(&mut o.environment, |e| {
                    e.management_state = "Copying".into()
                })
            },
            &["CMK023 block"],
        ),
        (
            "in a new management state",
            |_, o| on(&mut o.environment, |e| e.management_state = "Wibble".into()),
            &["CMK023 unknown"],
        ),
        (
            "in administration mode",
            |_, o| on(&mut o.environment, |e| e.runtime_state = "AdminMode".into()),
            &["CMK035 warn"],
        ),
        (
            "disabled",
            |_, o| on(&mut o.environment, |e| e.runtime_state = "Disabled".into()),
            &["CMK035 warn"],
        ),
        (
            "in a new runtime state",
            |_, o| on(&mut o.environment, |e| e.runtime_state = "Wibble".into()),
            &["CMK035 unknown"],
        ),
    ];

    #[test]
    fn state_operations_and_permissions_decide() {
        rows(STATE_OPERATIONS_AND_PERMISSIONS_DECIDE, |_, o| {
            told(&check(o, o.environment.present().unwrap(), ADD))
        });
    }

    const THE_KIND_AND_THE_SERVICE_ITSELF_DECIDE: &[Row] = &[
        (
            "a trial",
            |_, o| on(&mut o.environment, |e| e.sku = "Trial".into()),
            &["CMK024 block"],
        ),
        (
            "a new kind",
            |_, o| on(&mut o.environment, |e| e.sku = "Wibble".into()),
            &["CMK024 warn"],
        ),
        (
            "no kind",
            |_, o| on(&mut o.environment, |e| e.sku = Word::default()),
            &["CMK024 unknown"],
        ),
        (
            "the default one",
            |_, o| on(&mut o.environment, |e| e.is_default = Known::Known(true)),
            &["CMK024 block"],
        ),
        (
            "perhaps the default one",
            |_, o| on(&mut o.environment, |e| e.is_default = odd()),
            &["CMK024 unknown"],
        ),
        (
            "allowed",
            |_, o| on(&mut o.environment, |e| e.rules = rules(&[ADD], &[])),
            &[],
        ),
        (
            "not allowed",
            |_, o| on(&mut o.environment, |e| e.rules = rules(&[], &[ADD])),
            &["CMK024 block"],
        ),
        (
            "not listed",
            |_, o| on(&mut o.environment, |e| e.rules = rules(&["Copy"], &[])),
            &["CMK024 warn"],
        ),
        (
            "lists that can't be read",
            |_, o| on(&mut o.environment, |e| e.rules = odd()),
            &["CMK024 unknown"],
        ),
    ];

    #[test]
    fn the_kind_and_the_service_itself_decide() {
        rows(THE_KIND_AND_THE_SERVICE_ITSELF_DECIDE, |_, o| {
            told(&check(o, o.environment.present().unwrap(), ADD))
        });
    }
}
