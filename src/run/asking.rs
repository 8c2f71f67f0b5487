//! Consent: what somebody said on the command line or at the prompt, and what is missing.

use crate::apply::Waiting;
use crate::error::{Error, Kind, Result};
use crate::interrupt::unless_stopped;
use crate::model::action::facts::Lack;
use crate::model::finding::Finding;
use crate::model::near::did_you_mean;
use crate::model::plan::{Action, Consent, Missing, Plan};
use crate::model::text::clean;
use crate::report::Out;

/// What a changing command was told about consent and waiting.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line, and any of them may be given with any other"
)]
pub struct Asked {
    /// Stop after the plan.
    pub dry_run: bool,
    /// Yes to everything that keeps people working.
    pub yes: bool,
    /// The names that were typed: of environments that may go offline, and of what else asks for
    /// one.
    pub confirm: Vec<String>,
    /// Repair first what can be repaired without harm.
    pub fix: bool,
    /// The vault whose purge protection may be turned on for good.
    pub protect: Option<String>,
    /// Exit 3 when a dry run finds something to do.
    pub detailed_exitcode: bool,
    /// How to wait.
    pub waiting: Waiting,
}

/// What forbids to start. `before`: was anything changed before, such as by `--fix`?
pub(super) fn blocked(plan: &Plan, before: bool) -> Result<()> {
    obstacle(plan).map_or(Ok(()), |error| {
        let unchanged = if before {
            "Nothing more was changed."
        } else {
            "No changes were made."
        };
        let message = format!("{unchanged} {}", error.message);
        Err(Error { message, ..error })
    })
}

/// What forbids to go on: known facts decide the exit code, 7 when waiting is all that helps and 6
/// otherwise; 5 when nothing known stands in the way, but something that must be known is not.
pub(super) fn obstacle(plan: &Plan) -> Option<Error> {
    let blockers: Vec<&Finding> = plan.blockers().collect();
    let gaps: Vec<&Finding> = plan.gaps().collect();
    let codes = |findings: &[&Finding]| {
        findings
            .iter()
            .map(|finding| finding.code)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (kind, message) = match (&blockers[..], &gaps[..]) {
        ([], []) if !plan.withheld.is_empty() => (
            Kind::Forbidden,
            format!(
                "The evidence for a step is missing: {}.",
                plan.withheld[0].what
            ),
        ),
        ([], []) => return None,
        ([], [_]) => (
            Kind::Forbidden,
            format!(
                "One fact that cmkctl must know is not known ({}).",
                codes(&gaps)
            ),
        ),
        ([], all) => {
            let message = format!(
                "{} facts that cmkctl must know are not known ({}).",
                all.len(),
                codes(all)
            );
            (Kind::Forbidden, message)
        }
        (known, _) => {
            let busy = known.iter().all(|finding| finding.remedy.is_wait());
            let count = if let [_] = known {
                "One blocker".to_owned()
            } else {
                format!("{} blockers", known.len())
            };
            (
                if busy { Kind::Busy } else { Kind::Blocked },
                format!("{count} ({}).", codes(known)),
            )
        }
    };
    let mut error = Error::new(kind, message);
    let said: Vec<&Finding> = blockers.into_iter().chain(gaps).collect();
    error.finding = said.first().map(|finding| finding.code);
    error.lacking = said
        .iter()
        .find_map(|one| one.remedy.lacking().cloned().map(Box::new));
    for finding in said {
        error = error.hint(format!("{}: {}", finding.code, finding.remedy));
    }
    Some(error)
}

/// The same, long after the plan: what came up since then.
pub(super) fn came_up(unsent: &str, plan: &Plan) -> Result<()> {
    if let Some(error) = obstacle(plan) {
        let message = format!(
            "{unsent}: since the plan was made, findings came up. {}",
            error.message
        );
        let said: Vec<String> = plan
            .blockers()
            .chain(plan.gaps())
            .map(|finding| finding.message.clone())
            .collect();
        let error = Error { message, ..error };
        if said.is_empty() {
            return Err(error.hint("Run the same command again for a plan of what you see now."));
        }
        return Err(error.detail(said.join(" ")));
    }
    Ok(())
}

/// Is everything there that an environment needs which goes offline or comes back? A plan of now
/// that would make the policy or its grant is one of a key that can't be used: both were there, or
/// were made, before.
pub(super) fn still_granted(unsent: &str, plan: &Plan) -> Result<()> {
    let is_gone = |action: &Action| match action.facts().lack {
        Lack::Policy | Lack::Grant(_) => true,
        Lack::Nothing | Lack::Provider(_) | Lack::Reader(_, _) | Lack::Managed => false,
    };
    if plan.actions.iter().any(is_gone) {
        return Err(changed(
            unsent,
            "its policy or the grant on the key is not there any more",
        ));
    }
    Ok(())
}

/// What was consented to does not hold any more.
pub(super) fn changed(unsent: &str, why: &str) -> Error {
    Error::new(Kind::Refused, format!("{unsent}: {why}."))
        .hint("Run the same command again for a plan of what is there now.")
}

/// Refuses a name on the command line that the plan does not ask for: somebody meant something else
/// than this plan does. `known` are names of which it has nothing to ask any more, such as of
/// environments that are done.
pub(super) fn names_fit(plan: &Plan, asked: &Asked, known: &[&str]) -> Result<()> {
    let wanted = plan.asks_for();
    let fits = |name: &&String| wanted.contains(&name.as_str()) || known.contains(&name.as_str());
    let given: Vec<String> = asked.confirm.iter().map(|name| clean(name)).collect();
    let Some(other) = given.iter().find(|name| !fits(name)) else {
        return Ok(());
    };
    let what = format!(
        "No changes were made. The plan does not ask for the name `{other}` of `--confirm`."
    );
    let mut error = Error::usage(what);
    error
        .hints
        .extend(did_you_mean(other, wanted.iter().copied()));
    let names: Vec<String> = wanted.iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        Err(error)
    } else {
        Err(error.hint(format!("It asks for: {}.", names.join(", "))))
    }
}

/// Consent, and whether somebody had to be asked for it.
pub(super) async fn consent(plan: &Plan, asked: &Asked, out: &mut Out) -> Result<(Consent, bool)> {
    // Plans show names without what nobody sees. A name that was copied from elsewhere may still
    // have it.
    let mut confirmed: Vec<String> = asked.confirm.iter().map(|name| clean(name)).collect();
    let mut was_asked = false;
    // A plan may ask for several names; each is asked for by itself, and a wrong one ends it.
    loop {
        let missing = match plan.consent(asked.yes || was_asked, &confirmed) {
            Ok(consent) => return Ok((consent, was_asked)),
            Err(missing) => missing,
        };
        let answer = match &missing {
            Missing::Name { name, why } => {
                out.say(why);
                question(
                    &format!("Type the name to go on (`{name}`), anything else to stop:"),
                    out,
                )
                .await?
            }
            Missing::Yes => {
                let answer = question(
                    "Go on with this plan? Type `yes`, anything else to stop:",
                    out,
                )
                .await?;
                answer.filter(|answer| answer == "yes")
            }
        };
        let Some(answer) = answer else {
            return Err(refused(missing));
        };
        was_asked = true;
        if let Missing::Name { name, .. } = missing {
            let answer = clean(&answer);
            if answer != name {
                return Err(other_name(&name, &answer));
            }
            confirmed.push(answer);
        }
    }
}

/// Asks somebody at the terminal; `None` when nobody is there or nobody answers.
///
/// # Errors
/// The program is stopped meanwhile.
pub(super) async fn question(question: &str, out: &mut Out) -> Result<Option<String>> {
    unless_stopped(out.ask(question)).await.map_err(|stop| {
        // The cursor stands behind the question.
        out.say("");
        Error::new(
            Kind::Interrupted(stop),
            "Interrupted before an answer. No change of this plan was sent.",
        )
        .hint("Run the same command again.")
    })
}

fn refused(missing: Missing) -> Error {
    let (message, hint) = match missing {
        Missing::Yes => (
            "Nobody consented to the plan; nothing was changed.".to_owned(),
            "Pass `--yes`.".to_owned(),
        ),
        Missing::Name { name, why } => (
            format!("{why} Nobody consented; nothing was changed."),
            format!("Pass `--yes --confirm \"{name}\"`."),
        ),
    };
    Error::new(Kind::Refused, message).hint(hint)
}

fn other_name(expected: &str, given: &str) -> Error {
    let what = format!(
        "The plan asks for the name `{expected}`, but `{given}` was given; nothing was changed."
    );
    Error::new(Kind::Refused, what).hint("Type the name exactly as the plan shows it.")
}
