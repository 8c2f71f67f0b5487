//! What a changing command leaves on stdout.

use super::values::Sheet;
use crate::model::plan::Plan;
use crate::model::proof::Proof;
use crate::model::receipt::Receipt;
use serde::{Serialize, Serializer};

/// How a changing command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// `--dry-run`: nothing was changed.
    Planned,
    /// It was in the wanted state already, as this proves.
    Unchanged(Proof),
    /// Done, and shown by a re-read, as this proves.
    Done(Proof),
    /// Started; it runs at the service.
    Running,
    /// A finding forbids to start; nothing was changed.
    Blocked,
    /// Nobody consented, or what is there has changed since; nothing was changed.
    Refused,
}

/// The word alone: a proof is no part of the document.
impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Outcome::Planned => "planned",
            Outcome::Unchanged(_) => "unchanged",
            Outcome::Done(_) => "done",
            Outcome::Running => "running",
            Outcome::Blocked => "blocked",
            Outcome::Refused => "refused",
        })
    }
}

/// Version 1 of the result of a changing command.
#[derive(Debug, Serialize)]
pub struct Change<'a> {
    /// `cmkctl/change/v1`
    pub schema: &'static str,
    /// The subcommand.
    pub command: &'a str,
    /// How it ended.
    pub outcome: Outcome,
    /// The environment's id.
    pub environment: Option<&'a str>,
    /// The environment's name.
    pub environment_name: Option<&'a str>,
    /// The policy's ARM id: what the other administrator needs.
    pub policy: Option<String>,
    /// The change ticket.
    pub change: Option<String>,
    /// Plan and findings.
    pub plan: &'a Plan,
    /// What was done.
    pub receipt: &'a Receipt,
    /// What comes next, if anything.
    pub next: Vec<String>,
}

impl Change<'_> {
    /// For people. What was done is on the screen already, unless nothing was said.
    pub fn sheet(&self, quiet: bool) -> Sheet {
        let word = match self.outcome {
            Outcome::Planned => "planned, no changes were made",
            Outcome::Unchanged(_) => "already in the desired state, no changes were made",
            Outcome::Done(_) => "done and verified",
            Outcome::Running => "started, it runs at the service",
            Outcome::Blocked => "blocked, no changes were made",
            Outcome::Refused => "refused, no changes were made",
        };
        let mut sheet = Sheet::default().row("Result", word);
        if let (Some(name), Some(id)) = (self.environment_name, self.environment) {
            sheet = sheet.row("Environment", format!("{name} ({id})"));
        }
        sheet = sheet.row_if("Policy", self.policy.clone());
        sheet = sheet.row_if("Change", self.change.clone());
        for done in self.receipt.done.iter().filter(|_| quiet) {
            sheet = sheet.row("Done", done.what.clone());
        }
        if self.receipt.done.is_empty() {
            for already in &self.plan.already {
                sheet = sheet.row("Already", already.clone());
            }
        }
        sheet = sheet.row_if("Operation", self.receipt.running.clone());
        for next in &self.next {
            sheet = sheet.line(next.clone());
        }
        sheet
    }
}
