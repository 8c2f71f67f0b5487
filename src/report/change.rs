//! The output of a changing command on stdout.

use super::values::Sheet;
use crate::model::plan::Plan;
use crate::model::proof::Proof;
use crate::model::receipt::Receipt;
use serde::{Serialize, Serializer};

/// The end of a changing command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// `--dry-run`: no changes were made.
    Planned,
    /// Already in the desired state, with the proof.
    Unchanged(Proof),
    /// Done and verified, with the proof.
    Done(Proof),
    /// Started; the operation runs at the service.
    Running,
    /// A blocker forbids the start. No changes were made.
    Blocked,
    /// There is no consent, or the current state has changed since the plan. No changes
    /// were made.
    Refused,
}

/// Writes only the word: the proof is not part of the document.
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

/// Version 1 of the document of a changing command.
#[derive(Debug, Serialize)]
pub struct Change<'a> {
    /// `cmkctl/change/v1`
    pub schema: &'static str,
    /// Name of the subcommand.
    pub command: &'a str,
    /// The end of the command.
    pub outcome: Outcome,
    /// Environment id: a GUID, or `Default-` and the tenant's.
    pub environment: Option<&'a str>,
    /// Display name of the environment.
    pub environment_name: Option<&'a str>,
    /// ARM id of the policy. The other administrator needs it.
    pub policy: Option<String>,
    /// The change ticket.
    pub change: Option<String>,
    /// Plan and findings.
    pub plan: &'a Plan,
    /// The changes that were made.
    pub receipt: &'a Receipt,
    /// The next steps, as sentences.
    pub next: Vec<String>,
}

impl Change<'_> {
    /// The sheet for people. It lists the changes only with `quiet`, because otherwise the screen
    /// shows them already.
    pub fn sheet(&self, quiet: bool) -> Sheet {
        let word = match self.outcome {
            Outcome::Planned => "planned, no changes were made",
            Outcome::Unchanged(_) => "already in the desired state, no changes were made",
            Outcome::Done(_) => "done and verified",
            Outcome::Running => "started, the operation runs at the service",
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
