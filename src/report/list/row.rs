//! What every row of a list has.

use crate::model::fit::Fit;
use crate::model::known::{Known, Verdict};
use crate::report::layout::Column;
use serde::Serialize;

/// One item of a list.
pub trait Row: Serialize {
    /// The schema of the list.
    const SCHEMA: &'static str;
    /// The list's field with the rows, which is also the plural of the items.
    const ITEMS: &'static str;
    /// The singular of the items.
    const ONE: &'static str;
    /// What a gap means for the list.
    const OPEN: &'static str = "There may be more";
    /// The columns of the table.
    const COLUMNS: &'static [Column];

    /// The cells of the table.
    fn cells(&self) -> Vec<String>;

    /// Whether the item fits, in a word and a sentence.
    fn fit(&self) -> (&'static str, &str);
}

/// Whether the item fits, as in JSON.
#[derive(Debug, Serialize)]
pub(super) struct Fits<'a> {
    pub(super) fits: &'static str,
    why: Option<&'a str>,
}

impl<'a> Fits<'a> {
    pub(super) fn of(fit: &'a Fit) -> Self {
        let note = fit.note();
        Self {
            fits: fit.word(),
            why: Some(note).filter(|note| !note.is_empty()),
        }
    }

    pub(super) fn told(&self) -> (&'static str, &str) {
        (self.fits, self.why.unwrap_or_default())
    }
}

/// The cell of an unknown value.
pub(super) const UNKNOWN: &str = "unknown";

/// The word for a verdict: `yes`, `no` or `unknown`.
pub(super) fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Yes => "yes",
        Verdict::No => "no",
        Verdict::CantTell(_) => UNKNOWN,
    }
}

/// The word for a fact: `yes`, `no` or `unknown`.
pub(super) fn flag(fact: &Known<bool>) -> &'static str {
    word(&Verdict::from(fact))
}

/// The cell of an optional value.
pub(super) fn dash(text: Option<&str>) -> String {
    text.unwrap_or("-").to_owned()
}
