//! Back to the Microsoft key: the environment leaves its policy.

use super::add::{ADD, SWAP, Standing, running};
use super::goal::{Goal, linked};
use super::{finding, quoted, ready, who};
use crate::model::finding::{Finding, Severity};
use crate::model::ids::{ArmId, same_id};
use crate::model::observed::{Environment, Observed, Operation, Seen};
use crate::model::plan::{Action, Plan};
use crate::model::target::Target;
use jiff::{SignedDuration, Timestamp};

/// The operation that takes the key from an environment (inferred from the lists of allowed operations).
pub const REMOVE: &str = "RevertToMicrosoftKey";
/// Key, vault and the policy's access are needed this long after a removal: backups are still encrypted with the key.
pub const KEPT_AFTER_REMOVAL: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A removal takes up to 4 days, and reads lag behind it.
const LONGEST_REMOVAL: SignedDuration = SignedDuration::from_hours(4 * 24 + 1);

/// The whole command.
pub fn plan(target: &Target, observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    let Seen::Present(environment) = &observed.environment else { return plan };
    let name = &environment.display_name;
    if let Some(waiting) = under_way(observed, environment) {
        plan.actions.push(waiting);
        return plan;
    }
    match Goal::NoPolicy.standing(environment) {
        Standing::Done => {
            plan.already.push(format!("`{name}` has no policy: its data is on the Microsoft key"));
            return plan;
        }
        Standing::Unknown(why) => {
            plan.findings.push(unknown(environment, &why));
            return plan;
        }
        _ => {}
    }
    let Some(policy) = linked(environment) else {
        plan.findings.push(unknown(environment, "the service names no policy"));
        return plan;
    };
    if let Some(asked) = target.policy.as_ref().filter(|asked| !same_id(&asked.to_string(), &policy.to_string())) {
        plan.findings.push(finding(
            "CMK025",
            Severity::Block,
            &environment.id,
            format!("The environment `{name}` is not in the policy `{}` but in {policy}.", asked.name),
            "Leave out `--policy`, or name the policy that it is in.",
            who::POWER_PLATFORM,
        ));
    }
    plan.findings.extend(leaving(observed, environment, &policy));
    plan.findings.push(outage(environment, "goes back to the Microsoft key"));
    plan.findings.push(kept(observed, environment, &policy));
    plan.actions.push(Action::RemoveEnvironment { environment: environment.id.clone(), name: name.clone(), policy });
    plan
}

/// The removal that runs already, if one does.
pub(super) fn under_way(observed: &Observed, environment: &Environment) -> Option<Action> {
    let operation = running(observed).filter(|operation| Goal::NoPolicy.leads(operation));
    let says = environment
        .key_link
        .present()
        .and_then(|link| link.status.as_deref())
        .is_some_and(|status| status.to_ascii_lowercase().starts_with("unlinking"));
    let ongoing = environment.ongoing.as_deref() == Some(REMOVE);
    // Reads lag behind an operation that ended: it is off its policy, and not back yet.
    let newest = observed.operations.present().and_then(|all| all.first()).filter(|operation| operation.kind == REMOVE);
    let began = newest.and_then(|operation| operation.created.as_deref()?.parse::<Timestamp>().ok());
    let recent = began.is_some_and(|began| observed.at.duration_since(began) < LONGEST_REMOVAL);
    let lags = environment.key_link.is_absent() && !environment.is_up() && recent;
    (operation.is_some() || says || ongoing || lags).then(|| Action::AwaitRemoval {
        environment: environment.id.clone(),
        name: environment.display_name.clone(),
        policy: linked(environment),
        operation: operation.map(|operation: &Operation| operation.id.clone()),
    })
}

/// Is a removal the last thing that happened to its key?
pub(super) fn last_was_removal(observed: &Observed) -> bool {
    let of_keys = |kind: &str| [ADD, SWAP, REMOVE].contains(&kind);
    let last = observed.operations.present().and_then(|all| all.iter().find(|operation| of_keys(&operation.kind)));
    last.is_some_and(|operation| operation.kind == REMOVE)
}

/// What forbids that an environment leaves its policy, by a removal or by a move.
pub(super) fn leaving(observed: &Observed, environment: &Environment, policy: &ArmId) -> Vec<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    let mut found = ready::check(observed, environment, REMOVE);
    let block = |code, message: String, remedy: String| {
        finding(code, Severity::Block, id, message, remedy, who::POWER_PLATFORM)
    };
    match Goal::NoPolicy.standing(environment) {
        Standing::Failed => found.push(block(
            "CMK028",
            format!("The last add of `{name}` failed: its data may be on both keys, and the documentation says to run the same add again, not to remove."),
            format!("cmkctl add-environment {} --policy {}", quoted(id), quoted(&policy.to_string())),
        )),
        _ if environment.runtime_state.as_deref() == Some("Disabled") && running(observed).is_none() => {
            found.retain(|finding| finding.code != "CMK035");
            found.push(block(
                "CMK035",
                format!("`{name}` is offline and nothing runs on it: as long as its key can't be reached, its data can't be read, nor encrypted anew."),
                format!("cmkctl unlock {}", quoted(id)),
            ));
        }
        _ => {}
    }
    found
}

/// The outage, said before anybody consents.
pub(super) fn outage(environment: &Environment, what: &str) -> Finding {
    finding(
        "CMK027",
        Severity::Acknowledge,
        &environment.id,
        format!("`{}` is offline while its data {what}: up to 4 days.", environment.display_name),
        "Tell its users, and choose the time; `--confirm` takes its name for this reason.",
        who::POWER_PLATFORM,
    )
}

/// What must stay although the environment has left.
fn kept(observed: &Observed, environment: &Environment, policy: &ArmId) -> Finding {
    let until = observed.at.checked_add(KEPT_AFTER_REMOVAL).unwrap_or(observed.at).strftime("%Y-%m-%d");
    finding(
        "CMK033",
        Severity::Acknowledge,
        &environment.id,
        format!(
            "Backups of `{}` stay encrypted with the key of `{}`: key, vault and the policy's access are needed for 30 days more, not before {until}.",
            environment.display_name, policy.name
        ),
        "Delete or disable none of them before that day; `cmkctl retire-key` tells who still needs a key.",
        who::KEY_VAULT,
    )
}

fn unknown(environment: &Environment, why: &str) -> Finding {
    finding(
        "CMK025",
        Severity::Block,
        &environment.id,
        format!("Whether the environment `{}` has a policy could not be read: {why}.", environment.display_name),
        "Run it again later: nothing is started on an environment whose state is not known.",
        who::POWER_PLATFORM,
    )
}
