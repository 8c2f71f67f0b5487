//! What was seen before a plan may be days old when an environment is taken offline: everything
//! that the outage relies on is looked at once more, directly before the request.

use super::Context;
use super::asking::{came_up, changed};
use super::commands::Command;
use crate::error::Result;
use crate::model::observed::Observed;
use crate::model::plan::Action;
use crate::model::target::Target;

/// Looks again at the environment, its policy and what protects it, and plans anew: nothing may
/// stand in the way, the policy must name the key that it named, and the action must still be one
/// that the command would take.
///
/// # Errors
/// What came up, with its exit code; `Kind::Refused` when the policy names another key.
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
    let looking = context.looking(&reader, &target, environment);
    let fresh = command.look_again(looking, seen).await?;
    let name = action.takes_offline().unwrap_or("The environment");
    if let (Some(then), Some(now)) = (seen.policy.present(), fresh.policy.present())
        && then.key != now.key
    {
        return Err(changed(
            name,
            &format!("the policy `{}` names another key than before", now.id.name),
        ));
    }
    let plan = command.plan(&target, &fresh);
    came_up(name, &plan)?;
    let takes = |planned: &Action| {
        planned.takes_offline().is_some() && planned.environment() == action.environment()
    };
    if plan.actions.iter().any(takes) {
        Ok(())
    } else {
        Err(changed(
            name,
            "what is there has changed since the plan was made",
        ))
    }
}
