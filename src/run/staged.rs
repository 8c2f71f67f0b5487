//! The stages of everything that changes something, of one command as of a whole file: what was
//! looked at is planned, what was planned is consented to, only that is applied, and a last look
//! proves it. Each stage can be had from the one before alone.

use super::asking::{Asked, blocked, consent, names_fit, unchanged};
use super::proving::proven;
use super::{Context, holding};
use crate::audit::Trail;
use crate::error::{Error, Kind, Result};
use crate::interrupt::unless_stopped;
use crate::model::plan::{Consent, Plan};
use crate::model::proof::Proof;
use crate::report::Out;
use std::time::Instant;

/// What goes through the stages.
pub(super) trait Road {
    /// What a look saw, with the plan of it.
    type Look;
    /// What came of its actions.
    type Ran;

    /// The subcommand's name.
    fn name(&self) -> &'static str;

    /// Looks at everything.
    async fn look(&self) -> Result<Self::Look>;

    /// The plan of a look.
    fn plan<'l>(&self, look: &'l Self::Look) -> &'l Plan;

    /// Names that `--confirm` may hold although the plan does not ask for them.
    fn names<'l>(&'l self, look: &'l Self::Look) -> Vec<&'l str>;

    /// Was anything changed before the plan, such as by `--fix`?
    fn repaired(&self) -> bool;

    /// Was everything visible that "nothing is to do" is said of?
    ///
    /// # Errors
    /// It was not.
    fn whole(&self, look: &Self::Look) -> Result<()>;

    /// Does a fresh look still do what was consented to? `somebody`: consent was asked for.
    ///
    /// # Errors
    /// It does not: refused, with everything that differs.
    fn same(&self, seen: &Self::Look, somebody: bool, fresh: &Self::Look) -> Result<()>;

    /// Runs the plan.
    ///
    /// # Errors
    /// A failure of the whole, with the way to go on.
    async fn apply(&self, approved: &Approved<Self::Look>, out: &mut Out) -> Result<Self::Ran>;

    /// What failed, was not waited for or not begun: said instead of a success.
    fn unfinished(&self, look: &Self::Look, ran: &Self::Ran) -> Option<Error>;

    /// Nothing may be left to do, and nothing in the way.
    ///
    /// # Errors
    /// `Kind::Unverified`, with what is left.
    fn proven(&self, done: &Plan, after: &Self::Look) -> Result<Proof>;

    /// How to go on where the proof is missing.
    fn goes_on(&self, ran: &Self::Ran) -> String;

    /// An interruption after everything was done, with the way to go on.
    fn resumed(&self, error: Error, ran: &Self::Ran) -> Error;

    /// Reports how it ended.
    fn report(&self, look: &Self::Look, end: End<'_, Self>, out: &mut Out);
}

/// How it ended.
pub(super) enum End<'a, R: Road + ?Sized> {
    /// A finding, or what is not known, forbids to start.
    Blocked,
    /// `--dry-run`.
    Planned,
    /// Nothing is to do, as this proves.
    Unchanged(Proof),
    /// There is no consent, or it does not hold any more.
    Refused(&'a Error),
    /// Not at its end.
    Unfinished(&'a R::Ran),
    /// Done, and shown by this look, as this proves.
    Done(Proof, &'a R::Ran, &'a R::Look),
}

/// A look, and when it began. Real time: a rehearsal's hour is a moment, in which nothing moves.
pub(super) struct Looked<L> {
    pub(super) look: L,
    pub(super) began: Instant,
}

/// A plan that has something to do, and nothing in its way.
struct Planned<L>(Looked<L>);

/// A plan that somebody consented to, and that fits what is there.
pub(super) struct Approved<L> {
    /// What consent was given for.
    pub(super) seen: L,
    fresh: Option<L>,
    pub(super) consent: Consent,
    pub(super) trail: Trail,
}

impl<L> Approved<L> {
    /// The look whose plan is run: it does what the one does that consent was given for.
    pub(super) fn look(&self) -> &L {
        self.fresh.as_ref().unwrap_or(&self.seen)
    }
}

/// A plan that was run, to its end as far as this program waits for it.
struct Applied<'a, R: Road> {
    approved: Approved<R::Look>,
    ran: R::Ran,
    road: &'a R,
}

/// Takes a look through all the stages.
///
/// # Errors
/// Every way it can end short of the wanted state, with its exit code.
pub(super) async fn walk<R: Road>(
    (context, road): (&Context, &R),
    looked: Looked<R::Look>,
    asked: &Asked,
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
    /// A plan to go on with; nothing when that was all.
    fn planned<R: Road<Look = L>>(
        self,
        road: &R,
        asked: &Asked,
        out: &mut Out,
    ) -> Result<Option<Planned<L>>> {
        let (look, plan) = (&self.look, road.plan(&self.look));
        if let Err(error) = blocked(plan, road.repaired()) {
            road.report(look, End::Blocked, out);
            return Err(error);
        }
        names_fit(plan, asked, &road.names(look))?;
        if asked.dry_run {
            road.report(look, End::Planned, out);
            road.whole(look)?;
            return if asked.detailed_exitcode && !plan.actions.is_empty() {
                Err(Error::new(Kind::Pending, "There is something to do."))
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
    /// Consent, and a plan that it holds for: what was seen so long ago that it may have moved is
    /// looked at once more.
    async fn approved<R: Road<Look = L>>(
        self,
        (context, road): (&Context, &R),
        asked: &Asked,
        out: &mut Out,
    ) -> Result<Approved<L>> {
        let Looked { look, began } = self.0;
        let plan = road.plan(&look);
        let trail = context.trail(road.name(), plan)?;
        let held = match consent(plan, asked, unchanged(road.repaired()), out).await {
            Ok((consent, somebody)) if somebody || began.elapsed() > holding::FRESH => {
                again(road, &look, somebody)
                    .await
                    .map(|fresh| (consent, Some(fresh)))
            }
            Ok((consent, _)) => Ok((consent, None)),
            Err(error) => Err(error),
        };
        match held {
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

/// A fresh look that does what was consented to.
async fn again<R: Road>(road: &R, seen: &R::Look, somebody: bool) -> Result<R::Look> {
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
    /// A last look: what it shows, and no status code, is what "done" means.
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
                let what = "Interrupted. Everything was done, but cmkctl has not verified it.";
                return Err(road.resumed(Error::new(Kind::Interrupted(stop), what), &ran));
            }
        };
        let look = approved.look();
        let proof = road.proven(road.plan(look), &after)?;
        road.report(look, End::Done(proof, &ran, &after), out);
        road.whole(&after)
    }
}

/// Everything was done, and then the look that proves it failed: that is no failure to run, but a
/// proof that is missing.
fn unread(error: &Error, goes_on: String) -> Error {
    Error::new(
        Kind::Unverified,
        "Everything was done, but cmkctl could not verify it.",
    )
    .detail(error.to_string())
    .hint(goes_on)
}
