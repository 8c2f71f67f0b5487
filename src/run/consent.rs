//! Consent: the answers on the command line and at the prompt, and what is missing.

use crate::apply::Waiting;
use crate::error::{Error, Kind, Result};
use crate::interrupt::unless_stopped;
use crate::model::action::facts::Lack;
use crate::model::finding::Finding;
use crate::model::near::did_you_mean;
use crate::model::plan::{Action, Consent, Missing, Plan};
use crate::model::system::quoted;
use crate::model::text::clean;
use crate::report::Out;

/// The options of a changing command for consent and waiting.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent flag of the command line: any combination is valid"
)]
pub struct ConsentFlags {
    /// Ask for everything that was not typed, even if the configuration has it.
    pub ask: bool,
    /// The dialog led the caller here, so print the short plan of about ten lines.
    pub led: bool,
    /// Stop after the plan.
    pub dry_run: bool,
    /// Consent to everything without harm.
    pub yes: bool,
    /// Typed names: of environments that may go offline, and of other resources that an action
    /// harms.
    pub confirm: Vec<String>,
    /// First make the repairs without harm.
    pub fix: bool,
    /// Name of the vault whose purge protection may be turned on for good.
    pub protect: Option<String>,
    /// Exit with 3 if a dry run has something to do.
    pub detailed_exitcode: bool,
    /// File for the other administrator's script; `-` means stdout.
    pub hand_over: Option<String>,
    /// How long to wait.
    pub waiting: Waiting,
}

/// The sentence on changes so far, if nothing of the plan was run. `before`: was anything changed
/// earlier?
pub(super) const fn unchanged(before: bool) -> &'static str {
    if before {
        "No further changes were made."
    } else {
        "No changes were made."
    }
}

/// Refuses a plan with blockers or with unknown facts. `before`: was anything changed earlier, such
/// as by `--fix`?
pub(super) fn blocked(plan: &Plan, before: bool) -> Result<()> {
    obstacle(plan).map_or(Ok(()), |error| {
        let unchanged = unchanged(before);
        let message = format!("{unchanged} {}", error.message);
        Err(Error { message, ..error })
    })
}

/// The error if the plan must not start. Known blockers decide the exit code: 7 if only waiting
/// helps, else 6. Without blockers, unknown facts give 5.
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
                "cmkctl could not verify the requirements of this step: {}.",
                plan.withheld[0].what
            ),
        ),
        ([], []) => return None,
        ([], [_]) => (
            Kind::Forbidden,
            format!("A required fact is unknown ({}).", codes(&gaps)),
        ),
        ([], all) => {
            let message = format!("{} required facts are unknown ({}).", all.len(), codes(all));
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
    let findings: Vec<&Finding> = blockers.into_iter().chain(gaps).collect();
    error.finding = findings.first().map(|finding| finding.code);
    error.lacking = findings
        .iter()
        .find_map(|finding| finding.remedy.lacking().cloned().map(Box::new));
    for finding in findings {
        error = error.hint(format!("{}: {}", finding.code, finding.remedy));
    }
    Some(error)
}

/// The check of [`obstacle`] again, directly before a step: refuses if there are new blockers or
/// unknown facts.
pub(super) fn came_up(unsent: &str, plan: &Plan) -> Result<()> {
    if let Some(error) = obstacle(plan) {
        let message = format!(
            "{unsent}: a new check before this step found a problem. {}",
            error.message
        );
        let messages: Vec<String> = plan
            .blockers()
            .chain(plan.gaps())
            .map(|finding| finding.message.clone())
            .collect();
        let error = Error { message, ..error };
        if messages.is_empty() {
            return Err(error.hint("Run the same command again for a plan of the current state."));
        }
        return Err(error.detail(messages.join(" ")));
    }
    Ok(())
}

/// Do the key, the policy and the grant still exist, directly before an environment goes offline or
/// is enabled? If a new plan would create one of these, the key can't be used now.
pub(super) fn still_granted(unsent: &str, plan: &Plan) -> Result<()> {
    let is_gone = |action: &Action| match action.facts().lack {
        Lack::Key | Lack::Policy | Lack::Grant(_) => true,
        Lack::Nothing | Lack::Provider(_) | Lack::Reader(_, _) | Lack::Managed => false,
    };
    if plan.actions.iter().any(is_gone) {
        return Err(changed(
            unsent,
            "the key, its policy or the grant on the key no longer exists",
        ));
    }
    Ok(())
}

/// The error if the consent no longer fits the current state.
pub(super) fn changed(unsent: &str, why: &str) -> Error {
    Error::new(Kind::Refused, format!("{unsent}: {why}."))
        .hint("Run the same command again for a plan of the current state.")
}

/// Refuses a `--confirm` name that the plan does not ask for: the caller expects another plan.
/// `known`: names that are fine although the plan no longer asks for them, such as of environments
/// that are done. `unchanged`: the sentence on changes so far.
pub(super) fn names_fit(
    plan: &Plan,
    asked: &ConsentFlags,
    known: &[&str],
    unchanged: &str,
) -> Result<()> {
    let wanted = plan.asks_for();
    let fits = |name: &&String| wanted.contains(&name.as_str()) || known.contains(&name.as_str());
    let given: Vec<String> = asked.confirm.iter().map(|name| clean(name)).collect();
    let Some(other) = given.iter().find(|name| !fits(name)) else {
        return Ok(());
    };
    let what = format!(
        "{unchanged} `--confirm` has the name `{other}`, but the plan does not ask for this name."
    );
    let mut error = Error::usage(what);
    error
        .hints
        .extend(did_you_mean(other, wanted.iter().copied()));
    let names: Vec<String> = wanted.iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        Err(error)
    } else {
        Err(error.hint(format!(
            "The plan requires these names: {}.",
            names.join(", ")
        )))
    }
}

/// How many wrong names a person may type before cmkctl takes the answer as no.
const SLIPS: usize = 2;

/// Does an answer say yes?
pub(super) fn is_yes(answer: &str) -> bool {
    answer.eq_ignore_ascii_case("yes") || answer.eq_ignore_ascii_case("y")
}

/// Gets the consent, and tells whether the caller was asked for it. `unchanged`: the sentence on
/// changes so far, for a refusal.
pub(super) async fn consent(
    plan: &Plan,
    asked: &ConsentFlags,
    unchanged: &str,
    out: &mut Out,
) -> Result<(Consent, bool)> {
    // Plans show names without invisible characters, but a name copied from elsewhere may still
    // contain them.
    let mut confirmed: Vec<String> = asked.confirm.iter().map(|name| clean(name)).collect();
    let (mut was_asked, mut told) = (false, false);
    // A plan may require several names. Each has its own question.
    loop {
        let missing = match plan.consent(asked.yes || was_asked, &confirmed) {
            Ok(consent) => return Ok((consent, was_asked)),
            Err(missing) => missing,
        };
        let answered = match &missing {
            Missing::Name { name, why } => {
                if !told {
                    out.limits(plan);
                    told = true;
                }
                typed(name, why, unchanged, out).await?
            }
            Missing::Yes => {
                let prompt = "Continue with this plan? Type `yes`, or anything else to stop:";
                let answer = question(prompt, unchanged, out).await?;
                answer.filter(|answer| is_yes(answer))
            }
        };
        let Some(answer) = answered else {
            return Err(refused(plan, &confirmed, missing, unchanged));
        };
        was_asked = true;
        if let Missing::Name { .. } = missing {
            confirmed.push(answer);
        }
    }
}

/// Asks for the name, letter by letter, and allows a few slips. `None` without an answer.
async fn typed(name: &str, why: &str, unchanged: &str, out: &mut Out) -> Result<Option<String>> {
    let mut prompt =
        format!("{why}\nType the name to continue (`{name}`), or press Enter to stop:");
    for slip in 0..=SLIPS {
        let Some(answer) = question(&prompt, unchanged, out).await? else {
            return Ok(None);
        };
        let answer = clean(&answer);
        if answer == name {
            return Ok(Some(answer));
        }
        let says_no = ["", "no", "n"].contains(&answer.to_ascii_lowercase().as_str());
        if slip == SLIPS || says_no {
            return Err(other_name(name, &answer, unchanged));
        }
        prompt = format!("`{answer}` is not the name. Type `{name}`, or press Enter to stop:");
    }
    Ok(None)
}

/// Asks at the terminal. `None` without a terminal or an answer.
///
/// # Errors
/// The user stops cmkctl at the question.
pub(super) async fn question(
    question: &str,
    unchanged: &str,
    out: &mut Out,
) -> Result<Option<String>> {
    unless_stopped(out.ask(question)).await.map_err(|stop| {
        // The cursor is behind the question, so start a new line.
        out.say("");
        let what = format!("{unchanged} cmkctl was interrupted before you answered.");
        Error::new(Kind::Interrupted(stop), what).hint("Run the same command again.")
    })
}

/// The error without consent. It names everything that a script must pass.
fn refused(plan: &Plan, confirmed: &[String], missing: Missing, unchanged: &str) -> Error {
    let message = match missing {
        Missing::Yes => format!("{unchanged} The plan was not confirmed."),
        Missing::Name { why, .. } => format!(
            "{unchanged} The outage or change was not confirmed. \
            {why}"
        ),
    };
    let names = plan.asks_for();
    let names = names
        .iter()
        .filter(|name| !confirmed.iter().any(|typed_name| typed_name == *name));
    let flags: Vec<String> = names
        .map(|name| format!(" --confirm {}", quoted(name)))
        .collect();
    Error::new(Kind::Refused, message).hint(format!("Pass `--yes{}`.", flags.concat()))
}

fn other_name(expected: &str, given: &str, unchanged: &str) -> Error {
    let what =
        format!("{unchanged} The plan requires the name `{expected}`, but you typed `{given}`.");
    Error::new(Kind::Refused, what).hint("Type the name exactly as the plan shows it.")
}
