//! What was done, in order.

use serde::Serialize;
use std::time::Duration;

/// One thing that was done, with what the service answered.
#[derive(Debug, Clone, Serialize)]
pub struct Done {
    /// A sentence in the past tense.
    pub what: String,
    /// The resource it was done to.
    pub subject: String,
    /// `x-ms-correlation-request-id` or its like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
}

/// What an apply did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Receipt {
    /// In order.
    pub done: Vec<Done>,
    /// The link operation that still runs at the service, when this process no longer waits for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<String>,
}

/// What is going on, for whoever shows progress.
#[derive(Debug, Clone)]
pub enum Event {
    /// An action begins.
    Doing(String),
    /// Minutes pass before the next action, for this reason.
    Pause(String),
    /// It is waited for.
    Waiting(Tick),
    /// It ended well.
    Done(String),
    /// Something worth a line.
    Note(String),
}

/// One look at something that takes long.
#[derive(Debug, Clone)]
pub struct Tick {
    /// Since waiting began, in the cloud's time.
    pub elapsed: Duration,
    /// The longest that it may take, by the documentation, if that is written.
    pub within: Option<Duration>,
    /// State and stage, or the trouble.
    pub words: String,
    /// Until the next look, in this machine's time.
    pub next: Duration,
}
