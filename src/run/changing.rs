//! The commands that change one environment, policy or key.

use super::commands::{Command, Ended};
use super::consent::{ConsentFlags, unchanged};
use super::ending::resumed;
use super::fixing::{self, Repaired};
use super::proving::proven;
use super::rechecking::still_right;
use super::staged::{Approved, End, Looked, Road, walk};
use super::{Context, handing, quiet, unchanged_plan};
use crate::apply::{Applier, Waiting};
use crate::error::{Error, Kind, Result};
use crate::interrupt::unless_stopped;
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::proof::Proof;
use crate::model::receipt::Receipt;
use crate::model::target::Target;
use crate::observe::resolve;
use crate::report::{Change, Out, Outcome};
use futures::future::LocalBoxFuture;
use std::time::Instant;

/// The result of a command.
pub(super) struct Gone {
    /// The names that its plan required.
    pub(super) names: Vec<String>,
    /// Success, or every other end with its exit code.
    pub(super) result: Result<()>,
}

/// Runs a changing command with a complete target through all stages.
pub(super) async fn go(
    context: &Context,
    command: &'static Command,
    target: &Target,
    asked: &ConsentFlags,
    out: &mut Out,
) -> Gone {
    let mut names = Vec::new();
    let result = through((context, command), target, asked, &mut names, out).await;
    Gone { names, result }
}

async fn through(
    (context, command): (&Context, &'static Command),
    target: &Target,
    asked: &ConsentFlags,
    names: &mut Vec<String>,
    out: &mut Out,
) -> Result<()> {
    handing::reserve(asked.hand_over.as_deref(), out)?;
    let began = Instant::now();
    let (mut road, mut look) = match begun(context, command, target, asked).await {
        // The environment belongs to the other administrator.
        Err(error) if error.is_hidden() => {
            handing::of_change(context, (command, target), None, asked, out).await?;
            return Err(error);
        }
        begun => begun?,
    };
    command.fits(&road.part, &look.observed)?;
    if asked.fix {
        let seen = (&look.observed, &look.plan);
        road.repaired = fixing::fix(context, (command, &road.part), seen, asked, out).await?;
        if road.repaired.sent {
            look = road.look().await?;
        }
    }
    names.extend(look.plan.asks_for().into_iter().map(str::to_owned));
    let to_stdout = asked.dry_run && !out.is_for_scripts();
    let title = road.title(&look);
    if asked.led {
        out.short_plan(&look.plan, &title, to_stdout);
    } else {
        out.plan(&look.plan, &title, to_stdout);
    }
    let seen = Some((&look.observed, &look.plan));
    handing::of_change(context, (command, target), seen, asked, out).await?;
    walk((context, &road), Looked { look, began }, asked, out).await
}

/// Prepares the command, and takes the first snapshot.
async fn begun<'a>(
    context: &'a Context,
    command: &'static Command,
    target: &'a Target,
    asked: &ConsentFlags,
) -> Result<(Changing<'a>, Look)> {
    let environment = subject(context, command, target).await?;
    let mut part = command.part_of(target);
    if environment.is_none() {
        // This caller can't see the environment, so its name is only passed on.
        part.environment = None;
    }
    let road = Changing {
        context,
        command,
        target,
        part,
        environment,
        waiting: asked.waiting,
        repaired: Repaired::default(),
    };
    let look = road.look().await?;
    Ok((road, look))
}

/// The id of the named environment. A command whose subject is not the environment may continue
/// without it.
async fn subject(context: &Context, command: &Command, target: &Target) -> Result<Option<String>> {
    let Some(typed) = &target.environment else {
        return Ok(None);
    };
    match resolve(&context.reader(), typed).await {
        Ok(id) => Ok(Some(id)),
        Err(error) if command.of_environment() || !error.is_hidden() => Err(error),
        // The Key Vault administrator may lack access to environments. Then the policy's location
        // must be given; a new key has its own region.
        Err(_) if target.location.is_some() || target.new_key.is_some() => Ok(None),
        Err(error) => Err(error.hint(
            "Or pass the environment's geography with `--location` instead of the environment.",
        )),
    }
}

/// A changing command on its way through the stages.
struct Changing<'a> {
    context: &'a Context,
    command: &'static Command,
    target: &'a Target,
    /// The part of the target that belongs to this command.
    part: Target,
    /// Id of the environment.
    environment: Option<String>,
    waiting: Waiting,
    /// What `--fix` repaired before the plan.
    repaired: Repaired,
}

/// A snapshot and its plan.
struct Look {
    observed: Observed,
    plan: Plan,
}

impl Look {
    fn environment(&self) -> Option<&Environment> {
        self.observed.environment.present()
    }
}

/// The result of a plan, and the commands to continue.
struct Ran {
    receipt: Receipt,
    /// Was an encryption started? Then it continues whatever happens here.
    started: bool,
    resume: String,
    repeat_command: String,
}

impl Changing<'_> {
    fn title(&self, look: &Look) -> String {
        let name = self.command.name;
        let subject = look
            .environment()
            .filter(|_| self.command.of_environment())
            .map_or(String::new(), |environment| {
                format!(" for `{}` ({})", environment.display_name, environment.id)
            });
        let change = self.context.ticket();
        let change = change.map_or(String::new(), |change| format!(", change {change}"));
        format!("Plan of {name}{subject}{change}:")
    }

    /// Makes the plan of the old snapshot again with the current time, so that a changed day count
    /// ('59 days left') is not reported as a difference.
    fn in_words_of(&self, now: &Observed, seen: &Observed) -> Plan {
        let seen = Observed {
            at: now.at,
            ..seen.clone()
        };
        self.command.plan(&self.part, &seen)
    }

    fn next(&self, observed: &Observed, changed: bool) -> Vec<String> {
        self.command.next(&Ended {
            program_of_others: self.context.line_of_others(),
            target: self.target,
            observed,
            changed,
        })
    }

    fn status(&self, look: &Look) -> String {
        let id = look
            .environment()
            .map_or("", |environment| environment.id.as_str());
        format!(
            "To wait from any machine: `{} status {id} --wait`. Or run the same command again: \
            cmkctl starts no operation twice.",
            self.context.program(),
        )
    }
}

impl Road for Changing<'_> {
    type Look = Look;
    type Ran = Ran;

    fn name(&self) -> &'static str {
        self.command.name
    }

    async fn look(&self) -> Result<Look> {
        let reader = self.context.reader();
        let id = self.environment.as_deref();
        let observed = self
            .command
            .look(self.context.looking(&reader, &self.part, id))
            .await?;
        let plan = self.command.plan(&self.part, &observed);
        Ok(Look { observed, plan })
    }

    fn plan<'l>(&self, look: &'l Look) -> &'l Plan {
        &look.plan
    }

    fn repaired(&self) -> bool {
        self.repaired.sent
    }

    fn names<'l>(&'l self, look: &'l Look) -> Vec<&'l str> {
        let environment = look
            .environment()
            .map(|environment| environment.display_name.as_str());
        let key = self.part.key.as_ref().map(|key| key.as_str());
        let vault = self.part.vault.as_ref().map(|vault| vault.name.as_str());
        environment.into_iter().chain(key).chain(vault).collect()
    }

    fn whole(&self, _: &Look) -> Result<()> {
        Ok(())
    }

    fn same(&self, seen: &Look, somebody: bool, fresh: &Look) -> Result<()> {
        let then = self.in_words_of(&fresh.observed, &seen.observed);
        let so_far = unchanged(self.repaired());
        unchanged_plan::still_as_consented((&seen.plan, somebody), &then, &fresh.plan, so_far)
    }

    async fn apply(&self, approved: &Approved<Look>, out: &mut Out) -> Result<Ran> {
        let seen = &approved.seen;
        let id = seen
            .environment()
            .map(|environment| environment.id.as_str());
        let (command, part) = (self.command, &self.part);
        let recheck = |action: &Action| -> LocalBoxFuture<'_, Result<()>> {
            let (action, environment) = (action.clone(), self.environment.as_deref());
            Box::pin(async move {
                let subject = (command, part, environment);
                still_right(self.context, subject, &seen.observed, &action).await
            })
        };
        let program = self.context.program();
        let mut say = |event| out.event(&event);
        let mut applier = Applier {
            writer: self
                .context
                .session
                .writer(approved.consent, approved.trail.clone()),
            reader: self.context.reader(),
            clock: self.context.clock().clone(),
            waiting: self.waiting,
            resume: command.resume(&program, self.target, id),
            started: false,
            running: None,
            recheck: &recheck,
            say: &mut say,
        };
        // Waits handle Ctrl-C themselves, with better words. This catches it during a request.
        let applied = unless_stopped(applier.apply(&approved.look().plan))
            .await
            .unwrap_or_else(|stop| Err(Error::stopped(stop)));
        let mut ran = Ran {
            receipt: Receipt::default(),
            started: applier.started,
            resume: applier.resume.clone(),
            repeat_command: command.repeat_command(&program, self.target, id),
        };
        ran.receipt = applied.map_err(|error| self.resumed(error, &ran))?;
        let repaired = self.repaired.receipt.done.iter().cloned();
        ran.receipt.done.splice(0..0, repaired);
        Ok(ran)
    }

    fn unfinished(&self, _: &Look, ran: &Ran) -> Option<Error> {
        ran.receipt.running.as_ref()?;
        Some(quiet(
            Kind::StillRunning,
            "The operation is still running. cmkctl did not wait for it.",
        ))
    }

    /// Requires an empty plan of the last snapshot.
    fn proven(&self, done: &Plan, after: &Look) -> Result<Proof> {
        // `--again` asks for one more rotation. That rotation is done, so the last plan must not
        // contain another one.
        let once = Target {
            even_if_young: false,
            ..self.part.clone()
        };
        let mut rest = self.command.plan(&once, &after.observed);
        // A fact that was not visible in the plan may now be `Unknown`. It stays hidden from this
        // caller, and this run does not claim it.
        rest.findings.retain(|gap| {
            let reported = |old: &Finding| {
                old.severity == Severity::NotVisible && old.identity() == gap.identity()
            };
            gap.severity != Severity::Unknown || !done.findings.iter().any(reported)
        });
        proven(&rest)
    }

    fn goes_on(&self, ran: &Ran) -> String {
        format!(
            "cmkctl sends only what is missing. Run the same command again: `{}`.",
            ran.repeat_command
        )
    }

    fn resumed(&self, error: Error, ran: &Ran) -> Error {
        resumed(error, ran.started, &ran.resume, &ran.repeat_command)
    }

    fn report(&self, look: &Look, end: End<'_, Self>, out: &mut Out) {
        let environment = look.environment();
        let mut change = Change {
            schema: "cmkctl/change/v1",
            command: self.command.name,
            outcome: Outcome::Planned,
            environment: environment.map(|environment| environment.id.as_str()),
            environment_name: environment.map(|environment| environment.display_name.as_str()),
            policy: self.target.policy.as_ref().map(ToString::to_string),
            change: self.context.ticket(),
            plan: &look.plan,
            receipt: &self.repaired.receipt,
            next: Vec::new(),
        };
        // The plan was already printed for people.
        let for_scripts = matches!(end, End::Blocked | End::Planned | End::Refused(_));
        match end {
            End::Blocked => change.outcome = Outcome::Blocked,
            End::Planned => {}
            End::Refused(error) if error.kind.is_interruption() => {}
            End::Refused(_) => change.outcome = Outcome::Refused,
            End::Unchanged(proof) => {
                change.outcome = Outcome::Unchanged(proof);
                change.next = self.next(&look.observed, false);
            }
            End::Unfinished(ran) => {
                change.outcome = Outcome::Running;
                change.receipt = &ran.receipt;
                change.next = vec![self.status(look)];
            }
            End::Done(proof, ran, after) => {
                change.outcome = Outcome::Done(proof);
                change.receipt = &ran.receipt;
                change.next = self.next(&after.observed, true);
            }
        }
        if for_scripts {
            out.data_for_scripts(&change);
        } else {
            out.data(&change, &change.sheet(out.is_quiet()));
        }
    }
}
