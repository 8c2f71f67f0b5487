//! Long-running operations of Azure Resource Manager, after its rules for asynchronous operations.
//! The `status` behind `Azure-AsyncOperation` ends with `Succeeded`, `Failed` or `Canceled`.
//! Without that header, the `Location` URL answers 202 until the operation ends.

use crate::audit::{End, Entry};
use crate::cloud::answer::Answer;
use crate::cloud::clouds::Service;
use crate::cloud::fault::{Fault, Reply, passing_status};
use crate::cloud::json::{as_text, at, clean, must, text};
use crate::cloud::operations::{Patience, Step, step};
use crate::cloud::session::{Reader, Writer};
use crate::model::operation::Operation;
use crate::model::word::Word;
use serde_json::Value;
use std::time::Duration;

/// The final states. With any other state, the operation still runs.
const ENDS: [&str; 3] = ["Succeeded", "Failed", "Canceled"];

/// A change that the service accepted and has not completed.
#[derive(Debug)]
pub struct Accepted {
    url: String,
    asks: Polled,
    /// The pause before the first poll, from `Retry-After`.
    pub pause: Option<Duration>,
    /// For a support ticket: the service's correlation id and cmkctl's request id.
    pub tickets: (Option<String>, Option<String>),
    entry: Option<Entry>,
}

/// The kind of the polled address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Polled {
    /// `Azure-AsyncOperation`: a document with a `status`.
    Status,
    /// `Location`: answers 202 while the operation runs, then the result of the change.
    Result,
}

/// The answer to one poll of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The state, and code and message of a failure.
    pub end: End,
    /// The ids of the answer, for a support ticket.
    ids: Vec<(String, String)>,
}

impl Progress {
    /// Has the operation ended, with success or not? States are compared without case.
    pub fn has_ended(&self) -> bool {
        ENDS.iter()
            .any(|end| end.eq_ignore_ascii_case(&self.end.state))
    }

    /// Did the operation succeed?
    pub fn succeeded(&self) -> bool {
        self.end.state.eq_ignore_ascii_case(ENDS[0])
    }
}

impl Accepted {
    /// The operation that an answer names, if any. A `Location` without `Azure-AsyncOperation`
    /// counts only with 202. With 201 it may be the address of the new resource.
    pub(super) fn of(
        answer: &Answer,
        pause: Option<Duration>,
        entry: Option<Entry>,
    ) -> Option<Self> {
        let status = answer
            .header("azure-asyncoperation")
            .map(|url| (url, Polled::Status));
        let result = || answer.header("location").map(|url| (url, Polled::Result));
        let (url, asks) = status.or_else(|| result().filter(|_| answer.status == 202))?;
        Some(Self {
            url: url.to_owned(),
            asks,
            pause,
            tickets: (
                answer.correlation().map(clean),
                answer.client_request().map(clean),
            ),
            entry,
        })
    }

    /// Decides what to do after one poll. Transient errors are waited out.
    pub fn step(
        &self,
        look: &Reply<Progress>,
        asked: Option<Duration>,
        patience: &mut Patience,
    ) -> Step {
        let look = match look {
            Ok(progress) => Ok(Operation {
                state: if progress.has_ended() {
                    Word::from(ENDS[0])
                } else {
                    Word::default()
                },
                ..Operation::default()
            }),
            Err(fault) => Err(fault.clone()),
        };
        step(&look, asked, patience)
    }
}

/// Is this error from a `Location` the result of the change? 401, 403, 404 and transient errors may
/// belong to the poll itself, so they are not.
fn is_its_end(fault: &Fault) -> bool {
    fault.status().is_some_and(|status| {
        (400..500).contains(&status)
            && !matches!(status, 401 | 403 | 404)
            && !passing_status(status)
    })
}

impl Reader {
    /// Polls an operation once. Returns `Retry-After` with either result.
    pub async fn progress(&self, accepted: &Accepted) -> (Reply<Progress>, Option<Duration>) {
        let (reply, pause) = self.session.poll(Service::Arm, &accepted.url).await;
        (read(accepted.asks, reply), pause)
    }
}

impl Writer {
    /// Writes the end of an operation to the audit log, under the id of its change.
    pub fn ended(&self, accepted: &Accepted, progress: &Progress) {
        if let Some(entry) = &accepted.entry {
            self.session.ended(entry, &progress.end, &progress.ids);
        }
    }
}

/// Reads the state from one poll.
fn read(asks: Polled, reply: Reply<Answer>) -> Reply<Progress> {
    let answer = match reply {
        Ok(answer) => answer,
        Err(fault) if asks == Polled::Result && is_its_end(&fault) => {
            return Ok(Progress {
                ids: Vec::new(),
                end: End {
                    state: "Failed".to_owned(),
                    code: fault.inner_code.or(fault.code),
                    message: Some(fault.message).filter(|message| !message.is_empty()),
                },
            });
        }
        Err(fault) => return Err(fault),
    };
    let state = match asks {
        Polled::Status => super::exchange::parse(Service::Arm, &answer).and_then(|value| {
            let status = must(&value, "status", as_text).required();
            status.map_err(|why| Fault::shape(Service::Arm, &answer, why))
        })?,
        Polled::Result => result_of(&answer),
    };
    let mut progress = Progress {
        end: End {
            state,
            code: None,
            message: None,
        },
        ids: answer.ids(),
    };
    if progress.has_ended() && !progress.succeeded() {
        let fault = failure(answer);
        progress.end.code = fault.inner_code.or(fault.code);
        let explained = progress.end.code.is_some() && !fault.message.is_empty();
        progress.end.message = Some(fault.message).filter(|_| explained);
    }
    Ok(progress)
}

/// The error in an answer. It is at the top level. Some services put it below `properties`, as they
/// do with their own fields (inferred).
fn failure(mut answer: Answer) -> Fault {
    let fault = Fault::answered(Service::Arm, &answer);
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match at(&body, "properties") {
        Some(properties) if fault.code.is_none() => {
            answer.body = properties.to_string().into();
            Fault::answered(Service::Arm, &answer)
        }
        _ => fault,
    }
}

/// The state that a `Location` answer stands for. The final resource may report its own failure in
/// `provisioningState`.
fn result_of(answer: &Answer) -> String {
    if answer.status == 202 {
        return "Running".to_owned();
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let state = text(&body, "properties.provisioningState");
    state
        .filter(|state| ENDS[1..].iter().any(|end| end.eq_ignore_ascii_case(state)))
        .unwrap_or_else(|| ENDS[0].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::answer::Broken;
    use reqwest::header::{HeaderMap, HeaderName};
    use serde_json::json;

    const URL: &str = "https://management.azure.com/subscriptions/s/operations/o";

    fn answer(status: u16, headers: &[(&str, &str)], body: &Value) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            map.insert(name, value.parse().unwrap());
        }
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        Answer {
            status,
            headers: map,
            body: body.into(),
        }
    }

    #[test]
    fn what_is_accepted_is_told_by_its_headers() {
        let (status, place) = (
            ("azure-asyncoperation", URL),
            ("location", "https://other/"),
        );
        for (code, headers, expected) in [
            (202, &[status, place][..], Some((URL, Polled::Status))),
            (202, &[place], Some(("https://other/", Polled::Result))),
            (201, &[status], Some((URL, Polled::Status))),
            (200, &[status], Some((URL, Polled::Status))),
            // The address of the created resource.
            (201, &[place], None),
            (200, &[place], None),
            (202, &[], None),
            (200, &[], None),
        ] {
            let found = Accepted::of(&answer(code, headers, &Value::Null), None, None);
            let found = found.map(|found| (found.url, found.asks));
            let expected = expected.map(|(url, asks)| (url.to_owned(), asks));
            assert_eq!(found, expected, "{code} {headers:?}");
        }
    }

    /// The state of one poll, with code and message of a failure.
    fn shown(
        asks: Polled,
        status: u16,
        body: &Value,
    ) -> Option<(String, Option<(String, String)>)> {
        let answer = answer(status, &[], body);
        let reply = if status < 300 {
            Ok(answer)
        } else {
            Err(Fault::answered(Service::Arm, &answer))
        };
        let end = read(asks, reply).ok()?.end;
        Some((end.state, end.code.zip(end.message)))
    }

    #[test]
    fn a_look_is_read_by_what_its_address_tells() {
        let error = json!({ "code": "Forbidden", "message": "No." });
        let failed = json!({ "status": "failed", "error": error });
        let shows = |state: &str| json!({ "properties": { "provisioningState": state } });
        let only = |state: &str| json!({ "status": state });
        for (asks, status, body, state) in [
            (Polled::Status, 200, only("Succeeded"), Some("Succeeded")),
            (Polled::Status, 200, only("InProgress"), Some("InProgress")),
            (Polled::Status, 202, only("Wibble"), Some("Wibble")),
            (Polled::Status, 200, only("Canceled"), Some("Canceled")),
            // These answers have no readable state.
            (Polled::Status, 200, json!({ "id": "o" }), None),
            (Polled::Status, 200, json!({ "status": 1 }), None),
            (Polled::Status, 200, Value::Null, None),
            (Polled::Status, 404, failed.clone(), None),
            (Polled::Status, 409, failed.clone(), None),
            (Polled::Result, 202, Value::Null, Some("Running")),
            (Polled::Result, 202, shows("Succeeded"), Some("Running")),
            (Polled::Result, 200, json!({ "id": "i" }), Some("Succeeded")),
            (Polled::Result, 204, Value::Null, Some("Succeeded")),
            (Polled::Result, 200, shows("Updating"), Some("Succeeded")),
            (Polled::Result, 200, shows("FAILED"), Some("FAILED")),
            (Polled::Result, 403, failed.clone(), None),
            (Polled::Result, 404, failed.clone(), None),
            (Polled::Result, 429, failed.clone(), None),
            (Polled::Result, 500, failed.clone(), None),
        ] {
            let found = shown(asks, status, &body);
            let expected = state.map(|state| (state.to_owned(), None));
            assert_eq!(found, expected, "{asks:?} {status} {body}");
        }
        let why = Some(("Forbidden".to_owned(), "No.".to_owned()));
        let found = shown(Polled::Status, 200, &failed);
        assert_eq!(found, Some(("failed".to_owned(), why.clone())));
        let below = json!({ "status": "Failed", "properties": { "error": error } });
        let found = shown(Polled::Status, 200, &below);
        assert_eq!(found, Some(("Failed".to_owned(), why.clone())));
        let found = shown(Polled::Result, 409, &failed);
        assert_eq!(found, Some(("Failed".to_owned(), why)));
    }

    #[test]
    fn only_three_words_end_an_operation_and_trouble_is_waited_out() {
        let headers = [("azure-asyncoperation", URL)];
        let accepted = Accepted::of(&answer(202, &headers, &Value::Null), None, None).unwrap();
        let decide = |look: &Reply<Progress>| accepted.step(look, None, &mut Patience::new(None));
        let state = |word: &str| {
            read(
                Polled::Status,
                Ok(answer(200, &[], &json!({ "status": word }))),
            )
        };
        for end in ["Succeeded", "SUCCEEDED", "failed", "Canceled"] {
            assert!(matches!(decide(&state(end)), Step::Stop(_)), "{end}");
        }
        for running in ["Running", "Accepted", "Completed", "Cancelled", "Wibble"] {
            assert!(
                matches!(decide(&state(running)), Step::Wait(_)),
                "{running}"
            );
        }
        for status in [408, 429, 500, 502, 503] {
            let fault = Fault::answered(Service::Arm, &answer(status, &[], &Value::Null));
            assert!(matches!(decide(&Err(fault)), Step::Wait(_)), "{status}");
        }
        let lost = Fault::broken(Service::Arm, &Broken::Lost("x".to_owned()));
        assert!(matches!(decide(&Err(lost)), Step::Wait(_)));
        let foreign = Fault::broken(Service::Arm, &Broken::Foreign("x".to_owned()));
        assert_eq!(decide(&Err(foreign)), Step::Refused);
        // `Retry-After` wins over the default pause.
        let asked = Some(Duration::from_secs(77));
        let next = accepted.step(&state("Running"), asked, &mut Patience::new(None));
        assert_eq!(next, Step::Wait(Duration::from_secs(77)));
    }
}
