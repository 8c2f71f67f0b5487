//! `history`, and how long a running operation may take by what the tenant has seen before.

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

/// What happened to an environment.
///
/// # Errors
/// The environment can't be had; its history is not visible.
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
        Seen::Absent => Err(unread("the service knows no such list")),
        Seen::Unreadable(why) => Err(unread(&why.why)),
    }
}

fn environment(observed: &Observed) -> Result<&Environment> {
    observed
        .environment
        .present()
        .ok_or_else(|| Error::new(Kind::Unexpected, "The environment was not read."))
}

fn unread(why: &str) -> Error {
    Error::new(
        Kind::Forbidden,
        format!("The history of the environment is not visible: {why}."),
    )
    .hint("Run it as an account with the Power Platform administrator role.")
}

/// How long the operation that runs may take, by those of its kind in the histories of this
/// environment and of some others. Nothing where none runs, or none is known; that the past can't
/// be read is no failure of a status.
pub(super) async fn estimated(reader: &Reader, observed: &Observed) -> Option<Estimate> {
    let operations = observed.operations.present()?;
    let running = operations
        .iter()
        .find(|operation| can_be_estimated(operation))?;
    let environment = observed.environment.present()?;
    let others = histories(reader, environment).await;
    estimate(running, operations.iter().chain(others.iter().flatten()))
}
