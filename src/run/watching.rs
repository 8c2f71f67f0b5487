//! `watch`: runs `status --all --fail-on` again and again in one process. All its knowledge comes
//! from the service, so another process may take over at any time.

use super::Context;
use super::estate::chosen;
use super::filters::{self, StatusFilter};
use super::notifying::changed;
use crate::cloud::Session;
use crate::error::{Error, Kind, Result, Stop};
use crate::interrupt::unless_stopped;
use crate::model::estate::JudgedEnvironment;
use crate::model::notice::Change;
use crate::observe::{Policies, observe_estate};
use crate::report::{self, Existing, Out};
use crate::steps::metrics::metrics;
use crate::steps::watch::{Unseen, Watched};
use std::path::PathBuf;
use std::time::Duration;

/// What to watch, how often, and the file for the metrics.
#[derive(Debug, Clone)]
pub struct Watching {
    /// Which environments to watch, and which states are a danger.
    pub filter: StatusFilter,
    /// The time between two looks.
    pub every: Duration,
    /// The file for the metrics.
    pub textfile: Option<PathBuf>,
}

/// Watches the tenant until a signal ends the process.
///
/// # Errors
/// At the first look: usage, `Kind::SignIn` and `Kind::Forbidden`. Later only a signal ends the
/// watch, and SIGTERM is not an error.
pub async fn watch(context: &Context, watching: &Watching, out: &mut Out) -> Result<()> {
    let mut watched = Watched::default();
    let mut courier = context.courier();
    let (mut first, mut last_error) = (true, String::new());
    let stop = loop {
        context.session.wire().forget();
        let looked = unless_stopped(look(context, watching, &mut watched, out)).await;
        let changes = match looked {
            Err(stop) => break stop,
            Ok(Ok(changes)) => {
                last_error.clear();
                changes
            }
            Ok(Err(error)) if first && at_the_start(&error) => return Err(error),
            Ok(Err(error)) => {
                // During an outage of days, print the same error only once.
                if last_error != error.to_string() {
                    out.error_in_passing(&error);
                    last_error = error.to_string();
                }
                watched.failed(&Unseen {
                    at: context.clock().now(),
                    why: error.to_string(),
                    role: error.kind == Kind::Forbidden,
                })
            }
        };
        first = false;
        if !changes.is_empty() {
            let notice = changed(context.clock().now(), "watch", changes);
            report::changes(out, &notice);
            out.written()?;
            if let Some(courier) = &mut courier {
                courier.mail().take(&notice);
            }
        }
        if let Some(courier) = &mut courier {
            courier.report(out);
        }
        if let Err(stop) = unless_stopped(context.clock().sleep(watching.every)).await {
            break stop;
        }
    };
    // What a message met during the last sleep.
    if let Some(courier) = &mut courier {
        courier.report(out);
    }
    ended(stop)
}

/// Does this error end the watch at its first look, because it never goes away by itself?
const fn at_the_start(error: &Error) -> bool {
    matches!(error.kind, Kind::Usage | Kind::SignIn | Kind::Forbidden)
}

/// A service manager ends a watch with SIGTERM, so SIGTERM is not a failure.
fn ended(stop: Stop) -> Result<()> {
    match stop {
        Stop::Terminate => Ok(()),
        Stop::CtrlC | Stop::HangUp => Err(Error::new(
            Kind::Interrupted(stop),
            "The watch has ended. This process no longer watches the tenant.",
        )),
    }
}

/// Looks once: returns the changes since the last look, and writes the metrics.
async fn look(
    context: &Context,
    watching: &Watching,
    watched: &mut Watched,
    out: &mut Out,
) -> Result<Vec<Change>> {
    let filter = &watching.filter;
    // A session assumes that some facts stay the same, but they may change within weeks.
    let known = &context.session;
    let session = Session::new(known.wire().clone(), known.tokens().clone());
    let estate = observe_estate(&session.reader(), context.clock(), Policies::Linked).await?;
    filters::fit(&estate, filter)?;
    let all = chosen(&estate, filter);
    filters::together(filter, all.len())?;
    let wants = |judged: &JudgedEnvironment<'_>, state| filter.fails(judged, state);
    let changes = watched.look(&estate, &all, (wants, !filter.allow_not_visible));
    if let Some(file) = &watching.textfile {
        let text = report::metrics_text(metrics(&estate, &all));
        // If writing fails, the old file stays. Its time shows how old the metrics are.
        if let Err(error) = report::write_file(file, text.as_bytes(), Existing::Replaced) {
            out.error_in_passing(&error);
        }
    }
    Ok(changes)
}
