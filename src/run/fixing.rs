//! `--fix`: what can be repaired without harm is repaired first, each with a consent of its own.
//! What can't be undone is not among it, save purge protection, for which the vault's name must be
//! typed.

use super::asking::{Asked, question};
use super::{Context, Job};
use crate::apply::{Applier, Waiting};
use crate::error::{Error, Result};
use crate::interrupt::unless_stopped;
use crate::model::action::facts::{Facts, OnTheWay};
use crate::model::known::Known;
use crate::model::observed::Observed;
use crate::model::plan::{Action, Consent, Missing, Plan};
use crate::model::receipt::{Event, Receipt};
use crate::model::target::Target;
use crate::report::Out;

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
    let policy = observed.policy.present().is_some();
    let fits = |action: &&Action| match action.facts().on_the_way {
        OnTheWay::No => false,
        OnTheWay::AtAnyTime => true,
        OnTheWay::OncePolicyIsThere => policy,
    };
    let safe = plan.actions.iter().filter(fits);
    let mut repairs: Vec<Repair> = safe
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
    if let Some(vault) = observed
        .vault
        .present()
        .filter(|vault| job.makes_policy() && vault.purge_protection == Known::Known(false))
    {
        repairs.push(Repair {
            action: Action::ProtectFromPurge {
                vault: vault.id.clone(),
            },
            yes: asked.protect.as_ref() == Some(&vault.id.name),
            flags: "--protect-from-purge VAULT_NAME",
        });
    }
    repairs
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
            .facts()
            .harm
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
            // No repair takes anybody offline.
            recheck: &|_| Box::pin(async { Ok(()) }),
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
    let Facts { why, harm, .. } = repair.action.facts();
    Ok(match harm.typed_consent() {
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
