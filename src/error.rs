//! Errors: what failed, why, and what to do. This room prints nothing: [`crate::report`] does.

use crate::model::cause::Cause;
use crate::model::rights::Lacking;
use crate::model::service_codes;
use std::fmt;

/// Decides the exit code, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An error without an exit code of its own.
    Unexpected,
    /// The arguments or the configuration are wrong.
    Usage,
    /// Changes are pending, or the current state has drifted (`--detailed-exitcode`).
    Pending,
    /// There is no credential, or Entra ID refused the sign-in.
    SignIn,
    /// The caller is signed in, but a role is missing or a required fact is not visible. No known
    /// fact blocks the command.
    Forbidden,
    /// A check found a blocker.
    Blocked,
    /// Another lifecycle operation runs on the environment.
    Busy,
    /// The operation still runs at the service, but this process stopped waiting for it.
    StillRunning,
    /// The operation ended or the request was sent, but the environment is not in the desired
    /// state.
    Unverified,
    /// The caller did not consent, or the current state changed after the plan.
    Refused,
    /// A signal stopped the program.
    Interrupted(Stop),
}

/// The signal that stopped the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The terminal was closed (SIGHUP).
    HangUp,
    /// Ctrl-C (SIGINT).
    CtrlC,
    /// SIGTERM, as sent by `kill` and by a CI service that cancels a job.
    Terminate,
}

impl Stop {
    /// 128 plus the signal's number, the convention of shells.
    pub const fn exit_code(self) -> u8 {
        match self {
            Stop::HangUp => 129,
            Stop::CtrlC => 130,
            Stop::Terminate => 143,
        }
    }
}

impl Kind {
    /// Every kind, in the order of its exit code.
    pub const ALL: [Kind; 13] = [
        Kind::Unexpected,
        Kind::Usage,
        Kind::Pending,
        Kind::SignIn,
        Kind::Forbidden,
        Kind::Blocked,
        Kind::Busy,
        Kind::StillRunning,
        Kind::Unverified,
        Kind::Refused,
        Kind::Interrupted(Stop::HangUp),
        Kind::Interrupted(Stop::CtrlC),
        Kind::Interrupted(Stop::Terminate),
    ];

    /// The kind of an error with this cause.
    pub const fn of(cause: Cause) -> Self {
        match cause {
            Cause::SignIn | Cause::Claims | Cause::WrongTenant => Kind::SignIn,
            Cause::Role | Cause::RoleNotEffective | Cause::Network | Cause::AzurePolicy => {
                Kind::Forbidden
            }
            Cause::Quota | Cause::State => Kind::Blocked,
            Cause::Busy => Kind::Busy,
            Cause::Conflict | Cause::Request | Cause::Gone | Cause::Service => Kind::Unexpected,
        }
    }

    /// The process's exit code.
    pub const fn exit_code(self) -> u8 {
        match self {
            Kind::Unexpected => 1,
            Kind::Usage => 2,
            Kind::Pending => 3,
            Kind::SignIn => 4,
            Kind::Forbidden => 5,
            Kind::Blocked => 6,
            Kind::Busy => 7,
            Kind::StillRunning => 8,
            Kind::Unverified => 9,
            Kind::Refused => 10,
            Kind::Interrupted(stop) => stop.exit_code(),
        }
    }

    /// What the exit code means, for help.
    pub const fn meaning(self) -> &'static str {
        match self {
            Kind::Unexpected => {
                "unexpected, or output that could not be written: the message says what happened"
            }
            Kind::Usage => "usage: an argument or a setting is not valid",
            Kind::Pending => {
                "changes are pending (--detailed-exitcode), or `status --all --fail-on` found \
                    something"
            }
            Kind::SignIn => "sign-in: no credential, or a service refused it (every 401)",
            Kind::Forbidden => {
                "not visible: a role is missing, or a required fact is unknown, and no known fact \
                    blocks the command"
            }
            Kind::Blocked => "blocked by a known fact: cmkctl did not start what the fact forbids",
            Kind::Busy => "another operation runs on the environment",
            Kind::StillRunning => {
                "the operation still runs at the service, but cmkctl no longer waits for it"
            }
            Kind::Unverified => "finished or sent, but cmkctl could not verify the result",
            Kind::Refused => {
                "refused: not confirmed, or the current state has changed since the plan"
            }
            Kind::Interrupted(Stop::HangUp) => {
                "interrupted: the terminal closed (SIGHUP), and running operations continue at the \
                    service"
            }
            Kind::Interrupted(Stop::CtrlC) => {
                "interrupted with Ctrl-C, and running operations continue at the service"
            }
            Kind::Interrupted(Stop::Terminate) => {
                "interrupted by SIGTERM, and running operations continue at the service"
            }
        }
    }

    /// Did the caller ask for this exit code? Then it is not a failure.
    pub const fn was_asked_for(self) -> bool {
        matches!(self, Kind::Pending | Kind::StillRunning)
    }

    /// Did a signal stop the program?
    pub const fn is_interruption(self) -> bool {
        matches!(self, Kind::Interrupted(_))
    }

    /// The name of this kind in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Unexpected => "unexpected",
            Kind::Usage => "usage",
            Kind::Pending => "pending",
            Kind::SignIn => "sign-in",
            Kind::Forbidden => "forbidden",
            Kind::Blocked => "blocked",
            Kind::Busy => "busy",
            Kind::StillRunning => "still-running",
            Kind::Unverified => "unverified",
            Kind::Refused => "refused",
            Kind::Interrupted(_) => "interrupted",
        }
    }
}

/// An error for people: what failed, what the service said, what to do, and the ids for a support
/// ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Decides the exit code.
    pub kind: Kind,
    /// Why the service refused, if it refused.
    pub cause: Option<Cause>,
    /// True if the hints already answer the cause. Then hints about the request are not added.
    pub explained: bool,
    /// The missing right, if the service named it.
    pub lacking: Option<Box<Lacking>>,
    /// One sentence with a full stop: what failed.
    pub message: String,
    /// The service's own error code, such as `OperationNotStartable`.
    pub code: Option<String>,
    /// The code of the related finding, such as `CMK020`.
    pub finding: Option<&'static str>,
    /// The words of the service or the system (length limited, control characters removed).
    pub detail: Option<String>,
    /// What to do, most likely remedy first. Each is a sentence or a command.
    pub hints: Vec<String>,
    /// `x-ms-correlation-request-id`, or a similar header of the response.
    pub correlation: Option<String>,
    /// `x-ms-client-request-id`, the id that cmkctl gave the request.
    pub client_request: Option<String>,
}

/// The result type of every room above `model`.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A signal stopped the program, perhaps between two changes.
    pub fn stopped(stop: Stop) -> Self {
        Self::new(
            Kind::Interrupted(stop),
            "Interrupted. Changes already made stay.",
        )
    }

    /// An error of `kind` with a one-sentence message.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            cause: None,
            explained: false,
            lacking: None,
            message: message.into(),
            code: None,
            finding: None,
            detail: None,
            hints: Vec::new(),
            correlation: None,
            client_request: None,
        }
    }

    /// An error in the arguments or the configuration.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Could another caller see this? True for a missing role and a hidden resource, false for a
    /// blocking network.
    pub fn is_hidden(&self) -> bool {
        self.kind == Kind::Forbidden && matches!(self.cause, None | Some(Cause::Role | Cause::Gone))
    }

    /// Adds a remedy.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds cause, hint and finding that the table of service codes knows for this code. The kind
    /// stays.
    #[must_use]
    pub fn told_by_its_code(mut self) -> Self {
        let known = self.code.as_deref().and_then(service_codes::find);
        if let Some((known, cause)) = known.and_then(|known| Some((known, known.means?))) {
            self.cause = Some(cause);
            self.explained = true;
            self.finding = self.finding.or(known.belongs_to);
            self.hints.push(known.fix.to_owned());
        }
        self
    }

    /// Adds a hint that depends on the request, unless the hints already explain the cause.
    #[must_use]
    pub fn fallback(self, hint: impl Into<String>) -> Self {
        if self.explained {
            self
        } else {
            self.hint(hint)
        }
    }

    /// Adds a hint about a missing role, unless the service named another cause. For an unknown
    /// service code, the hint says that the code may mean something else.
    #[must_use]
    pub fn of_role(self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        let number = |code: &str| code.bytes().all(|byte| byte.is_ascii_digit());
        let unknown = self
            .code
            .as_deref()
            .filter(|code| !number(code) && service_codes::find(code).is_none());
        match (self.cause, unknown) {
            (Some(Cause::Role), _) if self.explained => self,
            (Some(Cause::Role), Some(code)) => {
                let unknown = format!(
                    "cmkctl does not know the code `{code}`, so the cause may be another one."
                );
                self.hint(hint).hint(unknown)
            }
            (Some(Cause::Role), None) => self.hint(hint),
            _ => self,
        }
    }

    /// Adds the words of the service or the system.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds the code of the related finding.
    #[must_use]
    pub fn finding(mut self, code: &'static str) -> Self {
        self.finding = Some(code);
        self
    }

    /// Adds the service's error code.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match (&self.code, &self.detail) {
            (Some(code), Some(detail)) if detail.starts_with(code) => write!(f, " {detail}"),
            (Some(code), Some(detail)) => write!(f, " {code}: {detail}"),
            (Some(code), None) => write!(f, " ({code})"),
            (None, Some(detail)) => write!(f, " {detail}"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_only_one_cause_of_a_code_that_is_not_known() {
        let refused = |code: &str| {
            let mut error = Error::new(Kind::Forbidden, "The service refused.").code(code);
            error.cause = Some(Cause::Role);
            error.of_role("Who can read it: an owner.").hints
        };
        assert_eq!(
            refused("NewCode"),
            [
                "Who can read it: an owner.",
                "cmkctl does not know the code `NewCode`, so the cause may be another one."
            ]
        );
        assert_eq!(refused("403"), ["Who can read it: an owner."]);
    }
}
