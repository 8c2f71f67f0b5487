//! The report about a tenant: one document, printed as a page, as Markdown, or as JSON.

mod document;
mod html;
mod markdown;

pub use document::Circumstances;

use super::terminal::Out;
use super::values::{Format, json};
use crate::model::estate::{Estate, Standing};
use document::report;
use html::page;
use markdown::markdown;

/// The report of a tenant.
pub fn evidence(
    out: &mut Out,
    estate: &Estate,
    all: &[Standing<'_>],
    circumstances: &Circumstances<'_>,
) {
    let report = report(estate, all, circumstances);
    match out.format() {
        Format::Html => out.document(&page(&report)),
        Format::Markdown => out.document(&markdown(&report)),
        // A person who named no format gets the whole evidence, too.
        _ => out.result(&report, || json(&report)),
    }
}
