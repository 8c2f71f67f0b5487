//! Notifications about how a command ended. They never change the result of the command.

use super::Context;
use super::courier::undelivered;
use crate::error::{Error, Kind, Result};
use crate::model::notice::{Change, Level, Notice};
use crate::model::receipt::{News, Turn};
use crate::report::{self, Out};
use jiff::Timestamp;

/// The outcome of a change whose end is not known.
const UNVERIFIED: &str = "sent, but not verified";

impl Context {
    /// Runs a command that changes something or waits for it. Tells the webhook, if one is
    /// configured, each new state of an environment and how the command ended. A wrong command line
    /// and a refused consent are not reported.
    ///
    /// # Errors
    /// That of the command.
    pub async fn notified(
        &self,
        (command, about): (&'static str, Option<&str>),
        out: &mut Out,
        runs: impl AsyncFnOnce(&mut Out) -> Result<()>,
    ) -> Result<()> {
        let Some(mut courier) = self.courier() else {
            return runs(out).await;
        };
        let (mail, clock) = (courier.mail().clone(), self.clock().clone());
        out.tells(move |news| mail.take(&turned(clock.now(), command, news)));
        let result = runs(out).await;
        out.tells_no_more();
        let interrupted = matches!(&result, Err(error) if error.kind.is_interruption());
        if interrupted {
            courier.report(out);
        } else {
            courier.finish(out).await;
        }
        // The last message does not share its time with the others, because it matters most.
        if let Some(notice) = ended(self.clock().now(), command, about, &result) {
            self.tell(&notice, out).await;
        }
        result
    }

    /// The same for `status --all --fail-on`. Does not report a success.
    ///
    /// # Errors
    /// That of the command.
    pub(super) async fn alarmed(
        &self,
        dangers: Vec<Change>,
        result: Result<()>,
        out: &mut Out,
    ) -> Result<()> {
        if result.is_err()
            && let Some(notice) = ended(self.clock().now(), "status --all", None, &result)
        {
            let notice = Notice {
                changes: dangers,
                ..notice
            };
            self.tell(&notice, out).await;
        }
        result
    }

    /// Posts a notification, if a webhook is configured. Prints a failed delivery.
    pub(super) async fn tell(&self, notice: &Notice, out: &mut Out) {
        let Some(webhook) = &self.settings.notify else {
            return;
        };
        let body = report::notification(webhook.shape, notice);
        match self.session.wire().notify(webhook, &body).await {
            Ok(()) => tracing::info!("`{}` was notified.", webhook.host()),
            Err(why) => out.say(&undelivered(1, &webhook.host(), &why)),
        }
    }
}

/// How a command ended, as a message.
fn ended(
    at: Timestamp,
    command: &'static str,
    about: Option<&str>,
    result: &Result<()>,
) -> Option<Notice> {
    let (event, level, outcome) = match result {
        Ok(()) => ("done", Level::Good, "done and verified"),
        Err(error) => match error.kind {
            Kind::Usage | Kind::Refused | Kind::Interrupted(_) => return None,
            Kind::StillRunning => ("running", Level::Warning, "still running at the service"),
            Kind::Unverified => ("not-verified", Level::Danger, UNVERIFIED),
            Kind::Unexpected
            | Kind::Pending
            | Kind::SignIn
            | Kind::Forbidden
            | Kind::Blocked
            | Kind::Busy => ("failed", Level::Danger, "failed"),
        },
    };
    let of = about.map_or(String::new(), |about| format!(" for {about}"));
    Some(Notice {
        at,
        command,
        event,
        level,
        title: format!("cmkctl {command}{of}: {outcome}"),
        text: result.as_ref().err().map(sentences).unwrap_or_default(),
        environment: about.map(str::to_owned),
        changes: Vec::new(),
        exit_code: Some(
            result
                .as_ref()
                .map_or_else(|error| error.kind.exit_code(), |()| 0),
        ),
    })
}

/// The news of an environment during a command, as a message.
fn turned(at: Timestamp, command: &'static str, news: &News) -> Notice {
    let (level, outcome, text) = match &news.turn {
        Turn::Reached(state) => {
            let text = format!("The service shows the state {state}.");
            (Level::Warning, "new state", Some(text))
        }
        Turn::Done => (Level::Good, "done and verified", None),
        Turn::Unverified(why) => (Level::Danger, UNVERIFIED, Some(why.clone())),
        Turn::Failed(why) => (Level::Danger, "failed", Some(why.clone())),
    };
    Notice {
        at,
        command,
        event: "changed",
        level,
        title: format!("cmkctl {command} for {}: {outcome}", news.environment),
        text: text.into_iter().collect(),
        environment: Some(news.environment.clone()),
        changes: Vec::new(),
        exit_code: None,
    }
}

/// What an error says, without commands: they are for the reader at the terminal.
fn sentences(error: &Error) -> Vec<String> {
    vec![error.to_string()]
}

/// What changed in the tenant, as a message.
pub(super) fn changed(at: Timestamp, command: &'static str, changes: Vec<Change>) -> Notice {
    let began = changes.iter().filter(|change| !change.over).count();
    let over = changes.len() - began;
    let counted = |count: usize, what: &str| (count > 0).then(|| format!("{count} {what}"));
    let counts: Vec<String> = [counted(began, "new"), counted(over, "ended")]
        .into_iter()
        .flatten()
        .collect();
    Notice {
        at,
        command,
        event: "changed",
        level: if began > 0 {
            Level::Danger
        } else {
            Level::Good
        },
        title: format!("Problems with customer-managed keys: {}", counts.join(", ")),
        text: Vec::new(),
        environment: None,
        changes,
        exit_code: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_news_is_told() {
        let told = |result: Result<()>| {
            let notice = ended(Timestamp::UNIX_EPOCH, "enable", Some("UAT"), &result);
            notice.map(|notice| (notice.event, notice.exit_code))
        };
        let of = |kind| told(Err(Error::new(kind, "What happened.")));
        assert_eq!(told(Ok(())), Some(("done", Some(0))));
        for kind in Kind::ALL {
            let silent = matches!(kind, Kind::Usage | Kind::Refused | Kind::Interrupted(_));
            let code = of(kind).and_then(|(_, code)| code);
            assert_eq!(code, (!silent).then(|| kind.exit_code()), "{kind:?}");
        }
        assert_eq!(
            of(Kind::StillRunning).map(|(event, _)| event),
            Some("running")
        );
    }
}
