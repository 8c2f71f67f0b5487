//! The summary of the report in plain text.

use super::document::ReportV1;
use super::summary::{Case, Summary};
use crate::report::estate::MAY_LACK;
use crate::report::hanging::{hang, told};

/// The number of cases shown, and the number of names shown for each.
const CASES: usize = 5;
const NAMES: usize = 4;

/// The summary at a terminal, and the command that writes the full report.
pub(super) fn brief(report: &ReportV1<'_>, program: &str, width: Option<u16>) -> String {
    let summary = Summary::of(report);
    let mut text = String::new();
    for line in headlines(&summary, report) {
        text.push_str(&format!("{}\n", hang(&line, width, 0)));
    }
    for case in summary.cases.iter().take(CASES) {
        text.push_str(&format!("\n{}", paragraph(case, report, width)));
    }
    let more = summary.cases.len().saturating_sub(CASES);
    if more > 0 {
        let cases = if more == 1 { "case" } else { "cases" };
        text.push_str(&format!("\nThe full report has {more} more {cases}.\n"));
    }
    let command = "Write the full report: `";
    let command = format!("{command}{program} report --out keys.html`");
    text.push_str(&format!("\n{}\n", told(&command, width, 0)));
    text
}

/// How many environments need attention, and how many are not visible.
pub(super) fn headlines(summary: &Summary<'_>, report: &ReportV1<'_>) -> Vec<String> {
    let lacks = report.data.partial.as_ref();
    let lacks = lacks.map(|why| format!("{MAY_LACK}: {why}."));
    let open = summary.left_open().into_iter().chain(lacks);
    [summary.headline()].into_iter().chain(open).collect()
}

/// One case: the environments, the reason, the deadline, and the remedy.
fn paragraph(case: &Case<'_>, report: &ReportV1<'_>, width: Option<u16>) -> String {
    let word = case.state.word().to_uppercase();
    let deadline = case.deadline(report.at);
    let deadline = deadline.map(|deadline| format!("{deadline}."));
    let key = case
        .key
        .map_or(String::new(), |key| format!(", key `{key}`"));
    let lines = [
        Some(case.names(NAMES)),
        Some(case.why()),
        deadline,
        Some(case.remedy().to_owned()),
        Some(format!("Policy `{}`{key}", case.policy)),
    ];
    let mut text = format!("{word}: {}\n", case.size());
    for line in lines.into_iter().flatten().filter(|line| !line.is_empty()) {
        text.push_str(&format!("  {}\n", hang(&line, width, 2)));
    }
    text
}
