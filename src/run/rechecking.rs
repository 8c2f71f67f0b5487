//! Gathers the evidence of irreversible actions again directly before the request, and compares.
//! The plan's snapshot may be days old by then.

use super::Context;
use super::commands::Command;
use super::consent::{came_up, changed, still_granted};
use crate::error::{Error, Kind, Result};
use crate::model::finding::{Finding, Severity};
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::target::Target;

/// Takes a new snapshot of everything in the action's evidence, and plans again. Nothing may block,
/// and the new plan must contain the action with the same facts.
///
/// # Errors
/// New blockers, with their exit code. `Kind::Refused` if the facts differ, `Kind::Forbidden` if
/// they are hidden now.
pub(super) async fn still_right(
    context: &Context,
    (command, target, environment): (&Command, &Target, Option<&str>),
    seen: &Observed,
    action: &Action,
) -> Result<()> {
    let target = Target {
        readers: Vec::new(),
        ..target.clone()
    };
    let reader = context.reader();
    // A command for many environments reads the action's environment.
    let about = action.environment().or(environment);
    let looking = context.looking(&reader, &target, about);
    let fresh = command.look_again(looking, seen).await?;
    let plan = command.plan(&target, &fresh);
    came_up(&unsent(action), &plan)?;
    if action.environment().is_some() {
        still_granted(&unsent(action), &plan)?;
    }
    same_evidence(action, &plan.actions).map_err(|error| hidden(action, &plan).unwrap_or(error))
}

/// The error if the new plan lacks the action because its environment is hidden from this caller
/// now.
fn hidden(action: &Action, plan: &Plan) -> Option<Error> {
    let is_about = |finding: &&Finding| {
        finding.severity == Severity::NotVisible && action.environment() == Some(&finding.subject)
    };
    let found = plan.findings.iter().find(is_about)?;
    let what = format!("{}: {}", unsent(action), found.message);
    let advice = "Run the same command again for a plan of the current state.";
    Some(Error::new(Kind::Forbidden, what).hint(advice))
}

/// Does a fresh plan contain the action, with the same facts?
///
/// # Errors
/// `Kind::Refused`, with the changes. `Kind::Forbidden` if the changed facts are only hidden now.
pub(super) fn same_evidence(action: &Action, fresh: &[Action]) -> Result<()> {
    let alike = |other: &&Action| match action.environment() {
        // In a plan for many environments the name may have an id added, so compare by id.
        Some(_) => {
            std::mem::discriminant(action) == std::mem::discriminant(*other)
                && action.environment() == other.environment()
        }
        None => action.is_same_step(other),
    };
    let Some(now) = fresh.iter().find(alike) else {
        let why = "the current state has changed since the plan";
        return Err(changed(&unsent(action), why));
    };
    let (Some(was), Some(is)) = (action.evidence(), now.evidence()) else {
        return Ok(());
    };
    let differences = was.differences(is);
    if differences.is_empty() {
        return Ok(());
    }
    let unsent = unsent(action);
    let error = if was.hides(is) {
        let why = "facts that the plan is based on are no longer visible to you";
        Error::new(Kind::Forbidden, format!("{unsent}: {why}."))
            .hint("Run the same command again for a plan of the current state.")
    } else {
        let why = "facts that the plan is based on have changed since it was made";
        changed(&unsent, why)
    };
    Err(error.detail(format!("{}.", differences.join(". "))))
}

/// The start of a sentence that says what is not done.
pub(super) fn unsent(action: &Action) -> String {
    match action.facts().subject.environment() {
        Some(named) => format!("The operation on `{}` was not started", named.name),
        None => format!("This step was not started ({action})"),
    }
}
