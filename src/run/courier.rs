//! Delivers messages to a webhook one after the other, while the command works. No delivery delays
//! the command.

use super::Context;
use crate::cloud::notify::Webhook;
use crate::cloud::wire::Wire;
use crate::model::notice::{Notice, Shape};
use crate::report::{self, Out};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

/// The most messages that wait for a webhook.
const WAITING: usize = 64;
/// At the end of a command, the messages that still wait get this long.
const LAST: Duration = Duration::from_secs(15);

impl Context {
    /// The delivery of messages, if a webhook is configured.
    pub(super) fn courier(&self) -> Option<Courier> {
        let webhook = self.settings.notify.clone()?;
        Some(Courier::start(self.session.wire().clone(), webhook))
    }
}

/// A delivery that runs.
pub(super) struct Courier {
    host: String,
    mail: Mail,
    failures: Receiver<String>,
    delivery: JoinHandle<()>,
}

/// Takes messages for the delivery.
#[derive(Clone)]
pub(super) struct Mail {
    shape: Shape,
    messages: Sender<String>,
    failed: Sender<String>,
}

impl Courier {
    fn start(wire: Arc<Wire>, webhook: Webhook) -> Self {
        let (messages, mut taken) = channel::<String>(WAITING);
        let (failed, failures) = channel(WAITING);
        let mail = Mail {
            shape: webhook.shape,
            messages,
            failed: failed.clone(),
        };
        let host = webhook.host();
        let delivery = tokio::spawn(async move {
            while let Some(body) = taken.recv().await {
                if let Err(why) = wire.notify(&webhook, &body).await {
                    // If too many failures wait already, drop this one.
                    failed.try_send(why).ok();
                }
            }
        });
        Self {
            host,
            mail,
            failures,
            delivery,
        }
    }

    pub(super) fn mail(&self) -> &Mail {
        &self.mail
    }

    /// Prints which messages were not delivered.
    pub(super) fn report(&mut self, out: &mut Out) {
        say_all(&self.host, &mut self.failures, out);
    }

    /// Waits for the messages that are still on their way, but only for a short time.
    pub(super) async fn finish(self, out: &mut Out) {
        let Self {
            host,
            mail,
            mut failures,
            mut delivery,
        } = self;
        drop(mail);
        if tokio::time::timeout(LAST, &mut delivery).await.is_err() {
            delivery.abort();
            out.say(&undelivered(1, &host, "the host answers too slowly"));
        }
        say_all(&host, &mut failures, out);
    }
}

/// Prints each reason once, because an outage has the same reason for every message.
fn say_all(host: &str, failures: &mut Receiver<String>, out: &mut Out) {
    let mut reasons: Vec<(String, usize)> = Vec::new();
    while let Ok(why) = failures.try_recv() {
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, count)) => *count += 1,
            None => reasons.push((why, 1)),
        }
    }
    for (why, count) in reasons {
        out.say(&undelivered(count, host, &why));
    }
}

impl Mail {
    /// Takes a message. If too many other messages wait, reports the message as not delivered.
    pub(super) fn take(&self, notice: &Notice) {
        let body = report::notification(self.shape, notice);
        if self.messages.try_send(body).is_err() {
            let why = "too many other messages wait for delivery";
            self.failed.try_send(why.to_owned()).ok();
        }
    }
}

/// The sentence on notifications that were not delivered.
pub(super) fn undelivered(count: usize, host: &str, why: &str) -> String {
    let what = match count {
        1 => format!("The notification to `{host}` was"),
        _ => format!("{count} notifications to `{host}` were"),
    };
    format!("{what} not delivered: {why}. The result of the command does not change.")
}
