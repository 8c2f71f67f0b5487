//! Collects facts of a run for the CI output at its end.

use crate::error::{Error, Kind};
use crate::model::text::clean;
use serde_json::Value;

/// The level of an annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Error,
    Warning,
    Notice,
    /// Only in the summary.
    Silent,
}

/// A finding or failure with its remedy.
#[derive(Debug, Clone)]
pub(super) struct Issue {
    pub(super) level: Level,
    pub(super) code: String,
    pub(super) message: String,
    pub(super) remedy: String,
    pub(super) who: String,
}

impl Issue {
    /// The remedy and the role, as a sentence; `None` without a remedy.
    pub(super) fn fix(&self) -> Option<String> {
        let who = match self.who.as_str() {
            "" => String::new(),
            who => format!(" ({who})"),
        };
        (!self.remedy.is_empty()).then(|| format!("Fix: {}{who}", self.remedy))
    }
}

/// The facts of a run.
#[derive(Debug, Default)]
pub(in crate::report) struct Notes {
    pub(super) outcome: Option<String>,
    pub(super) environment: Option<String>,
    pub(super) environment_name: Option<String>,
    pub(super) policy: Option<String>,
    pub(super) operation: Option<String>,
    pub(super) issues: Vec<Issue>,
    /// State, name, id and dangers of each environment.
    pub(super) environments: Vec<[String; 4]>,
    pub(super) environments_in_all: usize,
    pub(super) done: Vec<String>,
    pub(super) next: Vec<String>,
}

/// The string at the first of these JSON pointers that has one.
fn text(document: &Value, places: &[&str]) -> Option<String> {
    places
        .iter()
        .find_map(|place| document.pointer(place)?.as_str())
        .map(clean)
}

fn list<'a>(document: &'a Value, places: &[&str]) -> impl Iterator<Item = &'a Value> {
    places
        .iter()
        .find_map(|place| document.pointer(place)?.as_array())
        .into_iter()
        .flatten()
}

impl Notes {
    /// Collects the facts from a command's document.
    pub(in crate::report) fn of(document: &Value) -> Self {
        let schema = document["schema"].as_str().unwrap_or_default();
        let itself = schema.starts_with("cmkctl/environment/");
        let ids: &[&str] = if itself {
            &["/id"]
        } else {
            &["/environment/id", "/environment"]
        };
        let names: &[&str] = if itself {
            &["/name"]
        } else {
            &["/environment/name", "/environment_name"]
        };
        let mut notes = Self {
            outcome: text(document, &["/outcome", "/state", "/verdict"]),
            environment: text(document, ids),
            environment_name: text(document, names),
            policy: text(document, &["/policy/id", "/policy"]),
            operation: text(document, &["/receipt/running", "/operation/id"]),
            issues: list(document, &["/findings", "/plan/findings"])
                .map(finding)
                .collect(),
            done: list(document, &["/receipt/done"])
                .filter_map(|done| text(done, &["/what"]))
                .collect(),
            next: list(document, &["/next"])
                .filter_map(Value::as_str)
                .map(clean)
                .collect(),
            ..Self::default()
        };
        for environment in list(document, &["/environments", "/data/environments"]) {
            notes.environment_of_tenant(environment);
        }
        notes
    }

    /// Keeps only environments that need attention, because a tenant can be large.
    fn environment_of_tenant(&mut self, environment: &Value) {
        self.environments_in_all += 1;
        let part = |place: &str| text(environment, &[place]).unwrap_or_default();
        let (state, name, id) = (part("/state"), part("/name"), part("/id"));
        if ["encrypted", "not-encrypted"].contains(&state.as_str()) {
            return;
        }
        let dangers: Vec<String> = list(environment, &["/dangers"])
            .filter_map(Value::as_str)
            .map(clean)
            .collect();
        let dangers = dangers.join(", ");
        let level = match state.as_str() {
            "locked" | "endangered" | "failed" => Level::Error,
            "expiring" => Level::Warning,
            _ => Level::Silent,
        };
        if level != Level::Silent {
            let message = format!("`{name}` ({id}), state {state}: {dangers}");
            self.issues.push(Issue {
                level,
                code: state.clone(),
                message,
                remedy: String::new(),
                who: String::new(),
            });
        }
        self.environments.push([state, name, id, dangers]);
    }

    /// The outputs for later steps, always all of them. An unknown one is empty, so that no value
    /// of an earlier command remains.
    pub(super) fn outputs(
        &self,
        command: &str,
        code: u8,
        error: Option<&Error>,
    ) -> [(&'static str, String); 8] {
        let ended = error.map_or("done", |error| error.kind.word());
        [
            ("command", command.to_owned()),
            (
                "outcome",
                self.outcome.clone().unwrap_or_else(|| ended.to_owned()),
            ),
            ("exit-code", code.to_string()),
            (
                "error",
                error.map_or(String::new(), |error| error.kind.word().to_owned()),
            ),
            ("environment", self.environment.clone().unwrap_or_default()),
            (
                "environment-name",
                self.environment_name.clone().unwrap_or_default(),
            ),
            ("policy", self.policy.clone().unwrap_or_default()),
            ("operation", self.operation.clone().unwrap_or_default()),
        ]
    }
}

fn finding(finding: &Value) -> Issue {
    let part = |place: &str| text(finding, &[place]).unwrap_or_default();
    let level = match finding["severity"].as_str() {
        Some("block") => Level::Error,
        Some("warn") => Level::Warning,
        Some("not-visible" | "unknown") => Level::Notice,
        _ => Level::Silent,
    };
    Issue {
        level,
        code: part("/code"),
        message: part("/message"),
        remedy: part("/remedy"),
        who: part("/who"),
    }
}

/// A failure as an annotation. A running operation is a notice, because the caller chose not to
/// wait. Pending changes and interruptions are warnings. All other failures are errors.
pub(super) fn failure(error: &Error) -> Issue {
    let level = match error.kind {
        Kind::StillRunning => Level::Notice,
        Kind::Pending | Kind::Interrupted(_) => Level::Warning,
        _ => Level::Error,
    };
    let code = error
        .finding
        .or(error.code.as_deref())
        .unwrap_or(error.kind.word());
    let hints: Vec<String> = error.hints.iter().map(|hint| clean(hint)).collect();
    let detail = error
        .detail
        .as_deref()
        .map_or(String::new(), |detail| format!(" {}", clean(detail)));
    Issue {
        level,
        code: clean(code),
        message: format!("{}{detail}", clean(&error.message)),
        remedy: hints.join("\n"),
        who: String::new(),
    }
}
