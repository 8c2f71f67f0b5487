//! The results of `doctor`, row by row.

use serde::Serialize;

/// The result of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing to do.
    Ok,
    /// Worth knowing; may cause no problem.
    Warn,
    /// A problem that blocks.
    Fail,
}

impl Verdict {
    /// The result as a word, as in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        }
    }
}

/// The area of a failure. Later variants decide the exit code first: without a sign-in, roles can't
/// be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    /// This machine.
    Machine,
    /// The network path to a service.
    Network,
    /// A missing role.
    Role,
    /// The sign-in.
    SignIn,
}

/// One check and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Name of the check, such as `clock`.
    pub check: String,
    /// The result.
    pub verdict: Verdict,
    /// What the check saw.
    pub what: String,
    /// The remedy, if something should be done.
    pub fix: Option<String>,
    /// The role that can apply it.
    pub who: Option<&'static str>,
    /// The area of a failure.
    pub area: Area,
}

impl Row {
    /// A check that passed.
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

    /// A check with a problem, its remedy, and the role that can apply it.
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

/// The area that decides the exit code; `None` if nothing failed.
pub fn worst(rows: &[Row]) -> Option<Area> {
    rows.iter()
        .filter(|row| row.verdict == Verdict::Fail)
        .map(|row| row.area)
        .max()
}
