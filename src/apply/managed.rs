//! Makes a Managed Environment, which a customer-managed key requires. It is a separate operation.

use super::applier::{Applier, END_SHOWS, Outcome, START_SHOWS};
use super::change::{After, Look, Sending, Sent};
use super::endings::failed;
use super::unproven::{unread, unverified};
use crate::cloud::Writer;
use crate::cloud::fault::Reply;
use crate::cloud::operations::Ended;
use crate::error::{Error, Kind, Result};
use crate::model::environment::Environment;
use crate::model::known::Verdict;
use crate::steps::lifecycle::GOVERN;
use std::time::Duration;

impl Applier<'_> {
    pub(super) async fn make_managed(&mut self, environment: &str, name: &str) -> Result<Outcome> {
        let sending = making(name);
        let reader = self.reader.clone();
        let mut look = async || {
            reader
                .environment(environment)
                .await
                .map_or_else(Look::Unknown, |found| far(&found))
        };
        let sent = match look().await {
            Look::Yes(()) => Sent::Shown((), None),
            Look::Begun(_) => Sent::Begun(None),
            Look::NotYet(_) => {
                let send = async |writer: &Writer| writer.make_managed(environment).await;
                self.deliver(&sending, send, &mut look).await?
            }
            Look::Unknown(fault) => return Err(unread(&sending, fault)),
        };
        let (named, pause, correlation) = match sent {
            Sent::Accepted(accepted) => (accepted.url, accepted.pause, accepted.correlation),
            Sent::Begun(correlation) => (None, None, correlation),
            Sent::Shown((), correlation) => (None, None, correlation),
        };
        // Wait for the operation as long as it takes, also if another caller started it.
        let url = match named {
            Some(url) => Some(url),
            None => self
                .governing(environment)
                .await
                .map_err(|fault| unverified(&sending, fault))?,
        };
        if let Some(url) = url {
            self.governed(name, &url, pause).await?;
        }
        self.until_shown(&sending, &mut look).await?;
        Ok(Outcome {
            what: sending.what,
            subject: environment.to_owned(),
            correlation,
        })
    }

    /// Waits until the operation at `url` has made the environment managed, or can't be read any
    /// more.
    async fn governed(&mut self, name: &str, url: &str, pause: Option<Duration>) -> Result<()> {
        let goes_on = |kind| {
            Error::new(
                kind,
                format!("The service is still making `{name}` a Managed Environment."),
            )
        };
        match self.wait(url, pause).await? {
            Ended::Operation(operation) if operation.failed() => Err(failed(
                Error::new(Kind::Unverified, unmade(name)),
                &operation,
            )),
            Ended::Deadline => Err(goes_on(Kind::StillRunning)),
            Ended::Interrupted(stop) => Err(goes_on(Kind::Interrupted(stop))),
            Ended::Operation(_) | Ended::Vanished | Ended::Back => Ok(()),
        }
    }

    /// The URL of the running operation that makes the environment managed.
    async fn governing(&self, environment: &str) -> Reply<Option<String>> {
        let operations = self.reader.operations(environment).await?;
        let running = operations
            .iter()
            .find(|operation| !operation.has_ended() && operation.is(GOVERN));
        Ok(running.map(|operation| self.reader.operation_url(&operation.id)))
    }
}

/// The sentences of making a Managed Environment.
fn making(name: &str) -> Sending<'static> {
    Sending {
        sign: "the Managed Environment",
        what: format!("`{name}` is a Managed Environment"),
        failed: unmade(name),
        shows: START_SHOWS,
        takes: END_SHOWS,
        witness: "an account with the role Power Platform Administrator or Dynamics 365 \
            Administrator",
        // 409 means busy, or managed already.
        after: |fault| {
            if fault.status() == Some(409) {
                After::Look
            } else {
                After::of(fault)
            }
        },
        advice: |error| error,
    }
}

fn unmade(name: &str) -> String {
    format!("`{name}` can't be made a Managed Environment.")
}

/// The progress: done if it is managed and no operation runs.
fn far(environment: &Environment) -> Look<()> {
    match (environment.managed(), environment.ongoing.as_deref()) {
        (Verdict::Yes, None) => Look::Yes(()),
        (Verdict::Yes, Some(ongoing)) => Look::Begun(format!("`{ongoing}` runs")),
        (_, Some(ongoing)) if ongoing.eq_ignore_ascii_case(GOVERN) => {
            Look::Begun(format!("`{ongoing}` runs"))
        }
        (_, Some(ongoing)) => Look::NotYet(format!("`{ongoing}` runs")),
        (Verdict::No, None) => Look::NotYet("the environment is not managed yet".to_owned()),
        // An unfamiliar state is no reason to send anything again.
        (Verdict::CantTell(why), None) => Look::Begun(format!(
            "cmkctl can't tell whether the environment is managed: {}",
            why.why
        )),
    }
}
