//! Lists: the visible items and whether they fit on stdout, the gaps on stderr and in the document.

mod azure;
mod row;
mod tenant;

pub use azure::{KeyRow, PolicyRow, VaultRow};
pub use row::Row;
pub use tenant::{EnvironmentRow, SubscriptionRow};

use super::layout;
use super::terminal::Out;
use crate::model::count::counted_as;
use jiff::Timestamp;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// A list to print.
#[derive(Debug)]
pub struct List<'a, R> {
    /// When the list was read, in the cloud's time.
    pub at: Timestamp,
    /// The rows, in their order.
    pub rows: Vec<R>,
    /// What could not be read, each a clause. Empty if everything was read.
    pub gaps: &'a [String],
    /// The filters, as the end of a sentence. Empty without filters.
    pub wanted: String,
    /// The number of items that are left out because it is unknown whether they fit.
    pub open: usize,
}

/// Version 1 of every list. The field with the rows has the name of the items.
impl<R: Row> Serialize for List<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_map(Some(5))?;
        document.serialize_entry("schema", R::SCHEMA)?;
        document.serialize_entry("at", &self.at)?;
        document.serialize_entry("complete", &self.gaps.is_empty())?;
        document.serialize_entry("gaps", self.gaps)?;
        document.serialize_entry(R::ITEMS, &self.rows)?;
        document.end()
    }
}

/// Prints a list: data to stdout, its counts and gaps to stderr.
pub fn list<R: Row>(out: &mut Out, list: &List<'_, R>) {
    let width = out.columns();
    out.result(list, || {
        let rows = list.rows.iter();
        let rows = rows.map(|row| (row.cells(), row.fit().1)).collect();
        layout::text(R::COLUMNS, rows, width)
    });
    if let Some(summary) = list.summary() {
        out.say(&summary);
    }
    if list.open > 0 {
        let are = if list.open == 1 { "is" } else { "are" };
        let what = counted::<R>(list.open);
        out.say(&format!(
            "{what} {are} not shown, because cmkctl can't tell the value of FITS."
        ));
    }
    for gap in list.gaps {
        out.say(&format!("{}: {gap}.", R::OPEN));
    }
}

fn counted<R: Row>(count: usize) -> String {
    counted_as(count, R::ONE, R::ITEMS)
}

impl<R: Row> List<'_, R> {
    /// How many items there are, and how many fit. It says "no items" only if everything was read.
    fn summary(&self) -> Option<String> {
        let all = self.rows.len();
        if all == 0 {
            let (singular, wanted) = (R::ONE, &self.wanted);
            let whole = self.gaps.is_empty();
            return whole.then(|| format!("Your account sees no {singular}{wanted}."));
        }
        let verdicts = ["yes", "but", "no", "unknown"];
        let of = |word: &str| self.rows.iter().filter(|row| row.fit().0 == word).count();
        let counts = verdicts.map(|word| (of(word), word));
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        Some(format!(
            "{}. Fits: {}.",
            counted::<R>(all),
            counts.join(", ")
        ))
    }
}
