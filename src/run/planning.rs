//! `plan FILE`: prints, saves and hands over the differences.

use super::consent::blocked;
use super::wanted::{command, planned, seen};
use super::{Context, handing};
use crate::error::{Error, Kind, Result};
use crate::model::fleet::Saved;
use crate::report::{self, Existing, FleetOutcome, FleetReport, Format, Out};
use crate::steps::windows;
use std::path::{Path, PathBuf};

/// The options of `plan`.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// File for the plan.
    pub save: Option<PathBuf>,
    /// File for the other administrator's script.
    pub hand_over: Option<String>,
    /// Exit with 3 if there is something to do?
    pub detailed: bool,
}

/// Runs `plan`: prints the differences, and saves or hands them over if asked to.
///
/// # Errors
/// A finding blocks, or environments are not visible. `Kind::Pending` with `detailed` if there is
/// something to do.
pub async fn plan_file(
    context: &Context,
    file: &Path,
    wishes: &Wishes,
    out: &mut Out,
) -> Result<()> {
    let to = wishes.hand_over.as_deref();
    handing::reserve(to, out)?;
    let save = wishes.save.as_deref();
    let planned = planned(context, file, save).await?;
    let (wanted, fleet) = (&planned.wanted, &planned.fleet);
    out.fleet(&file.display().to_string(), wanted, fleet, true);
    handing::of_file(context, &planned, to, out).await?;
    let mut report = FleetReport::new("plan", planned.sight.at, &wanted.waves, fleet);
    report.change = context.ticket();
    let blocked = blocked(&fleet.plan, false);
    if let Some(save) = save.filter(|_| blocked.is_ok()) {
        let saved = Saved::new(
            &context.session.cloud().name,
            wanted.since().unwrap_or(planned.sight.at),
            wanted,
            &fleet.plan.actions,
        );
        let text = serde_json::to_string_pretty(&saved).map_err(|error| {
            Error::new(Kind::Unexpected, "cmkctl can't write the plan.").detail(format!("{error}."))
        })?;
        report::write_file(save, (text + "\n").as_bytes(), Existing::Replaced)?;
        report.next.push(format!(
            "Run exactly this plan: `{}`.",
            command(context, save)
        ));
        out.say(&format!(
            "The plan is saved in `{}`. Run exactly this plan: `{}`.",
            save.display(),
            command(context, save)
        ));
    }
    if out.format() == Format::Ics {
        let at = planned.sight.at;
        report::calendar(out, &windows::events(&wanted.waves.windows, at), at);
    } else {
        out.data_for_scripts(&report);
    }
    if let (Some(save), Err(_)) = (save, &blocked) {
        out.say(&format!(
            "cmkctl did not save a plan in `{}`, because something blocks the plan.",
            save.display()
        ));
    }
    blocked?;
    seen(fleet)?;
    if wishes.detailed && report.outcome == FleetOutcome::Planned {
        return Err(Error::new(Kind::Pending, "The plan contains changes."));
    }
    Ok(())
}
