//! `--fix`: what can be repaired without harm is repaired first, each with a consent of its own.
//! What can't be undone is not among it, save purge protection, for which the vault's name must be
//! typed.

use super::asking::{Asked, question};
use super::rechecking::same_evidence;
use super::{Context, Job};
use crate::apply::{Applier, Waiting};
use crate::error::{Error, Result};
use crate::interrupt::unless_stopped;
use crate::model::observed::Observed;
use crate::model::plan::{Action, Consent, Missing, Plan};
use crate::model::receipt::{Event, Receipt};
use crate::model::target::Target;
use crate::observe::observe_vault;
use crate::report::Out;
use crate::steps::evidence::{PurgeEvidence, take};

/// A repair, and whether the command line consented to it.
struct Repair {
    action: Action,
    yes: bool,
    /// The flags that consent to it.
    flags: &'static str,
}

/// What can be repaired in this plan.
fn repairs(
    job: Job,
    target: &Target,
    observed: &Observed,
    plan: &Plan,
    asked: &Asked,
) -> Vec<Repair> {
    // Without a policy there is nobody to grant anything to.
    let policy = observed.policy.present().is_some();
    let safe = plan.actions.iter().filter(|action| action.is_safe());
    let mut repairs: Vec<Repair> = safe
        .filter(|action| policy || matches!(action, Action::RegisterProvider { .. }))
        .map(|action| Repair {
            action: action.clone(),
            yes: asked.yes,
            flags: "--yes",
        })
        .collect();
    let unmanaged = observed
        .environment
        .present()
        .filter(|environment| environment.managed() == Some(false));
    if let Some(environment) = unmanaged.filter(|_| job.adds()) {
        repairs.push(Repair {
            action: Action::MakeManaged {
                environment: environment.id.clone(),
                name: environment.display_name.clone(),
            },
            yes: asked.yes && target.make_managed,
            flags: "--yes --make-managed",
        });
    }
    if let Some(vault) = observed.vault.present().filter(|_| job.makes_policy()) {
        repairs.extend(protection(observed).into_iter().map(|action| Repair {
            action,
            yes: asked.protect.as_ref() == Some(&vault.id.name),
            flags: "--protect-from-purge VAULT_NAME",
        }));
    }
    repairs
}

/// Purge protection for the vault of the snapshot, where its evidence allows it.
fn protection(observed: &Observed) -> Option<Action> {
    let vault = observed.vault.present()?;
    let mut step = Plan::default();
    take(&mut step, PurgeEvidence::gather(observed), |evidence| {
        Action::ProtectFromPurge {
            vault: vault.id.clone(),
            evidence,
        }
    });
    step.actions.pop()
}

/// Gathers the evidence of a repair once more, if it has any.
async fn still_right(context: &Context, action: &Action) -> Result<()> {
    let Action::ProtectFromPurge { vault, .. } = action else {
        return Ok(());
    };
    let fresh = observe_vault(&context.reader(), vault).await?;
    let fresh: Vec<Action> = protection(&fresh).into_iter().collect();
    same_evidence(action, &fresh)
}

/// Repairs what somebody consents to, and says what is left out. A repair that fails does not stop
/// the others.
pub(super) async fn fix(
    context: &Context,
    (job, target): (Job, &Target),
    (observed, plan): (&Observed, &Plan),
    asked: &Asked,
    out: &mut Out,
) -> Result<Receipt> {
    let mut receipt = Receipt::default();
    for repair in repairs(job, target, observed, plan, asked) {
        if asked.dry_run {
            out.say(&format!(
                "--fix would: {} ({})",
                repair.action, repair.flags
            ));
            continue;
        }
        let one = Plan {
            actions: vec![repair.action.clone()],
            ..Plan::default()
        };
        let typed: Vec<String> = repair
            .action
            .typed_consent()
            .map(str::to_owned)
            .into_iter()
            .collect();
        let consent = if repair.yes {
            one.consent(true, &typed)
        } else {
            ask(&one, &repair, out).await?
        };
        let Ok(consent) = consent else {
            out.say(&format!(
                "Left out, because nobody consented: {} ({})",
                repair.action, repair.flags
            ));
            continue;
        };
        let trail = context.trail(job.command(), &one)?;
        let mut say = |event: Event| out.event(&event);
        let mut applier = Applier {
            writer: context.session.writer(consent, trail),
            reader: context.reader(),
            clock: context.clock().clone(),
            waiting: Waiting::default(),
            resume: context.program(),
            started: false,
            recheck: &|action: &Action| {
                let action = action.clone();
                Box::pin(async move { still_right(context, &action).await })
            },
            say: &mut say,
        };
        let applied = unless_stopped(applier.apply(&one))
            .await
            .unwrap_or_else(|stop| {
                Err(Error::stopped(stop).hint("Run the same command again: it goes on from there."))
            });
        match applied {
            Ok(done) => receipt.done.extend(done.done),
            Err(error) if error.kind.is_interruption() => return Err(error),
            Err(error) => out.error_in_passing(&error),
        }
    }
    Ok(receipt)
}

async fn ask(
    plan: &Plan,
    repair: &Repair,
    out: &mut Out,
) -> Result<std::result::Result<Consent, Missing>> {
    let why = repair.action.why();
    Ok(match repair.action.typed_consent() {
        Some(name) => {
            let words = format!(
                "{}? {why} Type `{name}`, anything else to leave it out:",
                repair.action
            );
            let answer = question(&words, out).await?;
            plan.consent(true, &answer.into_iter().collect::<Vec<_>>())
        }
        None => {
            let words = format!(
                "{}? {why} Type `yes`, anything else to leave it out:",
                repair.action
            );
            let answer = question(&words, out).await?;
            plan.consent(answer.as_deref() == Some("yes"), &[])
        }
    })
}
