//! What `doctor` found, row by row.

use serde::Serialize;

/// How one thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing to do.
    Ok,
    /// Worth knowing; it need not be in the way.
    Warn,
    /// It is in the way.
    Fail,
}

impl Verdict {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        }
    }
}

/// What a failure is about, in the order in which it decides the exit code: without a sign-in no
/// role can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    /// This machine.
    Machine,
    /// The way to a service.
    Network,
    /// A missing role.
    Role,
    /// The sign-in.
    SignIn,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Such as `clock`.
    pub check: String,
    /// How it stands.
    pub verdict: Verdict,
    /// What was seen.
    pub what: String,
    /// What helps, when something should be done.
    pub fix: Option<String>,
    /// Whose turn it is then.
    pub who: Option<&'static str>,
    /// What a failure is about.
    pub area: Area,
}

impl Row {
    /// All is well.
    pub fn ok(check: impl Into<String>, what: impl Into<String>) -> Self {
        let (check, what) = (check.into(), what.into());
        Self {
            check,
            verdict: Verdict::Ok,
            what,
            fix: None,
            who: None,
            area: Area::Machine,
        }
    }

    /// Something to do, and whose turn it is.
    #[must_use]
    pub fn but(
        mut self,
        verdict: Verdict,
        area: Area,
        fix: impl Into<String>,
        who: &'static str,
    ) -> Self {
        (self.verdict, self.area, self.fix, self.who) =
            (verdict, area, Some(fix.into()), Some(who));
        self
    }
}

/// What the worst failure is about; `None` when nothing failed.
pub fn worst(rows: &[Row]) -> Option<Area> {
    rows.iter()
        .filter(|row| row.verdict == Verdict::Fail)
        .map(|row| row.area)
        .max()
}
