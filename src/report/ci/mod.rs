//! What a CI service gets besides the streams: annotations, a summary, and variables for later steps.
//!
//! Everything is taken from the JSON document of the command, so that every command has it. Commands for the runner go to stderr: both services
//! read both streams, and stdout stays data. Nothing is masked, because no secret is ever printed and ids are there to be read.

mod azure_pipelines;
mod github;
mod guard;
mod summary;

pub(super) use guard::guard;
pub(super) use guard::guard_json;

use crate::error::{Error, Kind};
use crate::model::text::clean;
use serde_json::Value;
use std::path::PathBuf;

/// The CI service that this process runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ci {
    /// GitHub Actions.
    GitHub {
        /// `GITHUB_STEP_SUMMARY`: Markdown is appended to it.
        summary: Option<PathBuf>,
        /// `GITHUB_OUTPUT`: `name=value` is appended to it.
        output: Option<PathBuf>,
    },
    /// Azure Pipelines.
    AzurePipelines {
        /// `AGENT_TEMPDIRECTORY`: where a summary lies until the agent takes it.
        folder: Option<PathBuf>,
    },
}

/// How loud an annotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Error,
    Warning,
    Notice,
    /// In the summary only.
    Silent,
}

/// Something to know, with what helps.
#[derive(Debug, Clone)]
struct Issue {
    level: Level,
    code: String,
    message: String,
    remedy: String,
    who: String,
}

/// What is kept of a run for its end.
#[derive(Debug, Default)]
pub(super) struct Notes {
    outcome: Option<String>,
    environment: Option<String>,
    environment_name: Option<String>,
    policy: Option<String>,
    operation: Option<String>,
    issues: Vec<Issue>,
    /// State, name, id and what threatens it.
    environments: Vec<[String; 4]>,
    environments_in_all: usize,
    done: Vec<String>,
    next: Vec<String>,
}

/// The first of these places that holds a string.
fn text(document: &Value, places: &[&str]) -> Option<String> {
    places.iter().find_map(|place| document.pointer(place)?.as_str()).map(clean)
}

fn list<'a>(document: &'a Value, places: &[&str]) -> impl Iterator<Item = &'a Value> {
    places.iter().find_map(|place| document.pointer(place)?.as_array()).into_iter().flatten()
}

impl Notes {
    /// Keeps what the document of a command says.
    pub(super) fn of(document: &Value) -> Self {
        let schema = document["schema"].as_str().unwrap_or_default();
        let itself = schema.starts_with("cmkctl/environment/");
        let ids: &[&str] = if itself { &["/id"] } else { &["/environment/id", "/environment"] };
        let names: &[&str] = if itself { &["/name"] } else { &["/environment/name", "/environment_name"] };
        let mut notes = Self {
            outcome: text(document, &["/outcome", "/state", "/verdict"]),
            environment: text(document, ids),
            environment_name: text(document, names),
            policy: text(document, &["/policy/id", "/policy"]),
            operation: text(document, &["/receipt/running", "/operation/id"]),
            issues: list(document, &["/findings", "/plan/findings"]).map(finding).collect(),
            done: list(document, &["/receipt/done"]).filter_map(|done| text(done, &["/what"])).collect(),
            next: list(document, &["/next"]).filter_map(Value::as_str).map(clean).collect(),
            ..Self::default()
        };
        for environment in list(document, &["/environments", "/data/environments"]) {
            notes.environment_of_tenant(environment);
        }
        notes
    }

    /// Only what asks for attention is kept: a tenant can be large.
    fn environment_of_tenant(&mut self, environment: &Value) {
        self.environments_in_all += 1;
        let part = |place: &str| text(environment, &[place]).unwrap_or_default();
        let (state, name, id) = (part("/state"), part("/name"), part("/id"));
        if ["encrypted", "not-encrypted"].contains(&state.as_str()) {
            return;
        }
        let dangers: Vec<String> = list(environment, &["/dangers"]).filter_map(Value::as_str).map(clean).collect();
        let dangers = dangers.join("; ");
        let level = match state.as_str() {
            "locked" | "endangered" | "failed" => Level::Error,
            "expiring" => Level::Warning,
            _ => Level::Silent,
        };
        if level != Level::Silent {
            let message = format!("`{name}` ({id}) is {state}: {dangers}");
            self.issues.push(Issue { level, code: state.clone(), message, remedy: String::new(), who: String::new() });
        }
        self.environments.push([state, name, id, dangers]);
    }

    /// For later steps, always all of them: what is not known is empty, and no value of an earlier command stays.
    fn outputs(&self, command: &str, code: u8, error: Option<&Error>) -> [(&'static str, String); 8] {
        let ended = error.map_or("done", |error| error.kind.word());
        [
            ("command", command.to_owned()),
            ("outcome", self.outcome.clone().unwrap_or_else(|| ended.to_owned())),
            ("exit-code", code.to_string()),
            ("error", error.map_or(String::new(), |error| error.kind.word().to_owned())),
            ("environment", self.environment.clone().unwrap_or_default()),
            ("environment-name", self.environment_name.clone().unwrap_or_default()),
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
        Some("not-visible") => Level::Notice,
        _ => Level::Silent,
    };
    Issue { level, code: part("/code"), message: part("/message"), remedy: part("/remedy"), who: part("/who") }
}

/// An encryption that goes on is what was asked for; pending changes are worth a look; anything else is an error.
fn failure(error: &Error) -> Issue {
    let level = match error.kind {
        Kind::StillRunning => Level::Notice,
        Kind::Pending | Kind::Interrupted(_) => Level::Warning,
        _ => Level::Error,
    };
    let code = error.finding.or(error.code.as_deref()).unwrap_or(error.kind.word());
    let hints: Vec<String> = error.hints.iter().map(|hint| clean(hint)).collect();
    let detail = error.detail.as_deref().map_or(String::new(), |detail| format!(" {}", clean(detail)));
    Issue {
        level,
        code: clean(code),
        message: format!("{}{detail}", clean(&error.message)),
        remedy: hints.join("\n"),
        who: String::new(),
    }
}

/// What a run leaves for a CI service.
pub(super) struct Leaves {
    /// Lines for stderr, commands of the runner and nothing else.
    pub(super) commands: Vec<String>,
    /// Text that is appended to files.
    pub(super) files: Vec<(PathBuf, String)>,
}

impl Ci {
    /// What is left of `command`, which ended with `code`.
    pub(super) fn leaves(&self, notes: &Notes, command: &str, code: u8, error: Option<&Error>) -> Leaves {
        let mut issues: Vec<Issue> = notes.issues.clone();
        issues.extend(error.map(failure));
        issues.sort_by_key(|issue| issue.level);
        let page = summary::page(notes, &issues, command, code, error);
        let outputs = notes.outputs(command, code, error);
        match self {
            Ci::GitHub { summary, output } => Leaves {
                commands: issues.iter().filter_map(github::annotation).collect(),
                files: [(summary, page), (output, github::outputs(&outputs))]
                    .into_iter()
                    .filter_map(|(path, text)| Some((path.clone()?, text)))
                    .collect(),
            },
            Ci::AzurePipelines { folder } => {
                let mut commands: Vec<String> = issues.iter().filter_map(azure_pipelines::issue).collect();
                commands.extend(outputs.iter().map(|(name, value)| azure_pipelines::variable(name, value)));
                let path = folder.as_ref().map(|folder| azure_pipelines::page(folder, command));
                commands.extend(path.as_deref().map(azure_pipelines::upload));
                Leaves { commands, files: path.into_iter().map(|path| (path, page.clone())).collect() }
            }
        }
    }
}
