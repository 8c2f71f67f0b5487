//! Is the environment ready to be added: by its kind, its state, and what the service itself
//! allows?

use super::lifecycle::running;
use super::location::policy_location;
use super::{Whose, finding, unknown, unseen, who};
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ArmId;
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::operation::Operation;
use crate::model::seen::Seen;

/// Kinds of environments that can't have a customer-managed key.
const UNSUPPORTED: [&str; 4] = ["Trial", "Teams", "Default", "SubscriptionBasedTrial"];

/// Everything about the environment itself that forbids a change of its key, or will surprise
/// somebody. What the service says comes first; where it and our own rule disagree, both are said.
/// `wanted` is the lifecycle operation that is to be started.
pub(super) fn check(observed: &Observed, environment: &Environment, wanted: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let (id, name) = (&environment.id, &environment.display_name);
    let block = |code, message: String, remedy: &str| {
        finding(
            code,
            Severity::Block,
            id,
            message,
            remedy,
            who::POWER_PLATFORM,
        )
    };
    found.extend(allowed(environment, wanted));
    if let Some(permissions) = &environment.permissions
        && !permissions.is_empty()
        && !permissions
            .iter()
            .any(|permission| permission.eq_ignore_ascii_case("ManageProtectionKeys"))
    {
        found.push(block(
            "CMK021",
            format!(
                "You may not manage the protection keys of `{name}` (permission \
                `ManageProtectionKeys`)."
            ),
            "Get the role Power Platform Administrator or Dynamics 365 Administrator.",
        ));
    }
    found.extend(busy(observed, environment, wanted));
    match environment.is_running() {
        Verdict::Yes
            if environment
                .runtime_state
                .as_deref()
                .is_some_and(|state| state.eq_ignore_ascii_case("Enabled")) => {}
        Verdict::Yes | Verdict::No => found.push(finding(
            "CMK035",
            Severity::Warn,
            id,
            format!(
                "`{name}` is in the runtime state `{}`.",
                environment.runtime_state.as_deref().unwrap_or_default()
            ),
            "Finish what put it there first.",
            who::POWER_PLATFORM,
        )),
        Verdict::CantTell(why) => {
            found.push(unknown(
                "CMK035",
                id,
                &format!("Whether `{name}` runs"),
                &why.why,
                who::POWER_PLATFORM,
            ));
        }
    }
    found
}

/// Does another operation run on it, as far as history, list and state tell? `wanted` itself is not
/// another one.
fn busy(observed: &Observed, environment: &Environment, wanted: &str) -> Vec<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    let block = |message: String, remedy: &str| {
        finding(
            "CMK023",
            Severity::Block,
            id,
            message,
            remedy,
            who::POWER_PLATFORM,
        )
    };
    let mut found = Vec::new();
    match &observed.operations {
        Seen::Present(_) => {}
        Seen::Unreadable(why) => {
            let what = format!("Whether an operation runs on `{name}`");
            found.push(unseen(
                "CMK023",
                id,
                &what,
                why,
                (who::POWER_PLATFORM, Whose::Own),
            ));
        }
        Seen::Absent => {
            let what = format!("Whether an operation runs on `{name}`");
            found.push(unknown(
                "CMK023",
                id,
                &what,
                "it was not read",
                who::POWER_PLATFORM,
            ));
        }
    }
    let operation = running(observed)
        .map(Operation::name)
        .or(environment.ongoing.as_deref());
    match (operation, environment.is_ready()) {
        (Some(operation), _) if !operation.eq_ignore_ascii_case(wanted) => found.push(block(
            format!("The lifecycle operation `{operation}` runs on `{name}`."),
            "Wait until it has ended, then run this again.",
        )),
        (Some(_), _) | (None, Verdict::Yes) => {}
        (None, Verdict::No) => found.push(block(
            format!(
                "`{name}` is in the management state `{}`.",
                environment.state().unwrap_or_default()
            ),
            "Wait until it is `Ready`, then run this again.",
        )),
        (None, Verdict::CantTell(why)) => {
            let what = format!("Whether `{name}` is ready");
            found.push(unknown("CMK023", id, &what, &why.why, who::POWER_PLATFORM));
        }
    }
    found
}

/// May it have a key, by the service's own lists and by the documented kinds?
fn allowed(environment: &Environment, wanted: &str) -> Option<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    let sku = if environment.is_default {
        "Default"
    } else {
        &environment.sku
    };
    let rules = match &environment.rules {
        Known::Known(rules) => rules,
        Known::Unknown(why) => {
            let what = format!("Whether the service allows `{wanted}` on `{name}`");
            return Some(unknown("CMK024", id, &what, why, who::POWER_PLATFORM));
        }
    };
    let is = |operation: &str| operation.eq_ignore_ascii_case(wanted);
    let refusal = rules.disallowed.iter().find(|(operation, _)| is(operation));
    let listed = rules.allowed.iter().any(|operation| is(operation));
    let silent = rules.allowed.is_empty() && rules.disallowed.is_empty();
    let unsupported = UNSUPPORTED
        .iter()
        .any(|kind| kind.eq_ignore_ascii_case(sku));
    let service = match refusal {
        Some((_, Some(reason))) => format!(
            "the service does not allow `{wanted}`: {}",
            reason.trim_end_matches('.')
        ),
        Some((_, None)) => format!("the service does not allow `{wanted}` and gives no reason"),
        None if listed => format!("the service itself lists `{wanted}` as allowed"),
        None if silent => "the service does not say what it allows".to_owned(),
        None => format!("the service does not list `{wanted}` at all"),
    };
    let (severity, message, remedy) = match (unsupported, refusal.is_some()) {
        (true, _) => {
            let rule =
                format!("`{name}` is a {sku} environment; these can't have a customer-managed key");
            (
                Severity::Block,
                format!("{rule} ({service})."),
                "Choose another environment.",
            )
        }
        (false, true) => (
            Severity::Block,
            format!("On `{name}` {service}."),
            "Remove the reason that the service names, or choose another environment.",
        ),
        (false, false) if !listed && !silent => (
            Severity::Warn,
            format!("On `{name}` {service}, and it gives no reason against it."),
            "Look at the environment in the admin center; adding it may be refused.",
        ),
        (false, false) => return None,
    };
    Some(finding(
        "CMK024",
        severity,
        id,
        message,
        remedy,
        who::POWER_PLATFORM,
    ))
}

/// Is it a Managed Environment? The service lists the operation for unmanaged ones, too.
pub(super) fn managed(environment: &Environment) -> Option<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    match environment.managed() {
        Some(true) => None,
        Some(false) => Some(finding(
            "CMK006",
            Severity::Block,
            id,
            format!("`{name}` is not a Managed Environment."),
            "Pass `--make-managed` (it changes what licences its users need), or do it in the \
            admin center.",
            who::POWER_PLATFORM,
        )),
        None => {
            let what = format!("Whether `{name}` is a Managed Environment");
            let why = environment
                .protection_level
                .as_ref()
                .map_or("the service did not say".to_owned(), |level| {
                    format!("its protection level is `{level}`, which cmkctl does not know")
                });
            Some(unknown("CMK006", id, &what, &why, who::POWER_PLATFORM))
        }
    }
}

/// The identity of a policy that is new holds no grant, and who can't see the vault plans none: an
/// environment that is added all the same goes offline for nothing.
fn ungranted(observed: &Observed, wanted: &ArmId) -> Option<Finding> {
    let why = match &observed.vault {
        _ if !observed.policy.is_absent() => return None,
        Some(Seen::Unreadable(why)) => why.why.as_str(),
        None => "it was not read",
        Some(Seen::Present(_) | Seen::Absent) => return None,
    };
    Some(finding(
        "CMK012",
        Severity::Unknown,
        wanted.to_string(),
        format!(
            "The vault is not visible to you ({}), so the identity of `{}` can't be let use the \
            key.",
            why, wanted.name
        ),
        "Run it again when the vault can be read; or leave the policy to the Key Vault \
        administrator (`cmkctl create-policy`) and run `cmkctl add-environment`.",
        who::KEY_VAULT,
    ))
}

/// Is the policy one that this environment can be added to, and may the caller read it?
/// `policy_comes`: an earlier step of the same plan makes it so.
pub(super) fn check_policy(
    observed: &Observed,
    environment: &Environment,
    wanted: &ArmId,
    policy_comes: bool,
) -> Option<Finding> {
    let id = wanted.to_string();
    let ask = "Ask the Key Vault administrator to run `cmkctl create-policy` with `--reader` and \
        your object id.";
    match &observed.policy {
        _ if policy_comes => ungranted(observed, wanted),
        Seen::Present(policy) if !policy.kind.eq_ignore_ascii_case("Encryption") => Some(finding(
            "CMK042",
            Severity::Block,
            id,
            format!(
                "The policy `{}` is of kind `{}`, not `Encryption`.",
                wanted.name, policy.kind
            ),
            "Pass the id of an encryption policy.",
            who::POWER_PLATFORM,
        )),
        Seen::Present(policy) => misplaced(wanted, &policy.location, environment),
        Seen::Absent => Some(finding(
            "CMK019",
            Severity::Block,
            id,
            format!(
                "There is no policy `{}`, or it is not visible to you.",
                wanted.name
            ),
            ask,
            who::KEY_VAULT,
        )),
        Seen::Unreadable(why) => Some(finding(
            "CMK019",
            Severity::Unknown,
            id,
            format!(
                "You can't read the policy `{}`: {}; without that, adding an environment fails.",
                wanted.name, why.why
            ),
            ask,
            who::KEY_VAULT,
        )),
    }
}

/// The policy is where environments of this geography can't use it.
fn misplaced(policy: &ArmId, location: &str, environment: &Environment) -> Option<Finding> {
    let needed = policy_location(&environment.location);
    let message = format!(
        "The policy `{}` is in `{location}`, but the environment needs one in `{needed}`.",
        policy.name
    );
    (!needed.eq_ignore_ascii_case(location)).then(|| {
        finding(
            "CMK007",
            Severity::Block,
            policy.to_string(),
            message,
            "Use a policy in that location.",
            who::KEY_VAULT,
        )
    })
}
