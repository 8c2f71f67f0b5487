//! `check --for`: may an environment be copied, restored, reset, deleted or moved, as far as its
//! key decides?

use super::{Context, environment_wanted, quiet};
use crate::error::{Error, Kind, Result};
use crate::model::at_hand;
use crate::model::finding::{Finding, Severity};
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::model::purpose::Purpose;
use crate::model::seen::Seen;
use crate::model::target::Target;
use crate::observe::{self, resolve};
use crate::report::{self, Out, QuestionFacts};
use crate::steps::purpose::{Asked, Place, answer};
use futures::future::OptionFuture;
use futures::try_join;

/// The question as typed.
#[derive(Debug, Clone)]
pub struct CheckFor {
    /// The operation that the caller wants to do.
    pub purpose: Purpose,
    /// The environment that the operation overwrites, if it is another environment.
    pub to: Option<String>,
    /// Is a warning a reason to fail, too?
    pub warnings_too: bool,
}

impl CheckFor {
    /// Refuses a question that makes no sense, before anything is read.
    ///
    /// # Errors
    /// Usage.
    pub fn makes_sense(&self, target: &Target) -> Result<()> {
        let word = self.purpose.word();
        if self.purpose == Purpose::Copy && self.to.is_none() {
            return Err(Error::usage("A copy needs a target.")
                .hint("Pass the environment that the copy overwrites: `--to ENVIRONMENT`."));
        }
        if self.to.is_some() && !self.purpose.has_target() {
            let what = format!("`--for {word}` accepts no target environment (`--to`).");
            return Err(Error::usage(what)
                .hint("Leave out `--to`, or use `--for copy` or `--for restore`."));
        }
        if target.from.is_some() && self.purpose != Purpose::Restore {
            let what = format!("`--swap-from` does not apply to `--for {word}`.");
            return Err(Error::usage(what)
                .hint("Leave out `--swap-from`, or use `--for restore` or `--swap`."));
        }
        Ok(())
    }
}

/// Answers the question.
///
/// # Errors
/// Usage: no or unknown environments, or the same environment twice for a copy. `Kind::Blocked`
/// if the answer is no. `Kind::Forbidden` if cmkctl can't tell.
pub async fn check_for(
    context: &Context,
    asks: &CheckFor,
    target: &Target,
    out: &mut Out,
) -> Result<()> {
    let typed = environment_wanted(target)?;
    asks.makes_sense(target)?;
    let purpose = asks.purpose;
    let to = asks.to.as_deref().map(at_hand::environment);
    let (source, onto) = try_join!(seen(context, target, (purpose, typed)), async {
        OptionFuture::from(to.as_deref().map(|to| other(context, target, to)))
            .await
            .transpose()
    },)?;
    // A restore onto the same environment is a valid question.
    let same = onto.as_ref().is_some_and(|onto| same(&source, onto));
    if same && purpose == Purpose::Copy {
        return Err(
            Error::usage("The source and the target are the same environment.")
                .hint("Pass another environment with `--to`."),
        );
    }
    let onto = onto.filter(|_| !same);
    let asked = Asked {
        purpose,
        source: Place {
            typed,
            observed: &source,
        },
        onto: (onto.as_ref().zip(to.as_deref())).map(|(observed, typed)| Place { typed, observed }),
    };
    let answer = answer(&asked);
    let question = QuestionFacts {
        purpose,
        onto: onto.as_ref().and_then(|onto| onto.environment.present()),
        verdict: &answer.verdict,
        sentence: &answer.sentence,
    };
    report::check_for(out, &source, &question, &answer.findings);
    judged(&answer.verdict, &answer.findings, asks.warnings_too)
}

/// The environment that the operation overwrites. Only its link and its own state decide.
async fn other(context: &Context, target: &Target, to: &str) -> Result<Observed> {
    let target = Target {
        from: None,
        ..target.clone()
    };
    seen(context, &target, (Purpose::Copy, to)).await
}

/// What was read of an environment. If the caller may not see it, a snapshot that says so.
async fn seen(
    context: &Context,
    target: &Target,
    (purpose, typed): (Purpose, &str),
) -> Result<Observed> {
    let reader = context.reader();
    let id = match resolve(&reader, typed).await {
        Ok(id) => id,
        Err(error) if error.kind == Kind::Forbidden => {
            return Ok(Observed {
                at: context.clock().now(),
                environment: observe::unseen(&error),
                ..Observed::default()
            });
        }
        Err(error) => return Err(error),
    };
    let looking = context.looking(&reader, target, Some(&id));
    match purpose {
        Purpose::Copy | Purpose::Reset | Purpose::Delete => observe::keyed(looking).await,
        Purpose::Restore => observe::with_backups(looking).await,
        Purpose::MoveFromLcs => observe::integrated(looking).await,
    }
}

/// Are both the same environment?
fn same(source: &Observed, target: &Observed) -> bool {
    match (&source.environment, &target.environment) {
        (Seen::Present(source), Seen::Present(target)) => {
            source.id.eq_ignore_ascii_case(&target.id)
        }
        (Seen::Present(_) | Seen::Absent | Seen::Unreadable(_), _) => false,
    }
}

/// The exit code of the answer. Its words are on stdout.
fn judged(verdict: &Verdict, findings: &[Finding], warnings_too: bool) -> Result<()> {
    let warned = |finding: &Finding| finding.severity == Severity::Warn;
    match verdict {
        Verdict::No => Err(quiet(Kind::Blocked, "The answer is no.")),
        Verdict::Yes | Verdict::CantTell(_) if warnings_too && findings.iter().any(warned) => {
            Err(quiet(Kind::Blocked, "There is a warning."))
        }
        Verdict::CantTell(_) => Err(quiet(
            Kind::Forbidden,
            "A fact that the answer requires is not known, or not visible to you.",
        )),
        Verdict::Yes => Ok(()),
    }
}
