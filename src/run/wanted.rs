//! Files for many environments: reads and plans them, and writes the current state as one
//! (`adopt`).

use super::estate::whole;
use super::{Context, quiet};
use crate::config::{self, Given};
use crate::error::{Error, Kind, Result};
use crate::model::fleet::{Fleet, FleetSnapshot};
use crate::model::system::quoted;
use crate::model::wanted::Wanted;
use crate::observe::{Policies, observe_estate, observe_readers, observe_wanted};
use crate::report::{self, Existing, Out, wanted_file};
use crate::steps::adopt::adopt as described;
use crate::steps::wanted::plan;
use serde::Serialize;
use std::path::Path;

/// A file, its snapshot and its plan.
#[derive(Debug)]
pub(super) struct Planned {
    /// The content of the file.
    pub(super) wanted: Wanted,
    /// The snapshot of everything that it names.
    pub(super) sight: FleetSnapshot,
    /// The plan.
    pub(super) fleet: Fleet,
}

/// Are both paths the same file?
fn is_same(file: &Path, other: &Path) -> bool {
    file.canonicalize()
        .ok()
        .zip(other.canonicalize().ok())
        .is_some_and(|(file, other)| file == other)
}

/// Takes a snapshot of everything that the file names, and plans.
///
/// # Errors
/// The file can't be parsed, or is also the file to save the plan in. The caller is not signed in.
pub(super) async fn planned(
    context: &Context,
    file: &Path,
    save: Option<&Path>,
) -> Result<Planned> {
    if save.is_some_and(|save| is_same(file, save)) {
        return Err(Error::usage(format!(
            "`--out` names the input file `{}`.",
            file.display()
        ))
        .hint("Save the plan in another file, not over your own file."));
    }
    match config::given(file)? {
        Given::Wanted(mut wanted) => {
            wanted.begin(context.clock().now());
            looked(context, wanted).await
        }
        Given::Saved(_) => Err(Error::usage(format!(
            "`{}` is already a saved plan.",
            file.display()
        ))
        .hint(format!(
            "To see what this plan would do now, run: `cmkctl apply {} --dry-run`.",
            quoted(&file.display().to_string())
        ))),
    }
}

pub(super) async fn looked(context: &Context, wanted: Wanted) -> Result<Planned> {
    let reader = context.reader();
    // Boxed, because this future is large and `apply` has three of them.
    let sight = Box::pin(observe_wanted(&reader, context.clock(), &wanted)).await?;
    let fleet = plan(&wanted, &sight);
    Ok(Planned {
        wanted,
        sight,
        fleet,
    })
}

/// Refuses if environments of the file were not visible, so that nothing counts as done unseen.
pub(super) fn seen(fleet: &Fleet) -> Result<()> {
    if !fleet.has_unseen() {
        return Ok(());
    }
    Err(quiet(
        Kind::Forbidden,
        "You can't see the environments of the file. cmkctl handled only the policies of the file.",
    )
    .finding("CMK020")
    .hint("The Power Platform administrator continues with the same file."))
}

/// The `apply` command for a file, to paste.
pub(super) fn command(context: &Context, file: &Path) -> String {
    format!(
        "{} apply {}",
        context.program(),
        quoted(&file.display().to_string())
    )
}

/// The JSON that `adopt` prints for scripts.
#[derive(Serialize)]
struct AdoptedV1<'a> {
    schema: &'static str,
    wanted: &'a Wanted,
    notes: Vec<&'a String>,
}

/// Runs `adopt`: writes the current state as a file whose plan is empty.
///
/// # Errors
/// The environments can't be listed. The file exists or can't be written. `Kind::Forbidden` if it
/// is written but leaves out what was not visible.
pub async fn adopt(context: &Context, file: Option<&Path>, out: &mut Out) -> Result<()> {
    let reader = context.reader();
    let estate = observe_estate(&reader, context.clock(), Policies::All).await?;
    let readers = observe_readers(&reader, &estate).await?;
    let adopted = described(&estate, &readers);
    let text = wanted_file(
        &adopted.wanted,
        &adopted.notes,
        &adopted.left_out,
        estate.at,
    );
    let notes: Vec<&String> = adopted
        .notes
        .iter()
        .flatten()
        .chain(&adopted.left_out)
        .collect();
    let mut summary = report::size(&adopted.wanted);
    if !notes.is_empty() {
        summary.push_str(&match notes.len() {
            1 => ". One comment in the file says what it leaves out".to_owned(),
            count => format!(". {count} comments in the file say what it leaves out"),
        });
    }
    if let Some(file) = file {
        report::write_file(file, text.as_bytes(), Existing::Kept)?;
    }
    out.data_for_scripts(&AdoptedV1 {
        schema: "cmkctl/adopted/v1",
        wanted: &adopted.wanted,
        notes,
    });
    if file.is_none() && !out.is_for_scripts() {
        out.text(&text);
    }
    out.written()?;
    out.say(&format!("Described: {summary}."));
    whole(adopted.not_known, "item")
}
