//! The output for a file: the plan ring by ring, and the result of each environment.

use super::hanging::hang;
use super::plan::around_text;
use super::terminal::Out;
use super::values::Sheet;
use crate::model::alike::Alike;
use crate::model::count::{counted, counted_as};
use crate::model::fleet::{Fleet, Member, MemberState, Named, Unlisted};
use crate::model::ids::ArmId;
use crate::model::plan::Plan;
use crate::model::proof::Proof;
use crate::model::receipt::Receipt;
use crate::model::wanted::{Wanted, Waves};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// The end of a run over a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FleetOutcome {
    /// No changes were made, and changes are pending.
    Planned,
    /// Everything visible is already in its desired state, with the proof.
    Unchanged(Proof),
    /// Done and verified, with the proof.
    Done(Proof),
    /// Some operations still run, or have not started.
    Running,
    /// A blocker forbids the start. No changes were made.
    Blocked,
    /// There is no consent, or the current state has changed since the plan. No changes
    /// were made.
    Refused,
    /// The run stopped at the first failure.
    Failed,
}

/// Writes only the word: the proof is not part of the document.
impl Serialize for FleetOutcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            FleetOutcome::Planned => "planned",
            FleetOutcome::Unchanged(_) => "unchanged",
            FleetOutcome::Done(_) => "done",
            FleetOutcome::Running => "running",
            FleetOutcome::Blocked => "blocked",
            FleetOutcome::Refused => "refused",
            FleetOutcome::Failed => "failed",
        })
    }
}

/// The result of one environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberOutcome {
    /// The environment was already encrypted with its policy.
    Encrypted,
    /// Changes are pending.
    Planned,
    /// A blocker forbids any start.
    Blocked,
    /// Linked to its policy, but its key can't be reached.
    Locked,
    /// The environment is not visible to this caller.
    NotVisible,
    /// Nothing was started on it.
    NotStarted,
    /// An operation runs at the service.
    Running,
    /// Done and verified.
    Done,
    /// Its change failed.
    Failed,
}

impl MemberOutcome {
    /// The result of an environment without any start.
    pub fn of(place: MemberState) -> Self {
        match place {
            MemberState::Encrypted => Self::Encrypted,
            MemberState::Pending => Self::Planned,
            MemberState::Blocked => Self::Blocked,
            MemberState::Locked => Self::Locked,
            MemberState::NotVisible => Self::NotVisible,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Encrypted => "encrypted",
            Self::Planned => "planned",
            Self::Blocked => "blocked",
            Self::Locked => "locked",
            Self::NotVisible => "not visible to you",
            Self::NotStarted => "not started",
            Self::Running => "in progress at the service",
            Self::Done => "encrypted now, verified",
            Self::Failed => "failed",
        }
    }
}

/// Version 1 of the document of `plan` and `apply` for a file.
#[derive(Debug, Serialize)]
pub struct FleetReport<'a> {
    /// `cmkctl/wanted-plan/v1`
    pub schema: &'static str,
    /// `plan` or `apply`.
    pub command: &'static str,
    /// The end of the run.
    pub outcome: FleetOutcome,
    /// The change ticket.
    pub change: Option<String>,
    /// When the current state was read, in the cloud's time.
    pub at: Timestamp,
    /// How many environments at a time, and when.
    pub waves: &'a Waves,
    /// All findings and actions.
    pub plan: &'a Plan,
    /// Every environment of the file, ring by ring.
    pub environments: Vec<MemberReport<'a>>,
    /// Environments that use the file's policies but are not in the file.
    pub unlisted: &'a [Unlisted],
    /// The changes that were made.
    pub receipt: Receipt,
    /// When the next change window opens, if an environment waits for it.
    pub opens: Option<Timestamp>,
    /// The next steps, as sentences.
    pub next: Vec<String>,
}

/// One environment of the file.
#[derive(Debug, Serialize)]
pub struct MemberReport<'a> {
    /// Environment id: a GUID, or `Default-` and the tenant's.
    pub id: &'a str,
    /// Display name.
    pub name: &'a str,
    /// The policy that the file gives it.
    pub policy: &'a ArmId,
    /// The number of its ring.
    pub ring: u32,
    /// Its result.
    pub outcome: MemberOutcome,
    /// Why it failed.
    pub error: Option<String>,
}

impl<'a> FleetReport<'a> {
    /// The report of a plan before anything ran.
    pub fn new(command: &'static str, at: Timestamp, waves: &'a Waves, fleet: &'a Fleet) -> Self {
        let member = |member: &'a Member| MemberReport {
            id: &member.id,
            name: &member.name,
            policy: &member.policy,
            ring: member.ring,
            outcome: MemberOutcome::of(member.place),
            error: None,
        };
        let outcome = match Proof::of(&fleet.plan) {
            Ok(proof) => FleetOutcome::Unchanged(proof),
            Err(_) if fleet.plan.may_start() => FleetOutcome::Planned,
            Err(_) => FleetOutcome::Blocked,
        };
        Self {
            schema: "cmkctl/wanted-plan/v1",
            command,
            outcome,
            change: None,
            at,
            waves,
            plan: &fleet.plan,
            environments: fleet.members.iter().map(member).collect(),
            unlisted: &fleet.unlisted,
            receipt: Receipt::default(),
            opens: None,
            next: Vec::new(),
        }
    }

    /// The sheet for people. It lists the environments that were not encrypted before, and counts
    /// the others. It lists the changes only with `quiet`, because otherwise the screen shows them.
    pub fn sheet(&self, quiet: bool) -> Sheet {
        let word = match self.outcome {
            FleetOutcome::Planned => "planned, no changes were made",
            FleetOutcome::Unchanged(_) => "already in the desired state, no changes were made",
            FleetOutcome::Done(_) => "done and verified",
            FleetOutcome::Running => "not finished, some steps are in progress or not started",
            FleetOutcome::Blocked => "blocked, no changes were made",
            FleetOutcome::Refused => "refused, no changes were made",
            FleetOutcome::Failed => "failed, and nothing more was started",
        };
        let mut sheet = Sheet::default().row("Result", word);
        sheet = sheet.row_if("Change", self.change.clone());
        let encrypted = self
            .environments
            .iter()
            .filter(|member| member.outcome == MemberOutcome::Encrypted)
            .count();
        if encrypted > 0 {
            sheet = sheet.row("Encrypted", format!("{encrypted} before this run"));
        }
        for member in self
            .environments
            .iter()
            .filter(|member| member.outcome != MemberOutcome::Encrypted)
        {
            sheet = sheet.row(
                &format!("Ring {}", member.ring),
                format!("{} ({}): {}", member.name, member.id, member.outcome.word()),
            );
        }
        for done in self.receipt.done.iter().filter(|done| {
            quiet
                && !self
                    .environments
                    .iter()
                    .any(|member| member.id == done.subject)
        }) {
            sheet = sheet.row("Done", done.what.clone());
        }
        sheet = sheet.row_if(
            "Window",
            self.opens
                .map(|opens| format!("{} UTC", opens.strftime("%a %Y-%m-%d %H:%M"))),
        );
        for next in &self.next {
            sheet = sheet.line(next.clone());
        }
        sheet
    }
}

impl Out {
    /// Prints the plan of a file: to stdout if it is the result, to stderr before consent.
    pub fn fleet(&mut self, file: &str, wanted: &Wanted, fleet: &Fleet, result: bool) {
        let to_stdout = result && !self.is_for_scripts();
        self.passage(to_stdout, |width| text(file, wanted, fleet, width));
    }
}

fn text(file: &str, wanted: &Wanted, fleet: &Fleet, width: Option<u16>) -> String {
    let title = format!("Plan of {file}: {}", size(wanted));
    let mut text = format!("{}\n", hang(&title, width, 0));
    for sentence in &fleet.plan.already {
        text.push_str(&format!("  = {}\n", hang(sentence, width, 4)));
    }
    let mut steps = Steps {
        width,
        ..Steps::default()
    };
    for action in fleet.plan.actions.iter().take(fleet.first) {
        steps.push(&mut text, &action.to_string(), action.facts().why);
    }
    let mut ring = None;
    for member in fleet.members.iter().filter(|member| !member.is_idle()) {
        if ring != Some(member.ring) {
            ring = Some(member.ring);
            let title = format!("Ring {}{}:", member.ring, pace(&wanted.waves));
            text.push_str(&format!("{}\n", hang(&title, width, 0)));
        }
        for action in &member.actions {
            steps.push(&mut text, &action.to_string(), action.facts().why);
        }
        for step in &member.withheld {
            steps.push(&mut text, &step.what, step.why);
        }
    }
    if fleet.plan.actions.is_empty() && fleet.plan.may_start() {
        let nothing = "Nothing to do: everything that you can see is in the desired state.";
        text.push_str(&format!("  {}\n", hang(nothing, width, 2)));
    }
    text.push_str(&unlisted(fleet, width));
    text + &around_text(&fleet.plan, width)
}

/// The environments that use the file's policies but are not in the file.
fn unlisted(fleet: &Fleet, width: Option<u16>) -> String {
    let mut text = String::new();
    if !fleet.unlisted.is_empty() {
        text.push_str("\nNot in the file (cmkctl does not change these environments):\n");
        let members = fleet.members.iter().map(|member| member.name.as_str());
        let others = fleet
            .unlisted
            .iter()
            .flat_map(|unlisted| &unlisted.environments)
            .map(|environment| environment.name.as_str());
        let alike = Alike::among(members.chain(others));
        for unlisted in &fleet.unlisted {
            let told = |environment: &Named| {
                format!("`{}`", alike.told_apart(&environment.name, &environment.id))
            };
            let names: Vec<String> = unlisted.environments.iter().map(told).collect();
            let (shown, more) = names.split_at(names.len().min(3));
            let more = if more.is_empty() {
                String::new()
            } else {
                format!(" and {} more", more.len())
            };
            let line = format!(
                "{}{more}, linked to `{}`",
                shown.join(", "),
                unlisted.policy.name
            );
            text.push_str(&format!("  {}\n", hang(&line, width, 2)));
        }
    }
    text
}

/// Numbered steps. The reason appears at the first step of each kind.
#[derive(Default)]
struct Steps {
    told: Vec<&'static str>,
    number: usize,
    width: Option<u16>,
}

impl Steps {
    fn push(&mut self, text: &mut String, what: &str, why: &'static str) {
        self.number += 1;
        let what = hang(what, self.width, 5);
        text.push_str(&format!("  {}. {what}\n", self.number));
        if !self.told.contains(&why) {
            self.told.push(why);
            text.push_str(&format!("     {}\n", hang(why, self.width, 5)));
        }
    }
}

/// The number of policies and environments in a file.
pub fn size(wanted: &Wanted) -> String {
    format!(
        "{}, {}",
        counted_as(wanted.policies.len(), "policy", "policies"),
        counted(wanted.size(), "environment")
    )
}

fn pace(waves: &Waves) -> String {
    let windows: Vec<String> = waves.windows.iter().map(ToString::to_string).collect();
    let inside = if windows.is_empty() {
        String::new()
    } else {
        format!(", inside {} (UTC)", windows.join(" or "))
    };
    format!(", at most {} at a time{inside}", waves.at_most)
}
