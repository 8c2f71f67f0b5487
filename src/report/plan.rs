//! A plan for people: its steps, what was found, and what is to be known before.

use super::values::wrap;
use crate::model::finding::{Finding, Severity};
use crate::model::plan::Plan;

/// The whole plan under its title.
pub(super) fn plan_text(plan: &Plan, title: &str, width: Option<u16>) -> String {
    let mut text = format!("{title}\n");
    for sentence in &plan.already {
        text.push_str(&format!("  = {sentence}\n"));
    }
    let actions = plan.actions.iter();
    let steps = actions.map(|action| (action.to_string(), action.facts().why));
    // What is not allowed is shown, too, with the finding that says why.
    let withheld = plan.withheld.iter();
    let withheld = withheld.map(|step| (step.what.clone(), step.why));
    for (number, (what, why)) in steps.chain(withheld).enumerate() {
        text.push_str(&format!("  {}. {what}\n     {why}\n", number + 1));
    }
    if plan.actions.is_empty() && plan.may_start() {
        text.push_str("  Nothing to do: it is in the wanted state.\n");
    }
    text + &around_text(plan, width)
}

/// What is found and what is to be known, under the steps of a plan.
pub(super) fn around_text(plan: &Plan, width: Option<u16>) -> String {
    let mut text = String::new();
    let (notes, findings): (Vec<&Finding>, Vec<&Finding>) = plan
        .findings
        .iter()
        .partition(|finding| finding.severity == Severity::Acknowledge);
    if !findings.is_empty() {
        text.push_str(&format!("\n{}", findings_text(findings, width)));
    }
    if !notes.is_empty() {
        text.push_str("\nTo know before, because no API tells it:\n");
        for note in notes {
            text.push_str(&format!("  {} {}\n", note.code, note.message));
        }
    }
    text
}

/// Findings for people, each with what helps.
pub(super) fn findings_text<'a>(
    findings: impl IntoIterator<Item = &'a Finding>,
    width: Option<u16>,
) -> String {
    let mut text = String::new();
    for finding in findings {
        let word = match finding.severity {
            Severity::Block => "BLOCK",
            Severity::Unknown => "UNKNOWN",
            Severity::Warn => "WARN",
            Severity::NotVisible => "NOT VISIBLE",
            Severity::Acknowledge => "NOTE",
        };
        let head = wrap(
            &format!("{} {word}: {}", finding.code, finding.message),
            width,
        );
        let fix = wrap(
            &format!("fix: {} ({})", finding.remedy, finding.who),
            width.map(|width| width.saturating_sub(7)),
        );
        text.push_str(&format!(
            "{head}\n       {}\n",
            fix.replace('\n', "\n       ")
        ));
    }
    text
}
