//! What went wrong, why, and what helps. This room prints nothing: [`crate::report`] does.

use crate::model::cause::Cause;
use crate::model::rights::Lacking;
use crate::model::service_codes;
use std::fmt;

/// The kind of an error decides the exit code, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything that has no code of its own.
    Unexpected,
    /// What was typed can't be right.
    Usage,
    /// Changes are pending, or what is there has drifted (`--detailed-exitcode`).
    Pending,
    /// No credential, or the sign-in was refused.
    SignIn,
    /// Signed in, but a role is missing, or a fact that must be known is not; nothing known stands
    /// in the way.
    Forbidden,
    /// A check found a reason not to start.
    Blocked,
    /// Another lifecycle operation runs on the environment.
    Busy,
    /// The operation goes on at the service; this process no longer waits for it.
    StillRunning,
    /// It ended or was sent, and a re-read does not show the desired state.
    Unverified,
    /// Nobody consented, or what is there has changed since.
    Refused,
    /// Somebody stopped the program.
    Interrupted(Stop),
}

/// What stopped the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The terminal is gone (SIGHUP).
    HangUp,
    /// Ctrl-C (SIGINT).
    CtrlC,
    /// What `kill` and a CI service that cancels a job send (SIGTERM).
    Terminate,
}

impl Stop {
    /// 128 and the signal's number, as shells count.
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

    /// The kind of an error whose cause this is.
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

    /// What it means, for help.
    pub const fn meaning(self) -> &'static str {
        match self {
            Kind::Unexpected => {
                "unexpected, or output that could not be written: the message says what happened"
            }
            Kind::Usage => "usage: what was typed or configured can't be right",
            Kind::Pending => {
                "changes are pending (--detailed-exitcode), or --fail-on found something"
            }
            Kind::SignIn => "sign-in: no credential, or a service refused it (every 401)",
            Kind::Forbidden => {
                "not visible: a role is missing, or a required fact is unknown, and no known fact \
                    blocks"
            }
            Kind::Blocked => "blocked by a known fact: what it forbids was not started",
            Kind::Busy => "another operation runs on the environment",
            Kind::StillRunning => "still running at the service: cmkctl no longer waits for it",
            Kind::Unverified => "finished or sent, but not verified",
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

    /// Does it end so because the command line says so, and not because something failed?
    pub const fn was_asked_for(self) -> bool {
        matches!(self, Kind::Pending | Kind::StillRunning)
    }

    /// Did somebody stop the program?
    pub const fn is_interruption(self) -> bool {
        matches!(self, Kind::Interrupted(_))
    }

    /// The word for it in JSON.
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

/// An error as a person reads it: what failed, what the service said, what helps, and the ids a
/// support ticket needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Decides the exit code.
    pub kind: Kind,
    /// Why a service refused, where one did.
    pub cause: Option<Cause>,
    /// Do the hints hold what helps against the cause? Then what was asked for adds nothing.
    pub explained: bool,
    /// The right whose lack is the reason, where the service named it.
    pub lacking: Option<Box<Lacking>>,
    /// One sentence with a full stop: what failed.
    pub message: String,
    /// The service's own error code, such as `OperationNotStartable`.
    pub code: Option<String>,
    /// The code of the finding that it belongs to, such as `CMK020`.
    pub finding: Option<&'static str>,
    /// What the service or the system said, as it said it (bounded, control characters removed).
    pub detail: Option<String>,
    /// What helps, most likely first; each a sentence or a command.
    pub hints: Vec<String>,
    /// `x-ms-correlation-request-id` or its like.
    pub correlation: Option<String>,
    /// `x-ms-client-request-id`, which cmkctl gave the request.
    pub client_request: Option<String>,
}

/// The result type of every room above `model`.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Somebody stopped the program in the middle of changes.
    pub fn stopped(stop: Stop) -> Self {
        Self::new(
            Kind::Interrupted(stop),
            "Interrupted. Changes already made stay.",
        )
    }

    /// An error of `kind` with its one sentence.
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

    /// What was typed can't be right.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// May somebody else see it? So it is where a role is missing, or where nothing is shown; a
    /// network that is in the way hides nothing.
    pub fn is_hidden(&self) -> bool {
        self.kind == Kind::Forbidden && matches!(self.cause, None | Some(Cause::Role | Cause::Gone))
    }

    /// Adds what helps.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same with what is known of its code, where that tells the cause: what helps, and the
    /// code of the finding. The kind stays.
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

    /// Adds what helps where a service refused and its words tell no cause: it depends on what was
    /// asked for.
    #[must_use]
    pub fn fallback(self, hint: impl Into<String>) -> Self {
        if self.explained {
            self
        } else {
            self.hint(hint)
        }
    }

    /// Adds what helps against a missing role: nothing where the service told another cause. A code
    /// that is not known here may mean something else.
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
                let hint =
                    format!("cmkctl does not know the code `{code}`. If a role is missing: {hint}");
                self.hint(hint)
            }
            (Some(Cause::Role), None) => self.hint(hint),
            _ => self,
        }
    }

    /// Adds what the service or the system said.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds the code of the finding that it belongs to.
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
