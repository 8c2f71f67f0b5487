//! A plan in about ten lines, for the dialog: what is created, changed or already done, which
//! outage it causes, and which administrator does what.

use super::hanging::{hang, told};
use super::plan::{findings_text, limits};
use super::terminal::Out;
use crate::model::action::facts::Lack;
use crate::model::count::counted;
use crate::model::finding::{Finding, Severity};
use crate::model::plan::{Action, Plan};
use crate::model::who::{self, Side};

impl Out {
    /// Prints the plan before consent.
    pub fn short_plan(&mut self, plan: &Plan, title: &str, to_stdout: bool) {
        self.passage(to_stdout, |width| short_text(plan, title, width));
        self.has_shown(plan, to_stdout);
    }
}

/// The mark of a step.
fn mark(action: &Action) -> char {
    let facts = action.facts();
    if facts.harm.takes_offline().is_some() {
        return '!';
    }
    if !facts.changes {
        return '=';
    }
    match facts.lack {
        Lack::Key | Lack::Policy | Lack::Grant(_) | Lack::Reader(_, _) => '+',
        Lack::Nothing | Lack::Provider(_) | Lack::Managed => '~',
    }
}

fn short_text(plan: &Plan, title: &str, width: Option<u16>) -> String {
    let mut lines: Vec<(char, String)> = plan
        .already
        .iter()
        .map(|sentence| ('=', sentence.clone()))
        .collect();
    lines.extend(
        plan.actions
            .iter()
            .map(|action| (mark(action), action.to_string())),
    );
    lines.extend(plan.withheld.iter().map(|step| ('?', step.what.clone())));
    let mut text = format!("{}\n", hang(title, width, 0));
    for (mark, line) in &lines {
        text.push_str(&format!("  {mark} {}\n", hang(line, width, 4)));
    }
    let count = |mark: char| lines.iter().filter(|(listed, _)| *listed == mark).count();
    let outages = counted(count('!'), "outage");
    let counts = format!(
        "{} to create, {} to change, {} unchanged, {outages}.",
        count('+'),
        count('~'),
        count('=')
    );
    text.push_str(&format!("{}\n", hang(&counts, width, 0)));
    for line in preconditions(plan) {
        text.push_str(&format!("{}\n", told(&line, width, 0)));
    }
    let serious = |finding: &&Finding| finding.severity != Severity::Acknowledge;
    text + &findings_text(plan.findings.iter().filter(serious), width)
}

/// Which administrator does what, and how long the outage lasts.
fn preconditions(plan: &Plan) -> Vec<String> {
    let of = |side: Side| {
        let of_side = plan
            .actions
            .iter()
            .filter(|action| action.facts().side == side);
        of_side.count()
    };
    let mut lines = Vec::new();
    for (side, name) in [
        (Side::KeyVault, who::KEY_VAULT),
        (Side::PowerPlatform, who::POWER_PLATFORM),
    ] {
        match of(side) {
            0 => {}
            steps => lines.push(format!("{name}: {}.", counted(steps, "step"))),
        }
    }
    lines.extend(
        plan.takes_offline()
            .map(|name| format!("`{name}` is OFFLINE during this change, for up to 4 days.")),
    );
    lines.extend(limits(plan));
    lines
}
