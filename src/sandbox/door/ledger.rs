//! What was asked for, and what took effect: for tests that count, and for people who are curious.

use crate::sandbox::message::Request;
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

/// The most that is kept of the log.
const LOG: usize = 10_000;

/// The most bytes of bodies that are kept; those that come later are left out.
const BODIES: usize = 64 << 20;

#[derive(Debug)]
struct Entry {
    number: u64,
    service: &'static str,
    method: String,
    host: String,
    path: String,
    status: u16,
    user: String,
    client_request: String,
    began: Instant,
    ended: Instant,
    /// What was said, where that is kept.
    said: Option<Said>,
}

/// The contents of a request and of its answer.
#[derive(Debug)]
struct Said {
    query: Value,
    request: Option<Bytes>,
    answer: Option<Bytes>,
    /// Did scripted trouble make the answer, or change it?
    scripted: bool,
}

/// A body: `json` where it is some, `other` where it is none, neither where nothing was sent.
fn body(bytes: Option<&Bytes>) -> Value {
    match bytes {
        None => json!({ "left_out": true }),
        Some(bytes) if bytes.is_empty() => json!({}),
        Some(bytes) => match serde_json::from_slice::<Value>(bytes) {
            Ok(value) => json!({ "json": value }),
            Err(_) => json!({ "other": true }),
        },
    }
}

/// How a request was answered.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) number: u64,
    pub(super) service: &'static str,
    /// 0 without an answer.
    pub(super) status: u16,
    /// Who asked, as far as is known.
    pub(super) user: String,
    pub(super) began: Instant,
    /// What was answered, where answers are kept.
    pub(super) body: Bytes,
    /// Did scripted trouble make the answer, or change it?
    pub(super) scripted: bool,
}

/// Sign-in is not the job: it is counted apart.
fn signs_in(service: &str) -> bool {
    matches!(service, "entra" | "runner")
}

/// Counts and log.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Ledger {
    last: u64,
    by_service: BTreeMap<&'static str, u64>,
    writes: u64,
    effects: Vec<Value>,
    /// Hosts that nobody plays and that were asked all the same.
    foreign: Vec<String>,
    log: VecDeque<Entry>,
    /// Is what was said kept, too?
    answers: bool,
    /// How many bytes of bodies are kept.
    bodies: usize,
}

impl Ledger {
    /// An empty one; `answers`: keep what is said.
    pub(super) fn new(answers: bool) -> Self {
        Self {
            answers,
            ..Self::default()
        }
    }

    /// Is what is answered kept?
    pub(super) fn keeps_answers(&self) -> bool {
        self.answers
    }

    /// The number of a request that begins.
    pub(super) fn begin(&mut self, service: &'static str) -> u64 {
        self.last += 1;
        *self.by_service.entry(service).or_default() += 1;
        self.last
    }

    pub(super) fn end(&mut self, request: &Request, answered: Answered) {
        let Answered {
            number,
            service,
            status,
            user,
            began,
            body,
            scripted,
        } = answered;
        // Validating a deployment deploys nothing.
        let asks = request.raw_path.ends_with("/validate");
        if !signs_in(service) && request.method != "GET" && !asks {
            self.writes += 1;
        }
        let said = self.answers.then(|| Said {
            query: json!(request.query),
            // Secrets are sent to sign in.
            request: self.kept(&request.body).filter(|_| !signs_in(service)),
            answer: self.kept(&body).filter(|_| !signs_in(service)),
            scripted,
        });
        if self.log.len() == LOG {
            self.log.pop_front();
        }
        self.log.push_back(Entry {
            number,
            service,
            method: request.method.clone(),
            host: request.host.clone(),
            path: request.raw_path.clone(),
            status,
            user,
            client_request: request.client_request.0.clone(),
            began,
            ended: Instant::now(),
            said,
        });
    }

    /// The body, where there is room for it.
    fn kept(&mut self, body: &Bytes) -> Option<Bytes> {
        let bodies = self.bodies.saturating_add(body.len());
        (bodies <= BODIES).then(|| {
            self.bodies = bodies;
            body.clone()
        })
    }

    pub(super) fn foreign(&mut self, host: &str) {
        self.foreign.push(host.to_owned());
    }

    pub(super) fn effects(
        &mut self,
        number: u64,
        at: &str,
        user: &str,
        effects: Vec<(&'static str, String)>,
    ) {
        let entry = |(what, subject)| {
            json!({
                "n": number,
                "at": at,
                "what": what,
                "subject": subject,
                "user": user,
            })
        };
        self.effects.extend(effects.into_iter().map(entry));
    }

    /// Forgets counts and log; the tenant stays as it is. `answers`: from now on keep what is said.
    pub(super) fn reset(&mut self, answers: bool) {
        *self = Self {
            last: self.last,
            answers: self.answers || answers,
            ..Self::default()
        };
    }

    /// What was said, request by request, where that is kept.
    pub(super) fn exchanges(&self) -> Value {
        let exchange = |entry: &Entry| {
            let said = entry.said.as_ref()?;
            Some(json!({
                "service": entry.service,
                "method": entry.method,
                "host": entry.host,
                "path": entry.path,
                "query": said.query,
                "request": body(said.request.as_ref()),
                "status": entry.status,
                "answer": body(said.answer.as_ref()),
                "scripted": said.scripted,
                "client_request_id": entry.client_request,
            }))
        };
        self.log.iter().filter_map(exchange).collect()
    }

    pub(in crate::sandbox) fn document(&self) -> Value {
        let count = |service: &str| self.by_service.get(service).copied().unwrap_or_default();
        let requests: u64 = self
            .by_service
            .iter()
            .filter(|(service, _)| !signs_in(service))
            .map(|(_, count)| count)
            .sum();
        let log: Vec<Value> = self
            .log
            .iter()
            .map(|entry| {
                json!({
                    "n": entry.number,
                    "service": entry.service,
                    "method": entry.method,
                    "host": entry.host,
                    "path": entry.path,
                    "status": entry.status,
                    "user": entry.user,
                    "client_request_id": entry.client_request,
                    "ms": entry.ended.duration_since(entry.began).as_millis() as u64,
                })
            })
            .collect();
        json!({
            "requests": requests,
            "writes": self.writes,
            "sign_ins": count("entra"),
            "last": self.last,
            "chain": self.chain(),
            "by_service": {
                "arm": count("arm"),
                "graph": count("graph"),
                "bap": count("bap"),
                "keyvault": count("keyvault"),
                "dataverse": count("dataverse"),
                "power_platform": count("power_platform"),
            },
            "effects": self.effects,
            "foreign": self.foreign,
            "log": log,
        })
    }

    /// Dependent round trips: the longest chain of requests, sign-in left out, in which each began
    /// after the one before it had ended.
    fn chain(&self) -> u64 {
        let mut entries: Vec<&Entry> = self
            .log
            .iter()
            .filter(|entry| !signs_in(entry.service))
            .collect();
        // Picking whatever ends first is the longest chain of intervals that do not overlap.
        entries.sort_by_key(|entry| entry.ended);
        let mut last: Option<Instant> = None;
        let mut length = 0;
        for entry in entries {
            if last.is_none_or(|last| entry.began >= last) {
                length += 1;
                last = Some(entry.ended);
            }
        }
        length
    }
}
