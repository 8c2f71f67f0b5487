//! `--fix`: first makes the repairs without harm, each with its own consent. Irreversible actions
//! are excluded, except purge protection, for which the vault's name must be typed.

use super::Context;
use super::commands::{Command, protected};
use super::consent::{ConsentFlags, changed, is_yes, question, unchanged};
use super::rechecking::{same_evidence, unsent};
use crate::apply::{Applier, Waiting};
use crate::error::{Error, Kind, Result};
use crate::interrupt::unless_stopped;
use crate::model::action::facts::{Facts, Harm, Lack, OnTheWay, Subject};
use crate::model::observed::Observed;
use crate::model::plan::{Action, Consent, Missing, Plan};
use crate::model::receipt::{Event, Receipt};
use crate::model::target::Target;
use crate::observe::observe_vault;
use crate::report::Out;

/// What `--fix` did.
#[derive(Debug, Default)]
pub(super) struct Repaired {
    /// The repairs that succeeded.
    pub(super) receipt: Receipt,
    /// Was a repair sent? A failed one may have changed something too.
    pub(super) sent: bool,
}

impl Repaired {
    /// Notes how a repair ended. A failure is only reported.
    ///
    /// # Errors
    /// An interruption.
    fn note(&mut self, applied: Result<Receipt>, out: &mut Out) -> Result<()> {
        match applied {
            Ok(done) => {
                self.sent = true;
                self.receipt.done.extend(done.done);
            }
            Err(error) if error.kind.is_interruption() => return Err(error),
            Err(error) => {
                // `Kind::Refused`: its evidence no longer holds, so nothing was sent.
                self.sent |= error.kind != Kind::Refused;
                out.error_in_passing(&error);
            }
        }
        Ok(())
    }
}

/// A repair, and whether the command line already consents to it.
struct Repair {
    action: Action,
    yes: bool,
    /// The flags that consent to it.
    flags: &'static str,
}

/// The possible repairs of this plan.
fn repairs(
    command: &Command,
    target: &Target,
    observed: &Observed,
    plan: &Plan,
    asked: &ConsentFlags,
) -> Vec<Repair> {
    let policy = observed.policy.present().is_some();
    let fits = |action: &&Action| match action.facts().on_the_way {
        OnTheWay::No => false,
        OnTheWay::AtAnyTime => true,
        OnTheWay::OncePolicyIsThere => policy,
    };
    // A repair out of the plan's order never harms.
    let harmless = |action: &&Action| action.facts().harm == Harm::None;
    let safe = plan.actions.iter().filter(harmless).filter(fits);
    let mut repairs: Vec<Repair> = safe
        .map(|action| Repair {
            action: action.clone(),
            yes: asked.yes,
            flags: "--yes",
        })
        .collect();
    repairs.extend(
        command
            .mends(observed)
            .into_iter()
            .map(|action| mend(action, target, asked)),
    );
    repairs
}

/// A repair from `Command::mends`, and what consents to it.
fn mend(action: Action, target: &Target, asked: &ConsentFlags) -> Repair {
    let managed = action.facts().lack == Lack::Managed;
    let (yes, flags) = match action.facts().harm {
        Harm::Irreversible { vault } => (
            asked.protect.as_deref() == Some(vault),
            "--protect-from-purge VAULT_NAME",
        ),
        Harm::None if managed => (asked.yes && target.make_managed, "--yes --make-managed"),
        Harm::None => (asked.yes, "--yes"),
        // These require a typed name, so no flag consents.
        Harm::Offline { .. } | Harm::CutsOff { .. } => (false, "--yes"),
    };
    Repair { action, yes, flags }
}

/// Gathers the evidence of purge protection again. No other repair has evidence.
async fn still_right(context: &Context, action: &Action) -> Result<()> {
    let Subject::Vault(vault) = action.facts().subject else {
        let why = "cmkctl can't verify again that this repair is safe";
        return Err(changed(&unsent(action), why));
    };
    let fresh = observe_vault(&context.reader(), vault).await?;
    let fresh: Vec<Action> = protected(&fresh).into_iter().collect();
    same_evidence(action, &fresh)
}

/// Makes each repair that the caller consents to, and names the others. A failed repair does not
/// stop the next.
pub(super) async fn fix(
    context: &Context,
    (command, target): (&Command, &Target),
    (observed, plan): (&Observed, &Plan),
    asked: &ConsentFlags,
    out: &mut Out,
) -> Result<Repaired> {
    let mut repaired = Repaired::default();
    for repair in repairs(command, target, observed, plan, asked) {
        if asked.dry_run {
            out.say(&format!(
                "`--fix` would make this repair: {} (to confirm: {})",
                repair.action, repair.flags
            ));
            continue;
        }
        let single_step = Plan {
            actions: vec![repair.action.clone()],
            ..Plan::default()
        };
        let so_far = unchanged(repaired.sent);
        let Ok(consent) = consented(&single_step, &repair, so_far, out).await? else {
            out.say(&format!(
                "cmkctl skipped this repair, because you did not confirm it: {} (to confirm: {})",
                repair.action, repair.flags
            ));
            continue;
        };
        let trail = context.trail(command.name, &single_step)?;
        let mut say = |event: Event| out.event(&event);
        let mut applier = Applier {
            writer: context.session.writer(consent, trail),
            reader: context.reader(),
            clock: context.clock().clone(),
            waiting: Waiting::default(),
            resume: context.program(),
            started: false,
            running: None,
            recheck: &|action: &Action| {
                let action = action.clone();
                Box::pin(async move { still_right(context, &action).await })
            },
            say: &mut say,
        };
        let applied = unless_stopped(applier.apply(&single_step))
            .await
            .unwrap_or_else(|stop| {
                Err(Error::stopped(stop).hint(
                    "Run the same command again. It continues where this \
                    run stopped.",
                ))
            });
        repaired.note(applied, out)?;
    }
    Ok(repaired)
}

/// Gets the consent from the command line, or by a question.
async fn consented(
    plan: &Plan,
    repair: &Repair,
    so_far: &str,
    out: &mut Out,
) -> Result<std::result::Result<Consent, Missing>> {
    if !repair.yes {
        return ask(plan, repair, so_far, out).await;
    }
    let typed = repair.action.facts().harm.typed_consent();
    let typed: Vec<String> = typed.map(str::to_owned).into_iter().collect();
    Ok(plan.consent(true, &typed))
}

async fn ask(
    plan: &Plan,
    repair: &Repair,
    so_far: &str,
    out: &mut Out,
) -> Result<std::result::Result<Consent, Missing>> {
    let Facts { why, harm, .. } = repair.action.facts();
    Ok(match harm.typed_consent() {
        Some(name) => {
            let prompt = format!(
                "{}? {why} Type `{name}`, or anything else to skip this repair:",
                repair.action
            );
            let answer = question(&prompt, so_far, out).await?;
            plan.consent(true, &answer.into_iter().collect::<Vec<_>>())
        }
        None => {
            let prompt = format!(
                "{}? {why} Type `yes`, or anything else to skip this repair:",
                repair.action
            );
            let answer = question(&prompt, so_far, out).await?;
            plan.consent(answer.as_deref().is_some_and(is_yes), &[])
        }
    })
}
