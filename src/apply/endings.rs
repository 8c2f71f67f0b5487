//! Sentences about how a wait for an operation ended.

use crate::error::{Error, Kind};
use crate::model::environment::Environment;
use crate::model::operation::Operation;
use crate::model::seen::Seen;
use crate::steps::end_state::EndState;

/// The end of each sentence about an operation that continues without cmkctl.
const AT_THE_SERVICE: &str = " at the service.";

/// The hint that says how to continue the wait. `resume` is the bare command for it.
pub fn going_on(resume: &str) -> String {
    format!("To keep waiting from any machine, without starting anything twice: `{resume}`.")
}

/// Adds to an interruption that running operations continue, unless its message says so.
pub fn continues(error: &mut Error) {
    if !error.message.contains(AT_THE_SERVICE) {
        error.message.push_str(" Running operations continue");
        error.message.push_str(AT_THE_SERVICE);
    }
}

/// The error for a wait that ended before the operation did.
pub(super) fn goes_on(noun: &str, kind: Kind, resume: &str) -> Error {
    let what = format!("{noun} continues{AT_THE_SERVICE} Nothing is lost.");
    Error::new(kind, what).hint(going_on(resume))
}

/// The note that the environment has the desired state although the operation says that it failed.
pub(super) fn contradiction(operation: &Operation, end_state: &EndState) -> String {
    format!(
        "The operation ended with `{}`, but the environment shows {}. The service may still \
            show old data. Check again tomorrow.",
        operation.state.shown(),
        match end_state {
            EndState::NoPolicy => "that no policy is linked",
            EndState::Policy(_) | EndState::Linked => "that the policy is linked",
        }
    )
}

/// The error for an environment that is settled in `state` instead of the desired state. `ended`:
/// the operation, if the service reported its end.
pub(super) fn unshown(
    name: &str,
    end_state: &EndState,
    ended: Option<&Operation>,
    state: &str,
) -> Error {
    let shown = end_state.shown();
    let what = match ended {
        Some(_) => {
            format!("The operation ended, but `{name}` does not show {shown}. State: {state}.")
        }
        None => format!(
            "No operation runs on `{name}` any more, but `{name}` does not show {shown}. State: \
                {state}."
        ),
    };
    let error = Error::new(Kind::Unverified, what);
    let error = match end_state {
        EndState::NoPolicy => error.hint(
            "Run the same command again. Do not delete or disable the key, its vault, or the \
                policy's access to the key.",
        ),
        EndState::Policy(_) | EndState::Linked => error
            .hint("Run the same add command again. Do not remove the environment from the policy.")
            .hint(if ended.is_some_and(Operation::failed) {
                "The environment's data stays readable. It uses the Microsoft key, or both keys."
            } else {
                "Keep the key, the vault and the policy's access. The environment's data may \
                already use the key."
            }),
    };
    ended.map_or(error.clone(), |operation| failed(error, operation))
}

/// The state of an environment, in one line.
pub(super) fn describe(look: &Environment) -> String {
    let link = match &look.key_link {
        Seen::Present(link) => link.status.text().unwrap_or("no status"),
        Seen::Absent => "no policy",
        Seen::Unreadable(_) => "not known",
    };
    let state = look.state().unwrap_or("unknown").to_owned();
    format!(
        "link `{link}`, management `{state}`, runtime `{}`",
        look.runtime_state.shown()
    )
}

/// Adds what the operation said about its end.
pub(super) fn failed(error: Error, operation: &Operation) -> Error {
    let failure = operation.failure.as_ref();
    let reason = match failure {
        Some(failure) => format!(": {}", failure.text.trim_end_matches('.')),
        None if operation.succeeded() => String::new(),
        None if operation.all_stages_succeeded => {
            ": the service gave no reason, and every stage succeeded".to_owned()
        }
        None => ": the service gave no reason".to_owned(),
    };
    let mut error = error.detail(format!(
        "The operation {} ended with `{}`{reason}.",
        operation.id,
        operation.state.shown()
    ));
    error.code = failure.and_then(|failure| failure.code.clone());
    if let Some((remedy, who)) = failure.and_then(|failure| failure.remedy.clone().zip(failure.who))
    {
        // The remedy for the cause comes before the hint to continue.
        error.hints.insert(0, remedy);
        error
            .hints
            .insert(1, format!("Who can apply this fix: {who}."));
    }
    error
}
