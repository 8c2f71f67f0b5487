//! The commands that change something: the whole road.

use super::asking::{Asked, blocked, consent, names_fit};
use super::ending::{again, next, resumed, unread};
use super::rechecking::still_right;
use super::{Context, Job, fixing, holding, quiet};
use crate::apply::Applier;
use crate::error::{Error, Kind, Result};
use crate::interrupt::unless_stopped;
use crate::model::finding::{Finding, Severity};
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::proof::Proof;
use crate::model::receipt::Receipt;
use crate::model::target::Target;
use crate::observe::{observe, resolve};
use crate::report::{Change, Out, Outcome};
use futures::future::LocalBoxFuture;
use std::time::Instant;

/// A changing command: the whole road.
///
/// # Errors
/// Every way it can end short of the wanted state, with its exit code.
#[expect(
    clippy::too_many_lines,
    reason = "the issue *Evidence as types* makes it one staged run, shared with `apply`"
)]
pub async fn change(
    context: &Context,
    job: Job,
    target: &Target,
    asked: &Asked,
    out: &mut Out,
) -> Result<()> {
    job.require(target)?;
    let reader = context.reader();
    let id = match &target.environment {
        Some(typed) if job.of_environment() => Some(resolve(&reader, typed).await?),
        // The Key Vault administrator need not see any environment; then the location must be
        // given.
        Some(typed) => match resolve(&reader, typed).await {
            Ok(id) => Some(id),
            Err(error) if error.kind == Kind::Forbidden && target.location.is_some() => None,
            Err(error) if error.kind == Kind::Forbidden => {
                return Err(error.hint(
                    "Or pass `--location`, the environment's geography, instead of the \
                        environment.",
                ));
            }
            Err(error) => return Err(error),
        },
        None => None,
    };
    let wants = job.wants(target);
    let own = job.own(target);
    let looked = Instant::now();
    let mut observed = observe(&reader, context.clock(), &own, id.as_deref(), wants).await?;
    if job == Job::RetireKey {
        known_version(&own, &observed)?;
    }
    let mut plan = job.plan(&own, &observed);
    let mut repaired = Receipt::default();
    if asked.fix {
        repaired = fixing::fix(context, (job, &own), (&observed, &plan), asked, out).await?;
        if !repaired.done.is_empty() {
            observed = observe(&reader, context.clock(), &own, id.as_deref(), wants).await?;
            plan = job.plan(&own, &observed);
        }
    }
    let environment = observed.environment.present();
    let title = environment.filter(|_| job.of_environment()).map_or_else(
        || format!("Plan of {}:", job.command()),
        |environment| {
            format!(
                "Plan of {} for `{}` ({}):",
                job.command(),
                environment.display_name,
                environment.id
            )
        },
    );
    let mut change = Change {
        schema: "cmkctl/change/v1",
        command: job.command(),
        outcome: Outcome::Planned,
        environment: environment.map(|environment| environment.id.as_str()),
        environment_name: environment.map(|environment| environment.display_name.as_str()),
        policy: target.policy.as_ref().map(ToString::to_string),
        plan: &plan,
        receipt: &repaired,
        next: Vec::new(),
    };
    out.plan(&plan, &title, asked.dry_run && !out.is_for_scripts());
    let key = own.key.as_ref().map(|key| key.as_str());
    let vault = own.vault.as_ref().map(|vault| vault.name.as_str());
    let known: Vec<&str> = change
        .environment_name
        .into_iter()
        .chain(key)
        .chain(vault)
        .collect();
    let blocked = blocked(&plan);
    if blocked.is_ok() {
        names_fit(&plan, asked, &known)?;
    }
    if asked.dry_run || blocked.is_err() {
        if blocked.is_err() {
            change.outcome = Outcome::Blocked;
        }
        out.data_for_scripts(&change);
        return blocked.and_then(|()| {
            let pending = asked.detailed_exitcode && !plan.actions.is_empty();
            if pending {
                Err(Error::new(Kind::Pending, "There is something to do."))
            } else {
                Ok(())
            }
        });
    }
    if plan.actions.is_empty() {
        change.outcome = Outcome::Unchanged(proven(&plan)?);
        change.next = next(context, job, target, &observed, false);
        out.data(&change, &change.sheet());
        return Ok(());
    }
    let trail = context.trail(job.command(), &plan)?;
    let held = match consent(&plan, asked, out).await {
        Ok((consent, somebody_was_asked)) => {
            if somebody_was_asked || looked.elapsed() > holding::FRESH {
                let fresh = observe(&reader, context.clock(), &own, id.as_deref(), wants).await?;
                holding::same(job, &own, (&plan, somebody_was_asked), &observed, &fresh)
                    .map(|plan| (consent, plan))
            } else {
                Ok((consent, plan.clone()))
            }
        }
        Err(error) => Err(error),
    };
    let (consent, plan) = match held {
        Ok(held) => held,
        Err(error) => {
            if !error.kind.is_interruption() {
                change.outcome = Outcome::Refused;
            }
            out.data_for_scripts(&change);
            return Err(error);
        }
    };
    let mut say = |event| out.event(&event);
    let recheck = |action: &Action| -> LocalBoxFuture<'_, Result<()>> {
        let action = action.clone();
        let (own, id) = (&own, id.as_deref());
        Box::pin(async move { still_right(context, (job, own, id), &action).await })
    };
    let mut applier = Applier {
        writer: context.session.writer(consent, trail),
        reader: reader.clone(),
        clock: context.clock().clone(),
        waiting: asked.waiting,
        resume: job.resume(
            &context.program(),
            target,
            environment.map(|environment| environment.id.as_str()),
        ),
        started: false,
        recheck: &recheck,
        say: &mut say,
    };
    // What waits hears Ctrl-C itself and knows best what to say; in the middle of a request nobody
    // else would.
    let applied = unless_stopped(applier.apply(&plan))
        .await
        .unwrap_or_else(|stop| Err(Error::stopped(stop)));
    let (started, resume) = (applier.started, applier.resume.clone());
    let again = again(
        context,
        job,
        target,
        environment.map(|environment| environment.id.as_str()),
    );
    let mut receipt = applied.map_err(|error| resumed(error, started, &resume, &again))?;
    receipt.done.splice(0..0, repaired.done.iter().cloned());
    change.receipt = &receipt;
    if receipt.running.is_some() {
        change.outcome = Outcome::Running;
        change.next = vec![format!(
            "Wait for it from any machine: `{} status {} --wait`, or the same command again \
            (starts nothing a second time).",
            context.program(),
            change.environment.unwrap_or_default(),
        )];
        out.data(&change, &change.sheet());
        return Err(quiet(
            Kind::StillRunning,
            "It runs at the service; it was not waited for.",
        ));
    }
    let after = match unless_stopped(observe(
        &reader,
        context.clock(),
        &own,
        id.as_deref(),
        wants,
    ))
    .await
    {
        Ok(after) => after.map_err(|error| unread(error, &again))?,
        Err(stop) => {
            let what = "Interrupted; everything was done, and nothing is verified.";
            return Err(resumed(
                Error::new(Kind::Interrupted(stop), what),
                started,
                &resume,
                &again,
            ));
        }
    };
    change.outcome = Outcome::Done(verify(job, &own, &after, &plan)?);
    change.next = next(context, job, target, &after, true);
    out.data(&change, &change.sheet());
    Ok(())
}

/// Does the key have the version that was named?
fn known_version(target: &Target, observed: &Observed) -> Result<()> {
    let (Some(asked), Some(versions)) = (&target.key_version, observed.around.versions.present())
    else {
        return Ok(());
    };
    if versions.iter().any(|version| version.id == *asked) {
        return Ok(());
    }
    let known: Vec<&str> = versions.iter().map(|version| version.id.as_str()).collect();
    Err(
        Error::usage(format!("The key has no version {}.", asked.as_str()))
            .hint(format!("Its versions: {}.", known.join(", "))),
    )
}

/// The plan of a fresh look must be empty: that, and no status code, is what "done" means.
fn verify(job: Job, target: &Target, after: &Observed, done: &Plan) -> Result<Proof> {
    // What was made again is not to be made once more.
    let mut rest = job.plan(
        &Target {
            again: false,
            ..target.clone()
        },
        after,
    );
    // What the plan said to be hidden from this caller is hidden still, and nothing that this run
    // claims.
    rest.findings.retain(|gap| {
        let said = |old: &Finding| {
            old.severity == Severity::NotVisible
                && old.code == gap.code
                && old.subject == gap.subject
        };
        gap.severity != Severity::Unknown || !done.findings.iter().any(said)
    });
    proven(&rest)
}

/// The proof that nothing is left to do, and nothing in the way.
pub(super) fn proven(rest: &Plan) -> Result<Proof> {
    Proof::of(rest).map_err(|problems| {
        let what = "Everything was sent, but a re-read does not show the wanted state.";
        let error = problems
            .into_iter()
            .fold(Error::new(Kind::Unverified, what), Error::hint);
        error.hint("Reads can lag: run the same command again; it sends only what is missing.")
    })
}
