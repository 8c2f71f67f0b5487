//! One request and its answer. This file decides on retries, renews a token once after 401, and
//! writes every change to the audit log.
//!
//! A read is repeated until it is answered or clearly refused. A change is repeated here only if
//! nothing was sent. Any other outcome, also 401, 429 and 503, may have had its effect. The caller
//! must read the current state before it sends again.

use crate::audit::{End, Entry, Intent, RequestOutcome};
use crate::cloud::answer::{Answer, Broken};
use crate::cloud::clouds::Service;
use crate::cloud::clues::claims_of;
use crate::cloud::credential::Secret;
use crate::cloud::fault::{Fault, Happened, Reply, passing_status};
use crate::cloud::request_id;
use crate::cloud::retry::{LONGEST_PAUSE, own_pause, retry_after};
use crate::cloud::session::Session;
use bytes::Bytes;
use reqwest::Method;
use serde_json::Value;
use std::sync::PoisonError;
use std::time::Duration;
use url::Url;

/// Maximum number of attempts of a call.
const TRIES: u32 = 6;

/// The outcome of an attempt, with its request id.
type Attempt = (String, Result<Answer, Broken>);

/// An accepted change, with its audit entry if there is an audit log.
pub(super) type Taken = (Answer, Option<Entry>);

/// A request to one of the cloud's services, without a token.
struct Request {
    service: Service,
    method: Method,
    url: Url,
    /// OAuth scope of its token.
    scope: String,
    body: Option<Bytes>,
}

impl Session {
    /// `GET` of JSON, repeated after transient errors.
    pub(crate) async fn read(&self, service: Service, url: &str) -> Reply<Answer> {
        let answer = self.read_as_is(service, url).await?;
        understood(service, &answer).map(|()| answer)
    }

    /// Like `read`, for callers that parse the JSON themselves. Parsing a large page twice takes
    /// too long.
    pub(super) async fn read_as_is(&self, service: Service, url: &str) -> Reply<Answer> {
        match &self.memo {
            // On the heap, because otherwise every read's future would contain it.
            Some(memo) => {
                Box::pin(memo.once(url, self.repeated(service, Method::GET, url, None))).await
            }
            None => self.repeated(service, Method::GET, url, None).await,
        }
    }

    /// A `POST` that changes nothing, repeated like a read.
    pub(crate) async fn question(
        &self,
        service: Service,
        url: &str,
        body: &Value,
    ) -> Reply<Answer> {
        let body = Some(Bytes::from(body.to_string()));
        let answer = self.repeated(service, Method::POST, url, body).await?;
        understood(service, &answer).map(|()| answer)
    }

    async fn repeated(
        &self,
        service: Service,
        method: Method,
        url: &str,
        body: Option<Bytes>,
    ) -> Reply<Answer> {
        let mut attempt = 0;
        loop {
            let reply = self.once(service, method.clone(), url, body.clone()).await;
            attempt += 1;
            let Err(fault) = reply else { return reply };
            // A new attempt would return the same unreadable or too long body.
            if attempt >= TRIES || !passes(&fault) || fault.happened == Happened::Shape {
                return Err(fault);
            }
            self.pause(attempt, &fault).await;
        }
    }

    /// `GET`, sent once, for the loop that waits for operations and has its own patience. Returns
    /// `Retry-After` with either result.
    pub(crate) async fn poll(
        &self,
        service: Service,
        url: &str,
    ) -> (Reply<Answer>, Option<Duration>) {
        let reply = self.once(service, Method::GET, url, None).await;
        let pause = match &reply {
            Ok(answer) => self.retry_after(answer),
            Err(fault) => fault.retry_after,
        };
        (reply, pause)
    }

    /// `GET` of a JSON object.
    pub(crate) async fn json(&self, service: Service, url: &str) -> Reply<Value> {
        let answer = self.read(service, url).await?;
        parse(service, &answer)
    }

    /// Sends a change once. It is repeated only if nothing was sent. After a 401, the next request
    /// uses a new token.
    pub(crate) async fn change(
        &self,
        service: Service,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Reply<Answer> {
        let taken = self.sent(service, method, url, body).await;
        taken.map(|(answer, _)| answer)
    }

    /// Like `change`, with the audit entry, for a change that may continue after its answer.
    pub(crate) async fn sent(
        &self,
        service: Service,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Reply<Taken> {
        let request = self.request(
            service,
            method,
            url,
            body.map(|body| Bytes::from(body.to_string())),
        )?;
        let mut attempt = 0;
        loop {
            let token = self.token(&request).await?;
            let (made, entry) = self.written_down(&request, &token).await?;
            if let Ok(answer) = &made.1
                && answer.status == 401
            {
                let claims = claims_of(answer);
                let answered = self.tokens.answer(&request.scope, claims.as_deref()).await;
                // The fault of the refused change already has the hints.
                if let Err(error) = answered {
                    tracing::info!("{error}");
                }
            }
            let fault = match self.judged(&request, &token, made) {
                // An unreadable success may come from a proxy. The caller must read the current
                // state.
                Ok(answer) if !answer.body.is_empty() => {
                    return understood(service, &answer).map(|()| (answer, entry));
                }
                Ok(answer) => return Ok((answer, entry)),
                Err(fault) => fault,
            };
            attempt += 1;
            // A stopped sandbox may start again, like any service.
            let unsent = matches!(fault.happened, Happened::NotSent | Happened::SandboxGone);
            if attempt >= TRIES || !unsent {
                return Err(fault);
            }
            self.pause(attempt, &fault).await;
        }
    }

    /// Sends a read, and again with a new token if the service refuses the first with 401.
    async fn once(
        &self,
        service: Service,
        method: Method,
        url: &str,
        body: Option<Bytes>,
    ) -> Reply<Answer> {
        let request = self.request(service, method, url, body)?;
        let token = self.token(&request).await?;
        let attempt = self.attempt(&request, &token).await;
        let claims = match &attempt.1 {
            Ok(answer) if answer.status == 401 => claims_of(answer),
            _ => return self.judged(&request, &token, attempt),
        };
        let renewed = self.tokens.renew(&request.scope, &token, claims.as_deref());
        let renewed = renewed.await;
        let renewed = renewed.map_err(|error| Fault::sign_in(service, error))?;
        let retried = self.attempt(&request, &renewed).await;
        if matches!(&retried.1, Ok(answer) if answer.status == 401) {
            self.tokens.void(&request.scope, &renewed).await;
        }
        self.judged(&request, &renewed, retried)
    }

    /// Builds a request to the cloud's own host. Any other address is a fault.
    fn request(
        &self,
        service: Service,
        method: Method,
        url: &str,
        body: Option<Bytes>,
    ) -> Reply<Request> {
        let ours = Url::parse(url)
            .ok()
            .filter(|url| self.cloud().service_of(url) == Some(service));
        let Some(url) = ours else {
            let why = format!(
                "{} is not an address of {}",
                super::json::clean(url),
                service.name()
            );
            return Err(Fault::broken(service, &Broken::Foreign(why)));
        };
        let scope = self.cloud().scope(service, &url);
        Ok(Request {
            service,
            method,
            url,
            scope,
            body,
        })
    }

    async fn token(&self, request: &Request) -> Reply<Secret> {
        self.tokens
            .token(&request.scope)
            .await
            .map_err(|error| Fault::sign_in(request.service, error))
    }

    /// Sends a request once, with a new request id.
    async fn attempt(&self, request: &Request, token: &Secret) -> Attempt {
        let id = request_id::fresh();
        let outcome = self.deliver(request, token, &id).await;
        (id, outcome)
    }

    /// Sends a request once, with this token and this request id.
    async fn deliver(&self, request: &Request, token: &Secret, id: &str) -> Result<Answer, Broken> {
        let bearer = format!("Bearer {}", token.secret());
        let mut headers = vec![
            ("authorization", bearer.as_str()),
            ("accept", "application/json"),
            (request_id::HEADER, id),
        ];
        if request.body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        self.wire
            .send(
                request.method.clone(),
                &request.url,
                &headers,
                request.body.clone(),
            )
            .await
    }

    /// Sends a change once, with an audit line before it and one after it.
    async fn written_down(
        &self,
        request: &Request,
        token: &Secret,
    ) -> Reply<(Attempt, Option<Entry>)> {
        if !self.trail.is_kept() {
            return Ok((self.attempt(request, token).await, None));
        }
        let sent_as = request_id::fresh();
        let intent = Intent {
            who: self.tokens.who(token),
            method: request.method.as_str(),
            url: request.url.as_str(),
            client_request: &sent_as,
            body: request
                .body
                .as_ref()
                .and_then(|body| serde_json::from_slice(body).ok())
                .unwrap_or_default(),
        };
        let written = self.trail.intent(&intent, self.clock.now());
        let id = written.map_err(|error| Fault::unwritten(request.service, error))?;
        let outcome = self.deliver(request, token, &sent_as).await;
        let (audited, ids) = audit_outcome(&outcome);
        let written = self
            .trail
            .outcome(&id, &intent, self.clock.now(), (&audited, &ids));
        self.missed(written);
        let entry = intent.entry(id);
        Ok(((sent_as, outcome), Some(entry)))
    }

    /// Writes the end of an operation to the audit log.
    pub(super) fn ended(&self, entry: &Entry, end: &End, ids: &[(String, String)]) {
        let written = self.trail.ended(entry, self.clock.now(), (end, ids));
        self.missed(written);
    }

    /// Remembers that the audit line of a change is missing.
    fn missed(&self, written: crate::error::Result<()>) {
        let Err(error) = written else { return };
        // Reported immediately, because the run may take hours. The run reports it again at its end
        // and does not succeed.
        tracing::error!("{} cmkctl makes no further changes.", error.message);
        self.unwritten
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(error);
    }

    /// Turns an outcome into an answer or a fault, which includes the caller's way of signing in.
    fn judged(&self, request: &Request, token: &Secret, (id, outcome): Attempt) -> Reply<Answer> {
        let service = request.service;
        let answer = outcome.map_err(|broken| Fault::broken(service, &broken).sent_as(id))?;
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        let mut fault = Fault::answered(service, &answer);
        fault.retry_after = self.retry_after(&answer);
        fault.clues.method = self.tokens.chosen();
        fault.clues.home = self.tokens.who(token).tenant;
        Err(fault)
    }

    /// An answer's `Retry-After`, relative to the cloud's clock.
    pub(crate) fn retry_after(&self, answer: &Answer) -> Option<Duration> {
        retry_after(answer.header("retry-after")?, self.clock.now())
    }

    async fn pause(&self, attempt: u32, fault: &Fault) {
        let pause = fault
            .retry_after
            .unwrap_or_else(|| own_pause(attempt))
            .min(LONGEST_PAUSE);
        tracing::info!("{}. Trying again in {} s.", fault.clause(), pause.as_secs());
        self.clock.sleep(pause).await;
    }
}

/// The audit line's outcome: the status or the reason, with every id that the service gave.
fn audit_outcome(outcome: &Result<Answer, Broken>) -> (RequestOutcome, Vec<(String, String)>) {
    let cause = |broken: &Broken| super::json::clean(broken.text());
    match outcome {
        Ok(answer) => (RequestOutcome::Status(answer.status), answer.ids()),
        Err(broken @ (Broken::Lost(_) | Broken::Unusable(_))) => {
            (RequestOutcome::Unknown(cause(broken)), Vec::new())
        }
        Err(broken) => (RequestOutcome::NotSent(cause(broken)), Vec::new()),
    }
}

/// Is the error transient?
pub(crate) fn passes(fault: &Fault) -> bool {
    match fault.happened {
        Happened::Status(status) => passing_status(status),
        Happened::NotSent | Happened::SandboxGone | Happened::Lost | Happened::Shape => true,
        Happened::Untrusted | Happened::Foreign | Happened::SignIn(_) | Happened::Unwritten(_) => {
            false
        }
    }
}

/// Checks that the body is JSON.
fn understood(service: Service, answer: &Answer) -> Reply<()> {
    let read = serde_json::from_slice::<serde::de::IgnoredAny>(&answer.body);
    read.map(|_| ())
        .map_err(|error| Fault::shape(service, answer, error.to_string()))
}

/// Parses the body as a JSON object.
pub(crate) fn parse(service: Service, answer: &Answer) -> Reply<Value> {
    let value: Value = serde_json::from_slice(&answer.body)
        .map_err(|error| Fault::shape(service, answer, error.to_string()))?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(Fault::shape(
            service,
            answer,
            "the answer is not a JSON object",
        ))
    }
}
