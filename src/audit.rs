//! The audit trail: one line before every request that changes something, one line after it, in a file that is only ever appended to.

use crate::error::{Error, Kind, Result};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use uuid::Uuid;

/// What a run writes its changes down in: nothing, or a file, with what every line of this plan has in common.
#[derive(Debug, Clone, Default)]
pub struct Trail {
    log: Option<Arc<Log>>,
    cloud: String,
    command: &'static str,
    plan: String,
    /// What stood against the plan and was overridden.
    overridden: Vec<String>,
}

#[derive(Debug)]
struct Log {
    path: PathBuf,
    file: File,
    lines: AtomicU64,
    /// A line could not be written: no change may follow.
    torn: AtomicBool,
}

/// Who signed in, as far as the token says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Who {
    /// Object id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
    /// User principal name, or application id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Tenant id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

/// A request that is about to be sent.
#[derive(Debug)]
pub struct Intent<'a> {
    /// Who sends it.
    pub who: Who,
    /// HTTP method.
    pub method: &'a str,
    /// Where to.
    pub url: &'a str,
    /// The body. Sign-in never passes here, and no change carries a secret.
    pub body: Value,
}

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Came {
    /// An answer with this HTTP status.
    Status(u16),
    /// No answer, and certainly no effect.
    NotSent(String),
    /// No answer that can be read: it may have had its effect.
    Unknown(String),
}

#[derive(Serialize)]
struct Line<'a> {
    schema: &'static str,
    event: &'static str,
    /// Ties an outcome to its intent.
    id: &'a str,
    /// In the cloud's time, which in a sandbox is its own.
    at: Timestamp,
    real: Timestamp,
    cloud: &'a str,
    who: &'a Who,
    method: &'a str,
    url: &'a str,
    #[serde(skip_serializing_if = "Value::is_null")]
    body: &'a Value,
    #[serde(flatten)]
    came: Option<&'a Came>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    correlation: &'a [(String, String)],
    plan: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    overridden: &'a [String],
    command: &'a str,
    version: &'static str,
}

impl Trail {
    /// Opens the file of a plan's trail, and makes it first if need be, readable by its owner alone.
    ///
    /// # Errors
    /// The file can't be opened for appending.
    pub fn open(path: Option<&Path>, cloud: &str, command: &'static str, plan: String) -> Result<Self> {
        let log = match path {
            None => None,
            Some(path) => {
                let mut options = OpenOptions::new();
                options.append(true).create(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                let file = options.open(path).map_err(|error| torn(path, &error))?;
                Some(Arc::new(Log {
                    path: path.to_owned(),
                    file,
                    lines: AtomicU64::new(0),
                    torn: AtomicBool::new(false),
                }))
            }
        };
        Ok(Self { log, cloud: cloud.to_owned(), command, plan, overridden: Vec::new() })
    }

    /// What stood against the plan and was overridden: every intent of it says so.
    #[must_use]
    pub fn overriding(self, overridden: Vec<String>) -> Self {
        Self { overridden, ..self }
    }

    /// Is anything written down?
    pub fn is_kept(&self) -> bool {
        self.log.is_some()
    }

    /// Writes down what is about to be sent, and returns its id once that is on the disk.
    ///
    /// # Errors
    /// The line could not be written, or one before it: then nothing may be sent.
    pub fn intent(&self, intent: &Intent<'_>, at: Timestamp) -> Result<String> {
        let Some(log) = &self.log else { return Ok(String::new()) };
        let count = log.lines.fetch_add(1, Ordering::Relaxed);
        let key = format!("{} {} {count} {}", self.plan, std::process::id(), Timestamp::now().as_nanosecond());
        let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, key.as_bytes()).hyphenated().to_string();
        let outcome = if log.torn.load(Ordering::Relaxed) {
            Err(io::Error::other("a line before this one could not be written"))
        } else {
            log.write(&self.line("intent", &id, intent, at, None, &[]))
        };
        outcome.map_err(|error| torn(&log.path, &error))?;
        Ok(id)
    }

    /// Writes down what came of it. When that fails the change has happened all the same: no other one follows.
    ///
    /// # Errors
    /// The line could not be written.
    pub fn outcome(
        &self,
        id: &str,
        intent: &Intent<'_>,
        at: Timestamp,
        came: &Came,
        correlation: &[(String, String)],
    ) -> Result<()> {
        let Some(log) = &self.log else { return Ok(()) };
        let outcome = log.write(&self.line("outcome", id, intent, at, Some(came), correlation));
        outcome.map_err(|error| torn(&log.path, &error))
    }

    fn line<'a>(
        &'a self,
        event: &'static str,
        id: &'a str,
        intent: &'a Intent<'_>,
        at: Timestamp,
        came: Option<&'a Came>,
        correlation: &'a [(String, String)],
    ) -> Line<'a> {
        Line {
            schema: "cmkctl/audit/v1",
            event,
            id,
            at,
            real: Timestamp::now(),
            cloud: &self.cloud,
            who: &intent.who,
            method: intent.method,
            url: intent.url,
            body: if came.is_none() { &intent.body } else { &Value::Null },
            came,
            correlation,
            plan: &self.plan,
            overridden: if came.is_none() { &self.overridden } else { &[] },
            command: self.command,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

impl Log {
    /// One call for the whole line: with `O_APPEND` the lines of several runs never mix.
    fn write(&self, line: &Line<'_>) -> io::Result<()> {
        let outcome = self.append(line);
        if outcome.is_err() {
            self.torn.store(true, Ordering::Relaxed);
        }
        outcome
    }

    fn append(&self, line: &Line<'_>) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        let mut file = &self.file;
        if file.write(&text)? != text.len() {
            return Err(io::Error::new(io::ErrorKind::WriteZero, "only a part of the line could be written"));
        }
        match file.sync_data() {
            // A pipe to a collector has no disk.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            outcome => outcome,
        }
    }
}

fn torn(path: &Path, error: &io::Error) -> Error {
    Error::new(Kind::Unexpected, format!("The audit log `{}` can't be written, so nothing is sent.", path.display()))
        .detail(format!("{error}."))
        .hint("Name a file that can be appended to, or leave out `--audit-log`.")
        .hint("Run the same command again then: it goes on from where it stopped.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent() -> Intent<'static> {
        Intent { who: Who::default(), method: "PUT", url: "https://x/", body: serde_json::json!({"a": "b\nc"}) }
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
            trail.outcome(&id, &intent(), Timestamp::UNIX_EPOCH, &Came::Status(201), &ids).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines.len(), lines[0]), (5, "before"));
        let line = |index: usize| serde_json::from_str::<Value>(lines[index]).unwrap();
        assert_eq!((line(1)["event"].as_str(), line(2)["event"].as_str()), (Some("intent"), Some("outcome")));
        assert_eq!((line(1)["id"].clone(), line(2)["status"].as_i64()), (line(2)["id"].clone(), Some(201)));
        assert_ne!(line(1)["id"], line(3)["id"]);
        assert!(line(1)["body"].is_object() && line(2)["body"].is_null());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn after_a_line_that_failed_no_other_change_is_allowed() {
        let trail = Trail::open(Some(Path::new("/dev/full")), "public", "enable", "p".to_owned()).unwrap();
        let first = trail.intent(&intent(), Timestamp::UNIX_EPOCH).unwrap_err();
        assert!(first.to_string().contains("No space left"), "{first}");
        let second = trail.intent(&intent(), Timestamp::UNIX_EPOCH).unwrap_err();
        assert!(second.to_string().contains("before this one"), "{second}");
        assert_eq!(second.kind, Kind::Unexpected);
    }

    #[test]
    fn without_a_file_nothing_is_kept() {
        let trail = Trail::default();
        assert!(!trail.is_kept());
        assert_eq!(trail.intent(&intent(), Timestamp::UNIX_EPOCH).unwrap(), "");
    }
}
