//! The commands that change something: the whole road.

use super::{Context, environment_wanted, fixing, holding, quiet};
use crate::apply::{Applier, Waiting};
use crate::error::{Error, Kind, Result};
use crate::model::observed::Observed;
use crate::model::plan::{Consent, Missing, Plan};
use crate::model::receipt::Receipt;
use crate::model::target::Target;
use crate::observe::{Wants, observe, resolve};
use crate::report::{Change, Out, Outcome};
use crate::steps::{add, policy, rotate};
use std::time::Instant;

/// Which steps of the procedure a changing command takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// The subcommand's name.
    pub command: &'static str,
    /// Step 3.
    pub policy: bool,
    /// Steps 1, 2 and 4.
    pub add: bool,
    /// None of them: a new version of the key.
    pub rotate: bool,
}

impl Steps {
    /// Are vault and key its business?
    fn of_key(self) -> bool {
        self.policy || self.rotate
    }
}

/// What a changing command was told about consent and waiting.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Stop after the plan.
    pub dry_run: bool,
    /// Yes to everything that keeps people working.
    pub yes: bool,
    /// The name of the environment that may go offline.
    pub confirm: Option<String>,
    /// Repair first what can be repaired without harm.
    pub fix: bool,
    /// The vault whose purge protection may be turned on for good.
    pub protect: Option<String>,
    /// Exit 3 when a dry run finds something to do.
    pub detailed_exitcode: bool,
    /// How to wait.
    pub waiting: Waiting,
}

fn missing(flag: &str, what: &str) -> Error {
    Error::usage(format!("{what} was not given.")).hint(format!("Pass `{flag}`, or try it without: `--sandbox`."))
}

/// A changing command: the whole road.
///
/// # Errors
/// Every way it can end short of the wanted state, with its exit code.
pub async fn change(context: &Context, steps: Steps, target: &Target, asked: &Asked, out: &mut Out) -> Result<()> {
    require(steps, target)?;
    let reader = context.reader();
    let id = match &target.environment {
        Some(typed) if steps.add => Some(resolve(&reader, typed).await?),
        // The Key Vault administrator need not see any environment; then the location must be given.
        Some(typed) => match resolve(&reader, typed).await {
            Ok(id) => Some(id),
            Err(error) if error.kind == Kind::Forbidden && target.location.is_some() => None,
            Err(error) if error.kind == Kind::Forbidden => {
                return Err(
                    error.hint("Or pass `--location`, the environment's geography, instead of the environment.")
                );
            }
            Err(error) => return Err(error),
        },
        None => None,
    };
    let wants = Wants {
        environment: true,
        environment_optional: !steps.add,
        integration: steps.add,
        policy: true,
        linked_wins: false,
        provider: steps.policy,
        key: steps.of_key(),
        data_plane: steps.of_key(),
        readers: steps.policy && !target.readers.is_empty(),
        rights: steps.policy,
        estate: steps.add,
    };
    // The other administrator's half is not this command's to read.
    let own = Target {
        vault: target.vault.clone().filter(|_| steps.of_key()),
        key: target.key.clone().filter(|_| steps.of_key()),
        ..target.clone()
    };
    let looked = Instant::now();
    let mut observed = observe(&reader, context.clock(), &own, id.as_deref(), wants).await?;
    let mut plan = plan_of(steps, &own, &observed);
    let mut repaired = Receipt::default();
    if asked.fix {
        repaired = fixing::fix(context, steps, &own, (&observed, &plan), asked, out).await?;
        if !repaired.done.is_empty() {
            observed = observe(&reader, context.clock(), &own, id.as_deref(), wants).await?;
            plan = plan_of(steps, &own, &observed);
        }
    }
    let environment = observed.environment.present();
    let title = environment.filter(|_| steps.add).map_or_else(
        || format!("Plan of {}:", steps.command),
        |environment| format!("Plan of {} for `{}` ({}):", steps.command, environment.display_name, environment.id),
    );
    let mut change = Change {
        schema: "cmkctl/change/v1",
        command: steps.command,
        outcome: Outcome::Planned,
        environment: environment.map(|environment| environment.id.as_str()),
        environment_name: environment.map(|environment| environment.display_name.as_str()),
        policy: target.policy.as_ref().map(ToString::to_string),
        plan: &plan,
        receipt: &repaired,
        next: Vec::new(),
    };
    out.plan(&plan, &title, asked.dry_run && !out.is_for_scripts());
    let blocked = blocked(&plan);
    if asked.dry_run || blocked.is_err() {
        if blocked.is_err() {
            change.outcome = Outcome::Blocked;
        }
        out.data_for_scripts(&change);
        return blocked.and_then(|()| {
            let pending = asked.detailed_exitcode && !plan.actions.is_empty();
            if pending { Err(Error::new(Kind::Pending, "There is something to do.")) } else { Ok(()) }
        });
    }
    if plan.actions.is_empty() {
        change.outcome = Outcome::Unchanged;
        change.next = next(context, steps, target, &observed, false);
        out.data(&change, &change.sheet());
        return Ok(());
    }
    let trail = context.trail(steps.command, &plan)?;
    let held = match consent(&plan, asked, out) {
        Ok((consent, somebody_was_asked)) => {
            if somebody_was_asked || looked.elapsed() > holding::FRESH {
                let fresh = observe(&reader, context.clock(), &own, id.as_deref(), wants).await?;
                holding::same(steps, &own, (&plan, somebody_was_asked), &observed, &fresh).map(|plan| (consent, plan))
            } else {
                Ok((consent, plan.clone()))
            }
        }
        Err(error) => Err(error),
    };
    let (consent, plan) = match held {
        Ok(held) => held,
        Err(error) => {
            change.outcome = Outcome::Refused;
            out.data_for_scripts(&change);
            return Err(error);
        }
    };
    let mut say = |event| out.event(&event);
    let mut applier = Applier {
        writer: context.session.writer(consent, trail),
        reader: reader.clone(),
        clock: context.clock().clone(),
        waiting: asked.waiting,
        program: context.program(),
        started: false,
        say: &mut say,
    };
    // What waits hears Ctrl-C itself and knows best what to say; in the middle of a request nobody else would.
    let applied = tokio::select! {
        biased;
        applied = applier.apply(&plan) => applied,
        _ = tokio::signal::ctrl_c() => Err(Error::new(Kind::Interrupted, "Interrupted; what was done so far stays.")),
    };
    let started = applier.started;
    let again = again(context, steps, target, environment.map(|environment| environment.id.as_str()));
    let mut receipt = applied.map_err(|error| resumed(error, started, &again))?;
    receipt.done.splice(0..0, repaired.done.iter().cloned());
    change.receipt = &receipt;
    if receipt.running.is_some() {
        change.outcome = Outcome::Running;
        change.next = vec![format!(
            "Wait for it from any machine: `{} status {} --wait`, or the same command again (starts nothing a second time).",
            context.program(),
            change.environment.unwrap_or_default(),
        )];
        out.data(&change, &change.sheet());
        return Err(quiet(Kind::StillRunning, "The encryption runs at the service; it was not waited for."));
    }
    let after = tokio::select! {
        after = observe(&reader, context.clock(), &own, id.as_deref(), wants) => after.map_err(|error| unread(error, &again))?,
        _ = tokio::signal::ctrl_c() => {
            let error = Error::new(Kind::Interrupted, "Interrupted; everything was done, and nothing is verified.");
            return Err(resumed(error, started, &again));
        }
    };
    verify(steps, &own, &after)?;
    change.outcome = Outcome::Done;
    change.next = next(context, steps, target, &after, true);
    out.data(&change, &change.sheet());
    Ok(())
}

/// The command that goes on, whole enough to be pasted.
fn again(context: &Context, steps: Steps, target: &Target, environment: Option<&str>) -> String {
    let mut command = format!("{} {}", context.program(), steps.command);
    let policy = target.policy.as_ref().map(ToString::to_string);
    let vault = target.vault.as_ref().filter(|_| steps.of_key()).map(ToString::to_string);
    let key = target.key.as_ref().filter(|_| steps.of_key()).map(ToString::to_string);
    command.extend(environment.map(|id| format!(" {id}")));
    for (flag, value) in [("--policy", policy), ("--vault", vault), ("--key", key)] {
        command.extend(value.map(|value| format!(" {flag} {value}")));
    }
    command
}

/// An interruption with the command that goes on, unless it is said already.
fn resumed(error: Error, started: bool, again: &str) -> Error {
    if error.kind != Kind::Interrupted || error.hints.iter().any(|hint| hint.contains("add-environment")) {
        return error;
    }
    let mut error = Error { hints: Vec::new(), ..error };
    if started {
        error.message.push_str(" The encryption goes on at the service.");
    }
    error.hint(format!("Go on from there: `{again}` (nothing is done a second time)."))
}

/// Everything was done, and then the look that proves it failed: that is no failure to run, but a proof that is missing.
fn unread(error: Error, again: &str) -> Error {
    let why = error.to_string();
    Error::new(Kind::Unverified, "Everything was done, but the re-read that shows it failed.")
        .detail(why)
        .hint(format!("Run the same command again; it sends only what is missing: `{again}`."))
}

fn require(steps: Steps, target: &Target) -> Result<()> {
    if steps.add {
        environment_wanted(target)?;
    }
    if target.policy.is_none() && !steps.rotate {
        return Err(missing("--policy", "The enterprise policy"));
    }
    if steps.of_key() && target.vault.is_none() {
        return Err(missing("--vault", "The key vault or managed HSM"));
    }
    if steps.of_key() && target.key.is_none() {
        return Err(missing("--key", "The key"));
    }
    if steps.policy && target.location.is_none() && target.environment.is_none() {
        return Err(missing("--location", "The policy's location")
            .hint("With an environment its geography is taken: `cmkctl create-policy ENVIRONMENT …`."));
    }
    Ok(())
}

pub(super) fn plan_of(steps: Steps, target: &Target, observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    if steps.rotate {
        plan.join(rotate::plan(target, observed));
    }
    if steps.policy {
        plan.join(policy::plan(target, observed));
    }
    if steps.add {
        plan.join(add::plan(target, observed, steps.policy));
    }
    plan
}

/// The worst blocker decides the exit code: 7 when waiting is all that helps, 6 otherwise.
fn blocked(plan: &Plan) -> Result<()> {
    let blockers: Vec<_> = plan.blockers().collect();
    if blockers.is_empty() {
        return Ok(());
    }
    let codes: Vec<&str> = blockers.iter().map(|finding| finding.code).collect();
    let busy = codes.iter().all(|code| *code == "CMK023");
    let kind = if busy { Kind::Busy } else { Kind::Blocked };
    let count = if blockers.len() == 1 {
        "One finding stands".to_owned()
    } else {
        format!("{} findings stand", blockers.len())
    };
    let mut error = Error::new(kind, format!("{count} in the way ({}); nothing was changed.", codes.join(", ")));
    error.finding = codes.first().copied();
    for finding in blockers {
        error = error.hint(format!("{}: {}", finding.code, finding.remedy));
    }
    Err(error)
}

/// Consent, and whether somebody had to be asked for it.
fn consent(plan: &Plan, asked: &Asked, out: &mut Out) -> Result<(Consent, bool)> {
    let refused = |missing: Missing| {
        let (message, hint) = match missing {
            Missing::Yes => {
                ("Nobody consented to the plan; nothing was changed.".to_owned(), "Pass `--yes`.".to_owned())
            }
            Missing::Name(name) => (
                format!("This takes `{name}` offline for up to 4 days, and nobody consented; nothing was changed."),
                format!("Pass `--yes --confirm \"{name}\"`."),
            ),
            Missing::OtherName { expected, given } => (
                format!(
                    "This takes `{expected}` offline, but the name that was given is `{given}`; nothing was changed."
                ),
                "Type the environment's name exactly as the plan shows it.".to_owned(),
            ),
        };
        Error::new(Kind::Refused, message).hint(hint)
    };
    let missing = match plan.consent(asked.yes, asked.confirm.as_deref()) {
        Ok(consent) => return Ok((consent, false)),
        Err(missing) => missing,
    };
    let answer = match &missing {
        Missing::OtherName { .. } => None,
        Missing::Name(name) => {
            out.say("The environment is offline while its data is encrypted: up to 4 days.");
            out.ask(&format!("Type the name of the environment to go on (`{name}`), anything else to stop:"))
        }
        Missing::Yes => {
            out.ask("Go on with this plan? Type `yes`, anything else to stop:").filter(|answer| answer == "yes")
        }
    };
    match answer {
        Some(name) => {
            let consent = plan.consent(true, asked.confirm.as_deref().or(Some(name.as_str()))).map_err(refused)?;
            Ok((consent, true))
        }
        None => Err(refused(missing)),
    }
}

/// The plan of a fresh look must be empty: that, and no status code, is what "done" means.
fn verify(steps: Steps, target: &Target, after: &Observed) -> Result<()> {
    // What was made again is not to be made once more.
    let rest = plan_of(steps, &Target { again: false, ..target.clone() }, after);
    let problems: Vec<String> = rest
        .actions
        .iter()
        .map(|action| format!("still to do: {action}"))
        .chain(rest.blockers().map(|finding| format!("{}: {}", finding.code, finding.message)))
        .collect();
    if problems.is_empty() {
        return Ok(());
    }
    let mut error = Error::new(Kind::Unverified, "Everything was sent, but a re-read does not show the wanted state.");
    for problem in problems {
        error = error.hint(problem);
    }
    Err(error.hint("Reads can lag: run the same command again; it sends only what is missing."))
}

/// What the other administrator needs, and what to keep in mind.
fn next(context: &Context, steps: Steps, target: &Target, observed: &Observed, changed: bool) -> Vec<String> {
    let policy = target.policy.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut next = Vec::new();
    if steps.policy && !steps.add {
        let environment = observed.environment.present().map_or("ENVIRONMENT", |environment| environment.id.as_str());
        next.push(format!(
            "The Power Platform administrator goes on with: {} add-environment {environment} --policy {policy}",
            context.program()
        ));
        if target.readers.is_empty() {
            next.push(
                "They must be able to read the policy: run this again with `--reader OBJECT_ID` if they can't."
                    .to_owned(),
            );
        }
        if changed {
            next.push("A new grant takes up to 5 minutes to be effective.".to_owned());
        }
    }
    if steps.add {
        next.push(
            "Keep the key, its vault and the policy's access: without them the environment goes offline at once."
                .to_owned(),
        );
        let expires = observed.key.present().and_then(|key| key.expires);
        if let Some(expires) = expires {
            next.push(format!("Rotate the key before it expires on {}.", expires.strftime("%Y-%m-%d")));
        }
    }
    next
}
