//! What was seen before a plan may be days old when an environment is taken offline: the evidence
//! of what can't be undone is gathered once more, directly before the request, and compared.

use super::Context;
use super::asking::{came_up, changed, still_granted};
use super::commands::Command;
use crate::error::{Error, Kind, Result};
use crate::model::finding::{Finding, Severity};
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::target::Target;

/// Looks again at everything that the action's evidence is made of, and plans anew: nothing may
/// stand in the way, and the action must still be one that the command would take, on the same
/// facts.
///
/// # Errors
/// What came up, with its exit code; `Kind::Refused` when the facts are others, `Kind::Forbidden`
/// when they are hidden now.
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
    // A command of many environments looks at the one that the action is about.
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

/// The plan lacks the action because what it is about is hidden from this caller now.
fn hidden(action: &Action, plan: &Plan) -> Option<Error> {
    let is_about = |finding: &&Finding| {
        finding.severity == Severity::NotVisible && action.environment() == Some(&finding.subject)
    };
    let found = plan.findings.iter().find(is_about)?;
    let what = format!("{}: {}", unsent(action), found.message);
    let again = "Run the same command again for a plan of what you see now.";
    Some(Error::new(Kind::Forbidden, what).hint(again))
}

/// Is the action among those of a fresh plan, on the same facts?
///
/// # Errors
/// `Kind::Refused`, with what changed; `Kind::Forbidden` where what differs is only hidden now.
pub(super) fn same_evidence(action: &Action, fresh: &[Action]) -> Result<()> {
    let alike = |other: &&Action| match action.environment() {
        // Among many, a name may have been told apart from another one.
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
        let why = "what the plan was made of is not visible to you any more";
        Error::new(Kind::Forbidden, format!("{unsent}: {why}."))
            .hint("Run the same command again for a plan of what you see now.")
    } else {
        let why = "the facts that it relies on have changed since the plan was made";
        changed(&unsent, why)
    };
    Err(error.detail(format!("{}.", differences.join(". "))))
}

/// What is not done, as the beginning of a sentence.
pub(super) fn unsent(action: &Action) -> String {
    match action.facts().subject.environment() {
        Some(named) => format!("`{}` is not started", named.name),
        None => format!("This step was not sent ({action})"),
    }
}
