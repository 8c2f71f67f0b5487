//! What a code means, in words: the catalogue's own and those of the services.

use super::pointer::spelled;
use super::terminal::Out;
use super::values::{Sheet, wrap};
use crate::error::{Error, Result};
use crate::model::catalogue::{self, Entry};
use crate::model::service_codes::{self, ServiceCode};
use serde::Serialize;

/// The labels' column of the sheet, with its gap.
const LABELS: u16 = 15;
/// More suggestions than this help nobody.
const SUGGESTIONS: usize = 3;

/// Version 1 of an explanation: the same shape for all codes and for one.
#[derive(Serialize)]
struct ExplainV1 {
    schema: &'static str,
    codes: Vec<&'static Entry>,
    service_codes: Vec<&'static ServiceCode>,
}

impl ExplainV1 {
    fn new(codes: Vec<&'static Entry>, service_codes: Vec<&'static ServiceCode>) -> Self {
        Self {
            schema: "cmkctl/explain/v1",
            codes,
            service_codes,
        }
    }
}

/// Explains `code`, or lists every code.
///
/// # Errors
/// A usage error when nobody knows the code.
pub fn explain(out: &mut Out, code: Option<&str>) -> Result<()> {
    let Some(typed) = code else {
        list(out);
        return Ok(());
    };
    let code = spelled(typed);
    if let Some(entry) = catalogue::entry(&code) {
        let codes = service_codes::all().filter(|known| known.belongs_to == Some(entry.code));
        let codes: Vec<&str> = codes.map(|known| known.code).collect();
        let sheet = Sheet::default()
            .row("Code", entry.code)
            .row("Usually", entry.severity.word());
        let sheet = rows(
            out,
            sheet,
            &[
                ("Title", entry.title),
                ("Cause", entry.cause),
                ("Fix", entry.fix),
            ],
        );
        let sheet = rows(out, sheet, &[("Who", entry.who), ("Source", entry.source)]);
        let sheet = sheet.row_if(
            "Service codes",
            (!codes.is_empty()).then(|| codes.join("\n")),
        );
        out.data(&ExplainV1::new(vec![entry], Vec::new()), &sheet);
        return Ok(());
    }
    if let Some(known) = service_codes::find(&code) {
        let entry = known.belongs_to.and_then(catalogue::entry);
        let sheet = Sheet::default()
            .row("Code", known.code)
            .row("Said by", known.service);
        let sheet = rows(out, sheet, &[("Cause", known.cause), ("Fix", known.fix)]);
        let sheet = rows(out, sheet, &[("Who", known.who), ("Source", known.source)]);
        let sheet = sheet.row_if(
            "Belongs to",
            entry.map(|entry| format!("{}: {}", entry.code, entry.title)),
        );
        out.data(&ExplainV1::new(Vec::new(), vec![known]), &sheet);
        return Ok(());
    }
    Err(unknown(typed, &code))
}

fn rows(out: &Out, mut sheet: Sheet, rows: &[(&str, &str)]) -> Sheet {
    let width = out.columns().map(|columns| columns.saturating_sub(LABELS));
    for (label, text) in rows {
        sheet = sheet.row(label, wrap(text, width));
    }
    sheet
}

fn list(out: &mut Out) {
    let own = catalogue::all().map(|entry| {
        vec![
            entry.code.to_owned(),
            entry.severity.word().to_owned(),
            entry.title.to_owned(),
            entry.who.to_owned(),
        ]
    });
    let services = service_codes::all().map(|known| {
        vec![
            known.code.to_owned(),
            known.belongs_to.unwrap_or("-").to_owned(),
            known.service.to_owned(),
        ]
    });
    let tables = [
        (&["Code", "Usually", "Title", "Who"][..], own.collect()),
        (
            &["Service code", "Belongs to", "Said by"][..],
            services.collect(),
        ),
    ];
    let document = ExplainV1::new(catalogue::all().collect(), service_codes::all().collect());
    out.tables(&document, tables);
}

fn unknown(typed: &str, code: &str) -> Error {
    let shown: String = typed
        .chars()
        .filter(|ch| !ch.is_control())
        .take(60)
        .collect();
    let mut error = Error::usage(format!("There is no code `{shown}`."));
    let code: String = code.to_ascii_lowercase().chars().take(60).collect();
    let farthest = 1 + code.chars().count() / 5;
    let own = catalogue::all().map(|entry| entry.code);
    let mut near: Vec<(usize, &str)> = own
        .chain(service_codes::all().map(|known| known.code))
        .map(|known| (distance(&code, &known.to_ascii_lowercase()), known))
        .filter(|(distance, _)| *distance <= farthest)
        .collect();
    near.sort();
    near.truncate(SUGGESTIONS);
    let names: Vec<String> = near.iter().map(|(_, known)| format!("`{known}`")).collect();
    if !names.is_empty() {
        error = error.hint(format!("Did you mean {}?", names.join(" or ")));
    }
    error.hint("List every code: `cmkctl explain`.")
}

/// How many letters are wrong; a piece of a code counts as near.
fn distance(typed: &str, known: &str) -> usize {
    if typed.len() >= 5 && known.contains(typed) {
        1
    } else {
        strsim::damerau_levenshtein(typed, known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_suggested() {
        let hints = |typed: &str| unknown(typed, &spelled(typed)).hints;
        assert_eq!(
            hints("OperationNotStartabel")[0],
            "Did you mean `OperationNotStartable`?"
        );
        assert!(hints("AADSTS700025")[0].contains("`AADSTS700024`"));
        assert!(hints("cmk-99")[0].starts_with("Did you mean `CMK009`"));
        assert_eq!(hints("weather"), ["List every code: `cmkctl explain`."]);
        assert_eq!(hints(&"x".repeat(10_000)).len(), 1);
    }
}
