//! `status --wait`: waits for an operation that may have been started anywhere. It uses only the
//! state at the service.

use super::{Context, StatusRequest, environment_wanted, status};
use crate::apply::{Waiter, going_on};
use crate::error::{Error, Kind, Result};
use crate::interrupt::unless_stopped;
use crate::model::target::Target;
use crate::observe::{environment, resolve};
use crate::report::Out;
use std::time::Duration;

/// Waits for the encryption or the removal that runs on the environment, then prints the state. The
/// exit code is that of the wait.
///
/// # Errors
/// The environment can't be read, the time is over, or the wait ended without the key.
pub async fn status_after_wait(
    context: &Context,
    asks: StatusRequest<'_>,
    timeout: Option<Duration>,
    out: &mut Out,
) -> Result<()> {
    let reader = context.reader();
    let id = resolve(&reader, environment_wanted(asks.target)?).await?;
    let found = environment(&reader, &id).await?;
    let mut say = |event| out.event(&event);
    let mut waiter = Waiter {
        reader,
        clock: context.clock().clone(),
        timeout,
        resume: format!("{} status {id} --wait", context.program()),
        say: &mut say,
    };
    let resume = waiter.resume.clone();
    let waited = unless_stopped(waiter.follow(&found))
        .await
        .unwrap_or_else(|stop| {
            let error = Error::new(
                Kind::Interrupted(stop),
                "Interrupted. Running operations continue at the service.",
            );
            Err(error.hint(going_on(&resume)))
        });
    if waited
        .as_ref()
        .is_err_and(|error| error.kind.is_interruption())
    {
        return waited;
    }
    let target = Target {
        environment: Some(id),
        ..asks.target.clone()
    };
    let asks = StatusRequest {
        target: &target,
        ..asks
    };
    // If the report fails, a failed wait keeps its own error.
    match (waited, status(context, asks, out).await) {
        (Ok(()), reported) => reported.map_err(|error| {
            Error::new(
                Kind::Unverified,
                "The wait ended in the desired state, but cmkctl can't show the full state.",
            )
            .detail(error.to_string())
        }),
        (failed, _) => failed,
    }
}
