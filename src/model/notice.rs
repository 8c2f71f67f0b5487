//! A message to people who do not sit at the terminal.

use crate::model::estate::{JudgedEnvironment, State};
use crate::model::fleet::Named;
use jiff::Timestamp;
use serde::Serialize;

/// How a webhook wants its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// An adaptive card, as a workflow of Teams takes it.
    Teams,
    /// The text of Slack.
    Slack,
    /// The document itself.
    Generic,
}

/// How a message looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// All is well, or well again.
    Good,
    /// An administrator should look at it.
    Warning,
    /// Something went wrong, or will.
    Danger,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// When, in the cloud's time.
    pub at: Timestamp,
    /// The command that sends it.
    pub command: &'static str,
    /// `done`, `failed`, `running`, `not-verified` or `changed`.
    pub event: &'static str,
    /// How it looks.
    pub level: Level,
    /// Its title, without a full stop.
    pub title: String,
    /// What there is to say, a sentence each.
    pub text: Vec<String>,
    /// What it is about, where it is about one environment, as it was named.
    pub environment: Option<String>,
    /// What began and what is over.
    pub changes: Vec<Change>,
    /// The exit code of the command, where it has ended.
    pub exit_code: Option<u8>,
}

/// Something that began, or is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Is it over?
    pub over: bool,
    /// `locked`, `endangered`, `failed`, `expiring`, `not-encrypted`, `not-visible` or `no-answer`.
    pub state: &'static str,
    /// The environment; nothing where it is about the whole tenant.
    pub environment: Option<Named>,
    /// Why, a clause.
    pub why: String,
}

impl Change {
    /// A danger of an environment, as it is told when it begins.
    pub fn danger(judged: &JudgedEnvironment<'_>, state: State) -> Self {
        Self {
            over: false,
            state: state.word(),
            environment: Some(Named::of(judged.environment)),
            why: judged.dangers.join(", "),
        }
    }
}
