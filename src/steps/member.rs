//! One environment of a file: where it stands, what it lacks, and what stands in its way.

use super::lifecycle::READS_LAG;
use super::link::{Standing, standing};
use super::location::policy_location;
use super::rights::Right;
use super::rights::key::access;
use super::{add, finding, quoted, who};
use crate::model::alike::Alike;
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::fleet::{Member, Place, Sight};
use crate::model::ids::ArmId;
use crate::model::observed::Observed;
use crate::model::plan::Plan;
use crate::model::seen::Seen;
use crate::model::target::Target;
use crate::model::text::clean;
use crate::model::wanted::{WantedEnvironment, WantedPolicy};
use std::collections::HashMap;

/// Findings that tell of danger to what runs. Where nothing is to be done they stand in nobody's
/// way.
const DANGERS: [&str; 8] = [
    "CMK011", "CMK012", "CMK014", "CMK015", "CMK016", "CMK018", "CMK045", "CMK046",
];

/// What remedies call a flag, and what a file calls the same.
const IN_FILE: [(&str, &str); 5] = [
    (
        "Pass `--make-managed`",
        "Write `make-managed = true` below its id",
    ),
    (
        "pass `--power-platform-only`",
        "write `power-platform-only = true` below its id",
    ),
    ("Leave out `--key-version`", "Leave out `key-version`"),
    (
        "Pass a location that the provider has: `--location`",
        "Write a `location` that the provider has",
    ),
    (
        "Ask the Key Vault administrator to run `cmkctl create-policy` with `--reader` and your \
        object id",
        "Ask the Key Vault administrator to write your object id into `readers` and to run \
        `cmkctl apply`",
    ),
];

/// What the step of policies takes.
pub fn target(wanted: &WantedPolicy) -> Target {
    Target {
        policy: Some(wanted.id.clone()),
        vault: Some(wanted.vault.clone()),
        key: Some(wanted.key.clone()),
        key_version: wanted.key_version.clone(),
        location: Some(wanted.location.clone()),
        readers: wanted.readers.clone(),
        ..Target::default()
    }
}

/// A remedy in the words of the file.
pub(super) fn in_file(finding: &mut Finding) {
    for (flag, line) in IN_FILE {
        if finding.remedy.contains(flag) {
            finding.remedy = finding.remedy.replace(flag, line);
        }
    }
}

pub(super) fn in_nobodys_way(finding: &mut Finding) {
    if matches!(finding.severity, Severity::Block | Severity::Unknown)
        && DANGERS.contains(&finding.code)
    {
        finding.severity = Severity::Warn;
    }
}

/// Is it with this policy, and locked? One that was modified lately may be on its way back, and is
/// looked at by itself.
pub(super) fn is_locked(environment: &Environment, policy: &ArmId, sight: &Sight) -> bool {
    let lately = environment
        .modified
        .is_some_and(|modified| sight.at.duration_since(modified) < READS_LAG);
    standing(environment, policy) == Standing::Locked && !lately
}

/// What is looked up for each environment of a file.
pub(super) struct Lookup<'a> {
    pub(super) sight: &'a Sight,
    /// The environments of the tenant, by their ids in lower case.
    pub(super) known: &'a HashMap<String, &'a Environment>,
    /// The names that several of them have.
    pub(super) twice: &'a Alike,
}

pub(super) fn member(
    wanted: &WantedPolicy,
    one: &WantedEnvironment,
    observed: &Observed,
    lookup: &Lookup<'_>,
) -> (Member, Vec<Finding>) {
    let sight = lookup.sight;
    let mut member = Member {
        id: one.id.clone(),
        name: one.name.clone().unwrap_or_else(|| one.id.clone()),
        policy: wanted.id.clone(),
        ring: one.ring,
        place: Place::NotVisible,
        actions: Vec::new(),
    };
    let Some(listed) = lookup.known.get(&one.id.to_ascii_lowercase()) else {
        if sight.tenant.present().is_none() {
            return (member, Vec::new());
        }
        member.place = Place::Blocked;
        let found = not_in_tenant(&one.id, &member.name);
        return (member, vec![found]);
    };
    let seen = sight.members.get(&one.id.to_ascii_lowercase());
    let environment = seen
        .and_then(|seen| seen.environment.present())
        .unwrap_or(listed);
    member.name = environment.display_name.clone();
    if let Some(name) = one.name.as_ref().filter(|name| clean(name) != member.name) {
        member.place = Place::Blocked;
        let found = misnamed(&one.id, &member.name, name);
        return (member, vec![found]);
    }
    member.name = lookup.twice.told_apart(&member.name, &environment.id);
    if seen.is_none() {
        let locked = is_locked(environment, &wanted.id, sight);
        member.place = if locked {
            Place::Locked
        } else {
            Place::Encrypted
        };
        return (member, Vec::new());
    }
    let environment = Environment {
        display_name: member.name.clone(),
        ..environment.clone()
    };
    let plan = added(wanted, one, observed, seen, &environment);
    let mut findings = plan.findings;
    let elsewhere = matches!(standing(&environment, &wanted.id), Standing::Other(_));
    for found in &mut findings {
        in_file(found);
        if elsewhere && found.code == "CMK025" {
            found.remedy = move_it(&one.id, &wanted.id);
        }
    }
    let blocked = findings
        .iter()
        .any(|finding| matches!(finding.severity, Severity::Block | Severity::Unknown));
    member.place = match (blocked, plan.actions.is_empty()) {
        (true, _) => Place::Blocked,
        (false, true) => Place::Encrypted,
        (false, false) => Place::Pending,
    };
    member.actions = plan.actions;
    (member, findings)
}

fn not_in_tenant(id: &str, name: &str) -> Finding {
    finding(
        "CMK020",
        Severity::Block,
        id,
        format!("The tenant has no environment {id} (`{name}`), or it is not visible to you."),
        "Check the id with `cmkctl environment-name`, and the tenant with `cmkctl auth status`.",
        who::POWER_PLATFORM,
    )
}

/// It has another name than the file says: perhaps another one is meant.
fn misnamed(id: &str, name: &str, in_file: &str) -> Finding {
    finding(
        "CMK002",
        Severity::Block,
        id,
        format!("The environment {id} is called `{name}`, but the file calls it `{in_file}`."),
        "Find out which one is meant, then correct its `id` or its `name`.",
        who::POWER_PLATFORM,
    )
}

/// What to do with one that is in another policy.
fn move_it(id: &str, policy: &ArmId) -> String {
    let (id, policy) = (quoted(id), quoted(&policy.to_string()));
    format!("A move is two outages and must be said: `cmkctl swap-policy {id} --policy {policy}`.")
}

/// The step of environments, over what was seen of this one and of its policy.
fn added(
    wanted: &WantedPolicy,
    one: &WantedEnvironment,
    observed: &Observed,
    seen: Option<&Observed>,
    environment: &Environment,
) -> Plan {
    let target = Target {
        make_managed: one.make_managed,
        power_platform_only: one.power_platform_only,
        ..target(wanted)
    };
    let seen = seen.cloned().unwrap_or_default();
    let observed = Observed {
        at: observed.at,
        environment: Seen::Present(environment.clone()),
        policy: observed.policy.clone(),
        vault: observed.vault.clone(),
        key: observed.key.clone(),
        key_rights: observed.key_rights.clone(),
        ..seen
    };
    // What the step of policies says of one that is not there, it says once.
    let comes = observed.policy.present().is_none();
    // The same of a grant that it plans.
    let grants = wanted.grant
        && observed
            .vault()
            .is_some_and(|vault| access(&observed, vault) == Right::No);
    // Whether the tenant has room is judged once, for the whole file.
    let mut plan = add::step(&target, &observed, comes || grants, None);
    let needed = policy_location(&environment.location);
    if comes && !plan.actions.is_empty() && !needed.eq_ignore_ascii_case(&wanted.location) {
        plan.findings.push(finding(
            "CMK007",
            Severity::Block,
            &environment.id,
            format!(
                "The policy `{}` would be in `{}`, but `{}` needs one in `{needed}`.",
                wanted.id.name, wanted.location, environment.display_name
            ),
            "Put the environment below a policy of its geography.",
            who::KEY_VAULT,
        ));
    }
    plan
}
