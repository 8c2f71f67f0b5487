//! Making a Managed Environment: an operation of its own, which the key needs.

use super::waiting::failed;
use super::{Applier, Look, Outcome, READS_LAG, SENT_AT_MOST, START_SHOWS};
use crate::cloud::fault::Fault;
use crate::cloud::operations::Ended;
use crate::error::{Error, Kind, Result};
use crate::steps::add::GOVERN;
use std::time::Duration;

impl Applier<'_> {
    pub(super) async fn make_managed(&mut self, environment: &str, name: &str) -> Result<Outcome> {
        let what = format!("`{name}` can't be made a Managed Environment.");
        let mut sent = 0;
        let accepted = loop {
            sent += 1;
            match self.writer.make_managed(environment).await {
                Ok(accepted) => break Some(accepted),
                // 409 means busy or managed already; a lost answer may have started it. The environment tells.
                Err(fault) if fault.status() == Some(409) || fault.is_ambiguous() => {
                    tracing::info!("{}; looking whether it was started.", fault.clause());
                    if self.managing_shows(environment, &fault).await? {
                        break None;
                    }
                    if sent >= SENT_AT_MOST {
                        return Err(fault.into_error(what));
                    }
                }
                Err(fault) => return Err(fault.into_error(what)),
            }
        };
        let correlation = accepted.as_ref().and_then(|accepted| accepted.correlation.clone());
        let (named, pause) = accepted.map_or((None, None), |accepted| (accepted.url, accepted.pause));
        // Whoever has started it: it is waited for as long as it takes.
        let url = match named {
            Some(url) => Some(url),
            None => self.governing(environment).await,
        };
        if let Some(url) = url {
            let goes_on =
                |kind| Error::new(kind, format!("Making `{name}` a Managed Environment goes on at the service."));
            match self.wait(&url, pause).await? {
                Ended::Operation(operation) if operation.state.eq_ignore_ascii_case("Failed") => {
                    return Err(failed(Error::new(Kind::Unverified, what), &operation));
                }
                Ended::Deadline => return Err(goes_on(Kind::StillRunning)),
                Ended::Interrupted => return Err(goes_on(Kind::Interrupted)),
                Ended::Operation(_) | Ended::Vanished | Ended::Back => {}
            }
        }
        let reader = self.reader.clone();
        self.until("the Managed Environment", READS_LAG, async || match reader.environment_once(environment).await.0 {
            Ok(found) if found.managed() == Some(true) && found.ongoing.is_none() => Look::Yes(()),
            Ok(found) => Look::NotYet(found.protection_level.unwrap_or_else(|| "unknown".to_owned())),
            Err(fault) => Look::from(fault),
        })
        .await?;
        Ok(Outcome { what: format!("`{name}` is a Managed Environment"), subject: environment.to_owned(), correlation })
    }

    /// The operation that makes the environment managed, if it runs.
    async fn governing(&self, environment: &str) -> Option<String> {
        let operations = self.reader.operations(environment).await.unwrap_or_default();
        let running = operations.iter().find(|operation| !operation.has_ended() && operation.kind == GOVERN);
        running.map(|operation| self.reader.operation_url(&operation.id))
    }

    /// After a start whose answer was lost or was 409: does it show?
    async fn managing_shows(&mut self, environment: &str, fault: &Fault) -> Result<bool> {
        let mut limit = self.limit(START_SHOWS);
        loop {
            let look = self.environment(environment).await?;
            if look.managed() == Some(true) || look.ongoing.is_some() {
                return Ok(true);
            }
            if self.over(&mut limit) {
                return Ok(false);
            }
            let sign = format!("a sign that it was started ({})", fault.clause());
            self.wait_for(&sign, limit.began, Duration::from_secs(20)).await?;
        }
    }
}
