//! The report about a tenant: one document, printed as a page, as Markdown, or as JSON; and a
//! summary for a person at a terminal.

mod document;
mod html;
mod markdown;
mod markup;
mod summary;
mod told;

pub use document::Circumstances;

use super::terminal::Out;
use super::values::{Format, json};
use crate::model::estate::{Estate, JudgedEnvironment};
use document::{ReportV1, report};
use html::page;
use markdown::markdown;
use summary::Summary;
use told::{brief, headlines};

/// What was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The whole evidence.
    Document,
    /// The summary alone.
    Summary,
}

/// The report of a tenant: in a file, on stdout for scripts, or as a summary for a person.
pub fn evidence<'a>(
    out: &mut Out,
    estate: &'a Estate,
    all: &'a [JudgedEnvironment<'a>],
    circumstances: &'a Circumstances<'_>,
) -> Told {
    let report = report(estate, all, circumstances);
    let in_file = out.has_file();
    if out.shows_people() && !in_file {
        let width = out.columns();
        out.result(&report, || brief(&report, circumstances.program, width));
        return Told::Summary;
    }
    match shape(out) {
        Format::Html => out.document(&page(&report)),
        Format::Markdown => out.document(&markdown(&report)),
        // Who named no format gets the whole evidence, too.
        Format::Table
        | Format::Wide
        | Format::Json
        | Format::Jsonl
        | Format::Tsv
        | Format::Yaml
        | Format::None
        | Format::Sarif
        | Format::Csv
        | Format::Ics
        | Format::Prometheus => out.result(&report, || json(&report)),
    }
    if in_file && !out.has_lost() {
        say(out, &report);
    }
    Told::Document
}

/// The format of the command line, or else the format that fits the name of the file.
fn shape(out: &Out) -> Format {
    match (out.format(), out.file_ending().as_deref()) {
        (Format::Table, Some("html" | "htm")) => Format::Html,
        (Format::Table, Some("md" | "markdown")) => Format::Markdown,
        (format, _) => format,
    }
}

/// What the file says first, for who does not open it.
fn say(out: &mut Out, report: &ReportV1<'_>) {
    for line in headlines(&Summary::of(report), report) {
        out.say(&line);
    }
}
