//! `history`, and an estimate for a running operation from the tenant's earlier operations.

use super::{Context, environment_wanted};
use crate::cloud::Reader;
use crate::error::{Error, Kind, Result};
use crate::model::environment::Environment;
use crate::model::history::Estimate;
use crate::model::observed::Observed;
use crate::model::seen::Seen;
use crate::model::target::Target;
use crate::observe::{self, histories, resolve};
use crate::report::{self, Out};
use crate::steps::history::{can_be_estimated, episodes, estimate};

/// Shows what happened to an environment.
///
/// # Errors
/// The environment can't be read, or its history is not visible.
pub async fn history(context: &Context, target: &Target, out: &mut Out) -> Result<()> {
    let reader = context.reader();
    let id = resolve(&reader, environment_wanted(target)?).await?;
    let observed = observe::naming(context.looking(&reader, target, Some(&id))).await?;
    let environment = environment(&observed)?;
    match &observed.operations {
        Seen::Present(all) => {
            report::history(out, environment, observed.at, &episodes(all, environment));
            Ok(())
        }
        Seen::Absent => Err(unread("the service offers no list of operations")),
        Seen::Unreadable(why) => Err(unread(&why.why)),
    }
}

fn environment(observed: &Observed) -> Result<&Environment> {
    observed
        .environment
        .present()
        .ok_or_else(|| Error::new(Kind::Unexpected, "cmkctl could not read the environment."))
}

fn unread(why: &str) -> Error {
    Error::new(
        Kind::Forbidden,
        format!("The history of the environment is not visible: {why}."),
    )
    .hint("Run the command with an account that has the role Power Platform Administrator.")
}

/// Estimates how long the running operation may take, from operations of the same kind in the
/// histories of this environment and of some others. `None` if no operation runs, or no earlier one
/// is known. An unreadable history does not make `status` fail.
pub(super) async fn estimated(reader: &Reader, observed: &Observed) -> Option<Estimate> {
    let operations = observed.operations.present()?;
    let running = operations
        .iter()
        .find(|operation| can_be_estimated(operation))?;
    let environment = observed.environment.present()?;
    let others = histories(reader, environment).await;
    estimate(running, operations.iter().chain(others.iter().flatten()))
}
