//! The audit trail: an append-only file with one line before and one line after every request that
//! changes something.

mod change;
mod log;

pub use change::{End, Entry, Intent, RequestOutcome, Who};

use crate::error::{Error, Kind, Result};
use jiff::Timestamp;
use log::{Log, unsent};
use serde::Serialize;
use serde_json::Value;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use uuid::Uuid;

/// The audit log of a run, or none, with the values that every line of this plan repeats.
#[derive(Debug, Clone, Default)]
pub struct Trail {
    log: Option<Arc<Log>>,
    cloud: String,
    command: &'static str,
    plan: String,
    /// The findings that the caller overrode, as sentences.
    overridden: Vec<String>,
    /// The change ticket.
    change: Option<String>,
}

#[derive(Serialize)]
struct Line<'a> {
    schema: &'static str,
    event: &'static str,
    /// Ties an outcome to its intent.
    id: &'a str,
    /// Time of the cloud. A sandbox has its own clock.
    at: Timestamp,
    real: Timestamp,
    cloud: &'a str,
    who: &'a Who,
    method: &'a str,
    url: &'a str,
    /// The `x-ms-client-request-id` of this attempt.
    client_request_id: &'a str,
    #[serde(skip_serializing_if = "Value::is_null")]
    body: &'a Value,
    #[serde(flatten)]
    outcome: Option<&'a RequestOutcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'a End>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    correlation: &'a [(String, String)],
    plan: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    overridden: &'a [String],
    command: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<&'a str>,
    version: &'static str,
}

impl Trail {
    /// Opens the audit log, and creates it with mode 0600 if it does not exist.
    ///
    /// # Errors
    /// The file can't be opened for appending, or the path is not a regular file. A pipe or a
    /// device does not keep lines.
    pub fn open(
        path: Option<&Path>,
        cloud: &str,
        command: &'static str,
        plan: String,
    ) -> Result<Self> {
        let log = path.map(Log::open).transpose()?.map(Arc::new);
        Ok(Self {
            log,
            cloud: cloud.to_owned(),
            command,
            plan,
            overridden: Vec::new(),
            change: None,
        })
    }

    /// Adds the overridden findings, which every intent of this plan then names.
    #[must_use]
    pub fn overriding(self, overridden: Vec<String>) -> Self {
        Self { overridden, ..self }
    }

    /// The change ticket of the plan. Every line of this plan names it.
    #[must_use]
    pub fn of_change(self, change: Option<String>) -> Self {
        Self { change, ..self }
    }

    /// Does this run write an audit log?
    pub fn is_kept(&self) -> bool {
        self.log.is_some()
    }

    /// Writes the intent, and returns its id after the line is on the disk.
    ///
    /// # Errors
    /// This line or an earlier line could not be written. The caller must not send the request.
    pub fn intent(&self, intent: &Intent<'_>, at: Timestamp) -> Result<String> {
        let Some(log) = &self.log else {
            return Ok(String::new());
        };
        let count = log.lines.fetch_add(1, Ordering::Relaxed);
        let key = format!(
            "{} {} {count} {}",
            self.plan,
            std::process::id(),
            Timestamp::now().as_nanosecond()
        );
        let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, key.as_bytes())
            .hyphenated()
            .to_string();
        let outcome = if log.torn.load(Ordering::Relaxed) {
            Err(io::Error::other("cmkctl could not write an earlier line"))
        } else {
            log.write(&self.line(&id, intent, at, None))
        };
        outcome.map_err(|error| unsent(&log.path, &error))?;
        Ok(id)
    }

    /// Writes the outcome of an intent, with the ids that the service returned. If this fails, the
    /// change has already happened, and the caller must stop before the next one.
    ///
    /// # Errors
    /// The line could not be written. The error holds its content.
    pub fn outcome(
        &self,
        id: &str,
        intent: &Intent<'_>,
        at: Timestamp,
        answer: (&RequestOutcome, &[(String, String)]),
    ) -> Result<()> {
        let Some(log) = &self.log else { return Ok(()) };
        let outcome = log.write(&self.line(id, intent, at, Some(answer)));
        outcome.map_err(|error| lost(&log.path, &error, (id, intent), &what_came(answer.0)))
    }

    /// Writes the end of the operation that a change started, with the ids that the service
    /// returned. If this fails, the caller must stop before the next change.
    ///
    /// # Errors
    /// The line could not be written. The error holds its content.
    pub fn ended(
        &self,
        entry: &Entry,
        at: Timestamp,
        (end, ids): (&End, &[(String, String)]),
    ) -> Result<()> {
        let Some(log) = &self.log else { return Ok(()) };
        let intent = Intent {
            who: entry.who.clone(),
            method: &entry.method,
            url: &entry.url,
            client_request: &entry.client_request,
            body: Value::Null,
        };
        let line = Line {
            event: "ended",
            operation: Some(end),
            correlation: ids,
            overridden: &[],
            ..self.line(&entry.id, &intent, at, None)
        };
        log.write(&line).map_err(|error| {
            let what = format!("The operation of the change ended with `{}`", end.state);
            lost(&log.path, &error, (&entry.id, &intent), &what)
        })
    }

    /// Builds an `intent` line without `answer`, and an `outcome` line with it.
    fn line<'a>(
        &'a self,
        id: &'a str,
        intent: &'a Intent<'_>,
        at: Timestamp,
        answer: Option<(&'a RequestOutcome, &'a [(String, String)])>,
    ) -> Line<'a> {
        Line {
            schema: "cmkctl/audit/v1",
            event: if answer.is_none() {
                "intent"
            } else {
                "outcome"
            },
            id,
            at,
            real: Timestamp::now(),
            cloud: &self.cloud,
            who: &intent.who,
            method: intent.method,
            url: intent.url,
            client_request_id: intent.client_request,
            body: if answer.is_none() {
                &intent.body
            } else {
                &Value::Null
            },
            outcome: answer.map(|(outcome, _)| outcome),
            operation: None,
            correlation: answer.map_or(&[], |(_, ids)| ids),
            plan: &self.plan,
            overridden: if answer.is_none() {
                &self.overridden
            } else {
                &[]
            },
            command: self.command,
            change: self.change.as_deref(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// The outcome as a clause of an error message.
fn what_came(outcome: &RequestOutcome) -> String {
    match outcome {
        RequestOutcome::Status(status) => {
            format!("The change was sent, and the service answered {status}")
        }
        RequestOutcome::Unknown(_) => {
            "The change was sent, and cmkctl got no readable answer".to_owned()
        }
        RequestOutcome::NotSent(_) => "The change could not be sent".to_owned(),
    }
}

/// The error for an outcome that could not be written. The change may already have happened.
fn lost(path: &Path, error: &io::Error, (id, intent): (&str, &Intent<'_>), what: &str) -> Error {
    let path = path.display();
    Error::new(
        Kind::Unexpected,
        format!(
            "{what}, but cmkctl can't write this to the audit log \
        `{path}`."
        ),
    )
    .detail(format!(
        "{error}. The change: {} {}.",
        intent.method, intent.url
    ))
    .hint(format!(
        "Keep this message with the audit log. The log has the intent with the id {id}, but \
            not this result."
    ))
    .hint("Free disk space for the log before the next change.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::sync::atomic::{AtomicBool, AtomicU64};

    fn intent() -> Intent<'static> {
        Intent {
            who: Who::default(),
            method: "PUT",
            url: "https://x/",
            client_request: "c",
            body: serde_json::json!({"a": "b\nc"}),
        }
    }

    #[test]
    fn a_line_is_a_line_and_the_file_only_grows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        std::fs::write(&path, "before\n").unwrap();
        for _ in 0..2 {
            let trail = Trail::open(Some(&path), "public", "enable", "p".to_owned()).unwrap();
            let id = trail.intent(&intent(), Timestamp::UNIX_EPOCH).unwrap();
            let ids = [("x-ms-request-id".to_owned(), "r".to_owned())];
            trail
                .outcome(
                    &id,
                    &intent(),
                    Timestamp::UNIX_EPOCH,
                    (&RequestOutcome::Status(201), &ids),
                )
                .unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines.len(), lines[0]), (5, "before"));
        let line = |index: usize| serde_json::from_str::<Value>(lines[index]).unwrap();
        assert_eq!(
            (line(1)["event"].as_str(), line(2)["event"].as_str()),
            (Some("intent"), Some("outcome"))
        );
        assert_eq!(
            (line(1)["id"].clone(), line(2)["status"].as_i64()),
            (line(2)["id"].clone(), Some(201))
        );
        assert_ne!(line(1)["id"], line(3)["id"]);
        assert!(line(1)["body"].is_object() && line(2)["body"].is_null());
    }

    #[test]
    fn after_a_line_that_failed_no_other_change_is_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        let mut trail = Trail::open(Some(&path), "public", "enable", "p".to_owned()).unwrap();
        // A read-only file: every write fails.
        let log = Log {
            path: path.clone(),
            file: File::open(&path).unwrap(),
            lines: AtomicU64::new(0),
            torn: AtomicBool::new(false),
        };
        trail.log = Some(Arc::new(log));
        let first = trail.intent(&intent(), Timestamp::UNIX_EPOCH).unwrap_err();
        assert!(first.to_string().contains("can't be written"), "{first}");
        let second = trail.intent(&intent(), Timestamp::UNIX_EPOCH).unwrap_err();
        assert!(second.to_string().contains("an earlier line"), "{second}");
        assert_eq!(second.kind, Kind::Unexpected);
        // The error must name the outcome that is lost, because the change may have been sent.
        for (outcome, expected) in [
            (
                RequestOutcome::Status(201),
                "The change was sent, and the service answered 201",
            ),
            (
                RequestOutcome::Unknown("cut".to_owned()),
                "The change was sent, and cmkctl got no readable answer",
            ),
            (
                RequestOutcome::NotSent("no route".to_owned()),
                "The change could not be sent",
            ),
        ] {
            let lost = trail
                .outcome("an-id", &intent(), Timestamp::UNIX_EPOCH, (&outcome, &[]))
                .unwrap_err();
            assert_eq!(lost.kind, Kind::Unexpected);
            assert!(
                lost.message.starts_with(expected) && !lost.message.contains("nothing is sent"),
                "{lost}"
            );
            assert!(
                lost.detail.unwrap().contains("PUT https://x/") && lost.hints[0].contains("an-id")
            );
        }
    }

    #[test]
    fn a_torn_last_line_is_closed_before_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        for (before, lines) in [
            ("", 2),
            ("{}\n", 3),
            ("{\"schema\":\"cmkctl/au", 3),
            ("\n\n", 4),
        ] {
            std::fs::write(&path, before).unwrap();
            let trail = Trail::open(Some(&path), "public", "enable", "p".to_owned()).unwrap();
            let id = trail.intent(&intent(), Timestamp::UNIX_EPOCH).unwrap();
            trail
                .outcome(
                    &id,
                    &intent(),
                    Timestamp::UNIX_EPOCH,
                    (&RequestOutcome::Status(200), &[]),
                )
                .unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.starts_with(before) && text.ends_with('\n'), "{text}");
            assert_eq!(text.lines().count(), lines, "{text}");
            for line in text.lines().rev().take(2) {
                serde_json::from_str::<Value>(line).unwrap();
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_refused_and_nothing_waits_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, expected) in [
            (Path::new("/dev/null"), "a device"),
            (&socket, "a socket"),
            (folder.path(), "a folder"),
        ] {
            let error = Trail::open(Some(path), "public", "enable", "p".to_owned()).unwrap_err();
            assert_eq!(error.kind, Kind::Usage);
            assert!(error.to_string().contains(expected), "{error}");
        }
        // A symbolic link to a regular file is accepted.
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let trail = Trail::open(Some(&link), "public", "enable", "p".to_owned()).unwrap();
        trail.intent(&intent(), Timestamp::UNIX_EPOCH).unwrap();
        assert!(!std::fs::read_to_string(&file).unwrap().is_empty());
    }

    #[test]
    fn without_a_file_nothing_is_kept() {
        let trail = Trail::default();
        assert!(!trail.is_kept());
        assert_eq!(trail.intent(&intent(), Timestamp::UNIX_EPOCH).unwrap(), "");
    }
}
