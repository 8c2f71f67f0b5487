//! Starts, runs and ends lifecycle operations. The stages are those of recorded operations of the
//! Power Platform admin API.

use super::ids::guid;
use super::operations::{Failure, Kind, Operation};
use super::world::World;
use jiff::SignedDuration;

/// The stages, each with its end as a share of the total time.
pub(crate) const STAGES: [(&str, f64); 4] = [
    ("Validate", 0.1),
    ("Prepare", 0.2),
    ("Run", 0.9),
    ("Finalize", 1.0),
];
/// The share of the total time after which an environment is back early.
const BACK: f64 = 0.5;

impl World {
    /// The operation that runs on an environment.
    pub(crate) fn running(&self, environment: &str) -> Option<&Operation> {
        self.operations
            .of(environment)
            .find(|operation| !operation.done)
    }

    /// The last operation of an environment, whether it has ended or not.
    pub(crate) fn last_operation(&self, environment: &str) -> Option<&Operation> {
        self.operations.of(environment).next_back()
    }

    /// Does a running operation keep the environment offline?
    pub(crate) fn occupied(&self, environment: &str) -> bool {
        self.running(environment)
            .is_some_and(|operation| !operation.back)
    }

    pub(crate) fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations
            .iter()
            .find(|operation| operation.id.eq_ignore_ascii_case(id))
    }

    /// Starts an operation and returns its id.
    pub(crate) fn start(&mut self, environment: &str, kind: Kind, requested_by: &str) -> String {
        let id = guid(&format!("operation/{}", self.operations.len()));
        let effect = match kind {
            Kind::Link(_) => "link-started",
            Kind::Swap(_) => "swap-started",
            Kind::Unlink => "unlink-started",
            Kind::Govern => "governance-started",
            Kind::Enable => "enable-started",
            Kind::Other(_) => "operation-started",
        };
        self.effect(effect, environment);
        let operation = Operation {
            id: id.clone(),
            environment: environment.to_owned(),
            kind,
            created: self.clock.now(),
            ended: None,
            takes: None,
            before: self
                .environments
                .get(environment)
                .and_then(|found| found.link.clone()),
            fails: None,
            done: false,
            back: false,
            requested_by: requested_by.to_owned(),
        };
        if let Some(found) = self.environments.get_mut(environment) {
            match &operation.kind {
                Kind::Link(policy) | Kind::Swap(policy) => {
                    found.link = Some((policy.clone(), "Linking".to_owned()))
                }
                Kind::Unlink => {
                    if let Some((_, status)) = &mut found.link {
                        *status = "Unlinking".to_owned();
                    }
                }
                Kind::Govern | Kind::Enable | Kind::Other(_) => {}
            }
        }
        self.operations.push(operation);
        id
    }

    /// Adds an operation from before the start: its environment and type, how many days ago, and,
    /// if it runs, for how many more days.
    pub(crate) fn remember(
        &mut self,
        (environment, kind): (&str, &str),
        failed: bool,
        (ago, left): (f64, Option<f64>),
    ) {
        let days = |days: f64| {
            SignedDuration::try_from_secs_f64(days * 86_400.0).unwrap_or(SignedDuration::ZERO)
        };
        let kind = match kind {
            "RevertToMicrosoftKey" => Kind::Unlink,
            "RotateCustomerManagedKey" => Kind::Swap(String::new()),
            "EnableGovernanceConfiguration" => Kind::Govern,
            "NewCustomerManagedKey" => Kind::Link(String::new()),
            other => Kind::Other(other.to_owned()),
        };
        let created = self.clock.epoch - days(ago);
        let has_ended = left.is_none();
        self.operations.push(Operation {
            id: guid(&format!("operation/{}", self.operations.len())),
            environment: environment.to_owned(),
            kind,
            created,
            ended: has_ended.then_some(created),
            takes: left.map(|left| days(ago + left)),
            before: None,
            fails: Some(if failed { Failure::Other } else { Failure::No }),
            done: has_ended,
            back: has_ended,
            requested_by: guid("user/admin"),
        });
    }

    /// Starts a link operation together with the sandbox.
    pub(crate) fn leave_unfinished(&mut self, environment: &str) {
        let policy = self
            .environments
            .get(environment)
            .and_then(|found| found.link.as_ref())
            .map(|(id, _)| id.clone());
        self.start(
            environment,
            Kind::Link(policy.unwrap_or_default()),
            &guid("user/admin"),
        );
        self.effects.clear();
    }

    pub(crate) fn part(&self, operation: &Operation) -> f64 {
        self.clock.since(operation.created) / self.seconds(operation).max(0.001)
    }

    /// The duration of an operation without trouble.
    pub(crate) fn seconds(&self, operation: &Operation) -> f64 {
        if let Some(takes) = operation.takes {
            return takes.as_secs_f64();
        }
        match operation.kind {
            Kind::Govern => self.settings.governance_seconds,
            Kind::Enable => self.settings.enable_seconds,
            _ => self.settings.link_seconds,
        }
    }

    /// Ends the operations whose time is over.
    pub(crate) fn advance_operations(&mut self) {
        for (index, mut operation) in self.operations.open() {
            let part = self.part(&operation);
            if part >= STAGES[0].1 && operation.fails.is_none() {
                operation.fails = Some(self.fails(&operation));
            }
            let failed = operation.fails.is_some_and(|fails| fails != Failure::No);
            // The environment is back early, and the operation continues.
            if self.settings.link_ends == "early" && part >= BACK && !operation.back {
                self.end(&operation, Failure::No);
                operation.back = true;
            }
            if part >= 1.0 || (failed && self.settings.link_ends.is_empty()) {
                self.end(&operation, operation.fails.unwrap_or(Failure::No));
                operation.done = true;
                operation.ended = Some(self.clock.now());
            }
            self.operations.put(index, operation);
        }
    }

    /// Encryption fails in validation without effective access to a usable key. A removal or swap
    /// first decrypts with the old key. Inferred: without the old key it fails and changes nothing.
    fn fails(&self, operation: &Operation) -> Failure {
        let old = operation
            .before
            .as_ref()
            .is_none_or(|(policy, _)| self.reaches_by(policy));
        let other = match &operation.kind {
            Kind::Unlink | Kind::Swap(_) if !old => return Failure::OldKey,
            Kind::Link(policy) | Kind::Swap(policy) => {
                !self.reaches_by(policy) || self.settings.link_ends.starts_with("failed")
            }
            Kind::Enable => !self.reaches(&operation.environment),
            Kind::Unlink | Kind::Govern | Kind::Other(_) => false,
        };
        if other { Failure::Other } else { Failure::No }
    }

    fn end(&mut self, operation: &Operation, fails: Failure) {
        let failed = fails != Failure::No;
        let lag = self.settings.read_lag;
        let without_link = self.settings.link_ends.ends_with("without-link");
        let only_a_warning = self.settings.link_ends == "failed-with-link";
        let Some(environment) = self.environments.get_mut(&operation.environment) else {
            return;
        };
        environment.lag = lag;
        match &operation.kind {
            Kind::Govern => environment.managed = true,
            Kind::Enable if failed => {}
            Kind::Other(_) => {}
            Kind::Enable => "Enabled".clone_into(&mut environment.runtime),
            Kind::Unlink | Kind::Swap(_) if fails == Failure::OldKey => {
                environment.link.clone_from(&operation.before)
            }
            Kind::Unlink => environment.link = None,
            Kind::Link(_) | Kind::Swap(_) if without_link => environment.link = None,
            Kind::Link(policy) | Kind::Swap(policy) => {
                let status = if failed && !only_a_warning {
                    "Failed"
                } else {
                    "Linked"
                };
                environment.link = Some((policy.clone(), status.to_owned()));
            }
        }
    }
}
