//! How a wait for an operation ended, in words.

use crate::error::{Error, Kind};
use crate::model::environment::Environment;
use crate::model::operation::Operation;
use crate::model::seen::Seen;
use crate::steps::goal::Goal;

/// How to go on with what runs at the service; `resume` is the command that does, as it is shown.
pub fn going_on(resume: &str) -> String {
    format!("Go on waiting, from any machine: {resume} (it starts nothing a second time).")
}

/// The environment shows what is wanted, and the operation says that it failed.
pub(super) fn contradiction(operation: &Operation, goal: &Goal) -> String {
    format!(
        "The operation ended as `{}`, but the environment shows {}: some service may lag behind; \
        look again tomorrow.",
        operation.state.shown(),
        match goal {
            Goal::NoPolicy => "no policy any more",
            Goal::Policy(_) | Goal::Linked => "the policy as linked",
        }
    )
}

/// The environment is at rest in `state`, which is not what is wanted; `ended` is the operation
/// that has told its end.
pub(super) fn unshown(name: &str, goal: &Goal, ended: Option<&Operation>, state: &str) -> Error {
    let shown = goal.shown();
    let what = match ended {
        Some(_) => format!(
            "The operation ended, but a re-read of `{name}` does not show {shown}: {state}."
        ),
        None => format!(
            "Nothing runs on `{name}` any more, and a re-read does not show {shown}: {state}."
        ),
    };
    let error = Error::new(Kind::Unverified, what);
    let error = match goal {
        Goal::NoPolicy => error
            .hint("Run the same command again; keep key, vault and the policy's access meanwhile."),
        Goal::Policy(_) | Goal::Linked => error
            .hint("Run the same add again; do not remove the environment from the policy.")
            .hint(if ended.is_some_and(Operation::failed) {
                "Its data stays readable: on the Microsoft key, or on both."
            } else {
                "Keep the key, the vault and the policy's access: its data may be on the key."
            }),
    };
    ended.map_or(error.clone(), |operation| failed(error, operation))
}

/// Where the environment stands, in one line.
pub(super) fn describe(look: &Environment) -> String {
    let link = match &look.key_link {
        Seen::Present(link) => link.status.said().unwrap_or("no status"),
        Seen::Absent => "no policy",
        Seen::Unreadable(_) => "not known",
    };
    let state = look.state().unwrap_or("unknown").to_owned();
    format!(
        "link `{link}`, management `{state}`, runtime `{}`",
        look.runtime_state.shown()
    )
}

/// What the operation said about its end.
pub(super) fn failed(error: Error, operation: &Operation) -> Error {
    let said = match &operation.error {
        Some(said) => format!(": {said}"),
        None if operation.succeeded() => String::new(),
        None if operation.all_stages_succeeded => {
            ": no reason was given, and every stage succeeded".to_owned()
        }
        None => ": no reason was given".to_owned(),
    };
    error.detail(format!(
        "The operation {} ended as `{}`{said}.",
        operation.id,
        operation.state.shown()
    ))
}
