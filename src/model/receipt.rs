//! What an apply did, in order.

use serde::Serialize;
use std::time::Duration;

/// One change that was made, with the service's answer.
#[derive(Debug, Clone, Serialize)]
pub struct Done {
    /// A sentence in the past tense.
    pub what: String,
    /// The resource that was changed.
    pub subject: String,
    /// `x-ms-correlation-request-id` or a similar header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
}

/// The result of an apply.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Receipt {
    /// The changes, in order.
    pub done: Vec<Done>,
    /// The link operation that still runs at the service when cmkctl stops waiting for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<String>,
}

/// Progress of an apply, for display.
#[derive(Debug, Clone)]
pub enum Event {
    /// An action begins.
    Doing(String),
    /// A pause of minutes before the next action, with its reason.
    Pause(String),
    /// cmkctl waits for the action.
    Waiting(Tick),
    /// The action succeeded.
    Done(String),
    /// A note to show.
    Note(String),
    /// News of an environment. The terminal shows it as waiting, as done or as an error.
    News(News),
}

/// News of one environment while a command runs, for people who do not sit at the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Display name.
    pub environment: String,
    /// What is new.
    pub turn: Turn,
}

/// What is new about an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// The service shows its operation in this state for the first time.
    Reached(String),
    /// It is done and verified, and others are not.
    Done,
    /// Its change was sent, and its end is not verified. Holds the error as a sentence.
    Unverified(String),
    /// It failed, and others continue. Holds the error as a sentence.
    Failed(String),
}

/// One poll of a long operation.
#[derive(Debug, Clone)]
pub struct Tick {
    /// Time since the wait began, in the cloud's time.
    pub elapsed: Duration,
    /// The longest documented duration; `None` if none is documented.
    pub within: Option<Duration>,
    /// State and stage, or the error.
    pub state: String,
    /// Time until the next poll, in this machine's time.
    pub next: Duration,
}
