//! `apply FILE` and `apply PLAN`: the same road as every change, for many environments.

use super::asking::{Asked, blocked, consent, names_fit};
use super::changing::proven;
use super::wanted::{Planned, command, looked, seen};
use super::waves::{Came, Run};
use super::{Context, holding, quiet};
use crate::apply::Applier;
use crate::config::{self, Given};
use crate::error::{Error, Kind, Result};
use crate::interrupt::unless_stopped;
use crate::model::fleet::{Fleet, Saved, Sight};
use crate::model::plan::{Action, Consent, Plan};
use crate::model::proof::Proof;
use crate::model::receipt::{Event, Receipt};
use crate::model::roles::ROLE_SETTLES;
use crate::model::wanted::Wanted;
use crate::report::{FleetOutcome, FleetReport, MemberOutcome, Out};
use crate::steps::wanted::plan;
use std::cell::{Cell, RefCell};
use std::path::Path;
use std::time::Instant;

/// Makes what is there what the file wants.
///
/// # Errors
/// Every way it can end short of that, with its exit code.
#[expect(
    clippy::too_many_lines,
    reason = "the issue *Evidence as types* makes it one staged run, shared with `change`"
)]
pub async fn apply_wanted(
    context: &Context,
    file: &Path,
    asked: &Asked,
    out: &mut Out,
) -> Result<()> {
    let (wanted, saved) = match config::given(file)? {
        Given::Wanted(wanted) => (wanted, None),
        Given::Saved(saved) => (saved.wanted.clone(), Some(valid(context, *saved, file)?)),
    };
    let began = Instant::now();
    let Planned {
        wanted,
        sight,
        fleet,
    } = looked(context, wanted).await?;
    out.fleet(&file.display().to_string(), &wanted, &fleet, asked.dry_run);
    let mut report = FleetReport::new("apply", sight.at, &wanted.waves, &fleet);
    let kept = saved
        .as_ref()
        .map_or(Ok(()), |saved| holding::kept(&saved.actions, &fleet.plan));
    if let Err(error) = kept {
        return Err(refused(error, report, out));
    }
    let known: Vec<&str> = fleet
        .members
        .iter()
        .map(|member| member.name.as_str())
        .collect();
    let blocked = blocked(&fleet.plan);
    if blocked.is_ok() {
        names_fit(&fleet.plan, asked, &known)?;
    }
    if asked.dry_run || blocked.is_err() {
        out.data_for_scripts(&report);
        blocked?;
        seen(&fleet)?;
        let pending = asked.detailed_exitcode && !fleet.plan.actions.is_empty();
        return if pending {
            Err(Error::new(Kind::Pending, "There is something to do."))
        } else {
            Ok(())
        };
    }
    if fleet.plan.actions.is_empty() {
        out.data(&report, &report.sheet());
        return seen(&fleet);
    }
    let trail = context.trail("apply", &fleet.plan)?;
    let held = match consent(&fleet.plan, asked, out).await {
        Ok((consent, somebody)) if somebody || began.elapsed() > holding::FRESH => {
            again(context, &wanted, &sight, &fleet, somebody)
                .await
                .map(|fleet| (consent, fleet))
        }
        Ok((consent, _)) => Ok((consent, fleet.clone())),
        Err(error) => Err(error),
    };
    let (consent, held) = match held {
        Ok(held) => held,
        Err(error) => return Err(refused(error, report, out)),
    };
    let run = Run {
        context,
        wanted: &wanted,
        fleet: &held,
        waves: &wanted.waves,
        consent,
        trail,
        waiting: asked.waiting,
        began: context.clock().moment(),
        effective: held.plan.effective_from,
        resume: command(context, file),
        came: RefCell::new(vec![Came::Not; held.members.len()]),
        receipt: RefCell::default(),
        stopped: RefCell::default(),
        opens: Cell::default(),
    };
    let ended = Box::pin(everything(context, run, consent, out)).await;
    report = FleetReport::new("apply", sight.at, &wanted.waves, &held);
    finish(context, &wanted, ended, report, out).await
}

/// Is it a plan that may be run here?
fn valid(context: &Context, saved: Saved, file: &Path) -> Result<Saved> {
    let cloud = &context.session.cloud().name;
    if saved.cloud != *cloud {
        let what = format!(
            "The plan `{}` is for the cloud `{}`, and this is `{cloud}`.",
            file.display(),
            saved.cloud
        );
        return Err(Error::usage(what).hint("Pass the `--cloud` that it was made for."));
    }
    if !saved.is_whole() {
        let what = format!(
            "The plan `{}` is not as it was written: its fingerprint differs.",
            file.display()
        );
        return Err(Error::new(Kind::Refused, what).hint(
            "Change the file that it came from, and make a new plan: `cmkctl plan FILE \
                --out PLAN`.",
        ));
    }
    Ok(saved)
}

/// The plan of a new look, when it still does what somebody consented to.
async fn again(
    context: &Context,
    wanted: &Wanted,
    seen: &Sight,
    fleet: &Fleet,
    somebody: bool,
) -> Result<Fleet> {
    let fresh = looked(context, wanted.clone()).await?;
    let then = plan(
        wanted,
        &Sight {
            at: fresh.sight.at,
            ..seen.clone()
        },
    );
    holding::moved(&fleet.plan, somebody, &then.plan, &fresh.fleet.plan)?;
    Ok(fresh.fleet)
}

fn refused(error: Error, mut report: FleetReport<'_>, out: &mut Out) -> Error {
    if matches!(error.kind, Kind::Refused | Kind::Usage) {
        report.outcome = FleetOutcome::Refused;
    }
    out.data_for_scripts(&report);
    error
}

/// How everything ended: what came of each, and the first failure.
struct Ended {
    came: Vec<Came>,
    receipt: Receipt,
    error: Option<Error>,
    opens: Option<jiff::Timestamp>,
    resume: String,
}

/// The policies one after the other, then the environments in waves.
async fn everything(context: &Context, mut run: Run<'_>, consent: Consent, out: &mut Out) -> Ended {
    let mut event = |event: Event| out.event(&event);
    let first = run.fleet.of_policies();
    if !first.actions.is_empty() {
        let mut applier = Applier {
            writer: context.session.writer(consent, run.trail.clone()),
            reader: context.reader(),
            clock: context.clock().clone(),
            waiting: run.waiting,
            resume: run.resume.clone(),
            started: false,
            // Nothing about a policy takes anybody offline.
            recheck: &|_| Box::pin(async { Ok(()) }),
            say: &mut event,
        };
        let applied = unless_stopped(applier.apply(&first)).await;
        match applied.unwrap_or_else(|stop| Err(Error::stopped(stop))) {
            Ok(receipt) => *run.receipt.borrow_mut() = receipt,
            Err(error) => *run.stopped.borrow_mut() = Some(error),
        }
        if granted(&first) {
            run.effective = run
                .effective
                .max(context.clock().now().checked_add(ROLE_SETTLES).ok());
        }
    }
    if run.stopped.borrow().is_none() {
        let say: RefCell<&mut dyn FnMut(Event)> = RefCell::new(&mut event);
        // Whoever waits hears Ctrl-C itself; in the middle of a request nobody else would.
        if let Err(stop) = unless_stopped(run.drive(&say)).await {
            run.stopped
                .borrow_mut()
                .get_or_insert_with(|| Error::stopped(stop));
        }
    }
    Ended {
        came: run.came.into_inner(),
        receipt: run.receipt.into_inner(),
        error: run.stopped.into_inner(),
        opens: run.opens.get(),
        resume: run.resume,
    }
}

fn granted(plan: &Plan) -> bool {
    plan.actions.iter().any(Action::grants_key)
}

/// What became of each environment.
fn tell(report: &mut FleetReport<'_>, came: &[Came]) {
    for (member, came) in report.environments.iter_mut().zip(came) {
        member.outcome = match came {
            Came::Not if member.outcome == MemberOutcome::Planned => MemberOutcome::NotStarted,
            Came::Not => continue,
            Came::Begun | Came::Runs => MemberOutcome::Running,
            Came::Done => MemberOutcome::Done,
            Came::Failed(error) => {
                member.error = Some(error.to_string());
                MemberOutcome::Failed
            }
        };
    }
}

/// The others that failed meanwhile are said, too; the first one decides.
fn others_too(came: &[Came], first: &Error, out: &mut Out) {
    for came in came {
        if let Came::Failed(other) = came
            && other != first
        {
            out.error_in_passing(other);
        }
    }
}

/// A last look at everything: that, and no status code, is what "done" means.
async fn proof(context: &Context, wanted: &Wanted, goes_on: &str) -> Result<(Fleet, Proof)> {
    let after = match unless_stopped(looked(context, wanted.clone())).await {
        Ok(after) => after.map_err(|error| {
            let why = error.to_string();
            let what = "Everything was done, but the re-read that shows it failed.";
            Error::new(Kind::Unverified, what).detail(why).hint(goes_on)
        })?,
        Err(stop) => {
            let what = "Interrupted; everything was done, and nothing is verified.";
            return Err(Error::new(Kind::Interrupted(stop), what).hint(goes_on));
        }
    };
    let proof = proven(&after.fleet.plan)?;
    Ok((after.fleet, proof))
}

/// Proves what was done, and reports how far it came.
async fn finish(
    context: &Context,
    wanted: &Wanted,
    ended: Ended,
    mut report: FleetReport<'_>,
    out: &mut Out,
) -> Result<()> {
    let Ended {
        came,
        receipt,
        error,
        opens,
        resume,
    } = ended;
    report.receipt = receipt;
    let unfinished = came
        .iter()
        .any(|came| matches!(came, Came::Runs | Came::Begun));
    tell(&mut report, &came);
    let goes_on = format!(
        "Go on with the same command: `{resume}` (what is done is skipped, what runs is waited \
        for)."
    );
    if let Some(error) = error {
        others_too(&came, &error, out);
        let waits = error.kind == Kind::StillRunning;
        report.outcome = if waits {
            FleetOutcome::Running
        } else {
            FleetOutcome::Failed
        };
        report.opens = opens.filter(|_| waits);
        report.next.push(goes_on.clone());
        out.data(&report, &report.sheet());
        return Err(resumed(error, unfinished, goes_on));
    }
    if report.environments.iter().any(|one| {
        matches!(
            one.outcome,
            MemberOutcome::Running | MemberOutcome::NotStarted
        )
    }) {
        report.outcome = FleetOutcome::Running;
        report.next.push(goes_on);
        out.data(&report, &report.sheet());
        return Err(quiet(
            Kind::StillRunning,
            "It was not waited for: some of it runs at the service or is not started yet.",
        ));
    }
    let (after, proof) = proof(context, wanted, &goes_on).await?;
    report.outcome = FleetOutcome::Done(proof);
    if after
        .members
        .iter()
        .any(|member| member.place == crate::model::fleet::Place::Encrypted)
    {
        report.next.push(
            "Keep the keys, their vaults and the policies' access: without them environments go \
            offline at once."
                .to_owned(),
        );
    }
    out.data(&report, &report.sheet());
    seen(&after)
}

/// An interruption and a wait that ended say how to go on, and everything else says it besides.
fn resumed(error: Error, unfinished: bool, goes_on: String) -> Error {
    let mut error = error;
    if error.kind.is_interruption() {
        error.hints.clear();
        if unfinished && !error.message.contains("goes on at the service") {
            error
                .message
                .push_str(" What was started goes on at the service.");
        }
    }
    error.hint(goes_on)
}
