//! `apply FILE` and `apply PLAN`: the same stages as every change, for many environments.

use super::consent::{ConsentFlags, came_up, unchanged};
use super::proving::proven;
use super::rechecking::{same_evidence, unsent};
use super::staged::{Approved, End, Looked, Road, walk};
use super::wanted::{Planned, command, looked, seen};
use super::waves::{Progress, Run};
use super::{Context, handing, quiet, unchanged_plan};
use crate::apply::{Applier, Waiting, continues};
use crate::config::{self, Given};
use crate::error::{Error, Kind, Result};
use crate::interrupt::unless_stopped;
use crate::model::fleet::{FleetSnapshot, MemberState, Saved};
use crate::model::plan::{Action, Consent, Plan};
use crate::model::proof::Proof;
use crate::model::receipt::{Event, Receipt};
use crate::model::roles::ROLE_SETTLES;
use crate::model::wanted::{Wanted, WantedPolicy};
use crate::observe::observe_member;
use crate::report::{FleetOutcome, FleetReport, MemberOutcome, Out};
use crate::steps::wanted::plan;
use futures::future::LocalBoxFuture;
use std::cell::{Cell, RefCell};
use std::path::Path;
use std::time::Instant;

/// Makes the changes that bring the current state to the desired state of the file.
///
/// # Errors
/// Every other end, with its exit code.
pub async fn apply_wanted(
    context: &Context,
    file: &Path,
    asked: &ConsentFlags,
    out: &mut Out,
) -> Result<()> {
    let to = asked.hand_over.as_deref();
    handing::reserve(to, out)?;
    let (mut wanted, saved) = match config::given(file)? {
        Given::Wanted(wanted) => (wanted, None),
        Given::Saved(saved) => (saved.wanted.clone(), Some(valid(context, *saved, file)?)),
    };
    let now = context.clock().now();
    wanted.begin(saved.as_ref().map_or(now, |saved| saved.at));
    let road = Applying {
        context,
        wanted: &wanted,
        resume: command(context, file),
        waiting: asked.waiting,
    };
    let began = Instant::now();
    let look = road.look().await?;
    let name = file.display().to_string();
    out.fleet(&name, &wanted, &look.fleet, asked.dry_run);
    handing::of_file(context, &look, to, out).await?;
    let kept = saved.as_ref().map_or(Ok(()), |saved| {
        unchanged_plan::still_as_saved(&saved.actions, &look.fleet.plan)
    });
    if let Err(error) = kept {
        road.report(&look, End::Refused(&error), out);
        return Err(error);
    }
    walk((context, &road), Looked { look, began }, asked, out).await
}

/// A file on its way through the stages.
struct Applying<'a> {
    context: &'a Context,
    wanted: &'a Wanted,
    /// The command that continues.
    resume: String,
    waiting: Waiting,
}

/// The result for each environment, and the first failure.
struct Ended {
    progress: Vec<Progress>,
    receipt: Receipt,
    error: Option<Error>,
    opens: Option<jiff::Timestamp>,
}

impl Applying<'_> {
    fn way_on(&self) -> String {
        format!(
            "cmkctl skips steps that are done and waits for those in \
            progress. Continue with: `{}`.",
            self.resume
        )
    }

    /// Adds the result of each environment to the report.
    fn told<'l>(&'l self, look: &'l Planned, ended: &Ended) -> FleetReport<'l> {
        let mut report = self.of(look);
        report.receipt = ended.receipt.clone();
        for (member, progress) in report.environments.iter_mut().zip(&ended.progress) {
            member.outcome = match progress {
                Progress::Not if member.outcome == MemberOutcome::Planned => {
                    MemberOutcome::NotStarted
                }
                Progress::Not => continue,
                Progress::Begun | Progress::Runs => MemberOutcome::Running,
                Progress::Done => MemberOutcome::Done,
                Progress::Failed(error) => {
                    member.error = Some(error.to_string());
                    MemberOutcome::Failed
                }
            };
        }
        report
    }

    fn of<'l>(&'l self, look: &'l Planned) -> FleetReport<'l> {
        FleetReport {
            change: self.context.ticket(),
            ..FleetReport::new("apply", look.sight.at, &self.wanted.waves, &look.fleet)
        }
    }
}

impl Road for Applying<'_> {
    type Look = Planned;
    type Ran = Ended;

    fn name(&self) -> &'static str {
        "apply"
    }

    async fn look(&self) -> Result<Planned> {
        looked(self.context, self.wanted.clone()).await
    }

    fn plan<'l>(&self, look: &'l Planned) -> &'l Plan {
        &look.fleet.plan
    }

    fn repaired(&self) -> bool {
        false
    }

    fn names<'l>(&'l self, look: &'l Planned) -> Vec<&'l str> {
        let members = look.fleet.members.iter();
        let makes = |policy: &&WantedPolicy| policy.create_key.is_some();
        let vaults = self.wanted.policies.iter().filter(makes);
        let vaults = vaults.map(|policy| policy.vault.name.as_str());
        let members = members.map(|member| member.name.as_str());
        members.chain(vaults).collect()
    }

    fn whole(&self, look: &Planned) -> Result<()> {
        seen(&look.fleet)
    }

    fn same(&self, seen: &Planned, somebody: bool, fresh: &Planned) -> Result<()> {
        let then = plan(
            self.wanted,
            &FleetSnapshot {
                at: fresh.sight.at,
                ..seen.sight.clone()
            },
        );
        let (seen, fresh) = (&seen.fleet.plan, &fresh.fleet.plan);
        unchanged_plan::still_as_consented((seen, somebody), &then.plan, fresh, unchanged(false))
    }

    async fn apply(&self, approved: &Approved<Planned>, out: &mut Out) -> Result<Ended> {
        let fleet = &approved.look().fleet;
        let run = Run {
            context: self.context,
            wanted: self.wanted,
            fleet,
            waves: &self.wanted.waves,
            consent: approved.consent,
            trail: approved.trail.clone(),
            waiting: self.waiting,
            began: self.context.clock().moment(),
            effective: fleet.plan.effective_from,
            resume: self.resume.clone(),
            progress: RefCell::new(vec![Progress::Not; fleet.members.len()]),
            receipt: RefCell::default(),
            stopped: RefCell::default(),
            opens: Cell::default(),
        };
        let everything = everything(self.context, run, approved.consent, out);
        let ended = Box::pin(everything).await;
        if let Some(error) = &ended.error {
            others_too(&ended.progress, error, out);
        }
        Ok(ended)
    }

    fn unfinished(&self, look: &Planned, ended: &Ended) -> Option<Error> {
        if let Some(error) = &ended.error {
            return Some(self.resumed(error.clone(), ended));
        }
        let open = self.told(look, ended).environments.iter().any(|member| {
            matches!(
                member.outcome,
                MemberOutcome::Running | MemberOutcome::NotStarted
            )
        });
        open.then(|| {
            quiet(
                Kind::StillRunning,
                "cmkctl did not wait. Some operations are still running or not started yet.",
            )
        })
    }

    fn proven(&self, _: &Plan, after: &Planned) -> Result<Proof> {
        proven(&after.fleet.plan)
    }

    fn goes_on(&self, _: &Ended) -> String {
        self.way_on()
    }

    /// Adds how to continue. An interruption shows only that hint.
    fn resumed(&self, error: Error, ended: &Ended) -> Error {
        let mut error = error;
        if error.kind.is_interruption() {
            error.hints.clear();
            let mut progress = ended.progress.iter();
            let unfinished =
                progress.any(|progress| matches!(progress, Progress::Runs | Progress::Begun));
            if unfinished {
                continues(&mut error);
            }
        }
        error.hint(self.way_on())
    }

    fn report(&self, look: &Planned, end: End<'_, Self>, out: &mut Out) {
        let mut report = self.of(look);
        match end {
            End::Blocked | End::Planned => return out.data_for_scripts(&report),
            End::Refused(error) => {
                if matches!(error.kind, Kind::Refused | Kind::Usage) {
                    report.outcome = FleetOutcome::Refused;
                }
                return out.data_for_scripts(&report);
            }
            End::Unchanged(_) => {}
            End::Unfinished(ended) => {
                report = self.told(look, ended);
                let failed = ended.error.as_ref();
                let failed = failed.is_some_and(|error| error.kind != Kind::StillRunning);
                report.outcome = if failed {
                    FleetOutcome::Failed
                } else {
                    FleetOutcome::Running
                };
                report.opens = ended.opens.filter(|_| ended.error.is_some() && !failed);
                // The error contains this hint already.
                if ended.error.is_none() {
                    report.next.push(self.way_on());
                }
            }
            End::Done(proof, ended, after) => {
                report = self.told(look, ended);
                report.outcome = FleetOutcome::Done(proof);
                let mut members = after.fleet.members.iter();
                if members.any(|member| member.place == MemberState::Encrypted) {
                    report.next.push(
                        "Do not delete or disable the keys, their vaults or the policies' access. \
                        The environments would go offline immediately."
                            .to_owned(),
                    );
                }
            }
        }
        out.data(&report, &report.sheet(out.is_quiet()));
    }
}

/// Can this plan run here? It must be complete and for this cloud.
fn valid(context: &Context, saved: Saved, file: &Path) -> Result<Saved> {
    let cloud = &context.session.cloud().name;
    if saved.cloud != *cloud {
        let what = format!(
            "The plan `{}` is for the cloud `{}`, but this command uses `{cloud}`.",
            file.display(),
            saved.cloud
        );
        return Err(Error::usage(what).hint("Pass the `--cloud` that the plan is for."));
    }
    if !saved.is_whole() {
        let what = format!(
            "The plan `{}` was changed after it was made: its fingerprint differs.",
            file.display()
        );
        return Err(Error::new(Kind::Refused, what).hint(
            "Edit the file that the plan was made from. Then make a new plan: `cmkctl plan FILE \
            --out PLAN`.",
        ));
    }
    Ok(saved)
}

/// Runs the policies one after the other, then the environments in waves.
async fn everything(context: &Context, mut run: Run<'_>, consent: Consent, out: &mut Out) -> Ended {
    let mut event = |event: Event| out.event(&event);
    let first = run.fleet.of_policies();
    let wanted = run.wanted;
    let recheck = |action: &Action| -> LocalBoxFuture<'_, Result<()>> {
        let action = action.clone();
        Box::pin(async move { still_right(context, wanted, &action).await })
    };
    if !first.actions.is_empty() {
        let mut applier = Applier {
            writer: context.session.writer(consent, run.trail.clone()),
            reader: context.reader(),
            clock: context.clock().clone(),
            waiting: run.waiting,
            resume: run.resume.clone(),
            started: false,
            running: None,
            recheck: &recheck,
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
        // Waits handle Ctrl-C themselves. This catches it during a request.
        if let Err(stop) = unless_stopped(run.drive(&say)).await {
            run.stopped
                .borrow_mut()
                .get_or_insert_with(|| Error::stopped(stop));
        }
    }
    Ended {
        progress: run.progress.into_inner(),
        receipt: run.receipt.into_inner(),
        error: run.stopped.into_inner(),
        opens: run.opens.get(),
    }
}

/// Reads everything for the policies again directly before a vault is created, because its purge
/// protection can't be turned off.
async fn still_right(context: &Context, wanted: &Wanted, action: &Action) -> Result<()> {
    let wanted = wanted.of_policies();
    let reader = context.reader();
    let sight = Box::pin(observe_member(&reader, context.clock(), &wanted)).await?;
    let fresh = plan(&wanted, &sight).plan;
    came_up(&unsent(action), &fresh)?;
    same_evidence(action, &fresh.actions)
}

fn granted(plan: &Plan) -> bool {
    plan.actions.iter().any(Action::grants_key)
}

/// Prints the other failures of the same run. The first one decides the exit code.
fn others_too(outcomes: &[Progress], first: &Error, out: &mut Out) {
    for progress in outcomes {
        if let Progress::Failed(other) = progress
            && other != first
        {
            out.error_in_passing(other);
        }
    }
}
