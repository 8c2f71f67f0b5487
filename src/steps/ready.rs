//! Is the environment ready to be added: by its kind, its state, and what the service itself
//! allows?

use super::lifecycle::running;
use super::location::{misfit, not_told};
use super::{Whose, finding, unknown, unseen, who};
use crate::model::environment::{Environment, Runtime, Sku};
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ArmId;
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::operation::{Operation, Progress};
use crate::model::protection::Policy;
use crate::model::seen::{Seen, Unreadable};

/// Everything about the environment itself that forbids a change of its key, or will surprise
/// somebody. What the service says comes first; where it and our own rule disagree, both are said.
/// `wanted` is the lifecycle operation that is to be started.
pub(super) fn check(observed: &Observed, environment: &Environment, wanted: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let (id, name) = (&environment.id, &environment.display_name);
    found.extend(allowed(environment, wanted));
    found.extend(kind(environment));
    found.extend(permitted(environment));
    found.extend(busy(observed, environment, wanted));
    match environment.is_running() {
        Verdict::Yes if environment.runtime_state.known() == Some(&Runtime::Enabled) => {}
        Verdict::Yes | Verdict::No => found.push(finding(
            "CMK035",
            Severity::Warn,
            id,
            format!(
                "`{name}` is in the runtime state `{}`.",
                environment.runtime_state.shown()
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

/// May the caller manage its keys, as far as the service lists permissions?
fn permitted(environment: &Environment) -> Option<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    let permissions = match &environment.permissions {
        Known::Known(Some(permissions)) => permissions,
        Known::Known(None) => return None,
        Known::Unknown(why) => {
            let what = format!("Whether you may manage the protection keys of `{name}`");
            return Some(unknown("CMK021", id, &what, why, who::POWER_PLATFORM));
        }
    };
    let is = |permission: &String| permission.eq_ignore_ascii_case("ManageProtectionKeys");
    // An empty list is what the service shows when it lists none at all.
    (!permissions.is_empty() && !permissions.iter().any(is)).then(|| {
        finding(
            "CMK021",
            Severity::Block,
            id,
            format!(
                "You may not manage the protection keys of `{name}` (permission \
                `ManageProtectionKeys`)."
            ),
            "Get the role Power Platform Administrator or Dynamics 365 Administrator.",
            who::POWER_PLATFORM,
        )
    })
}

/// The history was not read, so that what runs is not known.
fn unread_history(observed: &Observed, environment: &Environment) -> Option<Finding> {
    let why = match &observed.operations {
        Seen::Present(_) => return None,
        Seen::Unreadable(why) => why.clone(),
        Seen::Absent | Seen::NotAsked => Unreadable::because("it was not read"),
    };
    let what = format!(
        "Whether an operation runs on `{}`",
        environment.display_name
    );
    Some(unseen(
        "CMK023",
        &environment.id,
        &what,
        &why,
        (who::POWER_PLATFORM, Whose::Own),
    ))
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
    let mut found = Vec::from_iter(unread_history(observed, environment));
    let mut all = observed.operations.present().into_iter().flatten();
    let open = all
        .clone()
        .find_map(|one| Some((one, one.state.means.unknown()?)));
    if let Some((operation, why)) = open.filter(|(one, _)| !one.is(wanted)) {
        let what = format!("Whether `{}` runs on `{name}`", operation.name());
        found.push(unknown("CMK023", id, &what, why, who::POWER_PLATFORM));
    }
    // What runs for sure decides, whatever may run beside it.
    let operation = all
        .find(|one| one.state.known() == Some(&Progress::Running))
        .map(Operation::name)
        .or(environment.ongoing.as_deref())
        .or_else(|| {
            running(observed)
                .filter(|one| one.is(wanted))
                .map(Operation::name)
        });
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
    let sku = if environment.is_default == Known::Known(true) {
        "Default"
    } else {
        environment.sku.shown()
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
    let unsupported = environment.is_default == Known::Known(true)
        || environment.sku.known() == Some(&Sku::Unsupported);
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

/// What kind of environment it is, where that is not known. A kind that is new may well have a key:
/// only a warning.
fn kind(environment: &Environment) -> Option<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    if let Known::Unknown(why) = &environment.is_default {
        let what = format!("Whether `{name}` is the tenant's default environment");
        return Some(unknown("CMK024", id, &what, why, who::POWER_PLATFORM));
    }
    let why = environment.sku.means.unknown()?;
    Some(finding(
        "CMK024",
        Severity::Warn,
        id,
        format!("Whether an environment like `{name}` can have a key is not known: {why}."),
        "Look at the environment in the admin center; adding it may be refused.",
        who::POWER_PLATFORM,
    ))
}

/// Is it a Managed Environment? The service lists the operation for unmanaged ones, too.
pub(super) fn managed(environment: &Environment) -> Option<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    match environment.managed() {
        Verdict::Yes => None,
        Verdict::No => Some(finding(
            "CMK006",
            Severity::Block,
            id,
            format!("`{name}` is not a Managed Environment."),
            "Pass `--make-managed` (it changes what licences its users need), or do it in the \
            admin center.",
            who::POWER_PLATFORM,
        )),
        Verdict::CantTell(why) => {
            let what = format!("Whether `{name}` is a Managed Environment");
            Some(unknown("CMK006", id, &what, &why.why, who::POWER_PLATFORM))
        }
    }
}

/// The identity of a policy that is new holds no grant, and who can't see the vault plans none: an
/// environment that is added all the same goes offline for nothing.
fn ungranted(observed: &Observed, wanted: &ArmId) -> Option<Finding> {
    let why = observed
        .vault
        .unreadable()
        .filter(|_| observed.policy.is_absent())?;
    Some(finding(
        "CMK012",
        Severity::Unknown,
        wanted.to_string(),
        format!(
            "The vault is not visible to you ({}), so the identity of `{}` can't be let use the \
            key.",
            why.why, wanted.name
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
        Seen::Present(policy) => misplaced(wanted, policy, environment),
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
        Seen::NotAsked => Some(unknown(
            "CMK019",
            id,
            "The policy",
            "it was not read",
            who::KEY_VAULT,
        )),
    }
}

/// The policy is where environments of this geography can't use it.
fn misplaced(wanted: &ArmId, policy: &Policy, environment: &Environment) -> Option<Finding> {
    let name = &wanted.name;
    let (location, needed) = match misfit(&policy.location, &environment.location) {
        Known::Known(misfit) => misfit?,
        Known::Unknown(why) => return Some(not_told(&wanted.to_string(), name, &why)),
    };
    Some(finding(
        "CMK007",
        Severity::Block,
        wanted.to_string(),
        format!(
            "The policy `{name}` is in `{location}`, but the environment needs one in `{needed}`."
        ),
        "Use a policy in that location.",
        who::KEY_VAULT,
    ))
}
