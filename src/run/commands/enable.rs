//! `enable`: all four steps.

use super::command::{Command, Keys, Need, Picks, always, keep, managed, protected};
use crate::model::observed::Observed;
use crate::model::plan::Plan;
use crate::model::target::Target;
use crate::observe::{enabling, enabling_now};
use crate::steps::{add, create_key, policy};

/// All four steps. Its operation on the environment is an add, so the command to resume needs no
/// key.
pub const ENABLE: Command = Command {
    name: "enable",
    needs: &[Need::Environment, Need::Policy, Need::Vault, Need::Key],
    picks: Picks::Free,
    keys: Keys::FitOrNew,
    look: enabling,
    look_again: enabling_now,
    fits: always,
    plan,
    mends: |observed| {
        managed(observed)
            .into_iter()
            .chain(protected(observed))
            .collect()
    },
    next: keep,
    resume: "add-environment",
};

fn plan(target: &Target, observed: &Observed) -> Plan {
    create_key::first(target, observed, |observed| {
        let mut plan = policy::plan(target, observed, policy::whose(observed));
        plan.join(add::plan(target, observed, true));
        plan
    })
}
