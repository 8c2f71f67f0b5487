//! A transport for the Azure crates with cmkctl's retries. So one place decides what is repeated
//! and how long to wait, in the cloud's time. These crates send only reads here: for keys and for
//! tokens.

use crate::cloud::answer::{Answer, Broken};
use crate::cloud::clock::Clock;
use crate::cloud::fault::passing_status;
use crate::cloud::obstacle::Obstacle;
use crate::cloud::request_id;
use crate::cloud::retry::{own_pause, retry_after};
use crate::cloud::sdk::{sdk_parts, sdk_reply};
use crate::cloud::wire::Wire;
use azure_core::http::{
    AsyncRawResponse, ClientOptions, HttpClient, Request, RetryOptions, Transport,
};
use serde::de::IgnoredAny;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Maximum number of attempts. A user waits for the answer, so it is lower than `TRIES` of
/// `exchange`.
const TRIES: u32 = 4;
/// The longest pause before a retry, even if the service asks for more.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Facts of the last attempt that the errors of the Azure crates lose.
#[derive(Debug, Clone, Default)]
pub(super) struct Last(Arc<Mutex<Attempt>>);

#[derive(Debug, Default)]
struct Attempt {
    id: Option<String>,
    obstacle: Option<Obstacle>,
}

impl Last {
    pub(super) fn set(&self, id: &str) {
        self.attempt().id = Some(id.to_owned());
    }

    pub(super) fn get(&self) -> Option<String> {
        self.attempt().id.clone()
    }

    /// Stores the obstacle of the last attempt.
    pub(super) fn note(&self, obstacle: Option<Obstacle>) {
        self.attempt().obstacle = obstacle;
    }

    /// The obstacle of the last attempt, if any.
    pub(super) fn obstacle(&self) -> Option<Obstacle> {
        self.attempt().obstacle.clone()
    }

    fn attempt(&self) -> MutexGuard<'_, Attempt> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// [`Wire`] with retries, as a transport.
#[derive(Debug)]
pub(super) struct Patient {
    wire: Arc<Wire>,
    clock: Clock,
    last: Last,
}

impl Patient {
    /// Options for a client of the Azure crates, with its own retries turned off. `last` receives
    /// the id of every attempt, and the obstacle.
    pub(super) fn options(wire: &Arc<Wire>, last: Last) -> ClientOptions {
        let patient = Self {
            wire: wire.clone(),
            clock: wire.clock().clone(),
            last,
        };
        ClientOptions {
            transport: Some(Transport::new(Arc::new(patient))),
            retry: RetryOptions::none(),
            ..ClientOptions::default()
        }
    }
}

#[async_trait::async_trait]
impl HttpClient for Patient {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let (method, headers, body) = sdk_parts(request)?;
        let host = request.url().host_str().unwrap_or_default();
        let send = || async {
            let id = request_id::fresh();
            self.last.set(&id);
            let headers_with_id = [&headers[..], &[(request_id::HEADER, id.as_str())]].concat();
            self.wire
                .send(
                    method.clone(),
                    request.url(),
                    &headers_with_id,
                    body.clone(),
                )
                .await
        };
        let outcome = patiently(&self.clock, host, send).await;
        // Only for sign-in requests. Requests for keys have their own faults.
        if self.wire.cloud().is_login(request.url()) {
            self.last.note(Obstacle::of(&outcome, host));
        }
        sdk_reply(outcome)
    }
}

/// Sends a read until it is answered or clearly refused.
pub(super) async fn patiently<F>(
    clock: &Clock,
    host: &str,
    send: impl Fn() -> F,
) -> std::result::Result<Answer, Broken>
where
    F: Future<Output = std::result::Result<Answer, Broken>>,
{
    let mut attempt = 0;
    loop {
        let outcome = send().await;
        attempt += 1;
        if attempt >= TRIES || !passes(&outcome) {
            return outcome;
        }
        let asked = outcome
            .as_ref()
            .ok()
            .and_then(|answer| answer.header("retry-after"));
        let asked = asked.and_then(|text| retry_after(text, clock.now()));
        let pause = asked
            .unwrap_or_else(|| own_pause(attempt))
            .min(LONGEST_PAUSE);
        let event = match &outcome {
            Ok(answer) => format!("{host} answered {}", answer.status),
            Err(broken) => format!("{host}: {}", broken.text()),
        };
        tracing::info!("{event}. Trying again in {} s.", pause.as_secs());
        clock.sleep(pause).await;
    }
}

/// Is the outcome transient: no answer, an overloaded service, or a 2xx whose body is not JSON
/// (usually a proxy's page)?
fn passes(outcome: &std::result::Result<Answer, Broken>) -> bool {
    match outcome {
        Ok(answer) if (200..300).contains(&answer.status) => {
            serde_json::from_slice::<IgnoredAny>(&answer.body).is_err()
        }
        Ok(answer) => passing_status(answer.status),
        Err(Broken::NotSent(_) | Broken::SandboxGone(_) | Broken::Lost(_)) => true,
        Err(Broken::Unusable(_) | Broken::Untrusted(_) | Broken::Foreign(_)) => false,
    }
}
