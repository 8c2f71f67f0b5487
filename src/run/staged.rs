//! The stages of every change, for a single command and for a file: snapshot, plan, consent, apply,
//! proof. Each stage consumes the value of the previous one, so none can be skipped.

use super::consent::{ConsentFlags, blocked, consent, names_fit, unchanged};
use super::proving::proven;
use super::{Context, unchanged_plan};
use crate::audit::Trail;
use crate::error::{Error, Kind, Result};
use crate::interrupt::unless_stopped;
use crate::model::plan::{Consent, Plan};
use crate::model::proof::Proof;
use crate::report::Out;
use std::time::Instant;

/// A change that goes through the stages.
pub(super) trait Road {
    /// A snapshot with its plan.
    type Look;
    /// The result of its actions.
    type Ran;

    /// The subcommand's name.
    fn name(&self) -> &'static str;

    /// Takes a snapshot of everything.
    async fn look(&self) -> Result<Self::Look>;

    /// The plan of a snapshot.
    fn plan<'l>(&self, look: &'l Self::Look) -> &'l Plan;

    /// Names that `--confirm` may contain although the plan does not require them.
    fn names<'l>(&'l self, look: &'l Self::Look) -> Vec<&'l str>;

    /// Was anything changed before the plan, such as by `--fix`?
    fn repaired(&self) -> bool;

    /// Checks that everything was visible, so that "nothing to do" is true.
    ///
    /// # Errors
    /// A part was not visible.
    fn whole(&self, look: &Self::Look) -> Result<()>;

    /// Is the plan of a fresh snapshot still what the caller consented to? The flag says whether
    /// the caller was asked at a prompt.
    ///
    /// # Errors
    /// Refused, with every difference.
    fn same(&self, seen: &Self::Look, somebody: bool, fresh: &Self::Look) -> Result<()>;

    /// Runs the plan.
    ///
    /// # Errors
    /// A failure of the whole, with the command to continue.
    async fn apply(&self, approved: &Approved<Self::Look>, out: &mut Out) -> Result<Self::Ran>;

    /// The error for actions that failed, still run, or did not start. It replaces the success.
    fn unfinished(&self, look: &Self::Look, ran: &Self::Ran) -> Option<Error>;

    /// Proves that nothing is left to do and nothing blocks.
    ///
    /// # Errors
    /// `Kind::Unverified`, with what is left.
    fn proven(&self, done: &Plan, after: &Self::Look) -> Result<Proof>;

    /// The hint on how to continue without the proof.
    fn goes_on(&self, ran: &Self::Ran) -> String;

    /// An interruption after all actions, with the command to continue.
    fn resumed(&self, error: Error, ran: &Self::Ran) -> Error;

    /// Reports the end.
    fn report(&self, look: &Self::Look, end: End<'_, Self>, out: &mut Out);
}

/// The end of a change.
pub(super) enum End<'a, R: Road + ?Sized> {
    /// A blocker or an unknown fact forbids the start.
    Blocked,
    /// `--dry-run` ends after the plan.
    Planned,
    /// There is nothing to do, with the proof.
    Unchanged(Proof),
    /// There is no consent, or it no longer fits.
    Refused(&'a Error),
    /// Some actions failed, still run, or did not start.
    Unfinished(&'a R::Ran),
    /// All done, with the proof, the result and the snapshot that shows it.
    Done(Proof, &'a R::Ran, &'a R::Look),
}

/// A snapshot, and when it began. Measured in wall-clock time, because sandbox time may be
/// accelerated.
pub(super) struct Looked<L> {
    pub(super) look: L,
    pub(super) began: Instant,
}

/// A plan with actions and without blockers.
struct Planned<L>(Looked<L>);

/// A plan with consent that fits the current state.
pub(super) struct Approved<L> {
    /// The snapshot that the consent was given for.
    pub(super) seen: L,
    fresh: Option<L>,
    pub(super) consent: Consent,
    pub(super) trail: Trail,
}

impl<L> Approved<L> {
    /// The snapshot whose plan runs. A fresh one has the same plan as `seen`.
    pub(super) fn look(&self) -> &L {
        self.fresh.as_ref().unwrap_or(&self.seen)
    }
}

/// A plan that was run as far as cmkctl waits for it.
struct Applied<'a, R: Road> {
    approved: Approved<R::Look>,
    ran: R::Ran,
    road: &'a R,
}

/// Takes a snapshot through all stages.
///
/// # Errors
/// Every end except success, with its exit code.
pub(super) async fn walk<R: Road>(
    (context, road): (&Context, &R),
    looked: Looked<R::Look>,
    asked: &ConsentFlags,
    out: &mut Out,
) -> Result<()> {
    let Some(planned) = looked.planned(road, asked, out)? else {
        return Ok(());
    };
    let approved = Box::pin(planned.approved((context, road), asked, out)).await?;
    let applied = Box::pin(approved.applied(road, out)).await?;
    applied.proven(out).await
}

impl<L> Looked<L> {
    /// The plan to continue with. `None` if the command ends here.
    fn planned<R: Road<Look = L>>(
        self,
        road: &R,
        asked: &ConsentFlags,
        out: &mut Out,
    ) -> Result<Option<Planned<L>>> {
        let (look, plan) = (&self.look, road.plan(&self.look));
        if let Err(error) = blocked(plan, road.repaired()) {
            road.report(look, End::Blocked, out);
            return Err(error);
        }
        let so_far = unchanged(road.repaired());
        names_fit(plan, asked, &road.names(look), so_far)?;
        if asked.dry_run {
            road.report(look, End::Planned, out);
            road.whole(look)?;
            return if asked.detailed_exitcode && !plan.actions.is_empty() {
                Err(Error::new(Kind::Pending, "The plan contains changes."))
            } else {
                Ok(None)
            };
        }
        if plan.actions.is_empty() {
            road.report(look, End::Unchanged(proven(plan)?), out);
            return road.whole(look).map(|()| None);
        }
        Ok(Some(Planned(self)))
    }
}

impl<L> Planned<L> {
    /// Gets the consent. Takes a new snapshot if the caller was asked or the old one is older than
    /// [`unchanged_plan::MAX_AGE_BEFORE_SEND`], and refuses if the plan differs.
    async fn approved<R: Road<Look = L>>(
        self,
        (context, road): (&Context, &R),
        asked: &ConsentFlags,
        out: &mut Out,
    ) -> Result<Approved<L>> {
        let Looked { look, began } = self.0;
        let plan = road.plan(&look);
        let trail = context.trail(road.name(), plan)?;
        let consented = match consent(plan, asked, unchanged(road.repaired()), out).await {
            Ok((consent, somebody))
                if somebody || began.elapsed() > unchanged_plan::MAX_AGE_BEFORE_SEND =>
            {
                recheck(road, &look, somebody)
                    .await
                    .map(|fresh| (consent, Some(fresh)))
            }
            Ok((consent, _)) => Ok((consent, None)),
            Err(error) => Err(error),
        };
        match consented {
            Ok((consent, fresh)) => Ok(Approved {
                seen: look,
                fresh,
                consent,
                trail,
            }),
            Err(error) => {
                road.report(&look, End::Refused(&error), out);
                Err(error)
            }
        }
    }
}

/// A fresh snapshot whose plan is the one consented to.
async fn recheck<R: Road>(road: &R, seen: &R::Look, somebody: bool) -> Result<R::Look> {
    let fresh = road.look().await?;
    road.same(seen, somebody, &fresh)?;
    Ok(fresh)
}

impl<L> Approved<L> {
    async fn applied<'a, R: Road<Look = L>>(
        self,
        road: &'a R,
        out: &mut Out,
    ) -> Result<Applied<'a, R>> {
        let ran = road.apply(&self, out).await?;
        if let Some(error) = road.unfinished(self.look(), &ran) {
            road.report(self.look(), End::Unfinished(&ran), out);
            return Err(error);
        }
        Ok(Applied {
            approved: self,
            ran,
            road,
        })
    }
}

impl<R: Road> Applied<'_, R> {
    /// Takes the last snapshot. Only its plan proves "done", never a status code.
    async fn proven(self, out: &mut Out) -> Result<()> {
        let Applied {
            approved,
            ran,
            road,
        } = self;
        let after = match unless_stopped(road.look()).await {
            Ok(Ok(after)) => after,
            Ok(Err(error)) => return Err(unread(&error, road.goes_on(&ran))),
            Err(stop) => {
                let what = "Interrupted. All steps ran, but cmkctl has not verified the result.";
                return Err(road.resumed(Error::new(Kind::Interrupted(stop), what), &ran));
            }
        };
        let look = approved.look();
        let proof = road.proven(road.plan(look), &after)?;
        road.report(look, End::Done(proof, &ran, &after), out);
        road.whole(&after)
    }
}

/// The error if all actions ran but the last snapshot failed: the proof is missing.
fn unread(error: &Error, goes_on: String) -> Error {
    Error::new(
        Kind::Unverified,
        "All steps ran, but cmkctl could not verify the result.",
    )
    .detail(error.to_string())
    .hint(goes_on)
}
