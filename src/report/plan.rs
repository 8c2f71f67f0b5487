//! Prints a plan for people: its steps, findings and known limits.

use super::hanging::{hang, told};
use crate::model::count::counted;
use crate::model::finding::{Finding, Severity};
use crate::model::plan::Plan;

/// The complete plan with its title.
pub(super) fn plan_text(plan: &Plan, title: &str, width: Option<u16>) -> String {
    let mut text = format!("{}\n", hang(title, width, 0));
    for sentence in &plan.already {
        text.push_str(&format!("  = {}\n", hang(sentence, width, 4)));
    }
    let actions = plan.actions.iter();
    let steps = actions.map(|action| (action.to_string(), action.facts().why));
    // Withheld steps are shown, too. A finding says why.
    let withheld = plan.withheld.iter();
    let withheld = withheld.map(|step| (step.what.clone(), step.why));
    for (number, (what, why)) in steps.chain(withheld).enumerate() {
        let (what, why) = (hang(&what, width, 5), hang(why, width, 5));
        text.push_str(&format!("  {}. {what}\n     {why}\n", number + 1));
    }
    if plan.actions.is_empty() && plan.may_start() {
        text.push_str("  Nothing to do: everything is in the desired state.\n");
    }
    text + &around_text(plan, width)
}

/// The findings and known limits below the steps.
pub(super) fn around_text(plan: &Plan, width: Option<u16>) -> String {
    let mut text = String::new();
    let serious = |finding: &&Finding| finding.severity != Severity::Acknowledge;
    let findings: Vec<&Finding> = plan.findings.iter().filter(serious).collect();
    if !findings.is_empty() {
        text.push_str(&format!("\n{}", findings_text(findings, width)));
    }
    if let Some(limits) = limits(plan) {
        text.push_str(&format!("\n{}\n", told(&limits, width, 0)));
    }
    text
}

fn notes(plan: &Plan) -> impl Iterator<Item = &Finding> {
    let is_note = |finding: &&Finding| finding.severity == Severity::Acknowledge;
    plan.findings.iter().filter(is_note)
}

/// The known limits in one line. They never change, and are printed in full before a name is typed.
pub(super) fn limits(plan: &Plan) -> Option<String> {
    let mut codes: Vec<&str> = notes(plan).map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let first = codes.first()?;
    let limits = counted(codes.len(), "known limit");
    Some(format!(
        "{limits} that cmkctl can't check: {}. `cmkctl explain {first}` explains the first.",
        codes.join(", ")
    ))
}

/// The known limits in full.
pub(super) fn limits_text(plan: &Plan, width: Option<u16>) -> String {
    let mut text = String::new();
    for note in notes(plan) {
        if text.is_empty() {
            text.push_str("Known limits (cmkctl can't check these):\n");
        }
        let message = hang(&note.message, width, 9);
        text.push_str(&format!("  {} {message}\n", note.code));
    }
    text
}

/// Findings with their remedies, for people.
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
        let head = format!("{} {word}: {}", finding.code, finding.message);
        let fix = told(&finding.remedy.to_string(), width, 12);
        text.push_str(&format!("{}\n       fix: {fix}\n", hang(&head, width, 7)));
        if !finding.who.is_empty() {
            text.push_str(&format!("       who: {}\n", hang(finding.who, width, 12)));
        }
    }
    text
}
