//! Explains a code: cmkctl's own from the catalogue, or a service's.

use super::hanging::wrap;
use super::pointer::spelled;
use super::terminal::Out;
use super::values::Sheet;
use crate::error::{Error, Kind, Result};
use crate::model::catalogue::{self, Entry};
use crate::model::service_codes::{self, ServiceCode};
use serde::Serialize;

/// Width of the sheet's label column, with its gap.
const LABELS: u16 = 15;
/// The maximum number of suggestions.
const SUGGESTIONS: usize = 3;

/// Version 1 of the `explain` document, for one code or for all.
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
/// Usage: the code is not known.
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
    let named = service_codes::find(&code).map_or_else(|| in_text(typed), |known| vec![known]);
    if let Some((first, others)) = named.split_first() {
        let sheet = of_service(out, (first, claims(typed)), others);
        out.data(&ExplainV1::new(Vec::new(), named.clone()), &sheet);
        return Ok(());
    }
    // The text may be a pasted line with a code of cmkctl, such as a list of blockers.
    let entry = typed
        .split(|ch: char| !ch.is_ascii_alphanumeric())
        .filter(|word| word.len() == 6 && word.starts_with("CMK"))
        .find_map(catalogue::entry);
    match entry {
        Some(entry) => explain(out, Some(entry.code)),
        None => Err(unknown(typed, &code)),
    }
}

/// A service's code, and the other codes in the same text.
fn of_service(
    out: &Out,
    (known, claims): (&ServiceCode, Option<&str>),
    others: &[&ServiceCode],
) -> Sheet {
    let fix = known.fix_with(&[("CLAIMS", claims)]);
    let entry = known.belongs_to.and_then(catalogue::entry);
    let sheet = Sheet::default()
        .row("Code", known.code)
        .row("Said by", known.service);
    let sheet = sheet.row_if(
        "Kind",
        known.means.map(|cause| {
            let code = Kind::of(cause).exit_code();
            let retry = if cause.passes() {
                "trying again later can help"
            } else {
                "trying again does not help"
            };
            format!("{}, exit code {code}, {retry}", cause.label())
        }),
    );
    let sheet = rows(out, sheet, &[("Cause", known.cause), ("Fix", &fix)]);
    let sheet = rows(out, sheet, &[("Who", known.who), ("Source", known.source)]);
    let sheet = sheet.row_if(
        "Belongs to",
        entry.map(|entry| format!("{}: {}", entry.code, entry.title)),
    );
    let others: Vec<&str> = others.iter().map(|known| known.code).collect();
    sheet.row_if(
        "Also named",
        (!others.is_empty()).then(|| others.join(", ")),
    )
}

/// The codes in a pasted text. Codes that say more than the HTTP status come first. Of these, the
/// last one in the text leads, because services put the most specific code innermost.
fn in_text(text: &str) -> Vec<&'static ServiceCode> {
    let mut found = service_codes::named_in(text);
    let words = text.split(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '_' || ch == '-'));
    for known in words.filter_map(service_codes::find) {
        if !found.contains(&known) {
            found.push(known);
        }
    }
    found.sort_by_key(|known| known.means.is_none());
    found
}

/// The claims of a challenge in a pasted text.
fn claims(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("claims=")?;
    let rest = rest.trim_start_matches(['\\', '"']);
    let inside = |ch: char| ch.is_ascii_alphanumeric() || "+/-_=".contains(ch);
    let end = rest.find(|ch| !inside(ch)).unwrap_or(rest.len());
    rest.get(..end).filter(|claims| claims.starts_with("eyJ"))
}

fn rows(out: &Out, mut sheet: Sheet, rows: &[(&str, &str)]) -> Sheet {
    let width = out.columns().map(|columns| columns.saturating_sub(LABELS));
    for (label, text) in rows {
        sheet = sheet.row(label, wrap(text, width));
    }
    sheet
}

fn list(out: &mut Out) {
    let rows = catalogue::all().map(|entry| {
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
        (&["Code", "Usually", "Title", "Who"][..], rows.collect()),
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
    let mut error = Error::usage(format!("cmkctl does not know the code `{shown}`."));
    let code: String = code.to_ascii_lowercase().chars().take(60).collect();
    let farthest = 1 + code.chars().count() / 5;
    let codes = catalogue::all().map(|entry| entry.code);
    let mut near: Vec<(usize, &str)> = codes
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

/// The number of wrong letters. If the typed text is a part of a code, the distance is 1.
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
        assert!(hints("AADSTS70024")[0].contains("`AADSTS700024`"));
        assert!(hints("cmk-99")[0].starts_with("Did you mean `CMK009`"));
        assert_eq!(hints("weather"), ["List every code: `cmkctl explain`."]);
        assert_eq!(hints(&"x".repeat(10_000)).len(), 1);
    }

    #[test]
    fn a_pasted_text_is_read_for_its_codes() {
        let codes =
            |text: &str| -> Vec<&str> { in_text(text).iter().map(|known| known.code).collect() };
        assert_eq!(
            codes("(Forbidden) Inner error: {\"code\": \"ForbiddenByFirewall\"}"),
            ["ForbiddenByFirewall", "Forbidden"]
        );
        assert_eq!(codes("ERROR: AADSTS53003: Access"), ["AADSTS53003"]);
        assert_eq!(codes("code 0x80072560."), ["0x80072560"]);
        assert!(codes("nothing of the kind").is_empty());
    }
}
