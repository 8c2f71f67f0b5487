//! What a file wants and what is there: the plan ring by ring, and how each environment ended.

use super::plan::around_text;
use super::terminal::Out;
use super::values::Sheet;
use crate::model::alike::Alike;
use crate::model::fleet::{Fleet, Member, Named, Place, Unlisted};
use crate::model::ids::ArmId;
use crate::model::plan::Plan;
use crate::model::proof::Proof;
use crate::model::receipt::Receipt;
use crate::model::wanted::{Wanted, Waves};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// How a whole file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FleetOutcome {
    /// Nothing was changed, and something would be.
    Planned,
    /// Everything that can be seen is as wanted already, as this proves.
    Unchanged(Proof),
    /// Done, and shown by a re-read, as this proves.
    Done(Proof),
    /// Some of it runs at the service, or has not been started yet.
    Running,
    /// A finding forbids to start; nothing was changed.
    Blocked,
    /// Nobody consented, or what is there has changed since; nothing was changed.
    Refused,
    /// It stopped at the first failure.
    Failed,
}

/// The word alone: a proof is no part of the document.
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

/// How one environment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberOutcome {
    /// It was with its policy already.
    Encrypted,
    /// Something would be done.
    Planned,
    /// A finding forbids to start anything.
    Blocked,
    /// With its policy, but its key can't be reached.
    Locked,
    /// This caller can't see it.
    NotVisible,
    /// Nothing was started on it.
    NotStarted,
    /// It runs at the service.
    Running,
    /// Done, and shown by a re-read.
    Done,
    /// It failed.
    Failed,
}

impl MemberOutcome {
    /// Of a member on which nothing was begun.
    pub fn of(place: Place) -> Self {
        match place {
            Place::Encrypted => Self::Encrypted,
            Place::Pending => Self::Planned,
            Place::Blocked => Self::Blocked,
            Place::Locked => Self::Locked,
            Place::NotVisible => Self::NotVisible,
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
            Self::Running => "runs at the service",
            Self::Done => "encrypted now, verified",
            Self::Failed => "failed",
        }
    }
}

/// Version 1 of what `plan` and `apply` print of a file.
#[derive(Debug, Serialize)]
pub struct FleetReport<'a> {
    /// `cmkctl/wanted-plan/v1`
    pub schema: &'static str,
    /// `plan` or `apply`.
    pub command: &'static str,
    /// How it ended.
    pub outcome: FleetOutcome,
    /// The change ticket.
    pub change: Option<String>,
    /// When it was looked at, in the cloud's time.
    pub at: Timestamp,
    /// How many at a time, and when.
    pub waves: &'a Waves,
    /// Findings and actions, all together.
    pub plan: &'a Plan,
    /// Every environment of the file, ring by ring.
    pub environments: Vec<MemberReport<'a>>,
    /// What is linked to the file's policies and not in the file.
    pub unlisted: &'a [Unlisted],
    /// What was done.
    pub receipt: Receipt,
    /// When the next change window opens, if something waits for it.
    pub opens: Option<Timestamp>,
    /// What comes next, if anything.
    pub next: Vec<String>,
}

/// One environment.
#[derive(Debug, Serialize)]
pub struct MemberReport<'a> {
    /// Environment id.
    pub id: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The policy that it shall have.
    pub policy: &'a ArmId,
    /// Its ring.
    pub ring: u32,
    /// How it ended.
    pub outcome: MemberOutcome,
    /// What went wrong.
    pub error: Option<String>,
}

impl<'a> FleetReport<'a> {
    /// Of a plan of which nothing was done yet.
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

    /// For people: those of which there is something to say, and the others by number. What was
    /// done is on the screen already, unless nothing was said.
    pub fn sheet(&self, quiet: bool) -> Sheet {
        let word = match self.outcome {
            FleetOutcome::Planned => "planned, no changes were made",
            FleetOutcome::Unchanged(_) => "already in the desired state, no changes were made",
            FleetOutcome::Done(_) => "done and verified",
            FleetOutcome::Running => "not finished: some steps run at the service or wait",
            FleetOutcome::Blocked => "blocked, no changes were made",
            FleetOutcome::Refused => "refused, no changes were made",
            FleetOutcome::Failed => "failed, and nothing more was started",
        };
        let mut sheet = Sheet::default().row("Result", word);
        sheet = sheet.row_if("Change", self.change.clone());
        let encrypted = self
            .environments
            .iter()
            .filter(|one| one.outcome == MemberOutcome::Encrypted)
            .count();
        if encrypted > 0 {
            sheet = sheet.row("Encrypted", format!("{encrypted} before"));
        }
        for one in self
            .environments
            .iter()
            .filter(|one| one.outcome != MemberOutcome::Encrypted)
        {
            sheet = sheet.row(
                &format!("Ring {}", one.ring),
                format!("{} ({}): {}", one.name, one.id, one.outcome.word()),
            );
        }
        for done in self
            .receipt
            .done
            .iter()
            .filter(|done| quiet && !self.environments.iter().any(|one| one.id == done.subject))
        {
            sheet = sheet.row("Done", done.what.clone());
        }
        sheet = sheet.row_if(
            "Opens",
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
    /// The plan of a file: to stdout when it is the result itself, to stderr before consent.
    pub fn fleet(&mut self, file: &str, wanted: &Wanted, fleet: &Fleet, result: bool) {
        let to_stdout = result && !self.is_for_scripts();
        self.passage(to_stdout, |width| text(file, wanted, fleet, width));
    }
}

fn text(file: &str, wanted: &Wanted, fleet: &Fleet, width: Option<u16>) -> String {
    let mut text = format!("Plan of {file}: {}\n", size(wanted));
    for sentence in &fleet.plan.already {
        text.push_str(&format!("  = {sentence}\n"));
    }
    let mut steps = Steps::default();
    for action in fleet.plan.actions.iter().take(fleet.first) {
        steps.push(&mut text, &action.to_string(), action.facts().why);
    }
    let mut ring = None;
    for member in fleet.members.iter().filter(|member| !member.is_idle()) {
        if ring != Some(member.ring) {
            ring = Some(member.ring);
            text.push_str(&format!("Ring {}{}:\n", member.ring, pace(&wanted.waves)));
        }
        for action in &member.actions {
            steps.push(&mut text, &action.to_string(), action.facts().why);
        }
        for step in &member.withheld {
            steps.push(&mut text, &step.what, step.why);
        }
    }
    if fleet.plan.actions.is_empty() && fleet.plan.may_start() {
        text.push_str("  Nothing to do: everything that you can see is in the desired state.\n");
    }
    if !fleet.unlisted.is_empty() {
        text.push_str("\nNot in the file, and left as they are:\n");
        let members = fleet.members.iter().map(|member| member.name.as_str());
        let others = fleet
            .unlisted
            .iter()
            .flat_map(|unlisted| &unlisted.environments)
            .map(|one| one.name.as_str());
        let alike = Alike::among(members.chain(others));
        for unlisted in &fleet.unlisted {
            let told = |one: &Named| format!("`{}`", alike.told_apart(&one.name, &one.id));
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
            text.push_str(&format!("  {line}\n"));
        }
    }
    text + &around_text(&fleet.plan, width)
}

/// Numbered steps; why a step is done is said at the first of its kind.
#[derive(Default)]
struct Steps {
    said: Vec<&'static str>,
    number: usize,
}

impl Steps {
    fn push(&mut self, text: &mut String, what: &str, why: &'static str) {
        self.number += 1;
        text.push_str(&format!("  {}. {what}\n", self.number));
        if !self.said.contains(&why) {
            self.said.push(why);
            text.push_str(&format!("     {why}\n"));
        }
    }
}

/// How much a file names.
pub fn size(wanted: &Wanted) -> String {
    let plural = |count: usize, one: &str, many: &str| {
        format!("{count} {}", if count == 1 { one } else { many })
    };
    format!(
        "{}, {}",
        plural(wanted.policies.len(), "policy", "policies"),
        plural(wanted.size(), "environment", "environments")
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
